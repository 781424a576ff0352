// The webhooks by id, for their names where something only tells the id, and for whether they still deliver; and what
// webhooks are called, wherever one is.

import type { Webhook } from '../../generated/api';
import { answered, api } from '../api/client';
import { follow } from './changes';
import { kept } from './kept';
import type { Kept } from './kept';

/** How many pages are read at most: no tenant may have more than 10,000 webhooks. */
const MOST_PAGES = 100;

/** A webhook; or what it was when it was last seen, if it has been deleted since. */
export type Known = Webhook & { readonly deleted?: true };

export const webhooks: Kept<ReadonlyMap<string, Known>> = kept(async (signal): Promise<ReadonlyMap<string, Known>> => {
  const before = webhooks.data.peek();
  const found = new Map<string, Known>();
  let cursor: string | null | undefined;
  for (let page = 0; page < MOST_PAGES && cursor !== null; page += 1) {
    const { webhooks: some, next } = await pageOfWebhooks(cursor, signal);
    for (const webhook of some) found.set(webhook.id, webhook);
    cursor = next;
  }
  if (cursor !== null) return found;
  return new Map([...found, ...[...(before ?? [])].filter(([id]) => !found.has(id)).map(([id, known]) => [id, { ...known, deleted: true }] as const)]);
});

follow({ told: (changed, deleted) => webhooks.update((known) => newer(known, changed, deleted)), missed: webhooks.again });

/** What is known after this was told. What is told late undoes nothing. */
function newer(known: ReadonlyMap<string, Known>, changed: readonly Webhook[], deleted: readonly string[]): ReadonlyMap<string, Known> {
  const now = new Map(known);
  for (const webhook of changed) {
    const before = now.get(webhook.id);
    if (before === undefined || (before.deleted !== true && before.version <= webhook.version)) now.set(webhook.id, webhook);
  }
  for (const id of deleted) {
    const before = now.get(id);
    if (before !== undefined) now.set(id, { ...before, deleted: true });
  }
  return now;
}

/** The next hundred of the tenant's webhooks, or the first. */
export function pageOfWebhooks(cursor: string | undefined, signal: AbortSignal) {
  return answered(api.GET('/v1/webhooks', { params: { query: { limit: 100, ...(cursor !== undefined && { cursor }) } }, signal }));
}

/** What it is called; where its system has no names, or it has none, its URL. */
export function nameOf({ url, profile }: Webhook): string {
  switch (profile.dialect) {
    case 'native':
    case 'immuta':
    case 'qlik':
      return profile.name || url;
    case 'generic':
      return profile.description ?? url;
    case 'immuta-request':
      return url;
  }
}

/** The same of the one with this id; of one that is not known, what tells it from others. */
export function nameById(id: string): string {
  const webhook = webhooks.data.value?.get(id);
  return webhook === undefined ? `${id.slice(0, 8)}…${id.slice(-4)}` : nameOf(webhook);
}
