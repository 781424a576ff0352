// What comes late: an answer to somebody who has gone elsewhere, signed out or gone on typing meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asAda, dialog, heldBack, make, sheet, withConsole, withWebhooks } from './console-webhooks.mjs';
import { TIMEOUT, accessible } from './harness.mjs';

const OK = () => ({ status: 200 });

test('whoever leaves while a secret is made is asked first, and sees it once it is there', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { id } = await make(world.base, 'native', `${world.receiver}/orders`);
    await withWebhooks(world, 'native', async (page) => {
      const late = await heldBack(page, '**/secret');
      await page.getByRole('button', { name: 'Reset secret' }).click();
      await dialog(page, 'Reset the secret').getByRole('button', { name: 'Reset secret' }).click();
      await late.asked;
      await page.keyboard.press('Escape');
      const question = dialog(page, 'Leave before the secret is here?');
      await accessible(page, 'the question');
      await question.getByRole('button', { name: 'Wait for it' }).click();
      await page.keyboard.press('Escape');
      await question.waitFor();
      await late.release();
      await dialog(page, 'The new secret').getByRole('region', { name: 'Secret', exact: true }).waitFor();
      assert.equal(await question.count(), 0, 'there is nothing left to wait for');
    }, { path: `#/webhooks/${id}` });
  });
});

test('whoever leaves while a token or a webhook’s first secret is made is asked first', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await withWebhooks(world, 'native', async (page) => {
      const token = await heldBack(page, '**/v1/tokens');
      await page.getByRole('button', { name: 'New token' }).click();
      await dialog(page, 'New token').getByLabel('User').fill('1');
      await dialog(page, 'New token').getByRole('button', { name: 'Create the token' }).click();
      await token.asked;
      await page.keyboard.press('Escape');
      await dialog(page, 'Leave before the token is here?').waitFor();
      await token.release();
      const made = dialog(page, 'The new token');
      await made.getByRole('button', { name: 'I have stored it' }).click();
      await made.waitFor({ state: 'detached' });

      await page.evaluate(() => (location.hash = '#/webhooks/new'));
      const form = dialog(page, 'New webhook');
      await fill(form, `${world.receiver}/orders`);
      const webhook = await heldBack(page, '**/v1/webhooks');
      await form.getByRole('button', { name: 'Save' }).click();
      await webhook.asked;
      await page.keyboard.press('Escape');
      await dialog(page, 'Leave before the secret is here?').waitFor();
      await webhook.release();
      await dialog(page, 'The new secret').getByRole('region', { name: 'Secret', exact: true }).waitFor();
    }, { path: '#/tokens' });
  });
});

async function fill(form, url) {
  await form.getByLabel('Name', { exact: true }).fill('late');
  await form.getByLabel('Webhook URL').fill(url);
  await form.getByRole('checkbox', { name: 'Everything' }).check();
}
