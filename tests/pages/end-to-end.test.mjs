// The way of one delivery through everything: a webhook that is made in the console, an event that is published, its
// delivery that arrives while somebody watches, and the playground, which says that it is genuine, and what was done to it
// when it is not.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TIMEOUT, accessible, picture, publish, signIn, withPage, withReceiver, withServer } from './harness.mjs';

const ADA = 'the-token-of-ada';

const check = (name) => async (sheet) => sheet.getByRole('checkbox', { name, exact: true }).check();

/** Of each system: an event, how a webhook for it is entered, and by which scheme the playground knows its deliveries. */
const SYSTEMS = {
  native: { type: 'order.paid', fill: check('Everything'), scheme: 'standard-webhooks' },
  immuta: {
    type: 'modelCreated',
    fill: async (sheet) => {
      await sheet.getByLabel('Name', { exact: true }).fill('models');
      await sheet.getByLabel('Global', { exact: true }).check();
      await check('Data source or project created')(sheet);
    },
    data: { text: 'A model was created', metadata: { total: 12.5, note: 'thanks' } },
    scheme: 'immuta',
  },
  'immuta-request': { type: 'marketplace.data_product.access_requests.created', fill: async () => undefined, scheme: 'immuta-request' },
  generic: { type: 'user.created', fill: check('User created'), scheme: 'generic' },
  qlik: {
    type: 'com.qlik.v1.app.reload.finished',
    fill: async (sheet) => {
      await sheet.getByLabel('Name', { exact: true }).fill('reloads');
      await check('Engine done with a reload')(sheet);
    },
    scheme: 'qlik',
  },
};

for (const [dialect, { type, fill, scheme, data = { total: 12.5, note: 'thanks' } }] of Object.entries(SYSTEMS)) {
  test(`a delivery of ${dialect} is made, watched, opened in the playground, verified and explained`, { timeout: TIMEOUT }, async () => {
    const config = `
[[tenant]]
name = "acme"
dialect = "${dialect}"
  [tenant.egress]
  allow = ["127.0.0.0/8"]
  relaxed_targets = true
  [[tenant.user]]
  id = "1"
  roles = ["admin"]
  token = "${ADA}"
`;
    await withReceiver(() => ({ status: 200, body: 'thanks' }), (url, requests) => withServer(config, async (base) => {
      await withPage(`${base}/console`, async (page, context) => {
        await context.grantPermissions(['clipboard-read', 'clipboard-write']);
        await signIn(page, ADA);

        // Create.
        await page.getByText('There are no webhooks yet').waitFor();
        await page.getByRole('main').getByRole('link', { name: 'New webhook' }).first().click();
        const sheet = page.getByRole('dialog', { name: 'New webhook' });
        await sheet.getByLabel('Webhook URL').fill(`${url}/hooks`);
        await fill(sheet);
        await sheet.getByRole('button', { name: 'Save' }).click();
        const shown = page.getByRole('dialog', { name: 'The new secret' });
        const secret = await shown.getByRole('region', { name: 'Secret', exact: true }).innerText();
        await shown.getByRole('button', { name: 'Copy: Secret', exact: true }).click();
        await shown.getByText('Copied', { exact: true }).waitFor();
        await shown.getByRole('button', { name: 'Done' }).click();
        await shown.waitFor({ state: 'detached' });
        await page.keyboard.press('Escape');

        // Publish, and watch it arrive.
        await page.goto(`${base}/console#/deliveries`);
        await page.locator('.live', { hasText: /^Live$/ }).waitFor();
        await publish(base, ADA, { id: 'e1', type, data });
        const row = page.locator('.deliveries-rows [role=row]').filter({ hasText: type }).filter({ hasText: 'Delivered' });
        await row.waitFor();
        await row.click();
        const delivery = page.getByRole('dialog', { name: 'Delivery' });
        await delivery.getByText('Taken by the receiver at the first attempt').waitFor();

        // Open it in the playground, in a tab of its own that cannot reach this one.
        const opened = context.waitForEvent('page');
        await delivery.getByRole('link', { name: /Open in the playground/ }).click();
        const playground = await opened;
        const verdict = playground.locator('section[aria-label="Verdict"]');
        await verdict.getByText('Enter the secret to verify it').waitFor();
        assert.equal(await playground.evaluate(() => window.opener), null);
        assert.ok(!playground.url().includes(secret) && !playground.url().includes(ADA));
        assert.equal(await playground.getByLabel('Scheme', { exact: true }).inputValue(), scheme);

        // Verified: the same bytes, the same signature.
        await playground.getByLabel('Secret', { exact: true }).fill(secret);
        await verdict.getByText('Genuine: the signature matches').waitFor();
        const body = playground.getByLabel('Body', { exact: true });
        assert.equal(await body.inputValue(), requests[0].body);
        await accessible(playground, 'a delivery in the playground');
        await picture(playground, `delivery-in-playground-${dialect}`);

        // One byte is another, then the whole is laid out anew.
        await body.fill(requests[0].body.replace('12.5', '12.6'));
        await verdict.getByText('Not genuine').first().waitFor();
        await verdict.getByText('None of the known mistakes makes it match').waitFor();
        await body.fill(JSON.stringify(JSON.parse(requests[0].body), null, 2));
        await verdict.getByText('pretty_printed').waitFor();
        await verdict.getByText('Fix:').waitFor();
      });
    }));
  });
}
