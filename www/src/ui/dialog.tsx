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

/**
 * A dialog over the page: focus stays in it and returns to where it was. Shown for as long as it is there, and no shorter:
 * a browser that is asked twice closes any dialog, whatever the page says, so Escape is taken before it comes to that, and
 * what was closed all the same is shown again.
 */
export function Dialog({ title, onClose, sheet, insistent, children }: DialogProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const there = useRef(true);
  useEffect(() => {
    const { current } = dialog;
    there.current = true;
    current?.showModal();
    return () => {
      there.current = false;
      current?.close();
    };
  }, []);
  const asked = () => insistent !== true && onClose();
  return (
    <dialog
      ref={dialog}
      class={sheet === true ? 'sheet' : undefined}
      aria-labelledby={id}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented) return;
        event.preventDefault();
        asked();
      }}
      onCancel={(event) => {
        event.preventDefault();
        // Of a file that was not chosen, for one.
        if (event.target === event.currentTarget) asked();
      }}
      onClose={() => {
        if (!there.current) return;
        asked();
        setTimeout(() => there.current && dialog.current?.open === false && dialog.current.showModal());
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
