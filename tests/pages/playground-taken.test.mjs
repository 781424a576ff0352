// What the playground takes in, by paste, file, drop or sample: byte for byte, the last of several, and nothing that
// was called off. What is copied from it is what it shows, and no time that somebody signed stops it.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { TIMEOUT, startServer, withPage } from './harness.mjs';
import { field, says } from './playground.mjs';

const { sign } = await import(`${process.env.SIGPOST_NPM}/index.js`);

const { base, stop } = await startServer();
after(stop);

const SECRET = 'a secret';
const button = (page, name) => page.getByRole('button', { name, exact: true });
const headersOf = (scheme, message) => Object.entries(sign(scheme, SECRET, message)).map(([name, value]) => `${name}: ${value}`).join('\n');

test('a request that is signed for a time that no calendar has is genuine all the same', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    await field(page, 'Secret').fill(SECRET);
    await field(page, 'Body').fill('{}');
    await field(page, 'Headers').fill(headersOf('slack', { body: '{}', timestamp: 999_999_999_999_999 }));
    await page.getByText('Time, tolerance and canonical form').click();
    await field(page, 'Tolerance').fill('any');
    await says(page, /Signed at 999999999999999 seconds since 1970\./);
    await field(page, 'Headers').fill(headersOf('slack', { body: '{}', timestamp: 8_640_000_000_000 }));
    await says(page, 'Signed at +275760-09-13T00:00:00Z.');
  });
});

/** Pastes as a person does. */
async function paste(page, into, text) {
  await page.evaluate((pasted) => navigator.clipboard.writeText(pasted), text);
  await into.focus();
  await page.keyboard.press('Control+v');
}

const CLIPBOARD = { permissions: ['clipboard-read', 'clipboard-write'] };

test('a body or a request that is pasted keeps its line breaks', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    await field(page, 'Secret').fill(SECRET);
    for (const [body, form] of [['a\r\nb\n', 'Hex'], ['a\r\nb\r\n', 'Text'], ['a\nb\n', 'Text']]) {
      const headers = headersOf('github', { body });
      await field(page, 'Headers').fill(headers);
      await paste(page, field(page, 'Body'), body);
      await says(page, /Genuine/);
      assert.equal(await button(page, form).getAttribute('aria-pressed'), 'true', form);
      await button(page, 'Empty it').click();
      await field(page, 'Headers').fill('');
      await button(page, 'Import…').click();
      await paste(page, field(page, 'Paste it here'), `POST / HTTP/1.1\r\nHost: a.example\r\n${headers}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      await button(page, 'Import').click();
      await says(page, /Genuine/);
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await button(page, 'Empty it').click();
      await button(page, 'Text').click();
    }
    await paste(page, field(page, 'Body'), 'a\r\n'.repeat(200_000));
    await page.getByText('600000 bytes: too long to be edited here').waitFor();
  }, CLIPBOARD);
});

/** Keeps what the page asks its worker by this name from it, until it is released. */
async function hold(page, name) {
  await page.evaluate((held) => {
    const { postMessage } = Worker.prototype;
    globalThis.waiting = [];
    Worker.prototype.postMessage = function (asked, ...rest) {
      const answered = () =>
        new Promise((resolve) => {
          this.addEventListener('message', ({ data }) => data.number === asked.number && setTimeout(resolve, 100));
          postMessage.call(this, asked, ...rest);
        });
      if (asked.name === held) globalThis.waiting.push(answered);
      else postMessage.call(this, asked, ...rest);
    };
  }, name);
}

/** Lets the worker be asked, and waits until the page has had time to do something with the answer. */
async function release(page) {
  await page.waitForFunction(() => globalThis.waiting.length === 1);
  await page.evaluate(() => globalThis.waiting[0]());
}

test('an import or a sample that is called off changes nothing', { timeout: TIMEOUT }, async () => {
  const raw = 'POST / HTTP/1.1\nHost: a.example\nQlik-Signature: 00\n\nimported';
  const importing = async (page, text) => {
    await button(page, 'Import…').click();
    await field(page, 'Paste it here').fill(text);
    await button(page, 'Import').click();
    await page.keyboard.press('Escape');
  };
  const ways = {
    'a request, by closing the dialog': ['read', (page) => importing(page, raw)],
    'what cannot be read, by closing the dialog': ['read', (page) => importing(page, 'curl "')],
    'a file, by closing the dialog': ['read', async (page) => {
      await button(page, 'Import…').click();
      await page.locator('input[type=file]').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from(raw) });
      await page.keyboard.press('Escape');
    }],
    'a request, by a sample': ['read', async (page) => {
      await paste(page, field(page, 'Headers'), raw);
      await page.getByLabel('Load a sample').selectOption({ label: 'Stripe' });
      await says(page, /Genuine/);
    }],
    'a sample, by Clear': ['sign', async (page) => {
      const sample = page.locator('optgroup[label="Sent by each system"] option').first();
      await page.getByLabel('Load a sample').selectOption(await sample.getAttribute('value'));
      await button(page, 'Clear').click();
    }],
  };
  for (const [way, [name, act]] of Object.entries(ways)) {
    await withPage(base, async (page) => {
      await hold(page, name);
      await act(page);
      await field(page, 'Body').fill(`mine: ${way}`);
      await release(page);
      assert.equal(await field(page, 'Body').inputValue(), `mine: ${way}`);
      assert.equal(await page.getByRole('dialog').count(), 0, way);
    }, CLIPBOARD);
  }
});

test('what was noted of an import goes with it', { timeout: TIMEOUT }, async () => {
  const noted = (page) => page.getByRole('status').filter({ hasText: 'Taken in, but' });
  const link = `#v1j.${Buffer.from('{"mode":"verify","request":{"method":"POST","url":"","headers":[],"text":"shared"},"options":{}}').toString('base64url')}`;
  await withPage(base, async (page) => {
    for (const act of [
      () => button(page, 'Clear').click(),
      () => page.getByLabel('Load a sample').selectOption({ label: 'Stripe' }),
      () => page.evaluate((fragment) => void (location.hash = fragment), link),
    ]) {
      await button(page, 'Import…').click();
      await field(page, 'Paste it here').fill('POST / HTTP/1.1\nHost: a.example\nContent-Length: 9\n\nshort');
      await button(page, 'Import').click();
      await noted(page).waitFor();
      await act();
      await noted(page).waitFor({ state: 'detached' });
    }
  });
});

test('a header that is too large to try everything is not said to be the body', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    await field(page, 'Secret').fill('whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0');
    await field(page, 'Headers').fill(`webhook-id: a\nwebhook-timestamp: ${Math.floor(Date.now() / 1000)}\nwebhook-signature: ${Array(70).fill('v1,AAAA').join(' ')}`);
    await field(page, 'Body').fill('{}');
    await says(page, 'Not everything was tried: the body or a header is too large for that.');
  });
});

