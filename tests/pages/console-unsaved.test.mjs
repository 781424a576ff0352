// What somebody has entered into a form, or is shown this once, is not lost by a key, a link or by going back: they are
// asked first.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dialog, make, open, sheet, withConsole, withWebhooks } from './console-webhooks.mjs';
import { TIMEOUT, accessible, signIn, withPage } from './harness.mjs';

const OK = () => ({ status: 200 });

/** Tries each way out of a form; each asks, and nothing that was entered is lost. */
async function holds(page, field, ways, question = 'Discard what you entered?', stay = 'Keep editing') {
  const [entered, at] = [await field(), page.url()];
  for (const leave of [...ways, () => page.goBack(), () => page.evaluate(() => (location.hash = '#/event-types'))]) {
    await leave();
    await dialog(page, question).getByRole('button', { name: stay }).click();
    assert.equal(await field(), entered);
    assert.equal(page.url(), at);
  }
}

const discard = (page) => dialog(page, 'Discard what you entered?').getByRole('button', { name: 'Discard' }).click();

for (const [view, button, label, text] of [
  ['users', 'New user', 'Name', 'Grace Hopper'],
  ['tokens', 'New token', 'For', 'her console'],
]) {
  test(`a form of ${view} asks before what was entered is lost`, { timeout: TIMEOUT }, async () => {
    await withConsole(OK, async (world) => {
      await withWebhooks(world, 'native', async (page) => {
        await page.evaluate((to) => (location.hash = `#/${to}`), view);
        await page.getByRole('button', { name: button }).click();
        await asksWhenEntered(page, dialog(page, button), label, text, () => page.getByRole('button', { name: button }).click());
      });
    });
  });
}

test('a form of tenants asks before what was entered is lost', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async ({ base }) => {
    await withPage(`${base}/console#/audit`, async (page) => {
      await signIn(page, 'token-of-the-operator');
      await page.getByRole('link', { name: 'Tenants' }).click();
      await page.getByRole('button', { name: 'New tenant' }).click();
      await asksWhenEntered(page, dialog(page, 'New tenant'), 'Timeout', '3s', () => page.getByRole('button', { name: 'New tenant' }).click());
    });
  });
});

async function asksWhenEntered(page, form, label, text, again) {
  const field = form.getByLabel(label, { exact: true });
  await field.fill(text);
  await holds(page, () => field.inputValue(), [
    () => page.keyboard.press('Escape'),
    () => form.getByRole('button', { name: 'Close' }).click(),
    () => form.getByRole('button', { name: 'Discard' }).click(),
  ]);
  await page.keyboard.press('Escape');
  await accessible(page, 'the question');
  await discard(page);
  await form.waitFor({ state: 'detached' });
  // A form in which nothing was entered asks nothing.
  await again();
  await form.waitFor();
  await page.keyboard.press('Escape');
  await form.waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('dialog').count(), 0);
}

test('the choice of a replay asks before it is lost, by going elsewhere or by signing out', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await withWebhooks(world, 'native', async (page) => {
      await page.getByRole('link', { name: 'Replays' }).click();
      const types = page.getByRole('form', { name: 'New replay' }).getByLabel('Event types');
      await types.fill('orders.created');
      await holds(page, () => types.inputValue(), [
        () => page.getByRole('link', { name: 'Deliveries' }).click(),
        () => page.getByRole('button', { name: 'Sign out' }).click(),
      ]);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await discard(page);
      await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
      // Nothing of the question is left.
      await signIn(page, 'token-of-ada-of-native');
      await page.getByRole('link', { name: 'Deliveries' }).click();
      await page.getByRole('heading', { name: 'Deliveries' }).waitFor();
      assert.equal(await page.getByRole('dialog').count(), 0);
    });
  });
});

test('the choice of a replay is asked about again after it was discarded once', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { id } = await make(world.base, 'native', `${world.receiver}/a`);
    await withWebhooks(world, 'native', async (page) => {
      const types = page.getByRole('form', { name: 'New replay' }).getByLabel('Event types');
      await types.fill('orders.created');
      await page.getByRole('link', { name: 'Replays' }).click();
      await discard(page);
      await page.waitForFunction(() => location.hash === '#/replays');
      assert.equal(await types.inputValue(), '');
      await types.fill('orders.paid');
      await holds(page, () => types.inputValue(), [() => page.getByRole('link', { name: 'Deliveries' }).click()]);
    }, { path: `#/replays?webhook=${id}` });
  });
});

test('a token that is shown this once is not lost by a key or by going elsewhere', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await withWebhooks(world, 'native', async (page) => {
      await page.getByRole('link', { name: 'Tokens' }).click();
      await page.getByRole('button', { name: 'New token' }).click();
      await dialog(page, 'New token').getByLabel('For', { exact: true }).fill('once');
      await dialog(page, 'New token').getByRole('button', { name: 'Create the token' }).click();
      const token = dialog(page, 'The new token').getByRole('region', { name: 'Token' });
      await token.waitFor();
      await page.keyboard.press('Escape');
      await holds(page, () => token.innerText(), [], 'Leave without the token?', 'Go back to it');
      await page.goBack();
      await dialog(page, 'Leave without the token?').getByRole('button', { name: 'Leave it' }).click();
      await token.waitFor({ state: 'detached' });
    }, { path: '#/webhooks' });
  });
});

test('a secret that is shown this once is not lost before it was copied', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await make(world.base, 'native', `${world.receiver}/a`);
    await withWebhooks(world, 'native', async (page) => {
      await open(page, 'orders');
      await sheet(page).getByRole('button', { name: 'Reset secret' }).click();
      await dialog(page, 'Reset the secret').getByRole('button', { name: 'Reset secret' }).click();
      const shown = dialog(page, 'The new secret');
      const secret = shown.getByRole('region', { name: 'Secret', exact: true });
      await secret.waitFor();
      await holds(page, () => secret.innerText(), [
        () => page.keyboard.press('Escape'),
        () => shown.getByRole('button', { name: 'Close' }).click(),
        () => shown.getByRole('button', { name: 'Done' }).click(),
      ], 'Leave without copying the secret?', 'Go back to it');
      await shown.getByRole('button', { name: 'Copy: Secret', exact: true }).click();
      await shown.getByText('Copied').waitFor();
      await page.keyboard.press('Escape');
      await shown.waitFor({ state: 'detached' });
      assert.equal(await dialog(page, 'Leave without copying the secret?').count(), 0);
    });
  });
});
