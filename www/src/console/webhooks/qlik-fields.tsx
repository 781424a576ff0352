// The fields that only Qlik's webhooks have.

import { Check, Notice, SelectField } from '../../ui/ui';
import { isAdmin } from '../shared/rights';
import { movesTo } from './check';
import { LABELS } from './draft';
import type { FieldName } from './draft';
import { EncryptedHeaders, Headers } from './fields/headers';
import { FilterField } from './filter/builder';
import type { FieldsProps } from './form';

export function QlikField({ field, draft, errors, onChange, stored }: FieldsProps & { readonly field: FieldName }) {
  switch (field) {
    case 'level':
      return (
        <SelectField
          label={LABELS.level}
          value={draft.level}
          error={errors.level}
          disabled={!isAdmin() && draft.level === 'user'}
          options={[['tenant', 'Tenant: what concerns anybody'], ['user', 'User: what concerns its owner']]}
          hint={isAdmin() ? undefined : 'Webhooks for the whole tenant are for admins to make.'}
          onChange={(level) => onChange({ level })}
        />
      );
    case 'filter':
      return <FilterField text={draft.filter} error={errors.filter} eventTypes={draft.eventTypes} onChange={(filter) => onChange({ filter })} />;
    case 'headers':
      return (
        <Headers
          label={LABELS.headers}
          rows={draft.headers}
          error={errors.headers}
          hint="Its requests carry them besides, in plain view: 2,048 bytes at most."
          onChange={(headers) => onChange({ headers })}
        />
      );
    case 'encryptedHeaders':
      return <Encrypted draft={draft} errors={errors} onChange={onChange} stored={stored} />;
    case 'cloudEvents':
      return (
        <Check
          toggle
          label={LABELS.cloudEvents}
          checked={draft.cloudEvents}
          disabled={stored?.cloudEvents === true}
          hint={stored?.cloudEvents === true
            ? 'Events arrive as CloudEvents. That cannot be turned off again.'
            : 'Events arrive as CloudEvents; otherwise in the older envelope. Once on, it stays on.'}
          onChange={(cloudEvents) => onChange({ cloudEvents })}
        />
      );
    case 'checkRevocation':
      return (
        <Check
          label={LABELS.checkRevocation}
          checked={draft.checkRevocation}
          hint="Before each connection, whether the receiver’s certificate has been revoked is asked. Where nobody can say, nothing is sent."
          onChange={(checkRevocation) => onChange({ checkRevocation })}
        />
      );
    default:
      return null;
  }
}

function Encrypted({ draft, errors, onChange, stored }: Pick<FieldsProps, 'draft' | 'errors' | 'onChange' | 'stored'>) {
  const moved = stored !== undefined && movesTo(stored.url, draft.url);
  const waiting = draft.encryptedHeaders.filter((row) => row.stored && row.value === '');
  return (
    <div class="stack tight">
      <EncryptedHeaders
        label={LABELS.encryptedHeaders}
        rows={draft.encryptedHeaders}
        error={errors.encryptedHeaders}
        moved={moved}
        hint="The same, kept as secrets: nobody is shown their values again. 2,048 bytes at most."
        onChange={(encryptedHeaders) => onChange({ encryptedHeaders })}
      />
      {moved && waiting.length > 0 && (
        <Notice tone="warn" title="The URL is another one: enter the encrypted headers again" live="status">
          <span>They were entered for the receiver before and do not go to another. Enter the value again, or remove: {waiting.map(({ name }) => name).join(', ')}.</span>
        </Notice>
      )}
    </div>
  );
}
