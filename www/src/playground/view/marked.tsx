// Text of somebody else's, shown so that nothing in it is hidden or does anything: what cannot be seen, what reorders
// text and what breaks lines has a mark of its own, read out by its name.

import { SHOWN } from '../limits';
import { textOf } from '../text';

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

/** Bytes as text, or as hex if they are none. */
export function Bytes({ bytes }: { readonly bytes: Uint8Array }) {
  const text = textOf(bytes);
  if (bytes.length === 0) return <span class="faint">nothing</span>;
  return text === undefined ? <Hex bytes={bytes} /> : <Marked text={text} />;
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
