// What the playground shares in a real browser: what a link holds and leaves out, what is said when there is none, and
// what is left of a link once something else is looked at. And of a custom scheme: what is said of one that is none, and
// that it is shared as it is.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { TIMEOUT, accessible, fits, picture, startServer, viewports, withPage } from './harness.mjs';
import { field, says } from './playground.mjs';

const { base, stop } = await startServer();
after(stop);

const fill = (page, label, value) => page.getByLabel(label, { exact: true }).fill(value);
const open = (page) => page.getByRole('button', { name: 'Share…' }).click();
const close = (page) => page.getByRole('button', { name: 'Close' }).click();
const textOf = (page) => page.getByRole('region', { name: 'The link' }).textContent();
const holds = (link) => JSON.parse(inflateRawSync(Buffer.from(link.split('#v1.')[1], 'base64url')).toString());

test('a link leaves out every header that no scheme looks at, and a URL’s parameters, and says so', { timeout: TIMEOUT }, async () => {
  const curl = `curl 'https://user:hidden1@example.com/hooks?key=hidden2' -H 'X-Forwarded-Authorization: hidden3' -H 'jwt: hidden4' -H 'Content-Type: application/json' -H 'Qlik-Signature: 00' -d '{}'`;
  for (const [name, viewport] of Object.entries(viewports)) {
    await withPage(base, async (page) => {
      await page.getByRole('button', { name: 'Import…' }).click();
      await page.getByLabel('Paste it here').fill(curl);
      await page.getByRole('button', { name: 'Import', exact: true }).click();
      await says(page, 'Enter the secret');
      await open(page);
      const link = await textOf(page);
      const { request } = holds(link);
      assert.ok(!JSON.stringify(request).includes('hidden'), JSON.stringify(request));
      assert.equal(request.url, 'https://example.com/hooks');
      assert.deepEqual(request.headers.map(([header]) => header), ['Content-Type', 'Qlik-Signature']);
      const dialog = page.getByRole('dialog');
      await dialog.getByText('content-type, qlik-signature', { exact: true }).waitFor();
      await dialog.getByText(/x-forwarded-authorization.*jwt.*user and password in the URL, what follows the path in the URL\.$/).waitFor();
      await dialog.getByText('No signature needs them, and credentials may stand in them.').waitFor();
      await accessible(page, 'what a link leaves out');
      await fits(page, 'what a link leaves out');
      await picture(page, `playground-share-${name}`);
    }, { viewport, colorScheme: name === 'PHONE' ? 'dark' : 'light' });
  }
});

test('what cannot be put into a link is said with its field and what to do', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    await page.getByLabel('Scheme', { exact: true }).selectOption('standard-webhooks');
    await page.getByText('Time, tolerance and canonical form').click();
    await fill(page, 'Now', '999999999999999');
    await open(page);
    await page.getByRole('alert').getByText(/“Now”.* is no whole number .*: change it, and share again\./).waitFor();
    await close(page);
    await fill(page, 'Now', '');
    await fill(page, 'Headers', `webhook-signature: ${'a'.repeat(65_537)}`);
    await open(page);
    await page.getByRole('alert').getByText('The header webhook-signature is longer than 65536 characters: change it, and share again.').waitFor();
    await close(page);
    await fill(page, 'Headers', '');
    await fill(page, 'Body', Array.from({ length: 300_000 }, () => Math.random().toString(36).slice(2, 7)).join(''));
    await open(page);
    await page.getByRole('alert').getByText('This request is too long for a link: shorten its body').waitFor();
    await close(page);
    await page.getByRole('button', { name: 'Empty it' }).click();
    await fill(page, 'Body', Array.from({ length: 3000 }, () => Math.random().toString(36).slice(2, 7)).join(''));
    await open(page);
    await page.getByText(/characters long, and some programs cut such links/).waitFor();
  });
});

