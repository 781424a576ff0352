// What the tests of the console's deliveries share: a tenant with an admin, and the server's own view of things.

import assert from 'node:assert/strict';

import { publish, signIn } from './harness.mjs';

export const ADA = 'the-token-of-ada';
export const CONFIG = (retry = '["0s", "20s"]') => `
[server]
rate_limit = false
[[tenant]]
name = "acme"
dialect = "native"
  [tenant.egress]
  allow = ["127.0.0.0/8"]
  [tenant.settings]
  retry = ${retry}
  event_types = ["order.paid", "order.sent", "<img src=x onerror=alert(1)>"]
  [[tenant.user]]
  id = "ada"
  roles = ["admin"]
  token = "${ADA}"
`;
export const HOSTILE = '<img src=x onerror=alert(1)>';
export const json = { 'content-type': 'application/json' };

export async function ask(base, path, body, method = body === undefined ? 'GET' : 'POST') {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { authorization: `Bearer ${ADA}`, ...json },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

export const create = (base, url, name = 'Orders', eventTypes = ['*']) => ask(base, '/v1/webhooks', { url, profile: { dialect: 'native', name, event_types: eventTypes } });

let count = 0;
export const paid = (base, more = {}) => publish(base, ADA, { id: `e${(count += 1)}`, type: 'order.paid', data: { n: count }, ...more });

export const rows = (page) => page.locator('.deliveries-rows [role=row]');
export const grid = (page) => page.getByRole('grid', { name: 'Deliveries' });
export const live = (page) => page.locator('.live', { hasText: /^Live$/ }).waitFor();

/** Signs in at a view of a page whose clock the test moves. */
export async function watch(page, base, view) {
  await page.clock.install();
  await page.goto(`${base}/console#/${view}`);
  await page.reload();
  await signIn(page, ADA);
}

/** Whether somebody looks at the page's tab, as the browser would say. */
export const seen = (page, is) => page.evaluate((visible) => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => !visible });
  document.dispatchEvent(new Event('visibilitychange'));
}, is);

export async function publishBatch(base, batch, size) {
  const events = Array.from({ length: size }, (_, n) => ({ specversion: '1.0', source: '/many', id: `${batch}-${n}`, type: 'order.sent', data: { n } }));
  const response = await fetch(`${base}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADA}`, 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(events),
  });
  assert.equal(response.status, 202, await response.clone().text());
}

/** How many attempts succeeded and failed in the last day. */
export async function attemptsIn(base) {
  const { webhooks } = await ask(base, '/v1/webhooks');
  const { steps } = await ask(base, `/v1/webhooks/${webhooks[0].id}/stats`);
  const sum = (name) => steps.reduce((all, step) => all + step[name], 0);
  return { succeeded: sum('succeeded'), failed: sum('failed') };
}

export const deliveredIn = async (base) => (await attemptsIn(base)).succeeded;
