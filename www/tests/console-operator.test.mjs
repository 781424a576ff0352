// What is asked of the API when a form is saved: only what is to be different.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './load.mjs';

const { NEW, changeOf, draftOf, newTenant, wrongLine } = await load('/src/console/operator/tenant-draft.ts');
const { choiceOf, progressOf, requestOf, wrongWith } = await load('/src/console/replays/choice.ts');

const tenant = {
  name: 'acme',
  dialect: 'immuta',
  origin: 'api',
  egress: { allow: ['10.0.0.0/8'], hosts: { a: '10.0.0.1', b: '10.0.0.2' }, relaxed_targets: false },
  settings: { timeout: '10s', retry: ['0s', '5s'], retention: '7d', standard_webhooks: true, immuta_signatures: ['sha1', 'sha256'], notification_list: 'saas', envelope: 'cloudevents', event_types: ['x'] },
};

test('a new tenant says only what was entered', () => {
  assert.deepEqual(newTenant({ ...NEW, name: ' beta ', dialect: 'generic' }), { name: 'beta', dialect: 'generic' });
  assert.deepEqual(newTenant({ ...NEW, name: 'b', allow: ' 10.0.0.0/8 \n\n', retry: '0s, 5s  1m', standardWebhooks: false }), {
    name: 'b',
    dialect: 'native',
    egress: { allow: ['10.0.0.0/8'] },
    settings: { retry: ['0s', '5s', '1m'], standard_webhooks: false },
  });
});

test('a new tenant has nothing that was chosen for another system', () => {
  const chosen = { ...NEW, name: 'b', relaxedTargets: true, envelope: 'hybrid', signatures: ['sha1'], notificationList: '2024.3' };
  assert.deepEqual(newTenant({ ...chosen, dialect: 'generic' }), { name: 'b', dialect: 'generic' });
  assert.deepEqual(newTenant({ ...chosen, dialect: 'qlik' }), { name: 'b', dialect: 'qlik', egress: { relaxed_targets: true }, settings: { envelope: 'hybrid' } });
  assert.deepEqual(newTenant({ ...chosen, dialect: 'immuta' }), { name: 'b', dialect: 'immuta', settings: { immuta_signatures: ['sha1'], notification_list: '2024.3' } });
});

test('a changed tenant says only what is different, and nothing of nothing', () => {
  const before = draftOf(tenant);
  assert.deepEqual(changeOf(before, before), {});
  assert.deepEqual(changeOf(before, { ...before, allow: '10.0.0.0/8\n' }), {}, 'the same blocks');
  assert.deepEqual(changeOf(before, { ...before, hosts: 'a 10.0.0.1', retry: '', signatures: ['sha256'], retention: '30d', eventTypes: '' }), {
    egress: { hosts: { a: '10.0.0.1' } },
    settings: { retention: '30d', retry: [], immuta_signatures: ['sha256'], event_types: [] },
  });
});

test('a fixed name without an address is named before anything is asked', () => {
  assert.equal(wrongLine({ ...NEW, hosts: 'a 10.0.0.1\n\n b\t10.0.0.2 ' }), undefined);
  assert.match(wrongLine({ ...NEW, hosts: 'a 10.0.0.1\nb' }), /“b” must be a name and its address/);
  assert.match(wrongLine({ ...NEW, hosts: 'a 10.0.0.1 c' }), /“a 10.0.0.1 c”/);
});

test('a replay is of what the list was narrowed to, and asks for what was missed', () => {
  const webhook = '01a22598-3b10-7ddd-ba44-d9128c632cf8';
  const choice = choiceOf(new URLSearchParams({ webhook, since: '2026-01-31T12:00:00Z', until: 'tomorrow', event_type: 'order.paid' }));
  assert.deepEqual(wrongWith(choice), {});
  assert.deepEqual(requestOf(choice, true), { webhook, states: ['exhausted', 'expired'], preview: true, since: '2026-01-31T12:00:00.000Z', event_types: ['order.paid'] });
  assert.deepEqual(requestOf({ ...choice, eventTypes: ' a \n\nb\na', states: ['delivered'], since: undefined }, false), { webhook, states: ['delivered'], preview: false, event_types: ['a', 'b'] });
});

test('what is wrong with a replay is said by field', () => {
  const choice = choiceOf(new URLSearchParams('webhook=<b>'));
  const since = '2026-01-31T12:00:00.000Z';
  const wrong = wrongWith({ ...choice, states: [], since, until: since, eventTypes: Array.from({ length: 201 }, (_, n) => `t${n}`).join('\n') });
  assert.deepEqual(Object.keys(wrong), ['webhook', 'until', 'states', 'eventTypes']);
});

test('progress is what has ended of what was chosen', () => {
  assert.deepEqual([{ total: 0, delivered: 0, failed: 0 }, { total: 4, delivered: 1, failed: 1 }, { total: 4, delivered: 9, failed: 0 }].map(progressOf), [1, 0.5, 1]);
});
