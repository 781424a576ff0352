// What comes late: an answer to somebody who has gone elsewhere, signed out or gone on typing meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asAda, dialog, heldBack, make, refusals, withConsole, withWebhooks } from './console-webhooks.mjs';
import { TIMEOUT, accessible, signIn, withPage } from './harness.mjs';

const OK = () => ({ status: 200 });

test('whoever leaves while a secret is made is asked first, and sees it once it is there', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { id } = await make(world.base, 'native', `${world.receiver}/orders`);
    await withWebhooks(world, 'native', async (page) => {
      const late = await heldBack(page, '**/secret', 'POST');
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
      const token = await heldBack(page, '**/v1/tokens', 'POST');
      await page.getByRole('button', { name: 'New token' }).click();
      await dialog(page, 'New token').getByLabel('User').fill('1');
      await dialog(page, 'New token').getByRole('button', { name: 'Create the token' }).click();
      await token.asked;
      await page.keyboard.press('Escape');
      await dialog(page, 'Leave before the token is here?').waitFor();
      await token.release();
      // Whoever is done with the token and goes on at once, before anything is painted, is asked nothing.
      await dialog(page, 'The new token').getByRole('button', { name: 'I have stored it' }).evaluate((button) => {
        button.click();
        location.hash = '#/webhooks/new';
      });
      const webhook = await createdLate(page, world);
      await dialog(page, 'Leave before the secret is here?').waitFor();
      await webhook.release();
      await dialog(page, 'The new secret').getByRole('region', { name: 'Secret', exact: true }).waitFor();
    }, { path: '#/tokens' });
  });
});

test('whoever signs out while a token is checked stays signed out', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async ({ base }) => {
    const ada = asAda(base, 'native');
    const { token, id } = await ada('POST', '/v1/tokens', { name: 'short' });
    await withPage(`${base}/console#/webhooks`, async (page) => {
      await signIn(page, token);
      await ada('DELETE', `/v1/tokens/${id}`);
      await page.evaluate(() => (location.hash = '#/tokens'));
      const again = dialog(page, 'Sign in again');
      const late = await heldBack(page, '**/v1/me');
      await again.getByLabel('Token', { exact: true }).fill('token-of-bob-of-native');
      await again.getByLabel('Keep it for this tab').check();
      await again.getByRole('button', { name: 'Sign in' }).click();
      await late.asked;
      await again.getByRole('button', { name: 'Sign out and discard what I entered' }).click();
      await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
      await settled(page, late);
      await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
      assert.equal(await page.evaluate(() => sessionStorage.getItem('sigpost-token')), null);
    }, { expected: refusals(401) });
  });
});

test('a tenant that an operator went into is not the next user’s, however late the answer', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async ({ base }) => {
    await withPage(`${base}/console#/tenants`, async (page) => {
      await signIn(page, 'token-of-the-operator');
      const late = await heldBack(page, '**/v1/me');
      await page.getByRole('button', { name: 'Act in generic-tenant' }).click();
      await late.asked;
      await page.getByRole('button', { name: 'Sign out' }).click();
      await signIn(page, 'token-of-bob-of-native');
      const header = page.getByRole('banner');
      await header.getByText('Bob').waitFor();
      const at = page.url();
      await settled(page, late);
      await header.getByText('Bob').waitFor();
      await header.getByText('native-tenant').waitFor();
      assert.equal(page.url(), at);
    });
  });
});

test('a webhook that is created late is not listed in another tenant', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await withWebhooks(world, 'native', async (page) => {
      const late = await createdLate(page, world);
      await dialog(page, 'Leave before the secret is here?').getByRole('button', { name: 'Leave without it' }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await signIn(page, 'token-of-ada-of-generic');
      await page.getByText('There are no webhooks yet').waitFor();
      // Not even until the list is read again.
      await page.evaluate(() => {
        globalThis.tables = 0;
        new MutationObserver(() => (globalThis.tables += document.querySelectorAll('main table').length)).observe(document.body, { subtree: true, childList: true });
      });
      await settled(page, late);
      assert.equal(await page.evaluate(() => globalThis.tables), 0);
    }, { path: '#/webhooks/new' });
  });
});

test('whoever has gone elsewhere stays there when a webhook is created or deleted late', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await withWebhooks(world, 'immuta-request', async (page) => {
      const late = await createdLate(page, world);
      await dialog(page, 'Discard what you entered?').getByRole('button', { name: 'Discard' }).click();
      await staysAt(page, 'Statistics', late);
    }, { path: '#/webhooks/new' });

    const { id } = await make(world.base, 'native', `${world.receiver}/orders`);
    await withWebhooks(world, 'native', async (page) => {
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      const late = await heldBack(page, `**/v1/webhooks/${id}`, 'DELETE');
      await page.getByRole('button', { name: 'Delete it' }).click();
      await late.asked;
      await page.keyboard.press('Escape');
      await dialog(page, 'Delete this webhook?').waitFor({ state: 'detached' });
      await page.keyboard.press('Escape');
      await staysAt(page, 'Audit log', late);
    }, { path: `#/webhooks/${id}` });
  });
});

const to = (page, name) => page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name }).click();

/** Gives the page the late answer, and the time to do something with it. */
async function settled(page, late) {
  await late.release();
  await page.waitForTimeout(300);
}

async function staysAt(page, name, late) {
  await to(page, name);
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  // What a place shows at first it may put into its own address.
  const place = () => new URL(page.url()).hash.split('?', 1)[0];
  const at = place();
  await settled(page, late);
  assert.equal(place(), at);
}

/** Creates a webhook, and wants to leave the form before the answer is there. */
async function createdLate(page, { receiver }) {
  const form = dialog(page, 'New webhook');
  await fill(form, `${receiver}/orders`);
  const late = await heldBack(page, '**/v1/webhooks', 'POST');
  await form.getByRole('button', { name: 'Save' }).click();
  await late.asked;
  await page.keyboard.press('Escape');
  return late;
}

async function fill(form, url) {
  await form.getByLabel('URL').fill(url);
  if ((await form.getByLabel('Name', { exact: true }).count()) > 0) {
    await form.getByLabel('Name', { exact: true }).fill('late');
    await form.getByRole('checkbox', { name: 'Everything' }).check();
  } else {
    // The Request app’s webhooks have no name, and need no secret.
    await form.getByRole('radio', { name: /^None/ }).check();
  }
}
