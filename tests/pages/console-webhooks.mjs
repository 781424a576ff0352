// What the tests of the console's webhooks share: a tenant of each system, and the server's own view of things.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { signIn, withPage, withReceiver, withServer } from './harness.mjs';

export const DIALECTS = ['native', 'immuta', 'immuta-request', 'generic', 'qlik'];

const tenant = (dialect, types) => `
[[tenant]]
name = "${dialect}-tenant"
dialect = "${dialect}"
  [tenant.egress]
  allow = ["127.0.0.0/8"]
  relaxed_targets = true
  [tenant.settings]
  event_types = ${JSON.stringify(types)}
  [[tenant.user]]
  id = "1"
  name = "Ada Lovelace"
  roles = ["admin"]
  token = "token-of-ada-of-${dialect}"
  [[tenant.user]]
  id = "2"
  name = "Bob"
  roles = ["user"]
  token = "token-of-bob-of-${dialect}"
`;

const config = (types) => `
[[operator]]
name = "ops"
token = "token-of-the-operator"
${DIALECTS.map((dialect) => tenant(dialect, types)).join('')}`;

/** A browser reports each refusal of the server as an error of the page's; those that a test provokes are expected. */
export const refusals = (...statuses) => statuses.map((status) => new RegExp(`status of ${status}`));

/** The server with a receiver beside it. Its tenants list `types` beside those of their systems. */
export function withConsole(answer, use, types = ['orders.created', 'orders.paid']) {
  return withServer(config(types), (base) => withReceiver(answer, (receiver, requests) => use({ base, receiver, requests })));
}

/** The console's webhooks, as Ada of this tenant sees them. */
export async function withWebhooks({ base }, dialect, use, options = {}) {
  const { user = 'ada', path = '#/webhooks', ...rest } = options;
  await withPage(`${base}/console${path}`, async (page, context) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await signIn(page, `token-of-${user}-of-${dialect}`);
    await use(page, context);
  }, rest);
}

/** Asks the server without the console. */
export async function ask(base, token, method, path, body, headers = {}) {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

/** The same, as Ada of a tenant. */
export const asAda = (base, dialect) => (method, path, body, headers) => ask(base, `token-of-ada-of-${dialect}`, method, path, body, headers);

export const PROFILES = {
  native: { dialect: 'native', name: 'orders', event_types: ['orders.created'] },
  immuta: { dialect: 'immuta', name: 'models', global: false, action: 'triggered', event_types: ['modelCreated'] },
  'immuta-request': { dialect: 'immuta-request', verify_tls: true },
  generic: { dialect: 'generic', event_types: ['user.created'], description: 'mirrors users' },
  qlik: { dialect: 'qlik', name: 'apps', event_types: ['com.qlik.v1.app.reload.finished'], level: 'tenant', filter: 'data.status eq "error"', headers: { 'X-Team': 'sales' }, encrypted_headers: { 'X-Key': 'sealed' } },
};

/** A webhook that was made without the console. */
export function make(base, dialect, url, more = {}) {
  const { profile, ...rest } = more;
  return asAda(base, dialect)('POST', '/v1/webhooks', { url, profile: { ...PROFILES[dialect], ...profile }, ...rest });
}

/** Whether a request is signed with this `whsec_` secret, by Standard Webhooks. */
export function isSignedWith(secret, { headers, body }) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const mac = createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64');
  return (headers['webhook-signature'] ?? '').split(' ').includes(`v1,${mac}`);
}

export const sheet = (page) => page.locator('dialog.sheet');
export const dialog = (page, name) => page.getByRole('dialog', { name });

/** Opens a webhook of the list. */
export async function open(page, name) {
  await page.getByRole('table', { name: 'Webhooks' }).getByRole('link', { name, exact: true }).click();
  await sheet(page).getByRole('heading', { name: 'Settings' }).waitFor();
}

/** What the page sends by this method from now on. (The driver sees no bodies that are streams.) */
export async function sent(page, wanted) {
  await page.evaluate((method) => {
    const { fetch } = globalThis;
    globalThis.sent = [];
    globalThis.fetch = async (request) => {
      if (request.method === method) globalThis.sent.push({ body: JSON.parse(await request.clone().text()), ifMatch: request.headers.get('if-match') });
      return fetch(request);
    };
  }, wanted);
  return () => page.evaluate(() => globalThis.sent);
}

/** Holds back the first answer to what is asked there: the server gives it now, the page gets it when it is released. */
export async function heldBack(page, url, method = 'GET') {
  const [answered, released, ended] = [later(), later(), later()];
  const handler = async (route) => {
    const response = await route.fetch();
    answered.resolve();
    await released.promise;
    // Whoever asked may not want it any more.
    await route.fulfill({ response }).catch(() => undefined);
    ended.resolve();
  };
  await answerOnce(page, method, url, handler);
  return { asked: answered.promise, release: () => (released.resolve(), ended.promise) };
}

/** Has this answer the next request of a method; a page may read the same URL again at any time. */
export async function answerOnce(page, method, url, answer) {
  let answered = false;
  await page.route(url, (route) => {
    if (answered || route.request().method() !== method) return route.fallback();
    answered = true;
    return answer(route);
  });
}

/** Lets nothing through to the server that is asked there, until it is released. */
export async function heldUp(page, url) {
  const released = later();
  await page.route(url, async (route) => {
    await released.promise;
    // Whoever asked may not want it any more.
    await route.continue().catch(() => undefined);
  });
  return { release: released.resolve };
}

function later() {
  let resolve;
  return { promise: new Promise((done) => (resolve = done)), resolve };
}
