// The list of webhooks, tests of all of them, event types, and what an operator sees; how all of it looks to axe and on
// a phone, in both colour schemes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asAda, dialog, make, open, refusals, sheet, withConsole, withWebhooks } from './console-webhooks.mjs';
import { TIMEOUT, accessible, fits, picture, signIn, until, viewports, withPage } from './harness.mjs';

const OK = () => ({ status: 200, body: 'thanks', headers: { 'content-type': 'text/plain' } });
const table = (page) => page.getByRole('table', { name: 'Webhooks' });
const names = (page) => table(page).getByRole('link').allInnerTexts();

test('the list is searched, filtered and read page by page, and the URL says what is looked for', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    for (let number = 0; number < 60; number += 1) {
      await make(base, 'native', `${receiver}/${number}`, { enabled: number !== 7, ...(number === 3 && { owner: '2' }), profile: { name: `orders ${number}`, event_types: [number === 5 ? 'orders.paid' : 'orders.created'] } });
    }
    await withWebhooks(world, 'native', async (page) => {
      await page.getByText('50 webhooks so far').waitFor();
      await page.getByRole('button', { name: 'Load more' }).click();
      await page.getByText('60 webhooks', { exact: true }).waitFor();
      assert.equal(await page.getByRole('button', { name: 'Load more' }).count(), 0);
      assert.deepEqual(await names(page), Array.from({ length: 60 }, (_, number) => `orders ${number}`));
      const only = (expected) => until(`only ${expected}`, async () => JSON.stringify(await names(page).catch(() => [])) === JSON.stringify(expected));
      const search = page.getByRole('search');
      await search.getByLabel('Search').fill('orders 42');
      await only(['orders 42']);
      assert.match(page.url(), /#\/webhooks\?q=orders\+42$/);
      await search.getByLabel('Search').fill('');
      await search.getByLabel('State').selectOption('disabled');
      await only(['orders 7']);
      await search.getByLabel('State').selectOption('');
      await search.getByLabel('Owner').fill('2');
      await only(['orders 3']);
      await search.getByLabel('Owner').fill('');
      await search.getByLabel('Event type').fill('orders.paid');
      await only(['orders 5']);
      // What is looked for stays when one is opened and closed again.
      await open(page, 'orders 5');
      await page.keyboard.press('Escape');
      await sheet(page).waitFor({ state: 'detached' });
      assert.match(page.url(), /#\/webhooks\?event_type=orders\.paid$/);
      await search.getByLabel('Search').fill('nobody is called so');
      await page.getByText('No webhook is like that').waitFor();
      await page.getByRole('link', { name: 'Show all webhooks' }).click();
      await page.getByText('50 webhooks so far').waitFor();
      assert.equal(await search.getByLabel('Search').inputValue(), '');
    });
    await withWebhooks(world, 'native', (page) => until('what the URL says', async () => (await names(page).catch(() => [])).join() === 'orders 7'), { path: '#/webhooks?state=disabled' });
  });
});

test('a list that cannot be read says why and is read again', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await make(world.base, 'native', `${world.receiver}/a`);
    await withWebhooks(world, 'native', async (page) => {
      await table(page).waitFor();
      // As long as it lasts: the list is also read again by itself, once the stream is open.
      let busy = true;
      let asked = 0;
      const refusal = { status: 503, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:sigpost:problem:saturated', title: 'x', status: 503, detail: 'the server is busy' }) };
      await page.route('**/v1/webhooks?*state=enabled*', (route) => ((asked += 1), busy ? route.fulfill(refusal) : route.continue()));
      await page.getByLabel('State').selectOption('enabled');
      await page.getByRole('alert').getByText('The server is busy.').waitFor();
      const before = asked;
      await page.getByRole('button', { name: 'Try again' }).click();
      await until('it is asked again', () => asked > before);
      busy = false;
      // By hand, unless it was read by itself in the meantime.
      await page.getByRole('button', { name: 'Try again' }).click({ timeout: 2_000 }).catch(() => {});
      await page.getByRole('alert').waitFor({ state: 'detached' });
      assert.deepEqual(await names(page), ['orders']);
    }, { expected: refusals(503) });
  });
});

