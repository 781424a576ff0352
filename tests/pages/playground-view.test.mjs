// What the playground shows, and how it goes on when something fails, is very long, is hidden, or is looked at in other
// ways: high contrast, large text, a keyboard alone.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { TIMEOUT, accessible, fits, picture, startServer, viewports, withPage } from './harness.mjs';
import { field, says } from './playground.mjs';

const { base, stop } = await startServer();
after(stop);

/** As if it was typed at once: a browser takes its time over long texts that a driver enters. */
const enter = (page, name, text) =>
  field(page, name).evaluate((element, value) => {
    element.value = value;
    element.dispatchEvent(new Event('input', { bubbles: true }));
  }, text);

test('samples that do not load are told, and loaded when somebody tries again', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    await page.route(/_virtual_samples/, (route) => route.abort());
    await page.reload();
    await page.getByRole('alert').filter({ hasText: 'The samples could not be loaded' }).waitFor();
    await accessible(page, 'samples that did not load');
    await page.unroute(/_virtual_samples/);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByLabel('Load a sample').selectOption({ label: 'Stripe' });
    await says(page, /Genuine/);
    assert.equal(await page.getByText('The samples could not be loaded').count(), 0);
  }, { expected: [/net::ERR_FAILED/] });
});

test('the differences of an indented body are marked, and where they are not, it says so', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    await field(page, 'Headers').fill('qlik-signature: 00');
    await enter(page, 'Body', JSON.stringify(Array.from({ length: 3_000 }, (_, id) => ({ id, name: 'a' })), null, 2));
    const marked = page.getByRole('region', { name: 'The body, with what JSON.stringify drops and adds' });
    await marked.locator('del').nth(1000).waitFor();
    await marked.getByText(/… and \d+ characters more of the body/).waitFor();
    await enter(page, 'Body', `{${Array.from({ length: 9_000 }, (_, index) => `"${9_000 - index}":1`).join()}}`);
    await page.getByText('What is different is not marked here').waitFor();
  });
});

/** Does it, and holds that the page never stood still for long meanwhile. */
async function fluently(page, act) {
  await page.evaluate(() => {
    globalThis.longest = 0;
    globalThis.watching = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
    });
    globalThis.watching.observe({ type: 'longtask' });
  });
  await act();
  const longest = await page.evaluate(() => (globalThis.watching.disconnect(), globalThis.longest));
  assert.ok(longest < 1000, `${longest} ms`);
}

test('a body of 16 MiB is judged, signed and taken out again without the page standing still', { timeout: TIMEOUT }, async () => {
  const line = '  {"id": 1.0, "name": "a"},\n';
  const body = `[\n${line.repeat(Math.floor(((16 << 20) - 8) / line.length))}  1\n]`;
  const { sign } = await import(`${process.env.SIGPOST_NPM}/index.js`);
  const [[name, value]] = Object.entries(sign('qlik', 'a secret', { body }));
  const folder = await mkdtemp(join(tmpdir(), 'sigpost-pages-'));
  const file = join(folder, 'body.json');
  await writeFile(file, body);
  await withPage(base, async (page) => {
    await field(page, 'Headers').fill(`${name}: ${value}`);
    await field(page, 'Secret').fill('a secret');
    await says(page, /Not genuine/);
    await fluently(page, async () => {
      await page.getByRole('button', { name: 'Import…' }).click();
      await page.locator('input[type=file]').setInputFiles(file);
      await says(page, /Genuine/);
      await page.getByText(`${body.length} bytes: too long to be edited here`).waitFor();
      await page.getByRole('region', { name: 'The beginning of the body' }).getByText(/… and \d+ bytes more/).waitFor();
      await page.getByRole('region', { name: 'The body, with what JSON.stringify drops and adds' }).locator('del').nth(500).waitFor();
    });
    await accessible(page, 'a body that is too long to be edited');
    await picture(page, 'playground-long-body');
    await fluently(page, async () => {
      await page.getByRole('button', { name: 'Sign', exact: true }).click();
      await field(page, 'Scheme').selectOption('qlik');
      await page.getByText('The body is too long to be written out here').waitFor();
      await page.getByText(value).waitFor();
    });
    await page.getByRole('button', { name: 'Empty it' }).click();
    // The focus stays in the body, which can be edited again.
    await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
  }).finally(() => rm(folder, { recursive: true }));
});

test('a long text that is pasted into the body or the dialog is taken in at once', { timeout: TIMEOUT }, async () => {
  const paste = (locator, text) =>
    locator.evaluate((element, pasted) => {
      const data = new DataTransfer();
      data.setData('text/plain', pasted);
      element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    }, text);
  const long = 'a\n'.repeat(200_000);
  await withPage(base, async (page) => {
    await field(page, 'Body').fill('<>');
    await field(page, 'Body').evaluate((element) => element.setSelectionRange(1, 1));
    await paste(field(page, 'Body'), long);
    await page.getByText('400002 bytes: too long to be edited here').waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'The beginning of the body');
    await page.getByRole('button', { name: 'Import…' }).click();
    await paste(page.getByLabel('Paste it here'), `POST /a HTTP/1.1\nqlik-signature: 00\n\n${long}`);
    await page.getByText('400000 bytes: too long to be edited here').waitFor();
    assert.equal(await field(page, 'Headers').inputValue(), 'qlik-signature: 00');
  });
});