test('a request that is selected and copied keeps its no-break spaces', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    await field(page, 'Secret').fill(SECRET);
    await field(page, 'Scheme').selectOption('github');
    await field(page, 'Body').fill('10\u00a0000 EUR');
    await button(page, 'Sign').click();
    for (const name of ['curl', 'fetch', 'Raw']) {
      await page.getByRole('tab', { name }).click();
      const code = page.getByRole('region', { name: `The request as ${name}` });
      await code.evaluate((element) => getSelection().selectAllChildren(element));
      await page.keyboard.press('Control+c');
      const shown = await code.textContent();
      assert.ok(shown.includes('github') || shown.includes('hub-signature'), shown);
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), shown, name);
    }
  }, CLIPBOARD);
});

test('a folder that is dropped is said to be unreadable, and of several files which one is taken', { timeout: TIMEOUT }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sigpost-pages-'));
  const files = ['one', 'two'].map((name) => join(folder, name));
  await Promise.all(files.map((file) => writeFile(file, `the body ${file}`)));
  await withPage(base, async (page, context) => {
    const driver = await context.newCDPSession(page);
    const drop = async (...paths) => {
      for (const type of ['dragEnter', 'dragOver', 'drop']) {
        await driver.send('Input.dispatchDragEvent', { type, x: 300, y: 700, data: { items: [], files: paths, dragOperationsMask: 1 } });
      }
    };
    await drop(...files);
    await page.getByRole('status').getByText('2 files were dropped, and one is looked at at a time: this is one.').waitFor();
    assert.equal(await field(page, 'Body').inputValue(), `the body ${files[0]}`);
    await drop(files[1]);
    await page.getByText('2 files were dropped').waitFor({ state: 'detached' });
    await drop(folder);
    await page.getByRole('alert').filter({ hasText: 'This cannot be read.' }).getByText('If it is a folder, choose a file in it').waitFor();
    assert.equal(await field(page, 'Body').inputValue(), `the body ${files[1]}`);
  }).finally(() => rm(folder, { recursive: true }));
});
