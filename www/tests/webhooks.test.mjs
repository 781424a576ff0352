// What the console's webhooks are made of: drafts and what is sent of them, event types, runs of tests.

import assert from 'node:assert/strict';
import test from 'node:test';

import { load } from './load.mjs';

const { change, newWebhook, refusedField } = await load('/src/console/webhooks/bodies.ts');
const { blank, changedFields, draftOf, rebased } = await load('/src/console/webhooks/draft.ts');
const { check, movesTo, wrongUrl } = await load('/src/console/webhooks/check.ts');
const { grouped, withChosen } = await load('/src/console/webhooks/event-types.ts');
const { runTests } = await load('/src/console/webhooks/test-run.ts');
const { Refusal } = await load('/src/console/api/errors.ts');

const webhook = (profile, more = {}) => ({
  id: '1', url: 'https://a.example/x', owner: 'ada', state: 'enabled', signed: true, rotation: null, version: 1, created_at: '', updated_at: '', profile, ...more,
});
const QLIK = {
  dialect: 'qlik', name: 'n', description: null, event_types: ['a', 'b'], level: 'tenant', cloud_events: true, filter: null,
  headers: { 'X-One': '1', 'X-Two': '2' }, encrypted_headers: ['X-Key', 'X-Other'], check_certificate_revocation: false, origin: 'api',
};

test('a draft that nobody has touched changes nothing', () => {
  for (const profile of [
    { dialect: 'native', name: '', event_types: ['*'] },
    { dialect: 'immuta', name: 'n', global: true, action: 'received', event_types: ['x'] },
    { dialect: 'immuta-request', verify_tls: false },
    { dialect: 'generic', event_types: ['x'], description: null },
    QLIK,
  ]) {
    const draft = draftOf(webhook(profile));
    assert.deepEqual(change(profile.dialect, draft, draft), {});
    assert.deepEqual(changedFields(profile.dialect, draft, draft), []);
  }
});

test('the order in which types are ticked is no change', () => {
  const before = draftOf(webhook(QLIK));
  assert.deepEqual(change('qlik', before, { ...before, eventTypes: ['b', 'a'] }), {});
});

test('of headers only those that are new, other or gone are sent, whatever their names', () => {
  const before = draftOf(webhook(QLIK));
  const headers = [{ name: 'x-one', value: '1' }, { name: '__proto__', value: 'p' }];
  assert.equal(JSON.stringify(change('qlik', before, { ...before, headers })), '{"profile":{"headers":{"X-Two":null,"x-one":"1","__proto__":"p"}}}');
  const encryptedHeaders = [{ name: 'X-Key', value: 'anew', stored: true }];
  assert.deepEqual(change('qlik', before, { ...before, encryptedHeaders }), { profile: { encrypted_headers: { 'X-Other': null, 'X-Key': 'anew' } } });
});

test('a new webhook has no secret, one of somebody’s own, or leaves it to the server', () => {
  const draft = { ...blank(true), url: 'https://a.example/' };
  assert.equal('secret' in newWebhook('immuta-request', draft), false);
  assert.equal(newWebhook('immuta-request', { ...draft, secret: { kind: 'none', own: 'x' } }).secret, null);
  assert.equal(newWebhook('immuta-request', { ...draft, secret: { kind: 'own', own: 'x' } }).secret, 'x');
  assert.deepEqual(newWebhook('immuta-request', draft).profile, { dialect: 'immuta-request', verify_tls: true });
});

test('what was entered goes on top of what a webhook has become', () => {
  const before = draftOf(webhook({ dialect: 'native', name: 'a', event_types: ['*'] }));
  const now = draftOf(webhook({ dialect: 'native', name: 'b', event_types: ['x'] }, { url: 'https://b.example/' }));
  const entered = { ...before, name: 'mine' };
  const merged = rebased(entered, changedFields('native', before, entered), now);
  assert.deepEqual([merged.name, merged.url, merged.eventTypes], ['mine', 'https://b.example/', ['x']]);
});

test('what is wrong is said at its field', () => {
  const draft = { ...blank(true), url: 'ftp://x', headers: [{ name: 'a b', value: '' }], encryptedHeaders: [{ name: 'X', value: 'é', stored: false }] };
  assert.deepEqual(Object.keys(check('qlik', draft)).sort(), ['encryptedHeaders', 'headers', 'name', 'url']);
  const { encryptedHeaders } = check('qlik', { ...draftOf(webhook(QLIK)), url: 'https://b.example/' }, 'https://a.example/x');
  assert.match(encryptedHeaders, /“X-Key” again/);
  const both = { ...draftOf(webhook(QLIK)), headers: [{ name: 'x-key', value: '' }] };
  assert.match(check('qlik', both).encryptedHeaders, /twice/);
});

