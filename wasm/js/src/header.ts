// Reading the headers of a request, strictly: the core's grammar (`signature/header.rs`, `verify.rs`).

import { ENCODINGS, decode } from './digits.js';
import { VerificationError } from './error.js';
import { LENGTHS } from './key.js';
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
  if (idHeader && !(fitsId(id as string) && [...plan.separators].every((mark) => !(id as string).includes(mark)))) {
    throw malformed(idHeader);
  }
  const text = value as string;
  const entries = separator ? text.split(separator, MAX_ENTRIES).map((entry) => entry.trim()) : [text];
  const times = entries.filter((entry) => timestampPrefix && entry.startsWith(timestampPrefix));
  const time = timestampHeader
    ? found.get(timestampHeader)
    : times.length === 1
      ? times[0]?.slice(timestampPrefix?.length)
      : undefined;
  if ((timestampHeader ?? timestampPrefix) && !(time && /^(0|[1-9]\d{0,14})$/.test(time))) {
    throw malformed(timestampHeader ?? header);
  }
  const tags = entries
    .map((entry) => (entry.startsWith(prefix) ? decode(entry.slice(prefix.length), ENCODINGS[encoding]) : undefined))
    .filter((tag) => tag?.length === LENGTHS[hash]) as Uint8Array[];
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
  const values: Readonly<Record<string, string | undefined>> = { id, timestamp };
  const join = (parts: readonly Part[]): string =>
    parts.map((part) => (typeof part === 'string' ? values[part] : part.text)).join('');
  return { before: join(before), after: join(after) };
}

/** Whether an id is one: visible ASCII without a dot, which separates the signed parts. */
export const fitsId = (id: string): boolean => /^[!-\-/-~]{1,256}$/.test(id);

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

/** What is said of a header that is not of the scheme's form. */
export const malformed = (header: string): VerificationError =>
  new VerificationError('malformed_header', `header ${header} is not of the scheme's form`, { header });
