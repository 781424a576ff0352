// The way from a delivery to the playground where there is none: why, and what to do instead.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { make, withConsole, withWebhooks } from './console-webhooks.mjs';
import { TIMEOUT, accessible, picture, publish, until } from './harness.mjs';

/** The sheet of a delivery, of which `change` makes what the console is told. */
async function withDelivery(change, prepare, use, options) {
  await withConsole(() => ({ status: 200 }), async (world) => {
    await make(world.base, 'native', `${world.receiver}/a`);
    await publish(world.base, 'token-of-ada-of-native', { id: '1', type: 'orders.created', data: {} });
    await until('it is delivered', () => world.requests.length > 0);
    await withWebhooks(world, 'native', async (page) => {
      await page.route(/\/v1\/deliveries\/[0-9a-f-]{36}/, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: change(await response.json()) });
      });
      await prepare(page);
      await page.getByRole('link', { name: 'Deliveries' }).click();
      await page.locator('.deliveries-rows [role=row]').getByRole('link').click();
      await use(page, page.getByRole('dialog', { name: 'Delivery' }));
    }, options);
  });
}

for (const [what, bytes] of [['a browser', 1_200_000], ['any link', 3_000_000]]) {
  test(`a request that is too long for ${what} gets no link, but a word on what to do`, { timeout: TIMEOUT }, async () => {
    const request = { body: 'no text', body_base64: randomBytes(bytes).toString('base64') };
    await withDelivery((delivery) => ({ ...delivery, request }), () => undefined, async (page, sheet) => {
      await sheet.getByText('This request is too long for a link to the playground').waitFor();
      assert.equal(await sheet.getByRole('link', { name: /Open in the playground/ }).count(), 0);
      assert.match(await sheet.getByRole('link', { name: /Open the playground/ }).getAttribute('href'), /^\.\/$/);
      await sheet.getByRole('button', { name: 'Copy as base64' }).waitFor();
      await accessible(page, 'a request that is too long for a link');
      await picture(page, 'no-link');
    });
  });
}

test('a link that could not be made can be tried again', { timeout: TIMEOUT }, async () => {
  const prepare = (page) => page.route('**/assets/share-*.js', (route) => route.abort(), { times: 1 });
  await withDelivery((delivery) => delivery, prepare, async (page, sheet) => {
    await sheet.getByText('The link to the playground could not be made').waitFor();
    await sheet.getByRole('button', { name: 'Try again' }).click();
    await sheet.getByRole('link', { name: /Open in the playground/ }).waitFor();
  }, { expected: [/net::ERR_FAILED/] });
});
