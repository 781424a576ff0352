// The header of a signature, taken apart as the core's grammar has it (`core/src/signature/header.rs`), but kindly:
// what does not fit is shown as something else, and nothing is refused here.

import type { Scheme } from 'sigpost';

import type { Header } from '../request';
import type { HeaderPiece } from './protocol';

/** Entries behind these do not count for anybody who verifies: more than any rotation needs. */
const MOST_ENTRIES = 16;

/** A header's value; of several, the first, as the verdict says that there are several. */
export function valueOf(headers: readonly Header[], name: string | undefined): string | undefined {
  return name === undefined ? undefined : headers.find(([other]) => other.toLowerCase() === name)?.[1];
}

/** The pieces of a signature header. Joined, their texts are the value. */
export function piecesOf(scheme: Scheme, value: string): readonly HeaderPiece[] {
  const { separator } = scheme;
  if (separator === undefined) return entryOf(scheme, value);
  return value.split(separator).flatMap((entry, index) => [
    ...(index === 0 ? [] : [{ kind: 'separator', text: separator } as const]),
    ...spaced(entry, (text) => (index < MOST_ENTRIES ? entryOf(scheme, text) : [{ kind: 'other', text }])),
  ]);
}

/** The time, where the list holds it. */
export function timestampOf(pieces: readonly HeaderPiece[]): string | undefined {
  return pieces.find(({ kind }) => kind === 'timestamp')?.text;
}

/** White space around an entry is passed over. */
function spaced(entry: string, read: (text: string) => readonly HeaderPiece[]): readonly HeaderPiece[] {
  const text = entry.trim();
  const start = entry.indexOf(text);
  const around = (space: string) => (space === '' ? [] : [{ kind: 'separator', text: space } as const]);
  return [...around(entry.slice(0, start)), ...(text === '' ? [] : read(text)), ...around(entry.slice(start + text.length))];
}

function entryOf({ prefix = '', timestampPrefix }: Scheme, entry: string): readonly HeaderPiece[] {
  if (timestampPrefix !== undefined && entry.startsWith(timestampPrefix)) {
    return pair(timestampPrefix, 'timestamp', entry);
  }
  return entry.startsWith(prefix) ? pair(prefix, 'signature', entry) : [{ kind: 'other', text: entry }];
}

function pair(prefix: string, kind: 'timestamp' | 'signature', entry: string): readonly HeaderPiece[] {
  const rest = { kind, text: entry.slice(prefix.length) } as const;
  return prefix === '' ? [rest] : [{ kind: 'prefix', text: prefix }, rest];
}
