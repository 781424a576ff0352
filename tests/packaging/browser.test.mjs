// Chromium, with what each bundler for pages makes of a project, and with the files as they are.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';
import { createServer as createDevelopmentServer } from 'vite';

import { launchChromium } from '../e2e/chromium.mjs';
import { bundlers } from './bundlers.mjs';
import { TIMEOUT, body, expected, filesBelow, genuine, project, report } from './project.mjs';

const MAIN = `import { outcome } from './outcome.mjs';\nglobalThis.outcome = JSON.stringify${report};\n`;
const PAGE = '<!doctype html><title>sigpost</title><script type="module" src="/main.mjs"></script>';
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";

let browser;
let close;

before(async () => {
  ({ browser, close } = await launchChromium(chromium, { timeout: TIMEOUT }));
}, { timeout: TIMEOUT });

after(async () => {
  await close?.();
}, { timeout: TIMEOUT });

/** Serves the files of a folder to the end of the test. */
async function serve(test, folder, policy) {
  const server = createServer(async ({ url }, response) => {
    const path = join(folder, normalize(url === '/' ? 'index.html' : url));
    const file = await readFile(path).catch(() => undefined);
    const type = TYPES[extname(path)] ?? 'text/plain';
    response.writeHead(file ? 200 : 404, { 'content-type': type, ...(policy && { 'content-security-policy': policy }) });
    response.end(file);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}/`;
}

/** What a page reports, of which it must not complain. */
async function shown(url) {
  const page = await browser.newPage();
  try {
    const complaints = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(url);
    // Not by what a page evaluates, which its policy forbids; the module's script ends before the page has loaded.
    const outcome = await page.evaluate(() => globalThis.outcome);
    // What a development server says of itself is no complaint.
    assert.deepEqual(complaints.filter((text) => !text.startsWith('[vite]')), []);
    return JSON.parse(outcome);
  } finally {
    await page.close();
  }
}

for (const [name, bundle] of Object.entries(bundlers)) {
  test(`what ${name} makes for a page verifies requests in Chromium`, { timeout: TIMEOUT }, async (test) => {
    const root = await project(test, { 'main.mjs': MAIN });
    const out = join(root, 'out');
    await bundle({ root, entry: join(root, 'main.mjs'), out, node: false });
    const [file, ...assets] = await filesBelow(out);
    assert.deepEqual(assets, [], 'nothing is to be served beside the script');
    await writeFile(join(out, 'index.html'), PAGE.replace('/main.mjs', file.slice(out.length)));
    assert.deepEqual(await shown(await serve(test, out, POLICY)), expected);
  });
}

test('what the development server of Vite serves verifies requests in Chromium', { timeout: TIMEOUT }, async (test) => {
  const root = await project(test, { 'main.mjs': MAIN, 'index.html': PAGE, 'public/favicon.ico': '' });
  const options = { root, configFile: false, logLevel: 'error', cacheDir: join(root, '.vite') };
  const server = await createDevelopmentServer({ ...options, server: { host: '127.0.0.1', port: 0 } });
  test.after(() => server.close());
  await server.listen();
  assert.deepEqual(await shown(`http://127.0.0.1:${server.httpServer.address().port}/`), expected);
});

test('a page takes the files as they are, under a strict policy', { timeout: TIMEOUT }, async (test) => {
  const at = 'from "/node_modules/sigpost';
  const root = await project(test, { 'main.mjs': MAIN, 'index.html': PAGE });
  const app = await readFile(join(root, 'outcome.mjs'), 'utf8');
  const byUrl = app.replace("from 'sigpost'", `${at}/index.js"`).replace(/from 'sigpost\/(.*)'/g, `${at}/$1.js"`);
  await writeFile(join(root, 'outcome.mjs'), byUrl);
  assert.deepEqual(await shown(await serve(test, root, POLICY)), expected);
});

test('a page serves the modules itself and fetches them for the slim entry', { timeout: TIMEOUT }, async (test) => {
  const main = `
    import { canonicalize, init, verify } from '/node_modules/sigpost/slim.js';
    globalThis.outcome = init({ verify: '/node_modules/sigpost/verify.wasm', canonical: fetch('/node_modules/sigpost/canonical.wasm') }).then(() => {
      const { n } = verify('qlik', 'a secret of the tests', ${JSON.stringify(genuine)}, ${JSON.stringify(body)}).event;
      return JSON.stringify([n, canonicalize('[1.0]')]);
    });`;
  const root = await project(test, { 'main.mjs': main, 'index.html': PAGE });
  assert.deepEqual(await shown(await serve(test, root, `${POLICY}; connect-src 'self'`)), [1.5, '[1]']);
});
