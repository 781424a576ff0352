// How the server hands the pages out, and that they come to life under their policies.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { TIMEOUT, accessible, fits, picture, viewports, withPage, withServer } from './harness.mjs';

const CONFIG = `
[[tenant]]
name = "acme"
dialect = "native"
  [[tenant.user]]
  id = "ada"
  roles = ["admin"]
  token = "the-token-of-ada"
`;

/** A request as it is, without what `fetch` does by itself. */
const ask = (url, headers = {}) => fetch(url, { headers: { 'accept-encoding': 'identity', ...headers }, redirect: 'manual' });

test('each page has its own strict policy, in a header and in itself', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    for (const [path, own] of [
      ['/', ["script-src 'self' 'wasm-unsafe-eval'", 'worker-src blob:', 'trusted-types sigpost-worker']],
      ['/console', ["script-src 'self'", "connect-src 'self'", "trusted-types 'none'"]],
    ]) {
      const page = await ask(`${base}${path}`);
      assert.equal(page.status, 200);
      const policy = page.headers.get('content-security-policy');
      const directives = policy.split('; ');
      for (const directive of [...own, "default-src 'none'", "require-trusted-types-for 'script'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]) {
        assert.ok(directives.includes(directive), `${path}: ${directive} is not in ${policy}`);
      }
      assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval'[^;]*'unsafe-eval'|https?:|\*/);
      // Where the files lie on another server, this is the only one.
      const [, inside] = /<meta http-equiv="content-security-policy" content="([^"]*)">/.exec(await page.text());
      assert.equal(`${inside.replaceAll('&#39;', "'")}; frame-ancestors 'none'`, policy);
      assert.deepEqual(
        ['x-content-type-options', 'referrer-policy', 'cross-origin-opener-policy', 'cross-origin-resource-policy', 'cache-control'].map((name) => page.headers.get(name)),
        ['nosniff', 'no-referrer', 'same-origin', 'same-origin', 'no-cache'],
      );
    }
    const { headers } = await ask(`${base}/`);
    assert.equal(headers.get('content-security-policy').includes('connect-src'), false, 'the playground may connect to nobody');
  });
});

test('files are compressed for those who take it, kept for good, and not sent twice', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    const html = await (await ask(`${base}/console`)).text();
    const files = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, file]) => file);
    assert.ok(files.some((file) => file.endsWith('.js')) && files.some((file) => file.endsWith('.css')), html);
    for (const file of files) {
      const plain = await ask(`${base}/${file}`);
      const digest = createHash('sha256').update(Buffer.from(await plain.arrayBuffer())).digest('hex');
      assert.match(plain.headers.get('cache-control'), /max-age=31536000, immutable/);
      assert.equal(plain.headers.get('content-encoding'), null);
      const again = await ask(`${base}/${file}`, { 'if-none-match': plain.headers.get('etag') });
      assert.deepEqual([again.status, await again.text()], [304, '']);
      for (const [encoding, open] of [['br', brotliDecompressSync], ['gzip', gunzipSync]]) {
        const packed = await raw(`${base}/${file}`, encoding);
        assert.equal(packed.encoding, encoding, file);
        assert.equal(createHash('sha256').update(open(packed.body)).digest('hex'), digest, `${file} as ${encoding}`);
      }
    }
  });
});

test('what is no file of the pages is not served', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    for (const path of ['/assets/', '/assets/missing.js', '/assets/..%2findex.html', '/assets/%2e%2e%2fpolicies.json', '/policies.json', '/assets/%ff.js', '/console.html', '/index.html.br']) {
      assert.equal((await ask(`${base}${path}`)).status, 404, path);
    }
    const elsewhere = await ask(`${base}/console/`);
    assert.deepEqual([elsewhere.status, elsewhere.headers.get('location')], [308, '../console']);
  });
});

