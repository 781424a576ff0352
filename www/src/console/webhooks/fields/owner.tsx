// Whose a webhook is. Only an admin sees this, and may make it somebody else's.

import { isAdmin } from '../../shared/rights';
import { UserField } from '../../shared/user-field';
import { LABELS } from '../draft';

interface OwnerProps {
  readonly owner: string;
  readonly error: string | undefined;
  readonly isNew: boolean;
  readonly onChange: (owner: string) => void;
}

export function Owner({ owner, error, isNew, onChange }: OwnerProps) {
  if (!isAdmin()) return null;
  return <UserField label={LABELS.owner} placeholder={isNew ? 'You' : ''} value={owner} error={error} onInput={onChange} />;
}
