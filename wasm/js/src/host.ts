// The host's synchronous HMAC, where there is one and it is faster.

import type { Hash } from './digits.js';
import type { Message } from './key.js';

interface Hmac {
  update(data: string | Uint8Array): Hmac;
  digest(encoding: 'latin1'): string;
}

interface Crypto {
  createHmac(hash: string, key: unknown): Hmac;
  createSecretKey(bytes: Uint8Array): unknown;
}

interface Process {
  readonly versions?: Readonly<Record<string, string>>;
  getBuiltinModule?(name: string): Crypto | undefined;
}

/** A key, and the host's form of it, made when it is first needed. */
export interface HostKey {
  readonly bytes: Uint8Array;
  object: unknown;
}

/** What the host made of a message, as one-byte characters, and whether another body makes it too. */
interface Computed {
  readonly tag: string;
  same(body: Uint8Array): boolean;
}

const NAMES: Readonly<Record<Hash, string>> = { 1: 'sha1', 2: 'sha256', 5: 'sha512' };

/**
 * The shortest body, in bytes, that the host hashes faster than the module. Its hash functions use the processor's own
 * instructions, but a call costs microseconds: measured by `cargo xtask bench npm`.
 */
const FASTER: Readonly<Record<string, Readonly<Record<Hash, number>>>> = {
  bun: { 1: 256, 2: 128, 5: 128 },
  deno: { 1: 5000, 2: 4000, 5: 4000 },
  node: { 1: 2048, 2: 700, 5: 700 },
};

const { process } = globalThis as { process?: Process };
const crypto = process?.getBuiltinModule?.('node:crypto');
const versions = process?.versions ?? {};
const faster = FASTER[versions['bun'] ? 'bun' : versions['deno'] ? 'deno' : 'node'] as Readonly<Record<Hash, number>>;

/** The tag of a message, by a key in the host's form, if the host is there and faster. */
export function hostTag(hash: Hash, { before, body, after }: Message, key: HostKey): Computed | undefined {
  if (!crypto || body.length < faster[hash]) {
    return undefined;
  }
  const given = (key.object ??= crypto.createSecretKey(key.bytes));
  const of = (body: string | Uint8Array): string => {
    const mac = crypto.createHmac(NAMES[hash], given);
    // Every call costs.
    (before ? mac.update(before) : mac).update(body);
    return (after ? mac.update(after) : mac).digest('latin1');
  };
  const tag = of(body);
  return { tag, same: (body) => of(body) === tag };
}
