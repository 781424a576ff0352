// Parts that several of the console's views have: what went wrong with a way on, times, whether it is live, a question
// before something is done that cannot be undone.

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

import { Button, Dialog, Notice, Spinner, TextField } from '../../ui/ui';
import { advice } from '../api/errors';
import type { Pages } from './load';
import { streamState } from './stream';
import type { StreamState } from './stream';
import { local } from './time';

/** What went wrong, and what to do about it. */
export function Failed({ error, retry }: { readonly error: unknown; readonly retry?: (() => unknown) | undefined }) {
  const { what, todo } = advice(error);
  return (
    <Notice tone="bad" live="alert" title={what}>
      <span class="small">{todo}</span>
      {retry !== undefined && <div class="row"><Button onClick={retry}>Try again</Button></div>}
    </Notice>
  );
}

export function Time({ at, millis = false }: { readonly at: string | number; readonly millis?: boolean }) {
  const iso = typeof at === 'number' ? new Date(at).toISOString() : at;
  return <time class="time" dateTime={iso} title={iso}>{local(at, millis)}</time>;
}

const STREAM: Readonly<Record<StreamState, readonly [tone: string, text: string, hint: string]>> = {
  off: ['', 'Not live', 'What happens is shown when you reload.'],
  connecting: ['warn', 'Connecting…', 'What happens will be shown as it happens.'],
  live: ['good', 'Live', 'What happens is shown as it happens.'],
  reconnecting: ['warn', 'Reconnecting…', 'The connection was lost and is made again by itself.'],
  paused: ['', 'Paused', 'This tab was hidden for long; it goes on when it is seen.'],
};

/** Whether what is shown follows what happens. */
export function Live() {
  const [tone, text, hint] = STREAM[streamState.value];
  return <span class={`badge live ${tone}`} role="status" title={hint}><span class="live-dot" aria-hidden="true" />{text}</span>;
}

/** What stands below a list in pages. */
export function More<Item>({ pages, what }: { readonly pages: Pages<Item>; readonly what: string }) {
  if (pages.data === undefined || pages.data.next === null) return null;
  return <div class="row"><Button busy={pages.loadingMore} onClick={pages.more}>More {what}</Button></div>;
}

interface ListProps<Item> {
  readonly pages: Pages<Item>;
  readonly what: string;
  readonly empty: ComponentChildren;
  readonly children: (items: readonly Item[]) => ComponentChildren;
}

/** A list in pages in each of its states: loading, failed, empty, there. */
export function List<Item>({ pages, what, empty, children }: ListProps<Item>) {
  const { data, error, loading, reload, more } = pages;
  return (
    <>
      {error !== undefined && <Failed error={error} retry={data === undefined ? reload : more} />}
      {data === undefined && loading && <Spinner label={`Loading ${what}…`} />}
      {data !== undefined && (data.items.length === 0 ? empty : children(data.items))}
      <More pages={pages} what={what} />
    </>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly action: string;
  /** What does it; what it throws is shown, and the dialog stays. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
  /** A text that has to be typed first. */
  readonly typed?: string;
  readonly children: ComponentChildren;
}

/** Asks before something is done that cannot be undone. */
export function Confirm({ title, action, onConfirm, onClose, typed, children }: ConfirmProps) {
  const busy = useSignal(false);
  const error = useSignal<unknown>(undefined);
  const text = useSignal('');
  const confirm = async () => {
    busy.value = true;
    error.value = undefined;
    try {
      await onConfirm();
      onClose();
    } catch (caught) {
      error.value = caught;
      busy.value = false;
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {typed !== undefined && <TextField label={<>Type <code class="break">{typed}</code> to confirm</>} value={text.value} onInput={(value) => (text.value = value)} mono />}
      {error.value !== undefined && <Failed error={error.value} />}
      <div class="row end">
        <Button onClick={onClose}>Back</Button>
        <Button kind="danger primary" busy={busy.value} disabled={typed !== undefined && text.value !== typed} onClick={confirm}>{action}</Button>
      </div>
    </Dialog>
  );
}
