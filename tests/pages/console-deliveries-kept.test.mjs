// What is shown of deliveries stays true: whatever becomes of their webhook, however late an answer comes, whatever the
// browser's clock says, and whoever signs in.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ADA, CONFIG, ask, create, live, paid, rows, seen, watch } from './console-deliveries.mjs';
import { heldBack, heldUp } from './console-webhooks.mjs';
import { TIMEOUT, accessible, fits, picture, signIn, until, withPage, withReceiver, withServer } from './harness.mjs';

const sheet = (page) => page.getByRole('dialog', { name: 'Delivery' });
const FAILS = () => ({ status: 500 });

/** A server with a webhook whose only delivery was not taken and is to be tried again much later. */
function withPending(use) {
  return withReceiver(FAILS, (url) => withServer(CONFIG('["0s", "1h"]'), async (base) => {
    const webhook = await create(base, url);
    await paid(base);
    const delivery = await until('it was attempted', async () => (await ask(base, '/v1/deliveries')).deliveries[0]);
    await use({ base, webhook, delivery, path: `/v1/webhooks/${webhook.id}` });
  }));
}

test('a delivery waits while its webhook is disabled, and goes on once that is enabled', { timeout: TIMEOUT }, async () => {
  await withPending(async ({ base, delivery, path }) => {
    await withPage(`${base}/console#/deliveries/${delivery.id}`, async (page) => {
      const waits = async () => {
        await sheet(page).getByText('It waits: the webhook is disabled').waitFor();
        assert.equal(await sheet(page).getByText('Next attempt').count(), 0);
        await rows(page).getByText('Waiting', { exact: true }).waitFor();
      };
      await signIn(page, ADA);
      await live(page);
      await sheet(page).getByText('Next attempt in').waitFor();
      await rows(page).getByText('Retrying', { exact: true }).waitFor();
      await ask(base, path, { enabled: false }, 'PATCH');
      await waits();
      await accessible(page, 'a delivery that waits');
      await picture(page, 'delivery-waiting');
      await page.reload();
      await signIn(page, ADA);
      await waits();
      await live(page);
      await ask(base, path, { enabled: true }, 'PATCH');
      await sheet(page).getByText('Next attempt in').waitFor();
      await rows(page).getByText('Retrying', { exact: true }).waitFor();
    });
  });
});

test('a delivery is cancelled once its webhook is deleted, and its webhook keeps its name as long as somebody looks', { timeout: TIMEOUT }, async () => {
  await withPending(async ({ base, delivery, path }) => {
    await withPage(`${base}/console#/deliveries/${delivery.id}`, async (page) => {
      const cancelled = async () => {
        await sheet(page).getByText('its webhook or its replay is gone').waitFor();
        await sheet(page).getByText('deleted', { exact: true }).waitFor();
        assert.equal(await sheet(page).getByText('Next attempt').count(), 0);
        await rows(page).getByText('Cancelled', { exact: true }).waitFor();
      };
      await signIn(page, ADA);
      await live(page);
      await sheet(page).getByText('Next attempt in').waitFor();
      await ask(base, path, undefined, 'DELETE');
      await cancelled();
      await rows(page).getByText('Orders', { exact: true }).waitFor();
      assert.equal(await page.getByLabel('Webhook').locator('option', { hasText: 'Orders' }).count(), 0, 'it cannot be chosen any more');
      await page.reload();
      await signIn(page, ADA);
      await cancelled();
    });
  });
});

test('what became of a webhook while nobody was told is known once the stream is back', { timeout: TIMEOUT }, async () => {
  await withPending(async ({ base, path }) => {
    await withPage(`${base}/console`, async (page) => {
      await watch(page, base, 'deliveries');
      await live(page);
      await rows(page).getByText('Retrying', { exact: true }).waitFor();
      await seen(page, false);
      await page.clock.fastForward(61_000);
      await page.locator('.live', { hasText: 'Paused' }).waitFor();
      await ask(base, path, undefined, 'DELETE');
      // Of the list only the newest are read again, and this one is not among them any more.
      await page.route('**/v1/deliveries?*', (request) => request.fulfill({ json: { deliveries: [], next: null, prev: null } }));
      await seen(page, true);
      await live(page);
      await rows(page).getByText('Cancelled', { exact: true }).waitFor();
    });
  });
});

