// The playground's promise about secrets: whatever is done with one, it is in its field and in no other place.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import { after, before, test } from 'node:test';

import { TIMEOUT, startServer, withPage } from './harness.mjs';

let base;
let stop;
let server;
/** All that the server was asked, byte for byte but for line breaks. */
const asked = [];

before(async () => {
  const started = await startServer();
  ({ stop } = started);
  server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      asked.push([request.method, request.url, ...request.rawHeaders, Buffer.concat(chunks).toString('latin1')].join('\n'));
      const { method, headers } = request;
      forward(`${started.base}${request.url}`, { method, headers }, (answer) => answer.pipe(response.writeHead(answer.statusCode, answer.headers))).end(Buffer.concat(chunks));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${server.address().port}`;
}, { timeout: TIMEOUT });
after(async () => {
  server?.closeAllConnections();
  server?.close();
  await stop?.();
});

const SECRET = 'S3cret+of/nobody:else=0123456789';
const bytes = Buffer.from(SECRET);
/** As it is, and as it could be written elsewhere. */
const spellings = [SECRET, encodeURIComponent(SECRET), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url'), bytes.toString('hex'), SECRET.slice(0, 16), SECRET.slice(16)];
const holdsNone = (text, what) => assert.deepEqual(spellings.filter((spelling) => text.includes(spelling)), [], what);

const field = (page, name) => page.getByLabel(name, { exact: true });
const says = (page, pattern) => page.locator('section[aria-label="Verdict"]').getByText(pattern).first().waitFor();

/** All that a page can keep or show elsewhere, as text. */
const kept = async (page, context) => {
  const inPage = await page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const stored = await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)));
    const folder = await navigator.storage.getDirectory();
    const files = [];
    for await (const name of folder.keys()) files.push(name);
    const workers = await navigator.serviceWorker.getRegistrations();
    return {
      empty: [{ ...sessionStorage }, databases, stored, files, workers.length, document.cookie, history.state, window.name],
      local: { ...localStorage },
      told: [location.href, document.title, document.referrer, document.documentElement.outerHTML, ...navigation.entries().flatMap((entry) => [entry.url ?? '', JSON.stringify(entry.getState() ?? null)]), ...performance.getEntries().map(({ name }) => name)],
    };
  });
  return { ...inPage, cookies: await context.cookies(), state: JSON.stringify(await context.storageState({ indexedDB: true })) };
};

async function holdsNothing(page, context, what) {
  const { empty, local, told, cookies, state } = await kept(page, context);
  assert.deepEqual(empty, [{}, [], [], [], 0, '', null, ''], what);
  assert.deepEqual([local, cookies], [{ 'sigpost-theme': 'system' }, []], what);
  for (const text of [...told, state, ...asked]) holdsNone(text, what);
}

test('a secret that is typed, shown, verified, signed with and shared beside is nowhere but in its field', { timeout: TIMEOUT }, async () => {
  const { sign } = await import(`${process.env.SIGPOST_NPM}/index.js`);
  const body = '{"id":1}';
  const [[name, value]] = Object.entries(sign('qlik', SECRET, { body }));
  await withPage(base, async (page, context) => {
    const others = [];
    page.on('websocket', (socket) => others.push(socket.url()));
    context.on('page', (opened) => others.push(opened.url()));
    context.on('request', (request) => holdsNone(`${request.url()}\n${request.postData() ?? ''}`, 'a request'));
    await field(page, 'Headers').fill(`${name}: ${value}`);
    await field(page, 'Body').fill(body);
    await field(page, 'Secret').pressSequentially(SECRET);
    await says(page, /Genuine/);
    await holdsNothing(page, context, 'verified');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await field(page, 'Body').fill(`${body}\n`);
    await says(page, 'Fix:');
    await holdsNothing(page, context, 'explained');
    await page.getByRole('button', { name: 'Share…' }).click();
    const link = await page.getByRole('region', { name: 'The link' }).textContent();
    holdsNone(link, 'the link');
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    await field(page, 'Scheme').selectOption('qlik');
    for (const form of ['curl', 'fetch', 'Raw']) {
      await page.getByRole('tab', { name: form, exact: true }).click();
      await page.getByRole('region', { name: `The request as ${form}` }).filter({ hasText: 'qlik-signature' }).waitFor();
      await holdsNothing(page, context, `signed as ${form}`);
    }
    await page.getByText('The secret stays in this tab').click();
    await page.getByText(/What no policy forbids, such as going to another address or a call by WebRTC/).waitFor();
    assert.ok(asked.length > 3, `${asked.length} requests`);
    assert.deepEqual(others, []);
  });
});

test('a secret is gone when the page is loaded again, left and come back to, or kept by the browser', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page, context) => {
    const type = async () => {
      await field(page, 'Secret').pressSequentially(SECRET);
      // As a plain field, which browsers fill again more readily.
      await page.getByRole('button', { name: 'Show', exact: true }).click();
    };
    const gone = async (what) => {
      assert.equal(await field(page, 'Secret').inputValue(), '', what);
      await holdsNothing(page, context, what);
    };
    await type();
    await page.reload();
    await gone('loaded again');
    await type();
    await page.goto(`${base}/console`);
    await page.goBack();
    await gone('come back to');
    await type();
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
    await page.waitForFunction((secret) => [...document.querySelectorAll('input')].every(({ value }) => value !== secret), SECRET);
    await gone('kept by the browser');
  });
});