test('Test webhook of the Request app tries every webhook out, waits when it has to, and can be cancelled', { timeout: TIMEOUT }, async () => {
  let status = 200;
  await withConsole(() => ({ status }), async (world) => {
    const { base, receiver, requests } = world;
    for (const name of ['a', 'b', 'c']) await make(base, 'immuta-request', `${receiver}/${name}`);
    await make(base, 'immuta-request', 'http://127.0.0.1:1/nobody');
    await withWebhooks(world, 'immuta-request', async (page) => {
      await table(page).waitFor();
      assert.equal(await page.getByRole('button', { name: /^Test webhook/ }).count(), 4, 'in the actions of every row');
      // The second is refused once, as the eleventh in a minute is.
      let asked = 0;
      await page.route('**/v1/webhooks/*/test', (route) => {
        asked += 1;
        if (asked !== 2) return route.continue();
        return route.fulfill({ status: 429, headers: { 'retry-after': '3' }, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:sigpost:problem:rate-limited', title: 'x', status: 429, detail: 'too many requests' }) });
      });
      await page.getByRole('button', { name: /^Test webhook/ }).last().click();
      const run = dialog(page, 'Test webhook');
      await run.getByText(/goes on in [123] s\./).waitFor();
      await run.getByText('1 of 4 tested, 1 received it.').waitFor();
      await run.getByText('4 of 4 tested, 3 received it.').waitFor();
      assert.equal(requests.length, 3);
      await run.getByRole('listitem').filter({ hasText: '127.0.0.1:1/nobody' }).getByText('Nothing listens at the address.').waitFor();

      status = 500;
      asked = 0;
      await run.getByRole('button', { name: 'Test again' }).click();
      await run.getByText(/goes on in/).waitFor();
      await run.getByRole('button', { name: 'Cancel' }).click();
      await run.getByText('Cancelled after 1 of 4, 0 received it.').waitFor();
      await run.getByText('Answered with 500').waitFor();
      assert.equal(requests.length, 4, 'nothing is sent any more');
      await run.getByRole('button', { name: 'Close' }).last().click();
    }, { expected: refusals(429) });
  });
});

test('whoever has tested ten times in a minute sees when there may be another test', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const { id } = await make(base, 'native', `${receiver}/a`);
    for (let times = 0; times < 10; times += 1) await asAda(base, 'native')('POST', `/v1/webhooks/${id}/test`);
    await withWebhooks(world, 'native', async (page) => {
      await open(page, 'orders');
      const button = sheet(page).getByRole('button', { name: 'Send a test' });
      await button.click();
      await sheet(page).getByText(/Ten tests a minute are allowed: the next one in \d+ s\./).waitFor();
      assert.ok(await button.isDisabled());
    }, { expected: refusals(429) });
  });
});

test('an operator in a tenant reads and deletes its webhooks, and is offered nothing else', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await make(world.base, 'qlik', `${world.receiver}/a`);
    await withPage(`${world.base}/console`, async (page) => {
      // As the console does it once an operator has chosen a tenant.
      await page.route('**/v1/**', (route) => route.continue({ headers: { ...route.request().headers(), 'sigpost-tenant': 'qlik-tenant' } }));
      await signIn(page, 'token-of-the-operator');
      await table(page).getByText('Ada Lovelace').waitFor();
      assert.equal(await page.getByRole('link', { name: 'New webhook' }).count(), 0);
      await open(page, 'apps');
      assert.deepEqual(await sheet(page).getByRole('button').allInnerTexts(), ['✕', 'Copy id', 'Delete']);
      assert.equal(await sheet(page).getByRole('switch').count(), 0);
      await accessible(page, 'an operator’s sheet');
      await sheet(page).getByRole('button', { name: 'Delete' }).click();
      await dialog(page, 'Delete this webhook?').getByRole('button', { name: 'Delete it' }).click();
      await page.getByText('There are no webhooks yet').waitFor();
    });
  });
});

test('event types are told, searched, and chosen by keyboard', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    await withWebhooks(world, 'immuta', async (page) => {
      await page.getByText(/^(\d+) of \1$/).waitFor();
      const all = Number((await page.getByText(/^(\d+) of \1$/).innerText()).split(' ')[0]);
      assert.ok(all > 80, `${all} types`);
      await page.getByText('listed by the operator').first().waitFor();
      await page.getByRole('search').getByLabel('Search').fill('policy created');
      await until('fewer', async () => (await page.getByRole('main').getByRole('listitem').count()) < 10);
      assert.match(page.url(), /#\/event-types\?q=policy\+created$/);

      await page.evaluate(() => (location.hash = '#/webhooks/new'));
      const picker = dialog(page, 'New webhook').getByRole('group', { name: 'Event types', exact: true });
      await picker.getByRole('searchbox').fill('orders');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Space');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Space');
      await picker.getByText(`2 of ${all} chosen`).waitFor();
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowUp');
      assert.ok(await picker.getByRole('searchbox').evaluate((element) => element === document.activeElement));
      await picker.getByRole('searchbox').fill('');
      await picker.getByRole('button', { name: 'Only chosen ones' }).click();
      assert.equal(await picker.getByRole('checkbox').count(), 2);
    }, { path: '#/event-types' });
  });
});

