// Who is signed in. The token is kept in memory; in the tab's session storage only if that was asked for, and with it the
// tenant that an operator acts in; and nowhere else: in no URL, no cookie, no log.
//
//   out ──signIn──▶ in ──401──▶ expired ──signIn──▶ in
//                   └──signOut──▶ out
//
// While it is expired every view stays as it is: what asks the server waits until the same user signs in again, and is
// then asked once more. When somebody else does, what waits is given up: nobody does what another has begun.

import { computed, signal } from '@preact/signals';

import type { Me } from '../../generated/api';

const TOKEN = 'sigpost-token';
const TENANT = 'sigpost-tenant';

export type State =
  | { readonly kind: 'out' }
  | { readonly kind: 'in'; readonly token: string; readonly me: Me }
  | { readonly kind: 'expired'; readonly me: Me };

export const state = signal<State>({ kind: 'out' });

/** Whoever is signed in, or was until the token ended. */
export const me = computed(() => (state.value.kind === 'out' ? undefined : state.value.me));

/** The tenant an operator acts in, by name. */
export const actingIn = signal<string | undefined>(undefined);

let waiting: (() => void)[] = [];

/** Whether the token was to be kept, when somebody last signed in. */
export const keeps = signal(false);

/** The token to ask with for somebody; waits while there is none that is valid, and gives up once somebody else is here. */
export async function validToken(asker: Me | undefined): Promise<string> {
  for (;;) {
    const now = state.peek();
    if (now.kind === 'out' || asker === undefined || !isSame(asker, now.me)) throw new SignedOut();
    if (now.kind === 'in') return now.token;
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
}

/** Whoever asked is not signed in any more: what was asked for is not wanted. */
export class SignedOut extends Error {
  override readonly name = 'SignedOut';

  constructor() {
    super('whoever asked is not signed in any more');
  }
}

/** The server took this token for `who`. `keep` holds it in the tab's session storage, over a reload. */
export function signedIn(token: string, who: Me, keep: boolean): void {
  // An operator goes on in the tenant it acted in; nobody else acts in one.
  const acts = who.kind === 'operator' ? (who.tenant ?? (actingIn.peek() === undefined ? null : me.peek()?.tenant)) : undefined;
  actingIn.value = acts?.name;
  keeps.value = keep;
  store(TOKEN, keep ? token : undefined);
  store(TENANT, keep ? acts?.name : undefined);
  state.value = { kind: 'in', token, me: { ...who, tenant: acts ?? who.tenant } };
  wake();
}

/** Whether it is one user, or one operator, whichever tenant that acts in. */
function isSame(one: Me, other: Me): boolean {
  return one.kind === other.kind && one.id === other.id && (one.kind === 'operator' || one.tenant?.name === other.tenant?.name);
}

/** An operator acts in a tenant from now on, or in none. What it asks names the tenant at once. */
export function setActing(tenant: string | undefined): void {
  actingIn.value = tenant;
  if (kept() !== undefined) store(TENANT, tenant);
}

/** The server says anew who is signed in, such as in another tenant. */
export function known(who: Me): void {
  if (state.value.kind !== 'out') state.value = { ...state.value, me: who };
}

/** The server did not take this token: unless another has taken its place meanwhile, somebody has to sign in again. */
export function refused(token: string): void {
  const now = state.value;
  if (now.kind === 'in' && now.token === token) {
    forget();
    state.value = { kind: 'expired', me: now.me };
  }
}

export function signOut(): void {
  forget();
  actingIn.value = undefined;
  state.value = { kind: 'out' };
  wake();
}

/** What was kept over a reload: the token, and the tenant that its operator acted in. */
export function kept(): { readonly token: string; readonly tenant: string | undefined } | undefined {
  const token = stored(TOKEN);
  return token === undefined ? undefined : { token, tenant: stored(TENANT) };
}

/** Keeps nothing any more. */
export function forget(): void {
  store(TOKEN, undefined);
  store(TENANT, undefined);
}

function stored(key: string): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function store(key: string, value: string | undefined): void {
  try {
    if (value === undefined) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing keeps no token either.
  }
}

function wake(): void {
  const awake = waiting;
  waiting = [];
  for (const resolve of awake) resolve();
}
