// What must not be lost or shown: what somebody entered, whatever happens meanwhile, and what strangers wrote.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { answerOnce, asAda, ask, dialog, make, open, refusals, sheet, withConsole, withWebhooks } from './console-webhooks.mjs';
import { TIMEOUT, accessible, picture, signIn, until, withPage } from './harness.mjs';

const OK = () => ({ status: 200 });

test('what somebody else has changed meanwhile is shown beside what was entered, and both are kept', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const { id } = await make(base, 'native', `${receiver}/a`);
    const server = asAda(base, 'native');
    await withWebhooks(world, 'native', async (page) => {
      await open(page, 'orders');
      await sheet(page).getByRole('button', { name: 'Edit' }).click();
      const form = page.getByRole('form', { name: 'Change the webhook' });
      await form.getByLabel('Name', { exact: true }).fill('mine');
      await server('PATCH', `/v1/webhooks/${id}`, { url: `${receiver}/theirs`, profile: { name: 'theirs' } });
      await form.getByRole('button', { name: 'Save' }).click();
      const conflict = form.getByRole('alert').filter({ hasText: 'Somebody has changed this webhook meanwhile' });
      const row = conflict.getByRole('row', { name: /^Name/ });
      assert.match(await row.innerText(), /theirs \(was orders\)\s+mine/);
      assert.equal(await form.getByLabel('Name', { exact: true }).inputValue(), 'mine');
      await accessible(page, 'what somebody else has changed');
      await picture(page, 'webhooks-conflict');
      assert.equal(await form.getByLabel('Webhook URL').inputValue(), `${receiver}/theirs`, 'what was not touched is as it is now');
      await form.getByRole('button', { name: 'Save' }).click();
      await sheet(page).getByText('Saved', { exact: true }).waitFor();
      const now = await server('GET', `/v1/webhooks/${id}`);
      assert.deepEqual([now.url, now.profile.name], [`${receiver}/theirs`, 'mine']);

      // Once more, and what it has become is taken.
      await sheet(page).getByRole('button', { name: 'Edit' }).click();
      await form.getByLabel('Name', { exact: true }).fill('mine again');
      await server('PATCH', `/v1/webhooks/${id}`, { profile: { name: 'theirs again' } });
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByRole('button', { name: 'Take what it is now' }).click();
      assert.equal(await form.getByLabel('Name', { exact: true }).inputValue(), 'theirs again');
    }, { expected: refusals(412) });
  });
});

test('a form outlives its token: somebody signs in again and the save goes through', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const { token } = await asAda(base, 'native')('POST', '/v1/tokens', { name: 'short', expires_in: '10s' });
    await withPage(`${base}/console`, async (page) => {
      await signIn(page, token);
      await page.getByRole('main').getByRole('link', { name: 'New webhook' }).first().click();
      const form = dialog(page, 'New webhook');
      await form.getByLabel('Name', { exact: true }).fill('patient');
      await form.getByLabel('Webhook URL').fill(`${receiver}/patient`);
      await form.getByRole('checkbox', { name: 'Everything' }).check();
      await until('it has expired', async () => (await fetch(`${base}/v1/me`, { headers: { authorization: `Bearer ${token}` } })).status === 401);
      await form.getByRole('button', { name: 'Save' }).click();
      const again = dialog(page, 'Sign in again');
      await again.getByLabel('Token', { exact: true }).fill('token-of-ada-of-native');
      assert.equal(await form.getByLabel('Name', { exact: true }).inputValue(), 'patient');
      await again.getByRole('button', { name: 'Sign in' }).click();
      await dialog(page, 'The new secret').waitFor();
      const { webhooks } = await asAda(base, 'native')('GET', '/v1/webhooks');
      assert.deepEqual(webhooks.map(({ profile }) => profile.name), ['patient'], 'it was created once');
    }, { expected: refusals(401) });
  });
});

test('a form whose request fails stays as it is, and can be sent again', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const { id } = await make(base, 'generic', `${receiver}/a`);
    await withWebhooks(world, 'generic', async (page) => {
      await open(page, 'mirrors users');
      await sheet(page).getByRole('button', { name: 'Edit' }).click();
      const form = page.getByRole('form', { name: 'Change the webhook' });
      await form.getByLabel('Description').fill('mirrors all users');
      await answerOnce(page, 'PATCH', '**/v1/webhooks/*', (route) => route.abort());
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByText('The server does not answer.').waitFor();
      assert.equal(await form.getByLabel('Description').inputValue(), 'mirrors all users');
      await form.getByRole('button', { name: 'Save' }).click();
      await sheet(page).getByText('Saved', { exact: true }).waitFor();
      assert.equal((await asAda(base, 'generic')('GET', `/v1/webhooks/${id}`)).profile.description, 'mirrors all users');
    }, { expected: [/net::ERR_FAILED/] });
  });
});

