// Reading the headers of a request, strictly: the core's grammar (`signature/header.rs`, `verify.rs`).

import { ENCODINGS, LENGTHS, decodeText } from './digits.js';
import { VerificationError, malformed } from './error.js';
import type { Part, Plan } from './scheme.js';

/** What a request claims. */
export interface Claim {
  readonly id: string | undefined;
  /** In seconds since 1970. */
  readonly timestamp: number | undefined;
  /** What is signed before the body, and what behind it. */
  readonly before: string;
  readonly after: string;
  /** At least one, each as long as the hash's. */
  readonly tags: readonly Uint8Array[];
}

/** More entries than any rotation needs; a bound on the work a forger can cause. */
const MAX_ENTRIES = 16;

/** The headers that a scheme looks at: those that it needs, and one that only tells something. */
export const namesOf = ({ header, idHeader, timestampHeader, weakerHeader }: Plan): [name: string, needed: boolean][] =>
  [[header, true], [idHeader, true], [timestampHeader, true], [weakerHeader, false]].filter(([name]) => name) as [string, boolean][];

/** Reads a request's headers by a scheme. */
export function claimOf(plan: Plan, found: ReadonlyMap<string, string>): Claim {
  const { header, hash, encoding, prefix, separator, idHeader, timestampHeader, timestampPrefix, weakerHeader } = plan;
  const value = found.get(header);
  if (value === undefined && weakerHeader && found.has(weakerHeader)) {
    throw new VerificationError('sha1_only', 'only a weaker signature is there (SHA-1), which this scheme does not accept');
  }
  for (const name of [header, idHeader, timestampHeader]) {
    if (name && !found.has(name)) {
      throw new VerificationError('missing_header', `header ${name} is missing`, { header: name });
    }
  }
  const id = idHeader && found.get(idHeader);
  if (idHeader && !fitsId(plan, id as string)) {
    throw malformed(idHeader);
  }
  let time = timestampHeader && found.get(timestampHeader);
  let times = 0;
  const tags: Uint8Array[] = [];
  for (const given of separator ? (value as string).split(separator, MAX_ENTRIES) : [value as string]) {
    const entry = separator ? given.trim() : given;
    if (timestampPrefix && entry.startsWith(timestampPrefix)) {
      times += 1;
      time = entry.slice(timestampPrefix.length);
    } else if (entry.startsWith(prefix)) {
      const tag = decodeText(entry.slice(prefix.length), ENCODINGS[encoding]);
      if (tag?.length === LENGTHS[hash]) {
        tags.push(tag);
      }
    }
  }
  if ((timestampHeader ?? timestampPrefix) && !(time && times < 2 && /^(0|[1-9]\d{0,14})$/.test(time))) {
    throw malformed(timestampHeader ?? header);
  }
  if (!tags.length) {
    throw malformed(header);
  }
  return { id, timestamp: time ? Number(time) : undefined, tags, ...around(plan, id, time) };
}

/** What is signed around the body. */
export function around(
  { before, after }: Plan,
  id: string | undefined,
  timestamp: string | undefined,
): { before: string; after: string } {
  return { before: joined(before, id, timestamp), after: joined(after, id, timestamp) };
}

function joined(parts: readonly Part[], id: string | undefined, timestamp: string | undefined): string {
  let text = '';
  for (const part of parts) {
    text += part === 'id' ? id : part === 'timestamp' ? timestamp : part === 'body' ? '' : part.text;
  }
  return text;
}

/**
 * Whether an id is one: visible ASCII without a dot, which separates the signed parts, nor what else does. Bytes could
 * move from one part to the next then, and one signature would serve for two requests.
 */
export function fitsId({ separators }: Plan, id: string): boolean {
  for (const mark of separators) {
    if (id.includes(mark)) {
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
