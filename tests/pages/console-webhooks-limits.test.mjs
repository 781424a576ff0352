// The forms of webhooks take what the server takes, to the last character, and say at the field what it does not take.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DIALECTS, PROFILES, asAda, dialog, make, open, sheet, withConsole, withWebhooks } from './console-webhooks.mjs';
import { TIMEOUT } from './harness.mjs';

const OK = () => ({ status: 200 });
/** A character of four bytes, and two in UTF-16. */
const WIDE = '😀';
const filled = (start, length, by = 'x') => start + by.repeat(length - [...start].length);

/** What a field is filled with: `most` is as much as the server takes, `more` a little more. */
const FIELDS = {
  url: { label: 'Webhook URL', member: 'url', most: (at) => filled(`${at}/\ufeff`, 2048, 'é'), more: (at) => filled(`${at}/\ufeff`, 2049, 'é'), says: 'A URL has at most 2048 characters.' },
  name: { label: 'Name', most: () => WIDE.repeat(512), more: () => WIDE.repeat(513), says: 'Use at most 512 characters: these are 513.' },
  description: { label: 'Description', most: () => WIDE.repeat(1024), more: () => WIDE.repeat(1025), says: 'Use at most 1024 characters: these are 1025.' },
  secret: { label: 'Your secret', member: 'secret', most: () => 'é'.repeat(512), more: () => `${'é'.repeat(512)}x`, says: 'A secret has at most 1024 bytes.' },
};
const OF = { native: ['url', 'name', 'secret'], immuta: ['url', 'name', 'secret'], 'immuta-request': ['url', 'secret'], generic: ['url', 'description', 'secret'], qlik: ['url', 'name', 'description', 'secret'] };

const fieldsOf = (dialect) =>
  OF[dialect].map((field) =>
    dialect === 'qlik' && field === 'secret'
      ? { ...FIELDS.secret, field, most: () => WIDE.repeat(64), more: () => WIDE.repeat(65), says: 'A secret has 32 to 64 characters here: this one has 65.' }
      : { ...FIELDS[field], field },
  );

for (const dialect of DIALECTS) {
  test(`a form of ${dialect} takes as much as the server does, and no more`, { timeout: TIMEOUT }, async () => {
    await withConsole(OK, async (world) => {
      const { base, receiver } = world;
      const fields = fieldsOf(dialect);
      await withWebhooks(world, dialect, async (page) => {
        await page.getByRole('main').getByRole('link', { name: 'New webhook' }).first().click();
        const form = dialog(page, 'New webhook');
        await form.getByLabel('Enter your own').check();
        if (dialect !== 'immuta-request') await form.getByRole('group', { name: 'Event types' }).getByRole('checkbox').first().check();
        for (const { label, most } of fields) await form.getByLabel(label, { exact: true }).fill(most(receiver));
        for (const { field, label, most, more, says } of fields) {
          await form.getByLabel(label, { exact: true }).fill(more(receiver));
          await form.getByRole('button', { name: 'Save' }).click();
          await form.getByText(says).waitFor();
          assert.deepEqual(await form.getByRole('alert').allInnerTexts(), [says], 'and nothing else');
          assert.ok(await form.getByLabel(label, { exact: true }).evaluate((element) => element === document.activeElement), 'the field has the focus');
          assert.equal(await refusedBy(base, dialect, receiver, field, more(receiver)), 422, `${field}: the server does not take it either`);
          await form.getByLabel(label, { exact: true }).fill(most(receiver));
        }
        await form.getByRole('button', { name: 'Save' }).click();
        await dialog(page, 'The secret is set').getByRole('button', { name: 'Done' }).click();
        await form.waitFor({ state: 'detached' });
        const { webhooks } = await asAda(base, dialect)('GET', '/v1/webhooks');
        assert.equal(webhooks.length, 1);
        for (const { field, most } of fields.filter(({ field }) => field !== 'secret')) {
          assert.equal(field === 'url' ? webhooks[0].url : webhooks[0].profile[field], most(receiver));
        }
      });
    });
  });
}

