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
    // The detail of a 412 is for the developer of a program.
    if (response.status === 412) return show('Someone else has changed this order since you opened it. Nothing was saved. Reload the page to see the current order.', true);
    const problem = await response.json();
    const delay = response.headers.get('retry-after');
    const again = delay ? ` Try again in ${delay} seconds.` : '';
    show(`${problem.title}: ${problem.detail}${again}`, true, problem.errors);
  };

  // An error names the field. Its title is the JSON pointer (RFC 6901).
  const show = (text, bad = false, errors = []) => {
    const list = document.createElement('ul');
    for (const { pointer = '', parameter, detail } of errors) {
      const item = list.appendChild(document.createElement('li'));
      item.textContent = `${parameter ?? pointer.split('/').pop()}: ${detail}`;
      item.title = pointer;
    }
    output.className = bad ? 'bad' : '';
    output.replaceChildren(text, ...(errors.length ? [list] : []));
  };

  const guarded = (method) => send(method).catch(() => show('The server could not be reached.', true));

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    guarded(form.dataset.method);
  });
  form.querySelector('[name=delete]')?.addEventListener('click', () => guarded('DELETE'));
}
