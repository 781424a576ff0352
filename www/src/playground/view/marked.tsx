// Text of somebody else's, shown so that nothing in it is hidden or does anything: what cannot be seen, what reorders
// text and what breaks lines has a mark of its own, read out by its name.

import { SHOWN } from '../limits';
import { utf8 } from '../text';

/**
 * What cannot be seen, looks like a space, changes the direction or the form of text, or is no character that anybody
 * knows: by its properties in Unicode. The blank of Braille has none of these and looks like a space all the same.
 */
const HIDDEN = /([\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs})/u;

const NAMES: Readonly<Record<string, string>> = { '\n': '↵', '\r': '␍', '\t': '⇥', '\u00a0': 'NBSP', '\u200b': 'ZWSP', '\ufeff': 'BOM', '\0': 'NUL' };

export function Marked({ text }: { readonly text: string }) {
  const shown = text.slice(0, SHOWN);
  return (
    <>
      {hiddenIn(shown).map((piece, index) => (index % 2 === 0 ? piece : <Hidden key={index} character={piece} />))}
      {text.length > SHOWN && <span class="faint"> … and {text.length - SHOWN} characters more</span>}
    </>
  );
}

/** What can be seen, a hidden character, what can be seen, and so on. */
export const hiddenIn = (text: string): readonly string[] => text.split(HIDDEN);

/** The mark is the style's (`playground.css`); what is selected and copied is the character. */
function Hidden({ character }: { readonly character: string }) {
  const name = NAMES[character] ?? `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  const broken = character === '\n';
  return <><span class="hidden-character" data-mark={name} title={name}>{!broken && <span>{character}</span>}</span>{broken && character}</>;
}

/** Has a browser copy what is selected as it is: left to itself, it makes spaces of other white space. */
export function copyAsItIs(event: ClipboardEvent): void {
  // A field has a selection of its own.
  const selection = event.target instanceof Element && event.target.matches('input, textarea') ? null : getSelection();
  if (selection === null || selection.rangeCount === 0) return;
  const range = selection.getRangeAt(0);
  const { commonAncestorContainer: place } = range;
  const isCode = ((place instanceof Element ? place : place.parentElement)?.closest('pre') ?? null) !== null;
  if (!isCode && range.cloneContents().querySelector('.hidden-character') === null) return;
  // A selection drops the line break at the end.
  event.clipboardData?.setData('text/plain', isCode ? range.toString() : selection.toString());
  event.preventDefault();
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