test('a webhook keeps the name that was told while an older answer was on its way', { timeout: TIMEOUT }, async () => {
  await withPending(async ({ base, webhook, path }) => {
    await withPage(`${base}/console#/webhooks`, async (page) => {
      await signIn(page, ADA);
      // Once the stream is open, what may have been missed is asked for. From then on it tells of each.
      const again = page.waitForResponse((answer) => answer.url().includes('/v1/webhooks?'));
      await live(page);
      await again;
      await page.waitForTimeout(600);
      const names = await heldBack(page, '**/v1/webhooks?*');
      await page.getByRole('link', { name: 'Deliveries' }).click();
      await names.asked;
      const read = page.waitForResponse((answer) => answer.url().endsWith(webhook.id));
      await ask(base, path, { profile: { dialect: 'native', name: 'Bills' } }, 'PATCH');
      await read;
      await page.waitForTimeout(200);
      await names.release();
      await rows(page).getByText('Bills', { exact: true }).waitFor();
    });
  });
});

test('a replay that somebody else begins appears by itself, and at once for whoever reloads', { timeout: TIMEOUT }, async () => {
  await withReceiver(() => ({ status: 204 }), (url) => withServer(CONFIG(), async (base) => {
    const { id } = await create(base, url);
    const begin = () => ask(base, '/v1/replays', { webhook: id, states: ['delivered'] });
    await withPage(`${base}/console`, async (page) => {
      await watch(page, base, 'replays');
      await page.getByText('Nothing was replayed yet').waitFor();
      const replays = page.getByRole('article', { name: 'Replay of Orders' });
      await begin();
      await page.getByRole('button', { name: 'Reload' }).click();
      await replays.getByText('Done', { exact: true }).waitFor();
      await begin();
      await page.clock.runFor(10_000);
      await replays.nth(1).waitFor();

      // Nobody looks: nothing is asked. Once somebody does, it is there at once.
      await seen(page, false);
      await begin();
      await page.clock.runFor(30_000);
      await page.waitForTimeout(300);
      assert.equal(await replays.count(), 2);
      await seen(page, true);
      await replays.nth(2).waitFor();
    });
  }));
});

test('on the narrowest phone a delivery still says whose it is', { timeout: TIMEOUT }, async () => {
  const name = 'Orders of the northern shops';
  await withReceiver(FAILS, (url) => withServer(CONFIG(), async (base) => {
    await create(base, url, name);
    await paid(base);
    await paid(base);
    await withPage(`${base}/console#/deliveries`, async (page) => {
      await signIn(page, ADA);
      await rows(page).nth(1).waitFor();
      // The name comes with an answer of its own, and the status with the attempt.
      for (const text of [name, '500']) await rows(page).first().getByText(text, { exact: true }).waitFor();
      const cells = await rows(page).first().getByRole('gridcell').filter({ hasText: /\S/ }).evaluateAll((all) => all.map((cell) => [cell.textContent, cell.scrollWidth <= cell.clientWidth, cell.clientWidth > 1]));
      const cut = cells.filter(([, whole, seen]) => seen && !whole);
      assert.deepEqual(cut, []);
      for (const text of [name, 'order.paid', '500']) assert.ok(cells.some(([shown, , seen]) => seen && shown === text), text);
      const [one, other] = await Promise.all([rows(page).first().boundingBox(), rows(page).nth(1).boundingBox()]);
      assert.equal(other.y, one.y + one.height, 'one line begins where the other ends');
      await fits(page, 'the list');
      await accessible(page, 'the list on the narrowest phone');
      await picture(page, 'deliveries-narrowest');
    }, { viewport: { width: 320, height: 640 } });
  }));
});

