// Qlik's own client, `@qlik/api` from npm, unmodified, over every operation that it has for webhooks.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { auth, webhooks } from '@qlik/api';

import { publish, until, withReceiver, withServer } from './server.mjs';

const config = `
[server]
rate_limit = false
[[tenant]]
name = "qlik"
dialect = "qlik"
egress.allow = ["127.0.0.0/8"]
egress.relaxed_targets = true
settings.retry = []
[[tenant.user]]
id = "ada"
name = "Ada"
roles = ["admin"]
token = "the-token-of-ada"
[[tenant.user]]
id = "bob"
name = "Bob"
roles = ["user"]
token = "the-token-of-bob"
[[tenant.user]]
id = "pub"
name = "Publisher"
roles = ["sender"]
token = "the-token-of-pub"
`;

const fresh = { noCache: true };
const as = (base, token) => ({ ...fresh, hostConfig: { authType: 'apikey', host: base, apiKey: `the-token-of-${token}`, forceIsWindows: false } });

/** What the client throws for an answer that is no success. */
async function refused(status, promise) {
  const error = await promise.then(() => assert.fail('not refused'), (error) => error);
  assert.equal(error.status, status, JSON.stringify(error.data));
  assert.ok(error.data.traceId);
  for (const { code, title } of error.data.errors) assert.ok(code && title);
  return error.data.errors[0];
}

const hook = (url, more = {}) => ({
  name: 'hook',
  url,
  eventTypes: ['com.qlik.v1.app.created'],
  enabled: true,
  secret: 'a secret of thirty-two characters',
  ...more,
});

test('the client creates, reads, changes and deletes a webhook and sees its deliveries', async () => {
  await withServer(config, (base) =>
    withReceiver((n) => ({ status: n === 1 ? 500 : 200, body: 'seen', headers: { 'x-answer': 'yes' } }), async (url, requests) => {
      auth.setDefaultHostConfig({ authType: 'apikey', host: base, apiKey: 'the-token-of-ada', forceIsWindows: false });
      const created = await webhooks.createWebhook(
        hook(`${url}/in`, { headers: { 'X-Plain': 'p' }, encryptedHeaders: { 'X-Key': 'hidden' }, description: 'why' }),
      );
      assert.equal(created.status, 201);
      const { id, secret, secretKeyAdded, encryptedHeaders, level, createdByUserId, origin } = created.data;
      assert.deepEqual([secret, secretKeyAdded, encryptedHeaders], [undefined, true, ['X-Key']]);
      assert.deepEqual([level, createdByUserId, origin], ['tenant', 'ada', 'api']);
      assert.deepEqual((await webhooks.getWebhook(id, fresh)).data, created.data);
      const patched = await webhooks.patchWebhook(id, [
        { op: 'replace', path: '/name', value: 'renamed' },
        { op: 'remove', path: '/description' },
      ]);
      assert.equal(patched.status, 204);
      const renamed = (await webhooks.getWebhook(id, fresh)).data;
      assert.deepEqual([renamed.name, renamed.description], ['renamed', undefined]);

      await publish(base, 'the-token-of-pub', { id: '1', type: 'com.qlik.v1.app.created', data: { id: 'app-1' } });
      const list = async (query) => (await webhooks.getWebhookDeliveries(id, query, fresh)).data.data;
      const [failed] = await until('the delivery', async () => {
        const found = await list({});
        return found.length > 0 && found;
      });
      assert.deepEqual([failed.status, failed.eventType, failed.webhookId], ['fail', 'com.qlik.v1.app.created', id]);
      assert.deepEqual([failed.response.statusCode, failed.response.body], [500, 'seen']);
      assert.equal(failed.response.headers['x-answer'], 'yes');
      const { headers } = failed.request;
      const shown = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
      assert.deepEqual([shown['x-plain'], shown['x-key']], ['p', '**OMITTED**']);
      assert.equal(requests[0].headers['x-key'], 'hidden');
      assert.deepEqual(failed.request.body, JSON.parse(requests[0].body));
      assert.deepEqual((await webhooks.getWebhookDelivery(id, failed.id, fresh)).data, failed);
      const resent = await webhooks.resendWebhookDelivery(id, failed.id);
      assert.deepEqual([resent.status, resent.data.status], [201, 'success']);
      assert.equal(requests[1].body, requests[0].body);
      assert.deepEqual((await list({ status: 'success' })).map((one) => one.id), [resent.data.id]);
      assert.deepEqual((await list({ status: 'fail' })).map((one) => one.id), [failed.id]);

      const put = await webhooks.updateWebhook(id, { name: 'put', url: `${url}/other`, eventTypes: ['com.qlik.app.created'] });
      assert.deepEqual([put.status, put.data.secretKeyAdded, put.data.enabled], [200, false, false]);
      assert.equal((await webhooks.deleteWebhook(id)).status, 204);
      await refused(404, webhooks.getWebhook(id, fresh));
    }),
  );
});

test('the client pages through lists in both directions', async () => {
  await withServer(config, async (base) => {
    auth.setDefaultHostConfig({ authType: 'apikey', host: base, apiKey: 'the-token-of-ada', forceIsWindows: false });
    const names = ['d', 'b', 'a', 'e', 'c'];
    for (const name of names) await webhooks.createWebhook(hook('http://hooks.test/', { name, enabled: false }));
    let page = await webhooks.getWebhooks({ limit: 2, sort: '+name' }, fresh);
    const seen = [];
    for (;;) {
      seen.push(...page.data.data.map((one) => one.name));
      if (!page.next) break;
      page = await page.next(fresh);
    }
    assert.deepEqual(seen, ['a', 'b', 'c', 'd', 'e']);
    const back = await page.prev(fresh);
    assert.deepEqual(back.data.data.map((one) => one.name), ['c', 'd']);
    const found = await webhooks.getWebhooks({ name: 'A*', enabled: false }, fresh);
    assert.deepEqual(found.data.data.map((one) => one.name), ['a']);
    const types = await webhooks.getWebhookEventTypes(fresh);
    const created = types.data.data.find((one) => one.name === 'com.qlik.v1.app.created');
    assert.deepEqual(created.levels, ['tenant', 'user']);
    assert.ok(created.title && created.description);
  });
});

test('the client is told what is wrong, and whose webhooks are not for it', async () => {
  await withServer(config, async (base) => {
    auth.setDefaultHostConfig({ authType: 'apikey', host: base, apiKey: 'the-token-of-ada', forceIsWindows: false });
    await refused(400, webhooks.createWebhook(hook('string')));
    await refused(400, webhooks.createWebhook(hook('http://hooks.test/', { secret: 'short' })));
    await refused(400, webhooks.getWebhooks({ limit: 1000 }, fresh));
    const { id } = (await webhooks.createWebhook(hook('http://hooks.test/'))).data;
    await refused(400, webhooks.patchWebhook(id, [{ op: 'replace', path: '/enableCloudEventDelivery', value: false }]));
    const bob = as(base, 'bob');
    await refused(404, webhooks.getWebhook(id, bob));
    await refused(403, webhooks.createWebhook(hook('http://hooks.test/'), bob));
    const own = await webhooks.createWebhook(hook('http://hooks.test/', { level: 'user' }), bob);
    assert.deepEqual([own.data.level, own.data.ownerId], ['user', 'bob']);
    assert.deepEqual((await webhooks.getWebhooks({}, bob)).data.data.map((one) => one.id), [own.data.id]);
    await refused(401, webhooks.getWebhooks({}, as(base, 'nobody')));
    await refused(403, webhooks.getWebhooks({}, as(base, 'pub')));
  });
});
