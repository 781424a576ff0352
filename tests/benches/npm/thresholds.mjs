// From which size on the host's HMAC is faster than the module's: what the table in wasm/js/src/host.ts says.
//
// The package decides between the two itself, so it runs twice, in two processes that take turns: in one the host's
// crypto is hidden from it. Where it uses the module anyway, what the host would have taken follows from the sizes where
// it does not: the time of an HMAC is a straight line over the size.

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { measure } from './measure.mjs';
import { microseconds, table } from './report.mjs';

const ALGORITHMS = ['SHA-1', 'SHA-256', 'SHA-512'];
const SIZES = [64, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12_288, 16_384];

const script = fileURLToPath(new URL('timed.mjs', import.meta.url));
const packaging = new URL('../../packaging/', import.meta.url);

/** The runtimes that are there, and how each runs a script. */
function runtimes() {
  const found = [['Node', process.execPath, []]];
  const require = createRequire(packaging);
  const deno = installed(() => require.resolve('deno/bin.cjs'));
  if (deno) {
    found.push(['Deno', process.execPath, [deno, 'run', '--allow-all', '--no-config', '--no-lock']]);
  }
  // The program itself: the package's own would have to run a script when it is installed.
  const platform = `${process.platform}-${process.arch.replace('arm64', 'aarch64')}`;
  const bun = installed(() => join(dirname(require.resolve(`@oven/bun-${platform}/package.json`)), 'bin/bun'));
  if (bun) {
    found.push(['Bun', bun, []]);
  }
  return found;
}

function installed(resolve) {
  try {
    return resolve();
  } catch {
    return undefined;
  }
}

/** Measures all of it. */
export async function thresholds(folder, effort) {
  const found = [];
  for (const [runtime, program, options] of runtimes()) {
    const pair = ['hidden', 'watched'].map((crypto) => new Remote(crypto, program, [...options, script, folder, crypto]));
    try {
      for (const algorithm of ALGORITHMS) {
        console.error(`${runtime}, ${algorithm}`);
        found.push(await crossing(runtime, algorithm, pair, effort));
      }
    } finally {
      pair.forEach((remote) => remote.close());
    }
  }
  return { text: text(found), thresholds: found };
}

/** A process that runs timed.mjs. */
class Remote {
  #child;
  #lines;

  constructor(name, program, args) {
    this.name = name;
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    // Whoever ended is missed when its answer is.
    this.#child.stdin.on('error', () => {});
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async run(what, iterations) {
    this.#child.stdin.write(`${JSON.stringify({ ...what, iterations })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) {
      throw new Error(`${this.#child.spawnargs.join(' ')} ended early`);
    }
    const { nanoseconds, host } = JSON.parse(value);
    this.host = host;
    return nanoseconds;
  }

  close() {
    this.#child.stdin.end();
  }
}

async function crossing(runtime, algorithm, [hidden, watched], effort) {
  const rows = [];
  for (const size of SIZES) {
    const [module, whole] = await measure([hidden, watched], { algorithm, size }, effort);
    rows.push({ size, module: module.best, package: whole.best, host: watched.host });
  }
  return { runtime, algorithm, rows, crossing: crossingOf(rows) };
}

/** Where the host's line meets the module's: a size, 0 if the host always wins, undefined if that cannot be told. */
export function crossingOf(rows) {
  const module = line(rows.map((row) => [row.size, row.module]));
  const host = line(rows.filter((row) => row.host).map((row) => [row.size, row.package]));
  if (!module || !host || host.slope >= module.slope) {
    return undefined;
  }
  return Math.max(0, Math.round((host.start - module.start) / (module.slope - host.slope)));
}

/** The line through points that misses each by as small a part of it as can be. */
function line(points) {
  if (points.length < 2) {
    return undefined;
  }
  let [w, x, y, xx, xy] = [0, 0, 0, 0, 0];
  for (const [size, time] of points) {
    const weight = 1 / time ** 2;
    w += weight;
    x += weight * size;
    y += weight * time;
    xx += weight * size * size;
    xy += weight * size * time;
  }
  const slope = (w * xy - x * y) / (w * xx - x * x);
  return { slope, start: (y - slope * x) / w };
}

function text(found) {
  const parts = [`Microseconds, the best turn of each: the module alone, and the package, which asks the \`host\` for some. What has a ~
lies below all sizes at which it does: lower the table and measure again.`];
  for (const runtime of new Set(found.map((one) => one.runtime))) {
    const columns = found.filter((one) => one.runtime === runtime);
    const head = [runtime, ...columns.flatMap(({ algorithm }) => [`${algorithm} module`, 'package'])];
    const rows = SIZES.map((size, at) => [`${size} B`, ...columns.flatMap(({ rows }) => cells(rows[at]))]);
    const crossings = columns.flatMap(({ rows, crossing }) => ['', crossingText(rows, crossing)]);
    parts.push(table([head, ...rows, ['the host is faster from', ...crossings]]));
  }
  return parts.join('\n\n');
}

function crossingText(rows, crossing) {
  if (crossing === undefined) {
    return 'unknown';
  }
  const seen = rows.find((row) => row.host).size;
  return `${crossing < seen ? '~' : ''}${crossing} B`;
}

function cells(row) {
  return [microseconds(row.module), `${microseconds(row.package)}${row.host ? ' host' : ''}`];
}
