// A point in time, the same everywhere in the console: in the time zone of whoever reads it, with the exact text of the
// server a hover away.

import { local } from './times';

export function Time({ at, millis = false }: { readonly at: string | number; readonly millis?: boolean }) {
  const iso = typeof at === 'number' ? new Date(at).toISOString() : at;
  return <time class="time" dateTime={iso} title={iso}>{local(at, millis)}</time>;
}
