// Keys, and the modules that compute and compare their tags. What is compared is decided elsewhere.

import { fresh } from './bytes.js';
import { LENGTHS } from './digits.js';
import type { Hash } from './digits.js';
import { VerificationError } from './error.js';
import type * as Border from './generated/verify_border.js';
import { erase, hostFits } from './host.js';
import type { HostKey, Same } from './host.js';
import { Instance, Trap } from './instance.js';
import type { Source } from './instance.js';
import { put } from './message.js';
import type { Message } from './message.js';

/** As in the modules: what the buffer holds, and how many keys are absorbed at a time. */
const BUFFER = 16384;
const SLOTS = 32;

const encoder = new TextEncoder();

/** A module that computes tags, and whose keys it has absorbed. Who comes next takes the place of the oldest. */
export class Engine {
  readonly #instance: Instance<typeof Border>;
  #absorbed: (Key | undefined)[] = [];
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #generation = -1;
  #next = 0;

  /** @internal */
  constructor(source: Source) {
    this.#instance = new Instance(source, { secret: true });
  }

  /**
   * Computes the tag of a message by a key, and calls `use` with it in the module's memory.
   *
   * @internal
   */
  call<Result>(
    key: Key,
    { bytes }: HostKey,
    message: Message,
    use: (wasm: typeof Border, buffer: Uint8Array<ArrayBuffer>) => Result,
  ): Result {
    return this.#enter((wasm, buffer) => {
      const { before, after } = message.parts;
      const slot = this.#open(wasm, buffer, key, bytes);
      wasm.start(slot, put(buffer, 0, before, message));
      feed(wasm, buffer, message.body);
      wasm.update(put(buffer, 0, after, message));
      return use(wasm, buffer);
    });
  }

  /** Erases a key. */
  close(key: Key): void {
    const slot = this.#absorbed.indexOf(key);
    if (slot >= 0 && this.#generation === this.#instance.generation) {
      this.#absorbed[slot] = undefined;
      this.#enter((wasm) => wasm.close(slot));
    }
  }

  /** Calls the module; a trap becomes the one error that users know. */
  #enter<Result>(use: (wasm: typeof Border, buffer: Uint8Array<ArrayBuffer>) => Result): Result {
    try {
      return this.#instance.call((wasm) => {
        // Its memory never grows, so the view is good for as long as the instance is.
        if (!this.#buffer || this.#generation !== this.#instance.generation) {
          this.#buffer = new Uint8Array(wasm.memory.buffer as ArrayBuffer, wasm.buffer() >>> 0, BUFFER);
          this.#absorbed = [];
          this.#generation = this.#instance.generation;
        }
        return use(wasm, this.#buffer);
      });
    } catch (error) {
      if (error instanceof Trap) {
        throw new VerificationError('internal', error.message, { cause: error.cause });
      }
      throw error;
    }
  }

  /** The slot that has absorbed a key. */
  #open(wasm: typeof Border, buffer: Uint8Array, key: Key, bytes: Uint8Array): number {
    const slot = this.#absorbed.indexOf(key);
    if (slot >= 0) {
      return slot;
    }
    const taken = this.#next;
    this.#next = (taken + 1) % SLOTS;
    this.#absorbed[taken] = key;
    buffer.set(bytes);
    if (!wasm.key(taken, key.hash, bytes.length)) {
      throw new Error('another module');
    }
    return taken;
  }
}

/** A key of an HMAC. It takes the bytes over and erases them when it is closed. */
export class Key {
  #held: HostKey | undefined;

  constructor(
    readonly engine: Engine,
    readonly hash: Hash,
    bytes: Uint8Array<ArrayBuffer>,
  ) {
    this.#held = { bytes };
  }

  /**
   * Whether one of the claimed tags, `size` bytes in all, is the message's. If the host hashed a long body, what is
   * returned asks it again, about another.
   */
  fits(message: Message, claims: Uint8Array, size: number): boolean | Same {
    const held = this.#opened();
    const judge = (wasm: typeof Border, buffer: Uint8Array): boolean => {
      buffer.set(claims);
      // The module says 1 for true.
      return !!wasm.judge(size);
    };
    return hostFits(this.hash, message, held, claims, size) ?? this.engine.call(this, held, message, judge);
  }

  /** The tag of a message, for whoever signs. */
  tag(message: Message): Uint8Array<ArrayBuffer> {
    return this.engine.call(this, this.#opened(), message, (wasm, buffer) => {
      wasm.tag();
      const length = LENGTHS[this.hash];
      const tag = fresh(length, buffer.subarray(0, length));
      buffer.fill(0);
      return tag;
    });
  }

  /** Erases the key, here and in the module. What asks for it afterwards is an error. */
  close(): void {
    if (this.#held) {
      erase(this.#held);
    }
    this.#held = undefined;
    this.engine.close(this);
  }

  #opened(): HostKey {
    if (!this.#held) {
      throw new VerificationError('disposed', 'the verifier was disposed of');
    }
    return this.#held;
  }
}

/** Hands a body over in pieces. */
function feed(wasm: typeof Border, buffer: Uint8Array<ArrayBuffer>, body: string | Uint8Array<ArrayBuffer>): void {
  for (let start = 0; start < body.length; ) {
    if (typeof body === 'string') {
      const { read, written } = encoder.encodeInto(start ? body.slice(start) : body, buffer);
      start += read;
      wasm.update(written);
    } else {
      const piece = body.subarray(start, start + BUFFER);
      buffer.set(piece);
      start += piece.length;
      wasm.update(piece.length);
    }
  }
}
