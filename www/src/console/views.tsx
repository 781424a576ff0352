// The views of the console, by the first part of the path, and who sees them. What somebody may not do is not offered;
// the server decides all the same.

import type { FunctionComponent } from 'preact';

import type { Me } from '../generated/api';
import { later } from '../ui/later';
import type { Route } from './route';
import { governs, manages, seesWebhooks } from './shared/rights';

export interface View {
  /** The first part of the path. */
  readonly name: string;
  readonly title: string;
  readonly View: FunctionComponent;
  readonly seenBy: (who: Me | undefined) => boolean;
}

const VIEWS: readonly View[] = [
  { name: 'webhooks', title: 'Webhooks', seenBy: seesWebhooks, View: later(async () => (await import('./webhooks/view')).WebhooksView) },
  { name: 'event-types', title: 'Event types', seenBy: seesWebhooks, View: later(async () => (await import('./webhooks/event-types-view')).EventTypesView) },
  { name: 'deliveries', title: 'Deliveries', seenBy: manages, View: later(async () => (await import('./deliveries/view')).DeliveriesView) },
  { name: 'replays', title: 'Replays', seenBy: manages, View: later(async () => (await import('./replays/view')).ReplaysView) },
  { name: 'stats', title: 'Statistics', seenBy: manages, View: later(async () => (await import('./stats/view')).StatsView) },
  { name: 'tenants', title: 'Tenants', seenBy: governs, View: later(async () => (await import('./operator/tenants')).TenantsView) },
  { name: 'users', title: 'Users', seenBy: governs, View: later(async () => (await import('./operator/users')).UsersView) },
  { name: 'tokens', title: 'Tokens', seenBy: (who) => governs(who) || manages(who), View: later(async () => (await import('./operator/tokens')).TokensView) },
  { name: 'audit', title: 'Audit log', seenBy: governs, View: later(async () => (await import('./operator/audit')).AuditView) },
];

const NOWHERE: View = {
  name: '',
  title: 'Nothing here',
  seenBy: () => false,
  View: later(async () => (await import('./nothing')).NothingHere),
};

/** Wherever somebody goes who sees nothing. */
const NOTHING: View = { ...NOWHERE, title: 'Nothing to manage', View: later(async () => (await import('./nothing')).NothingToManage) };

export function views(who: Me | undefined): readonly View[] {
  return VIEWS.filter((view) => view.seenBy(who));
}

/** The view of a route; the first one where none is named. */
export function viewOf({ path }: Route, who: Me | undefined): View {
  const offered = views(who);
  if (offered.length === 0) return NOTHING;
  return (path[0] === undefined ? offered[0] : offered.find(({ name }) => name === path[0])) ?? NOWHERE;
}
