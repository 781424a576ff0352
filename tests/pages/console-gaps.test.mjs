// The console stays true where something is missing for a while: what was not told, what was asked for too late, and what
// somebody else took away.

import { test } from 'node:test';

import { ADA, CONFIG, create, deliveredIn, grid, live, paid, publishBatch, rows } from './console-deliveries.mjs';
import { heldUp } from './console-webhooks.mjs';
import { TIMEOUT, signIn, until, withPage, withReceiver, withServer } from './harness.mjs';

const OK = () => ({ status: 204 });

/** Whether nobody sees the page. */
const look = (page, hidden) => page.evaluate((is) => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => is });
  document.dispatchEvent(new Event('visibilitychange'));
}, hidden);

test('what happened in a gap is in the list, also if more is told before that is asked for', { timeout: TIMEOUT }, async () => {
  await withReceiver(OK, (url) => withServer(CONFIG(), async (base) => {
    await create(base, url);
    await paid(base);
    await withPage(`${base}/console`, async (page) => {
      await page.clock.install();
      await page.goto(`${base}/console#/deliveries`);
      await page.reload();
      await signIn(page, ADA);
      await live(page);
      await page.getByText('1 delivery', { exact: true }).waitFor();
      await look(page, true);
      await page.clock.fastForward(61_000);
      await page.locator('.live', { hasText: 'Paused' }).waitFor();
      await publishBatch(base, 0, 150);
      await until('all are delivered', async () => (await deliveredIn(base)) >= 151);
      const newest = await heldUp(page, '**/v1/deliveries?*');
      await look(page, false);
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
