// A tenant as it stands in the form: every member a text, made of a tenant and made into what the API is asked, which
// holds only what is to be different.

import type { EgressChange, NewTenant, SettingsChange, Tenant } from '../../generated/api';
import { dialectOf } from '../shared/dialects';
import type { Dialect } from '../shared/dialects';
import { lines, mergedItems, mergedLines, sameItems } from '../shared/lines';

export interface TenantDraft {
  readonly name: string;
  readonly dialect: Dialect;
  readonly allow: string;
  /** One a line: a name and its address. */
  readonly hosts: string;
  readonly relaxedTargets: boolean;
  readonly timeout: string;
  readonly retry: string;
  readonly retention: string;
  readonly standardWebhooks: boolean;
  readonly signatures: readonly string[];
  readonly notificationList: string;
  readonly envelope: string;
  readonly eventTypes: string;
}

/** A new one: what is empty is left to the server. */
export const NEW: TenantDraft = {
  name: '',
  dialect: 'native',
  allow: '',
  hosts: '',
  relaxedTargets: false,
  timeout: '',
  retry: '',
  retention: '',
  standardWebhooks: true,
  signatures: ['sha1', 'sha256'],
  notificationList: 'saas',
  envelope: 'cloudevents',
  eventTypes: '',
};

export function draftOf({ name, dialect, egress, settings }: Tenant): TenantDraft {
  return {
    name,
    dialect: dialectOf(dialect) ?? 'native',
    allow: egress.allow.join('\n'),
    hosts: Object.entries(egress.hosts).map(([host, address]) => `${host} ${address}`).join('\n'),
    relaxedTargets: egress.relaxed_targets,
    timeout: settings.timeout,
    retry: settings.retry.join(' '),
    retention: settings.retention,
    standardWebhooks: settings.standard_webhooks,
    signatures: settings.immuta_signatures,
    notificationList: settings.notification_list,
    envelope: settings.envelope,
    eventTypes: settings.event_types.join('\n'),
  };
}

interface Change {
  readonly egress?: EgressChange;
  readonly settings?: SettingsChange;
}

/** What is different between two; of nothing, nothing. */
export function changeOf(before: TenantDraft, after: TenantDraft): Change {
  const egress: EgressChange = {
    ...(after.allow !== before.allow && !sameItems(lines(after.allow), lines(before.allow)) && { allow: lines(after.allow) }),
    ...(after.hosts !== before.hosts && { hosts: hostsOf(after.hosts) }),
    ...(after.relaxedTargets !== before.relaxedTargets && { relaxed_targets: after.relaxedTargets }),
  };
  const settings: SettingsChange = {
    ...(after.timeout !== before.timeout && { timeout: after.timeout.trim() }),
    ...(after.retry.trim() !== before.retry && { retry: waits(after.retry) }),
    ...(after.retention !== before.retention && { retention: after.retention.trim() }),
    ...(after.standardWebhooks !== before.standardWebhooks && { standard_webhooks: after.standardWebhooks }),
    ...(!sameItems(after.signatures, before.signatures) && { immuta_signatures: [...after.signatures] }),
    ...(after.notificationList !== before.notificationList && { notification_list: after.notificationList }),
    ...(after.envelope !== before.envelope && { envelope: after.envelope }),
    ...(after.eventTypes !== before.eventTypes && { event_types: lines(after.eventTypes) }),
  };
  return {
    ...(Object.keys(egress).length > 0 && { egress }),
    ...(Object.keys(settings).length > 0 && { settings }),
  };
}

/** What somebody has changed, on top of what the tenant has become meanwhile. */
export function rebased(before: TenantDraft, mine: TenantDraft, now: TenantDraft): TenantDraft {
  const one = <Name extends keyof TenantDraft>(name: Name) => (mine[name] === before[name] ? now : mine)[name];
  return {
    name: now.name,
    dialect: now.dialect,
    allow: mergedLines(before.allow, mine.allow, now.allow),
    hosts: mergedLines(before.hosts, mine.hosts, now.hosts),
    relaxedTargets: one('relaxedTargets'),
    timeout: one('timeout'),
    retry: one('retry'),
    retention: one('retention'),
    standardWebhooks: one('standardWebhooks'),
    signatures: mergedItems(before.signatures, mine.signatures, now.signatures),
    notificationList: one('notificationList'),
    envelope: one('envelope'),
    eventTypes: mergedLines(before.eventTypes, mine.eventTypes, now.eventTypes),
  };
}

export const newTenant = (draft: TenantDraft): NewTenant => ({ name: draft.name.trim(), dialect: draft.dialect, ...changeOf(NEW, ofDialect(draft)) });

/** Without what was chosen while another system was, and is not offered any more. */
const ofDialect = (draft: TenantDraft): TenantDraft => ({
  ...draft,
  ...(draft.dialect !== 'qlik' && { relaxedTargets: NEW.relaxedTargets, envelope: NEW.envelope }),
  ...(draft.dialect !== 'immuta' && { signatures: NEW.signatures, notificationList: NEW.notificationList }),
});

/** What of it the API could not say the place of. */
export function wrongLine({ hosts }: TenantDraft): string | undefined {
  const wrong = lines(hosts).find((line) => line.split(/\s+/).length !== 2);
  return wrong === undefined ? undefined : `“${wrong}” must be a name and its address, like “hooks.internal 10.20.0.7”.`;
}

const hostsOf = (text: string) => Object.fromEntries(lines(text).map((line) => line.split(/\s+/, 2)).map(([name = '', address = '']) => [name, address]));
const waits = (text: string) => text.split(/[\s,]+/).filter(Boolean);
