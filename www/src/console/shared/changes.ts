// What becomes of webhooks, wherever it is done. The stream tells which have changed; what they are now is read, once for
// all who show them, gathered, and no sooner than what was read before is there.

import { effect } from '@preact/signals';

import type { Webhook } from '../../generated/api';
import { answered, api } from '../api/client';
import { Refusal } from '../api/errors';
import { listen } from '../live/stream';
import { place } from './place';

export interface Follower {
  /** What those are now that have changed, and the ids of those that are gone. */
  readonly told: (changed: readonly Webhook[], deleted: readonly string[]) => unknown;
  /** Any may have changed: look again at all that is shown. What goes wrong is shown there. */
  readonly missed: () => unknown;
}

/** How long changes are gathered. */
const GATHER = 400;
/** How long it takes until what could not be read is asked for again. */
const AGAIN = 5_000;
/** Of more than this many, nobody is told one by one. */
const MOST = 20;

const followers = new Set<Follower>();
/** Whether they are still there, by id. */
const heard = new Map<string, boolean>();
let gap = false;
let looking: AbortController | undefined;

/** Tells a follower from now on; what is returned ends that. */
export function follow(follower: Follower): () => void {
  followers.add(follower);
  return () => void followers.delete(follower);
}

listen({
  webhooks: (events) => {
    for (const { webhook, change } of events) hear(webhook, change !== 'deleted');
    look(GATHER);
  },
  gap: () => {
    gap = true;
    look(GATHER);
  },
});

// What is on its way is of somebody else, or of another tenant.
effect(() => {
  void place.value;
  looking?.abort();
  looking = undefined;
  forget();
});

/** One is known to be gone by whoever deleted it: what was told of it before is not asked for any more. */
export function gone(id: string): void {
  if (heard.has(id)) heard.set(id, false);
}

function hear(id: string, there: boolean): void {
  if (heard.size < MOST || heard.has(id)) heard.set(id, there);
  else gap = true;
}

function forget(): void {
  heard.clear();
  gap = false;
}

/** Begins to look, once it is time, unless that has begun. */
function look(after: number): void {
  if (looking !== undefined) return;
  const { signal } = (looking = new AbortController());
  setTimeout(() => void tell(signal), after);
}

async function tell(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const [told, missed] = [[...heard], gap];
  forget();
  const failed = missed ? [] : await tellOf(told, signal);
  if (signal.aborted) return;
  if (missed) await Promise.all([...followers].map((follower) => follower.missed()));
  if (signal.aborted) return;
  looking = undefined;
  for (const id of failed) hear(id, heard.get(id) ?? true);
  if (heard.size > 0 || gap) look(failed.length > 0 ? AGAIN : GATHER);
}

/** Tells what these are now; returns those that could not be read and may be another time. */
async function tellOf(heardOf: readonly (readonly [id: string, there: boolean])[], signal: AbortSignal): Promise<readonly string[]> {
  const changed: Webhook[] = [];
  const deleted = heardOf.filter(([, there]) => !there).map(([id]) => id);
  const failed: string[] = [];
  await Promise.all(heardOf.filter(([, there]) => there).map(async ([id]) => {
    try {
      changed.push(await answered(api.GET('/v1/webhooks/{id}', { params: { path: { id } }, signal })));
    } catch (error) {
      if (!(error instanceof Refusal) || error.status === 429 || error.status >= 500) failed.push(id);
      else if (error.status === 404) deleted.push(id);
    }
  }));
  if (!signal.aborted && changed.length + deleted.length > 0) await Promise.all([...followers].map(({ told }) => told(changed, deleted)));
  return failed;
}
