// What somebody enters about a webhook, as it stands in the fields, and which fields a system's webhooks have.

import type { Action, Level, Webhook } from '../../generated/api';
import type { Dialect } from '../shared/dialects';

export interface HeaderRow {
  readonly name: string;
  readonly value: string;
}

/** A header whose value nobody is shown. */
export interface EncryptedRow extends HeaderRow {
  /** It is stored, and keeps its value as long as none is entered. */
  readonly stored: boolean;
}

/** What is to sign a new webhook's deliveries. */
export interface SecretChoice {
  readonly kind: 'generate' | 'own' | 'none';
  readonly own: string;
}

/** Every field of every system. A form shows those of one. */
export interface Draft {
  readonly url: string;
  readonly name: string;
  readonly description: string;
  readonly eventTypes: readonly string[];
  /** Nobody: whoever creates it. */
  readonly owner: string;
  readonly global: boolean;
  readonly action: Action;
  readonly verifyTls: boolean;
  readonly level: Level;
  readonly cloudEvents: boolean;
  readonly filter: string;
  readonly headers: readonly HeaderRow[];
  readonly encryptedHeaders: readonly EncryptedRow[];
  readonly checkRevocation: boolean;
  /** Only of a new one. */
  readonly secret: SecretChoice;
}

export type FieldName = keyof Draft;

/** What is wrong, by field. */
export type Errors = Readonly<Partial<Record<FieldName, string>>>;

/** The fields of a system's webhooks, in the order of the form. */
export const FIELDS: Readonly<Record<Dialect, readonly FieldName[]>> = {
  native: ['name', 'url', 'eventTypes', 'owner'],
  immuta: ['name', 'url', 'global', 'action', 'eventTypes', 'owner'],
  'immuta-request': ['url', 'verifyTls', 'owner'],
  generic: ['url', 'description', 'eventTypes', 'owner'],
  qlik: ['name', 'description', 'url', 'level', 'eventTypes', 'filter', 'headers', 'encryptedHeaders', 'cloudEvents', 'checkRevocation', 'owner'],
};

/** What fields are called, in forms and in messages. */
export const LABELS: Readonly<Record<FieldName, string>> = {
  url: 'Webhook URL',
  name: 'Name',
  description: 'Description',
  eventTypes: 'Event types',
  owner: 'Owner',
  global: 'Global',
  action: 'Action',
  verifyTls: 'TLS verification',
  level: 'Level',
  cloudEvents: 'CloudEvents',
  filter: 'Filter',
  headers: 'Headers',
  encryptedHeaders: 'Encrypted headers',
  checkRevocation: 'Certificate revocation check',
  secret: 'Secret',
};

/** A form in which nothing is entered. */
export function blank(admin: boolean): Draft {
  return {
    url: '',
    name: '',
    description: '',
    eventTypes: [],
    owner: '',
    global: false,
    action: 'triggered',
    verifyTls: true,
    // A webhook for the whole tenant is for admins to make.
    level: admin ? 'tenant' : 'user',
    cloudEvents: true,
    filter: '',
    headers: [],
    encryptedHeaders: [],
    checkRevocation: false,
    secret: { kind: 'generate', own: '' },
  };
}

/** The fields as a webhook has them. */
export function draftOf({ url, owner, profile }: Webhook): Draft {
  const shared = { ...blank(false), url, owner };
  switch (profile.dialect) {
    case 'native':
      return { ...shared, name: profile.name, eventTypes: profile.event_types };
    case 'immuta':
      return { ...shared, name: profile.name, global: profile.global, action: profile.action, eventTypes: profile.event_types };
    case 'immuta-request':
      return { ...shared, verifyTls: profile.verify_tls };
    case 'generic':
      return { ...shared, description: profile.description ?? '', eventTypes: profile.event_types };
    case 'qlik':
      return {
        ...shared,
        name: profile.name,
        description: profile.description ?? '',
        eventTypes: profile.event_types,
        level: profile.level,
        cloudEvents: profile.cloud_events,
        filter: profile.filter ?? '',
        headers: Object.entries(profile.headers).map(([name, value]) => ({ name, value })),
        encryptedHeaders: profile.encrypted_headers.map((name) => ({ name, value: '', stored: true })),
        checkRevocation: profile.check_certificate_revocation,
      };
  }
}

/** Whether two drafts say the same in a field. */
export function same(field: FieldName, one: Draft, other: Draft): boolean {
  if (field === 'eventTypes') return sorted(one.eventTypes) === sorted(other.eventTypes);
  return JSON.stringify(one[field]) === JSON.stringify(other[field]);
}

function sorted(names: readonly string[]): string {
  return JSON.stringify([...names].sort());
}

/** The fields in which a draft differs from what it began as. */
export function changedFields(dialect: Dialect, before: Draft, now: Draft): readonly FieldName[] {
  return [...FIELDS[dialect], 'secret' as const].filter((field) => !same(field, before, now));
}

/** What was entered, on top of what the webhook has become meanwhile. */
export function rebased(entered: Draft, fields: readonly FieldName[], now: Draft): Draft {
  return { ...now, ...Object.fromEntries(fields.map((field) => [field, entered[field]])) };
}

/** A field's value in words, for whoever compares two. */
export function inWords(field: FieldName, draft: Draft): string {
  switch (field) {
    case 'eventTypes':
      return draft.eventTypes.join(', ') || 'none';
    case 'headers':
      return draft.headers.map(({ name, value }) => `${name}: ${value}`).join('\n') || 'none';
    case 'encryptedHeaders':
      return draft.encryptedHeaders.map(({ name, value }) => `${name}${value === '' ? '' : ' (entered anew)'}`).join('\n') || 'none';
    case 'global':
    case 'verifyTls':
    case 'cloudEvents':
    case 'checkRevocation':
      return draft[field] ? 'on' : 'off';
    case 'secret':
      return draft.secret.kind;
    default:
      return draft[field] || 'empty';
  }
}
