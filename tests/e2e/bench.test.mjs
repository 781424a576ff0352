// The benchmark of the npm package: that it measures and judges what it says. How fast anything is, no test asserts.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { checked } from '../benches/npm/contenders.mjs';
import { FORMS } from '../benches/npm/documents.mjs';
import { judged } from '../benches/npm/goals.mjs';
import { Contender, measure, statistics } from '../benches/npm/measure.mjs';
import { crossingOf } from '../benches/npm/thresholds.mjs';

const script = fileURLToPath(new URL('../benches/npm/npm.mjs', import.meta.url));
const run = promisify(execFile);

/** One that takes so many nanoseconds. */
const steady = (name, nanoseconds, log) => ({
  name,
  run: async (_, iterations) => {
    log.push(name);
    return iterations * nanoseconds;
  },
});

/** Runs the benchmark as briefly as can be and returns what it wrote. */
async function briefly(t, ...options) {
  const folder = await mkdtemp(join(tmpdir(), 'sigpost-bench-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const out = join(folder, 'out.json');
  const { stdout } = await run(process.execPath, [script, '--rounds', '1', '--turn', '1', '--out', out, ...options]);
  return { stdout, report: JSON.parse(await readFile(out, 'utf8')) };
}

test('statistics are the best, the quartiles and the median', () => {
  const { best, quartiles, median } = statistics([5, 1, 4, 2, 3]);
  assert.deepEqual([best, quartiles, median], [1, [2, 4], 3]);
  assert.equal(statistics([4, 1, 3, 2]).median, 2.5);
});

test('everyone has a turn in each round, and another one begins', async () => {
  const log = [];
  const rows = await measure([steady('a', 1e6, log), steady('b', 3e6, log)], [], { rounds: 3, turn: 3 });
  assert.deepEqual(
    rows.map(({ name, median, samples }) => [name, median, samples.length]),
    [['a', 1e6, 3], ['b', 3e6, 3]],
  );
  assert.deepEqual(log.slice(-6), ['a', 'b', 'b', 'a', 'a', 'b']);
});

test('a contender that refuses what is genuine is an error, at once or later', async () => {
  for (const work of [() => false, async () => false]) {
    await assert.rejects(new Contender('strict', work).run([{}], 1), /refused what is genuine/);
  }
});

test('who accepts a forged delivery is not measured', async () => {
  const gullible = new Contender('gullible', () => true);
  await assert.rejects(checked({ name: 'github', form: 'canonical' }, 256, [gullible]), /accepts what is forged/);
});

test('documents are of exactly the size, and differ', () => {
  for (const size of [256, 4096]) {
    assert.equal(FORMS.canonical(size, 0).length, size);
    assert.notEqual(FORMS.canonical(size, 0), FORMS.canonical(size, 1));
    assert.deepEqual(JSON.parse(FORMS.pretty(size, 0)), JSON.parse(FORMS.canonical(size, 0)));
  }
});

test('a goal is held against the quickest of the others, and is unclear where median and best disagree', () => {
  const row = (name, median, best) => ({ name, median, best });
  const met = (...contenders) =>
    judged([{ group: 'svix', size: '1 KB', contenders }]).map(({ theirs, byMedian, met }) => [theirs, byMedian, met]);
  const ours = row('sigpost', 10, 10);
  assert.deepEqual(met(ours, row('svix, checks', 60, 50), row('svix, parses', 70, 40)), [['svix, checks', 6, 'yes']]);
  assert.deepEqual(met(ours, row('svix, parses', 50, 49)), [['svix, parses', 5, 'unclear']]);
  assert.deepEqual(met(ours, row('svix, parses', 49, 49)), [['svix, parses', 4.9, 'no']]);
  assert.deepEqual(met(ours), []);
});

test('bytes are held against bytes and strings against strings', () => {
  const row = (name, median) => ({ name, median, best: median });
  const rows = [row('sigpost', 10), row('sigpost, string', 5), row('svix, parses', 60), row('svix, string, parses', 20)];
  const found = judged([{ group: 'svix', size: '1 KB', contenders: rows }]);
  assert.deepEqual(
    found.map(({ ours, theirs, byMedian }) => [ours, theirs, byMedian]),
    [['sigpost', 'svix, parses', 6], ['sigpost, string', 'svix, string, parses', 4]],
  );
});

test('a goal may be a time not to exceed', () => {
  const met = (median) => {
    const contenders = [{ name: 'sigpost', median, best: median }, { name: 'node:crypto, bare', median: 10, best: 10 }];
    return judged([{ group: 'github', size: '4 KB', contenders }]).map(({ byMedian, met }) => [byMedian, met]);
  };
  assert.deepEqual(met(12), [[1.2, 'yes']]);
  assert.deepEqual(met(13), [[1.3, 'no']]);
});

test('where two lines cross is found even where the host was not asked', () => {
  const rows = (threshold, cost) =>
    [256, 512, 1024, 2048, 4096].map((size) => {
      const [module, host] = [1000 + 3 * size, cost + size];
      return { size, module, package: size < threshold ? module : host, host: size >= threshold };
    });
  assert.equal(crossingOf(rows(1024, 2000)), 500);
  assert.equal(crossingOf(rows(0, 2000)), 500);
  assert.equal(crossingOf(rows(0, 900)), 0);
  // Asked too seldom for a line.
  assert.equal(crossingOf(rows(4096, 2000)), undefined);
});

test('the benchmark measures every group at every size', async (t) => {
  const { stdout, report } = await briefly(t, '--own');
  assert.equal(report.cases.length, 9 * 5);
  for (const { case: name, contenders } of report.cases) {
    assert.ok(contenders.length > 1 && contenders.every((row) => row.samples_ns.length === 1), name);
  }
  assert.ok(report.goals.some(({ theirs }) => theirs === 'node:crypto, bare'));
  assert.match(stdout, /^\| canonicalize, pretty +\|/m);
});

test('the thresholds come from the package with and without the host', async (t) => {
  const { stdout, report } = await briefly(t, '--thresholds');
  const node = report.thresholds.filter(({ runtime }) => runtime === 'Node');
  assert.deepEqual(node.map(({ algorithm }) => algorithm), ['SHA-1', 'SHA-256', 'SHA-512']);
  // Whatever the table says, a body of 64 bytes is not worth a call of Node's, and one of 16 KiB is.
  assert.ok(node.every(({ rows }) => !rows.at(0).host && rows.at(-1).host), stdout);
});
