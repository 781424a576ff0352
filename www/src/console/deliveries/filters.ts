// What the list of deliveries is narrowed to: it stands in the fragment of the URL, is asked of the server, and decides
// whether what the stream tells belongs to what is shown.

import { idIn, textIn, timeIn, wordIn } from '../shared/query';
import type { Row } from './row';

export const STATES = ['pending', 'delivered', 'exhausted', 'cancelled', 'expired'] as const;
export const CAUSES = ['event', 'resend', 'test', 'replay'] as const;

export interface Filters {
  readonly webhook?: string;
  readonly event_type?: string;
  readonly state?: (typeof STATES)[number];
  readonly cause?: (typeof CAUSES)[number];
  readonly success?: boolean;
  readonly since?: string;
  readonly until?: string;
}

/** Those that a fragment names; what is none is left out. */
export function filtersOf(query: URLSearchParams): Filters {
  const success = wordIn(query, 'success', ['true', 'false']);
  return {
    ...given('webhook', idIn(query, 'webhook')),
    ...given('event_type', textIn(query, 'event_type')),
    ...given('state', wordIn(query, 'state', STATES)),
    ...given('cause', wordIn(query, 'cause', CAUSES)),
    ...given('success', success === undefined ? undefined : success === 'true'),
    ...given('since', timeIn(query, 'since')),
    ...given('until', timeIn(query, 'until')),
  };
}

/** The same as they stand in a fragment. */
export function queryOf(filters: Filters): Record<string, string | undefined> {
  const { success, ...texts } = filters;
  return { ...texts, success: success === undefined ? undefined : String(success) };
}

export const countOf = (filters: Filters) => Object.keys(filters).length;

/** Whether a delivery is among those that are shown. */
export function matches(filters: Filters, row: Row): boolean {
  const { webhook, event_type, state, cause, success, since, until } = filters;
  const succeeded = row.status !== null && row.status >= 200 && row.status < 300;
  return (
    (webhook === undefined || webhook === row.webhook) &&
    (event_type === undefined || event_type === row.eventType) &&
    (state === undefined || state === row.state) &&
    (cause === undefined || cause === row.cause) &&
    (success === undefined || success === succeeded) &&
    (since === undefined || row.madeAt >= Date.parse(since)) &&
    (until === undefined || row.madeAt < Date.parse(until))
  );
}

function given<Name extends keyof Filters>(name: Name, value: Filters[Name] | undefined): Pick<Filters, Name> | object {
  return value === undefined ? {} : { [name]: value };
}
