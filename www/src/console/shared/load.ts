// What a view loads: once for what it is about, anew when asked, the newest answer only, with what went wrong. What was
// loaded stays while it is loaded anew, so that nothing jumps.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

export interface Loaded<Data> {
  readonly data: Data | undefined;
  readonly error: unknown;
  readonly loading: boolean;
  readonly reload: () => void;
  /** Puts into it what is known to be newer. What is not there yet is left alone. */
  readonly update: (change: (data: Data) => Data) => void;
}

interface Held<Data> {
  readonly key: string | undefined;
  readonly data: Data | undefined;
  readonly error: unknown;
  readonly loading: boolean;
}

/** Loads what `key` names; nothing while that is undefined. */
export function useLoaded<Data>(key: string | undefined, load: (signal: AbortSignal) => Promise<Data>): Loaded<Data> {
  const held = useSignal<Held<Data>>({ key, data: undefined, error: undefined, loading: key !== undefined });
  const latest = useRef(load);
  latest.current = load;
  const current = useRef<AbortController>(undefined);
  const begin = () => {
    current.current?.abort();
    if (key === undefined) return;
    const { signal } = (current.current = new AbortController());
    const kept = held.peek().key === key ? held.peek().data : undefined;
    held.value = { key, data: kept, error: undefined, loading: true };
    latest.current(signal).then(
      (data) => signal.aborted || (held.value = { key, data, error: undefined, loading: false }),
      (error: unknown) => signal.aborted || (held.value = { ...held.peek(), error, loading: false }),
    );
  };
  useEffect(() => {
    begin();
    return () => current.current?.abort();
  }, [key]);
  const { key: of, data, error, loading } = held.value;
  // In the one render before the effect, what is held may still be of something else.
  const shown = of === key ? { data, error, loading } : { data: undefined, error: undefined, loading: key !== undefined };
  const update = (change: (data: Data) => Data) => {
    const now = held.peek();
    if (now.key !== key || now.data === undefined) return;
    current.current?.abort();
    held.value = { key, data: change(now.data), error: undefined, loading: false };
  };
  return { ...shown, reload: begin, update };
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export interface Pages<Item> extends Loaded<Page<Item>> {
  /** Loads the next page, if there is one. */
  readonly more: () => Promise<void>;
  readonly loadingMore: boolean;
  /** Does once more what went wrong. */
  readonly retry: () => unknown;
}

/** The most items that a list without a window is shown with. */
const MOST = 2_000;

/** A list in pages, one below the other. */
export function usePages<Item>(key: string | undefined, load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>): Pages<Item> {
  const busy = useSignal(false);
  const failed = useSignal<unknown>(undefined);
  const current = useRef<AbortController>(undefined);
  const first = useLoaded(key, (signal) => load(undefined, signal));
  /** A page that is on its way goes on from what is shown no longer. */
  const drop = () => {
    current.current?.abort();
    busy.value = false;
    failed.value = undefined;
  };
  useEffect(() => drop, [key]);
  const more = async () => {
    const from = first.data?.next ?? null;
    if (from === null || busy.peek()) return;
    const { signal } = (current.current = new AbortController());
    busy.value = true;
    failed.value = undefined;
    try {
      const { items, next } = await load(from, signal);
      if (signal.aborted) return;
      first.update((shown) => {
        const all = [...shown.items, ...items];
        return { items: all, next: all.length < MOST ? next : null };
      });
    } catch (error) {
      if (!signal.aborted) failed.value = error;
    } finally {
      if (!signal.aborted) busy.value = false;
    }
  };
  const reload = () => {
    drop();
    first.reload();
  };
  const retry = failed.value === undefined ? reload : more;
  return { ...first, error: first.error ?? failed.value, reload, more, loadingMore: busy.value, retry };
}
