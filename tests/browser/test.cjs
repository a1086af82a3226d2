// The application in a browser: its pages, its error pages, and a change that is based on an old version.
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { chromium } = require('playwright-core');

const [base, pages, debug, languages, executablePath, screenshots] = process.argv.slice(2);
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
      const own = [base, pages, debug, languages].map((url) => new URL(url).origin);
      if (!own.includes(origin) && protocol !== 'data:') wrong.push(`request: ${request.url()}`);
    });
  });
  await context.exposeFunction('violated', (what) => wrong.push(`policy: ${what}`));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => window.violated(`${event.violatedDirective} ${event.blockedURI}`));
  });
  return { page: await context.newPage(), context, wrong };
}

const looks = { light: { colorScheme: 'light' }, dark: { colorScheme: 'dark' }, narrow: { viewport: { width: 320, height: 640 } } };

// Checks that a page is accessible and needs no horizontal scrolling, and keeps a picture of it.
async function look(page, name, picture) {
  const { scroll, client } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth }));
  assert.ok(scroll <= client, `${name}: no horizontal scrolling`);
  await accessible(page, name);
  await page.screenshot({ path: `${screenshots}/${picture}.png`, fullPage: true });
}

async function accessible(page, name) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => window.axe.run());
  assert.ok(passes.length > 5, `${name}: axe-core has checked the page`);
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), [], name);
}

