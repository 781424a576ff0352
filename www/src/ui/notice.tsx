// What is told: in a word, in a notice, where nothing is, while something is waited for.

import type { ComponentChildren } from 'preact';

type Children = { readonly children?: ComponentChildren };
type Tone = 'good' | 'bad' | 'warn' | 'accent';

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
