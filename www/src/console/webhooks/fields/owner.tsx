// Whose a webhook is. Only an admin may make it somebody else's.

import { SelectField } from '../../../ui/ui';
import { isAdmin } from '../../shared/rights';
import { users } from '../../shared/users';
import { LABELS } from '../draft';

interface OwnerProps {
  readonly owner: string;
  readonly error: string | undefined;
  readonly isNew: boolean;
  readonly onChange: (owner: string) => void;
}

export function Owner({ owner, error, isNew, onChange }: OwnerProps) {
  const all = users.data.value ?? [];
  if (!isAdmin() || all.length === 0) return null;
  const listed = all.some(({ id }) => id === owner) || owner === '';
  const options: [string, string][] = all.map(({ id, name }) => [id, name === id ? id : `${name} (${id})`]);
  if (!listed) options.unshift([owner, owner]);
  if (isNew) options.unshift(['', 'You']);
  return <SelectField label={LABELS.owner} value={owner} error={error} options={options} hint="Only an admin sees this, and may choose somebody else." onChange={onChange} />;
}
