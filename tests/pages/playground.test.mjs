// The playground in a real browser: what it shows of every sample, what it says of a request that was changed, and that
// neither a secret nor anything else leaves it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { inflateRawSync } from 'node:zlib';
import { after, test } from 'node:test';

import { load } from '../../www/tests/load.mjs';
import { TIMEOUT, accessible, fits, picture, startServer, viewports, withPage } from './harness.mjs';

const { readSamples } = await load('/samples.ts');

const { base, stop } = await startServer();
after(stop);

const SECRET = '0123456789abcdef0123456789abcdef';

/** The vectors' genuine request of Qlik, with its secret. */
const genuine = async () => {
  const { cases } = JSON.parse(await readFile(new URL('../vectors/signature/qlik.json', import.meta.url), 'utf8'));
  return cases.find(({ name }) => name === 'qlik: a genuine request');
};

const verdict = (page) => page.getByRole('status', { name: 'Verdict' }).or(page.locator('section[aria-label="Verdict"]')).first();

async function enter(page, { headers, body, secret }) {
  if (headers !== undefined) await page.getByLabel('Headers', { exact: true }).fill(headers.map(([name, value]) => `${name}: ${value}`).join('\n'));
  if (body !== undefined) await page.getByLabel('Body', { exact: true }).fill(body);
  if (secret !== undefined) await page.getByLabel('Secret', { exact: true }).fill(secret);
}

const says = (page, pattern) => verdict(page).getByText(pattern).first().waitFor();

test('every sample shows what it says, with the steps that lead to its signature', { timeout: TIMEOUT }, async () => {
  const samples = await readSamples();
  assert.ok(samples.length >= 25, `${samples.length} samples`);
  await withPage(base, async (page) => {
    const menu = page.getByLabel('Load a sample');
    for (const { id, title, expect, mistake } of samples) {
      await page.getByRole('button', { name: 'Clear' }).click();
      await says(page, 'Nothing to verify yet');
      await menu.selectOption(id);
      if (expect === 'genuine') {
        await says(page, /Genuine: the signature matches/);
        await page.getByText('This is what came out').waitFor();
      } else {
        await says(page, /Not genuine/);
        await says(page, expect);
        if (mistake !== undefined) {
          await says(page, mistake);
          await says(page, 'Fix:');
        }
      }
      assert.equal(await page.getByLabel('Secret', { exact: true }).getAttribute('type'), 'password', title);
    }
  });
});

test('one byte that was changed is a mismatch, and what parsing did to a body is named with its fix', { timeout: TIMEOUT }, async () => {
  const { headers, body: { text } } = await genuine();
  await withPage(base, async (page) => {
    await enter(page, { headers, body: text });
    await says(page, 'Enter the secret to verify it');
    await enter(page, { secret: SECRET });
    await says(page, /Genuine/);
    await enter(page, { body: text.replace('Katie', 'Kathi') });
    await says(page, /Not genuine/);
    await says(page, 'None of the known mistakes makes it match');
    await page.getByText('None of it is what came out').waitFor();
    await enter(page, { body: JSON.stringify(JSON.parse(text), null, 2) });
    await says(page, 'pretty_printed');
    await says(page, 'take the body before any parser does');
    await picture(page, 'playground-pretty');
  });
});

test('a body with any line breaks and any bytes stays as it is', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    await page.getByRole('button', { name: 'Import…' }).click();
    await page.getByLabel('Paste it here').fill('POST /hook HTTP/1.1\nHost: a.example\nQlik-Signature: 00\n\na\nb');
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await says(page, 'Enter the secret');
    assert.equal(await page.getByLabel('Body', { exact: true }).inputValue(), 'a\nb');
    await page.getByLabel('Line breaks are CR LF').check();
    await page.getByRole('button', { name: 'Hex' }).click();
    assert.equal(await page.getByLabel('Body', { exact: true }).inputValue(), '610d0a62');
    await page.getByLabel('Body', { exact: true }).fill('61 0d 0a 62 ff');
    // It is no text, and cannot be made one.
    assert.ok(await page.getByRole('button', { name: 'Text', exact: true }).isDisabled());
    await page.getByRole('button', { name: 'Base64' }).click();
    assert.equal(await page.getByLabel('Body', { exact: true }).inputValue(), 'YQ0KYv8=');
  });
});

