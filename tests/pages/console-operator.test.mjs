// What operators and admins do in the console against the real server: tenants, users and tokens are made, used, changed
// and deleted, what comes from the configuration file is only shown, and all of it is in the audit log.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { heldBack } from './console-webhooks.mjs';
import { TIMEOUT, accessible, fits, picture, signIn, viewports, withPage, withServer } from './harness.mjs';

const OPS = 'the-token-of-the-operator';
const ADA = 'the-token-of-ada';
const BOB = 'the-token-of-bob';
const CONFIG = `
[server]
rate_limit = false
[[operator]]
name = "ops"
token = "${OPS}"
[[tenant]]
name = "acme"
dialect = "qlik"
  [[tenant.user]]
  id = "ada"
  name = "<img src=x onerror=alert(1)>"
  roles = ["admin"]
  token = "${ADA}"
  [[tenant.user]]
  id = "bob"
  roles = ["user"]
  token = "${BOB}"
`;

const row = (page, text) => page.getByRole('row').filter({ hasText: text });
const to = (page, name) => page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name }).click();

test('an operator makes a tenant, a user and a token, and whoever has that signs in', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    let token;
    await withPage(`${base}/console#/tenants`, async (page) => {
      await signIn(page, OPS);
      await row(page, 'acme').getByText('configuration file').waitFor();
      assert.equal(await page.getByRole('button', { name: 'Delete acme' }).count(), 0);
      await accessible(page, 'tenants');

      await page.getByRole('button', { name: 'New tenant' }).click();
      const form = page.getByRole('dialog', { name: 'New tenant' });
      await form.getByLabel('Name', { exact: true }).fill('not a name');
      await form.getByLabel('Dialect').selectOption('generic');
      await accessible(page, 'a new tenant');
      await form.getByRole('button', { name: 'Create the tenant' }).click();
      await form.getByRole('alert').first().waitFor();
      await form.getByLabel('Name', { exact: true }).fill('beta');
      await form.getByLabel('Timeout').fill('3s');
      await form.getByLabel('Open address blocks').fill('127.0.0.0/8\n10.0.0.0/8');
      await form.getByLabel('Fixed names').fill('hooks.test');
      await form.getByRole('button', { name: 'Create the tenant' }).click();
      await form.getByText('must be a name and its address').waitFor();
      await form.getByLabel('Fixed names').fill('hooks.test 127.0.0.1');
      await form.getByLabel('Retries').fill('0s 5s 1m');
      await form.getByRole('button', { name: 'Create the tenant' }).click();
      await row(page, 'beta').getByText('3s').waitFor();
      assert.deepEqual((await read(base, OPS, '/v1/tenants/beta')).egress, { allow: ['127.0.0.0/8', '10.0.0.0/8'], hosts: { 'hooks.test': '127.0.0.1' }, relaxed_targets: false });

      await page.getByRole('button', { name: 'Change beta' }).click();
      const change = page.getByRole('dialog', { name: 'Change beta' });
      assert.equal(await change.getByLabel('Retries').inputValue(), '0s 5s 1m');
      await change.getByLabel('Retention').fill('30d');
      await change.getByRole('button', { name: 'Save' }).click();
      await row(page, 'beta').getByText('30d').waitFor();
      const { settings } = await read(base, OPS, '/v1/tenants/beta');
      assert.deepEqual([settings.timeout, settings.retention, settings.retry], ['3s', '30d', ['0s', '5s', '1m']]);

      await to(page, 'Users');
      await page.getByText('Choose a tenant first').waitFor();
      await to(page, 'Tenants');
      await page.getByRole('button', { name: 'Act in beta' }).click();
      await page.getByText('You act in the tenant beta').waitFor();
      await page.getByText('beta · generic').waitFor();
      await page.getByText('There is no user yet').waitFor();
      await accessible(page, 'no users');

      await page.getByRole('button', { name: 'New user' }).click();
      const user = page.getByRole('dialog', { name: 'New user' });
      await user.getByLabel('Id', { exact: true }).fill('eve');
      await user.getByLabel('Name', { exact: true }).fill('Eve <b>Bold</b>');
      await user.getByLabel('admin').check();
      await accessible(page, 'a new user');
      await user.getByRole('button', { name: 'Create the user' }).click();
      await row(page, 'eve').getByText('Eve <b>Bold</b>').waitFor();

      await to(page, 'Tokens');
      await page.getByText('There is no token yet').waitFor();
      await page.getByRole('button', { name: 'New token' }).click();
      const draft = page.getByRole('dialog', { name: 'New token' });
      await draft.getByLabel('User').fill('eve');
      await draft.getByLabel('For').fill('her console');
      await draft.getByLabel('Valid').selectOption('7d');
      await accessible(page, 'a new token');
      await draft.getByRole('button', { name: 'Create the token' }).click();
      const made = page.getByRole('dialog', { name: 'The new token' });
      await made.getByText('it is never shown again').waitFor();
      token = await made.getByRole('region', { name: 'Token' }).textContent();
      await page.keyboard.press('Escape');
      assert.equal(await made.isVisible(), true, 'it is not lost by a key');
      await accessible(page, 'the new token');
      await made.getByRole('button', { name: 'I have stored it' }).click();
      await row(page, 'her console').getByText('never').waitFor();
      assert.equal(await page.getByText(token).count(), 0);
      await picture(page, 'tokens-light');

      await page.getByRole('button', { name: 'Leave the tenant' }).click();
      await row(page, 'acme').waitFor();
      assert.equal(await page.getByText('You act in the tenant').count(), 0);
      await to(page, 'Audit log');
      await row(page, 'tenant.create').getByRole('cell', { name: 'tenant beta' }).waitFor();
      await accessible(page, 'the audit log');
      await page.getByLabel('Operation').fill('user.create');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
      assert.match(page.url(), /#\/audit\?operation=user\.create$/);
      await row(page, 'user.create').getByText('ops').waitFor();
      await page.getByLabel('Actor').fill('nobody');
      await page.keyboard.press('Enter');
      await page.getByText('No entry matches').waitFor();
    }, { expected: [/422|400/] });

    await withPage(`${base}/console`, async (page) => {
      await signIn(page, token);
      await page.getByText('beta · generic').waitFor();
      await to(page, 'Tokens');
      await page.getByRole('button', { name: 'Revoke her console' }).click();
      await page.getByRole('button', { name: 'Revoke the token', exact: true }).click();
      await page.getByRole('dialog', { name: 'Sign in again' }).waitFor();
    }, { expected: [/401/] });

    await withPage(`${base}/console#/tenants`, async (page) => {
      await signIn(page, OPS);
      await page.getByRole('button', { name: 'Delete beta' }).click();
      const confirm = page.getByRole('dialog', { name: 'Delete the tenant?' });
      const button = confirm.getByRole('button', { name: 'Delete the tenant' });
      assert.equal(await button.isDisabled(), true);
      await confirm.getByRole('textbox').fill('bet');
      assert.equal(await button.isDisabled(), true);
      await confirm.getByRole('textbox').fill('beta');
      await accessible(page, 'deleting a tenant');
      await button.click();
      await row(page, 'beta').waitFor({ state: 'detached' });
    });
  });
});

