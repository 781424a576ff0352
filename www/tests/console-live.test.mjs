// What the stream tells, how a lost one is made again, and how times are said.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './load.mjs';

const { wait } = await load('/src/console/live/backoff.ts');
const { notice } = await load('/src/console/live/notices.ts');
const { idIn, textIn, timeIn, wordIn } = await load('/src/console/shared/query.ts');
const { sleep } = await load('/src/console/shared/sleep.ts');
const { duration, local, ofField, span, toField } = await load('/src/console/shared/times.ts');

test('each wait is longer than the one before up to half a minute, and never the same for all', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 99].map((failures) => wait(failures, 0)), [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  assert.deepEqual([0, 1, 6, 1e9].map((failures) => wait(failures, 1)), [1_000, 1_000, 30_000, 30_000]);
});

test('what is told is read, and what is not understood is left out', () => {
  const attempt = { delivery: 'd', webhook: 'w', event_type: 't', cause: 'event', state: 'pending', attempt: 1, status: null, failure: null, duration_ms: 1.5, at: 'now', next_attempt_at: null };
  assert.deepEqual(notice('attempt', JSON.stringify(attempt)), { kind: 'attempt', attempt });
  assert.deepEqual(notice('webhook', '{"webhook":"w","change":"deleted"}'), { kind: 'webhook', webhook: { webhook: 'w', change: 'deleted' } });
  assert.deepEqual(notice('lagged', '{"dropped":3}'), { kind: 'lagged' });
  assert.deepEqual(notice('lagged', 'whatever'), { kind: 'lagged' }, 'a gap is a gap');
  for (const name of Object.keys(attempt).filter((name) => !['status', 'failure', 'next_attempt_at'].includes(name))) {
    assert.equal(notice('attempt', JSON.stringify({ ...attempt, [name]: undefined })), undefined, name);
  }
  for (const [name, data] of [['attempt', '{'], ['attempt', 'null'], ['attempt', '[]'], ['webhook', '{"webhook":1,"change":"x"}'], ['tomorrow', '{}'], [undefined, '{}']]) {
    assert.equal(notice(name, data), undefined, `${name} ${data}`);
  }
});

test('times are said in the reader’s time zone and read back from its fields', () => {
  const at = '2026-01-31T12:30:05.007Z';
  assert.match(local(at), /^2026-0\d-\d\d \d\d:\d\d:05$/);
  assert.match(local(at, true), /05\.007$/);
  assert.equal(local('never'), 'never');
  assert.equal(ofField(toField('2026-01-31T12:30:05.000Z')), '2026-01-31T12:30:05.000Z');
  assert.equal(ofField(toField('2026-01-31T12:30:00.000Z')), '2026-01-31T12:30:00.000Z');
  assert.deepEqual([toField(undefined), toField('x'), ofField(''), ofField('x')], ['', '', undefined, undefined]);
});

test('spans and durations are said in two units at most', () => {
  assert.deepEqual([0, 400, 45_000, 60_000, 185_000, 7_800_000, 273_600_000, -5].map(span), ['0 s', '0 s', '45 s', '1 min', '3 min 5 s', '2 h 10 min', '3 d 4 h', '0 s']);
  assert.deepEqual([0.42, 9.96, 12.4, 999, 1_250, 10_000].map(duration), ['0.4 ms', '10.0 ms', '12 ms', '999 ms', '1.25 s', '10.00 s']);
});

test('what stands in a URL is what it has to be, or was never chosen', () => {
  const query = new URLSearchParams({ id: '01A22598-3b10-7ddd-ba44-d9128c632cf8', odd: '<b>', text: '  a b ', long: 'x'.repeat(600), word: 'two', at: '2026-01-31T12:00:00+01:00', empty: '' });
  assert.equal(idIn(query, 'id'), '01a22598-3b10-7ddd-ba44-d9128c632cf8');
  assert.deepEqual(['odd', 'empty', 'none'].map((name) => idIn(query, name)), [undefined, undefined, undefined]);
  assert.deepEqual(['text', 'odd', 'empty', 'none'].map((name) => textIn(query, name)), ['a b', '<b>', undefined, undefined]);
  assert.equal(textIn(query, 'long').length, 512);
  assert.deepEqual([wordIn(query, 'word', ['one', 'two']), wordIn(query, 'odd', ['one'])], ['two', undefined]);
  assert.deepEqual([timeIn(query, 'at'), timeIn(query, 'odd')], ['2026-01-31T11:00:00.000Z', undefined]);
});

test('waiting can be given up, before and meanwhile, and leaves nothing behind', async () => {
  const reason = new Error('given up');
  await assert.rejects(sleep(60_000, AbortSignal.abort(reason)), reason);
  const stop = new AbortController();
  const counted = { listeners: 0 };
  const { addEventListener, removeEventListener } = stop.signal;
  stop.signal.addEventListener = (...args) => ((counted.listeners += 1), addEventListener.apply(stop.signal, args));
  stop.signal.removeEventListener = (...args) => ((counted.listeners -= 1), removeEventListener.apply(stop.signal, args));
  await sleep(1, stop.signal);
  assert.equal(counted.listeners, 0);
  const waiting = sleep(60_000, stop.signal);
  stop.abort(reason);
  await assert.rejects(waiting, reason);
});
