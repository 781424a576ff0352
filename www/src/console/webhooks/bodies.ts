// Drafts as what the server is sent: a new webhook, or what has changed in one, and nothing else.

import type { NewProfile, NewWebhook, ProfileChange, WebhookChange } from '../../generated/api';
import { Refusal } from '../api/errors';
import type { Dialect } from '../shared/dialects';
import { FIELDS, same } from './draft';
import type { Draft, EncryptedRow, FieldName, HeaderRow } from './draft';

export function newWebhook(dialect: Dialect, draft: Draft): NewWebhook {
  const { url, owner, secret } = draft;
  return {
    url,
    enabled: true,
    ...(secret.kind === 'own' && { secret: secret.own }),
    ...(secret.kind === 'none' && { secret: null }),
    ...(owner !== '' && { owner }),
    profile: newProfile(dialect, draft),
  };
}

function newProfile(dialect: Dialect, draft: Draft): NewProfile {
  const { name, description, eventTypes, global, action, level, filter, headers, encryptedHeaders } = draft;
  const event_types = [...eventTypes];
  const said = description === '' ? null : description;
  switch (dialect) {
    case 'native':
      return { dialect, name, event_types };
    case 'immuta':
      return { dialect, name, global, action, event_types };
    case 'immuta-request':
      return { dialect, verify_tls: draft.verifyTls };
    case 'generic':
      return { dialect, description: said, event_types };
    case 'qlik':
      return {
        dialect,
        name,
        description: said,
        event_types,
        level,
        cloud_events: draft.cloudEvents,
        filter: filter.trim() === '' ? null : filter,
        headers: byName(headers),
        encrypted_headers: byName(encryptedHeaders),
        check_certificate_revocation: draft.checkRevocation,
        origin: 'management-console',
      };
  }
}

/** What is to become of a webhook: only what differs from what it was. */
export function change(dialect: Dialect, before: Draft, now: Draft): WebhookChange {
  const changed = FIELDS[dialect].filter((field) => !same(field, before, now));
  const profile: ProfileChange = Object.assign({}, ...changed.map((field) => member(field, before, now)));
  return {
    ...(changed.includes('url') && { url: now.url }),
    ...(changed.includes('owner') && { owner: now.owner }),
    ...(Object.keys(profile).length > 0 && { profile }),
  };
}

function member(field: FieldName, before: Draft, now: Draft): ProfileChange {
  switch (field) {
    case 'name':
      return { name: now.name };
    case 'description':
      return { description: now.description === '' ? null : now.description };
    case 'eventTypes':
      return { event_types: [...now.eventTypes] };
    case 'global':
      return { global: now.global };
    case 'action':
      return { action: now.action };
    case 'verifyTls':
      return { verify_tls: now.verifyTls };
    case 'level':
      return { level: now.level };
    case 'cloudEvents':
      return { cloud_events: now.cloudEvents };
    case 'filter':
      return { filter: now.filter.trim() === '' ? null : now.filter };
    case 'headers':
      return { headers: changedHeaders(before.headers, now.headers, ({ name, value }) => before.headers.every((one) => one.name !== name || one.value !== value)) };
    case 'encryptedHeaders':
      return { encrypted_headers: changedHeaders(before.encryptedHeaders, now.encryptedHeaders, ({ value, stored }: EncryptedRow) => !stored || value !== '') };
    case 'checkRevocation':
      return { check_certificate_revocation: now.checkRevocation };
    default:
      return {};
  }
}

/** Those that are gone as `null`, those that are another as they are. */
function changedHeaders<Row extends HeaderRow>(before: readonly Row[], now: readonly Row[], isNew: (row: Row) => boolean): Record<string, string | null> {
  const stays = (row: Row) => now.some(({ name }) => name.toLowerCase() === row.name.toLowerCase());
  const gone = before.filter((row) => !stays(row)).map(({ name }): [string, null] => [name, null]);
  // `fromEntries` makes members also of names like `__proto__`.
  return Object.fromEntries<string | null>([...gone, ...now.filter(isNew).map(({ name, value }): [string, string] => [name, value])]);
}

function byName(headers: readonly HeaderRow[]): Record<string, string> {
  return Object.fromEntries(headers.map(({ name, value }) => [name, value]));
}

const MEMBERS: Readonly<Record<string, FieldName>> = {
  url: 'url',
  owner: 'owner',
  secret: 'secret',
  name: 'name',
  description: 'description',
  event_types: 'eventTypes',
  events: 'eventTypes',
  global: 'global',
  action: 'action',
  verify_tls: 'verifyTls',
  level: 'level',
  cloud_events: 'cloudEvents',
  filter: 'filter',
  headers: 'headers',
  encrypted_headers: 'encryptedHeaders',
  check_certificate_revocation: 'checkRevocation',
};

/** The field that the server does not take, if the form shows it, and why. */
export function refusedField(error: unknown, shown: readonly FieldName[]): { readonly field: FieldName; readonly message: string } | undefined {
  if (!(error instanceof Refusal) || error.field === undefined) return undefined;
  // Of the profile, the message itself names the member: `profile: filter: …`, `profile.name …`.
  const named = error.field === 'profile' ? /^profile(?:\.|: )(\w+)/.exec(error.message)?.[1] : error.field;
  const field = named !== undefined && Object.hasOwn(MEMBERS, named) ? MEMBERS[named] : undefined;
  if (field === undefined || !shown.includes(field)) return undefined;
  const message = error.message.replace(/^profile(?:\.|: )/, '');
  return { field, message: `${message.charAt(0).toUpperCase()}${message.slice(1)}.` };
}
