// The npm package beside those of others, in one process: `cargo xtask bench npm`.

import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { checked, groupsOf, peersOf } from './contenders.mjs';
import { SIZES } from './documents.mjs';
import { judged } from './goals.mjs';
import { measure } from './measure.mjs';
import { goals, groups } from './report.mjs';
import { thresholds } from './thresholds.mjs';

const HELP = `The npm package beside svix, standardwebhooks, @octokit/webhooks-methods, stripe, WebCrypto and node:crypto

  cargo xtask bench npm                   # about two minutes
  cargo xtask bench npm -- --quick        # half a minute, and coarser
  cargo xtask bench npm -- --thresholds   # from which size on the host's HMAC is faster than the module's

  --quick        fewer and shorter turns
  --thresholds   only that: the package with and without the host's crypto, in Node and, where they are installed
                 in tests/packaging, in Deno and Bun
  --own          without the packages of others
  --rounds N     so many turns each
  --turn MS      so many milliseconds a turn
  --out FILE     the samples, as JSON
  --help

SIGPOST_NPM names the folder of the package, as \`cargo xtask npm\` prints it.
`;

// Many short turns: where others want the processor too, a long one is never left alone.
const FULL = { rounds: 81, turn: 8 };
const QUICK = { rounds: 11, turn: 7 };
/** The best turn is found in fewer. */
const THRESHOLDS = { rounds: 41, turn: 8 };

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    thresholds: { type: 'boolean', default: false },
    own: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    turn: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(HELP);
} else {
  await main(values);
}

async function main({ out, ...given }) {
  const folder = process.env.SIGPOST_NPM;
  if (!folder) {
    throw new Error('SIGPOST_NPM is not set: run `cargo xtask bench npm`, or set it to what `cargo xtask npm` prints');
  }
  const before = loadavg();
  const usual = given.thresholds ? THRESHOLDS : FULL;
  const effort = { ...(given.quick ? QUICK : usual), ...numbers(given) };
  const result = await (given.thresholds ? thresholds(folder, effort) : everything(folder, effort, !given.own));
  const { text, ...report } = result;
  const machine = { node: process.version, processors: cpus().length, processor: cpus()[0]?.model.trim() ?? 'unknown' };
  console.log(`${text}\n\n${circumstances(machine, effort, before)}`);
  if (out !== undefined) {
    await writeFile(out, `${JSON.stringify({ bench: 'npm', ...machine, load: [before, loadavg()], ...effort, ...report })}\n`);
  }
}

function numbers(given) {
  const named = ['rounds', 'turn'].filter((name) => given[name] !== undefined);
  return Object.fromEntries(
    named.map((name) => {
      const value = Number(given[name]);
      if (!(Number.isInteger(value) && value > 0)) {
        throw new Error(`--${name} is a whole number above 0`);
      }
      return [name, value];
    }),
  );
}

/** What a reader has to know to believe the figures. */
function circumstances({ node, processors, processor }, { rounds, turn }, before) {
  const load = [before, loadavg()].map(([minute]) => minute.toFixed(1)).join(' before, ');
  return `Node ${node}, ${processors} × ${processor}, load ${load} after; ${rounds} rounds, turns of ${turn} ms.`;
}

async function everything(folder, effort, withPeers) {
  const built = await import(pathToFileURL(join(folder, 'index.js')).href);
  const cases = [];
  for (const group of groupsOf(built, await peersOf(withPeers))) {
    for (const [size, bytes] of SIZES) {
      console.error(`${group.name}, ${size}`);
      const contenders = group.contenders();
      const genuine = await checked(group, bytes, contenders);
      cases.push({ group: group.name, size, bytes, contenders: await measure(contenders, genuine, effort) });
    }
  }
  const outcome = judged(cases);
  const note = `Microseconds: the median of all turns, the quartiles, and how many times as long as sigpost's that is, bytes
beside bytes and strings beside strings; what parses the JSON is held against sigpost when it does. The goals are for
verifying, whatever the others do besides, and beside the quickest way to call them.`;
  return { text: [note, ...groups(cases), goals(outcome)].join('\n\n'), cases: cases.map(recorded), goals: outcome };
}

/** A case as the JSON of every benchmark has it. */
function recorded({ group, size, bytes, contenders }) {
  const rows = contenders.map(({ name, median, quartiles, best, samples }) => ({
    name,
    median_ns: median,
    quartiles_ns: quartiles,
    best_ns: best,
    samples_ns: samples.map((sample) => Math.round(sample)),
  }));
  return { case: `${group}, ${size}`, bytes, contenders: rows };
}
