// The host's synchronous hashing, where there is some and it is faster than the module's.

import { fresh } from './bytes.js';
import { LENGTHS, write } from './digits.js';
import type { Hash } from './digits.js';
import { put } from './message.js';
import type { Message } from './message.js';

interface Hmac {
  update(data: string | Uint8Array): Hmac;
  digest(encoding: 'latin1'): string;
}

interface Crypto {
  createHmac(name: string, key: object): Hmac;
  createSecretKey(bytes: Uint8Array): object;
  hash(name: string, data: Uint8Array, encoding: 'latin1'): string;
}

/** Whether another body makes the same tag. */
export type Same = (body: Uint8Array<ArrayBuffer>) => boolean;

interface Process {
  readonly versions?: Readonly<Record<string, string>>;
  /** Node since 20.16 and 22.3. */
  getBuiltinModule?(name: string): Crypto | undefined;
}

/** A key; and its forms for the host, which are made when they are first needed. */
export interface HostKey {
  readonly bytes: Uint8Array;
  /** The host's own, which nobody can erase, but which erases itself when it is forgotten. */
  object?: object;
  /** What HMAC begins with, inside and outside. */
  pads?: Pads;
}

type Pads = readonly [inner: Uint8Array, outer: Uint8Array];

const NAMES: Readonly<Record<Hash, string>> = { 1: 'sha1', 2: 'sha256', 5: 'sha512' };

/**
 * The shortest body, in bytes, that the host hashes faster than the module. Its hash functions use the processor's own
 * instructions, but a call costs: measured by `cargo xtask bench npm -- --thresholds`, and in a worker by hand.
 */
const FASTER: Readonly<Record<'workerd' | 'bun' | 'deno' | 'node', Readonly<Record<Hash, number>>>> = {
  workerd: { 1: 3500, 2: 3000, 5: 7000 },
  bun: { 1: 0, 2: 0, 5: 256 },
  deno: { 1: 1600, 2: 960, 5: 3200 },
  node: { 1: 256, 2: 80, 5: 440 },
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
const { bun, deno } = process?.versions ?? {};
// A worker says that it is Node.
const runtime = 'WebSocketPair' in globalThis ? 'workerd' : bun ? 'bun' : deno ? 'deno' : 'node';
const faster = FASTER[runtime];

const encoder = new TextEncoder();
/** Bodies up to here, in bytes, are put together with what is signed around them. */
const SHORT = 16384;
/** From here on to copy a body costs more than to hash it again in case that it is looked at. */
const KEPT = 4096;
const room = new Uint8Array(crypto ? SHORT + 5120 : 0);

/**
 * Whether one of the claimed tags, `size` bytes in all, is the message's: undefined if there is no host, or it is slower,
 * or its hash is none. Of long bytes, what is returned instead of true asks again, about others.
 */
export function hostFits(hash: Hash, message: Message, key: HostKey, claims: Uint8Array, size: number): boolean | Same | undefined {
  const { body } = message;
  if (!crypto || body.length < faster[hash]) {
    return undefined;
  }
  const block = hash === 5 ? 128 : 64;
  const length = LENGTHS[hash];
  const isText = typeof body === 'string';
  const isShort = body.length * (isText ? 3 : 1) <= SHORT && key.bytes.length <= block;
  try {
    const tag = isShort ? short(crypto.hash, hash, message, key, block) : long(hash, message, key);
    if (tag.length !== length) {
      return undefined;
    }
    let fits = false;
    // All of them, to the last byte, whichever fits and wherever others do not: time tells nothing of the tag.
    for (let start = 0; start < size; start += length) {
      let wrong = 0;
      for (let at = 0; at < length; at += 1) {
        wrong |= tag.charCodeAt(at) ^ (claims[start + at] as number);
      }
      fits = !wrong || fits;
    }
    if (!fits || isText || body.length < KEPT) {
      return fits;
    }
    key.object ??= crypto.createSecretKey(key.bytes);
    return (body) => long(hash, { ...message, body }, key) === tag;
  } catch {
    // It may forbid a hash, or be without what we ask for.
    return undefined;
  }
}

/** As {@link short}, of any key and any body: only called if there is a host. */
function long(hash: Hash, message: Message, key: HostKey): string {
  const host = crypto as Crypto;
  const mac = host.createHmac(NAMES[hash], (key.object ??= host.createSecretKey(key.bytes)));
  const { before, after } = message.parts;
  const add = (parts: typeof before): Hmac => mac.update(room.subarray(0, put(room, 0, parts, message)));
  // Every call costs.
  (before.length ? add(before) : mac).update(message.body);
  return (after.length ? add(after) : mac).digest('latin1');
}

/**
 * HMAC (RFC 2104) by two calls of the host's hash, which take a third of the time of its HMAC; for keys no longer than a
 * block, since that of a longer one would come as a text that nobody can erase.
 */
function short(sum: Crypto['hash'], hash: Hash, message: Message, key: HostKey, block: number): string {
  const name = NAMES[hash];
  const { body, parts } = message;
  const pads = (key.pads ??= padsOf(key.bytes, block, LENGTHS[hash]));
  const outer = pads[1];
  room.set(pads[0]);
  let end = put(room, block, parts.before, message);
  if (typeof body === 'string') {
    end += encoder.encodeInto(body, room.subarray(end)).written;
  } else {
    room.set(body, end);
    end += body.length;
  }
  end = put(room, end, parts.after, message);
  // Whatever is shorter would leave there what the last message came to.
  return write(outer, sum(name, room.subarray(0, end), 'latin1'), block) === outer.length ? sum(name, outer, 'latin1') : '';
}

/** Erases a key, and what is left of the last one that was used. */
export function erase({ bytes, pads }: HostKey): void {
  [bytes, room, ...(pads ?? [])].forEach((bytes) => bytes.fill(0));
}

/** The key, filled up with zeros, xored with 0x36; and, with room for what was made of it, xored with 0x5c. */
function padsOf(key: Uint8Array, block: number, length: number): Pads {
  const inner = fresh(block, key);
  const outer = fresh(block + length);
  inner.forEach((byte, at) => {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  });
  return [inner, outer];
}
