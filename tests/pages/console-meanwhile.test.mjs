// What others do to something, or the server does with it, while somebody changes it in a form.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { answerOnce, asAda, ask, dialog, heldBack, make, refusals, withConsole, withWebhooks } from './console-webhooks.mjs';
import { TIMEOUT, accessible, picture, signIn, withPage } from './harness.mjs';

const OK = () => ({ status: 200 });
const MEANWHILE = 'Somebody has changed this meanwhile';

test('saving a user undoes nothing that another admin did meanwhile', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const ada = asAda(world.base, 'native');
    await ada('POST', '/v1/users', { id: 'eve', name: 'Eve', roles: ['admin', 'user'] });
    const eve = () => ada('GET', '/v1/users/eve');
    await withWebhooks(world, 'native', async (page) => {
      const form = dialog(page, 'Change eve');
      const change = () => page.getByRole('button', { name: 'Change eve' }).click();
      const save = () => form.getByRole('button', { name: 'Save' }).click();
      await change();
      await ada('PATCH', '/v1/users/eve', { roles: ['user'] });
      await form.getByLabel('Name', { exact: true }).fill('Eve of Destruction');
      await save();
      await form.waitFor({ state: 'detached' });
      const { name, roles } = await eve();
      assert.deepEqual([name, roles], ['Eve of Destruction', ['user']], 'the role stays taken');

      await page.getByRole('row').filter({ hasText: 'Eve of Destruction' }).waitFor();
      await change();
      await ada('PATCH', '/v1/users/eve', { roles: [] });
      await form.getByRole('checkbox', { name: 'sender' }).check();
      await save();
      await form.getByRole('alert').filter({ hasText: MEANWHILE }).waitFor();
      assert.deepEqual((await eve()).roles, [], 'nothing is saved yet');
      assert.equal(await form.getByRole('checkbox', { name: 'user', exact: true }).isChecked(), false, 'as it is now');
      await accessible(page, 'a user that was changed meanwhile');
      await picture(page, 'user-meanwhile');
      await save();
      await form.waitFor({ state: 'detached' });
      assert.deepEqual((await eve()).roles, ['sender']);

      await change();
      await form.getByLabel('Name', { exact: true }).fill('');
      await save();
      await form.waitFor({ state: 'detached' });
      assert.equal((await eve()).name, 'eve', 'an emptied name is the id');
    }, { path: '#/users' });
  });
});

test('saving a tenant undoes nothing that another operator did meanwhile', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async ({ base }) => {
    const ops = (method, path, body) => ask(base, 'token-of-the-operator', method, path, body);
    await ops('POST', '/v1/tenants', { name: 'beta', dialect: 'native', egress: { allow: ['10.0.0.0/8', '172.16.0.0/12'] } });
    await withPage(`${base}/console#/tenants`, async (page) => {
      await signIn(page, 'token-of-the-operator');
      await page.getByRole('button', { name: 'Change beta' }).click();
      const form = dialog(page, 'Change beta');
      await ops('PATCH', '/v1/tenants/beta', { egress: { allow: ['10.0.0.0/8'] } });
      await form.getByLabel('Open address blocks').fill('10.0.0.0/8\n172.16.0.0/12\n192.168.0.0/16');
      const save = () => form.getByRole('button', { name: 'Save' }).click();
      await save();
      await form.getByRole('alert').filter({ hasText: MEANWHILE }).waitFor();
      assert.equal(await form.getByLabel('Open address blocks').inputValue(), '10.0.0.0/8\n192.168.0.0/16');
      await save();
      await form.waitFor({ state: 'detached' });
      assert.deepEqual((await ops('GET', '/v1/tenants/beta')).egress.allow, ['10.0.0.0/8', '192.168.0.0/16']);
    });
  });
});

test('nothing can be entered into a form while it is saved, and nothing is lost', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const ada = asAda(world.base, 'native');
    const { id } = await make(world.base, 'native', `${world.receiver}/orders`);
    await ada('POST', '/v1/users', { id: 'eve', name: 'Eve', roles: ['user'] });
    await withWebhooks(world, 'native', async (page) => {
      await page.getByRole('button', { name: 'Edit' }).click();
      const form = page.getByRole('form', { name: 'Change the webhook' });
      const shown = await typedWhileSaved(page, form, `**/v1/webhooks/${id}`);
      await form.waitFor({ state: 'detached' });
      assert.equal((await ada('GET', `/v1/webhooks/${id}`)).profile.name, shown);

      await page.evaluate(() => (location.hash = '#/users'));
      await page.getByRole('button', { name: 'Change eve' }).click();
      const user = dialog(page, 'Change eve');
      const name = await typedWhileSaved(page, user, '**/v1/users/eve');
      await user.waitFor({ state: 'detached' });
      assert.equal((await ada('GET', '/v1/users/eve')).name, name);
    }, { path: `#/webhooks/${id}`, expected: refusals(503) });
  });
});

/** Saves a form, in vain at first, and types on meanwhile: what its name is in the end, as it is shown. */
async function typedWhileSaved(page, form, url) {
  const field = form.getByLabel('Name', { exact: true });
  await field.fill('Another');
  await answerOnce(page, 'PATCH', url, (route) => route.fulfill({ status: 503 }));
  await field.press('Enter');
  await form.getByRole('alert').waitFor();
  assert.equal(await field.evaluate((element) => element === document.activeElement), true, 'the focus is where it was');
  await page.keyboard.press('End');
  await page.keyboard.type(' one');
  const late = await heldBack(page, url, 'PATCH');
  await field.press('Enter');
  await late.asked;
  await page.keyboard.type(' and more');
  const shown = await field.inputValue();
  await late.release();
  return shown;
}
