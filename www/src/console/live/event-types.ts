// The catalogue of event types of the tenant, to offer them where one is entered: loaded once for whoever is signed in.

import { signal } from '@preact/signals';

import type { EventType } from '../../generated/api';
import { answered, api } from '../api/client';
import { me } from '../api/session';

export const eventTypes = signal<readonly EventType[]>([]);

let loadedFor: string | undefined;

/** Sees to it that they are loaded. Without them everything works, only nothing is offered. */
export async function wantEventTypes(): Promise<void> {
  const who = me.peek()?.tenant?.name;
  if (who === loadedFor) return;
  loadedFor = who;
  try {
    const { event_types } = await answered(api.GET('/v1/event-types'));
    if (who === loadedFor) eventTypes.value = event_types;
  } catch {
    loadedFor = undefined;
  }
}
