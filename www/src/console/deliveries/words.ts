// What states and causes are called.

import type { DeliveryCause } from '../../generated/api';
import type { Standing } from './standing';

export const STATE: Readonly<Record<Standing, readonly [text: string, tone: 'good' | 'bad' | 'warn' | undefined]>> = {
  pending: ['Retrying', 'warn'],
  waiting: ['Waiting', 'warn'],
  delivered: ['Delivered', 'good'],
  exhausted: ['Exhausted', 'bad'],
  cancelled: ['Cancelled', undefined],
  expired: ['Expired', 'bad'],
};

export const CAUSE: Readonly<Record<DeliveryCause, string>> = { event: 'Event', resend: 'Resend', test: 'Test', replay: 'Replay' };

/** Where a delivery stands, in a sentence. */
export function stateInWords(state: Standing, attempts: number): string {
  const times = attempts === 1 ? 'one attempt' : `${attempts} attempts`;
  switch (state) {
    case 'pending':
      return `Not taken in ${times}; it is tried again.`;
    case 'waiting':
      return `Not taken in ${times}. It waits: the webhook is disabled. Once that is enabled again, it is tried again.`;
    case 'delivered':
      return attempts === 1 ? 'Taken by the receiver at the first attempt.' : `Taken by the receiver after ${times}.`;
    case 'exhausted':
      return `Given up after ${times}. Once the receiver works again, resend it or replay what the webhook missed.`;
    case 'cancelled':
      return `Cancelled after ${times}: its webhook or its replay is gone.`;
    case 'expired':
      return `Too old to be tried again, after ${times}. Once the receiver works again, resend it or replay what the webhook missed.`;
  }
}
