// Sends a form as JSON, and shows the result: for an error, the texts of the problem document (RFC 9457).
for (const form of document.querySelectorAll('form')) {
  const output = form.querySelector('output');

  const send = async (method) => {
    const { token, reference, customer, item, quantity } = Object.fromEntries(new FormData(form));
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    if (token) headers.authorization = `Bearer ${token}`;
    if (form.dataset.tag) headers['if-match'] = form.dataset.tag;
    const order = { reference, customer: Number(customer), item, quantity: Number(quantity) };
    const body = method === 'DELETE' ? undefined : JSON.stringify(order);
    const response = await fetch(form.dataset.action, { method, headers, body });
    if (response.ok) {
      if (form.dataset.tag) form.dataset.tag = response.headers.get('etag') ?? form.dataset.tag;
      show(method === 'DELETE' ? 'Deleted.' : 'Saved.');
      return;
    }
    const problem = await response.json();
    const lines = [problem.title, problem.detail];
    for (const error of problem.errors ?? []) lines.push(`${error.pointer ?? error.parameter}: ${error.detail}`);
    if (response.status === 412) lines.push('Somebody has changed this order since you opened it. Nothing was saved. Reload to see the current order.');
    show(lines.join('\n'), true);
  };

  const show = (text, bad = false) => {
    output.className = bad ? 'bad' : '';
    output.textContent = text;
  };

  const guarded = (method) => send(method).catch(() => show('The server could not be reached.', true));

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    guarded(form.dataset.method);
  });
  form.querySelector('[name=delete]')?.addEventListener('click', () => guarded('DELETE'));
}
