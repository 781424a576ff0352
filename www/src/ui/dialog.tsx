// What lies over the page.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

import { Button } from './button';

interface DialogProps {
  readonly children?: ComponentChildren;
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