const tests = {
  async 'the error page is readable in light and dark, wide and narrow'(browser) {
    for (const [name, options] of Object.entries(looks)) {
      const { page, wrong } = await open(browser, { ...options, expected: [404] });
      const response = await page.goto(`${base}/orders/99`);
      assert.equal(response.status(), 404);
      assert.equal(await page.locator('h1').innerText(), 'No such order');
      assert.equal(await page.locator('.code').innerText(), '404 Not Found');
      assert.match(await page.locator('main').innerText(), /Order 99 does not exist/);
      await look(page, `error page, ${name}`, `error-${name}`);
      assert.deepEqual(wrong, []);
    }
    // The picture in README.md.
    const { page } = await open(browser, { viewport: { width: 760, height: 480 }, expected: [404] });
    await page.goto(`${base}/orders/99`);
    await page.screenshot({ path: `${screenshots}/readme.png`, fullPage: true });
  },

  async 'the error page links to the page of its problem'(browser) {
    const { page, wrong } = await open(browser, { expected: [410] });
    const admin = await fetch(`${base}/orders/3`, { method: 'DELETE', headers: { authorization: 'Bearer manager-token', 'if-match': '"v1"' } });
    assert.equal(admin.status, 204);
    await page.goto(`${base}/orders/3`);
    await page.getByRole('link', { name: 'About this problem' }).click();
    assert.equal(page.url(), `${base}/problems/order-deleted`);
    assert.match(await page.locator('h1').innerText(), /Order deleted/);
    await page.getByRole('link', { name: 'All problems' }).click();
    assert.equal(page.url(), `${base}/problems`);
    assert.deepEqual(wrong, []);
    for (const [name, options] of Object.entries(looks)) {
      const { page, wrong } = await open(browser, options);
      await page.goto(`${base}/problems/order-deleted`);
      await look(page, `problem page, ${name}`, `problem-${name}`);
      await page.goto(`${base}/problems`);
      await look(page, `list of problems, ${name}`, `problems-${name}`);
      assert.deepEqual(wrong, []);
    }
  },

  async 'each error page has its next step'(browser) {
    const steps = {
      account: [401, 'Sign in to continue', { 'Sign in': '/sign-in' }],
      nowhere: [404, 'Page not found', { Home: '/', Search: '/search' }],
      gone: [410, 'Order deleted', { Home: '/', Search: '/search' }],
      broken: [500, 'Something went wrong', { 'Contact support': 'mailto:help@example.org?subject=Error%20500%2C%20request%20id%20id-7' }],
    };
    for (const [name, options] of Object.entries(looks)) {
      const { page, wrong } = await open(browser, { ...options, expected: [401, 404, 410, 422, 500, 503] });
      for (const [path, [code, headline, links]] of Object.entries(steps)) {
        const response = await page.goto(`${pages}/${path}`);
        assert.equal(response.status(), code);
        assert.equal(await page.locator('h1').innerText(), headline);
        assert.equal(await page.title(), `${headline} · Tulip Shop`);
        const shown = await page.locator('.next a').evaluateAll((all) => all.map((link) => [link.innerText, link.getAttribute('href')]));
        assert.deepEqual(Object.fromEntries(shown), links, path);
        await look(page, `${path}, ${name}`, `${path}-${name}`);
      }
      await page.goto(`${pages}/order`);
      assert.deepEqual(await page.locator('li').allInnerTexts(), ['email: must contain an @', 'count: must be at least 1 #/lines/0/count']);
      await look(page, `order, ${name}`, `order-${name}`);
      // Always busy, after a form of a page without a policy.
      await page.goto(`${pages}/`);
      await page.setContent(`<form method="post" action="${pages}/report"><button>Send</button></form>`);
      await Promise.all([page.waitForNavigation(), page.getByRole('button').click()]);
      assert.equal(await page.locator('h1').innerText(), 'Temporarily unavailable');
      await look(page, `report, ${name}`, `report-${name}`);
      assert.deepEqual(wrong, []);
    }
    const { page } = await open(browser, { expected: [401] });
    await page.goto(`${pages}/account`);
    await page.getByRole('link', { name: 'Sign in' }).click();
    assert.equal(await page.locator('h1').innerText(), 'Sign in');
  },

  async 'a link loads the page again after a 503, and a form is not sent as a GET'(browser) {
    const { page, wrong } = await open(browser, { expected: [503] });
    assert.equal((await page.goto(`${pages}/report?year=2026`)).status(), 503);
    await accessible(page, 'a page that can be loaded again');
    await page.screenshot({ path: `${screenshots}/report.png`, fullPage: true });
    await page.getByRole('link', { name: 'Try again in 1 second' }).click();
    assert.equal(await page.locator('h1').innerText(), 'Report');
    assert.equal(page.url(), `${pages}/report?year=2026`);
    // A form, as a person sends it.
    await page.setContent(`<form method="post" action="${pages}/report"><button>Send</button></form>`);
    const [response] = await Promise.all([page.waitForNavigation(), page.getByRole('button').click()]);
    assert.equal(response.status(), 503);
    assert.match(await page.locator('main').innerText(), /Go back and submit again in 1 minute/);
    assert.equal(await page.getByRole('link', { name: /Try again/ }).count(), 0);
    assert.deepEqual(wrong, []);
  },

  async 'after a 405 and a 412 the page tells in words how to go on'(browser) {
    for (const [name, options] of Object.entries(looks)) {
      const { page, context, wrong } = await open(browser, { ...options, expected: [405, 412] });
      // To go back needs a script, which the page must not have, and neither the home page nor the search helps.
      const explains = async (page, code, headline, advice) => {
        assert.equal(await page.locator('h1').innerText(), headline);
        assert.equal(await page.locator('.code').innerText(), code);
        assert.equal(await page.getByText(advice, { exact: true }).count(), 1);
        const links = await page.locator('a').evaluateAll((all) => all.map((link) => [link.innerText, link.getAttribute('href')]));
        assert.deepEqual(links.slice(0, -1), [['Tulip Shop', '/']]);
        assert.match(links.at(-1)[1], /^https:\/\/www\.rfc-editor\.org\//);
        assert.equal(await page.locator('button, script').count(), 0);
        await look(page, `${code}, ${name}`, `${code.slice(0, 3)}-${name}`);
      };
      // The address of a form, opened as a page.
      await page.goto(`${pages}/`);
      assert.equal((await page.goto(`${pages}/basket`)).status(), 405);
      await explains(page, '405 Method Not Allowed', "You can't do that here", 'Go back, reload the page, and try again.');
      await page.goBack();
      await page.reload();
      assert.equal(await page.locator('h1').innerText(), 'Home');

      // One form in two tabs. The script of the form shows the response as the page.
      const second = await context.newPage();
      const save = async (page) => {
        await page.getByLabel('Name').fill('Ada');
        const [response] = await Promise.all([page.waitForResponse((response) => response.request().method() === 'PUT'), page.getByRole('button', { name: 'Save' }).click()]);
        return response.status();
      };
      await page.goto(`${pages}/profile`);
      await second.goto(`${pages}/profile`);
      assert.equal(await save(page), 200);
      await page.getByRole('heading', { name: 'Saved' }).waitFor();
      assert.equal(await save(second), 412);
      await second.getByRole('heading', { name: 'This has changed since you opened it' }).waitFor();
      await explains(second, '412 Precondition Failed', 'This has changed since you opened it', 'Go back, reload the page, and make your change again.');
      await second.goto(`${pages}/profile`);
      assert.equal(await save(second), 200, 'after a reload the change is accepted');
      assert.deepEqual(wrong, []);
    }
  },

  async 'the developer’s page has the causes only with debug'(browser) {
    for (const [name, options] of Object.entries(looks)) {
      const { page, wrong } = await open(browser, { ...options, expected: [500] });
      await page.goto(`${pages}/broken`);
      assert.doesNotMatch(await page.content(), /10\.0\.0\.7|developer|io::/);
      await page.goto(`${debug}/broken`);
      const section = page.locator('section');
      assert.equal(await section.locator('h2').innerText(), 'For the developer of this server');
      const errors = ['pages::NotCounted: the orders could not be counted', 'std::io::error::Error: connection to 10.0.0.7 refused'];
      assert.deepEqual(await section.locator('li').allInnerTexts(), errors);
      assert.match(await section.innerText(), /Mapped by\s+unmapped\s+Request id\s+id-7/);
      await look(page, `developer's page, ${name}`, `debug-${name}`);
      assert.deepEqual(wrong, []);
    }
  },

  async 'one route is in the language of the browser'(browser) {
    const rows = {
      'en-US': ['Order not found', 'Order 8 does not exist', 'Home', 'ltr'],
      'de-CH': ['Bestellung nicht gefunden', 'Die Bestellung 8 gibt es nicht.', 'Startseite', 'ltr'],
      ar: ['الطلب غير موجود', 'لا يوجد طلب بالرقم 8.', 'الصفحة الرئيسية', 'rtl'],
    };
    for (const [locale, [headline, detail, home, direction]] of Object.entries(rows)) {
      for (const [name, options] of Object.entries(looks)) {
        const { page, wrong } = await open(browser, { ...options, locale, expected: [404, 503] });
        await page.goto(`${languages}/orders/8`);
        assert.equal(await page.locator('h1').innerText(), headline);
        assert.equal(await page.locator('.detail').innerText(), detail);
        assert.equal(await page.locator('.next a').first().innerText(), home);
        assert.equal(await page.evaluate(() => getComputedStyle(document.body).direction), direction);
        // The mark of the detail is on the side where a line begins.
        const mark = direction === 'rtl' ? 'borderRightWidth' : 'borderLeftWidth';
        assert.equal(await page.locator('.detail').evaluate((element, mark) => getComputedStyle(element)[mark], mark), '4px');
        await look(page, `${locale}, ${name}`, `language-${locale}-${name}`);
        await page.goto(`${languages}/busy`);
        await look(page, `busy, ${locale}, ${name}`, `busy-${locale}-${name}`);
        assert.deepEqual(wrong, []);
      }
    }
  },

  async 'pages print dark on white, with addresses instead of buttons'(browser) {
    // What is printed of the next steps, each link with the text behind it.
    const rows = {
      gone: [`${pages}/gone`, []],
      report: [`${pages}/broken`, ['Contact support: help@example.org']],
      about: [`${base}/orders/99`, ['About this problem: /problems/no-such-order']],
      debug: [`${debug}/broken`, ['Contact support: help@example.org']],
      problem: [`${base}/problems/order-deleted`, []],
    };
    for (const colorScheme of ['light', 'dark']) {
      const { page, wrong } = await open(browser, { colorScheme, expected: [404, 410, 500] });
      for (const [name, [url, next]] of Object.entries(rows)) {
        await page.emulateMedia({ media: 'screen', colorScheme });
        await page.goto(url);
        await page.emulateMedia({ media: 'print', colorScheme });
        const shown = await page.locator('.next a:visible').evaluateAll((links) =>
          links.map((link) => {
            const { content } = getComputedStyle(link, '::after');
            return link.innerText + content.replace(/attr\(([\w-]+)\)/g, (_, attribute) => JSON.stringify(link.getAttribute(attribute))).replace(/^none$|" "|"/g, '');
          }),
        );
        assert.deepEqual(shown, next, name);
        // Every color has a contrast of 4.5 with white paper, also where a browser prints no background.
        const pale = await page.evaluate(() => {
          const channels = (color) => color.match(/[\d.]+/g).map(Number);
          const linear = (channel) => (channel <= 10.31 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4);
          const luminance = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
          return [...document.querySelectorAll('body, body *')].filter((element) => element.checkVisibility()).flatMap((element) => {
            const { color, backgroundColor } = getComputedStyle(element);
            const [alpha = 1] = channels(backgroundColor).slice(3);
            const isPaper = alpha === 0 || luminance(channels(backgroundColor)) > 0.85;
            return isPaper && 1.05 / (luminance(channels(color)) + 0.05) >= 4.5 ? [] : [`${element.outerHTML.slice(0, 60)} ${color} ${backgroundColor}`];
          });
        });
        assert.deepEqual(pale, [], `${name}, ${colorScheme}`);
        // Nothing can be opened on paper.
        const closed = await page.locator('details dd').evaluateAll((all) => all.filter((element) => !element.checkVisibility()).length);
        assert.equal(closed, 0, `${name}: the technical details are printed`);
        assert.equal(await page.evaluate(() => getComputedStyle(document.body).paddingTop), '0px', `${name}: the paper has its own margin`);
        await page.screenshot({ path: `${screenshots}/print-${name}-${colorScheme}.png`, fullPage: true });
      }
      assert.deepEqual(wrong, []);
    }
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
      // On the connection: the page sees the stored 200 instead of a 304. The events of a request come in any order.
      const code = new Promise((resolve) => {
        const received = new Map();
        let document;
        const finish = () => received.has(document) && resolve(received.get(document));
        network.on('Network.requestWillBeSent', ({ requestId, request }) => {
          if (request.url === base + path) document = requestId;
          finish();
        });
        network.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => {
          received.set(requestId, statusCode);
          finish();
        });
      });
      await page.reload();
      assert.equal(await code, 304, path);
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
    await second.getByText('Someone else has changed this order since you opened it').waitFor();
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
    await page.getByRole('listitem').first().waitFor();
    const shown = await page.getByRole('listitem').evaluateAll((items) => items.map((item) => [item.innerText, item.title]));
    const expected = [
      ['reference: must not be empty', '#/reference'],
      ['item: must not be blank', '#/item'],
      ['quantity: must be between 1 and 1,000,000', '#/quantity'],
    ];
    assert.deepEqual(shown, expected);
    assert.match(await page.getByRole('status').innerText(), /^Order not accepted: the order is not valid/);
    await accessible(page, 'all errors of a form');
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
