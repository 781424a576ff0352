// Tries every webhook out, one after the other, as often as the server allows: what "Test webhook" means in the Request
// app. It waits when there have been too many tests, and can be given up at any time.

import type { Delivery, Webhook } from '../../generated/api';

export type Result =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running' }
  | { readonly kind: 'tried'; readonly delivery: Delivery }
  | { readonly kind: 'failed'; readonly error: unknown };

export interface Entry {
  readonly webhook: Webhook;
  readonly result: Result;
}

export interface Run {
  readonly state: 'reading' | 'running' | 'done' | 'cancelled' | 'failed';
  readonly entries: readonly Entry[];
  /** How many have ended. */
  readonly ended: number;
  /** In how many seconds it goes on; 0 while it does. */
  readonly wait: number;
  readonly error?: unknown;
}

/** What a run needs of the world. */
export interface World {
  readonly all: (signal: AbortSignal) => Promise<readonly Webhook[]>;
  readonly test: (webhook: Webhook, signal: AbortSignal) => Promise<Delivery>;
  /** How long to wait, if that is all that was wrong. */
  readonly secondsToWait: (error: unknown) => number | undefined;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Runs until everything is tried, or `signal` says stop. `show` is told each step. */
export async function runTests(world: World, signal: AbortSignal, show: (run: Run) => void): Promise<void> {
  let run: Run = { state: 'reading', entries: [], ended: 0, wait: 0 };
  const step = (change: Partial<Run>) => show((run = { ...run, ...change }));
  const put = (index: number, result: Result, change: Partial<Run> = {}) =>
    step({ ...change, entries: run.entries.map((entry, at) => (at === index ? { ...entry, result } : entry)) });
  step({});
  try {
    const webhooks = await world.all(signal);
    step({ state: 'running', entries: webhooks.map((webhook) => ({ webhook, result: { kind: 'waiting' } })) });
    for (const [index, webhook] of webhooks.entries()) {
      put(index, { kind: 'running' });
      const result = await tried(world, webhook, signal, (wait) => step({ wait }));
      put(index, result, { ended: index + 1, wait: 0 });
    }
    step({ state: 'done' });
  } catch (error) {
    const stopped = ({ webhook, result }: Entry): Entry => ({ webhook, result: result.kind === 'running' ? { kind: 'waiting' } : result });
    if (signal.aborted) step({ state: 'cancelled', wait: 0, entries: run.entries.map(stopped) });
    else step({ state: 'failed', error });
  }
}

/** One test, once the server allows it. What goes wrong with one webhook does not keep the others from being tried. */
async function tried(world: World, webhook: Webhook, signal: AbortSignal, waiting: (seconds: number) => void): Promise<Result> {
  for (;;) {
    try {
      return { kind: 'tried', delivery: await world.test(webhook, signal) };
    } catch (error) {
      signal.throwIfAborted();
      const seconds = world.secondsToWait(error);
      if (seconds === undefined) return { kind: 'failed', error };
      for (let left = seconds; left > 0; left -= 1) {
        waiting(left);
        await world.sleep(1000, signal);
      }
      waiting(0);
    }
  }
}
