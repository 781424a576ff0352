// An operator acts inside a tenant only by naming it. The console names it with each request, and says so on every view.

import './operator.css';

import type { Me } from '../../generated/api';
import { Button, Empty } from '../../ui/ui';
import { answered, api } from '../api/client';
import { SignedOut, actingIn, known, me, setActing } from '../api/session';
import { go, href, route } from '../route';
import { useAction } from '../shared/action';
import { Failed } from '../shared/failed';
import { leave } from '../shared/unsaved';

/** Goes into a tenant, or out of it. If somebody has signed in or gone elsewhere meanwhile, that stands. */
export async function actIn(tenant: string | undefined): Promise<void> {
  const [asker, before] = [me.peek(), actingIn.peek()];
  const isMeant = () => me.peek() === asker && actingIn.peek() === tenant;
  setActing(tenant);
  let now: Me;
  try {
    now = await answered(api.GET('/v1/me'));
  } catch (error) {
    if (isMeant()) setActing(before);
    throw error;
  }
  if (!isMeant()) throw new SignedOut();
  known(now);
}

/** The same, and on to a view, unless somebody has gone to another meanwhile. */
export async function moveTo(tenant: string | undefined, view: string): Promise<void> {
  const before = route.peek();
  await actIn(tenant);
  if (route.peek() === before) go(href([view]));
}

/** Whether an operator is on its way into a tenant, or out of one. */
export const isMoving = () => me.value?.kind === 'operator' && actingIn.value !== me.value.tenant?.name;

/** In whose tenant somebody acts, with a way out. */
export function Acting() {
  const { busy, error, run } = useAction(() => moveTo(undefined, 'tenants'));
  if (actingIn.value === undefined) return null;
  return (
    <div class="acting" role="status">
      <div class="row between">
        <span class="break">You act in the tenant <strong>{actingIn.value}</strong>. What you do there is audited.</span>
        <Button busy={busy} onClick={() => leave(run)}>Leave the tenant</Button>
      </div>
      {error !== undefined && <Failed error={error} />}
    </div>
  );
}

/** Whether somebody is in a tenant: an operator may be in none. */
export const inTenant = () => me.value?.tenant != null;

/** What stands where a tenant has to be chosen first. */
export function NoTenant({ what }: { readonly what: string }) {
  return (
    <Empty title="Choose a tenant first">
      <p class="small">{what} belong to a tenant. Choose the one to act in; what you do there is audited.</p>
      <a class="button" href={href(['tenants'])}>To the tenants</a>
    </Empty>
  );
}
