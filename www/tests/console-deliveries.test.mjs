// The list of deliveries, its filters and words, apart from the page that shows them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './load.mjs';

const { DeliveryList } = await load('/src/console/deliveries/list.ts');
const { filtersOf, matches, queryOf } = await load('/src/console/deliveries/filters.ts');
const { laidOut } = await load('/src/console/shared/laid-out.ts');
const { rowOfAttempt, timeOf } = await load('/src/console/deliveries/row.ts');
const { stateInWords } = await load('/src/console/deliveries/words.ts');
const { failureInWords, statusInWords } = await load('/src/console/shared/outcomes.ts');

const row = (madeAt, more = {}) => ({ id: `id-${madeAt}`, webhook: 'w', eventType: 't', cause: 'event', state: 'pending', attempts: 1, status: 500, failure: null, durationMs: 1, nextAttemptAt: null, madeAt, ...more });
const times = (list) => Array.from({ length: list.count }, (_, index) => list.at(index).madeAt);

test('pages and what is told meet in one list, the newest first, each delivery once', () => {
  const list = new DeliveryList();
  list.tell(row(9), true, false, false);
  list.append([row(9), row(7), row(5)]);
  list.tell(row(10), true, false, false);
  list.tell(row(8), true, false, false);
  list.append([row(4), row(3)]);
  assert.deepEqual(times(list), [10, 9, 8, 7, 5, 4, 3]);
  assert.equal(list.at(7), undefined);
  assert.equal(list.at(-1), undefined);
});

test('what is older than all that is loaded waits for its page, unless everything is loaded', () => {
  const list = new DeliveryList();
  list.append([row(7), row(5)]);
  list.tell(row(2), true, false, false);
  assert.deepEqual(times(list), [7, 5]);
  list.tell(row(2), true, false, true);
  assert.deepEqual(times(list), [7, 5, 2]);
});

test('a change is shown in its place, and what is told late undoes nothing', () => {
  const list = new DeliveryList();
  list.append([row(7), row(5)]);
  list.tell(row(5, { attempts: 3, state: 'delivered' }), false, true, false);
  list.tell(row(5, { attempts: 2 }), true, false, false);
  assert.deepEqual([list.at(1).attempts, list.at(1).state, list.count, list.held], [3, 'delivered', 2, 0]);
});

test('what has ended goes on only by another attempt, whatever an older answer says', () => {
  const list = new DeliveryList();
  list.append([row(7), row(5)]);
  list.append([row(7, { state: 'cancelled' })]);
  assert.equal(list.at(0).state, 'cancelled', 'it ends without an attempt');
  list.append([row(7)]);
  assert.equal(list.at(0).state, 'cancelled');
  list.tell(row(7, { attempts: 2, state: 'delivered' }), true, false, false);
  assert.equal(list.at(0).state, 'delivered', 'one that was under way');
});

test('what is new is held back from whoever reads further down, and only so much of it', () => {
  const list = new DeliveryList();
  list.append([row(1)]);
  list.tell(row(2), true, true, false);
  list.tell(row(3), false, true, false);
  assert.deepEqual([times(list), list.held], [[1], 1]);
  list.tell(row(2, { attempts: 2 }), true, true, false);
  assert.equal(list.held, 1, 'a change is not new');
  assert.equal(list.release(), true);
  assert.deepEqual([times(list), list.held, list.at(0).attempts], [[2, 1], 0, 2]);
  for (let at = 10; at < 1_510; at += 1) list.tell(row(at), true, true, false);
  for (const attempts of [2, 3]) list.tell(row(1_509, { attempts }), true, true, false);
  assert.equal(list.held, 1_500, 'each is counted once, however often it is attempted');
  assert.equal(list.release(), false, 'more than was kept');
  list.clear();
  assert.deepEqual([list.count, list.held, list.newest()], [0, 0, undefined]);
});

test('after a gap the newest are taken in, or nothing is if some may be missing between', () => {
  const list = new DeliveryList();
  list.append([row(3), row(2)]);
  assert.equal(list.meet([row(5), row(4), row(3, { attempts: 2 })], false, list.newest(), false), true);
  assert.deepEqual([times(list), list.at(2).attempts], [[5, 4, 3, 2], 2]);
  assert.equal(list.meet([row(99), row(98)], false, list.newest(), false), false);
  assert.deepEqual(times(list), [5, 4, 3, 2]);
  assert.equal(list.meet([row(7), row(4)], false, list.newest(), false), true, 'the newest has left the filter');
  assert.equal(new DeliveryList().meet([row(1)], true, undefined, false), true);
  assert.equal(new DeliveryList().meet([row(1)], false, undefined, false), false, 'there are more than these');
});

test('what is told after a gap does not hide that some are missing before it', () => {
  const list = new DeliveryList();
  list.append([row(3), row(2)]);
  const before = list.newest();
  assert.equal(before.madeAt, 3);
  list.tell(row(100), true, false, true);
  assert.equal(list.meet([row(101), row(100), row(99)], false, before, false), false);
  assert.deepEqual(times(list), [100, 3, 2]);
  list.tell(row(102), true, true, true);
  assert.equal(list.newest().madeAt, 102, 'one that is held back');
  assert.equal(list.meet([row(101), row(100), row(3)], true, before, false), true);
  assert.deepEqual(times(list), [101, 100, 3, 2]);
});