test('a changed form asks before it is left: by its buttons, by Escape, by a link, by going back', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await withWebhooks(world, 'generic', async (page) => {
      await page.getByRole('main').getByRole('link', { name: 'New webhook' }).first().click();
      const form = dialog(page, 'New webhook');
      await form.getByLabel('Description').fill('precious');
      const asked = dialog(page, 'Discard what you entered?');
      for (const leave of [
        () => form.getByRole('button', { name: 'Cancel' }).click(),
        () => form.getByRole('button', { name: 'Close' }).click(),
        () => page.keyboard.press('Escape'),
        () => page.goBack(),
        () => page.evaluate(() => (location.hash = '#/event-types')),
      ]) {
        await leave();
        await asked.getByRole('button', { name: 'Keep editing' }).click();
        assert.equal(await form.getByLabel('Description').inputValue(), 'precious');
        assert.match(page.url(), /#\/webhooks\/new$/);
      }
      // The browser itself asks before the page is closed.
      const closing = page.waitForEvent('dialog');
      const reloading = page.reload({ timeout: 2_000 }).catch(() => undefined);
      const question = await closing;
      assert.equal(question.type(), 'beforeunload');
      await question.dismiss();
      await reloading;
      assert.equal(await form.getByLabel('Description').inputValue(), 'precious');

      await page.goBack();
      await asked.getByRole('button', { name: 'Discard' }).click();
      await form.waitFor({ state: 'detached' });
      // A form in which nothing was entered asks nothing.
      await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Webhooks' }).click();
      await page.getByRole('main').getByRole('link', { name: 'New webhook' }).first().click();
      await form.getByRole('button', { name: 'Cancel' }).click();
      await form.waitFor({ state: 'detached' });
    });
  });
});

test('what is given up in one dialog is not given up in another', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await make(world.base, 'native', `${world.receiver}/a`);
    await withWebhooks(world, 'native', async (page) => {
      await open(page, 'orders');
      await sheet(page).getByRole('button', { name: 'Edit' }).click();
      const name = page.getByRole('form', { name: 'Change the webhook' }).getByLabel('Name', { exact: true });
      await name.fill('precious');
      await sheet(page).getByRole('button', { name: 'Rotate secret' }).click();
      const rotate = dialog(page, 'Rotate the secret');
      await rotate.getByLabel('The new one signs from (optional)').fill('2026-01-01T10:00');
      await rotate.getByRole('button', { name: 'Cancel' }).click();
      await dialog(page, 'Discard what you entered?').getByRole('button', { name: 'Discard' }).click();
      await rotate.waitFor({ state: 'detached' });
      await sheet(page).getByRole('button', { name: 'Close' }).click();
      await dialog(page, 'Discard what you entered?').getByRole('button', { name: 'Keep editing' }).click();
      assert.equal(await name.inputValue(), 'precious');
    });
  });
});

test('times of a rotation that cannot be stand at their fields', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await make(world.base, 'native', `${world.receiver}/a`);
    await withWebhooks(world, 'native', async (page) => {
      await open(page, 'orders');
      await sheet(page).getByRole('button', { name: 'Rotate secret' }).click();
      const rotate = dialog(page, 'Rotate the secret');
      await rotate.getByLabel('The new one signs from (optional)').fill('2099-01-01T10:00');
      await rotate.getByRole('button', { name: 'Rotate' }).click();
      await rotate.getByText(/activate_at must/).waitFor();
      assert.equal(await rotate.getByLabel('The new one signs from (optional)').inputValue(), '2099-01-01T10:00');
    }, { expected: refusals(422) });
  });
});

test('what the server does not take stands at the field it names, and nothing entered is lost', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { receiver } = world;
    await withWebhooks(world, 'qlik', async (page) => {
      await page.getByRole('main').getByRole('link', { name: 'New webhook' }).first().click();
      const form = dialog(page, 'New webhook');
      await form.getByLabel('Name', { exact: true }).fill('filtered');
      await form.getByLabel('Webhook URL').fill(`${receiver}/q`);
      await form.getByRole('checkbox', { name: 'New user' }).first().check();
      await form.getByRole('tab', { name: 'Text' }).click();
      const text = form.getByLabel('Filter as text');
      await text.fill('id co "x"');
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByText(/^Filter: operator "co" at byte 3 is not supported/).waitFor();
      assert.equal(await text.inputValue(), 'id co "x"');
      assert.ok(await text.evaluate((element) => element === document.activeElement), 'the field has the focus');
      await form.getByRole('tab', { name: 'Conditions' }).click();
      await form.getByText('This filter is shown as a text only').waitFor();
      await form.getByRole('tab', { name: 'Text' }).click();
      // A filter that only one type may have.
      await text.fill('data.status eq "ok"');
      await form.getByText(/choose that event type and no other/).waitFor();
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByText(/^Filter: .*com\.qlik\.v1\.app\.reload\.finished/).first().waitFor();
      await text.fill('(id EQ "a"   or spaceId ne "b") and id ne "c"');
      await form.getByRole('tab', { name: 'Conditions' }).click();
      assert.equal(await form.getByRole('group', { name: 'Condition', exact: true }).count(), 3);
      // What nobody has touched stays as it was written.
      assert.equal(await form.getByRole('region', { name: 'The filter as text' }).innerText(), '(id EQ "a"   or spaceId ne "b") and id ne "c"');
      await form.getByLabel('Value', { exact: true }).last().fill('d');
      assert.equal(await form.getByRole('region', { name: 'The filter as text' }).innerText(), '(id eq "a" or spaceId ne "b") and id ne "d"');

      await form.getByRole('button', { name: 'Add header' }).click();
      await form.getByLabel('Headers name 1', { exact: true }).fill('Host');
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByText(/^Headers must not name "Host"/).waitFor();
      await form.getByRole('button', { name: 'Remove Host' }).click();
      await form.getByLabel('Enter your own').check();
      await form.getByLabel('Your secret').fill('short');
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByText('A secret has 32 to 64 characters here: this one has 5.').waitFor();
      assert.equal(await form.getByLabel('Name', { exact: true }).inputValue(), 'filtered');
    }, { expected: refusals(422) });
  });
});

