// Text of somebody else's, shown so that nothing in it is hidden or does anything: what cannot be seen, what reorders
// text and what breaks lines has a mark of its own, read out by its name.

import { SHOWN } from '../limits';
import { utf8 } from '../text';

// Controls, white space other than a space, what has no width, what changes the direction of text.
const HIDDEN = /([\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb])/u;

const NAMES: Readonly<Record<string, string>> = { '\n': '↵', '\r': '␍', '\t': '⇥', '\u00a0': 'NBSP', '\u200b': 'ZWSP', '\ufeff': 'BOM', '\0': 'NUL' };

export function Marked({ text }: { readonly text: string }) {
  const shown = text.slice(0, SHOWN);
  return (
    <>
      {shown.split(HIDDEN).map((piece, index) => (index % 2 === 0 ? piece : <Hidden key={index} character={piece} />))}
      {text.length > SHOWN && <span class="faint"> … and {text.length - SHOWN} characters more</span>}
    </>
  );
}

function Hidden({ character }: { readonly character: string }) {
  const name = NAMES[character] ?? `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  return (
    <>
      <span class="hidden-character" title={name}>{name}</span>
      {character === '\n' && '\n'}
    </>
  );
}

/** Bytes as text, or as hex if they are none: of many, the beginning. */
export function Bytes({ bytes }: { readonly bytes: Uint8Array }) {
  if (bytes.length === 0) return <span class="faint">nothing</span>;
  const text = beginningOf(bytes)?.slice(0, SHOWN).replace(/[\ud800-\udbff]$/, '');
  if (text === undefined) return <Hex bytes={bytes} />;
  const more = bytes.length - utf8(text).length;
  return <><Marked text={text} />{more > 0 && <span class="faint"> … and {more} bytes more</span>}</>;
}

/** No character of a text takes more bytes in UTF-8. */
const WIDEST = 3;

/** The text that bytes begin with, at least as far as it is shown. */
function beginningOf(bytes: Uint8Array): string | undefined {
  const looked = bytes.subarray(0, SHOWN * WIDEST);
  try {
    // In the midst of a character it may stop only where the bytes go on.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(looked, { stream: looked.length < bytes.length });
  } catch {
    return undefined;
  }
}

const ROW = 16;
const ROWS = 64;

function Hex({ bytes }: { readonly bytes: Uint8Array }) {
  const rows = Array.from({ length: Math.min(ROWS, Math.ceil(bytes.length / ROW)) }, (_, index) => bytes.subarray(index * ROW, (index + 1) * ROW));
  return (
    <>
      {rows.map((row) => [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')).join('\n')}
      {bytes.length > ROW * ROWS && <span class="faint">{'\n'}… and {bytes.length - ROW * ROWS} bytes more</span>}
    </>
  );
}
