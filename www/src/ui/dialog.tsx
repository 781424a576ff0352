// What lies over the page.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

import { Button } from './button';

interface Open {
  readonly dialog: HTMLDialogElement;
  /** What Escape asks of it. */
  readonly escaped: () => void;
}

/** The dialogs that are there, the topmost last. */
let open: readonly Open[] = [];

// Wherever the focus is, before the browser closes what it thinks is meant.
addEventListener(
  'keydown',
  (event) => {
    // One that has left the document is taken out only a little later.
    const topmost = open.filter(({ dialog }) => dialog.isConnected).at(-1);
    if (topmost === undefined || event.key !== 'Escape' || event.isComposing) return;
    event.preventDefault();
    topmost.escaped();
  },
  { capture: true },
);

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
  const asked = () => insistent !== true && onClose();
  const latest = useRef(asked);
  latest.current = asked;
  useEffect(() => {
    const { current } = dialog;
    if (current === null) return undefined;
    const own: Open = { dialog: current, escaped: () => void latest.current() };
    open = [...open, own];
    const before = document.activeElement;
    there.current = true;
    current.showModal();
    return () => {
      open = open.filter((one) => one !== own);
      there.current = false;
      current.close();
      // It is out of the document by now, so that the browser gives the focus back to nobody.
      setTimeout(() => {
        if (document.activeElement === document.body && before instanceof HTMLElement && before.isConnected) before.focus();
      });
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={sheet === true ? 'sheet' : undefined}
      aria-labelledby={id}
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
