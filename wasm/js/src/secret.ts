// Secrets, and the keys that schemes make of them: the core's rules (`signature/secret.rs`).

import { fresh, viewOf } from './bytes.js';
import { ENCODINGS, decode, encode } from './digits.js';
import { engine } from './engine.js';
import { VerificationError } from './error.js';
import { Key } from './key.js';

/**
 * A shared secret: its text, or bytes.
 *
 * @example
 * ```js
 * import { sign, verify } from 'sigpost';
 *
 * const bytes = new TextEncoder().encode('secret');
 * const headers = sign('qlik', bytes, { body: '[1]' });
 * verify('qlik', 'secret', headers, '[1]').event; // [ 1 ]
 * ```
 */
export type Secret = string | Uint8Array | ArrayBuffer;

/**
 * How a secret becomes a key.
 *
 * @example
 * ```js
 * import { schemes } from 'sigpost';
 *
 * schemes.github.key; // 'whole'
 * schemes.svix.key; // 'base64'
 * schemes['standard-webhooks'].key; // 'standard-webhooks'
 * ```
 */
export type KeyForm = 'whole' | 'standard-webhooks' | 'base64';

type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const lenient = { ...ENCODINGS.base64, padded: false };
const MAX_SECRET = 4096;

/** The keys that a scheme makes of secrets: copies that can be erased, of which none is left if one is none. */
export function keysOf(secrets: Secret | readonly Secret[], form: KeyForm): Bytes[] {
  const copies: Bytes[] = [];
  const keys: Bytes[] = [];
  try {
    // That one is no secret at all goes before that another is none of this form.
    for (const secret of Array.isArray(secrets) ? (secrets as readonly Secret[]) : [secrets as Secret]) {
      const copy = bytesOf(secret);
      copies.push(copy);
      if (isBlank(behind('whsec_', copy) ?? copy)) {
        throw new VerificationError('no_secret', 'the secret is empty: only white space, zeros or whsec_');
      }
    }
    if (!copies.length) {
      throw new VerificationError('no_secret', 'there is no secret');
    }
    for (const copy of copies) {
      keys.push(keyOf(copy, form));
    }
    return keys;
  } catch (error) {
    keys.forEach((key) => key.fill(0));
    throw error;
  } finally {
    copies.forEach((copy) => copy.fill(0));
  }
}

/**
 * The Standard Webhooks key of a secret, as every library of that standard takes it: itself if it is `whsec_` and
 * base64 of 24 to 64 bytes, else derived from it. Sigpost signs `webhook-signature` with it.
 *
 * @example
 * ```js
 * import { standardSecret } from 'sigpost';
 *
 * standardSecret('0123456789abcdef0123456789abcdef'); // 'whsec_Yts+H2PG6sBj0PomR54jP6Z8/n9JGHibTgwjY7hDPuA='
 * ```
 */
export function standardSecret(secret: Secret): string {
  const [key] = keysOf([secret], 'standard-webhooks') as [Bytes];
  const text = `whsec_${encode(key, 'base64')}`;
  key.fill(0);
  return text;
}

/** The bytes of a secret as it was given: a copy that can be erased. */
export function bytesOf(secret: Secret): Bytes {
  if (secret === undefined || secret === null) {
    throw new VerificationError('no_secret', `the secret is ${secret}: is the environment set?`);
  }
  // Two texts with halves of surrogate pairs would be one secret.
  if (typeof secret === 'string' && /[\ud800-\udfff]/u.test(secret)) {
    throw refused('the secret holds half a surrogate pair');
  }
  const view = viewOf(secret);
  const bytes = typeof secret === 'string' ? encoder.encode(secret) : view && fresh(view.length, view);
  if (!bytes) {
    throw refused('a secret is a string, a Uint8Array or an ArrayBuffer');
  }
  if (bytes.length > MAX_SECRET) {
    bytes.fill(0);
    throw refused(`a secret has at most ${MAX_SECRET} bytes`);
  }
  return bytes;
}

function keyOf(secret: Bytes, form: KeyForm): Bytes {
  if (isEd25519(secret)) {
    throw refused('an Ed25519 key (whpk_ or whsk_) is no shared secret');
  }
  let key: Bytes | undefined = fresh(secret.length, secret);
  if (form !== 'whole') {
    key.fill(0);
    key = decoded('whsec_', secret);
    if (form === 'base64') {
      key ??= decoded('', secret);
    } else if (!key || key.length < 24 || key.length > 64) {
      key?.fill(0);
      key = derived(secret);
    }
  }
  if (!key) {
    throw refused("this scheme's secrets are base64, behind whsec_ or without it");
  }
  if (isBlank(key)) {
    throw refused('the key is only zeros or white space');
  }
  return key;
}

/** From any secret of any system; the text names what it is for, so that no other use of the secret yields this key. */
function derived(secret: Bytes): Bytes {
  const key = new Key(engine, 2, fresh(secret.length, secret));
  try {
    return key.tag({ parts: { before: [], after: [] }, body: 'sigpost/standard-webhooks/v1' });
  } finally {
    key.close();
  }
}

const refused = (message: string): VerificationError => new VerificationError('invalid_secret', message);

const behind = (prefix: string, secret: Bytes): Bytes | undefined =>
  [...prefix].every((letter, at) => secret[at] === letter.charCodeAt(0)) ? secret.subarray(prefix.length) : undefined;

const decoded = (prefix: string, secret: Bytes): Bytes | undefined => {
  const text = behind(prefix, secret);
  const room = fresh(secret.length);
  const length = text ? decode(text, 0, text.length, lenient, room, 0) : -1;
  const key = length < 0 ? undefined : fresh(length, room.subarray(0, length));
  room.fill(0);
  return key;
};

const SPACES = [32, 9, 10, 12, 13];

/** Whether nobody needs to know it: HMAC fills keys up with zeros, so that zeros are the empty key. */
const isBlank = (key: Bytes): boolean => key.every((byte) => [0, 61, ...SPACES].includes(byte));

/** Whether it is a key of Standard Webhooks' that is public, also with what files and quotes leave around it. */
function isEd25519(secret: Bytes): boolean {
  const isAround = (byte: number | undefined): boolean => [34, 39, 96, ...SPACES].includes(byte as number);
  let [start, end] = [0, secret.length];
  while (isAround(secret[start])) {
    start += 1;
  }
  while (isAround(secret[end - 1])) {
    end -= 1;
  }
  const bare = secret.subarray(start, end);
  const is = (prefix: string, length: number): boolean => {
    const key = decoded(prefix, bare);
    key?.fill(0);
    return key?.length === length;
  };
  return is('whpk_', 32) || is('whsk_', 64);
}
