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
