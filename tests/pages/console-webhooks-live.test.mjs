// What becomes of webhooks elsewhere: by somebody else, by a program, by the server itself. Whoever looks at them sees it
// without asking, and nothing that is being entered is lost over it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asAda, heldBack, make, open, sheet, withConsole, withWebhooks } from './console-webhooks.mjs';
import { TIMEOUT, accessible, until } from './harness.mjs';

const OK = () => ({ status: 200 });
const table = (page) => page.getByRole('table', { name: 'Webhooks' });
const row = (page, name) => table(page).getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
const live = (page) => page.locator('.live', { hasText: /^Live$/ }).waitFor();
/** Once the stream is open, what may have been missed is asked for. From then on it tells of each. */
const settled = async (page) => {
  await live(page);
  await page.waitForTimeout(1_000);
};
const named = (name) => ({ profile: { name } });

test('a list follows what is created, changed, disabled and deleted elsewhere', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const server = asAda(base, 'native');
    await withWebhooks(world, 'native', async (page) => {
      await page.getByText('There are no webhooks yet').waitFor();
      await live(page);
      const { id } = await make(base, 'native', `${receiver}/a`, named('first'));
      await row(page, 'first').getByText('Enabled').waitFor();
      const { id: other } = await make(base, 'native', `${receiver}/b`, named('second'));
      await row(page, 'second').waitFor();
      await server('PATCH', `/v1/webhooks/${id}`, named('renamed'));
      await row(page, 'renamed').waitFor();
      assert.equal(await row(page, 'first').count(), 0);
      await server('PATCH', `/v1/webhooks/${id}`, { enabled: false });
      await row(page, 'renamed').getByText('Disabled: switched off').waitFor();
      await server('DELETE', `/v1/webhooks/${other}`);
      await row(page, 'second').waitFor({ state: 'detached' });
      assert.equal(await table(page).getByRole('link').count(), 1);

      // More at once than are looked at one by one.
      for (let number = 0; number < 30; number += 1) await make(base, 'native', `${receiver}/${number}`, named(`of many ${number}`));
      await page.getByText('31 webhooks', { exact: true }).waitFor();
    });
  });
});

test('a list that is narrowed takes in what belongs to it, and keeps what is being looked at', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const { id } = await make(base, 'native', `${receiver}/a`, named('orders of old'));
    await withWebhooks(world, 'native', async (page) => {
      await row(page, 'orders of old').waitFor();
      await live(page);
      await make(base, 'native', `${receiver}/b`, named('invoices'));
      await make(base, 'native', `${receiver}/c`, named('orders of late'));
      await row(page, 'orders of late').waitFor();
      assert.equal(await row(page, 'invoices').count(), 0);
      await asAda(base, 'native')('PATCH', `/v1/webhooks/${id}`, named('bills'));
      await row(page, 'bills').waitFor();
    }, { path: '#/webhooks?q=orders' });
  });
});

test('an open sheet follows too: disabled, enabled, deleted', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const { id } = await make(base, 'native', `${receiver}/a`);
    const server = asAda(base, 'native');
    await withWebhooks(world, 'native', async (page) => {
      await live(page);
      await open(page, 'orders');
      await server('PATCH', `/v1/webhooks/${id}`, { enabled: false });
      await sheet(page).getByText('It is disabled', { exact: true }).waitFor();
      await sheet(page).getByRole('switch', { name: 'Enabled', checked: false }).waitFor();
      // What is done here is done to what it is by now.
      await sheet(page).getByRole('switch', { name: 'Enabled' }).check();
      await until('it is enabled', async () => (await server('GET', `/v1/webhooks/${id}`)).state === 'enabled');
      await sheet(page).getByText('It is disabled', { exact: true }).waitFor({ state: 'detached' });

      await server('DELETE', `/v1/webhooks/${id}`);
      await sheet(page).getByText('This webhook has been deleted meanwhile').waitFor();
      assert.equal(await sheet(page).getByRole('switch').count(), 0);
      assert.equal(await sheet(page).getByRole('button', { name: /Send a test|Delete|Edit/ }).count(), 0);
      await accessible(page, 'a webhook that was deleted elsewhere');
      await page.keyboard.press('Escape');
      await page.getByText('There are no webhooks yet').waitFor();
    });
  });
});