test('where the secret stands is said, and a secret that is an everyday word is no reason', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    await fill(page, 'Headers', 'content-type: text/x-secret\nqlik-signature: 00');
    await fill(page, 'Body', '{"total":1}');
    for (const [secret, where] of [['x-secret', 'the header content-type'], ['total', 'the body']]) {
      await fill(page, 'Secret', secret);
      await open(page);
      await page.getByRole('alert').getByText(`The secret stands in ${where}: whoever had the link would have it.`).waitFor();
      await close(page);
    }
    for (const secret of ['s', 'verify', 'headers']) {
      await fill(page, 'Secret', secret);
      await open(page);
      await page.getByRole('region', { name: 'The link' }).waitFor();
      await close(page);
    }
  });
});

test('a link is copied, or selected and said so where the clipboard is refused', { timeout: TIMEOUT }, async () => {
  for (const allowed of [true, false]) {
    await withPage(base, async (page, context) => {
      await fill(page, 'Body', '{}');
      await context.grantPermissions(allowed ? ['clipboard-read', 'clipboard-write'] : [], { origin: base });
      if (!allowed) await page.evaluate(() => Object.defineProperty(navigator.clipboard, 'writeText', { value: () => Promise.reject(new DOMException('no', 'NotAllowedError')) }));
      await open(page);
      const link = await textOf(page);
      await page.getByRole('button', { name: 'Copy the link' }).click();
      if (allowed) {
        await page.getByRole('dialog').getByText('Copied.').waitFor();
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);
      } else {
        await page.getByText('The link is selected: press Ctrl+C').waitFor();
        assert.equal(await page.evaluate(() => getSelection().toString()), link);
        assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'The link');
      }
    });
  }
});

test('what makes and reads links is loaded when it is wanted, and says so if it does not load', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page, context) => {
    await fill(page, 'Body', '{}');
    assert.ok(!(await page.evaluate(() => performance.getEntriesByType('resource').some(({ name }) => /\/share-/.test(name)))));
    await context.setOffline(true);
    await open(page);
    await page.getByRole('alert').getByText('What makes and reads links did not load: check that you are online, and try again.').waitFor();
    await close(page);
    await page.evaluate(() => void (location.hash = '#v1.AAAA'));
    await page.getByRole('alert').getByText('What makes and reads links did not load').waitFor();
    await context.setOffline(false);
    await page.reload();
    await page.getByRole('alert').getByText('This link is cut off or was changed: ask for it again.').waitFor();
  }, { expected: [/Failed to load resource|ERR_INTERNET_DISCONNECTED/] });
});

test('neither a link nor what is wrong with it outlives what is looked at next', { timeout: TIMEOUT }, async () => {
  const good = `#v1.${deflateRawSync('{"mode":"verify","request":{"method":"POST","url":"","headers":[["qlik-signature","00"]],"text":"shared"},"options":{}}').toString('base64url')}`;
  const ways = {
    Clear: (page) => page.getByRole('button', { name: 'Clear' }).click(),
    sample: (page) => page.getByLabel('Load a sample').selectOption('stripe'),
    import: async (page) => {
      await page.getByRole('button', { name: 'Import…' }).click();
      await page.getByLabel('Paste it here').fill('POST /hook HTTP/1.1\nHost: a.example\nQlik-Signature: 00\n\na');
      await page.getByRole('button', { name: 'Import', exact: true }).click();
    },
    'another link': (page) => page.evaluate((fragment) => void (location.hash = fragment), good),
    'no link': (page) => page.evaluate(() => void (location.hash = '')),
  };
  const problem = (page) => page.getByRole('alert').filter({ hasText: 'The link cannot be shown' });
  for (const [way, act] of Object.entries(ways)) {
    await withPage(`${base}/?a=1#v1.AAAA`, async (page) => {
      await problem(page).waitFor();
      await act(page);
      await problem(page).waitFor({ state: 'detached' });
      assert.equal(await page.evaluate(() => location.search + location.hash), way === 'another link' ? `?a=1${good}` : '?a=1', way);
    });
  }
  for (const way of ['Clear', 'sample', 'import']) {
    await withPage(`${base}/${good}`, async (page) => {
      await page.waitForFunction(() => [...document.querySelectorAll('textarea')].some(({ value }) => value === 'shared'));
      await ways[way](page);
      await page.waitForFunction(() => location.hash === '');
      await page.reload();
      await says(page, 'Nothing to verify yet');
    });
  }
});