test('all there is in the console stands in a landmark, and the first link leads past what is the same everywhere', { timeout: TIMEOUT }, async () => {
  await withServer(CONFIG(), async (base) => {
    await withPage(`${base}/console`, async (page) => {
      const outside = async () => {
        await accessible(page, 'the console');
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['region', 'skip-link', 'landmark-one-main', 'landmark-unique'] }));
        return violations.flatMap(({ nodes }) => nodes.map(({ html }) => html));
      };
      await signIn(page, ADA);
      await page.getByText('There are no webhooks yet').waitFor();
      await page.keyboard.press('Tab');
      const skip = page.getByRole('link', { name: 'Skip to the content' });
      assert.ok(await skip.evaluate((link) => link === document.activeElement));
      assert.deepEqual(await outside(), []);
      await page.keyboard.press('Enter');
      assert.ok(await page.getByRole('main').evaluate((main) => main === document.activeElement));
      for (const view of ['deliveries', 'replays', 'stats']) {
        await page.goto(`${base}/console#/${view}`);
        await page.locator(`.console-nav a[href="#/${view}"][aria-current]`).waitFor();
        await page.locator('main h1').waitFor();
        assert.deepEqual(await outside(), [], view);
      }
    });
  });
});

for (const hours of [3, -3]) {
  test(`a countdown is right in a browser whose clock is ${Math.abs(hours)} hours ${hours > 0 ? 'fast' : 'slow'}`, { timeout: TIMEOUT }, async () => {
    await withPending(async ({ base, delivery }) => {
      await withPage(`${base}/console`, async (page) => {
        await page.addInitScript((off) => {
          const { now } = Date;
          Date.now = () => now() + off;
        }, hours * 3_600_000);
        await page.goto(`${base}/console#/deliveries/${delivery.id}`);
        await page.reload();
        await signIn(page, ADA);
        const countdown = sheet(page).getByRole('timer');
        await countdown.waitFor();
        // An hour, and up to a quarter of that more, less what has passed.
        assert.match(await countdown.innerText(), /^Next attempt in (59 min|1 h)/);
      });
    });
  });
}

test('what happens after the first page was read and before the stream is open is shown', { timeout: TIMEOUT }, async () => {
  await withReceiver(() => ({ status: 204 }), (url) => withServer(CONFIG(), async (base) => {
    await create(base, url);
    await withPage(`${base}/console`, async (page) => {
      const first = await heldBack(page, '**/v1/deliveries?*');
      const stream = await heldUp(page, '**/v1/stream');
      await page.goto(`${base}/console#/deliveries`);
      await signIn(page, ADA);
      await first.asked;
      await paid(base);
      await until('it is delivered', async () => (await ask(base, '/v1/deliveries')).deliveries.length === 1);
      stream.release();
      await live(page);
      await first.release();
      await rows(page).filter({ hasText: 'order.paid' }).waitFor();
      assert.equal(await rows(page).count(), 1);
    });
  }));
});

test('whoever signs in in somebody else’s place sees nothing of theirs', { timeout: TIMEOUT }, async () => {
  const name = 'Orders of Ada';
  const theirs = (page) => page.getByRole('main').getByText(name);
  const reload = (page) => page.getByRole('button', { name: 'Reload' }).click();
  const views = [
    ['deliveries', reload, 'Nothing was delivered yet'],
    ['replays', reload, 'Nothing was replayed yet'],
    ['webhooks', (page) => page.getByLabel(/^Search/).fill('o'), 'No webhook is like that'],
  ];
  await withReceiver(() => ({ status: 204 }), (url) => withServer(`${CONFIG()}
  [[tenant.user]]
  id = "bob"
  roles = ["user"]
  token = "the-token-of-bob"
`, async (base) => {
    const { id } = await create(base, url, name);
    await paid(base);
    await until('it is delivered', async () => (await ask(base, '/v1/deliveries')).deliveries.length === 1);
    await ask(base, '/v1/replays', { webhook: id, states: ['delivered'] });
    for (const [view, asks, empty] of views) {
      const brief = await ask(base, '/v1/tokens', { name: 'brief', expires_in: '1h' });
      await withPage(`${base}/console#/${view}`, async (page) => {
        await signIn(page, brief.token);
        await theirs(page).first().waitFor({ state: 'attached' });
        await ask(base, `/v1/tokens/${brief.id}`, undefined, 'DELETE');
        await asks(page);
        const again = page.getByRole('dialog', { name: 'Sign in again' });
        await again.getByLabel('Token', { exact: true }).fill('the-token-of-bob');
        await again.getByRole('button', { name: 'Sign in' }).click();
        await page.getByText(empty).waitFor();
        assert.equal(await theirs(page).count(), 0, view);
        assert.equal(await rows(page).count(), 0, view);
      }, { expected: [/401/] });
    }
  }));
});
