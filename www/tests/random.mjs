// Random values that come again: a test prints its seed when it fails, and takes it from SIGPOST_SEED.

/** Runs `use` so many times with a generator of its own each; a failure names the seed. */
export async function repeated(times, use) {
  const first = Number(process.env.SIGPOST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const count = process.env.SIGPOST_SEED === undefined ? times : 1;
  for (let seed = first; seed < first + count; seed += 1) {
    try {
      await use(random(seed));
    } catch (error) {
      error.message = `SIGPOST_SEED=${seed}: ${error.message}`;
      throw error;
    }
  }
}

/** mulberry32, which is short and good enough to choose by. */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit) => Math.floor(next() * limit);
  const pick = (list) => list[below(list.length)];
  const many = (limit, make) => Array.from({ length: below(limit + 1) }, make);
  return {
    below,
    pick,
    many,
    bytes: (limit) => Uint8Array.from(many(limit, () => below(256))),
    text: (limit, pieces) => many(limit, () => pick(pieces)).join(''),
  };
}
