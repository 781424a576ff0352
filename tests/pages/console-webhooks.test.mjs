// A webhook's life in the console, in each system: entered, tried out, created, seen in the list, changed, switched off
// and on, tested, given other secrets, deleted.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DIALECTS, asAda, dialog, isSignedWith, sent, sheet, withConsole, withWebhooks, open } from './console-webhooks.mjs';
import { TIMEOUT } from './harness.mjs';

/** Ticks event types, by way of the search. */
async function choose(form, ...types) {
  const picker = form.getByRole('group', { name: 'Event types', exact: true });
  for (const [search, title] of types) {
    await picker.getByRole('searchbox').fill(search);
    await picker.getByRole('checkbox', { name: title, exact: true }).check();
  }
}

/** What differs from system to system. */
const SYSTEMS = {
  native: {
    missing: ['Enter the URL that deliveries are to go to.', 'Choose one event type at least.'],
    enter: async (form) => {
      await form.getByLabel('Name', { exact: true }).fill('orders');
      await choose(form, ['orders.cr', 'orders.created']);
    },
    profile: { dialect: 'native', name: 'orders', event_types: ['orders.created'] },
    name: () => 'orders',
    change: (form) => choose(form, ['everything', 'Everything']),
    changed: { profile: { event_types: ['orders.created', '*'] } },
  },
  immuta: {
    missing: ['Enter a name.', 'Enter the URL that deliveries are to go to.', 'Choose one event type at least.'],
    enter: async (form) => {
      await form.getByLabel('Name', { exact: true }).fill('models');
      await form.getByLabel('Global', { exact: true }).check();
      await form.getByLabel('Action', { exact: true }).selectOption('received');
      await choose(form, ['modelCreated', 'Data source or project created'], ['all_notif', 'All notifications']);
    },
    profile: { dialect: 'immuta', name: 'models', global: true, action: 'received', event_types: ['modelCreated', 'ALL_NOTIFICATIONS'] },
    name: () => 'models',
    change: (form) => form.getByLabel('Global', { exact: true }).uncheck(),
    changed: { profile: { global: false } },
  },
  'immuta-request': {
    missing: ['Enter the URL that deliveries are to go to.'],
    enter: async (form) => {
      await form.getByRole('switch', { name: 'TLS verification' }).uncheck();
      await form.getByText('Turning TLS verification off is not recommended').waitFor();
      assert.equal(await form.getByRole('switch', { name: 'TLS verification (off: not recommended)' }).isChecked(), false);
    },
    profile: { dialect: 'immuta-request', verify_tls: false },
    name: (url) => url,
    change: (form) => form.getByRole('switch', { name: /TLS verification/ }).check(),
    changed: { profile: { verify_tls: true } },
  },
  generic: {
    missing: ['Enter the URL that deliveries are to go to.', 'Choose one event type at least.'],
    enter: async (form) => {
      await form.getByLabel('Description').fill('mirrors users');
      await choose(form, ['user.created', 'User created']);
    },
    profile: { dialect: 'generic', event_types: ['user.created'], description: 'mirrors users' },
    // By its url, once it is described by nothing.
    name: (url) => url,
    change: (form) => form.getByLabel('Description').fill(''),
    changed: { profile: { description: null } },
  },
  qlik: {
    missing: ['Enter a name.', 'Enter the URL that deliveries are to go to.'],
    enter: async (form) => {
      await form.getByLabel('Name', { exact: true }).fill('apps');
      await form.getByLabel('Description').fill('reloads');
      await choose(form, ['reload.finished', 'Engine done with a reload']);
      await form.getByRole('button', { name: 'Add condition' }).click();
      const condition = form.getByRole('group', { name: 'Condition', exact: true });
      await condition.getByLabel('Attribute').selectOption('data.status');
      await condition.getByLabel('Operator').selectOption('ne');
      await condition.getByLabel('Value').fill('ok');
      await form.getByRole('button', { name: 'Add header' }).click();
      await form.getByLabel('Headers name 1', { exact: true }).fill('X-Team');
      await form.getByLabel('X-Team value', { exact: true }).fill('sales');
      await form.getByRole('button', { name: 'Add encrypted header' }).click();
      await form.getByLabel('Encrypted headers name 1').fill('X-Key');
      await form.getByLabel('X-Key value', { exact: true }).fill('sealed');
      await form.getByRole('switch', { name: 'CloudEvents' }).uncheck();
    },
    profile: {
      dialect: 'qlik', name: 'apps', description: 'reloads', event_types: ['com.qlik.v1.app.reload.finished'], level: 'tenant', cloud_events: false,
      filter: 'data.status ne "ok"', headers: { 'X-Team': 'sales' }, encrypted_headers: ['X-Key'], check_certificate_revocation: false, origin: 'management-console',
    },
    name: () => 'apps',
    change: async (form) => {
      await form.getByRole('switch', { name: 'CloudEvents' }).check();
      await form.getByRole('button', { name: 'Remove X-Team' }).click();
      await form.getByRole('button', { name: 'Add header' }).click();
      await form.getByLabel('Headers name 1', { exact: true }).fill('X-Other');
    },
    changed: { profile: { cloud_events: true, headers: { 'X-Team': null, 'X-Other': '' } } },
  },
};

