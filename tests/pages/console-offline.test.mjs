// Without a network: what is wrong is said wherever somebody is, nothing that was entered is lost, and once there is a
// network again, trying again works.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asAda, dialog, make, sheet, withConsole, withWebhooks } from './console-webhooks.mjs';
import { TIMEOUT, accessible, signIn, withPage } from './harness.mjs';

const OK = () => ({ status: 200 });
const OFFLINE = 'The server cannot be reached: this browser is offline.';
// axe says that it cannot read the styles once more.
const expected = [/ERR_INTERNET_DISCONNECTED/, /Couldn't load preload assets/];

/** Takes the network away. The browser takes its time: a request that is made at once may still get through. */
async function goOffline(page, context) {
  await context.setOffline(true);
  await page.waitForFunction(() => !navigator.onLine && fetch('/healthz').then(() => false, () => true));
}

test('whoever signs in without a network is told so, and signs in once there is one', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async ({ base }) => {
    await withPage(`${base}/console`, async (page, context) => {
      await goOffline(page, context);
      await page.getByLabel('Token', { exact: true }).fill('token-of-ada-of-native');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText(OFFLINE).waitFor();
      assert.equal(await page.getByLabel('Token', { exact: true }).inputValue(), 'token-of-ada-of-native');
      await context.setOffline(false);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: 'Webhooks' }).waitFor();
    }, { expected });
  });
});

test('each list says that there is no network, and is read once there is one', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await make(world.base, 'native', `${world.receiver}/a`);
    await withWebhooks(world, 'native', async (page, context) => {
      const main = page.getByRole('main');
      const retry = main.getByRole('button', { name: 'Try again' });
      const to = (name) => page.getByRole('link', { name, exact: true }).click();
      for (const name of ['Event types', 'Deliveries', 'Replays', 'Statistics', 'Tenants', 'Users', 'Tokens', 'Audit log', 'Webhooks']) {
        if (name !== 'Webhooks') {
          // The view's program is not there yet.
          await goOffline(page, context);
          await to(name);
          await page.getByText('This view could not be loaded.').waitFor();
          await accessible(page, `${name}, not loaded`);
          await context.setOffline(false);
          await retry.click();
          await page.getByRole('heading', { level: 1, name: name.replace(/s$/, '') }).waitFor();
          await main.getByText('Loading').first().waitFor({ state: 'detached' });
          await to('Webhooks');
        } else await to('Event types');
        await goOffline(page, context);
        await to(name);
        await main.getByText(OFFLINE).first().waitFor();
        await accessible(page, `${name} without a network`);
        await context.setOffline(false);
        // What is live may have come by itself by now.
        await retry.first().click({ timeout: 2_000 }).catch(() => undefined);
        await main.getByText(OFFLINE).first().waitFor({ state: 'detached' });
        await main.getByText('Loading').first().waitFor({ state: 'detached' });
        await page.getByRole('heading', { level: 1, name: name.replace(/s$/, '') }).waitFor();
        await to('Webhooks');
      }
    }, { expected });
  });
});

test('what was entered into a form outlives a lost network, and is saved once there is one again', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const ada = asAda(world.base, 'native');
    await withWebhooks(world, 'native', async (page, context) => {
      const survives = async (form, button, saved) => {
        await goOffline(page, context);
        await form.getByRole('button', { name: button }).click();
        await form.getByText(OFFLINE).waitFor();
        await accessible(page, 'a form without a network');
        await context.setOffline(false);
        await form.getByRole('button', { name: button }).click();
        await saved.waitFor();
      };
      await page.getByRole('main').getByRole('link', { name: 'New webhook' }).first().click();
      const webhook = dialog(page, 'New webhook');
      await webhook.getByLabel('Name', { exact: true }).fill('patient');
      await webhook.getByLabel('Webhook URL').fill(`${world.receiver}/patient`);
      await webhook.getByRole('checkbox', { name: 'Everything' }).check();
      await survives(webhook, 'Save', dialog(page, 'The new secret').getByText('It is shown this once'));
      await dialog(page, 'The new secret').getByRole('button', { name: 'Copy: Secret', exact: true }).click();
      await dialog(page, 'The new secret').getByText('Copied').waitFor();
      await dialog(page, 'The new secret').getByRole('button', { name: 'Done' }).click();
      await sheet(page).getByRole('button', { name: 'Edit' }).click();
      const edit = page.getByRole('form', { name: 'Change the webhook' });
      await edit.getByLabel('Name', { exact: true }).fill('very patient');
      await survives(edit, 'Save', sheet(page).getByText('Saved', { exact: true }));
      await sheet(page).getByRole('button', { name: 'Close' }).click();
      const { webhooks } = await ada('GET', '/v1/webhooks');
      assert.deepEqual(webhooks.map(({ profile }) => profile.name), ['very patient']);

      await page.getByRole('link', { name: 'Users', exact: true }).click();
      await page.getByRole('button', { name: 'New user' }).click();
      await dialog(page, 'New user').getByLabel('Id', { exact: true }).fill('grace');
      await survives(dialog(page, 'New user'), 'Create the user', page.getByRole('row').filter({ hasText: 'grace' }));
      await page.getByRole('link', { name: 'Tokens', exact: true }).click();
      await page.getByRole('button', { name: 'New token' }).click();
      await dialog(page, 'New token').getByLabel('User').fill('grace');
      await survives(dialog(page, 'New token'), 'Create the token', dialog(page, 'The new token').getByText('Copy it now'));
      await page.getByRole('button', { name: 'I have stored it' }).click();
      await page.getByRole('link', { name: 'Replays', exact: true }).click();
      const replay = page.getByRole('form', { name: 'New replay' });
      await replay.getByLabel('Webhook', { exact: true }).selectOption({ label: 'very patient' });
      await survives(replay, 'Preview', replay.getByText('There is nothing to send again.'));
    }, { expected });
  });
});
