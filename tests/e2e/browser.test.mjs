// The built package in a real browser: in a page and in a worker, under the strictest policy that lets it run, with
// the same vectors as everywhere else. The browser only reports what it got; what is right is judged here.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';

import { launchChromium } from './chromium.mjs';

const TIMEOUT = 60_000;
// Nothing inline, nothing evaluated, nothing loaded from elsewhere, nothing sent. `script-src` holds for workers too.
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "require-trusted-types-for 'script'",
  'trusted-types worker',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const shared = (await vectors('signature')).flatMap(({ cases }) => cases);
// Those of a feature that the package lacks are not for it: how many they are is said below.
const signature = shared.filter(({ feature }) => !feature);
const absent = shared.filter(({ feature }) => feature);
const canonical = (await vectors('canonical')).flatMap(({ vectors }) => vectors);
const html = '<!doctype html><title>sigpost</title><script type="module" src="/outcomes.mjs"></script>';
const empty = '<!doctype html><title>sigpost</title>';
// As a script, so that no JSON.parse of the browser's comes between.
const data = `export const signature = ${JSON.stringify(signature)};\nexport const canonical = ${JSON.stringify(canonical)};\n`;

assert.ok(signature.length > 1200 && canonical.length > 200, `${signature.length} and ${canonical.length} vectors`);
assert.ok(absent.length > 100 && absent.every(({ feature }) => feature === 'ed25519'), `${absent.length} are absent`);

let server;
let browser;
let close;

before(async () => {
  const files = await served();
  server = createServer((request, response) => {
    const file = files.get(request.url);
    const type = request.url.endsWith('js') ? 'text/javascript' : 'text/html';
    const policy = request.url === '/without-wasm' ? POLICY.replace(" 'wasm-unsafe-eval'", '') : POLICY;
    response.writeHead(file === undefined ? 404 : 200, {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
    });
    response.end(file);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ({ browser, close } = await launchChromium(chromium, { timeout: TIMEOUT }));
}, { timeout: TIMEOUT });

after(async () => {
  await close?.();
  server?.closeAllConnections();
  server?.close();
}, { timeout: TIMEOUT });

test('every shared vector has the outcome it says in a page', { timeout: TIMEOUT }, async () => {
  await withPage('/', async (page, complaints) => {
    const outcomes = await page.evaluate(() => globalThis.outcomes);
    judge(outcomes, complaints);
  });
});

test('every shared vector has the outcome it says in a worker', { timeout: TIMEOUT }, async () => {
  await withPage('/empty', async (page, complaints) => {
    const outcomes = await page.evaluate(() => {
      const policy = globalThis.trustedTypes.createPolicy('worker', { createScriptURL: (url) => url });
      const worker = new Worker(policy.createScriptURL('/outcomes.mjs'), { type: 'module' });
      return new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(`the worker failed: ${message}`));
      });
    });
    judge(outcomes, complaints);
  });
});

test('without wasm-unsafe-eval the first use is an error with the remedy, and the import is none', { timeout: TIMEOUT }, async () => {
  await withPage('/without-wasm', async (page) => {
    const messages = await page.evaluate(async () => {
      const { canonicalize, verify } = await import('/sigpost/index.js');
      const uses = [() => canonicalize('1'), () => canonicalize('1'), () => verify('qlik', 'secret', { 'qlik-signature': '0'.repeat(64) }, '{}')];
      return uses.map((use) => {
        try {
          return use();
        } catch (error) {
          return `${error} ${error.cause}`;
        }
      });
    });
    for (const message of messages) {
      assert.match(message, /^Error: WebAssembly cannot be compiled here.*'wasm-unsafe-eval'.* CompileError: /);
    }
  });
});

/** Opens a path, gives `use` the page and what the browser complains of, now and later, and closes the page. */
async function withPage(path, use) {
  const page = await browser.newPage();
  try {
    const complaints = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    // Ends when all scripts of the page have.
    await page.goto(`http://127.0.0.1:${server.address().port}${path}`);
    await use(page, complaints);
  } finally {
    await page.close();
  }
}

/** Holds what the browser reports against the vectors. */
function judge(outcomes, complaints) {
  assert.deepEqual(complaints, []);
  const report = JSON.parse(outcomes);
  assert.deepEqual([report.signature.length, report.canonical.length], [signature.length, canonical.length]);
  for (const [index, { name, scheme, headers, body, expect, sign }] of signature.entries()) {
    const { signed = body, ...rest } = expect;
    const verified = expect.error ? expect : { ...rest, signed: bytesOf(signed).toString('hex') };
    // The small entry knows no canonical form and no SHA-512, and says so.
    const lacks = scheme.body === 'canonical' || scheme.algorithm === 'hmac-sha512';
    const slim = lacks ? { error: 'invalid_option' } : verified;
    assert.deepEqual(report.signature[index].verified, verified, name);
    assert.deepEqual(report.signature[index].slim, slim, name);
    assert.deepEqual(report.signature[index].signed, sign && Object.fromEntries(headers), name);
  }
  for (const [index, { name, output }] of canonical.entries()) {
    assert.deepEqual(report.canonical[index], output === undefined ? { error: 'SyntaxError' } : { output }, name);
  }
}

/** A body as the vectors write it; what is signed instead of it is a plain text. */
function bytesOf(body) {
  const { text, hex, repeat, times } = typeof body === 'string' ? { text: body } : body;
  return hex === undefined ? Buffer.from(text ?? repeat.repeat(times)) : Buffer.from(hex, 'hex');
}

/** What the server has, by path: the page, what it runs, and the files of the package for `import`. */
async function served() {
  const folder = named('SIGPOST_NPM', 'to what `cargo xtask npm` prints');
  const scripts = (await readdir(folder)).filter((file) => file.endsWith('.js'));
  const contents = await Promise.all(scripts.map((file) => readFile(join(folder, file))));
  return new Map([
    ['/', html],
    ['/without-wasm', empty],
    ['/empty', empty],
    ['/outcomes.mjs', await readFile(new URL('browser/outcomes.mjs', import.meta.url))],
    ['/vectors.js', data],
    ...scripts.map((file, index) => [`/sigpost/${file}`, contents[index]]),
  ]);
}

function named(variable, remedy) {
  const value = process.env[variable];
  if (!value) {
    throw new Error(`${variable} is not set: run \`cargo xtask test\`, or set it ${remedy}`);
  }
  return value;
}

/** The vectors of `tests/vectors/NAME`. */
async function vectors(name) {
  const place = new URL(`../vectors/${name}/`, import.meta.url);
  const files = (await readdir(place)).filter((file) => file.endsWith('.json'));
  return Promise.all(files.map(async (file) => JSON.parse(await readFile(new URL(file, place), 'utf8'))));
}
