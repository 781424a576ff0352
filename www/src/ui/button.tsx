// A button that says when it is at work.

import type { ComponentChildren } from 'preact';

interface ButtonProps {
  readonly children?: ComponentChildren;
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
