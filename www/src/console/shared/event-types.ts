// The event types that webhooks of the tenant may be subscribed to.

import { answered, api } from '../api/client';
import { kept } from './kept';

export const eventTypes = kept(async (signal) => (await answered(api.GET('/v1/event-types', { signal }))).event_types);

/** What a type is called, where more is known of it than its name. */
export const titleOf = (name: string) => eventTypes.data.value?.find((known) => known.name === name)?.title ?? undefined;