test('a form that somebody is filling in stays as it is, and learns of the other change when it is saved', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const { id } = await make(base, 'native', `${receiver}/a`);
    await withWebhooks(world, 'native', async (page) => {
      await live(page);
      await open(page, 'orders');
      await sheet(page).getByRole('button', { name: 'Edit' }).click();
      const form = page.getByRole('form', { name: 'Change the webhook' });
      await form.getByLabel('Name', { exact: true }).fill('mine');
      await asAda(base, 'native')('PATCH', `/v1/webhooks/${id}`, named('theirs'));
      await sheet(page).getByRole('heading', { name: 'theirs', level: 2 }).waitFor();
      assert.equal(await form.getByLabel('Name', { exact: true }).inputValue(), 'mine');
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByRole('alert').filter({ hasText: 'Somebody has changed this webhook meanwhile' }).waitFor();
      assert.equal(await form.getByLabel('Name', { exact: true }).inputValue(), 'mine');
    }, { expected: [/status of 412/] });
  });
});

test('an answer that comes late takes back nothing that was told meanwhile', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const server = asAda(base, 'native');
    const { id } = await make(base, 'native', `${receiver}/a`, named('old'));
    const { id: other } = await make(base, 'native', `${receiver}/b`, named('gone'));
    await withWebhooks(world, 'native', async (page) => {
      await settled(page);
      const list = await heldBack(page, '**/v1/webhooks?*');
      await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Webhooks' }).click();
      await list.asked;
      let made;
      const read = page.waitForResponse((answer) => made !== undefined && answer.url().endsWith(made.id));
      await server('DELETE', `/v1/webhooks/${other}`);
      await server('PATCH', `/v1/webhooks/${id}`, named('new'));
      made = await make(base, 'native', `${receiver}/c`, named('made'));
      // What was told is asked after by then, and known.
      await read;
      await page.waitForTimeout(200);
      await list.release();
      await page.getByText('2 webhooks', { exact: true }).waitFor();
      await row(page, 'new').waitFor();
      await row(page, 'made').waitFor();
    }, { path: '#/deliveries' });
  });
});

test('an answer about one webhook takes no place in the sheet of another', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const { id } = await make(base, 'native', `${receiver}/a`, named('slow'));
    await make(base, 'native', `${receiver}/b`, named('quick'));
    await withWebhooks(world, 'native', async (page) => {
      await settled(page);
      const slow = await heldBack(page, `**/v1/webhooks/${id}`);
      await table(page).getByRole('link', { name: 'slow', exact: true }).click();
      await slow.asked;
      await page.keyboard.press('Escape');
      await open(page, 'quick');
      await slow.release();
      await page.waitForTimeout(200);
      await sheet(page).getByRole('heading', { name: 'quick', level: 2 }).waitFor({ timeout: 1_000 });
    });
  });
});

test('whoever switches a webhook on or off while editing it saves all the same', { timeout: TIMEOUT }, async () => {
  await withConsole(OK, async (world) => {
    const { base, receiver } = world;
    const { id } = await make(base, 'native', `${receiver}/a`);
    const server = asAda(base, 'native');
    await withWebhooks(world, 'native', async (page) => {
      await open(page, 'orders');
      await sheet(page).getByRole('button', { name: 'Edit' }).click();
      const form = page.getByRole('form', { name: 'Change the webhook' });
      await form.getByLabel('Name', { exact: true }).fill('mine');
      await sheet(page).getByRole('switch', { name: 'Enabled' }).uncheck();
      await sheet(page).getByText('It is disabled', { exact: true }).waitFor();
      assert.equal(await form.getByLabel('Name', { exact: true }).inputValue(), 'mine');
      await form.getByRole('button', { name: 'Save' }).click();
      await sheet(page).getByText('Saved', { exact: true }).waitFor({ timeout: 5_000 });
      const { state, profile } = await server('GET', `/v1/webhooks/${id}`);
      assert.deepEqual([state, profile.name], ['disabled', 'mine']);
    }, { expected: [/status of 412/] });
  });
});
