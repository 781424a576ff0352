// The choice of a user, where a tenant has many.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ask } from './console-webhooks.mjs';
import { TIMEOUT, accessible, picture, signIn, withPage, withServer } from './harness.mjs';

const ADA = 'the-token-of-ada';
const CONFIG = `
[server]
rate_limit = false
[[tenant]]
name = "acme"
dialect = "qlik"
  [[tenant.user]]
  id = "ada"
  roles = ["admin"]
  token = "${ADA}"
`;

test('each of many users can be chosen for a token and as an owner, also one that was made meanwhile', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    const names = Array.from({ length: 220 }, (_, n) => `user-${String(n).padStart(3, '0')}`);
    for (const id of names) await ask(base, ADA, 'POST', '/v1/users', { id, name: `Number ${id.slice(5)}`, roles: ['user'] });
    await withPage(`${base}/console#/webhooks`, async (page) => {
      const suggested = (field) => field.evaluate(({ list }) => [...list.options].map(({ value, text }) => `${value} ${text}`));
      await signIn(page, ADA);
      await page.getByText('There are no webhooks yet').waitFor();
      await ask(base, ADA, 'POST', '/v1/users', { id: 'zoe', name: 'Zoe', roles: ['user'] });
      await page.getByRole('main').getByRole('link', { name: 'New webhook' }).first().click();
      const form = page.getByRole('dialog', { name: 'New webhook' });
      await form.getByLabel('Level').selectOption('user');
      const owner = form.getByLabel('Owner');
      await owner.fill('number 219');
      await form.getByText('choose one that is suggested').waitFor();
      assert.deepEqual(await suggested(owner), ['user-219 Number 219']);
      await owner.fill('zoe');
      await form.getByText('Named Zoe.').waitFor();
      await owner.fill('nobody');
      await form.getByText('No user of this tenant is called like that.').waitFor();
      await form.getByLabel('Name', { exact: true }).fill('theirs');
      await form.getByLabel('Webhook URL').fill('https://hooks.example.com/');
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByRole('alert').filter({ hasText: 'Owner is no user of this tenant' }).waitFor();
      await owner.fill('user-219');
      await form.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('dialog', { name: 'The new secret' }).waitFor();
      const { webhooks } = await ask(base, ADA, 'GET', '/v1/webhooks');
      assert.equal(webhooks[0].owner, 'user-219');
    }, { expected: [/status of 422/] });

    await withPage(`${base}/console#/tokens`, async (page) => {
      await signIn(page, ADA);
      await page.getByRole('button', { name: 'New token' }).click();
      const form = page.getByRole('dialog', { name: 'New token' });
      await form.getByLabel('User').fill('user-218');
      await form.getByText('Named Number 218.').waitFor();
      await accessible(page, 'the choice of a user');
      await picture(page, 'token-form');
      await form.getByRole('button', { name: 'Create the token' }).click();
      await page.getByRole('button', { name: 'I have stored it' }).click();
      await page.getByRole('row').filter({ hasText: 'user-218' }).waitFor();
    });
  });
});
