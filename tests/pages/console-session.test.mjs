// Who is signed in, and how: with a token that manages nothing, that ends, that is none; and what is kept of it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { asAda, ask, dialog, refusals, withConsole } from './console-webhooks.mjs';
import { TIMEOUT, accessible, fits, picture, signIn, viewports, withPage } from './harness.mjs';

const OK = () => ({ status: 200 });

for (const [colorScheme, dialect] of [['light', 'immuta'], ['dark', 'qlik']]) {
  test(`whoever may only publish is told so, and how (${colorScheme})`, { timeout: TIMEOUT }, async () => {
    await withConsole(OK, async ({ base }) => {
      const ada = asAda(base, dialect);
      await ada('POST', '/v1/users', { id: '7', name: 'The shop', roles: ['sender'] });
      await ada('POST', '/v1/users', { id: '8', name: 'Nobody yet', roles: [] });
      const { token } = await ada('POST', '/v1/tokens', { user: '7', name: 'shop' });
      const { token: none } = await ada('POST', '/v1/tokens', { user: '8', name: 'none' });
      await withPage(`${base}/console#/webhooks`, async (page) => {
        await signIn(page, token);
        await page.getByRole('heading', { name: 'This token is for publishing' }).waitFor();
        await page.getByText(`You are signed in as The shop (7) of the tenant ${dialect}-tenant.`).waitFor();
        await accessible(page, 'a console for a sender');
        await fits(page, 'a console for a sender');
        await picture(page, `sender-${colorScheme}`);
        const command = await page.getByRole('region', { name: 'Command that publishes an event' }).innerText();
        const { stdout } = await promisify(execFile)('bash', ['-c', `${command} -sw '%{http_code}'`], { env: { ...process.env, SIGPOST_TOKEN: token } });
        assert.match(stdout, /202$/);
        const docs = await page.getByRole('link', { name: /API’s page/ }).evaluate(({ href }) => href);
        assert.equal(new URL(docs).origin, base);
        assert.ok((await (await fetch(docs)).text()).includes(`id="${new URL(docs).hash.slice(1)}"`));

        await page.getByRole('button', { name: 'Sign in with another token' }).click();
        await signIn(page, none);
        await page.getByRole('heading', { name: 'This token opens nothing' }).waitFor();
        await accessible(page, 'a console for nobody');
        await page.getByRole('button', { name: 'Sign in with another token' }).click();
        await signIn(page, `token-of-ada-of-${dialect}`);
        await page.evaluate(() => (location.hash = '#/nowhere'));
        await page.getByRole('heading', { name: 'Nothing here' }).waitFor();
        await page.getByRole('link', { name: 'begin at the first' }).click();
        await page.getByRole('heading', { name: 'Webhooks' }).waitFor();
      }, { colorScheme, viewport: viewports.PHONE });
    });
  });
}

test('whether the token is kept stays as it was chosen, and what is on the page stays when somebody signs in again', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async ({ base, receiver }) => {
    const ada = asAda(base, 'native');
    const { token, id } = await ada('POST', '/v1/tokens', { name: 'short' });
    await withPage(`${base}/console#/webhooks/new`, async (page) => {
      const keep = page.getByLabel('Keep it for this tab');
      assert.equal(await keep.isChecked(), false);
      await keep.check();
      await signIn(page, token);
      const form = dialog(page, 'New webhook');
      await form.getByLabel('Name', { exact: true }).fill('patient');
      await form.getByLabel('Webhook URL').fill(`${receiver}/patient`);
      await form.getByRole('checkbox', { name: 'Everything' }).check();
      await ada('DELETE', `/v1/tokens/${id}`);
      await form.getByRole('button', { name: 'Save' }).click();
      const again = dialog(page, 'Sign in again');
      await again.waitFor();
      assert.equal(await keep.isChecked(), true, 'as it was chosen');
      await again.getByLabel('Token', { exact: true }).fill('token-of-ada-of-native');
      await again.getByRole('button', { name: 'Sign in' }).click();
      await dialog(page, 'The new secret').getByRole('region', { name: 'Secret', exact: true }).waitFor();
      assert.equal(await page.evaluate(() => sessionStorage.getItem('sigpost-token')), 'token-of-ada-of-native');
      assert.equal(await form.getByLabel('Name', { exact: true }).inputValue(), 'patient');
      const { webhooks } = await ada('GET', '/v1/webhooks');
      assert.deepEqual(webhooks.map(({ profile }) => profile.name), ['patient']);
    }, { expected: refusals(401) });
  });
});

test('what is no token is refused before it is sent, and a head that is too long for the server is explained', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async ({ base }) => {
    await withPage(`${base}/console`, async (page) => {
      const asked = [];
      page.on('request', (request) => request.url().includes('/v1/') && asked.push(request.url()));
      const enter = async (token) => {
        await page.getByLabel('Token', { exact: true }).evaluate((input, value) => {
          input.value = value;
          input.dispatchEvent(new Event('input', { bubbles: true }));
        }, token);
        await page.getByRole('button', { name: 'Sign in' }).click();
      };
      await enter('x'.repeat(1 << 20));
      await page.getByText('This is no token: it has 1,048,576 characters. Paste the token and nothing else.').waitFor();
      await enter('two words');
      await page.getByText('it has spaces, line breaks or characters that no token has').waitFor();
      assert.deepEqual(asked, [], 'nothing was sent');
      await enter('x'.repeat(8_000));
      await page.getByText('The server does not know this token.').waitFor();
      await page.route('**/v1/me', (route) => route.fulfill({ status: 431, body: '' }), { times: 1 });
      await enter('token-of-ada-of-native');
      await page.getByText('This is longer than the server, or a proxy before it, reads.').waitFor();
      await enter('token-of-ada-of-native');
      await page.getByRole('navigation', { name: 'Console' }).waitFor();
    }, { expected: refusals(401, 431) });
  });
});