test('a link holds everything but the secret', { timeout: TIMEOUT }, async () => {
  const { headers, body: { text } } = await genuine();
  let link;
  await withPage(base, async (page) => {
    await enter(page, { headers: [...headers, ['authorization', 'Bearer abc']], body: text, secret: SECRET });
    await says(page, /Genuine/);
    await page.getByRole('button', { name: 'Share…' }).click();
    link = await page.getByRole('region', { name: 'The link' }).textContent();
    await page.getByText('authorization.', { exact: true }).waitFor();
    await accessible(page, 'sharing');
    await page.getByRole('button', { name: 'Close' }).click();
    const shared = inflateRawSync(Buffer.from(link.split('#v1.')[1], 'base64url')).toString();
    assert.ok(shared.includes('Katie') && !shared.includes(SECRET), shared);
  });
  assert.ok(link.startsWith(`${base}/#v1.`), link);
  await withPage(link, async (page) => {
    await says(page, 'Enter the secret');
    assert.equal(await page.getByLabel('Secret', { exact: true }).inputValue(), '');
    assert.equal(await page.getByLabel('Body', { exact: true }).inputValue(), text);
    await enter(page, { secret: SECRET });
    await says(page, /Genuine/);
  });
});

test('a link that would give the secret away is not made', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    for (const body of [`{"secret":"${SECRET}"}`, Buffer.from(`a${SECRET}`).toString('base64')]) {
      await enter(page, { headers: [['qlik-signature', '00']], body, secret: SECRET });
      await page.getByRole('button', { name: 'Share…' }).click();
      await page.getByText('The secret stands in the body').waitFor();
      await page.getByRole('button', { name: 'Close' }).click();
    }
  });
});

test('a link that is cut off, from elsewhere or a bomb is told, and nothing breaks', { timeout: TIMEOUT }, async () => {
  const { deflateRawSync } = await import('node:zlib');
  const packed = (text) => `#v1.${deflateRawSync(text).toString('base64url')}`;
  const bomb = packed(`{"mode":"verify","request":{"text":"${'a'.repeat(64 << 20)}"}}`);
  for (const fragment of ['#v1.AAAA', '#v9.AAAA', packed('{"__proto__":{"a":1}}'), packed('{"mode":"verify","request":{},"options":{}}'), bomb]) {
    await withPage(`${base}/${fragment}`, async (page) => {
      await page.getByRole('alert').filter({ hasText: 'The link cannot be shown' }).waitFor();
      assert.equal(await page.evaluate(() => ({}).a), undefined);
      await says(page, 'Nothing to verify yet');
    });
  }
});

test('hostile headers, bodies, HAR files and links are text', { timeout: TIMEOUT }, async () => {
  const hostile = '<img src=x onerror=alert(1)><script>alert(2)</script>"\'`${alert(3)}\u202e\u200b';
  const har = JSON.stringify({ log: { entries: [1, 2].map((n) => ({ startedDateTime: hostile, request: { method: 'POST', url: `https://a.example/${n}${hostile}`, headers: [{ name: 'qlik-signature', value: hostile }], postData: { mimeType: hostile, text: hostile } } })) } });
  await withPage(base, async (page) => {
    page.on('dialog', () => assert.fail('something was run'));
    await page.getByRole('button', { name: 'Import…' }).click();
    await page.getByLabel('Paste it here').fill(har);
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('2 requests.').waitFor();
    await accessible(page, 'choosing one of a HAR file');
    await page.getByRole('listitem').getByRole('button').first().click();
    await enter(page, { secret: 's' });
    await says(page, /Not genuine/);
    assert.equal(await page.locator('main img, main script').count(), 0);
    // What reorders text or cannot be seen has a mark of its own.
    await page.getByTitle('U+202E').first().waitFor();
    await page.getByTitle('ZWSP').first().waitFor();
  });
});

/** Tries each way there is to ask a server for something; run in a page or a worker. */
async function askInEveryWay(url) {
  const tried = [];
  const attempt = async (way, run) => {
    tried.push(way);
    await Promise.race([(async () => run(`${url}/${way}`))(), new Promise((resolve) => setTimeout(resolve, 1_000))]).catch(() => undefined);
  };
  await attempt('fetch', (to) => fetch(to, { mode: 'no-cors' }));
  await attempt('import', (to) => import(to));
  await attempt('xhr', (to) => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.onloadend = resolve;
    request.open('GET', to);
    request.send();
  }));
  await attempt('socket', (to) => new Promise((resolve) => (new WebSocket(to.replace('http', 'ws')).onerror = resolve)));
  await attempt('events', (to) => new Promise((resolve) => {
    const source = new EventSource(to);
    source.onerror = () => resolve(source.close());
  }));
  if (typeof importScripts === 'function') await attempt('importScripts', (to) => importScripts(to));
  if (typeof document === 'undefined') return tried;
  await attempt('beacon', (to) => navigator.sendBeacon(to, 'text'));
  const elements = { img: 'src', script: 'src', iframe: 'src', object: 'data', video: 'src', prefetch: 'href', stylesheet: 'href' };
  for (const [name, attribute] of Object.entries(elements)) {
    await attempt(name, (to) => new Promise((resolve) => {
      const element = document.createElement(attribute === 'href' ? 'link' : name);
      if (attribute === 'href') element.rel = name;
      element.onload = element.onerror = resolve;
      element[attribute] = to;
      document.body.append(element);
    }));
  }
  return tried;
}

