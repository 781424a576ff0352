// The views of the console, by the first part of the path, and who sees them. What somebody may not do is not offered;
// the server decides all the same.

import type { FunctionComponent } from 'preact';

import type { Me } from '../generated/api';
import type { Route } from './route';
import { seesWebhooks } from './shared/rights';
import { EventTypesView } from './webhooks/event-types-view';
import { WebhooksView } from './webhooks/view';

export interface View {
  /** The first part of the path. */
  readonly name: string;
  readonly title: string;
  readonly View: FunctionComponent;
  readonly seenBy: (who: Me | undefined) => boolean;
}

const VIEWS: readonly View[] = [
  { name: 'webhooks', title: 'Webhooks', View: WebhooksView, seenBy: seesWebhooks },
  { name: 'event-types', title: 'Event types', View: EventTypesView, seenBy: seesWebhooks },
];

const NOWHERE: View = {
  name: '',
  title: 'Nothing here',
  seenBy: () => false,
  View: () => <p>There is nothing at this place.</p>,
};

export function views(who: Me | undefined): readonly View[] {
  return VIEWS.filter((view) => view.seenBy(who));
}

/** The view of a route; the first one where none is named. */
export function viewOf({ path }: Route, who: Me | undefined): View {
  const offered = views(who);
  return (path[0] === undefined ? offered[0] : offered.find(({ name }) => name === path[0])) ?? NOWHERE;
}
