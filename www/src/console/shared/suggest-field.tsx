// A line of text for which there are suggestions: any other text may be entered, too.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

import { Field } from '../../ui/ui';

interface SuggestFieldProps {
  readonly label: string;
  readonly value: string;
  readonly suggestions: readonly (readonly [value: string, text: string])[];
  /** Told of each letter. */
  readonly onInput?: (value: string) => void;
  /** Told once it is entered or chosen: where a part of it would mean something else. */
  readonly onChange?: (value: string) => void;
  readonly placeholder: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
}

/** The longest text that the server looks for. */
const LONGEST = 512;

export function SuggestField({ label, value, suggestions, onInput, onChange, placeholder, hint, error }: SuggestFieldProps) {
  const list = useId();
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <>
          <input
            {...control}
            type="text"
            class="input"
            list={list}
            value={value}
            maxLength={LONGEST}
            placeholder={placeholder}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            onInput={({ currentTarget }) => onInput?.(currentTarget.value)}
            onChange={({ currentTarget }) => onChange?.(currentTarget.value.trim())}
          />
          <datalist id={list}>
            {suggestions.map(([option, text]) => <option key={option} value={option}>{text}</option>)}
          </datalist>
        </>
      )}
    </Field>
  );
}
