// What is chosen: one of several, yes or no, and the colours.

import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

import { Field } from './field';
import type { Theme } from './theme';

interface SelectFieldProps<Value extends string> {
  readonly label: ComponentChildren;
  readonly value: Value;
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly onChange: (value: Value) => void;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly disabled?: boolean | undefined;
}

/** One of several. */
export function SelectField<Value extends string>({ label, value, options, onChange, hint, error, disabled }: SelectFieldProps<Value>) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        // The options are the values, so what is chosen is one.
        <select {...control} class="input" value={value} disabled={disabled} onChange={({ currentTarget }) => onChange(currentTarget.value as Value)}>
          {options.map(([option, text]) => <option key={option} value={option}>{text}</option>)}
        </select>
      )}
    </Field>
  );
}

interface CheckProps {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly hint?: ComponentChildren;
  /** Shown as a switch: it acts on its own, not as one of several. */
  readonly toggle?: boolean;
  readonly disabled?: boolean | undefined;
}

/** Yes or no. */
export function Check({ label, checked, onChange, hint, toggle, disabled }: CheckProps) {
  const id = useId();
  return (
    <div class="field">
      <label class="check">
        <input
          type="checkbox"
          role={toggle === true ? 'switch' : undefined}
          class={toggle === true ? 'switch' : undefined}
          checked={checked}
          disabled={disabled}
          aria-describedby={hint === undefined ? undefined : id}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
        <span>{label}</span>
      </label>
      {hint !== undefined && <div class="hint" id={id}>{hint}</div>}
    </div>
  );
}

/** Light, dark, or as the system has it. */
export function ThemeChoice({ theme }: { readonly theme: Signal<Theme> }) {
  const id = useId();
  return (
    <div class="row">
      <label class="visually-hidden" for={id}>Colours</label>
      {/* The options are the themes, so what is chosen is one. */}
      <select id={id} class="input" value={theme.value} onChange={({ currentTarget }) => (theme.value = currentTarget.value as Theme)}>
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </div>
  );
}
