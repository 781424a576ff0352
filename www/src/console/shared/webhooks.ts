// The webhooks by id, for their names where something only tells the id; and what webhooks are called, wherever one is.

import type { Webhook } from '../../generated/api';
import { answered, api } from '../api/client';
import { follow } from './changes';
import { kept } from './kept';

/** How many pages are read at most: of further webhooks the id is shown. */
const MOST_PAGES = 20;

export const webhooks = kept(async (signal): Promise<ReadonlyMap<string, Webhook>> => {
  const found = new Map<string, Webhook>();
  let cursor: string | null | undefined;
  for (let page = 0; page < MOST_PAGES && cursor !== null; page += 1) {
    const { webhooks: some, next } = await pageOfWebhooks(cursor, signal);
    for (const webhook of some) found.set(webhook.id, webhook);
    cursor = next;
  }
  return found;
});

follow({
  told: (changed, deleted) =>
    webhooks.update((known) => new Map([...known, ...changed.map((webhook) => [webhook.id, webhook] as const)].filter(([id]) => !deleted.includes(id)))),
  missed: () => (webhooks.data.peek() === undefined ? undefined : webhooks.read()),
});

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
