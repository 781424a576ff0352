// Whether a secret stands in what somebody is about to share, and where. Escapes are undone, in the secret as well, as
// often as there are any; what may be base64 or hex is freed from all that may stand between digits. So it does not
// matter how a form was escaped, broken over lines or cut out of longer base64.

import { standardSecret } from 'sigpost';

import { kept } from './kept';
import type { Shared } from './share';
import { latin1, toHex, utf8 } from './text';

/** A shorter secret is looked for as a word of its own, and in no other form: two letters stand in every text. */
const SHORTEST = 4;
/** A shorter secret is no key as base64 or hex, but a word that happens to be made of such digits. */
const SHORTEST_KEY = 16;
/** How often escapes are undone: JSON in a text of JSON in a URL has three of them. */
const DEEPEST = 4;

/** The first place of the link that would be made where any secret stands, in words; undefined if there is none. */
export function leaks(shared: Shared, secrets: readonly string[]): string | undefined {
  const wanted = secrets.map(formsOf);
  const stands = ([, text]: Place) => readings(text).some((reading) => wanted.some((forms) => isIn(reading, forms)));
  return placesOf(kept(shared).shared).find(stands)?.[0];
}

/** A place, in words, and what stands there: one code point for each byte, here as everywhere below. */
type Place = readonly [where: string, text: string];

/** All of a link that somebody wrote: neither the names of its members nor what is chosen from a list. */
function placesOf({ request: { method, url, headers, body }, scheme, options }: Shared): readonly Place[] {
  const texts: Place[] = [['the URL', url], ['the method', method], ['the message id', options.id ?? '']];
  if (typeof scheme === 'object') {
    const { name, header, prefix, idHeader, timestampHeader, timestampPrefix, weakerHeader, signed = [] } = scheme;
    const fixed = signed.map((part) => (typeof part === 'object' ? part.text : ''));
    texts.push(['the custom scheme', [name, header, prefix, idHeader, timestampHeader, timestampPrefix, weakerHeader, ...fixed].join('\n')]);
  }
  // Of a header it is not known whether its code points are bytes.
  const values = headers.flatMap(([name, value]) => [...new Set([value, bytesOf(value)])].map((text): Place => [`the header ${name}`, text]));
  return [['the body', latin1(body)], ...values, ...texts.map(([where, text]): Place => [where, bytesOf(text)])];
}

const bytesOf = (text: string): string => latin1(utf8(text));

interface Reading {
  readonly plain: string;
  readonly base64: string;
  readonly hex: string;
}

/** A text in all ways to read it. In plain text a plus is the space that it is in a query. */
function readings(text: string): readonly Reading[] {
  return [...new Set(undone(text).flatMap((plain) => [plain, unlisted(plain)]))].map((plain) => ({
    plain: plain.replaceAll('+', ' '),
    base64: plain.replaceAll('-', '+').replaceAll('_', '/').replace(/[^A-Za-z0-9+/]+/g, ''),
    hex: plain.toLowerCase().replace(/0x|[^0-9a-z]+/g, ''),
  }));
}

/** With the bytes that decimal numbers in a row are, as `JSON.stringify` writes a Buffer. */
const unlisted = (text: string): string =>
  text.replace(/(?<![\w.])(\d{1,3})(?:[\s,]+(?=\d)|(?![\w.]))/g, (whole, digits: string) => (Number(digits) < 256 ? String.fromCharCode(Number(digits)) : whole));

interface Forms {
  readonly words: readonly RegExp[];
  readonly plain: ReadonlySet<string>;
  readonly base64: ReadonlySet<string>;
  readonly hex: ReadonlySet<string>;
}

function isIn(reading: Reading, { words, ...forms }: Forms): boolean {
  const has = (form: 'plain' | 'base64' | 'hex') => [...forms[form]].some((text) => reading[form].includes(text));
  return has('plain') || has('base64') || has('hex') || words.some((word) => word.test(reading.plain));
}

function formsOf(secret: string): Forms {
  const texts = [secret, secret.trim()].filter((text) => text !== '');
  const keys = texts.flatMap((text) => [text, derived(text)]).flatMap((text) => [text, text.replace(/^whsec_/, '')]);
  const written = keys.flatMap((text) => [...undone(bytesOf(text)), ...utf16(text)]).filter((one) => one.length >= SHORTEST);
  const decoded = keys.flatMap((text) => [ofBase64(text), ofHex(text)]).filter((one) => one.length >= SHORTEST_KEY);
  const bytes = [...new Set([...written, ...decoded])];
  return {
    words: texts.filter((text) => bytesOf(text).length < SHORTEST).map(word),
    plain: new Set(bytes.map((one) => one.replaceAll('+', ' '))),
    base64: new Set(bytes.flatMap((one) => [0, 1, 2].map((offset) => within(one, offset)))),
    hex: new Set(bytes.map((one) => toHex(Uint8Array.from(one, (byte) => byte.charCodeAt(0))))),
  };
}

/** What a secret is for Standard Webhooks. */
function derived(secret: string): string {
  try {
    return standardSecret(secret);
  } catch {
    return secret;
  }
}

/** In either order of bytes. */
function utf16(text: string): readonly string[] {
  const codes = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
  return [
    codes.map((code) => String.fromCharCode(code & 0xff, code >> 8)).join(''),
    codes.map((code) => String.fromCharCode(code >> 8, code & 0xff)).join(''),
  ];
}

/** The bytes that a text is as base64 in either alphabet, padded or not; none if it is none. */
function ofBase64(text: string): string {
  try {
    return atob(text.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return '';
  }
}

const ofHex = (text: string): string =>
  /^(?:[0-9a-f]{2})+$/i.test(text) ? text.replace(/../g, (digits) => String.fromCharCode(Number.parseInt(digits, 16))) : '';

/** The digits of base64 that these bytes alone decide where so many others stand before them. */
function within(bytes: string, offset: number): string {
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor(((offset + bytes.length) * 8) / 6);
  return btoa('\0'.repeat(offset) + bytes).slice(first, last);
}

const word = (text: string): RegExp => new RegExp(`(?<![A-Za-z0-9])${bytesOf(text).replaceAll('+', ' ').replace(/[^A-Za-z0-9]/g, '\\$&')}(?![A-Za-z0-9])`);

/** A text as it is, and once its escapes are undone, again and again. */
function undone(text: string): readonly string[] {
  const all = [text];
  for (let last = text; all.length < DEEPEST; all.push(last)) {
    const next = last.replace(ESCAPE, unescaped);
    if (next === last) break;
    last = next;
  }
  return all;
}

/** Of JSON, JavaScript, URLs and HTML. Units of UTF-16 that stand in a row are one text: two of them may be one character. */
const ESCAPE = /((?:\\u[\da-f]{4}){1,4096})|(?:\\u\{|&#x)([\da-f]{1,6})[};]|&#(\d{1,7});|(?:\\x|%)([\da-f]{2})|&(amp|lt|gt|quot|apos);|\\(["'\\/bfnrt])/gi;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const LETTERS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescaped(whole: string, units?: string, hex?: string, decimal?: string, byte?: string, name?: string, letter?: string): string {
  if (units !== undefined) return bytesOf(units.slice(2).split(/\\u/i).map((digits) => String.fromCharCode(Number.parseInt(digits, 16))).join(''));
  if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
  if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole;
  if (letter !== undefined) return LETTERS[letter] ?? letter;
  const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return point > 0x10ffff ? whole : bytesOf(String.fromCodePoint(point));
}
