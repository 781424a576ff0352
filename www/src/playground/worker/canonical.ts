// What JSON.stringify makes of a body, and what is different about it, token by token. The differences are for people:
// of a body that is long, or differs everywhere, only the canonical form is told.

import { diffArrays } from 'diff';
import { canonicalize } from 'sigpost';

import type { Canonical, DiffPiece } from './protocol';

/** Longer bodies are not compared. */
const LONGEST = 256 * 1024;
/** More differences than these are no help. */
const MOST_EDITS = 4_000;
const MOST_MILLISECONDS = 300;

const encoder = new TextEncoder();

/** The canonical form of a body. */
export function canonicalOf(body: Uint8Array<ArrayBuffer>): Canonical {
  let text: string;
  try {
    text = canonicalize(body);
  } catch (error) {
    const offset = error instanceof SyntaxError && 'offset' in error && typeof error.offset === 'number' ? error.offset : undefined;
    return { kind: 'none', reason: error instanceof Error ? error.message : String(error), offset };
  }
  const bytes = encoder.encode(text);
  if (bytes.length === body.length && bytes.every((byte, index) => byte === body[index])) return { kind: 'same' };
  return { kind: 'differs', bytes, pieces: body.length > LONGEST ? undefined : differences(new TextDecoder().decode(body), text) };
}

/** Strings, numbers, words, runs of white space, and every other character by itself. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[a-z]+|\s+|[\s\S]/gu;

function differences(raw: string, canonical: string): readonly DiffPiece[] | undefined {
  const changes = diffArrays(raw.match(TOKENS) ?? [], canonical.match(TOKENS) ?? [], { maxEditLength: MOST_EDITS, timeout: MOST_MILLISECONDS });
  return changes?.map(({ value, added, removed }) => ({ text: value.join(''), of: added ? 'canonical' : removed ? 'raw' : 'both' }));
}
