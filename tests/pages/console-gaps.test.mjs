// The console stays true where something is missing for a while: what was not told, what was asked for too late, and what
// somebody else took away.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ADA, CONFIG, ask, create, deliveredIn, grid, live, paid, publishBatch, rows, seen, watch } from './console-deliveries.mjs';
import { heldUp } from './console-webhooks.mjs';
import { TIMEOUT, publish, signIn, until, withPage, withReceiver, withServer } from './harness.mjs';

const OK = () => ({ status: 204 });

test('what happened in a gap is in the list, also if more is told before that is asked for', { timeout: TIMEOUT }, async () => {
  await withReceiver(OK, (url) => withServer(CONFIG(), async (base) => {
    await create(base, url);
    await paid(base);
    await withPage(`${base}/console`, async (page) => {
      const asked = new Set();
      page.on('request', (request) => request.url().includes('/v1/deliveries?') && asked.add(request));
      for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => asked.delete(request));
      await watch(page, base, 'deliveries');
      await live(page);
      await page.getByText('1 delivery', { exact: true }).waitFor();
      await seen(page, false);
      await page.clock.fastForward(61_000);
      await page.locator('.live', { hasText: 'Paused' }).waitFor();
      await until('what was asked before is answered', () => asked.size === 0);
      await publishBatch(base, 0, 150);
      await until('all are delivered', async () => (await deliveredIn(base)) >= 151);
      const newest = await heldUp(page, '**/v1/deliveries?*');
      await seen(page, true);
      await live(page);
      await paid(base);
      await rows(page).nth(1).waitFor();
      newest.release();
      await page.getByText('100 deliveries loaded').waitFor();
      await grid(page).evaluate((list) => (list.scrollTop = list.scrollHeight));
      await page.getByText('152 deliveries', { exact: true }).waitFor();
    });
  }));
});

test('a delivery that will not be tried again is not said to be, though nobody tells', { timeout: TIMEOUT }, async () => {
  let status = 200;
  await withReceiver(() => ({ status }), (url) => withServer(CONFIG('["0s", "300s"]'), async (base) => {
    const { id: webhook } = await create(base, url);
    await paid(base);
    await until('it is delivered', async () => (await deliveredIn(base)) === 1);
    status = 500;
    await withPage(`${base}/console#/deliveries`, async (page) => {
      await signIn(page, ADA);
      await live(page);
      const { id: replay } = await ask(base, '/v1/replays', { webhook, states: ['delivered'], preview: false });
      const row = rows(page).filter({ hasText: 'Replay' });
      await row.filter({ hasText: 'Retrying' }).waitFor();
      await row.getByRole('link').click();
      const sheet = page.getByRole('dialog', { name: 'Delivery' });
      await sheet.getByText('Next attempt in').waitFor();
      await ask(base, `/v1/replays/${replay}`, undefined, 'DELETE');
      await sheet.getByText('Cancelled', { exact: true }).waitFor();
      await sheet.getByText('Next attempt').waitFor({ state: 'detached' });
      await row.filter({ hasText: 'Cancelled' }).waitFor();
    });
  }));
});

/** A name that turns around whatever follows it. */
const TURNED = 'abc\u202edrows';

test('a name that reorders text reorders nothing but itself', { timeout: TIMEOUT }, async () => {
  await withReceiver(OK, (url) => withServer(CONFIG(), async (base) => {
    const { id } = await create(base, url, TURNED);
    await publish(base, ADA, { id: TURNED, type: 'order.paid', data: {} });
    await until('it is delivered', async () => (await deliveredIn(base)) === 1);
    await withPage(`${base}/console#/webhooks/${id}`, async (page) => {
      await signIn(page, ADA);
      await page.getByRole('heading', { name: 'Settings' }).waitFor();
      await inOrder(page, 'a webhook');
      await page.goto(`${base}/console#/deliveries`);
      await rows(page).getByText('order.paid').click();
      await page.getByRole('heading', { name: 'One attempt' }).waitFor();
      await inOrder(page, 'a delivery');
      await page.goto(`${base}/console#/replays?webhook=${id}`);
      await page.getByLabel('Delivered').check();
      await page.getByRole('button', { name: 'Preview' }).click();
      await page.getByText('1 delivery would be sent again').waitFor();
      await page.getByRole('button', { name: 'Begin the replay…' }).click();
      await page.getByText('will be made anew for').waitFor();
      await inOrder(page, 'a replay that is asked about');
      await page.getByRole('button', { name: 'Send 1 delivery again' }).click();
      await page.getByText('begun by').waitFor();
      await inOrder(page, 'a replay');
    });
  }));
});