for (const dialect of DIALECTS) {
  const system = SYSTEMS[dialect];
  test(`a webhook of ${dialect} lives its whole life in the console`, { timeout: TIMEOUT }, async () => {
    await withConsole(() => ({ status: 202, body: 'got it' }), async (world) => {
      const { base, receiver, requests } = world;
      await withWebhooks(world, dialect, async (page) => {
        const url = `${receiver}/${dialect}`;
        const name = system.name(url);
        const secret = await create(page, system, url, requests);
        const list = await asAda(base, dialect)('GET', '/v1/webhooks');
        const [{ id, profile }] = list.webhooks;
        assert.deepEqual({ ...profile }, { ...system.profile });
        assert.match(page.url(), new RegExp(`#/webhooks/${id}$`));
        const now = () => asAda(base, dialect)('GET', `/v1/webhooks/${id}`);

        await change(page, system, now);
        await switchOffAndOn(page, now);
        await tryOut(page, requests, secret);
        await secrets(page, dialect, now, secret);
        await page.keyboard.press('Escape');
        await sheet(page).waitFor({ state: 'detached' });
        // The focus is back at its line.
        await page.waitForFunction((text) => document.activeElement?.textContent === text, name);
        await open(page, name);
        await remove(page, dialect, name);
        assert.equal((await asAda(base, dialect)('GET', '/v1/webhooks')).webhooks.length, 0);
        // Of a change before it was deleted the stream may tell only now, and what it has become is asked for.
      }, { expected: [/status of 404 .*\/v1\/webhooks\/[0-9a-f-]{36}\)$/] });
    });
  });
}

