// Tags, and texts whose characters are digits of so many bits each, as tags and secrets are written.

/** A hash by the number that the modules know it by. */
export type Hash = 1 | 2 | 5;

/** The length of a tag in bytes. */
export const LENGTHS: Readonly<Record<Hash, number>> = { 1: 20, 2: 32, 5: 64 };

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const ALPHANUMERIC = `${UPPER + UPPER.toLowerCase()}0123456789`;

/** The value of each character, 255 for what is no digit. */
const values = (...alphabets: string[]): Uint8Array => {
  const table = new Uint8Array(256).fill(255);
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

const scratch = new Uint8Array(256);

/** The same of a text, which is no secret: of one that is too long for any tag, nothing. */
export function decodeText(text: string, form: Digits): Uint8Array<ArrayBuffer> | undefined {
  const { length } = text;
  if (length > scratch.length) {
    return undefined;
  }
  for (let at = 0; at < length; at += 1) {
    scratch[at] = text.charCodeAt(at);
  }
  return decode(scratch, form, length);
}

/** The bytes that digits stand for; undefined if they are not of that form to the last bit. */
export function decode(
  text: Uint8Array,
  { digits, bits, padded }: Digits,
  length = text.length,
): Uint8Array<ArrayBuffer> | undefined {
  if (length % 4) {
    if (padded) {
      return undefined;
    }
  } else {
    // Where it may be, padding is one or two "=".
    length -= text[length - 1] === 61 ? (text[length - 2] === 61 ? 2 : 1) : 0;
  }
  const bytes = new Uint8Array((length * bits) >> 3);
  let held = 0;
  let count = 0;
  let end = 0;
  for (let at = 0; at < length; at += 1) {
    const value = digits[text[at] as number] as number;
    if (value === 255) {
      bytes.fill(0);
      return undefined;
    }
    held = (held << bits) | value;
    count += bits;
    if (count > 7) {
      count -= 8;
      bytes[end] = held >> count;
      end += 1;
    }
  }
  // What is left over is less than a digit, and zeros.
  if (count < bits && !(held & ((1 << count) - 1))) {
    return bytes;
  }
  bytes.fill(0);
  return undefined;
}

/** The text of bytes. */
export function encode(bytes: Uint8Array, encoding: keyof typeof ENCODINGS): string {
  if (encoding === 'hex') {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  const text = btoa(String.fromCharCode(...bytes));
  return encoding === 'base64' ? text : text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
