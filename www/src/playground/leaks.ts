// Whether a secret stands in what somebody is about to share, in any form that it is likely to stand there.

import { standardSecret } from 'sigpost';

import { written } from './share';
import type { Shared } from './share';
import { fromBase64url, latin1, toBase64, toHex, utf8 } from './text';

/** A shorter secret is looked for as it is, and in no other form: two digits of hex stand in every text. */
const SHORTEST = 4;

/**
 * Whether any secret is in the link that would be made: its text, the bytes that it is base64 of behind `whsec_`, and
 * both as base64, base64url and hex, also within longer base64, escaped in JSON and in a URL.
 */
export function leaks(shared: Shared, secrets: readonly string[]): boolean {
  const body = latin1(shared.request.body);
  // As JSON the link's texts are escaped, which is undone; bodies may be escaped once more, of themselves.
  const json = written(shared);
  // Headers have a code point for each byte, all else is text.
  const texts = [latin1(utf8(json)), json, body].flatMap(readings);
  const lower = texts.map((text) => text.toLowerCase());
  return secrets.flatMap(formsOf).some(({ text, anyCase }) => (anyCase ? lower : texts).some((place) => place.includes(text)));
}

/** A text and what it is once escapes are undone, each of one code point for a byte. */
function readings(text: string): readonly string[] {
  const once = unescaped(text);
  return [text, once, unescaped(once), percentDecoded(once), percentDecoded(once.replaceAll('+', ' '))];
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Units that stand in a row are one text, since two of them may be one character. */
function unescaped(text: string): string {
  return text.replace(/((?:\\u[0-9a-fA-F]{4}){1,4096})|\\(["\\/bfnrt])/g, (_, units: string | undefined, escape = '') =>
    units === undefined ? (ESCAPES[escape] ?? escape) : latin1(utf8(units.slice(2).split('\\u').map(unit).join(''))),
  );
}

const unit = (digits: string): string => String.fromCharCode(Number.parseInt(digits, 16));

const percentDecoded = (text: string): string => text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => unit(digits));

interface Form {
  readonly text: string;
  readonly anyCase?: boolean;
}

function formsOf(secret: string): readonly Form[] {
  const texts = new Set([secret, secret.trim()].filter((text) => text !== ''));
  return [...texts].flatMap((text) => [...formsOfBytes(utf8(text)), ...decodedForms(text)]);
}

/** Those of the key that a secret stands for, and of the one that is derived from it for Standard Webhooks. */
function decodedForms(secret: string): readonly Form[] {
  const forms: Form[] = [];
  for (const whole of new Set([secret, derived(secret)])) {
    const digits = whole.replace(/^whsec_/, '');
    if (digits === whole || digits.length < SHORTEST) continue;
    forms.push({ text: latin1(utf8(digits.replace(/=+$/, ''))) });
    const bytes = decoded(digits);
    if (bytes !== undefined && bytes.length >= SHORTEST) forms.push(...formsOfBytes(bytes));
  }
  return forms;
}

function derived(secret: string): string {
  try {
    return standardSecret(secret);
  } catch {
    return secret;
  }
}

/** In either alphabet, padded or not, as those read it who verify. */
function decoded(digits: string): Uint8Array | undefined {
  try {
    return fromBase64url(digits.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'));
  } catch {
    return undefined;
  }
}

function formsOfBytes(bytes: Uint8Array): readonly Form[] {
  const plain = { text: latin1(bytes) };
  if (bytes.length < SHORTEST) return [plain];
  const base64 = [0, 1, 2].map((offset) => within(bytes, offset));
  const url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [plain, { text: toHex(bytes), anyCase: true }, ...[...base64, ...url].map((text) => ({ text }))];
}

/** The digits of base64 that these bytes alone decide where so many others stand before them. */
function within(bytes: Uint8Array, offset: number): string {
  const padded = new Uint8Array(offset + bytes.length);
  padded.set(bytes, offset);
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor((padded.length * 8) / 6);
  return toBase64(padded).slice(first, last);
}
