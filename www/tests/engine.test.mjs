// What the playground shows, against the vectors that all of sigpost is held against: the verdict is the package's, and
// the steps lead to the signature that the request has, if it is genuine, and to no other, if it is not.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';

import { load } from './load.mjs';

const { answers } = await load('/src/playground/worker/engine.ts');

const folder = new URL('../../tests/vectors/', import.meta.url);
const read = async (path) => JSON.parse(await readFile(new URL(path, folder), 'utf8'));
const files = (await readdir(new URL('signature/', folder))).filter((file) => file.endsWith('.json'));
const cases = (await Promise.all(files.map((file) => read(`signature/${file}`)))).flatMap((file) => file.cases).filter(({ feature }) => !feature);

const bodyOf = (body) => {
  const { text, hex, repeat, times } = body;
  const bytes = hex === undefined ? Buffer.from(text ?? repeat.repeat(times)) : Buffer.from(hex, 'hex');
  return new Uint8Array(bytes);
};

const judge = ({ scheme, secrets, headers, body, now }) =>
  answers.judge({ about: { scheme, secrets, headers, body: bodyOf(body), now: now * 1000, tolerance: undefined, canonical: false }, others: [] });

test('the verdict on every vector is the one that it names', () => {
  assert.ok(cases.length > 1000, `${cases.length} cases`);
  for (const vector of cases) {
    const { verdict } = judge(vector);
    if (vector.expect.error === undefined) {
      assert.equal(verdict.kind, 'genuine', vector.name);
      assert.equal(verdict.secretIndex, vector.expect.secretIndex, vector.name);
    } else {
      assert.deepEqual([verdict.kind, verdict.code], ['refused', vector.expect.error], vector.name);
    }
  }
});

test('of a genuine request the steps lead to its signature, with the secret that it was made with', () => {
  for (const vector of cases.filter(({ expect }) => expect.error === undefined)) {
    const { trace } = judge(vector);
    const matches = trace.header.pieces.filter(({ secretIndex }) => secretIndex !== undefined);
    assert.ok(matches.some(({ secretIndex }) => secretIndex === vector.expect.secretIndex), `${vector.name}: ${JSON.stringify(trace.header)} ${JSON.stringify(trace.computed)}`);
  }
});

test('of a request whose signature is another the steps lead to none that it has', () => {
  const mismatches = cases.filter(({ expect }) => expect.error === 'mismatch');
  assert.ok(mismatches.length > 100, `${mismatches.length} cases`);
  for (const vector of mismatches) {
    const { trace } = judge(vector);
    assert.deepEqual(trace.header.pieces.filter(({ secretIndex }) => secretIndex !== undefined), [], vector.name);
  }
});

test('the pieces of a signature header are the header', () => {
  for (const vector of cases) {
    const { trace } = judge(vector);
    if (trace?.header === undefined) continue;
    const [, value] = vector.headers.find(([name]) => name.toLowerCase() === trace.header.name);
    assert.equal(trace.header.pieces.map(({ text }) => text).join(''), value, vector.name);
  }
});

test('the differences between a body and its canonical form are all of them', async () => {
  const { vectors } = await read('canonical/valid.json');
  for (const { name, input, input_base64: base64, output } of vectors) {
    const raw = base64 === undefined ? Buffer.from(input) : Buffer.from(base64, 'base64');
    const { trace: { canonical } } = answers.judge({ about: { scheme: 'qlik', secrets: ['s'], headers: [], body: new Uint8Array(raw), now: 0, canonical: false }, others: [] });
    if (raw.toString() === output) {
      assert.equal(canonical.kind, 'same', name);
      continue;
    }
    assert.equal(canonical.kind, 'differs', name);
    assert.equal(Buffer.from(canonical.bytes).toString(), output, name);
    assert.deepEqual([joined(canonical, 'canonical'), joined(canonical, 'raw')], [raw.toString(), output], name);
  }
});

const joined = ({ pieces }, not) => pieces.filter(({ of }) => of !== not).map(({ text }) => text).join('');
const canonicalOf = (text) => answers.judge({ about: { scheme: 'qlik', secrets: ['s'], headers: [], body: new TextEncoder().encode(text), now: 0, canonical: false }, others: [] }).trace.canonical;

test('of a body of any length the differences are marked as far as it is shown', () => {
  const data = Array.from({ length: 40_000 }, (_, id) => ({ id, name: 'a "b"', more: [1, true, null] }));
  for (const members of [data, { 7: 1, ...data }, data.slice(0, 300), [`${'a'.repeat(4 << 20)}\\"`, 1]]) {
    const text = JSON.stringify(members, null, 4).replaceAll('"id": 1', '"\\u0069d": 1.0');
    const start = performance.now();
    const canonical = canonicalOf(text);
    assert.ok(performance.now() - start < 5000, `${performance.now() - start} ms`);
    const [raw, made] = [joined(canonical, 'canonical'), joined(canonical, 'raw')];
    assert.equal(raw.length + canonical.cut, text.length);
    assert.ok(raw.length >= Math.min(20_000, text.length), `${raw.length}`);
    assert.ok(text.startsWith(raw) && JSON.stringify(JSON.parse(text)).startsWith(made), made.slice(0, 99));
    const marked = canonical.pieces.filter(({ of }) => of !== 'both');
    assert.ok(marked.every(({ text: piece }) => /^(?:\s+|\s*"(?:\\u0069|i)d"|\s*1[0-9]*(?:\.0)?[0-9]*)$/.test(piece)), JSON.stringify(marked.filter(({ text: piece }) => piece.trim()).slice(0, 9)));
  }
});