/** What the server says, without the console. */
async function refusedBy(base, dialect, receiver, field, value) {
  const body = { url: `${receiver}/`, profile: { ...PROFILES[dialect] } };
  if (field === 'url' || field === 'secret') body[field] = value;
  else body.profile[field] = value;
  const headers = { authorization: `Bearer token-of-ada-of-${dialect}`, 'content-type': 'application/json' };
  return (await fetch(`${base}/v1/webhooks`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
}

test('headers and a filter of Qlik’s are taken as long as the server takes them', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const short = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`x-${n}`, '']));
    const { id } = await make(base, 'qlik', `${receiver}/a`, { profile: { filter: null, headers: short, encrypted_headers: {} } });
    await withWebhooks(world, 'qlik', async (page) => {
      await open(page, 'apps');
      await sheet(page).getByRole('button', { name: 'Edit' }).click();
      const form = page.getByRole('form', { name: 'Change the webhook' });
      const add = form.getByRole('button', { name: 'Add header' });
      await add.click();
      await form.getByLabel('Headers name 151').fill('x-a');
      const value = form.getByLabel('x-a value', { exact: true });
      const rest = 2048 - 'x-a'.length - Object.keys(short).join('').length;
      await form.getByRole('button', { name: 'Add encrypted header' }).click();
      await form.getByLabel('Encrypted headers name 1').fill('x-sealed');
      const sealed = form.getByLabel('x-sealed value', { exact: true });
      await form.getByRole('tab', { name: 'Text' }).click();
      const filter = form.getByLabel('Filter as text');
      const most = [[value, rest], [sealed, 2040], [filter, 8192]];
      const fill = (field, length) => field.fill(field === filter ? filled('data.status eq "', length - 1) + '"' : 'v'.repeat(length));
      for (const [field, length] of most) await fill(field, length);
      for (const [field, length] of most) {
        await fill(field, length + 1);
        await form.getByRole('button', { name: 'Save' }).click();
        await form.getByText(/have 2049\.$|has 8193\.$/).waitFor();
        await fill(field, length);
      }
      await form.getByRole('button', { name: 'Save' }).click();
      await sheet(page).getByText('Saved', { exact: true }).waitFor();
      const { profile } = await asAda(base, 'qlik')('GET', `/v1/webhooks/${id}`);
      assert.deepEqual([Object.keys(profile.headers).length, profile.filter.length, profile.encrypted_headers], [151, 8192, ['x-sealed']]);
    });
  });
});

test('ninety event types are chosen by their boxes and saved, two hundred are the most', { timeout: TIMEOUT }, async () => {
  const types = Array.from({ length: 210 }, (_, n) => `shop.event-${String(n).padStart(3, '0')}`);
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const { id } = await make(base, 'native', `${receiver}/a`, { profile: { event_types: types.slice(0, 200) } });
    await withWebhooks(world, 'native', async (page) => {
      await page.getByRole('main').getByRole('link', { name: 'New webhook' }).first().click();
      const form = dialog(page, 'New webhook');
      await form.getByLabel('Name', { exact: true }).fill('ninety');
      await form.getByLabel('Webhook URL').fill(`${receiver}/b`);
      await form.getByLabel('Search event types').fill('shop.event-0');
      for (const name of types.slice(0, 90)) await form.getByRole('checkbox', { name, exact: true }).check();
      await form.getByText('90 of 214 chosen').waitFor();
      await form.getByRole('button', { name: 'Save' }).click();
      await dialog(page, 'The new secret').getByRole('button', { name: 'Copy: Secret', exact: true }).click();
      await dialog(page, 'The new secret').getByText('Copied').waitFor();
      await dialog(page, 'The new secret').getByRole('button', { name: 'Done' }).click();
      await sheet(page).getByRole('heading', { name: 'Settings' }).waitFor();
      const { webhooks } = await asAda(base, 'native')('GET', '/v1/webhooks');
      assert.deepEqual(webhooks.find((webhook) => webhook.id !== id).profile.event_types.toSorted(), types.slice(0, 90));
      await sheet(page).getByRole('button', { name: 'Close' }).click();

      await open(page, 'orders');
      await sheet(page).getByRole('button', { name: 'Edit' }).click();
      const edit = page.getByRole('form', { name: 'Change the webhook' });
      await edit.getByRole('checkbox', { name: types[200], exact: true }).check();
      await edit.getByRole('button', { name: 'Save' }).click();
      await edit.getByText('Choose 200 event types at most: these are 201.').waitFor();
      await edit.getByRole('checkbox', { name: types[0], exact: true }).uncheck();
      await edit.getByRole('button', { name: 'Save' }).click();
      await sheet(page).getByText('Saved', { exact: true }).waitFor();
    });
  }, types);
});