/** From the empty list to the sheet of a new webhook. Its secret. */
async function create(page, system, url, requests) {
  await page.getByText('There are no webhooks yet').waitFor();
  await page.getByRole('main').getByRole('link', { name: 'New webhook' }).first().click();
  const form = dialog(page, 'New webhook');
  await form.getByRole('button', { name: 'Save' }).click();
  for (const message of system.missing) await form.getByText(message, { exact: true }).waitFor();
  assert.equal(await form.locator('.error').count(), system.missing.length);
  assert.ok(await page.evaluate(() => document.activeElement?.matches('input')), 'the first wrong field has the focus');
  await form.getByLabel('Webhook URL').fill(url);
  await system.enter(form);
  assert.equal(await form.locator('.error').count(), 0, 'what has been mended is not complained of');

  await form.getByRole('button', { name: 'Send a test' }).click();
  await form.getByText('It works').waitFor();
  assert.equal(requests.length, 1, 'it was tried out before it was there');

  await form.getByRole('button', { name: 'Save' }).click();
  const shown = dialog(page, 'The new secret');
  const secret = await shown.getByRole('region', { name: 'Secret', exact: true }).innerText();
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{32}$/);
  await shown.getByRole('button', { name: 'Done' }).click();
  await dialog(page, 'Leave without copying the secret?').getByRole('button', { name: 'Go back to it' }).click();
  await shown.getByRole('button', { name: 'Copy: Secret', exact: true }).click();
  await shown.getByText('Copied', { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
  await shown.getByRole('button', { name: 'Done' }).click();
  await sheet(page).getByRole('heading', { name: 'Settings' }).waitFor();
  assert.equal((await page.content()).includes(secret), false, 'the secret is shown once');
  return secret;
}

async function change(page, system, now) {
  const { version } = await now();
  await sheet(page).getByRole('button', { name: 'Edit' }).click();
  const form = page.getByRole('form', { name: 'Change the webhook' });
  await system.change(form);
  const patches = await sent(page, 'PATCH');
  await form.getByRole('button', { name: 'Save' }).click();
  await sheet(page).getByText('Saved', { exact: true }).waitFor();
  assert.deepEqual(await patches(), [{ body: system.changed, ifMatch: `"${version}"` }], 'only what was changed is sent');
  assert.equal((await now()).version, version + 1);
}

async function switchOffAndOn(page, now) {
  const enabled = sheet(page).getByRole('switch', { name: 'Enabled' });
  await enabled.click();
  await sheet(page).getByText('Somebody switched it off.').waitFor();
  assert.deepEqual([(await now()).state, await enabled.isChecked()], ['disabled', false]);
  await page.locator('table').getByText('Disabled: switched off').waitFor({ state: 'attached' });
  await enabled.click();
  await sheet(page).getByText('Somebody switched it off.').waitFor({ state: 'detached' });
  assert.equal((await now()).state, 'enabled');
}

async function tryOut(page, requests, secret) {
  const before = requests.length;
  const section = sheet(page).getByRole('region', { name: 'Test', exact: true });
  await section.getByRole('button', { name: 'Send a test' }).click();
  await section.getByText(/The receiver answered with 202 after [\d.]+ ms\./).waitFor();
  assert.match(await section.getByRole('region', { name: 'Headers of the request' }).innerText(), /webhook-signature\s+v1,/);
  assert.equal(await section.getByRole('region', { name: 'Body of the response' }).innerText(), 'got it');
  assert.equal(requests.length, before + 1);
  assert.ok(isSignedWith(secret, requests.at(-1)), 'what was shown is what signs');
}

/** The text of a secret that is shown, whose dialog is then left without copying it. */
async function seen(page) {
  const shown = dialog(page, 'The new secret');
  const secret = await shown.getByRole('region', { name: 'Secret', exact: true }).innerText();
  await page.keyboard.press('Escape');
  await dialog(page, 'Leave without copying the secret?').getByRole('button', { name: 'Leave without it' }).click();
  await shown.waitFor({ state: 'detached' });
  assert.equal((await page.content()).includes(secret), false);
  return secret;
}

async function secrets(page, dialect, now, first) {
  const section = sheet(page).getByRole('region', { name: 'Secret', exact: true });
  const all = [first];
  if (dialect !== 'immuta-request') {
    await section.getByRole('button', { name: 'Rotate secret' }).click();
    await dialog(page, 'Rotate the secret').getByRole('button', { name: 'Rotate' }).click();
    all.push(await seen(page));
    await section.getByText('A new secret is taking the old one’s place').waitFor();
    const { rotation } = await now();
    assert.equal(Date.parse(rotation.retire_at) - Date.parse(rotation.activate_at), 24 * 60 * 60 * 1000);
  }
  await section.getByRole('button', { name: 'Reset secret' }).click();
  await dialog(page, 'Reset the secret').getByRole('button', { name: 'Reset secret' }).click();
  all.push(await seen(page));
  assert.equal(new Set(all).size, all.length, 'each is another');
  assert.equal((await now()).rotation, null, 'the old one stops at once');

  await section.getByRole('button', { name: 'Take secret away' }).click();
  await dialog(page, 'Take the secret away?').getByRole('button', { name: 'Take it away' }).click();
  await section.getByText('It has no secret').waitFor();
  assert.equal((await now()).signed, false);

  // Of one's own: it is not shown, but what it is for libraries of Standard Webhooks.
  await section.getByRole('button', { name: 'Set a secret' }).click();
  const set = dialog(page, 'Set a secret');
  await set.getByLabel('Enter your own').check();
  await set.getByRole('button', { name: 'Set secret' }).click();
  await set.getByText('Enter a secret, or have one generated.').waitFor();
  await set.getByLabel('Your secret').fill('a secret of somebody’s own, long enough');
  await set.getByRole('button', { name: 'Set secret' }).click();
  const shown = dialog(page, 'The secret is set');
  assert.match(await shown.getByRole('region', { name: 'Secret for Standard Webhooks' }).innerText(), /^whsec_/);
  await shown.getByRole('button', { name: 'Done' }).click();
  assert.equal((await now()).signed, true);
}

async function remove(page, dialect, name) {
  const section = sheet(page).getByRole('region', { name: 'Delete', exact: true });
  await section.getByRole('button', { name: 'Delete', exact: true }).click();
  if (dialect === 'immuta-request') {
    await section.getByText(`Delete again to delete ${name} for good.`).waitFor();
    assert.equal(await section.getByRole('button', { name: 'Delete', exact: true }).count(), 0, 'it stands in its place');
    await section.getByRole('button', { name: 'Delete again' }).click();
  } else {
    const confirm = dialog(page, 'Delete this webhook?');
    await confirm.getByText(name, { exact: true }).waitFor();
    await confirm.getByRole('button', { name: 'Delete it' }).click();
  }
  // The stream may have told the list before the answer closes the sheet.
  await page.getByText('There are no webhooks yet').waitFor();
  await sheet(page).waitFor({ state: 'detached' });
}
