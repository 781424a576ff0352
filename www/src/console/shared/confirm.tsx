// Asks before something is done that cannot be undone.

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

import { Button, Dialog, TextField } from '../../ui/ui';
import { Failed } from './failed';

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
