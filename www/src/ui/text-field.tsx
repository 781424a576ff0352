// Texts that are entered, among them secrets.

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { Button } from './button';
import { Field } from './field';

interface TextFieldProps {
  readonly label: ComponentChildren;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly type?: 'text' | 'password' | 'url' | 'search' | 'datetime-local' | 'number';
  readonly mono?: boolean;
  readonly required?: boolean;
  readonly disabled?: boolean | undefined;
  readonly placeholder?: string;
  readonly maxLength?: number;
  readonly autocomplete?: 'off' | 'new-password';
  readonly autofocus?: boolean;
}

/** A line of text. */
export function TextField({ label, value, onInput, hint, error, type = 'text', mono, autocomplete = 'off', autofocus, ...rest }: TextFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (autofocus === true) input.current?.focus();
  }, [autofocus]);
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <input
          {...control}
          {...rest}
          ref={input}
          // Preact's types want to know which one it is.
          type={type as 'text'}
          class={mono === true ? 'input mono' : 'input'}
          value={value}
          autocomplete={autocomplete}
          spellcheck={false}
          autocapitalize="off"
          onInput={({ currentTarget }) => onInput(currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** A secret: hidden until it is asked for, known to no password manager, in no form that a browser sends. */
export function SecretField({ label, value, onInput, hint, error }: Pick<TextFieldProps, 'label' | 'value' | 'onInput' | 'hint' | 'error'>) {
  const shown = useSignal(false);
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <div class="row">
          <input
            {...control}
            // Preact's types want to know which one it is.
            type={(shown.value ? 'text' : 'password') as 'text'}
            class="input mono grow"
            value={value}
            autocomplete="off"
            data-1p-ignore
            data-lpignore="true"
            spellcheck={false}
            autocapitalize="off"
            onInput={({ currentTarget }) => onInput(currentTarget.value)}
          />
          <Button kind="quiet" pressed={shown.value} onClick={() => (shown.value = !shown.value)}>
            {shown.value ? 'Hide' : 'Show'}
          </Button>
        </div>
      )}
    </Field>
  );
}
