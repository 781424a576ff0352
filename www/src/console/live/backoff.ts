// How long to wait before a connection is tried again: longer each time, and never all consoles at once.

const FIRST = 1_000;
const LONGEST = 30_000;

/** Milliseconds before the next try after so many failures on end. `random` is from 0 to below 1. */
export function wait(failures: number, random: number): number {
  const longest = Math.min(LONGEST, FIRST * 2 ** Math.min(Math.max(failures - 1, 0), 10));
  return Math.round(longest * (0.5 + random / 2));
}
