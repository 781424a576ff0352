// One line of the list: the little that is shown of a delivery, made of an answer of the API or of what the stream tells.

import type { AttemptEvent, AttemptFailure, Delivery, DeliveryCause, DeliveryState } from '../../generated/api';

export interface Row {
  readonly id: string;
  readonly webhook: string;
  readonly eventType: string;
  readonly cause: DeliveryCause;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** What the receiver answered to the latest attempt, or why it did not. */
  readonly status: number | null;
  readonly failure: AttemptFailure | null;
  readonly durationMs: number;
  readonly nextAttemptAt: string | null;
  /** When the delivery was made, which its id tells. */
  readonly madeAt: number;
}

/** The time in an id: the first 48 bits of a UUID of version 7. */
export const timeOf = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

export function rowOf({ id, webhook, webhook_deleted, event, cause, state, attempts, response, failure, duration_ms, next_attempt_at }: Delivery): Row {
  return {
    id,
    webhook,
    eventType: event.type,
    cause,
    // The server records a little later what becomes of those that wait for a webhook when that is deleted.
    state: state === 'pending' && webhook_deleted ? 'cancelled' : state,
    attempts,
    status: response?.status ?? null,
    failure,
    durationMs: duration_ms,
    nextAttemptAt: next_attempt_at,
    madeAt: timeOf(id),
  };
}

export function rowOfAttempt({ delivery, webhook, event_type, cause, state, attempt, status, failure, duration_ms, next_attempt_at }: AttemptEvent): Row {
  return {
    id: delivery,
    webhook,
    eventType: event_type,
    cause,
    state,
    attempts: attempt,
    status,
    failure,
    durationMs: duration_ms,
    nextAttemptAt: next_attempt_at,
    madeAt: timeOf(delivery),
  };
}
