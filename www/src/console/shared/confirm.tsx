// Asks before something is done that cannot be undone.

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

import { Button, Dialog, TextField } from '../../ui/ui';
import { useAction } from './action';
import { Failed } from './failed';

interface QuestionProps {
  readonly title: string;
  /** What the button says that does it. */
  readonly action: string;
  readonly onAct: () => unknown;
  readonly busy?: boolean;
  readonly disabled?: boolean;
  /** What the button says that does nothing. */
  readonly back?: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** The question alone. */
export function Question({ title, action, onAct, busy, disabled, back = 'Back', onClose, children }: QuestionProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <div class="row end">
        <Button onClick={onClose}>{back}</Button>
        <Button kind="danger primary" busy={busy} disabled={disabled} onClick={onAct}>{action}</Button>
      </div>
    </Dialog>
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

/** The question, and what came of the answer. */
export function Confirm({ title, action, onConfirm, onClose, typed, children }: ConfirmProps) {
  const text = useSignal('');
  const { busy, error, run } = useAction(async () => {
    await onConfirm();
    onClose();
  });
  return (
    <Question title={title} action={action} onAct={run} busy={busy} disabled={typed !== undefined && text.value !== typed} onClose={onClose}>
      {children}
      {typed !== undefined && <TextField label={<>Type <code class="break">{typed}</code> to confirm</>} value={text.value} onInput={(value) => (text.value = value)} mono />}
      {error !== undefined && <Failed error={error} />}
    </Question>
  );
}
