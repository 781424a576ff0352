// Measuring contenders against each other: rounds, in each of which everyone has a turn, so that a machine that slows
// down slows everybody. What is compared are medians, and beside them the best turns, which a disturbance touches least.

const NANOSECONDS = 1e6;

/** Something that does its work once per delivery: truthy if it did, or a promise of that. */
export class Contender {
  #run;

  constructor(name, work) {
    this.name = name;
    this.work = work;
  }

  /** Runs so many times, over the deliveries in turn, and says how many nanoseconds that took. */
  async run(deliveries, iterations) {
    this.#run ??= this.work(deliveries[0]) instanceof Promise ? awaited : straight;
    return this.#run(this.work, deliveries, iterations);
  }
}

/** What is synchronous pays for no promise. */
function straight(work, deliveries, iterations) {
  const start = performance.now();
  for (let i = 0; i < iterations; i += 1) {
    judge(work(deliveries[i % deliveries.length]));
  }
  return (performance.now() - start) * NANOSECONDS;
}

/** One after the other, as a handler that waits for the answer does. */
async function awaited(work, deliveries, iterations) {
  const start = performance.now();
  for (let i = 0; i < iterations; i += 1) {
    judge(await work(deliveries[i % deliveries.length]));
  }
  return (performance.now() - start) * NANOSECONDS;
}

/** A result that is used cannot be optimised away. */
function judge(result) {
  if (!result) {
    throw new Error('a contender refused what is genuine');
  }
}

/**
 * Nanoseconds per run of each contender, a sample a round. A contender is anything with `name` and
 * `run(deliveries, iterations)`.
 *
 * @param {{ rounds: number, turn: number }} effort how many rounds, and how many milliseconds a turn takes, about
 */
export async function measure(contenders, deliveries, { rounds, turn }) {
  const rows = [];
  for (const contender of contenders) {
    rows.push({ contender, iterations: await calibrate(contender, deliveries, turn * NANOSECONDS), samples: [] });
  }
  // The first round only warms up: what contenders share was compiled before all of them had shown how they use it.
  for (let round = -1; round < rounds; round += 1) {
    for (let turn = 0; turn < rows.length; turn += 1) {
      // Another one begins each round: no one always runs in another's wake.
      const { contender, iterations, samples } = rows[(turn + round + rows.length) % rows.length];
      const took = await contender.run(deliveries, iterations);
      if (round >= 0) {
        samples.push(took / iterations);
      }
    }
  }
  return rows.map(({ contender, samples }) => ({ name: contender.name, ...statistics(samples) }));
}

/** How often a contender runs in one turn; the search for it also warms caches and compilers up. */
async function calibrate(contender, deliveries, turn) {
  let iterations = 1;
  let took = await contender.run(deliveries, iterations);
  while (took < turn) {
    iterations *= took * 8 < turn ? 4 : 2;
    took = await contender.run(deliveries, iterations);
  }
  return Math.max(1, Math.round((iterations * turn) / took));
}

/** What samples show. */
export function statistics(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const [best] = sorted;
  return {
    best,
    quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)],
    median: quantile(sorted, 0.5),
    samples,
  };
}

function quantile(sorted, part) {
  const at = part * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}
