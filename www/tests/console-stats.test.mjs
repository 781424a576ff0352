// What is charted, and where it stands.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './load.mjs';

const { alone, height, labelled, middle, path, pieces, stepAt, ticks } = await load('/src/console/stats/scale.ts');
const { RANGES, atMost, percent, rangeOf, rate, stepOf, sum } = await load('/src/console/stats/figures.ts');

const box = { left: 50, top: 10, width: 400, height: 100 };
const LENGTH = { '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '6h': 21_600_000, '1d': 86_400_000 };

test('a scale begins at zero, has few and plain steps, and reaches what is highest', () => {
  assert.deepEqual(ticks(20), [0, 5, 10, 15, 20]);
  for (const highest of [0.003, 0.7, 1, 7, 20, 99, 100, 101, 2_500, 10_000, 123_456]) {
    const all = ticks(highest);
    assert.equal(all[0], 0);
    assert.ok(all.at(-1) >= highest && all.at(-1) <= highest * 2.01, `${highest}: ${all}`);
    assert.ok(all.length >= 2 && all.length <= 7, `${highest}: ${all}`);
    assert.ok(all.every((tick, index) => index === 0 || Math.abs(tick - all[index - 1] - all[1]) < all[1] * 1e-9), `${highest}: ${all}`);
  }
  for (const none of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) assert.deepEqual(ticks(none), [0, 1]);
});

test('a place belongs to the step whose middle is there, and places outside to the nearest', () => {
  for (const count of [1, 2, 12, 96, 168]) {
    for (let index = 0; index < count; index += 1) assert.equal(stepAt(middle(index, count, box), count, box), index);
    assert.deepEqual([stepAt(-1e6, count, box), stepAt(1e6, count, box)], [0, count - 1]);
  }
});

test('values stand within the chart, nothing at its foot and the highest at its head', () => {
  assert.deepEqual([height(0, 8, box), height(8, 8, box), height(4, 8, box), height(99, 8, box)], [110, 10, 60, 10]);
});

test('steps without attempts are gaps, and one alone between gaps is seen', () => {
  const all = pieces([null, 1, 2, null, null, 4, null], 4, box);
  assert.deepEqual(all.map((piece) => piece.length), [2, 1]);
  assert.match(path(all), /^M[\d.]+ [\d.]+L[\d.]+ [\d.]+$/);
  assert.deepEqual(alone(all), [{ x: Math.round(middle(5, 7, box) * 100) / 100, y: 10 }]);
  assert.equal(path(pieces([null, null], 4, box)), '');
  assert.deepEqual(pieces([], 4, box), []);
});

test('so many steps are named as there is room for', () => {
  assert.deepEqual(labelled(12, 4), [0, 3, 6, 9]);
  assert.deepEqual(labelled(3, 9), [0, 1, 2]);
  assert.deepEqual([labelled(0, 4), labelled(5, 0).length], [[], 1]);
});

test('each range has steps that fill it and of which the server gives that many', () => {
  for (const [name, { length, steps }] of Object.entries(RANGES)) {
    for (const step of steps) {
      const count = length / LENGTH[step];
      assert.ok(count >= 7 && count <= 2_016, `${name} ${step}`);
      assert.equal(stepOf(name, step), step);
    }
    assert.equal(stepOf(name, '3m'), steps[0]);
  }
  assert.deepEqual([rangeOf('7d'), rangeOf('9d'), rangeOf(null), rangeOf('toString')], ['7d', '24h', '24h', '24h']);
});

test('rates are of attempts, and never rounded to all or none where it is neither', () => {
  assert.deepEqual([rate({ succeeded: 3, failed: 1 }), rate({ succeeded: 0, failed: 0 }), rate({ succeeded: 0, failed: 2 })], [0.75, null, 0]);
  assert.deepEqual(sum({ steps: [{ succeeded: 3, failed: 1 }, { succeeded: 0, failed: 0 }] }), { succeeded: 3, failed: 1, rate: 0.75 });
  assert.equal(sum({ steps: [] }).rate, null);
  assert.deepEqual([null, 0, 1, 0.75, 0.99999, 0.00001, 0.1234].map(percent), ['–', '0 %', '100 %', '75.0 %', '99.9 %', '0.1 %', '12.3 %']);
  assert.deepEqual([null, 5, 999, 2_500, 10_000].map(atMost), ['–', '5 ms', '999 ms', '2.5 s', '≥ 10 s']);
});
