/**
 * Deduplication: what a store is, and one in memory.
 *
 * @packageDocumentation
 */

/**
 * What a store knows of a delivery.
 *
 * @example
 * ```js
 * import { memoryStore } from 'sigpost/dedupe';
 *
 * const store = memoryStore();
 * store.begin('svix:msg_1', 'a'); // 'new'
 * // Its handler failed.
 * store.release('svix:msg_1', 'a');
 * store.begin('svix:msg_1', 'b'); // 'new'
 * ```
 */
export type Begun =
  /** Nothing: whoever asks has it now. */
  | 'new'
  /** Somebody has it, and its lease has not run out. */
  | 'inProgress'
  /** It was handled. */
  | 'done';

/**
 * Remembers deliveries, by a key that consists of scheme and signed id. `lease` names one attempt to handle it.
 *
 * `begin` must be atomic: of all who ask at the same time, one is told `new`. What it holds ends by itself after a while,
 * or a process that died would block the delivery for ever. Each may return a promise, and what it throws has the sender
 * try again (`begin`) or is told to `onError` (the others).
 *
 * @example
 * ```ts
 * import { memoryStore, type Store } from 'sigpost/dedupe';
 *
 * const memory = memoryStore();
 *
 * // Tells what senders repeat.
 * export const store: Store = {
 *   ...memory,
 *   begin(key, lease) {
 *     const begun = memory.begin(key, lease);
 *     console.log(key, begun);
 *     return begun;
 *   },
 * };
 * ```
 */
export interface Store {
  begin(key: string, lease: string): Begun | Promise<Begun>;
  /** It was handled, and is `done` from now on, even if the lease has run out. */
  complete(key: string, lease: string): unknown;
  /** It failed, and is `new` again, unless another lease holds it by now. */
  release(key: string, lease: string): unknown;
}

/**
 * Settings of a store in memory. A name that is none of these is a `TypeError`.
 *
 * @example
 * ```js
 * import { memoryStore } from 'sigpost/dedupe';
 *
 * let time = 0;
 * const store = memoryStore({ ttl: 60, now: () => time });
 * store.begin('svix:msg_1', 'a');
 * store.complete('svix:msg_1', 'a');
 * store.begin('svix:msg_1', 'b'); // 'done'
 * time += 61_000;
 * store.begin('svix:msg_1', 'c'); // 'new'
 * ```
 */
export interface MemoryOptions {
  /** How long what was handled is remembered, in seconds; 5 days unless said, as long as senders try again. */
  readonly ttl?: number;
  /** How long a handler may take, in seconds, until its delivery may be handled again; 60 unless said. */
  readonly lease?: number;
  /**
   * The most deliveries that are remembered, 100,000 unless said (some 20 MB). Above, those handled longest ago are
   * forgotten; those in progress never are: if they alone are as many, `begin` throws.
   */
  readonly max?: number;
  /** The time in milliseconds since 1970; `Date.now` unless said. */
  readonly now?: () => number;
}

/**
 * A store in the memory of this process: for one process that receives, and for as long as it runs.
 *
 * @example
 * ```js
 * import { memoryStore } from 'sigpost/dedupe';
 *
 * const store = memoryStore({ ttl: 24 * 60 * 60 });
 * store.begin('svix:msg_1', 'a'); // 'new'
 * store.begin('svix:msg_1', 'b'); // 'inProgress'
 * store.complete('svix:msg_1', 'a');
 * store.begin('svix:msg_1', 'c'); // 'done'
 * ```
 */
export function memoryStore(options: MemoryOptions = {}) {
  const { ttl = 432_000, lease: seconds = 60, max = 100_000, now = Date.now, ...unknown } = options;
  for (const name in unknown) {
    throw new TypeError(`a store in memory has no '${name}'; there is ttl, lease, max, now`);
  }
  if (![ttl, seconds, max].every((value) => typeof value === 'number' && value > 0)) {
    throw new TypeError('ttl, lease and max are numbers above 0');
  }
  // In the order of their ends, since all of a kind last equally long.
  const done = new Map<string, number>();
  const running = new Map<string, { lease: string; until: number }>();
  const sweep = (time: number) => {
    for (const [key, { until }] of running) {
      if (until > time) {
        break;
      }
      running.delete(key);
    }
    for (const [key, until] of done) {
      if (until > time && done.size + running.size < max) {
        break;
      }
      done.delete(key);
    }
  };
  return {
    begin(key: string, lease: string): Begun {
      const time = now();
      if ((done.get(key) ?? 0) > time) {
        return 'done';
      }
      if ((running.get(key)?.until ?? 0) > time) {
        return 'inProgress';
      }
      sweep(time);
      running.delete(key);
      if (running.size >= max) {
        throw new RangeError(`${max} deliveries are in progress`);
      }
      running.set(key, { lease, until: time + seconds * 1000 });
      return 'new';
    },
    complete(key: string, _lease: string): void {
      const time = now();
      running.delete(key);
      done.delete(key);
      sweep(time);
      // Not in the place of one in progress, if its own was taken after its lease.
      if (running.size < max) {
        done.set(key, time + ttl * 1000);
      }
    },
    release(key: string, lease: string): void {
      if (running.get(key)?.lease === lease) {
        running.delete(key);
      }
    },
  } satisfies Store;
}
