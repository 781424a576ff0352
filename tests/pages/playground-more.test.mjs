// More of the playground in a real browser: that what somebody sees stays what it is, wherever and whenever it is opened,
// and that the focus stays where somebody works.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { TIMEOUT, startServer, withPage } from './harness.mjs';
import { field, says } from './playground.mjs';

const { base, stop } = await startServer();
after(stop);

const { sign } = await import(`${process.env.SIGPOST_NPM}/index.js`);


test('a link carries the time that its verdict was made at, and so shows the same whenever it is opened', { timeout: TIMEOUT }, async () => {
  for (const scheme of ['slack', 'qlik']) {
    const body = 'payload=1';
    const headers = Object.entries(sign(scheme, 'the secret', { body }));
    let link;
    const start = Math.floor(Date.now() / 1000);
    await withPage(base, async (page) => {
      await field(page, 'Headers').fill(headers.map(([name, value]) => `${name}: ${value}`).join('\n'));
      await field(page, 'Body').fill(body);
      await field(page, 'Secret').fill('the secret');
      await says(page, /Genuine/);
      await page.getByRole('button', { name: 'Share…' }).click();
      link = await page.getByRole('region', { name: 'The link' }).textContent();
    });
    await withPage(`${base}/?before`, async (page) => {
      await page.clock.install({ time: Date.now() + 3_600_000 });
      await page.goto(link);
      await field(page, 'Secret').fill('the secret');
      await says(page, /Genuine/);
      const now = field(page, 'Now');
      if (scheme === 'slack') {
        await now.waitFor();
        const shown = Number(await now.inputValue());
        assert.ok(shown >= start && shown <= start + 60, `${shown}`);
      } else {
        assert.equal(await now.inputValue(), '');
      }
    });
  }
});

test('the focus follows when a secret is added or removed', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    const focused = (label) => page.waitForFunction((name) => document.activeElement?.labels?.[0]?.textContent === name, label);
    const press = async (name) => {
      await page.getByRole('button', { name }).focus();
      await page.keyboard.press('Enter');
    };
    for (const count of [2, 3, 4]) {
      await press('Add another, while one is rotated');
      await focused(`Secret ${count}, an older one`);
    }
    for (const label of ['Secret 3, an older one', 'Secret 2, an older one', 'Secret']) {
      await press('Remove the last');
      await focused(label);
    }
  });
});

test('after a sample with a time, New signs with the time of now', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    await page.getByLabel('Load a sample').selectOption('stripe');
    await says(page, /Genuine/);
    await page.getByRole('button', { name: 'Sign', exact: true }).click();
    const start = Math.floor(Date.now() / 1000);
    await page.getByRole('button', { name: 'New', exact: true }).click();
    await page.waitForFunction((least) => [...document.querySelectorAll('dd')].some(({ textContent }) => Number(/^t=(\d+),/.exec(textContent)?.[1]) >= least), start);
    assert.equal(await field(page, 'Time of signing').inputValue(), '');
  });
});

test('a body that is no text says so, and a secret is called by its field', { timeout: TIMEOUT }, async () => {
  await withPage(base, async (page) => {
    const body = 'payload=1';
    const headers = Object.entries(sign('qlik', 'the third', { body }));
    await field(page, 'Headers').fill(headers.map(([name, value]) => `${name}: ${value}`).join('\n'));
    await page.getByRole('button', { name: 'Hex', exact: true }).click();
    await field(page, 'Body').fill('ff00');
    await page.getByText('2 bytes. Every byte as it is. They are no UTF-8, and so no text.').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Text', exact: true }).isDisabled());
    await field(page, 'Body').fill(Buffer.from(body).toString('hex'));
    await page.getByRole('button', { name: 'Text', exact: true }).click();
    assert.equal(await field(page, 'Body').inputValue(), body);
    await field(page, 'Secret').fill('the first');
    for (let more = 0; more < 2; more += 1) await page.getByRole('button', { name: 'Add another, while one is rotated' }).click();
    await field(page, 'Secret 3, an older one').fill('the third');
    await says(page, 'Signed with secret 3 of those that are entered.');
    await page.getByText('This is what came out with secret 3.').waitFor();
  });
});