test('an operator whose token is kept goes on in its tenant after a reload, and nobody else does', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    const acts = (page) => page.getByText('You act in the tenant acme').waitFor();
    const kept = (page) => page.evaluate(() => [sessionStorage.getItem('sigpost-token'), sessionStorage.getItem('sigpost-tenant')]);
    await withPage(`${base}/console#/tenants`, async (page) => {
      await signIn(page, OPS);
      await page.getByRole('button', { name: 'Act in acme' }).click();
      await acts(page);
      assert.deepEqual(await kept(page), [null, null], 'nothing is kept that nobody wanted to be');
      await page.reload();
      await page.getByLabel('Keep it for this tab').check();
      await signIn(page, OPS);
      assert.equal(await page.getByText('You act in the tenant').count(), 0);
      await to(page, 'Tenants');
      await page.getByRole('button', { name: 'Act in acme' }).click();
      await acts(page);
      await row(page, 'bob').waitFor();
      await page.reload();
      await acts(page);
      await page.getByText('acme · qlik').waitFor();
      await row(page, 'bob').waitFor();

      // One that is gone is left.
      await page.evaluate(() => sessionStorage.setItem('sigpost-tenant', 'gone'));
      await page.reload();
      await page.getByText('Choose a tenant first').waitFor();
      assert.deepEqual(await kept(page), [OPS, null]);

      await to(page, 'Tenants');
      await page.getByRole('button', { name: 'Act in acme' }).click();
      await acts(page);
      await page.getByRole('button', { name: 'Leave the tenant' }).click();
      await page.getByText('You act in the tenant').waitFor({ state: 'detached' });
      assert.deepEqual(await kept(page), [OPS, null]);
      await page.getByRole('button', { name: 'Sign out' }).click();
      assert.deepEqual(await kept(page), [null, null]);
    }, { expected: [/status of 40[34]/] });
  });
});

