// The application in a browser: its pages, its error pages, and a change that is based on an old version.
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { chromium } = require('playwright-core');

const [base, executablePath, screenshots] = process.argv.slice(2);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// A context that records errors on the console, policy violations and requests elsewhere. `expected`: statuses that may occur.
async function open(browser, { expected = [], ...options } = {}) {
  const context = await browser.newContext(options);
  const wrong = [];
  context.on('page', (page) => {
    page.on('console', (message) => {
      const refusal = /^Failed to load resource: the server responded with a status of (\d+)/.exec(message.text());
      if (refusal && expected.includes(Number(refusal[1]))) return;
      if (['error', 'warning'].includes(message.type())) wrong.push(`console: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => wrong.push(`script: ${error}`));
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== new URL(base).origin && protocol !== 'data:') wrong.push(`request: ${request.url()}`);
    });
  });
  await context.exposeFunction('violated', (what) => wrong.push(`policy: ${what}`));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => window.violated(`${event.violatedDirective} ${event.blockedURI}`));
  });
  return { page: await context.newPage(), context, wrong };
}

async function accessible(page, name) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => window.axe.run());
  assert.ok(passes.length > 5, `${name}: axe-core has checked the page`);
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), [], name);
}

const tests = {
  async 'the error page is readable in light and dark, wide and narrow'(browser) {
    const looks = { light: { colorScheme: 'light' }, dark: { colorScheme: 'dark' }, narrow: { viewport: { width: 320, height: 640 } } };
    for (const [look, options] of Object.entries(looks)) {
      const { page, wrong } = await open(browser, { ...options, expected: [404] });
      const response = await page.goto(`${base}/orders/99`);
      assert.equal(response.status(), 404);
      assert.equal(await page.locator('h1').innerText(), '404\nNo such order');
      assert.match(await page.locator('main').innerText(), /order 99 does not exist/);
      const { scroll, client } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth }));
      assert.ok(scroll <= client, `${look}: no horizontal scrolling`);
      await accessible(page, `error page, ${look}`);
      await page.screenshot({ path: `${screenshots}/error-${look}.png`, fullPage: true });
      assert.deepEqual(wrong, []);
    }
  },

  async 'the error page links to the page of its problem'(browser) {
    const { page, wrong } = await open(browser, { expected: [410] });
    const admin = await fetch(`${base}/orders/3`, { method: 'DELETE', headers: { authorization: 'Bearer manager-token', 'if-match': '"v1"' } });
    assert.equal(admin.status, 204);
    await page.goto(`${base}/orders/3`);
    await page.getByRole('link', { name: 'About this problem' }).click();
    assert.equal(page.url(), `${base}/problems/order-deleted`);
    assert.match(await page.locator('h1').innerText(), /Order deleted/);
    await accessible(page, 'problem page');
    await page.screenshot({ path: `${screenshots}/problem.png`, fullPage: true });
    await page.goto(`${base}/problems`);
    await accessible(page, 'list of problems');
    await page.screenshot({ path: `${screenshots}/problems.png`, fullPage: true });
    assert.deepEqual(wrong, []);
  },

  async 'the list and an order are accessible'(browser) {
    for (const colorScheme of ['light', 'dark']) {
      const { page, wrong } = await open(browser, { colorScheme });
      await page.goto(`${base}/`);
      assert.equal(page.url(), `${base}/orders`);
      await accessible(page, `list, ${colorScheme}`);
      await page.screenshot({ path: `${screenshots}/list-${colorScheme}.png`, fullPage: true });
      await page.getByRole('link', { name: 'A-1' }).click();
      await accessible(page, `order, ${colorScheme}`);
      assert.deepEqual(wrong, []);
    }
  },

  async 'a reload revalidates, and the server sends 304'(browser) {
    const { page, context, wrong } = await open(browser);
    for (const path of ['/orders', '/orders/1', '/problems']) {
      await page.goto(base + path);
      const network = await context.newCDPSession(page);
      await network.send('Network.enable');
      // On the connection: the page sees the stored 200 instead of a 304.
      const sent = new Map();
      const received = new Map();
      network.on('Network.requestWillBeSent', ({ requestId, request }) => sent.set(requestId, request.url));
      network.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => received.set(requestId, statusCode));
      await page.reload();
      const [[document]] = [[...sent].filter(([, url]) => url === base + path).map(([id]) => id)];
      assert.equal(received.get(document), 304, path);
      assert.ok((await page.locator('h1').innerText()).length > 0, path);
      await network.detach();
    }
    assert.deepEqual(wrong, []);
  },

  async 'a change that is based on an old version gets a 412, and the page explains it'(browser) {
    const { page: first, context, wrong } = await open(browser, { expected: [412] });
    const second = await context.newPage();
    await first.goto(`${base}/orders/2`);
    await second.goto(`${base}/orders/2`);

    const change = async (page, quantity) => {
      await page.getByLabel('Quantity').fill(quantity);
      const [response] = await Promise.all([page.waitForResponse((response) => response.request().method() === 'PUT'), page.getByRole('button', { name: 'Save' }).click()]);
      return response.status();
    };
    assert.equal(await change(first, '51'), 200);
    await first.getByText('Saved.').waitFor();
    assert.equal(await change(second, '52'), 412);
    await second.getByText('Somebody has changed this order since you opened it').waitFor();
    await accessible(second, 'order after a 412');
    await second.screenshot({ path: `${screenshots}/stale.png`, fullPage: true });
    await second.reload();
    assert.equal(await second.getByLabel('Quantity').inputValue(), '51', 'nothing was overwritten');
    assert.equal(await change(second, '52'), 200, 'after a reload the change is accepted');
    assert.deepEqual(wrong, []);
  },

  async 'all errors of a form are shown at once'(browser) {
    const { page, wrong } = await open(browser, { expected: [422] });
    await page.goto(`${base}/orders`);
    await page.getByLabel('Customer').fill('1');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('#/reference: must not be empty').waitFor();
    await page.getByText('/quantity: must be from 1 to 1000000').waitFor();
    assert.deepEqual(wrong, []);
  },
};

(async () => {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    for (const [name, test] of Object.entries(tests)) {
      await test(browser);
      console.log(`ok  ${name}`);
    }
  } finally {
    await browser.close();
  }
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
