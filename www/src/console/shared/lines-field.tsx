// A field of several texts, one a line.

import { Field } from '../../ui/ui';

interface LinesFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly error?: string | undefined;
}

export function LinesField({ label, hint, value, onInput, error }: LinesFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => <textarea {...control} class="input mono" rows={2} spellcheck={false} value={value} onInput={({ currentTarget }) => onInput(currentTarget.value)} />}
    </Field>
  );
}
