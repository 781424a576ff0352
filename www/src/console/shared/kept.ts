// What several views need of the tenant: read once, when it is first wanted, and forgotten when somebody else is signed
// in or acts in another tenant.

import { effect, signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { place } from './place';

export interface Kept<Data> {
  /** Nothing until it is there. What is there stays while it is read again. */
  readonly data: ReadonlySignal<Data | undefined>;
  readonly error: ReadonlySignal<unknown>;
  /** It is being read. */
  readonly busy: ReadonlySignal<boolean>;
  /** Reads it unless it is there or on its way. What could not be read before is asked for again. */
  readonly want: () => void;
  /** Reads it, also if it is there: what was on its way is given up. */
  readonly read: () => Promise<void>;
  /** Reads it again if somebody has wanted it: what is there or on its way may be out of date. */
  readonly again: () => Promise<void>;
  /** Puts into it what is known to be newer, also into what is on its way. What nobody wanted is left alone. */
  readonly update: (change: (data: Data) => Data) => void;
}

/** `load` may tell what it has so far: the first time, that is there until all of it is. */
export function kept<Data>(load: (signal: AbortSignal, partly: (some: Data) => void) => Promise<Data>): Kept<Data> {
  const data = signal<Data | undefined>(undefined);
  const error = signal<unknown>(undefined);
  const busy = signal(false);
  let reading: AbortController | undefined;
  /** The changes since reading began: what is read may be older than they are. */
  let meanwhile: ((data: Data) => Data)[] = [];
  const read = async () => {
    reading?.abort();
    const own = (reading = new AbortController());
    meanwhile = [];
    error.value = undefined;
    busy.value = true;
    const isFirst = data.peek() === undefined;
    try {
      const now = (read: Data) => meanwhile.reduce<Data>((all, change) => change(all), read);
      const loaded = await load(own.signal, (some) => {
        if (isFirst && !own.signal.aborted) data.value = now(some);
      });
      if (!own.signal.aborted) data.value = now(loaded);
    } catch (caught) {
      if (!own.signal.aborted) error.value = caught;
    }
    if (reading !== own) return;
    reading = undefined;
    busy.value = false;
  };
  effect(() => {
    void place.value;
    reading?.abort();
    reading = undefined;
    busy.value = false;
    data.value = error.value = undefined;
  });
  return {
    data,
    error,
    busy,
    want: () => {
      if ((data.peek() === undefined || error.peek() !== undefined) && reading === undefined) void read();
    },
    read,
    again: async () => {
      if (data.peek() !== undefined || error.peek() !== undefined || reading !== undefined) await read();
    },
    update: (change) => {
      if (reading !== undefined) meanwhile.push(change);
      const now = data.peek();
      if (now !== undefined) data.value = change(now);
    },
  };
}

/** Wants it for as long as a component is there, whoever is signed in meanwhile. */
export function useKept(...wanted: readonly Pick<Kept<unknown>, 'want'>[]): void {
  useEffect(() => wanted.forEach(({ want }) => want()), [place.value]);
}
