// The host's synchronous hashing, where there is some and it is faster than the module's.

import { LENGTHS, write } from './digits.js';
import type { Hash } from './digits.js';
import { VerificationError } from './error.js';
import type { Message } from './key.js';

interface Hmac {
  update(data: string | Uint8Array): Hmac;
  digest(encoding: 'latin1'): string;
}

interface Crypto {
  createHmac(name: string, key: object): Hmac;
  createSecretKey(bytes: Uint8Array): object;
  /** Node since 20.12. */
  hash?(name: string, data: Uint8Array, encoding: 'latin1'): string;
}

interface Process {
  readonly versions?: Readonly<Record<string, string>>;
  getBuiltinModule?(name: string): Crypto | undefined;
}

/** A key; and its forms for the host, which {@link hostTag} makes when they are first needed. */
export interface HostKey {
  readonly bytes: Uint8Array;
  /** The host's own, which nobody can erase, but which erases itself when it is forgotten. */
  object?: object;
  /** What HMAC begins with, inside and outside. */
  pads?: Uint8Array;
}

/** What the host made of a message, as one-byte characters, and whether another body makes it too. */
interface Computed {
  readonly tag: string;
  same(body: Uint8Array): boolean;
}

const NAMES: Readonly<Record<Hash, string>> = { 1: 'sha1', 2: 'sha256', 5: 'sha512' };

/**
 * The shortest body, in bytes, that the host hashes faster than the module. Its hash functions use the processor's own
 * instructions, but a call costs microseconds: measured by `cargo xtask bench npm -- --thresholds`.
 */
const FASTER: Readonly<Record<string, Readonly<Record<Hash, number>>>> = {
  bun: { 1: 200, 2: 128, 5: 800 },
  deno: { 1: 2400, 2: 1400, 5: 6000 },
  node: { 1: 720, 2: 380, 5: 900 },
};

const { process } = globalThis as { process?: Process };

/** Some runtimes forbid to ask. */
function found(): Crypto | undefined {
  try {
    return process?.getBuiltinModule?.('node:crypto');
  } catch {
    return undefined;
  }
}

const crypto = found();
const runtime = ['bun', 'deno'].find((name) => process?.versions?.[name]) ?? 'node';
const faster = FASTER[runtime] as Readonly<Record<Hash, number>>;

const encoder = new TextEncoder();
/** Where a short message is put together; and what is hashed last. */
const room = new Uint8Array(crypto?.hash ? 16384 : 0);
const last = new Uint8Array(192);

/** The tag of a message, if the host is there and faster. */
export function hostTag(hash: Hash, message: Message, key: HostKey): Computed | undefined {
  if (!crypto || message.body.length < faster[hash]) {
    return undefined;
  }
  const { before, body, after } = message;
  const object = (key.object ??= crypto.createSecretKey(key.bytes));
  const long = (body: string | Uint8Array): string => {
    const mac = crypto.createHmac(NAMES[hash], object);
    // Every call costs.
    (before ? mac.update(before) : mac).update(body);
    return (after ? mac.update(after) : mac).digest('latin1');
  };
  const size = before.length + after.length + body.length * (typeof body === 'string' ? 3 : 1);
  const tag = crypto.hash && size + 128 <= room.length ? short(crypto.hash, hash, message, key) : long(body);
  if (tag.length !== LENGTHS[hash]) {
    throw new VerificationError('internal', "the host's hash is none");
  }
  return { tag, same: (body) => long(body) === tag };
}

/** HMAC (RFC 2104) by two calls of the host's hash, which take half a microsecond less than its HMAC. */
function short(sum: NonNullable<Crypto['hash']>, hash: Hash, { before, body, after }: Message, key: HostKey): string {
  const name = NAMES[hash];
  const block = hash === 5 ? 128 : 64;
  const pads = (key.pads ??= padsOf(sum, name, block, key.bytes));
  try {
    room.set(pads.subarray(0, block));
    let end = block + write(room, before, block);
    if (typeof body === 'string') {
      end += encoder.encodeInto(body, room.subarray(end)).written;
    } else {
      room.set(body, end);
      end += body.length;
    }
    end += write(room, after, end);
    last.set(pads.subarray(block));
    write(last, sum(name, room.subarray(0, end), 'latin1'), block);
    return sum(name, last.subarray(0, block + LENGTHS[hash]), 'latin1');
  } finally {
    room.fill(0, 0, block);
    last.fill(0);
  }
}

/** The key, filled up with zeros, xored with 0x36; and behind it, xored with 0x5c. */
function padsOf(sum: NonNullable<Crypto['hash']>, name: string, block: number, key: Uint8Array): Uint8Array {
  const pads = new Uint8Array(2 * block);
  if (key.length > block) {
    write(pads, sum(name, key, 'latin1'), 0);
  } else {
    pads.set(key);
  }
  pads.copyWithin(block, 0, block);
  return pads.map((byte, at) => byte ^ (at < block ? 0x36 : 0x5c));
}