for (const colorScheme of ['light', 'dark']) {
  test(`the way into the console is accessible and fits a phone (${colorScheme})`, { timeout: TIMEOUT }, async () => {
    await withServer(CONFIG, async (base) => {
      await withPage(`${base}/console`, async (page) => {
        await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
        await accessible(page, 'signing in');
        await fits(page, 'signing in');
        await picture(page, `sign-in-${colorScheme}`);
      }, { colorScheme, viewport: viewports.PHONE });
    });
  });
}

test('a text that is too faint is seen, also where axe cannot tell what lies behind it', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    await withPage(`${base}/console`, async (page) => {
      await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
      const say = (color) => page.evaluate((color) => {
        document.querySelector('#faint')?.remove();
        const text = Object.assign(document.createElement('p'), { id: 'faint', textContent: 'Can you read this?' });
        Object.assign(text.style, { color, background: 'linear-gradient(white, white)', backgroundColor: 'white' });
        document.querySelector('main').append(text);
      }, color);
      await say('rgb(110 110 110)');
      await accessible(page, 'a text of 5.1');
      for (const color of ['rgb(130 130 130)', 'rgb(0 0 0 / 40%)', 'white']) {
        await say(color);
        await assert.rejects(accessible(page, 'a faint text'), /Can you read this/, color);
      }
    });
  });
});

test('what a page loads at first is small', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    // In bytes as they travel, headers aside: the bounds are what www/README.md states.
    for (const [path, most] of [['/', 34_000], ['/console', 26_000]]) {
      const document = await raw(`${base}${path}`, 'br');
      const html = brotliDecompressSync(document.body).toString();
      const files = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => file);
      const sizes = await Promise.all(files.map(async (file) => (await raw(`${base}/${file}`, 'br')).body.length));
      const total = sizes.reduce((sum, size) => sum + size, document.body.length);
      console.log(`${path} loads ${total} bytes at first, in ${files.length + 1} files`);
      assert.ok(total > 1_000 && total <= most, `${path}: ${total} bytes`);
    }
    // What follows: the samples as soon as the playground is shown, its worker when something is first looked at.
    const loaded = new Map();
    await withPage(base, async (page) => {
      page.on('response', (response) => loaded.set(/_virtual_([a-z]+)-/.exec(response.url())?.[1], response.url()));
      await page.reload();
      await page.getByLabel('Load a sample').selectOption({ label: 'Stripe' });
      await page.getByText('Genuine: the signature matches').waitFor();
    });
    for (const [name, most] of [['samples', 5_000], ['worker', 112_000]]) {
      const { body } = await raw(loaded.get(name), 'br');
      console.log(`${name} follows with ${body.length} bytes`);
      assert.ok(body.length <= most, `${name}: ${body.length} bytes`);
    }
  });
});

test('the playground works as plain files, in any folder of a server that sends no policy', { timeout: TIMEOUT }, async () => {
  const dist = new URL('../../www/dist/', import.meta.url);
  const types = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://a').pathname.replace(/^\/some\/folder\//, '');
    const body = await readFile(new URL(path === '' ? 'index.html' : path, dist)).catch(() => undefined);
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': types[path.split('.').at(-1)] ?? 'text/html' }).end(body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    await withPage(`http://127.0.0.1:${server.address().port}/some/folder/`, async (page) => {
      await page.getByLabel('Load a sample').selectOption({ label: 'Stripe' });
      await page.getByText('Genuine: the signature matches').waitFor();
      await page.getByText('The secret stays in this tab').click();
      await page.getByRole('button', { name: 'Let the page try to connect' }).click();
      await page.getByText('The browser refused, as it should.').waitFor();
    }, { expected: [/connect-src|Content Security Policy|Refused to connect|Fetch API cannot load/i] });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

/** An answer as it travels: `fetch` would unpack it. */
async function raw(url, encoding) {
  const { get } = await import('node:http');
  return new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': encoding } }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(chunks) });
    }).on('error', reject);
  });
}
