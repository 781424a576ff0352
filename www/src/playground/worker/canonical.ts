// What JSON.stringify makes of a body, and what is different about it, token by token, as far as it is shown. Both texts
// say the same, so mostly each token of one is a token of the other, spelled in another way and without white space:
// what else there is, members that are moved or that stand there twice, is found by comparing. What is shown begins near
// the first difference, however far behind the beginning it stands.

import { diffArrays } from 'diff';
import { canonicalize } from 'sigpost';

import { SHOWN } from '../limits';
import type { Canonical, DiffPiece } from './protocol';

/** More tokens that are moved or dropped than these are no help. */
const MOST_EDITS = 4_000;
const MOST_MILLISECONDS = 300;
/** So many characters that are the same stand before the first difference, where it would be far down otherwise. */
const AROUND = 200;

const encoder = new TextEncoder();

/** The canonical form of a body. */
export function canonicalOf(body: Uint8Array<ArrayBuffer>): Canonical {
  let text: string;
  try {
    text = canonicalize(body);
  } catch (error) {
    return { kind: 'none', reason: error instanceof Error ? error.message : String(error) };
  }
  const bytes = encoder.encode(text);
  if (bytes.length === body.length && bytes.every((byte, index) => byte === body[index])) return { kind: 'same' };
  return { kind: 'differs', bytes, ...differences(new TextDecoder().decode(body), text) };
}

/** One of JSON, with the white space before it; the last may be white space alone. */
interface Token {
  readonly space: string;
  readonly text: string;
  readonly end: number;
}

type Shown = Pick<Canonical & { kind: 'differs' }, 'skipped' | 'pieces' | 'cut'>;

/** From the first difference on, of both texts so many tokens as of the raw one are shown. */
function differences(raw: string, canonical: string): Shown {
  const start = startOfToken(raw, firstDifference(raw, canonical));
  const ours: Token[] = [];
  for (const token of tokensOf(raw, start)) {
    ours.push(token);
    if (token.end >= start + SHOWN) break;
  }
  const theirs: string[] = [];
  let end = start;
  for (const token of tokensOf(canonical, start)) {
    if (theirs.length === ours.length) break;
    theirs.push(token.text);
    ({ end } = token);
  }
  const changes = diffArrays(ours.map(spelled), theirs, { maxEditLength: MOST_EDITS, timeout: MOST_MILLISECONDS });
  if (changes === undefined) return { skipped: 0, pieces: undefined, cut: 0 };
  // What stands behind the last token of both may be found again where nobody looks.
  const whole = (ours.at(-1)?.end ?? start) === raw.length && end === canonical.length;
  const last = whole ? -1 : changes.map(({ added, removed }) => added || removed).lastIndexOf(false);
  const { pieces, cut } = piecesOf(last < 0 ? changes : changes.slice(0, last + 1), ours, theirs, raw, start);
  const [first, ...others] = pieces;
  if (first?.of !== 'both' || first.text.length < SHOWN / 2) return { skipped: 0, pieces, cut };
  const skipped = first.text.length - AROUND;
  return { skipped, pieces: [{ of: 'both', text: first.text.slice(skipped) }, ...others], cut };
}

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

/** Where the token begins that a place is in; up to that place, the text has white space in strings only. */
function startOfToken(text: string, place: number): number {
  let end = 0;
  for (let quote = text.indexOf('"'); quote !== -1 && quote < place; quote = text.indexOf('"', end)) {
    end = endOfString(text, quote);
    if (end > place) return quote;
  }
  let start = place;
  while (start > end && /[-+.0-9A-Za-z]/.test(text[start - 1] ?? '')) start -= 1;
  return start;
}

function piecesOf(changes: readonly { readonly added: boolean; readonly removed: boolean; readonly count: number }[], ours: readonly Token[], theirs: readonly string[], raw: string, start: number) {
  const pieces: DiffPiece[] = [];
  const put = (of: DiffPiece['of'], text: string) => {
    const before = pieces.at(-1);
    if (before?.of === of) pieces[pieces.length - 1] = { of, text: before.text + text };
    else if (text !== '') pieces.push({ of, text });
  };
  put('both', raw.slice(0, start));
  let [at, other] = [0, 0];
  for (const { added, removed, count } of changes) {
    for (let index = 0; index < count; index += 1) {
      const { space, text: own } = (added ? undefined : ours[at++]) ?? { space: '', text: '' };
      const their = (removed ? undefined : theirs[other++]) ?? '';
      const [before, behind] = sameEnds(own, their);
      put('raw', space);
      put('both', own.slice(0, before));
      put('raw', own.slice(before, own.length - behind));
      put('canonical', their.slice(before, their.length - behind));
      put('both', own.slice(own.length - behind));
    }
  }
  return { pieces, cut: raw.length - (ours[at - 1]?.end ?? start) };
}

/** How many characters at the beginning and at the end of two tokens are the same: of short ones that differ, none. */
function sameEnds(own: string, their: string): readonly [before: number, behind: number] {
  if (own === their) return [own.length, 0];
  const most = Math.min(own.length, their.length);
  if (most < AROUND) return [0, 0];
  const before = firstDifference(own, their);
  let behind = 0;
  while (behind < most - before && own.at(-1 - behind) === their.at(-1 - behind)) behind += 1;
  return [before, behind];
}

const SPACE = /[ \t\n\r]*/y;
const WORD = /[-+.0-9A-Za-z]+|[^]?/y;

function* tokensOf(text: string, from: number): Generator<Token> {
  for (let at = from; at < text.length; ) {
    const space = matchAt(SPACE, text, at);
    const start = at + space.length;
    const token = text[start] === '"' ? text.slice(start, endOfString(text, start)) : matchAt(WORD, text, start);
    at = start + token.length;
    yield { space, text: token, end: at };
  }
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** A token as JSON.stringify writes it. */
const spelled = ({ text }: Token): string => (/^["0-9-]/.test(text) ? JSON.stringify(JSON.parse(text)) : text);
