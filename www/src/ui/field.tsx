// What every control has: a label, a hint, and what is wrong with its value.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
  /** What is wrong with its value and what would be right. */
  readonly error?: string | undefined;
  /** The control, given what ties it to its label and texts. */
  readonly children: (control: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean | undefined }) => ComponentChildren;
}

/** A control with its label, a hint, and what is wrong with it. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const texts = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': texts || undefined, 'aria-invalid': error === undefined ? undefined : true })}
      {hint !== undefined && <div class="hint" id={`${id}-hint`}>{hint}</div>}
      {error !== undefined && <div class="error" id={`${id}-error`} role="alert">{error}</div>}
    </div>
  );
}