for (const colorScheme of ['light', 'dark']) {
  for (const [device, viewport] of [['desk', viewports.DESK], ['phone', viewports.PHONE]]) {
    test(`every state of the webhooks is accessible and fits (${colorScheme}, ${device})`, { timeout: TIMEOUT }, async () => {
      await withConsole(OK, async (world) => {
        for (const dialect of ['native', 'immuta', 'generic']) {
          await make(world.base, dialect, `${world.receiver}/a`);
          await withWebhooks(world, dialect, (page) => looksBriefly(page, dialect, (name) => hold(page, `${dialect}-${name}-${colorScheme}-${device}`)), { colorScheme, viewport });
        }
        for (const dialect of ['qlik', 'immuta-request']) {
          await withWebhooks(world, dialect, (page) => looks(page, world, dialect, (name) => hold(page, `${dialect}-${name}-${colorScheme}-${device}`)), { colorScheme, viewport, expected: refusals(422) });
        }
      });
    });
  }
}

async function hold(page, name) {
  await accessible(page, name);
  await fits(page, name);
  const wide = await page.evaluate(() => [...document.querySelectorAll('dialog[open]')].filter((one) => one.scrollWidth > one.clientWidth).length);
  assert.equal(wide, 0, `${name} has a dialog that is wider than it is`);
  await picture(page, `webhooks-${name}`);
}

/** The list and both forms, where a system has no more of its own. */
async function looksBriefly(page, dialect, seen) {
  await table(page).waitFor();
  await seen('list');
  await table(page).getByRole('link').first().click();
  await sheet(page).getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('form', { name: 'Change the webhook' }).getByLabel('Webhook URL').waitFor();
  await seen('edit');
  await sheet(page).getByRole('button', { name: 'Cancel' }).click();
  await sheet(page).getByRole('button', { name: 'Rotate secret' }).click();
  await seen('rotate');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await sheet(page).getByRole('button', { name: 'Close' }).click();
  await page.getByRole('main').getByRole('link', { name: 'New webhook' }).click();
  await dialog(page, 'New webhook').getByRole('button', { name: 'Save' }).click();
  await page.getByText('Enter the URL that deliveries are to go to.').waitFor();
  await seen('form');
}

/** Goes through what can be seen of a system's webhooks. */
async function looks(page, { base, receiver }, dialect, seen) {
  await page.getByText('There are no webhooks yet').waitFor();
  await seen('empty');
  await page.getByRole('main').getByRole('link', { name: 'New webhook' }).first().click();
  const form = dialog(page, 'New webhook');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('Enter the URL that deliveries are to go to.').waitFor();
  if (dialect === 'immuta-request') await form.getByRole('switch', { name: 'TLS verification' }).uncheck();
  else await form.getByRole('button', { name: 'Add group' }).click();
  await seen('form');
  await form.getByLabel('Webhook URL').fill('https://x.example');
  await page.keyboard.press('Escape');
  await dialog(page, 'Discard what you entered?').waitFor();
  await seen('leaving');
  await page.getByRole('button', { name: 'Discard' }).click();

  const { id } = await make(base, dialect, `${receiver}/a/rather/long/path/that/does/not/fit/on/one/line/of/a/phone`);
  await make(base, dialect, `${receiver}/off`, { enabled: false, secret: null });
  await page.reload();
  await page.getByLabel('Token', { exact: true }).fill(`token-of-ada-of-${dialect}`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await table(page).waitFor();
  await seen('list');
  await page.evaluate((to) => (location.hash = `#/webhooks/${to}`), id);
  await sheet(page).getByRole('button', { name: 'Send a test' }).click();
  await sheet(page).getByText('It works').waitFor();
  await seen('sheet');
  await sheet(page).getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('form', { name: 'Change the webhook' }).waitFor();
  await seen('edit');
  await sheet(page).getByRole('button', { name: 'Cancel' }).click();
  await sheet(page).getByRole('button', { name: 'Reset secret' }).click();
  await seen('reset');
  await dialog(page, 'Reset the secret').getByRole('button', { name: 'Reset secret' }).click();
  await dialog(page, 'The new secret').waitFor();
  await seen('secret');
  await page.getByRole('button', { name: 'Copy: Secret', exact: true }).click();
  await page.getByText('Copied', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await sheet(page).getByRole('button', { name: 'Delete', exact: true }).click();
  await seen('delete');
  await page.getByRole('button', { name: dialect === 'immuta-request' ? 'Keep it' : 'Back' }).click();
  await page.keyboard.press('Escape');
  if (dialect === 'immuta-request') {
    await page.getByRole('button', { name: /^Test webhook/ }).first().click();
    await dialog(page, 'Test webhook').getByText('2 of 2 tested').waitFor();
    await seen('test-all');
    await dialog(page, 'Test webhook').getByRole('button', { name: 'Close' }).last().click();
  }
  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Event types' }).click();
  await page.getByText(/^(\d+) of \1$/).waitFor();
  await seen('event-types');
}
