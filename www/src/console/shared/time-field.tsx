// The choice of a time, in the time zone of whoever chooses.

import { Field } from '../../ui/ui';
import { ofField, toField } from './times';

interface TimeFieldProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  readonly hint?: string;
  readonly error?: string | undefined;
  readonly required?: boolean;
}

export function TimeField({ label, value, onChange, hint, error, required }: TimeFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <input
          {...control}
          class="input"
          type="datetime-local"
          step={1}
          required={required}
          value={toField(value)}
          onChange={({ currentTarget }) => onChange(ofField(currentTarget.value))}
        />
      )}
    </Field>
  );
}
