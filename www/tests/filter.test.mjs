// The filter builder against the vectors that the server's filter is held to, by the independent reader beside them.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { attributesOf, flat, parse, passes, print as normal } from '../../tests/vectors/filter/read.mjs';
import { load } from './load.mjs';

const { read } = await load('/src/console/webhooks/filter/read.ts');
const { MAX_CONDITIONS, MAX_DEPTH, NOTHING, condition, print } = await load('/src/console/webhooks/filter/tree.ts');

const vectors = async (name) => JSON.parse(await readFile(new URL(`../../tests/vectors/filter/${name}.json`, import.meta.url), 'utf8'));
const { cases, events } = await vectors('valid');
const { cases: refused } = await vectors('invalid');

test('what the builder reads and prints again means the same', () => {
  const shown = cases.filter(({ filter }) => read(filter) !== undefined);
  // The vectors go to the limits of the server, which the builder does not: those stay texts.
  assert.ok(shown.length >= cases.length * 0.8, `the builder reads ${shown.length} of ${cases.length}`);
  for (const { name, filter, normal: expected } of shown) {
    const again = print(read(filter));
    assert.deepEqual(flat(parse(again)), flat(parse(filter)), name);
    assert.equal(again, expected, name);
    const before = parse(filter);
    const after = parse(again);
    assert.deepEqual(attributesOf(after), attributesOf(before), name);
    for (const event of Object.values(events)) {
      assert.equal(passes(after, JSON.parse(event)), passes(before, JSON.parse(event)), name);
    }
  }
});

test('what stays a text is only what is deeper or longer than the builder shows', () => {
  const depth = ({ parts }) => (parts === undefined ? 0 : 1 + Math.max(...parts.map(depth)));
  const count = ({ parts }) => (parts === undefined ? 1 : parts.reduce((sum, part) => sum + count(part), 0));
  for (const { name, filter } of cases.filter(({ filter }) => read(filter) === undefined)) {
    const opened = Math.max(0, ...[...filter.replace(/"(?:[^"\\]|\\.)*"/g, '')].reduce((all, mark) => [...all, (all.at(-1) ?? 0) + (mark === '(' ? 1 : mark === ')' ? -1 : 0)], [0]));
    assert.ok(depth(parse(filter)) > MAX_DEPTH || count(parse(filter)) > MAX_CONDITIONS || opened > MAX_DEPTH, name);
  }
});

test('what the server refuses is never shown as conditions', () => {
  for (const { name, filter } of refused.filter(({ filter }) => filter.trim() !== '')) {
    assert.equal(read(filter), undefined, name);
  }
});

test('no text is an empty tree, which prints as no text', () => {
  assert.deepEqual(read(' \n'), NOTHING);
  assert.equal(print(NOTHING), '');
});

test('groups that hold nothing say nothing, and those that hold one thing are that thing', () => {
  const empty = { kind: 'group', join: 'or', parts: [] };
  const one = { kind: 'group', join: 'or', parts: [condition('id', 'ne', 'a'), empty] };
  assert.equal(print({ kind: 'group', join: 'and', parts: [one, empty, condition('spaceId', 'eq', 'b')] }), 'id ne "a" and spaceId eq "b"');
  assert.equal(print({ kind: 'group', join: 'and', parts: [empty] }), '');
});

test('an or inside an and keeps its parentheses, and nothing else has any', () => {
  const a = condition('id', 'eq', 'a');
  const b = condition('id', 'eq', 'b');
  const or = { kind: 'group', join: 'or', parts: [a, b] };
  const and = { kind: 'group', join: 'and', parts: [a, b] };
  assert.equal(print({ kind: 'group', join: 'and', parts: [or, a] }), '(id eq "a" or id eq "b") and id eq "a"');
  assert.equal(print({ kind: 'group', join: 'or', parts: [and, a] }), 'id eq "a" and id eq "b" or id eq "a"');
  assert.equal(print({ kind: 'group', join: 'or', parts: [{ kind: 'group', join: 'and', parts: [or] }, a] }), 'id eq "a" or id eq "b" or id eq "a"');
});

test('any tree of the builder is printed as the tree it is', () => {
  const random = numbers(20_261_129);
  const values = ['', 'a', '") or (id eq "', '\\', '\u0000\n', 'é😀', '__proto__'];
  const tree = (deep) => {
    if (deep === 0 || random(3) === 0) return condition(['id', 'spaceId', 'topLevelResourceId', 'data.status'][random(4)], ['eq', 'ne'][random(2)], values[random(values.length)]);
    return { kind: 'group', join: ['and', 'or'][random(2)], parts: Array.from({ length: 1 + random(3) }, () => tree(deep - 1)) };
  };
  const reference = (part) => {
    if (part.kind === 'condition') return { attribute: part.attribute, operator: part.operator, value: part.value };
    const parts = part.parts.map(reference);
    return parts.length === 1 ? parts[0] : { word: part.join, parts };
  };
  for (let round = 0; round < 2000; round += 1) {
    const made = { kind: 'group', join: 'and', parts: [tree(3)] };
    assert.equal(print(made), normal(flat(reference(made))));
    assert.deepEqual(flat(parse(print(made))), flat(reference(made)));
  }
});

/** Whole numbers below a bound, the same in every run. */
function numbers(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}