test('ten thousand that are told one by one take no time to speak of', () => {
  const list = new DeliveryList();
  list.append([row(0)]);
  const begin = performance.now();
  for (let at = 1; at <= 10_000; at += 1) list.tell(row(at), true, false, true);
  const took = performance.now() - begin;
  assert.equal(list.count, 10_001);
  assert.ok(took < 1_000, `${took} ms`);
});

test('filters are read from a fragment and written as they were, without what is none', () => {
  const text = 'webhook=01a22598-3b10-7ddd-ba44-d9128c632cf8&event_type=order.paid&state=expired&cause=replay&success=false&since=2026-01-31T12%3A00%3A00.000Z';
  const filters = filtersOf(new URLSearchParams(text));
  assert.equal(filters.success, false);
  const written = new URLSearchParams(Object.entries(queryOf(filters)).filter(([, value]) => value !== undefined));
  assert.deepEqual([...written].sort(), [...new URLSearchParams(text)].sort());
  const bad = 'webhook=../../v1&state=lost&cause=<b>&success=yes&since=yesterday&until=&event_type=+&cursor=x';
  assert.deepEqual(filtersOf(new URLSearchParams(bad)), {});
  assert.equal(filtersOf(new URLSearchParams(`event_type=${'a'.repeat(9_999)}`)).event_type.length, 512);
});

test('a delivery belongs to a list by every filter', () => {
  const one = row(Date.parse('2026-01-31T12:00:00Z'), { status: 204, state: 'delivered' });
  const all = { webhook: 'w', event_type: 't', state: 'delivered', cause: 'event', success: true, since: '2026-01-31T12:00:00Z', until: '2026-01-31T12:00:01Z' };
  assert.equal(matches({}, one), true);
  assert.equal(matches(all, one), true);
  for (const other of [{ webhook: 'v' }, { event_type: 'T' }, { state: 'pending' }, { cause: 'test' }, { success: false }, { since: '2026-01-31T12:00:01Z' }, { until: '2026-01-31T12:00:00Z' }]) {
    assert.equal(matches({ ...all, ...other }, one), false, JSON.stringify(other));
  }
  for (const status of [199, 300, 404, null]) assert.equal(matches({ success: true }, { ...one, status }), false, String(status));
});

test('an id tells when a delivery was made', () => {
  assert.equal(timeOf('01a22598-3b10-7ddd-ba44-d9128c632cf8'), 0x01a225983b10);
  const told = { delivery: '01a22598-3b10-7ddd-ba44-d9128c632cf8', webhook: 'w', event_type: 't', cause: 'event', state: 'pending', attempt: 2, status: null, failure: { class: 'timeout', phase: 'exchange' }, duration_ms: 5, at: '', next_attempt_at: null };
  assert.deepEqual(rowOfAttempt(told), { id: told.delivery, webhook: 'w', eventType: 't', cause: 'event', state: 'pending', attempts: 2, status: null, failure: told.failure, durationMs: 5, nextAttemptAt: null, madeAt: 0x01a225983b10 });
});

test('JSON is laid out token by token, so that nothing but space is different', () => {
  const text = '{"a":[1.0,1e999,-0,"\\u0041{,}"],"a":{},"b":[[]],"c":{"d":null}}';
  assert.equal(laidOut(text), '{\n  "a": [\n    1.0,\n    1e999,\n    -0,\n    "\\u0041{,}"\n  ],\n  "a": {},\n  "b": [\n    []\n  ],\n  "c": {\n    "d": null\n  }\n}');
  for (const value of [{ a: [1, { b: [] }], c: 'x' }, [], [[], {}], { s: 'a"b\\' }]) {
    assert.equal(laidOut(JSON.stringify(value)), JSON.stringify(value, null, 2));
  }
  for (const none of ['', 'text', '{', '"a"', '1', '{"a":1}}', '<html>']) assert.equal(laidOut(none), undefined, none);
  assert.equal(laidOut(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), undefined, 'indentation is bounded');
  assert.equal(laidOut(`["${'a'.repeat(2 << 20)}"]`), undefined, 'length is bounded');
});

test('every state and failure has words, an unknown one too', () => {
  for (const state of ['pending', 'waiting', 'delivered', 'exhausted', 'cancelled', 'expired']) assert.match(stateInWords(state, 2), /2 attempts/);
  assert.match(failureInWords({ class: 'tls-wrong-host', phase: 'connect' }).todo, /tls-wrong-host/);
  assert.match(failureInWords({ class: 'of-tomorrow', phase: 'exchange' }).what, /of-tomorrow/);
  assert.equal(statusInWords(204), undefined);
  for (const status of [199, 301, 401, 404, 410, 418, 429, 503]) assert.match(statusInWords(status).what, new RegExp(`${status}`));
});
