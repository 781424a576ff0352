// The fields of a webhook, as its system has them: shared by a new one and by one that is changed.

import type { EventType } from '../../generated/api';
import { Check, SelectField, TextField } from '../../ui/ui';
import type { Dialect } from '../shared/dialects';
import { isAdmin } from '../shared/rights';
import { FIELDS, LABELS } from './draft';
import type { Draft, Errors, FieldName } from './draft';
import { Owner } from './fields/owner';
import { TypePicker } from './fields/type-picker';
import { VerifyTls } from './fields/verify-tls';
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
      return (
        <TextField
          label={LABELS.name}
          value={draft.name}
          error={errors.name}
          required={dialect !== 'native'}
          hint={dialect === 'native' ? 'What people call it. It may be left empty.' : undefined}
          onInput={(name) => onChange({ name })}
        />
      );
    case 'url':
      return (
        <TextField
          type="url"
          mono
          label={LABELS.url}
          value={draft.url}
          error={errors.url}
          required
          placeholder="https://hooks.example.com/path"
          hint={urlHint(dialect)}
          onInput={(url) => onChange({ url })}
        />
      );
    case 'description':
      return (
        <TextField
          label={LABELS.description}
          value={draft.description}
          error={errors.description}
          hint="Why it is there."
          onInput={(description) => onChange({ description })}
        />
      );
    case 'eventTypes':
      return (
        <TypePicker
          label={LABELS.eventTypes}
          chosen={draft.eventTypes}
          error={errors.eventTypes}
          hint={typesHint(dialect)}
          unfit={(type) => unfit(type, dialect, draft)}
          onChange={(eventTypes) => onChange({ eventTypes })}
        />
      );
    case 'owner':
      return <Owner owner={draft.owner} error={errors.owner} isNew={stored === undefined} onChange={(owner) => onChange({ owner })} />;
    case 'global':
      return <Global {...props} />;
    case 'action':
      return <ActionField {...props} />;
    case 'verifyTls':
      return <VerifyTls verified={draft.verifyTls} onChange={(verifyTls) => onChange({ verifyTls })} />;
    default:
      return <QlikField field={field} {...props} />;
  }
}

type PartProps = Pick<FieldsProps, 'draft' | 'errors' | 'onChange'>;

function Global({ draft, onChange }: PartProps) {
  if (!isAdmin() && !draft.global) return null;
  return (
    <Check
      label={LABELS.global}
      checked={draft.global}
      disabled={!isAdmin()}
      hint="Receives what concerns anybody in the tenant, not only its owner. Only an admin may say so."
      onChange={(global) => onChange({ global })}
    />
  );
}

function ActionField({ draft, errors, onChange }: PartProps) {
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
}

function urlHint(dialect: Dialect): string {
  return dialect === 'qlik' ? 'An https URL with a full host name.' : 'Where deliveries go: an absolute https or http URL.';
}

function typesHint(dialect: Dialect): string | undefined {
  switch (dialect) {
    case 'native':
      return '“Everything” stands for every type that is published, also for those that nobody lists; not for the server’s own.';
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
