// The tenant's users, for names to show and to choose from: page by page, as many as a tenant may have. Whoever may not
// see them gets none.

import type { User } from '../../generated/api';
import { answered, api } from '../api/client';
import { me } from '../api/session';
import { kept } from './kept';
import { seesAll } from './rights';

/** How many pages are read at most: the API lets a tenant have 10,000 users. Of further ones the id is shown. */
const MOST_PAGES = 100;
/** How many are suggested at once. */
const MOST_SUGGESTED = 50;

export const users = kept(async (signal, partly: (some: ReadonlyMap<string, User>) => void): Promise<ReadonlyMap<string, User>> => {
  const found = new Map<string, User>();
  let cursor: string | null | undefined = seesAll() ? undefined : null;
  for (let page = 0; page < MOST_PAGES && cursor !== null; page += 1) {
    const { items, next } = await pageOfUsers(cursor, signal);
    for (const user of items) found.set(user.id, user);
    partly(new Map(found));
    cursor = next;
  }
  return found;
});

/** The next hundred of the tenant's users, or the first. */
export async function pageOfUsers(cursor: string | undefined, signal: AbortSignal) {
  const query = { limit: 100, ...(cursor !== undefined && { cursor }) };
  const { users: items, next } = await answered(api.GET('/v1/users', { params: { query }, signal }));
  return { items, next };
}

/** What a user is called, or the id where that is all there is. */
export function userName(id: string): string {
  const own = me.value;
  if (own?.kind === 'user' && own.id === id) return own.name;
  return users.data.value?.get(id)?.name ?? id;
}

/** Those with this in their name or id, as suggestions. */
export function usersLike(text: string): readonly (readonly [id: string, name: string])[] {
  const part = text.trim().toLowerCase();
  const found: (readonly [string, string])[] = [];
  for (const { id, name } of users.data.value?.values() ?? []) {
    if (found.length === MOST_SUGGESTED) break;
    if (`${id}\n${name}`.toLowerCase().includes(part)) found.push([id, name]);
  }
  return found;
}