test('an operator who acts in a tenant sees, makes, changes and deletes the others', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    await withPage(`${base}/console#/tenants`, async (page) => {
      await signIn(page, OPS);
      await page.getByRole('button', { name: 'Act in acme' }).click();
      await page.getByText('You act in the tenant acme').waitFor();
      await page.getByRole('heading', { name: 'Users' }).waitFor();
      await to(page, 'Tenants');
      await page.getByRole('button', { name: 'New tenant' }).click();
      await page.getByRole('dialog', { name: 'New tenant' }).getByLabel('Name', { exact: true }).fill('beta');
      await page.getByRole('button', { name: 'Create the tenant' }).click();
      await row(page, 'beta').waitFor();
      await row(page, 'acme').getByRole('button', { name: 'Acting in acme' }).waitFor();
      await page.getByRole('button', { name: 'Change beta' }).click();
      await page.getByRole('dialog', { name: 'Change beta' }).getByLabel('Timeout').fill('4s');
      await page.getByRole('button', { name: 'Save' }).click();
      await row(page, 'beta').getByText('4s').waitFor();
      await page.getByRole('button', { name: 'Act in beta' }).click();
      await page.getByText('You act in the tenant beta').waitFor();
      await page.getByRole('heading', { name: 'Users' }).waitFor();
      await to(page, 'Tenants');
      await page.getByRole('button', { name: 'Delete beta' }).click();
      await page.getByRole('dialog', { name: 'Delete the tenant?' }).getByRole('textbox').fill('beta');
      await page.getByRole('button', { name: 'Delete the tenant', exact: true }).click();
      await row(page, 'beta').waitFor({ state: 'detached' });
      assert.equal(await page.getByText('You act in the tenant').count(), 0);
    });
  });
});

test('while a tenant is entered nothing can be begun, and whoever goes elsewhere is left there', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    await withPage(`${base}/console#/tenants`, async (page) => {
      await signIn(page, OPS);
      const make = page.getByRole('button', { name: 'New tenant' });
      await make.waitFor();
      const entered = await heldBack(page, '**/v1/me');
      await page.getByRole('button', { name: 'Act in acme' }).click();
      await entered.asked;
      await assert.rejects(make.click({ trial: true, timeout: 500 }), { name: 'TimeoutError' });
      await to(page, 'Audit log');
      await page.getByRole('heading', { name: 'Audit log' }).waitFor();
      await entered.release();
      await page.getByText('acme · ').waitFor();
      await page.waitForTimeout(200);
      assert.equal(new URL(page.url()).hash.split('?', 1)[0], '#/audit');
      await to(page, 'Tenants');
      await make.click();
      await page.getByRole('dialog', { name: 'New tenant' }).waitFor();
    });
  });
});

