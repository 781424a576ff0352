// A line of text for which there are suggestions: any other text may be entered, too.

import { useId } from 'preact/hooks';

import { Field } from '../../ui/ui';

interface SuggestFieldProps {
  readonly label: string;
  readonly value: string;
  readonly suggestions: readonly (readonly [value: string, text: string])[];
  readonly onInput: (value: string) => void;
  readonly placeholder?: string;
}

export function SuggestField({ label, value, suggestions, onInput, placeholder }: SuggestFieldProps) {
  const list = useId();
  return (
    <Field label={label}>
      {(control) => (
        <>
          <input {...control} type="text" class="input" list={list} value={value} autocomplete="off" spellcheck={false} placeholder={placeholder} onInput={({ currentTarget }) => onInput(currentTarget.value)} />
          <datalist id={list}>
            {suggestions.map(([option, text]) => <option key={option} value={option}>{text}</option>)}
          </datalist>
        </>
      )}
    </Field>
  );
}
