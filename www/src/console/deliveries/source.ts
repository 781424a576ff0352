// Where the list of deliveries comes from: its pages from the API, what happens from the stream. Whoever shows it is told
// at most once a frame that it has changed.

import { signal } from '@preact/signals';

import type { AttemptEvent } from '../../generated/api';
import { answered, api } from '../api/client';
import { listen } from '../live/stream';
import { matches } from './filters';
import type { Filters } from './filters';
import { DeliveryList, MOST } from './list';
import { rowOf, rowOfAttempt } from './row';
import type { Row } from './row';

/** What the server gives at once at most. */
const PAGE = 100;

export class Source {
  readonly list = new DeliveryList();
  /** Counts changes; whoever reads it is rendered with them. */
  readonly changed = signal(0);
  readonly loading = signal(false);
  readonly error = signal<unknown>(undefined);
  /** Something newer lies above, with an unknown number between. */
  readonly stale = signal(false);
  /** Whether somebody reads further down. */
  reading = false;

  #next: string | null | undefined;
  #frame: number | undefined;
  /** There was a gap, and what happened in it is not known yet; and what was the newest before it. */
  #gap: { readonly before: Row | undefined } | undefined;
  #stop = new AbortController();
  readonly #unlisten: () => void;

  constructor(readonly filters: Filters) {
    this.#unlisten = listen({ attempts: (attempts) => this.#tell(attempts), gap: () => void this.#meet() });
    void this.more();
  }

  /** Whether nothing older can be loaded: there is none, or the list is as long as it may be. */
  get complete(): boolean {
    return this.#next === null || this.full;
  }

  get full(): boolean {
    return this.list.count >= MOST;
  }

  /** Does once more what went wrong. */
  async retry(): Promise<void> {
    if (this.#gap !== undefined && this.#next !== undefined) await this.#meet();
    else await this.more();
  }

  /** Loads the next page. */
  async more(): Promise<void> {
    if (this.loading.peek() || this.complete) return;
    this.loading.value = true;
    this.error.value = undefined;
    const { signal } = this.#stop;
    try {
      const { rows, next } = await this.#page(this.#next ?? undefined);
      if (signal.aborted) return;
      this.list.append(rows);
      const isFirst = this.#next === undefined;
      this.#next = next;
      // What happened while the first page was on its way may be in neither.
      if (isFirst && this.#gap !== undefined) {
        this.#gap = { before: rows[0] };
        void this.#meet();
      }
    } catch (error) {
      if (!signal.aborted) this.error.value = error;
    } finally {
      if (!signal.aborted) {
        this.loading.value = false;
        this.#schedule();
      }
    }
  }

  /** Begins anew from the newest. */
  async reload(): Promise<void> {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.loading.value = false;
    this.error.value = undefined;
    this.stale.value = false;
    this.#next = undefined;
    this.list.clear();
    await this.more();
  }

  /** Shows what was held back. */
  async show(): Promise<void> {
    if (this.stale.peek() || !this.list.release()) await this.reload();
    else this.#schedule();
  }

  /**
   * Asks what has become of those that wait for another attempt: the stream tells attempts, and not that there will be
   * none, since a replay was cancelled for one.
   */
  async look(rows: readonly Row[], signal: AbortSignal): Promise<void> {
    for (const { id, state } of rows) {
      if (state !== 'pending' || signal.aborted) continue;
      this.list.renew(rowOf(await answered(api.GET('/v1/deliveries/{delivery}', { params: { path: { delivery: id } }, signal }))));
      this.#schedule();
    }
  }

  dispose(): void {
    this.#unlisten();
    this.#stop.abort();
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  async #page(cursor: string | undefined): Promise<{ readonly rows: readonly Row[]; readonly next: string | null }> {
    const query = { ...this.filters, limit: PAGE, ...(cursor !== undefined && { cursor }) };
    const { deliveries, next } = await answered(api.GET('/v1/deliveries', { params: { query }, signal: this.#stop.signal }));
    return { rows: deliveries.map(rowOf), next };
  }

  #tell(attempts: readonly AttemptEvent[]): void {
    for (const attempt of attempts) {
      const row = rowOfAttempt(attempt);
      this.list.tell(row, matches(this.filters, row), this.reading, this.#next === null);
    }
    // Whoever looks at the top of a list that has grown so long sees the same after it is loaded anew.
    if (this.full && !this.reading && this.list.newer > MOST / 2) void this.reload();
    else this.#schedule();
  }

  /** After a gap: the newest ones once more. */
  async #meet(): Promise<void> {
    const gap = (this.#gap ??= { before: this.list.newest() });
    if (this.#next === undefined) return;
    const { signal } = this.#stop;
    this.error.value = undefined;
    try {
      const { rows, next } = await this.#page(undefined);
      if (signal.aborted) return;
      this.#gap = undefined;
      if (!this.list.meet(rows, next === null, gap.before, this.reading)) {
        if (this.reading) this.stale.value = true;
        else await this.reload();
      }
      this.#schedule();
    } catch (error) {
      if (signal.aborted) return;
      // Of another gap the answer may have come meanwhile: what happened in this one is still not known.
      this.#gap ??= gap;
      this.error.value = error;
    }
  }

  #schedule(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.changed.value += 1;
    });
  }
}
