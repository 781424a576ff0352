// The fields of a webhook, as its system has them: shared by a new one and by one that is changed.

import type { EventType } from '../../generated/api';
import { Check, Notice, SelectField, TextField } from '../../ui/ui';
import type { Dialect } from '../shared/dialects';
import { isAdmin } from '../shared/rights';
import { users } from '../shared/users';
import { FIELDS, LABELS } from './draft';
import type { Draft, Errors, FieldName } from './draft';
import { TypePicker } from './fields/type-picker';
import { QlikField } from './qlik-fields';

export interface FieldsProps {
  readonly dialect: Dialect;
  readonly draft: Draft;
  readonly errors: Errors;
  readonly onChange: (change: Partial<Draft>) => void;
  /** The webhook as it is stored, unless it is a new one. */
  readonly stored?: Draft | undefined;
}

export function Fields(props: FieldsProps) {
  return <>{FIELDS[props.dialect].map((field) => <OneField key={field} field={field} {...props} />)}</>;
}

function OneField({ field, ...props }: FieldsProps & { readonly field: FieldName }) {
  const { dialect, draft, errors, onChange, stored } = props;
  switch (field) {
    case 'name':
      return <TextField label={LABELS.name} value={draft.name} error={errors.name} required={dialect !== 'native'} hint={dialect === 'native' ? 'What people call it. It may be left empty.' : undefined} onInput={(name) => onChange({ name })} />;
    case 'url':
      return <TextField type="url" mono label={LABELS.url} value={draft.url} error={errors.url} required placeholder="https://hooks.example.com/path" hint={urlHint(dialect)} onInput={(url) => onChange({ url })} />;
    case 'description':
      return <TextField label={LABELS.description} value={draft.description} error={errors.description} hint="Why it is there." onInput={(description) => onChange({ description })} />;
    case 'eventTypes':
      return <TypePicker label={LABELS.eventTypes} chosen={draft.eventTypes} error={errors.eventTypes} hint={typesHint(dialect)} unfit={(type) => unfit(type, dialect, draft)} onChange={(eventTypes) => onChange({ eventTypes })} />;
    case 'owner':
      return <Owner owner={draft.owner} error={errors.owner} isNew={stored === undefined} onChange={(owner) => onChange({ owner })} />;
    case 'global':
      return isAdmin() || draft.global ? (
        <Check label={LABELS.global} checked={draft.global} disabled={!isAdmin()} hint="Receives what concerns anybody in the tenant, not only its owner. Only an admin may say so." onChange={(global) => onChange({ global })} />
      ) : null;
    case 'action':
      return (
        <SelectField
          label={LABELS.action}
          value={draft.action}
          error={errors.action}
          options={[['triggered', 'Triggered: what the owner did'], ['received', 'Received: what was done to the owner']]}
          hint={draft.global ? 'A global webhook receives both, whoever acted.' : undefined}
          onChange={(action) => onChange({ action })}
        />
      );
    case 'verifyTls':
      return <VerifyTls verified={draft.verifyTls} onChange={(verifyTls) => onChange({ verifyTls })} />;
    default:
      return <QlikField field={field} {...props} />;
  }
}

function VerifyTls({ verified, onChange }: { readonly verified: boolean; readonly onChange: (verified: boolean) => void }) {
  return (
    <div class="stack tight">
      <Check toggle label={verified ? LABELS.verifyTls : `${LABELS.verifyTls} (off: not recommended)`} checked={verified} hint="Whether the receiver must prove by its certificate that it is the host in the URL." onChange={onChange} />
      {!verified && (
        <Notice tone="warn" title="Turning TLS verification off is not recommended" live="status">
          <span>Whoever is between this server and the receiver can then read the deliveries, and answer in its place. Leave it on unless the receiver is one of your own that has no certificate yet.</span>
        </Notice>
      )}
    </div>
  );
}

interface OwnerProps {
  readonly owner: string;
  readonly error: string | undefined;
  readonly isNew: boolean;
  readonly onChange: (owner: string) => void;
}

/** Whose it is. Only an admin may make it somebody else's. */
function Owner({ owner, error, isNew, onChange }: OwnerProps) {
  const all = users.data.value ?? [];
  if (!isAdmin() || all.length === 0) return null;
  const listed = all.some(({ id }) => id === owner) || owner === '';
  const options: [string, string][] = all.map(({ id, name }) => [id, name === id ? id : `${name} (${id})`]);
  if (!listed) options.unshift([owner, owner]);
  if (isNew) options.unshift(['', 'You']);
  return <SelectField label={LABELS.owner} value={owner} error={error} options={options} hint="Only an admin sees this, and may choose somebody else." onChange={onChange} />;
}

function urlHint(dialect: Dialect): string {
  return dialect === 'qlik' ? 'An https URL with a full host name.' : 'Where deliveries go: an absolute https or http URL.';
}

function typesHint(dialect: Dialect): string | undefined {
  switch (dialect) {
    case 'native':
      return '“Everything” stands for every type, also for those that nobody lists.';
    case 'immuta':
      return 'ALL_NOTIFICATIONS stands for every type.';
    case 'qlik':
      return 'A webhook that names none receives nothing.';
    default:
      return undefined;
  }
}

function unfit({ levels, name }: EventType, dialect: Dialect, { level }: Draft): string | undefined {
  if (dialect !== 'qlik' || levels === null || levels.includes(level)) return undefined;
  return `${name} is not there at the ${level} level`;
}
