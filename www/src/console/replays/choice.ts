// What a replay is to send again: read from the fragment of the URL, and made into what the API is asked.

import type { EndState, NewReplay } from '../../generated/api';
import { lines } from '../shared/lines';
import { idIn, textIn, timeIn } from '../shared/query';

export const END_STATES = ['exhausted', 'expired', 'delivered'] as const satisfies readonly EndState[];
/** What was missed. */
export const MISSED: readonly EndState[] = ['exhausted', 'expired'];
/** As many event types as the server takes. */
const MOST_TYPES = 200;

export interface Choice {
  readonly webhook: string;
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly states: readonly EndState[];
  /** As they are entered: one a line. */
  readonly eventTypes: string;
}

/** What a fragment chooses, such as that of the list of deliveries. */
export function choiceOf(query: URLSearchParams): Choice {
  return {
    webhook: idIn(query, 'webhook') ?? '',
    since: timeIn(query, 'since'),
    until: timeIn(query, 'until'),
    states: MISSED,
    eventTypes: textIn(query, 'event_type') ?? '',
  };
}

/** What is wrong with it, by field; of none, it may be asked for. */
export interface Wrong {
  readonly webhook?: string;
  readonly until?: string;
  readonly states?: string;
  readonly eventTypes?: string;
}

export function wrongWith({ webhook, since, until, states, eventTypes }: Choice): Wrong {
  return {
    ...(webhook === '' && { webhook: 'Choose the webhook whose deliveries are to be sent again.' }),
    ...(since !== undefined && until !== undefined && since >= until && { until: 'It must be later than the beginning.' }),
    ...(states.length === 0 && { states: 'Choose at least one.' }),
    ...(typesOf(eventTypes).length > MOST_TYPES && { eventTypes: `At most ${MOST_TYPES}; leave it empty for all.` }),
  };
}

/** What the API is asked. */
export function requestOf({ webhook, since, until, states, eventTypes }: Choice, preview: boolean): NewReplay {
  const types = typesOf(eventTypes);
  return {
    webhook,
    states: [...states],
    preview,
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(types.length > 0 && { event_types: types }),
  };
}

const typesOf = (text: string) => [...new Set(lines(text))];

/** How far a replay is: of what it chooses, how much has ended. */
export function progressOf({ total, delivered, failed }: { readonly total: number; readonly delivered: number; readonly failed: number }): number {
  return total === 0 ? 1 : Math.min(1, (delivered + failed) / total);
}
