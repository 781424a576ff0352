// Where a delivery stands by what has become of its webhook, of which it is not told by itself: as long as that is disabled
// it waits, and once it is deleted nothing is sent any more.

import type { DeliveryState } from '../../generated/api';
import { webhooks } from '../shared/webhooks';
import type { Row } from './row';

export type Standing = DeliveryState | 'waiting';

export function standingOf({ state, webhook }: Pick<Row, 'state' | 'webhook'>): Standing {
  const known = webhooks.data.value?.get(webhook);
  if (state !== 'pending' || known === undefined) return state;
  if (known.deleted === true) return 'cancelled';
  return known.state === 'disabled' ? 'waiting' : 'pending';
}