/** Holds that each of the page's own texts stands in its order, and apart from what turns text around. */
async function inOrder(page, what) {
  const wrong = await page.evaluate((turned) => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) => (node.parentElement.closest('pre, option, script, style') === null ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_REJECT));
    const place = (node, index) => {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + 1);
      return range.getBoundingClientRect();
    };
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const text = node.data;
      const apart = node.parentElement.childNodes.length === 1 && getComputedStyle(node.parentElement).unicodeBidi !== 'normal';
      if (text.includes('\u202e') && !(text === turned && apart)) found.push(`in one with it: ${node.parentElement.outerHTML}`);
      if (text.includes('\u202e')) continue;
      const all = Array.from(text, (_, index) => place(node, index)).filter(({ width }) => width > 0);
      if (all.some(({ left, top }, index) => index > 0 && top === all[index - 1].top && left < all[index - 1].left)) found.push(`turned around: ${text}`);
    }
    return found;
  }, TURNED);
  assert.deepEqual(wrong, [], what);
}

test('each of ten thousand webhooks can be chosen, and is named', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG(), async (base) => {
    const one = await create(base, 'https://hooks.example.com/');
    const all = Array.from({ length: 10_000 }, (_, n) => {
      const text = String(n).padStart(12, '0');
      return { ...one, id: n === 9_999 ? one.id : `${one.id.slice(0, -12)}${text}`, profile: { ...one.profile, name: `number ${text}` } };
    });
    await withPage(`${base}/console`, async (page) => {
      await page.route('**/v1/webhooks?*', (request) => {
        const at = Number(new URL(request.request().url()).searchParams.get('cursor') ?? 0);
        return request.fulfill({ json: { webhooks: all.slice(at, at + 100), next: at + 100 < all.length ? String(at + 100) : null, prev: null } });
      });
      await page.goto(`${base}/console#/deliveries`);
      await signIn(page, ADA);
      const { id, profile } = all.at(-1);
      const field = page.getByLabel('Webhook', { exact: true });
      await field.locator('option', { hasText: profile.name }).waitFor({ state: 'attached' });
      await field.selectOption({ label: profile.name });
      await page.waitForURL((url) => url.hash.includes(`webhook=${id}`));
      await page.getByRole('link', { name: 'Replay…' }).click();
      await page.getByRole('heading', { name: 'Replays', exact: true }).waitFor();
      assert.equal(await field.locator('option:checked').textContent(), profile.name);
      const types = page.getByLabel('Event types');
      await types.pressSequentially('order.paid');
      assert.equal(await types.inputValue(), 'order.paid');
    });
  });
});

test('statistics stay those of the webhook they were of, also once it is deleted', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG(), async (base) => {
    for (const name of ['one', 'other']) await create(base, 'https://hooks.example.com/', name);
    await withPage(`${base}/console#/stats`, async (page) => {
      const stream = page.waitForResponse((answer) => answer.url().endsWith('/v1/stream'));
      await signIn(page, ADA);
      await stream;
      const field = page.getByLabel('Webhook', { exact: true });
      const name = () => field.locator('option:checked').textContent();
      await field.locator('option', { hasText: 'other' }).waitFor({ state: 'attached' });
      const [shown, id] = [await name(), await field.inputValue()];
      await ask(base, `/v1/webhooks/${id}`, undefined, 'DELETE');
      // Long enough for all that is told of it.
      await page.waitForTimeout(1_500);
      assert.equal(await name(), shown);
      await page.getByLabel('Range').selectOption('7d');
      await page.waitForURL((url) => url.hash.includes(`webhook=${id}`));
    }, { expected: [/status of 404/] });
  });
});

for (const [view, make, path, button, confirm] of [
  ['users', { id: 'gone', roles: ['user'] }, ({ id }) => `/v1/users/${id}`, 'Delete gone', 'Delete the user'],
  ['tokens', { name: 'gone', expires_in: '1h' }, ({ id }) => `/v1/tokens/${id}`, 'Revoke gone', 'Revoke the token'],
]) {
  test(`one of the ${view} that somebody else has deleted is gone from the list once that is told`, { timeout: TIMEOUT }, async () => {
    await withServer(CONFIG(), async (base) => {
      const made = await ask(base, `/v1/${view}`, make);
      await withPage(`${base}/console#/${view}`, async (page) => {
        await signIn(page, ADA);
        await page.getByRole('button', { name: button }).click();
        await ask(base, path(made), undefined, 'DELETE');
        await page.getByRole('dialog').getByRole('button', { name: confirm }).click();
        await page.getByRole('dialog').getByText('It may have been deleted meanwhile').waitFor();
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: button }).waitFor({ state: 'detached' });
      }, { expected: [/status of 404/] });
    });
  });
}
