// The server's clock, which all times of the API are by. A browser's own may be off by hours.

/** What says nothing: answers take their time, and tell theirs in whole seconds. */
const NEGLIGIBLE = 2_000;

let ahead = 0;

/** Takes note of the `date` of an answer that has just come. */
export function heard(date: string | null): void {
  const off = Date.parse(date ?? '') - Date.now();
  if (!Number.isNaN(off)) ahead = Math.abs(off) < NEGLIGIBLE ? 0 : off;
}

/** The time in milliseconds since 1970, by the server's clock. */
export const serverNow = (): number => Date.now() + ahead;
