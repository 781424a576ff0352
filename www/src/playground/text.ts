// Bytes and the texts that stand for them: UTF-8, Latin-1, base64, base64url, hex. Reading is strict: what is read and
// written again is the same, or it is refused with the place where it goes wrong.

export type Bytes = Uint8Array<ArrayBuffer>;
export type Notation = 'base64' | 'base64url' | 'hex';

/** A text that is not what it is said to be written in. */
export class NotationError extends Error {
  override readonly name = 'NotationError';

  constructor(
    readonly notation: Notation,
    problem: string,
    /** Where, in characters from the start. */
    readonly offset: number,
  ) {
    super(`this is no ${notation}: ${problem} (character ${offset + 1})`);
  }
}

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The UTF-8 of a text. Half of a surrogate pair, which has none, becomes U+FFFD. */
export const utf8 = (text: string): Bytes => encoder.encode(text);

/** The text that these bytes are the UTF-8 of, a byte order mark included; undefined if there is none. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** How many bytes are made text in one call: an engine allows so many arguments. */
const PIECE = 8192;

/** A text with one code point for each byte. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return text;
}

/** The bytes of a text whose code points are all below 256; undefined if one is not. */
export function latin1Bytes(text: string): Bytes | undefined {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 0xff) return undefined;
    bytes[at] = code;
  }
  return bytes;
}

/** With its padding. */
export const toBase64 = (bytes: Uint8Array): string => btoa(latin1(bytes));

/** Without padding. */
export const toBase64url = (bytes: Uint8Array): string =>
  toBase64(bytes).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** @throws {@link NotationError} also for white space, missing padding, and bits that stand for nothing. */
export function fromBase64(text: string): Bytes {
  const digits = text.replace(/={1,2}$/, '');
  refuseOthers('base64', digits, /[^A-Za-z0-9+/]/);
  if (text.length % 4 !== 0) {
    throw new NotationError('base64', 'its length is no multiple of four', text.length);
  }
  return decoded('base64', text, digits);
}

/** @throws {@link NotationError} also for white space, padding, and bits that stand for nothing. */
export function fromBase64url(text: string): Bytes {
  refuseOthers('base64url', text, /[^A-Za-z0-9_-]/);
  if (text.length % 4 === 1) {
    throw new NotationError('base64url', 'a last digit stands alone', text.length - 1);
  }
  return decoded('base64url', text.replaceAll('-', '+').replaceAll('_', '/'), text);
}

/** In either case. @throws {@link NotationError} */
export function fromHex(text: string): Bytes {
  refuseOthers('hex', text, /[^0-9A-Fa-f]/);
  if (text.length % 2 !== 0) {
    throw new NotationError('hex', 'a last digit stands alone', text.length - 1);
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at += 1) {
    bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  }
  return bytes;
}

function refuseOthers(notation: Notation, text: string, other: RegExp): void {
  const at = text.search(other);
  if (at !== -1) {
    throw new NotationError(notation, 'a character that is no digit of it', at);
  }
}

function decoded(notation: Notation, text: string, digits: string): Bytes {
  const read = atob(text);
  const bytes = new Uint8Array(read.length);
  for (let at = 0; at < read.length; at += 1) bytes[at] = read.charCodeAt(at);
  // The last digit has bits beyond the last byte, which are nought where it was written by rule.
  const tail = bytes.subarray(bytes.length - (bytes.length % 3));
  const last = toBase64(tail).replace(/=+$/, '').at(-1);
  const given = digits.at(-1)?.replace('-', '+').replace('_', '/');
  if (tail.length > 0 && last !== given) {
    throw new NotationError(notation, 'its last digit has bits that stand for nothing', digits.length - 1);
  }
  return bytes;
}