test('an admin manages the users of its tenant, and a plain user its own tokens', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG, async (base) => {
    await withPage(`${base}/console#/users`, async (page) => {
      await signIn(page, ADA);
      await row(page, 'bob').getByText('configuration file').waitFor();
      assert.equal(await page.getByRole('button', { name: 'Delete bob' }).count(), 0);
      assert.equal(await page.locator('main img').count(), 0);
      await page.getByRole('button', { name: 'New user' }).click();
      const form = page.getByRole('dialog', { name: 'New user' });
      await form.getByLabel('Id', { exact: true }).fill('zoe');
      await form.getByLabel('Spaces').fill('space-1\nspace-2');
      await form.getByRole('button', { name: 'Create the user' }).click();
      await row(page, 'zoe').getByText('space-1, space-2').waitFor();
      await page.getByRole('button', { name: 'Change zoe' }).click();
      const change = page.getByRole('dialog', { name: 'Change zoe' });
      await change.getByLabel('sender').check();
      await change.getByRole('button', { name: 'Save' }).click();
      await row(page, 'zoe').getByText('sender').waitFor();
      assert.deepEqual((await read(base, ADA, '/v1/users/zoe')).roles.sort(), ['sender', 'user']);
      await page.getByRole('button', { name: 'Delete zoe' }).click();
      await page.getByRole('button', { name: 'Delete the user', exact: true }).click();
      await row(page, 'zoe').waitFor({ state: 'detached' });
      await to(page, 'Tenant');
      await row(page, 'acme').getByRole('button', { name: 'Look at acme' }).click();
      await page.getByRole('dialog', { name: 'acme' }).getByText('The configuration file declares it').waitFor();
      await accessible(page, 'a tenant to look at');
      await page.keyboard.press('Escape');
      assert.equal(await page.getByRole('button', { name: /Act in|New tenant|Delete/ }).count(), 0);
    });
    await withPage(`${base}/console#/tokens`, async (page) => {
      await signIn(page, BOB);
      await page.getByText('Your own.').waitFor();
      await row(page, 'bob').waitFor();
      assert.equal(await page.getByRole('row').count(), 2, 'a heading and his own');
      assert.equal(await page.getByRole('link', { name: /Users|Tenant|Audit/ }).count(), 0);
      await page.getByRole('button', { name: 'New token' }).click();
      const draft = page.getByRole('dialog', { name: 'New token' });
      assert.equal(await draft.getByLabel('User').count(), 0);
      await draft.getByLabel('Valid').selectOption('at');
      await draft.getByLabel('Until').fill('2099-01-01T00:00');
      await draft.getByRole('button', { name: 'Create the token' }).click();
      await page.getByRole('button', { name: 'I have stored it' }).click();
      await row(page, '2099-01-01').waitFor();
    });
  });
});

for (const colorScheme of ['light', 'dark']) {
  test(`the operator’s pages are accessible and fit a phone (${colorScheme})`, { timeout: TIMEOUT }, async () => {
    await withServer(CONFIG, async (base) => {
      await read(base, ADA, '/v1/tokens', { user: 'bob', name: '<script>alert(1)</script>', expires_in: '1h' });
      await withPage(`${base}/console#/tenants`, async (page) => {
        await signIn(page, OPS);
        await page.getByRole('button', { name: 'Act in acme' }).click();
        await row(page, 'bob').waitFor();
        for (const name of ['Tenants', 'Users', 'Tokens', 'Audit log']) {
          await to(page, name);
          await page.getByRole('heading', { name, exact: true }).waitFor();
          await page.getByRole('table').waitFor();
          await accessible(page, name);
          await fits(page, name);
          await picture(page, `${name}-phone-${colorScheme}`);
          await page.setViewportSize(viewports.DESK);
          await picture(page, `${name}-${colorScheme}`);
          await page.setViewportSize(viewports.PHONE);
        }
        await to(page, 'Tenants');
        await page.getByRole('button', { name: 'New tenant' }).click();
        await page.getByRole('dialog').getByLabel('Dialect').selectOption('qlik');
        await accessible(page, 'a new tenant');
        await fits(page, 'a new tenant');
        await picture(page, `tenant-form-phone-${colorScheme}`);
      }, { colorScheme, viewport: viewports.PHONE });
    });
  });
}

async function read(base, token, path, body) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${base}${path}`, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) });
  assert.ok(response.ok, path);
  return response.json();
}
