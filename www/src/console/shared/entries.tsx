// The fields of a form. Nothing can be entered while it is being saved: it would be lost once that is done.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface EntriesProps {
  /** It is being saved. */
  readonly busy: boolean;
  readonly children: ComponentChildren;
}

/** A browser takes the focus from what is disabled: it is back in its field once that can be used again. */
export function Entries({ busy, children }: EntriesProps) {
  const focused = useRef<EventTarget | null>(null);
  useLayoutEffect(() => {
    if (!busy && document.activeElement === document.body && focused.current instanceof HTMLElement) focused.current.focus();
  }, [busy]);
  return (
    <fieldset class="entries stack" disabled={busy} onFocusIn={({ target }) => (focused.current = target)}>
      {children}
    </fieldset>
  );
}
