import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import * as reader from '../../../tests/vectors/filter/read.mjs';
import { vectors } from './package.mjs';

const files = Object.fromEntries((await vectors('filter')).map(({ file, ...content }) => [file, content]));
const { events: texts, cases: valid } = files['valid.json'];
const { cases: invalid } = files['invalid.json'];
const { cases: eventTypes } = files['event-types.json'];
const events = Object.entries(texts).map(([name, text]) => [name, JSON.parse(text)]);

test('the vectors of filters are what their script writes', () => {
  const script = fileURLToPath(new URL('../../../tests/vectors/filter/generate.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.ok(valid.length > 60 && invalid.length > 40 && eventTypes.length > 10);
  assert.ok([...valid, ...invalid, ...eventTypes].every(({ name, source }) => name && source));
});

test('every valid filter lets the recorded events pass, and says it in its normal form', () => {
  assert.ok(events.length > 40, `${events.length} events`);
  for (const { name, filter, normal, attributes, matches } of valid) {
    const tree = reader.parse(filter);
    assert.equal(reader.print(reader.flat(tree)), normal, name);
    assert.deepEqual(reader.attributesOf(tree), attributes, name);
    for (const one of [tree, reader.parse(normal)]) {
      const passed = events.filter(([, event]) => reader.passes(one, event)).map(([passing]) => passing);
      assert.deepEqual(passed, matches, name);
    }
  }
});

test('every invalid filter is refused where and why it is recorded', () => {
  for (const { name, filter, position, reason } of invalid) {
    const refused = (error) => error instanceof reader.Refused && error.position === position && error.reason === reason;
    assert.throws(() => reader.parse(filter), refused, name);
    assert.ok(!Buffer.from(filter).subarray(0, position).toString().endsWith('\ufffd'), `${name}: inside of a character`);
  }
});

test('data.status is for the recorded event types only', () => {
  for (const { name, filter, eventTypes: types, refused } of eventTypes) {
    assert.equal(reader.refusedType(reader.parse(filter), types), refused, name);
  }
});
