// What the playground shows, and how it goes on when something fails, is very long, is hidden, or is looked at in other
// ways: high contrast, large text, a keyboard alone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { TIMEOUT, accessible, fits, picture, startServer, viewports, withPage } from './harness.mjs';

let base;
let stop;

before(async () => {
  ({ base, stop } = await startServer());
}, { timeout: TIMEOUT });
after(async () => stop?.());

const verdict = (page) => page.locator('section[aria-label="Verdict"]');
const says = (page, pattern) => verdict(page).getByText(pattern).first().waitFor();
/** As if it was typed at once: a browser takes its time over long texts that a driver enters. */
const enter = (page, name, text) =>
  field(page, name).evaluate((element, value) => {
    element.value = value;
    element.dispatchEvent(new Event('input', { bubbles: true }));
  }, text);
const field = (page, name) => page.getByLabel(name, { exact: true });

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