test('a custom scheme that is none is said so at its field at once, and nothing is made of it', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    await page.getByLabel('Scheme', { exact: true }).selectOption('custom');
    const form = page.getByRole('region', { name: 'Custom scheme' });
    const field = (label) => form.getByLabel(label, { exact: true });
    const receiver = page.getByRole('heading', { name: 'A receiver that verifies it' });
    await receiver.waitFor();
    await form.getByText('As data, to take away or to bring in').click();
    const data = form.getByRole('region', { name: 'The scheme as data' });
    await data.waitFor();
    for (const [label, value, right, problem] of [
      ['Header with the signature', '', 'x-acme', 'The name of a header, such as x-signature.'],
      ['Tolerance in seconds', 'abc', '', 'A whole number of seconds; empty for 300.'],
      ['What is signed', '{{body}', '{body}', 'The body is signed once: write {body} once.'],
    ]) {
      await field(label).fill(value);
      await form.getByRole('alert').getByText(problem, { exact: true }).waitFor();
      assert.equal(await field(label).getAttribute('aria-invalid'), 'true', label);
      await data.waitFor({ state: 'detached' });
      await form.getByText('There is no scheme to take away yet').waitFor();
      await receiver.waitFor({ state: 'detached' });
      await says(page, 'The custom scheme makes no sense yet');
      await open(page);
      await page.getByRole('alert').getByText('Mend that first.').waitFor();
      await close(page);
      await page.getByRole('button', { name: 'Sign', exact: true }).click();
      await page.getByRole('status').getByText('The custom scheme makes no sense yet').waitFor();
      await page.getByRole('button', { name: 'Verify', exact: true }).click();
      await accessible(page, `a custom scheme with a wrong ${label}`);
      if (value === 'abc') await picture(page, 'playground-custom-wrong');
      await field(label).fill(right);
      await data.waitFor();
      await receiver.waitFor();
    }
    // No two controls have the same name.
    const names = await page.locator('label').evaluateAll((labels) => labels.map(({ textContent }) => textContent));
    assert.deepEqual(names.filter((name, index) => names.indexOf(name) !== index), []);
  });
});

test('a custom scheme that signs a text like a part is shared as it is', { timeout: TIMEOUT }, async () => {
  const { sign } = await import(`${process.env.SIGPOST_NPM}/index.js`);
  const scheme = { name: 'acme', header: 'x-acme', signed: [{ text: '{body}.{timestamp}:' }, 'body'] };
  const signed = sign(scheme, 'the secret', { body: 'a=1' });
  let link;
  await withPage(base, async (page) => {
    await fill(page, 'Headers', `x-acme: ${signed['x-acme']}`);
    await fill(page, 'Body', 'a=1');
    await fill(page, 'Secret', 'the secret');
    await page.getByLabel('Scheme', { exact: true }).selectOption('custom');
    const form = page.getByRole('region', { name: 'Custom scheme' });
    await form.getByText('As data, to take away or to bring in').click();
    await form.getByLabel('Bring one in').fill(JSON.stringify(scheme));
    await form.getByRole('button', { name: 'Use it' }).click();
    assert.equal(await form.getByLabel('What is signed', { exact: true }).inputValue(), '{{body}.{{timestamp}:{body}');
    await says(page, /Genuine/);
    await open(page);
    link = await textOf(page);
  });
  assert.deepEqual(holds(link).scheme.signed, scheme.signed);
  await withPage(link, async (page) => {
    await fill(page, 'Secret', 'the secret');
    await says(page, /Genuine/);
  });
});