test('a URL is taken where it is one, and moves where requests would go elsewhere', () => {
  for (const good of ['https://a.example', 'http://127.0.0.1:80/x?y#z', 'HTTPS://A.example/é', 'https://a.example/\ufeff']) assert.equal(wrongUrl(good), undefined, good);
  for (const bad of ['', 'a.example', '/x', 'javascript:alert(1)', 'https://', 'https://a b/', 'https://a.example/\u2028', 'https://u:p@a.example/', 'https:a.example', `https://a.example/${'x'.repeat(2048)}`]) assert.ok(wrongUrl(bad), bad);
  assert.equal(movesTo('https://a.example', 'https://A.example:443/#x'), false);
  assert.equal(movesTo('https://a.example/', 'https://a.example/?x'), true);
  assert.equal(movesTo('https://a.example/', 'not yet a url'), true);
});

test('the server’s refusal stands at the field it names, if the form shows it', () => {
  const refusal = (detail, field) => new Refusal(422, { type: 'urn:sigpost:problem:invalid', title: '', status: 422, detail, ...(field && { field }) }, undefined);
  const field = (...args) => refusedField(refusal(...args), ['url', 'filter', 'encryptedHeaders', 'eventTypes']);
  assert.deepEqual(field('url must be absolute', 'url'), { field: 'url', message: 'Url must be absolute.' });
  assert.deepEqual(field('profile: filter: no', 'profile'), { field: 'filter', message: 'Filter: no.' });
  assert.equal(field('profile.encrypted_headers must be an object', 'profile').field, 'encryptedHeaders');
  assert.equal(field('profile: name must have 1 to 512 characters', 'profile'), undefined, 'this form has no name');
  assert.equal(field('profile: constructor', 'profile'), undefined);
  assert.equal(field('too much'), undefined);
  assert.equal(refusedField(new Error('x'), ['url']), undefined);
});

test('types are found by any of what is told of them, and stored ones that nobody lists stay', () => {
  const known = [
    { name: 'a.created', source: 'system', title: 'New thing', description: 'It is there.', category: 'Things', levels: null },
    { name: 'own', source: 'tenant', title: null, description: null, category: null, levels: null },
  ];
  const all = withChosen(known, ['own', 'gone']);
  assert.deepEqual(all.map(({ name }) => name), ['a.created', 'own', 'gone']);
  assert.deepEqual(grouped(all, '').map(({ category }) => category), ['Things', 'Of this tenant', 'Not listed any more']);
  assert.deepEqual(grouped(all, 'THERE new').flatMap(({ types }) => types.map(({ name }) => name)), ['a.created']);
  assert.deepEqual(grouped(all, 'nothing like it'), []);
});

/** A world without a server, whose `test` does what each of `answers` says, in turn. */
function world(webhooks, answers, slept = []) {
  let asked = 0;
  return {
    all: async () => webhooks,
    test: async () => answers[asked++](),
    secondsToWait: (error) => error.wait,
    sleep: async (milliseconds, signal) => {
      signal.throwIfAborted();
      slept.push(milliseconds);
    },
  };
}

test('a run of tests waits when it must and goes on past what fails', async () => {
  const slept = [];
  const delivery = { success: true };
  const answers = [() => delivery, () => { throw Object.assign(new Error('too many'), { wait: 2 }); }, () => delivery, () => { throw new Error('gone'); }];
  const steps = [];
  await runTests(world(['a', 'b', 'c'], answers, slept), new AbortController().signal, (run) => steps.push(run));
  const last = steps.at(-1);
  assert.deepEqual([last.state, last.ended, last.wait], ['done', 3, 0]);
  assert.deepEqual(last.entries.map(({ result }) => result.kind), ['tried', 'tried', 'failed']);
  assert.deepEqual(slept, [1000, 1000]);
  assert.ok(steps.some(({ wait }) => wait === 2) && steps.some(({ wait }) => wait === 1));
});

test('a run that is given up tries nothing more', async () => {
  const stop = new AbortController();
  const answers = [() => ({ success: true }), () => { stop.abort(); throw new Error('aborted'); }, () => assert.fail('one too many')];
  let last;
  await runTests(world(['a', 'b', 'c'], answers), stop.signal, (run) => (last = run));
  assert.deepEqual([last.state, last.ended], ['cancelled', 1]);
  assert.deepEqual(last.entries.map(({ result }) => result.kind), ['tried', 'waiting', 'waiting']);
});

test('a run whose webhooks cannot be read says why', async () => {
  const error = new Error('no');
  let last;
  await runTests({ ...world([], []), all: () => Promise.reject(error) }, new AbortController().signal, (run) => (last = run));
  assert.deepEqual([last.state, last.error], ['failed', error]);
});
