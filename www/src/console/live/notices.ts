// What the server tells while it happens, read from the text of its stream. What is not understood is left out: the
// server may tell more one day.

import type { AttemptEvent, WebhookEvent } from '../../generated/api';

export type Notice =
  | { readonly kind: 'attempt'; readonly attempt: AttemptEvent }
  | { readonly kind: 'webhook'; readonly webhook: WebhookEvent }
  | { readonly kind: 'lagged' };

/** One server-sent event, by its name and data. */
export function notice(name: string | undefined, data: string): Notice | undefined {
  if (name === 'lagged') return { kind: 'lagged' };
  const value = object(data);
  if (value === undefined) return undefined;
  if (name === 'webhook' && texts(value, 'webhook', 'change')) {
    // Both of its members are there and are texts.
    return { kind: 'webhook', webhook: value as unknown as WebhookEvent };
  }
  const told = name === 'attempt' && texts(value, 'delivery', 'webhook', 'event_type', 'cause', 'state', 'at') && numbers(value, 'attempt', 'duration_ms');
  // All that it must have is there; `status`, `failure` and `next_attempt_at` may be null.
  return told ? { kind: 'attempt', attempt: value as unknown as AttemptEvent } : undefined;
}

function object(data: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const texts = (value: Record<string, unknown>, ...names: string[]) => names.every((name) => typeof value[name] === 'string');
const numbers = (value: Record<string, unknown>, ...names: string[]) => names.every((name) => typeof value[name] === 'number');