test('encrypted headers have to be entered again before another URL is saved', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver, requests } = world;
    const { id } = await make(base, 'qlik', `${receiver}/a`);
    await withWebhooks(world, 'qlik', async (page) => {
      await open(page, 'apps');
      assert.equal((await page.content()).includes('sealed'), false);
      await sheet(page).getByRole('button', { name: 'Edit' }).click();
      const form = page.getByRole('form', { name: 'Change the webhook' });
      await form.getByLabel('Webhook URL').fill(`${receiver}/elsewhere`);
      await form.getByText('The URL is another one: enter the encrypted headers again').waitFor();
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByText(/enter the value of “X-Key” again, or remove it/).waitFor();
      assert.equal((await asAda(base, 'qlik')('GET', `/v1/webhooks/${id}`)).version, 1, 'nothing was asked of the server');
      await form.getByLabel('X-Key value', { exact: true }).fill('sealed anew');
      await form.getByRole('button', { name: 'Save' }).click();
      await sheet(page).getByText('Saved', { exact: true }).waitFor();
      await sheet(page).getByRole('button', { name: 'Send a test' }).click();
      await sheet(page).getByText('It works').waitFor();
      assert.equal(requests.at(-1).headers['x-key'], 'sealed anew');
      assert.match(await sheet(page).getByRole('region', { name: 'Headers of the request' }).innerText(), /x-key\s+omitted/);
    });
  });
});

const HOSTILE = '<img src=x onerror=alert(1)>"\'&{{7*7}}</script><script>alert(2)</script>\u202e';

test('what strangers write is shown as text', { timeout: TIMEOUT }, async () => {
  const body = `${HOSTILE}<svg onload=alert(3)>`;
  await withConsole(() => ({ status: 500, body, headers: { 'x-odd': '<b>bold</b>' } }), async (world) => {
    const { base, receiver } = world;
    await make(base, 'native', `${receiver}/"><script>alert(4)</script>`.replaceAll(' ', ''), { profile: { name: HOSTILE } });
    await make(base, 'generic', `${receiver}/g`, { profile: { description: HOSTILE } });
    for (const dialect of ['native', 'generic']) {
      await withWebhooks(world, dialect, async (page) => {
        await open(page, HOSTILE);
        assert.equal(await sheet(page).getByRole('heading', { level: 2 }).innerText(), HOSTILE);
        await sheet(page).getByRole('button', { name: 'Send a test' }).click();
        await sheet(page).getByText('It does not work').waitFor();
        assert.equal(await sheet(page).getByRole('region', { name: 'Body of the response' }).innerText(), body);
        assert.match(await sheet(page).getByRole('region', { name: 'Headers of the response' }).innerText(), /x-odd\s+<b>bold<\/b>/);
        await sheet(page).getByRole('button', { name: 'Delete', exact: true }).click();
        await dialog(page, 'Delete this webhook?').getByText(HOSTILE).waitFor();
        assert.deepEqual(await page.evaluate(() => [document.querySelectorAll('#app img, #app script, #app b, #app iframe').length, [...document.querySelectorAll('a')].some(({ protocol }) => protocol === 'javascript:')]), [0, false]);
      });
    }
  });
});

test('who may do less is offered less', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    await make(base, 'immuta', `${receiver}/ada`);
    await ask(base, 'token-of-bob-of-immuta', 'POST', '/v1/webhooks', { url: `${receiver}/bob`, profile: { dialect: 'immuta', name: 'of Bob', event_types: ['modelCreated'], action: 'received' } });
    await withWebhooks(world, 'immuta', async (page) => {
      const table = page.getByRole('table', { name: 'Webhooks' });
      await table.waitFor();
      assert.deepEqual(await table.getByRole('link').allInnerTexts(), ['of Bob'], 'a user sees its own');
      assert.equal(await page.getByLabel('Owner').count(), 0);
      await page.getByRole('main').getByRole('link', { name: 'New webhook' }).click();
      assert.equal(await dialog(page, 'New webhook').getByRole('checkbox', { name: 'Global', exact: true }).count(), 0);
    }, { user: 'bob' });
  });
});
