// Dialogs stay for as long as what they are about: a browser closes any dialog on a second Escape, and these stay.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TIMEOUT, signIn, withPage, withServer } from './harness.mjs';

const CONFIG = `
[[tenant]]
name = "acme"
dialect = "native"
  [[tenant.user]]
  id = "ada"
  roles = ["admin"]
  token = "the-token-of-ada"
`;

test('a form that holds something stays, however often Escape is pressed', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    await withPage(`${base}/console#/webhooks/new`, async (page) => {
      await signIn(page, 'the-token-of-ada');
      const form = page.getByRole('dialog', { name: 'New webhook' });
      await form.getByLabel('Name', { exact: true }).fill('orders');
      for (let times = 0; times < 5; times += 1) await page.keyboard.press('Escape');
      // The presses open the question and close it by turns. Which of the two they end in depends on what the page had
      // drawn when each came, and either is right: only the form must be there, and be as it was.
      assert.ok(await form.isVisible());
      const question = page.getByRole('dialog', { name: 'Discard what you entered?' });
      while (!await question.isVisible()) {
        await page.keyboard.press('Escape');
        await page.waitForTimeout(250);
      }
      await question.getByRole('button', { name: 'Keep editing' }).click();
      await question.waitFor({ state: 'detached' });
      assert.ok(await form.isVisible());
      assert.equal(await form.getByLabel('Name', { exact: true }).inputValue(), 'orders');
    });
  });
});

test('signing in again cannot be escaped from, and lets everything behind it go on', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    const made = await fetch(`${base}/v1/tokens`, { method: 'POST', headers: { authorization: 'Bearer the-token-of-ada', 'content-type': 'application/json' }, body: '{"expires_in":"1h"}' });
    const { id, token } = await made.json();
    await withPage(`${base}/console#/webhooks`, async (page) => {
      await signIn(page, token);
      await page.getByText('There are no webhooks yet').waitFor();
      await fetch(`${base}/v1/tokens/${id}`, { method: 'DELETE', headers: { authorization: 'Bearer the-token-of-ada' } });
      await page.goto(`${base}/console#/event-types`);
      const again = page.getByRole('dialog', { name: 'Sign in again' });
      await again.waitFor();
      for (let times = 0; times < 5; times += 1) await page.keyboard.press('Escape');
      assert.ok(await again.isVisible());
      await again.getByLabel('Token', { exact: true }).fill('the-token-of-ada');
      await again.getByRole('button', { name: 'Sign in', exact: true }).click();
      await again.waitFor({ state: 'detached' });
      await page.getByRole('heading', { name: 'Event types' }).waitFor();
    }, { expected: [/status of 401/] });
  });
});

test('whoever closes a dialog is back at what opened it, whichever way it is closed', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    const made = await fetch(`${base}/v1/webhooks`, {
      method: 'POST',
      headers: { authorization: 'Bearer the-token-of-ada', 'content-type': 'application/json' },
      body: JSON.stringify({ url: 'https://receiver.example/', profile: { dialect: 'native', name: 'orders', event_types: ['*'] } }),
    });
    const { id } = await made.json();
    await withPage(`${base}/console#/webhooks/${id}`, async (page) => {
      await signIn(page, 'the-token-of-ada');
      const opener = page.locator('dialog.sheet').getByRole('button', { name: 'Delete', exact: true });
      const question = page.getByRole('dialog', { name: 'Delete this webhook?' });
      const ways = {
        Escape: () => page.keyboard.press('Escape'),
        cross: () => question.getByRole('button', { name: 'Close' }).click(),
        button: () => question.getByRole('button', { name: 'Back' }).click(),
      };
      for (const [way, close] of Object.entries(ways)) {
        await opener.click();
        await question.waitFor();
        await close();
        await question.waitFor({ state: 'detached' });
        await page.waitForTimeout(100);
        assert.ok(await opener.evaluate((element) => element === document.activeElement), way);
      }
    });
  });
});
