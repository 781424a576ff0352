// What the views need to know of the tenant: which system it speaks, its event types, its users. Each is asked for once
// for whoever is signed in, and again when somebody else is.

import { computed, effect, signal } from '@preact/signals';

import type { EventType, ShownProfile, User } from '../../generated/api';
import { answered, api } from '../api/client';
import { me } from '../api/session';
import { seesAll } from './rights';

export type Dialect = ShownProfile['dialect'];

const DIALECTS: readonly Dialect[] = ['native', 'immuta', 'immuta-request', 'generic', 'qlik'];

/** The system the tenant speaks. */
export const dialect = computed(() => DIALECTS.find((name) => name === me.value?.tenant?.dialect));

/** Every event type, or what went wrong on the way. Nothing while they are on their way. */
export const eventTypes = signal<readonly EventType[] | undefined>(undefined);
export const eventTypesError = signal<unknown>(undefined);

/** The tenant's users, up to a hundred: for names to choose from. Whoever may not see them gets none. */
export const users = signal<readonly User[]>([]);

/** Who looks at which tenant: whatever was read is theirs. */
export const place = computed(() => (me.value === undefined ? '' : `${me.value.kind} ${me.value.id} ${me.value.tenant?.name ?? ''}`));

effect(() => {
  void place.value;
  eventTypes.value = undefined;
  eventTypesError.value = undefined;
  users.value = [];
});

/** Asks for what is not there yet. Event types are asked for again only by `afresh`. */
export async function readTenant(afresh = false): Promise<void> {
  const asked = place.peek();
  const still = () => place.peek() === asked;
  const types = async () => {
    if (eventTypes.peek() !== undefined && !afresh) return;
    eventTypesError.value = undefined;
    const { event_types } = await answered(api.GET('/v1/event-types'));
    if (still()) eventTypes.value = event_types;
  };
  await Promise.all([types().catch((error: unknown) => still() && (eventTypesError.value = error)), readUsers(still)]);
}

async function readUsers(still: () => boolean): Promise<void> {
  if (!seesAll() || users.peek().length > 0) return;
  // Names are a comfort: without them there are still the ids.
  const page = await answered(api.GET('/v1/users', { params: { query: { limit: 100 } } })).catch(() => undefined);
  if (page !== undefined && still()) users.value = page.users;
}

/** What a user is called, or the id where that is all there is. */
export function userName(id: string): string {
  const own = me.value;
  if (own?.kind === 'user' && own.id === id) return own.name;
  return users.value.find((user) => user.id === id)?.name ?? id;
}