test('what cannot be seen has a mark, does nothing, and is copied as it is', { timeout: TIMEOUT }, async () => {
  const text = 'a\tb\u00a0c\u200bd\u202ee\u2066f\u2069g\u{e0041}h\u{e0100}i\u2800j\u2028k\nl \u0001m\ufe0fn';
  await withPage(base, async (page, context) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await field(page, 'Headers').fill('qlik-signature: 00');
    await enter(page, 'Body', text);
    const shown = page.getByRole('region', { name: 'The body as it came' });
    for (const name of ['⇥', 'NBSP', 'ZWSP', 'U+202E', 'U+2066', 'U+2069', 'U+E0041', 'U+E0100', 'U+2800', 'U+2028', '↵', 'U+0001', 'U+FE0F']) {
      assert.equal(await shown.getByTitle(name, { exact: true }).evaluate((mark) => mark.getBoundingClientRect().width > 5 && getComputedStyle(mark, '::before').content), `"${name}"`);
    }
    // Left to right, whatever it says.
    const places = await shown.evaluate((element) => {
      const range = document.createRange();
      return [...element.childNodes].filter(({ nodeType, data }) => nodeType === 3 && data.trim()).slice(0, 8).map((node) => (range.selectNode(node), range.getBoundingClientRect().left));
    });
    assert.deepEqual(places, [...places].sort((one, other) => one - other));
    await shown.evaluate((element) => getSelection().selectAllChildren(element));
    await page.keyboard.press('Control+c');
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
    await accessible(page, 'characters that cannot be seen');
    await picture(page, 'playground-hidden');
  });
});

for (const colorScheme of ['light', 'dark']) {
  test(`what is chosen and what has the focus can be told in colours of one’s own (${colorScheme})`, { timeout: TIMEOUT }, async () => {
    const looks = (locator) => locator.evaluate((element) => (({ color, backgroundColor, borderBottomColor }) => ({ color, backgroundColor, borderBottomColor }))(getComputedStyle(element)));
    await withPage(base, async (page) => {
      await field(page, 'Scheme').selectOption('qlik');
      for (const [role, chosen, other] of [['button', 'Verify', 'Sign'], ['button', 'Text', 'Hex'], ['tab', 'Express', 'Fastify']]) {
        const of = (name) => looks(page.getByRole(role, { name, exact: true }));
        assert.notDeepEqual(await of(chosen), await of(other), chosen);
      }
      await picture(page, `playground-forced-${colorScheme}`);
      await page.getByRole('button', { name: 'Import…' }).click();
      await page.getByRole('dialog').waitFor();
      await page.getByLabel('Paste it here').focus();
      await page.keyboard.press('Tab');
      const { outlineStyle, outlineWidth } = await page.locator('label.button').evaluate((element) => (({ outlineStyle, outlineWidth }) => ({ outlineStyle, outlineWidth }))(getComputedStyle(element)));
      assert.deepEqual([await page.evaluate(() => document.activeElement.type), outlineStyle, outlineWidth], ['file', 'solid', '2px']);
    }, { colorScheme, forcedColors: 'active' });
  });
}

for (const [name, viewport] of Object.entries(viewports)) {
  test(`with text of twice the size nothing is wider than the page (${name})`, { timeout: TIMEOUT }, async () => {
    await withPage(base, async (page) => {
      await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
      await fits(page, 'the empty playground');
      for (const label of ['Stripe', 'Standard Webhooks', 'The body was pretty-printed']) {
        await page.getByLabel('Load a sample').selectOption({ label });
        await page.getByText('What the request says').waitFor();
        await fits(page, label);
      }
      await says(page, 'Fix:');
      await page.getByText('The secret stays in this tab').click();
      await field(page, 'Scheme').selectOption('custom');
      await page.getByText('As data, to take away').click();
      await fits(page, 'a custom scheme');
      await picture(page, `playground-large-${name}`);
      await page.getByRole('button', { name: 'Sign', exact: true }).click();
      await page.getByText('It holds a signature').waitFor();
      await fits(page, 'a signed request');
      await page.getByRole('button', { name: 'Import…' }).click();
      const dialog = await page.getByRole('dialog').evaluate(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth]);
      assert.ok(dialog[0] <= dialog[1], String(dialog));
    }, { viewport });
  });
}

test('whoever uses a keyboard is not lost after choosing a request or closing a notice', { timeout: TIMEOUT }, async () => {
  const request = (path) => ({ request: { method: 'POST', url: `https://a.example/${path}`, headers: [{ name: 'qlik-signature', value: '00' }], bodySize: 9 } });
  const focused = (page, what) => page.waitForFunction((id) => document.activeElement?.id === id, what);
  await withPage(base, async (page) => {
    await page.getByRole('button', { name: 'Import…' }).press('Enter');
    await field(page, 'Paste it here').fill(JSON.stringify({ log: { entries: [request('a'), request('b')] } }));
    await page.getByRole('button', { name: 'Import', exact: true }).press('Enter');
    await page.getByText('2 requests.').waitFor();
    await page.getByRole('listitem').getByRole('button').first().press('Enter');
    await focused(page, 'result');
    await page.getByText('The body is not in the file').waitFor();
    await page.getByRole('button', { name: 'Understood' }).press('Enter');
    await focused(page, 'result');
    // What is pasted where headers go leaves the focus there.
    await field(page, 'Headers').focus();
    await field(page, 'Headers').evaluate((element) => {
      const data = new DataTransfer();
      data.setData('text/plain', 'curl https://a.example/ -H "x-a: b" -d 1');
      element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    await page.waitForFunction(() => document.activeElement?.value?.startsWith('x-a: b'));
  });
});
