// What JSON.stringify makes of a body, and what is different about it, token by token, as far as it is shown. Both texts
// say the same, so mostly each token of one is a token of the other, spelled in another way and without white space:
// what else there is, members that are moved or that stand there twice, is found by comparing.

import { diffArrays } from 'diff';
import { canonicalize } from 'sigpost';

import { SHOWN } from '../limits';
import type { Canonical, DiffPiece } from './protocol';

/** More tokens that are moved or dropped than these are no help. */
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
  return { kind: 'differs', bytes, ...differences(new TextDecoder().decode(body), text) };
}

/** One of JSON, with the white space before it; the last may be white space alone. */
interface Token {
  readonly space: string;
  readonly text: string;
  readonly end: number;
}

/** Of both texts so many tokens as of the raw one are shown. */
function differences(raw: string, canonical: string): Pick<Canonical & { kind: 'differs' }, 'pieces' | 'cut'> {
  const ours: Token[] = [];
  for (const token of tokensOf(raw)) {
    ours.push(token);
    if (token.end >= SHOWN) break;
  }
  const theirs: string[] = [];
  let end = 0;
  for (const token of tokensOf(canonical)) {
    if (theirs.length === ours.length) break;
    theirs.push(token.text);
    ({ end } = token);
  }
  const changes = diffArrays(ours.map(spelled), theirs, { maxEditLength: MOST_EDITS, timeout: MOST_MILLISECONDS });
  if (changes === undefined) return { pieces: undefined, cut: 0 };
  // What stands behind the last token of both may be found again where nobody looks.
  const whole = (ours.at(-1)?.end ?? 0) === raw.length && end === canonical.length;
  const last = whole ? changes.length : changes.map(({ added, removed }) => added || removed).lastIndexOf(false) + 1;
  return piecesOf(changes.slice(0, last), ours, theirs, raw.length);
}

function piecesOf(changes: readonly { readonly added: boolean; readonly removed: boolean; readonly count: number }[], ours: readonly Token[], theirs: readonly string[], length: number) {
  const pieces: DiffPiece[] = [];
  const put = (of: DiffPiece['of'], text: string) => {
    const before = pieces.at(-1);
    if (before?.of === of) pieces[pieces.length - 1] = { of, text: before.text + text };
    else if (text !== '') pieces.push({ of, text });
  };
  let [at, other] = [0, 0];
  for (const { added, removed, count } of changes) {
    for (let index = 0; index < count; index += 1) {
      const own = added ? undefined : ours[at++];
      const their = removed ? undefined : theirs[other++];
      put('raw', own?.space ?? '');
      if (own?.text === their) put('both', their ?? '');
      else {
        put('raw', own?.text ?? '');
        put('canonical', their ?? '');
      }
    }
  }
  return { pieces, cut: length - (ours[at - 1]?.end ?? 0) };
}

const SPACE = /[ \t\n\r]*/y;
const WORD = /[-+.0-9A-Za-z]+|[^]?/y;

function* tokensOf(text: string): Generator<Token> {
  for (let at = 0; at < text.length; ) {
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
