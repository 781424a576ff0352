// The tenant's users, up to a hundred: for names to choose from. Whoever may not see them gets none.

import type { User } from '../../generated/api';
import { answered, api } from '../api/client';
import { me } from '../api/session';
import { kept } from './kept';
import { seesAll } from './rights';

export const users = kept(async (signal): Promise<readonly User[]> => {
  if (!seesAll()) return [];
  return (await answered(api.GET('/v1/users', { params: { query: { limit: 100 } }, signal }))).users;
});

/** What a user is called, or the id where that is all there is. */
export function userName(id: string): string {
  const own = me.value;
  if (own?.kind === 'user' && own.id === id) return own.name;
  return users.data.value?.find((user) => user.id === id)?.name ?? id;
}
