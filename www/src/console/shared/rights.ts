// What whoever is signed in may do. It only decides what is offered: the server has the last word.

import type { Me } from '../../generated/api';
import { me } from '../api/session';

/** Whether `who` has webhooks of its own, and may look at what was delivered. */
export function manages(who: Me | undefined): boolean {
  return who?.roles.some((role) => role === 'admin' || role === 'user') === true;
}

/** Whether it is an operator of the server, or an admin of a tenant. */
export function governs(who: Me | undefined): boolean {
  return who?.kind === 'operator' || who?.roles.includes('admin') === true;
}

/** Whether there is a tenant whose webhooks could be shown to `who`. */
export function seesWebhooks(who: Me | undefined): boolean {
  return who?.kind === 'operator' ? who.tenant !== null : manages(who);
}

/** Whether webhooks may be created, changed and tested. An operator in a tenant only reads and deletes. */
export function mayChange(): boolean {
  return manages(me.value);
}

/** Whether it is all of the tenant's, other people's too. */
export function seesAll(): boolean {
  return governs(me.value);
}

export function isAdmin(): boolean {
  return me.value?.roles.includes('admin') === true;
}
