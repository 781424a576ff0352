// What the playground takes in, by paste, file, drop or sample: byte for byte, the last of several, and nothing that
// was called off. What is copied from it is what it shows, and no time that somebody signed stops it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { TIMEOUT, startServer, withPage } from './harness.mjs';

const { sign } = await import(`${process.env.SIGPOST_NPM}/index.js`);

let base;
let stop;

before(async () => {
  ({ base, stop } = await startServer());
}, { timeout: TIMEOUT });
after(async () => stop?.());

const SECRET = 'a secret';
const field = (page, name) => page.getByLabel(name, { exact: true });
const button = (page, name) => page.getByRole('button', { name, exact: true });
const says = (page, pattern) => page.locator('section[aria-label="Verdict"]').getByText(pattern).first().waitFor();
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
