// The webhooks by id, for their names where something only tells the id: loaded once, and anew when one has changed.

import { signal } from '@preact/signals';

import type { Webhook } from '../../generated/api';
import { answered, api } from '../api/client';
import { me } from '../api/session';
import { listen } from '../live/stream';

/** How many are known by name at most; of others the id is shown. */
const MOST_PAGES = 20;
/** How long changes are gathered before they are looked at. */
const GATHER = 500;

export const webhooks = signal<ReadonlyMap<string, Webhook>>(new Map());
export const webhooksError = signal<unknown>(undefined);
/** Whether they have not been loaded even once. */
export const webhooksAwaited = signal(true);

let loadedFor: unknown;
let gathering: ReturnType<typeof setTimeout> | undefined;

listen({
  webhooks: () => {
    clearTimeout(gathering);
    gathering = setTimeout(() => void load(), GATHER);
  },
  gap: () => loadedFor !== undefined && void load(),
});

/** Sees to it that the webhooks of whoever is signed in are loaded. */
export function wantWebhooks(): void {
  const who = `${me.peek()?.tenant?.name}/${me.peek()?.id}`;
  if (who === loadedFor) return;
  loadedFor = who;
  webhooks.value = new Map();
  webhooksAwaited.value = true;
  void load();
}

async function load(): Promise<void> {
  const found = new Map<string, Webhook>();
  const who = loadedFor;
  try {
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = cursor === undefined ? { limit: 100 } : { limit: 100, cursor };
      const { webhooks: some, next } = await answered(api.GET('/v1/webhooks', { params: { query } }));
      for (const webhook of some) found.set(webhook.id, webhook);
      if (next === null) break;
      cursor = next;
    }
    if (who !== loadedFor) return;
    webhooks.value = found;
    webhooksError.value = undefined;
    webhooksAwaited.value = false;
  } catch (error) {
    webhooksError.value = error;
    // Whoever wants them next asks again.
    if (who === loadedFor) loadedFor = undefined;
  }
}

/** What a webhook is called: its name where its system has one, else where it points. */
export function nameOf(id: string, known: ReadonlyMap<string, Webhook> = webhooks.value): string {
  const webhook = known.get(id);
  if (webhook === undefined) return `${id.slice(0, 8)}…${id.slice(-4)}`;
  return 'name' in webhook.profile && webhook.profile.name !== '' ? webhook.profile.name : webhook.url;
}