test('neither the page nor its worker can ask another server for anything, in any way, and the page shows so', { timeout: TIMEOUT }, async () => {
  const asked = new Set();
  const other = createServer((request, response) => {
    asked.add(request.url.slice(1));
    response.writeHead(200, { 'content-type': request.url === '/' ? 'text/html' : 'text/javascript', 'access-control-allow-origin': '*' }).end();
  });
  other.on('upgrade', (request, socket) => socket.destroy(void asked.add(request.url.slice(1))));
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${other.address().port}`;
  try {
    // A page without a policy reaches it in each of these ways: else the refusals would prove nothing.
    await withPage(url, async (page) => {
      const created = page.waitForEvent('worker');
      await page.evaluate(() => void (globalThis.kept = new Worker(URL.createObjectURL(new Blob([''])))));
      for (const place of [page, await created]) {
        asked.clear();
        const tried = await place.evaluate(askInEveryWay, url);
        assert.deepEqual(tried.filter((way) => !asked.has(way)), []);
      }
    }, { expected: [/./] });
    asked.clear();
    await withPage(base, async (page) => {
      await page.getByLabel('Load a sample').selectOption((await readSamples())[0].id);
      await says(page, /Genuine/);
      for (const place of [page, page.workers()[0]]) await place.evaluate(askInEveryWay, url);
      assert.deepEqual([...asked], []);
      await page.getByText('The secret stays in this tab').click();
      await page.getByText("default-src 'none'").waitFor();
      await page.getByRole('button', { name: 'Let the page try to connect' }).click();
      await page.getByText('The browser refused, as it should.').waitFor();
      // What the browser stops counts as asked for here: the other server has the truth.
    }, { expected: [/^a request to |policy|violates|Refused|TrustedScriptURL|cannot load|Failed to load/i] });
  } finally {
    other.closeAllConnections();
    other.close();
  }
});

test('a scheme of one’s own is described, judged while it is typed, and taken away as data', { timeout: TIMEOUT }, async () => {
  const { sign } = await import(`${process.env.SIGPOST_NPM}/index.js`);
  const scheme = { name: 'acme', header: 'x-acme-signature', prefix: 'v0=', timestampHeader: 'x-acme-time', signed: [{ text: 'v0:' }, 'timestamp', { text: ':' }, 'body'] };
  const timestamp = Math.floor(Date.now() / 1000);
  const signed = sign(scheme, 'secret', { body: 'a=1', timestamp });
  await withPage(base, async (page) => {
    await enter(page, { headers: Object.entries(signed), body: 'a=1', secret: 'secret' });
    await says(page, 'No scheme is recognised');
    await page.getByLabel('Scheme', { exact: true }).selectOption('custom');
    const form = page.getByRole('region', { name: 'Custom scheme' });
    await form.getByLabel('Name', { exact: true }).fill('acme');
    await form.getByLabel('Header with the signature').fill('X-Acme-Signature');
    await form.getByLabel('What is signed', { exact: true }).fill('v0:{timestamp}:{body}');
    await form.getByText('{timestamp} is signed: say where it stands.').waitFor();
    await form.getByLabel('Prefix').fill('v0=');
    await form.getByLabel('Header with the time').fill('x-acme-time');
    await says(page, /Genuine/);
    await accessible(page, 'a custom scheme');
    await picture(page, 'playground-custom');
    await form.getByText('As data, to take away or to bring in').click();
    const data = JSON.parse(await form.getByRole('region', { name: 'The scheme as data' }).textContent());
    const { Verifier } = await import(`${process.env.SIGPOST_NPM}/index.js`);
    assert.equal(new Verifier(data, 'secret').verify(signed, 'a=1').scheme, 'acme');
    await form.getByLabel('Bring one in').fill(JSON.stringify({ ...scheme, name: 'brought' }));
    await form.getByRole('button', { name: 'Use it' }).click();
    assert.equal(await form.getByLabel('Name', { exact: true }).inputValue(), 'brought');
    await says(page, /Genuine/);
  });
});

test('a request that is signed here is genuine to a receiver, sent by curl, by fetch and as it is', { timeout: TIMEOUT }, async () => {
  const { Verifier } = await import(`${process.env.SIGPOST_NPM}/index.js`);
  const body = `{"text":"it's \\"$(id)\\" \`id\` é\\n"}\n\n`;
  const taken = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    taken.push({ headers: request.headers, method: request.method, body: Buffer.concat(chunks) });
    response.end('ok');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  try {
    await withPage(base, async (page) => {
      await page.getByRole('button', { name: 'Sign', exact: true }).click();
      await page.getByText('Choose the scheme.').waitFor();
      await enter(page, { secret: 'a secret', body });
      await page.getByLabel('URL of the receiver').fill(`http://127.0.0.1:${port}/hooks`);
      for (const [scheme, header] of [['stripe', 'stripe-signature'], ['immuta', 'x-immuta-webhook-signature-sha256'], ['standard-webhooks', 'webhook-signature']]) {
        await page.getByLabel('Scheme', { exact: true }).selectOption(scheme);
        for (const [form, send] of [['curl', (text) => run('sh', ['-c', text])], ['fetch', (text) => run(process.execPath, ['--input-type=module', '-e', text])], ['Raw', (text) => overSocket(port, text)]]) {
          await page.getByRole('tab', { name: form, exact: true }).click();
          const text = await page.getByRole('region', { name: `The request as ${form}` }).filter({ hasText: header }).textContent();
          assert.ok(!text.includes('a secret'), text);
          await send(text);
          const got = taken.pop();
          assert.deepEqual([got.method, got.headers['content-type']], ['POST', 'application/json'], form);
          assert.equal(new Verifier(scheme, 'a secret').verify(got.headers, got.body).scheme, scheme, form);
          assert.equal(got.body.toString(), body, form);
        }
      }
      await accessible(page, 'a signed request');
      await picture(page, 'playground-sign');
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a link to a request that is signed here has whoever opens it sign the same', { timeout: TIMEOUT }, async () => {
  const signature = async (page) => (await page.getByRole('region', { name: 'The request as curl' }).filter({ hasText: 'webhook-signature' }).textContent()).match(/webhook-signature: ([^']*)/)[1];
  let link;
  let made;
  await withPage(base, async (page) => {
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    await page.getByLabel('Scheme', { exact: true }).selectOption('standard-webhooks');
    await enter(page, { secret: SECRET, body: '{"n":1}' });
    made = await signature(page);
    await page.getByRole('button', { name: 'Share…' }).click();
    link = await page.getByRole('region', { name: 'The link' }).textContent();
  });
  await withPage(link, async (page) => {
    await page.getByText('Enter the secret.').waitFor();
    await enter(page, { secret: SECRET });
    assert.equal(await signature(page), made);
  });
});

test('what a receiver is to require travels with a link', { timeout: TIMEOUT }, async () => {
  const requires = (page) => page.getByLabel('Require Standard Webhooks headers too');
  let link;
  await withPage(base, async (page) => {
    await page.getByLabel('Scheme', { exact: true }).selectOption('qlik');
    await requires(page).check();
    await page.getByRole('button', { name: 'Share…' }).click();
    link = await page.getByRole('region', { name: 'The link' }).textContent();
  });
  await withPage(link, async (page) => {
    await requires(page).waitFor();
    assert.equal(await requires(page).isChecked(), true);
  });
});

test('the receiver’s program is for the scheme at hand, custom ones too', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    await page.getByLabel('Scheme', { exact: true }).selectOption('slack');
    for (const target of ['Express', 'Fastify', 'Next.js', 'Cloudflare Workers', 'Node.js']) {
      await page.getByRole('tab', { name: target, exact: true }).click();
      const code = await page.getByRole('region', { name: /^The receiver, / }).textContent();
      assert.match(code, /new Verifier\('slack', /);
    }
    await page.getByLabel('Scheme', { exact: true }).selectOption('custom');
    const code = await page.getByRole('region', { name: /^The receiver, / }).textContent();
    assert.match(code, /name: 'custom'/);
    await page.getByLabel('Require Standard Webhooks headers too').check();
    assert.match(await page.getByRole('region', { name: /^The receiver, / }).textContent(), /standardWebhooks: 'required'/);
  });
});

for (const colorScheme of ['light', 'dark']) {
  for (const [name, viewport] of Object.entries(viewports)) {
    test(`the playground is accessible and fits (${colorScheme}, ${name})`, { timeout: TIMEOUT }, async () => {
      await withPage(base, async (page) => {
        await accessible(page, 'the empty playground');
        await fits(page, 'the empty playground');
        await picture(page, `playground-empty-${colorScheme}-${name}`);
        for (const [title, shown] of [['Stripe', /Genuine/], ['The body was pretty-printed', 'Fix:'], ['Standard Webhooks', /Genuine/]]) {
          await page.getByLabel('Load a sample').selectOption({ label: title });
          await says(page, shown);
          await accessible(page, title);
          await fits(page, title);
          await picture(page, `playground-${title.replaceAll(' ', '-')}-${colorScheme}-${name}`);
        }
      }, { colorScheme, viewport });
    });
  }
}

const run = promisify(execFile);

/** Sends a request as it stands there, and waits for the answer. */
async function overSocket(port, text) {
  const socket = connect(port, '127.0.0.1');
  socket.write(text);
  await once(socket, 'data');
  socket.destroy();
}
