// The parts that both pages are made of: plain elements with the names and states that a keyboard and a screen reader
// need. What a part is given is shown as text, whoever wrote it.

import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { ComponentChildren, TargetedKeyboardEvent } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

import { copy } from './clipboard';

type Children = { readonly children?: ComponentChildren };
type Tone = 'good' | 'bad' | 'warn' | 'accent';

interface ButtonProps extends Children {
  readonly onClick?: (() => unknown) | undefined;
  readonly kind?: 'primary' | 'danger' | 'danger primary' | 'quiet';
  readonly type?: 'button' | 'submit';
  readonly disabled?: boolean | undefined;
  /** Work that it began is under way: it cannot be pressed again, and says so. */
  readonly busy?: boolean | undefined;
  /** What it is called where its text alone does not say it. */
  readonly label?: string | undefined;
  readonly pressed?: boolean | undefined;
  readonly expanded?: boolean | undefined;
}

export function Button({ onClick, kind, type = 'button', disabled, busy, label, pressed, expanded, children }: ButtonProps) {
  return (
    <button
      type={type}
      class={kind === undefined ? 'button' : `button ${kind}`}
      disabled={disabled}
      // Not `disabled`: that would take the focus away from whoever has just pressed it.
      aria-disabled={busy === true ? true : undefined}
      aria-busy={busy}
      aria-label={label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      onClick={(event) => {
        if (busy === true) event.preventDefault();
        else void onClick?.();
      }}
    >
      {busy === true && <span class="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}

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

interface TabsProps<Name extends string> {
  readonly label: string;
  readonly tabs: readonly (readonly [name: Name, text: ComponentChildren])[];
  readonly selected: Name;
  readonly onSelect: (name: Name) => void;
  readonly children: ComponentChildren;
}

/** Tabs, one of whose panels is shown: arrow keys, Home and End go from one to another. */
export function Tabs<Name extends string>({ label, tabs, selected, onSelect, children }: TabsProps<Name>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const keyed = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const at = tabs.findIndex(([name]) => name === selected);
    const places: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    const to = places[event.key];
    const next = to === undefined ? undefined : tabs.at(to % tabs.length);
    if (next !== undefined) {
      event.preventDefault();
      onSelect(next[0]);
      list.current?.querySelector<HTMLElement>(`#${CSS.escape(`${id}-${next[0]}`)}`)?.focus();
    }
  };
  return (
    <div class="stack tight">
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={keyed}>
        {tabs.map(([name, text]) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={name === selected}
            aria-controls={`${id}-panel`}
            tabIndex={name === selected ? 0 : -1}
            onClick={() => onSelect(name)}
          >
            {text}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${selected}`} class="stack">{children}</div>
    </div>
  );
}

export function Badge({ tone, title, children }: Children & { readonly tone?: Tone | undefined; readonly title?: string }) {
  return <span class={tone === undefined ? 'badge' : `badge ${tone}`} title={title}>{children}</span>;
}

interface NoticeProps extends Children {
  readonly tone?: 'good' | 'bad' | 'warn';
  readonly title?: ComponentChildren;
  /** Read out when it appears: at once, or when there is a pause. */
  readonly live?: 'alert' | 'status';
}

/** Something to know, and what to do about it. */
export function Notice({ tone, title, live, children }: NoticeProps) {
  return (
    <div class={tone === undefined ? 'notice' : `notice ${tone}`} role={live}>
      {title !== undefined && <strong>{title}</strong>}
      {children}
    </div>
  );
}

/** What stands where nothing is yet: why, and what to do. */
export function Empty({ title, children }: Children & { readonly title: string }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

export function Spinner({ label }: { readonly label: string }) {
  return (
    <span class="row faint" role="status">
      <span class="spinner" aria-hidden="true" />
      {label}
    </span>
  );
}

/** Copies a text, and says that it did. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const outcome = useSignal<'' | 'Copied' | 'Not copied: select it and press Ctrl+C'>('');
  return (
    <>
      <Button
        onClick={async () => {
          outcome.value = (await copy(text)) ? 'Copied' : 'Not copied: select it and press Ctrl+C';
          setTimeout(() => (outcome.value = ''), 3000);
        }}
      >
        {label}
      </Button>
      <span class="small faint" role="status">{outcome.value}</span>
    </>
  );
}

/** A text that is shown as it is, with a button that copies it. */
export function Code({ text, label, wrap }: { readonly text: string; readonly label: string; readonly wrap?: boolean }) {
  return (
    <div class="stack tight">
      <pre class={wrap === true ? 'code wrap' : 'code'} tabIndex={0} role="region" aria-label={label}><code>{text}</code></pre>
      <div class="row"><CopyButton text={text} /></div>
    </div>
  );
}

interface DialogProps extends Children {
  readonly title: ComponentChildren;
  readonly onClose: () => void;
  /** At the side, as high as the page. */
  readonly sheet?: boolean;
  /** Escape and the cross do nothing: only what is inside it goes on. */
  readonly insistent?: boolean;
}

/** A dialog over the page: focus stays in it and returns to where it was. Shown for as long as it is there. */
export function Dialog({ title, onClose, sheet, insistent, children }: DialogProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => current?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={sheet === true ? 'sheet' : undefined}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        if (insistent !== true) onClose();
      }}
    >
      <div class="dialog">
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          {insistent !== true && <Button kind="quiet" label="Close" onClick={onClose}>✕</Button>}
        </div>
        {children}
      </div>
    </dialog>
  );
}

/** Light, dark, or as the system has it. */
export function ThemeChoice({ theme }: { readonly theme: Signal<'system' | 'light' | 'dark'> }) {
  const id = useId();
  return (
    <div class="row">
      <label class="visually-hidden" for={id}>Colours</label>
      <select id={id} class="input" value={theme.value} onChange={({ currentTarget }) => (theme.value = currentTarget.value as 'system')}>
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </div>
  );
}
