// Reading the headers of a request, strictly: the core's grammar (`signature/header.rs`, `verify.rs`).

import { ENCODINGS, LENGTHS, decode } from './digits.js';
import { VerificationError, malformed } from './error.js';
import { TEXT } from './inputs.js';
import type { Plan } from './scheme.js';

/** What a request claims. */
export interface Claim {
  readonly id: string | undefined;
  /** In seconds since 1970. */
  readonly timestamp: number | undefined;
  /** The same as it is written. */
  readonly time: string | undefined;
  /** How many bytes of the plan's room are tags: at least one, each as long as the hash's, one behind the other. */
  readonly size: number;
}

const encoder = new TextEncoder();
/** An entry in UTF-8. What is longer is no tag. */
const line = new Uint8Array(1024);

/** More entries than any rotation needs; a bound on the work a forger can cause. */
const MAX_ENTRIES = 16;

/** The headers that a scheme looks at: those that it needs, and one that only tells something. */
export const namesOf = ({ header, idHeader, timestampHeader, weakerHeader }: Plan): [name: string, needed: boolean][] =>
  [[header, true], [idHeader, true], [timestampHeader, true], [weakerHeader, false]].filter(([name]) => name) as [string, boolean][];

/** Reads a request's headers by a scheme. */
export function claimOf(plan: Plan, found: ReadonlyMap<string, string>): Claim {
  const { hash, encoding, prefix, separator, room, idHeader, timestampHeader, timestampPrefix } = plan;
  const value = found.get(plan.header);
  const id = idHeader && found.get(idHeader);
  let time = timestampHeader && found.get(timestampHeader);
  let times = 0;
  let size = 0;
  let whole = false;
  let rest = value;
  let seconds = -1;
  for (let left = MAX_ENTRIES; rest !== undefined && left > 0; left -= 1) {
    const end: number = separator ? rest.indexOf(separator) : -1;
    const entry: string = separator ? (end < 0 ? rest : rest.slice(0, end)).trim() : rest;
    whole = entry === value;
    rest = end < 0 ? undefined : rest.slice(end + 1);
    if (timestampPrefix && entry.startsWith(timestampPrefix)) {
      times += 1;
      time = entry.slice(timestampPrefix.length);
    } else if (entry.startsWith(prefix)) {
      const length = decode(line, prefix.length, encoder.encodeInto(entry, line).written, ENCODINGS[encoding], room, size);
      size += length === LENGTHS[hash] ? length : 0;
    }
  }
  const timed = !(timestampHeader ?? timestampPrefix) || (time && times < 2 && (seconds = secondsOf(time)) >= 0);
  // Of a list, also what is passed over; what is decoded is text.
  const isText = whole || TEXT.test(value as string);
  if (!size || !timed || !isText || (idHeader && !(id && fitsId(plan, id)))) {
    throw refused(plan, found, !timed);
  }
  return {
    id,
    timestamp: time ? seconds : undefined,
    time,
    size,
  };
}

/** The number of seconds that a text of at most 15 digits says, none of them a zero too many; -1 for any other. */
function secondsOf(text: string): number {
  let seconds = 0;
  for (let index = 0; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9 || (index && !seconds)) {
      return -1;
    }
    seconds = seconds * 10 + digit;
  }
  return seconds < 1e15 ? seconds : -1;
}

/** What is wrong with headers, in the order in which the core looks for it. */
function refused(plan: Plan, found: ReadonlyMap<string, string>, untimed: boolean): VerificationError {
  const { header, idHeader, timestampHeader, weakerHeader } = plan;
  const needed = [header, idHeader, timestampHeader];
  for (const [name, text] of found) {
    if (needed.includes(name) && !TEXT.test(text)) {
      return malformed(name);
    }
  }
  if (!found.has(header) && weakerHeader && found.has(weakerHeader)) {
    return new VerificationError('sha1_only', 'only a weaker signature is there (SHA-1)');
  }
  const missing = needed.find((name) => name && !found.has(name));
  if (missing) {
    return new VerificationError('missing_header', `header ${missing} is missing`, { header: missing });
  }
  if (idHeader && !fitsId(plan, found.get(idHeader) as string)) {
    return malformed(idHeader);
  }
  return malformed(untimed && timestampHeader ? timestampHeader : header);
}

/**
 * Whether an id is one: visible ASCII without a dot, which separates the signed parts, nor what else does. Bytes could
 * move from one part to the next then, and one signature would serve for two requests.
 */
export function fitsId({ separators }: Plan, id: string): boolean {
  for (let index = 0; index < separators.length; index += 1) {
    if (id.includes(separators[index] as string)) {
      return false;
    }
  }
  return /^[!-\-/-~]{1,256}$/.test(id);
}

/** Throws unless a signed time is as near to now as it has to be; both are in seconds since 1970. */
export function judgeAge(timestamp: number, now: number, tolerance: number): void {
  const age = now - timestamp;
  if (age > tolerance) {
    throw new VerificationError('stale_timestamp', `the signature was made ${age} s ago, which is too long`);
  }
  if (age < -tolerance) {
    throw new VerificationError('future_timestamp', `the signature was made ${-age} s in the future`);
  }
}
