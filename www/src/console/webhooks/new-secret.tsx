// A secret that was just set, shown this once. Whoever leaves before copying one that was generated is asked first: there
// is no way to see it again.

import { useSignal } from '@preact/signals';

import { Button, Code, Dialog, Notice } from '../../ui/ui';
import { coming, useHold } from '../shared/leaving';
import { leave } from '../shared/unsaved';
import type { Loss } from '../shared/unsaved';

/** What the answer to a creation or a rotation held. */
export interface Shown {
  /** Only if it was generated. */
  readonly secret: string | undefined;
  /** What it is for libraries of Standard Webhooks, where that is something else. */
  readonly standard: string | undefined;
}

export function shownOf({ secret, standard_secret: standard }: { readonly secret?: string; readonly standard_secret?: string }): Shown | undefined {
  const other = standard === secret ? undefined : standard;
  return secret === undefined && other === undefined ? undefined : { secret, standard: other };
}

/** One that is generated is on its way. */
export const COMING = coming('secret');

const UNCOPIED: Loss = {
  title: 'Leave without copying the secret?',
  text: 'It is shown this once. If you have not stored it, the receiver cannot verify anything, and it has to be replaced.',
  stay: 'Go back to it',
  leave: 'Leave without it',
};

export function NewSecret({ shown: { secret, standard }, onClose }: { readonly shown: Shown; readonly onClose: () => void }) {
  const copied = useSignal(false);
  useHold(UNCOPIED, () => secret !== undefined && !copied.peek());
  return (
    <Dialog title={secret === undefined ? 'The secret is set' : 'The new secret'} onClose={() => leave(onClose, UNCOPIED)}>
      {secret !== undefined && (
        <>
          <Notice tone="warn" title="It is shown this once"><span>Copy it and give it to the receiver, which verifies deliveries with it.</span></Notice>
          <Code label="Secret" text={secret} wrap onCopied={() => (copied.value = true)} />
        </>
      )}
      {standard !== undefined && (
        <div class="stack tight">
          <p class="small">For libraries of Standard Webhooks, which verify the <code>webhook-signature</code> header, the same secret is:</p>
          <Code label="Secret for Standard Webhooks" text={standard} wrap />
        </div>
      )}
      <div class="row end"><Button kind="primary" onClick={() => leave(onClose, UNCOPIED)}>Done</Button></div>
    </Dialog>
  );
}
