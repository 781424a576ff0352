// The pages without a mouse: everything is reached by Tab, and done by Enter, Space, arrows and typing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TIMEOUT, publish, withPage, withReceiver, withServer } from './harness.mjs';

const CONFIG = `
[[tenant]]
name = "acme"
dialect = "native"
  [tenant.egress]
  allow = ["127.0.0.0/8"]
  [[tenant.user]]
  id = "ada"
  roles = ["admin"]
  token = "the-token-of-ada"
`;

/** More stops than any of the pages has. */
const STOPS = 120;

/** Presses Tab (or Shift+Tab) until this has the focus, which has to be seen there. */
async function tabTo(page, target, key = 'Tab') {
  for (let stop = 0; stop < STOPS; stop += 1) {
    if ((await target.count()) > 0 && (await target.evaluate((element) => element === document.activeElement))) {
      const ring = await target.evaluate((element) => {
        // What is inside a field that grows with it shows the ring on the field.
        for (let at = element; at !== null && at !== document.body; at = at.parentElement) {
          const { outlineStyle, outlineWidth } = getComputedStyle(at);
          if (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) return true;
        }
        return false;
      });
      assert.ok(ring, `${target} has the focus, and nothing shows it`);
      return;
    }
    await page.keyboard.press(key);
  }
  assert.fail(`${target} is not reached by ${key}`);
}

test('a webhook is made, its delivery read and sent again, and the webhook deleted by the keyboard alone', { timeout: TIMEOUT }, async () => {
  await withReceiver(() => ({ status: 200, body: 'thanks' }), (url, requests) => withServer(CONFIG, async (base) => {
    await withPage(`${base}/console`, async (page, context) => {
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const press = (key) => page.keyboard.press(key);
      const type = (text) => page.keyboard.type(text);
      const button = (name, within = page) => within.getByRole('button', { name, exact: true });

      await tabTo(page, page.getByLabel('Token', { exact: true }));
      await type('the-token-of-ada');
      await press('Enter');

      await page.getByText('There are no webhooks yet').waitFor();
      await tabTo(page, page.getByRole('main').getByRole('link', { name: 'New webhook' }).first());
      await press('Enter');
      const form = page.getByRole('dialog', { name: 'New webhook' });
      await form.waitFor();
      await tabTo(page, form.getByLabel('Name', { exact: true }));
      await type('orders');
      await tabTo(page, form.getByLabel('Webhook URL'));
      await type(`${url}/hooks`);
      await tabTo(page, form.getByRole('checkbox', { name: 'Everything' }));
      await press('Space');
      await tabTo(page, button('Save', form));
      await press('Enter');
      const secret = page.getByRole('dialog', { name: 'The new secret' });
      await tabTo(page, button('Copy: Secret', secret));
      await press('Enter');
      await secret.getByText('Copied', { exact: true }).waitFor();
      await tabTo(page, button('Done', secret));
      await press('Enter');
      await page.locator('dialog.sheet').getByRole('heading', { name: 'Settings' }).waitFor();
      await press('Escape');
      await page.locator('dialog.sheet').waitFor({ state: 'detached' });

      await publish(base, 'the-token-of-ada', { id: 'e1', type: 'order.paid', data: {} });
      await tabTo(page, page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Deliveries' }), 'Shift+Tab');
      await press('Enter');
      const row = page.locator('.deliveries-rows [role=row]').filter({ hasText: 'Delivered' });
      await row.waitFor();
      await tabTo(page, page.getByRole('grid', { name: 'Deliveries' }));
      await page.locator('[role=row][aria-selected=true]').filter({ hasText: 'order.paid' }).waitFor();
      await press('Enter');
      const delivery = page.getByRole('dialog', { name: 'Delivery' });
      await delivery.getByText('Taken by the receiver at the first attempt').waitFor();
      await tabTo(page, button('Resend', delivery));
      await press('Enter');
      await page.waitForFunction(() => document.querySelectorAll('.deliveries-rows [role=row]').length === 2);
      assert.equal(requests.length, 2);
      await press('Escape');
      await delivery.waitFor({ state: 'detached' });

      await tabTo(page, page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Webhooks' }), 'Shift+Tab');
      await press('Enter');
      await tabTo(page, page.getByRole('table', { name: 'Webhooks' }).getByRole('link', { name: 'orders' }));
      await press('Enter');
      const sheet = page.locator('dialog.sheet');
      await tabTo(page, button('Delete', sheet));
      await press('Enter');
      const sure = page.getByRole('dialog', { name: /^Delete/ });
      await sure.waitFor();
      await tabTo(page, sure.getByRole('button', { name: /^Delete/ }));
      await press('Enter');
      await page.getByText('There are no webhooks yet').waitFor();
    });
  }));
});

test('a sample is chosen, judged, changed and shared by the keyboard alone', { timeout: TIMEOUT }, async () => {
  await withServer('', async (base) => {
    await withPage(base, async (page, context) => {
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const verdict = page.locator('section[aria-label="Verdict"]');
      await tabTo(page, page.getByLabel('Load a sample'));
      await page.keyboard.type('Stripe');
      await page.keyboard.press('Enter');
      await verdict.getByText('Genuine: the signature matches').waitFor();
      await tabTo(page, page.getByLabel('Body', { exact: true }));
      await page.keyboard.press('End');
      await page.keyboard.type('x');
      await verdict.getByText('Not genuine').first().waitFor();
      await tabTo(page, page.getByRole('button', { name: 'Share…' }));
      await page.keyboard.press('Enter');
      await tabTo(page, page.getByRole('dialog').getByRole('button', { name: 'Copy the link' }));
      await page.keyboard.press('Enter');
      await page.getByText('Copied.', { exact: true }).waitFor();
      await page.keyboard.press('Escape');
      await tabTo(page, page.getByRole('button', { name: 'Sign', exact: true }), 'Shift+Tab');
    });
  });
});