test('members that JSON.stringify moves or drops are marked, and nothing else but white space', () => {
  const many = Array.from({ length: 2_000 }, (_, index) => `"m${index}": "v"`).join(',\n  ');
  const canonical = canonicalOf(`{"b": "x", "b": "y", ${many}, "1": "first"}`);
  const marked = (wanted) => canonical.pieces.filter(({ of }) => of === wanted).map(({ text }) => text.trim()).join('');
  assert.equal(marked('canonical').replace(/[^a-z0-9]/g, ''), '1first');
  assert.equal(canonicalOf(`{${Array.from({ length: 9_000 }, (_, index) => `"${9_000 - index}":1`).join()}}`).pieces, undefined);
});

test('a difference is marked however far behind the beginning it stands', () => {
  const members = Array.from({ length: 4_000 }, (_, index) => `"m${index}":${index}`).join();
  const items = Array.from({ length: 4_000 }, () => '"v"').join();
  const long = 'a'.repeat(25_000);
  for (const [text, raw, made] of [
    [`{${members}, "z": 1.0}`, '  1.0', '1'],
    [`{${members},"z":1.0,"tail":[${items}]}`, '1.0', '1'],
    [`{"a":"${long}\\/"}`, '\\', ''],
    [`{"a":"${long}\\u0041${long}"}`, '\\u0041', 'A'],
    [`{${members},"b":"x","b":"y"}`, '"x","b":', ''],
    [`{"b":"${long}","1":"first"}`, undefined, undefined],
    [`{"a":"${long}"}\n`, '\n', ''],
    [`[${items} ]`, ' ', ''],
  ]) {
    const canonical = canonicalOf(text);
    const marked = (wanted) => canonical.pieces.filter(({ of }) => of === wanted).map(({ text: piece }) => piece).join('');
    if (raw === undefined) assert.ok(marked('raw') + marked('canonical') !== '', text.slice(-40));
    else assert.deepEqual([marked('raw'), marked('canonical')], [raw, made], text.slice(-40));
    const shown = joined(canonical, 'canonical');
    assert.equal(canonical.skipped + shown.length + canonical.cut, text.length);
    assert.equal(text.slice(canonical.skipped).startsWith(shown), true);
    const before = canonical.pieces[0].of === 'both' ? canonical.pieces[0].text.length : 0;
    assert.ok(before < 10_000, `${before} characters before the first difference`);
  }
  assert.equal(canonicalOf('{"a":"short", "b":1}').skipped, 0);
});

test('a body that is no JSON has no canonical form, and says where', () => {
  const body = new TextEncoder().encode('{"a":1,}');
  const { trace } = answers.judge({ about: { scheme: 'qlik', secrets: [], headers: [], body, now: 0, canonical: false }, others: [] });
  assert.equal(trace.canonical.kind, 'none');
  assert.match(trace.canonical.reason, /\b7\b/);
  assert.deepEqual(trace.computed, []);
});

test('a secret that is no key of its scheme is told, step by step, and nothing is thrown', () => {
  const about = { scheme: 'svix', secrets: ['not base64!'], headers: [['svix-id', 'm'], ['svix-timestamp', '1'], ['svix-signature', 'v1,AAAA']], body: new Uint8Array(), now: 0, canonical: false };
  const { verdict, trace } = answers.judge({ about, others: [] });
  assert.deepEqual([verdict.code, verdict.fault], ['invalid_secret', 'receiver']);
  assert.equal(typeof trace.computed[0].failure, 'string');
});

test('what is explained is what was judged, with the tolerance and the form that were chosen', () => {
  const body = new TextEncoder().encode('{ "n": 1.0 }');
  const secret = 'a secret';
  const about = (more) => ({ scheme: 'stripe', secrets: [secret], body, now: 2_000_000_000_000, canonical: false, ...more });
  const headers = answers.sign({ scheme: 'stripe', secret, body, timestamp: 1_700_000_000 });
  const verdictOf = (asked) => {
    const { verdict } = answers.judge({ about: asked, others: [] });
    const why = answers.explain(asked);
    assert.deepEqual([why.verdict, why.code], [verdict.kind, verdict.code]);
    return verdict.code ?? verdict.kind;
  };
  assert.equal(verdictOf(about({ headers })), 'stale_timestamp');
  assert.equal(verdictOf(about({ headers, tolerance: null })), 'genuine');
  assert.equal(verdictOf(about({ headers, tolerance: 400_000_000 })), 'genuine');
  assert.equal(verdictOf(about({ headers, tolerance: null, canonical: true })), 'mismatch');
  const canonical = answers.sign({ scheme: 'stripe', secret, body: new TextEncoder().encode('{"n":1}'), timestamp: 1_700_000_000 });
  assert.equal(verdictOf(about({ headers: canonical, tolerance: null, canonical: true })), 'genuine');
  assert.equal(verdictOf(about({ headers: canonical, tolerance: null })), 'mismatch');
});

test('what is signed here verifies here, by every preset', async () => {
  const { presets } = await load('/src/playground/view/schemes.ts');
  for (const scheme of presets) {
    const secret = scheme === 'svix' ? 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' : 'a secret';
    const body = new TextEncoder().encode('{"n":1.0}');
    const headers = answers.sign({ scheme, secret, body, id: 'msg_1', timestamp: 1_700_000_000 });
    const { verdict, trace } = answers.judge({ about: { scheme, secrets: [secret], headers, body, now: 1_700_000_000_000, canonical: false }, others: [] });
    assert.equal(verdict.kind, 'genuine', scheme);
    assert.equal(trace.header.pieces.find(({ kind }) => kind === 'signature').secretIndex, 0, scheme);
  }
});
