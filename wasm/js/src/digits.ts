// Tags, and texts whose characters are digits of so many bits each, as tags and secrets are written.

/** A hash by the number that the modules know it by. */
export type Hash = 1 | 2 | 5;

/** The length of a tag in bytes. */
export const LENGTHS: Readonly<Record<Hash, number>> = { 1: 20, 2: 32, 5: 64 };

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const ALPHANUMERIC = `${UPPER + UPPER.toLowerCase()}0123456789`;

/** For what is no digit: a bit that no digit has. */
const NONE = 64;

/** The value of each character. */
const values = (...alphabets: string[]): Uint8Array => {
  const table = new Uint8Array(256).fill(NONE);
  for (const alphabet of alphabets) {
    [...alphabet].forEach((digit, value) => (table[digit.charCodeAt(0)] = value));
  }
  return table;
};

/** How a tag is written: the digits' values, their bits, and whether there must be padding. */
export const ENCODINGS = {
  hex: { digits: values('0123456789abcdef', '0123456789ABCDEF'), bits: 4, padded: false },
  base64: { digits: values(`${ALPHANUMERIC}+/`), bits: 6, padded: true },
  base64url: { digits: values(`${ALPHANUMERIC}-_`), bits: 6, padded: false },
};

/** The form of a text of digits: their values, their bits, and whether there must be padding. */
export interface Digits {
  readonly digits: Uint8Array;
  readonly bits: number;
  readonly padded: boolean;
}

/**
 * Decodes the digits of a text in UTF-8 from `start` to `end` into `to`, from `at` on; what does not fit is dropped. How
 * many bytes they stand for, -1 if they are not of that form to the last bit.
 */
export function decode(
  text: Uint8Array,
  start: number,
  end: number,
  { digits, bits, padded }: Digits,
  to: Uint8Array,
  at: number,
): number {
  if (padded && (end - start) % 4) {
    return -1;
  }
  let last = end;
  // Padding stands behind two or three of the last four digits; where there need be none, half of it is some.
  while (text[last - 1] === 61 && (last - 1 - start) % 4 > 1) {
    last -= 1;
  }
  let held = 0;
  let count = 0;
  let next = at;
  let seen = 0;
  for (let index = start; index < last; index += 1) {
    const value = digits[text[index] as number] as number;
    seen |= value;
    held = (held << bits) | value;
    count += bits;
    if (count > 7) {
      count -= 8;
      to[next] = held >> count;
      next += 1;
    }
  }
  // What is left over is less than a digit, and zeros.
  return seen < NONE && count < bits && !(held & ((1 << count) - 1)) ? next - at : -1;
}

/** The text of bytes. */
export function encode(bytes: Uint8Array, encoding: keyof typeof ENCODINGS): string {
  if (encoding === 'hex') {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  const text = btoa(String.fromCharCode(...bytes));
  return encoding === 'base64' ? text : text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/** Writes a text of one-byte characters and returns where it ends. */
export function write(buffer: Uint8Array, text: string, start: number): number {
  for (let index = 0; index < text.length; index += 1) {
    buffer[start + index] = text.charCodeAt(index);
  }
  return start + text.length;
}
