// Deletes a webhook, after somebody has confirmed it: in a dialog that names it, or as the Request app has it, with a
// second button in the place of the first.

import { useSignal } from '@preact/signals';

import type { Webhook } from '../../generated/api';
import { Button, Dialog } from '../../ui/ui';
import { answered, api } from '../api/client';
import { Refusal } from '../api/errors';
import { Failed } from '../shared/failed';
import { nameOf } from '../shared/webhooks';
import { deleted, ifMatch, reread } from './store';

interface DeleteProps {
  readonly webhook: Webhook;
  readonly onDeleted: () => void;
}

export function Delete({ webhook, onDeleted }: DeleteProps) {
  const asking = useSignal(false);
  const busy = useSignal(false);
  const error = useSignal<unknown>(undefined);
  const stop = () => {
    asking.value = false;
    error.value = undefined;
  };
  const remove = async () => {
    busy.value = true;
    error.value = undefined;
    try {
      await answered(api.DELETE('/v1/webhooks/{id}', { params: { path: { id: webhook.id }, header: ifMatch(webhook) } }));
      deleted(webhook.id);
      onDeleted();
    } catch (caught) {
      error.value = caught;
      if (caught instanceof Refusal && caught.status === 412) await reread(webhook.id).catch(() => undefined);
    } finally {
      busy.value = false;
    }
  };
  const name = nameOf(webhook);
  const told = <>What waits for it is cancelled. Its history stays as long as history is kept.</>;
  if (webhook.profile.dialect === 'immuta-request') {
    return (
      <section class="card" aria-label="Delete">
        <h3>Delete</h3>
        <p class="small faint">{told}</p>
        {error.value !== undefined && <Failed error={error.value} />}
        <div class="row">
          {/* The same button: whoever has the focus on the first has it on the second. */}
          <Button kind={asking.value ? 'danger primary' : 'danger'} busy={busy.value} onClick={() => (asking.value ? remove() : (asking.value = true))}>{asking.value ? 'Delete again' : 'Delete'}</Button>
          {asking.value && <Button onClick={stop}>Keep it</Button>}
          <span class="small break" role="status">{asking.value ? `Delete again to delete ${name} for good.` : ''}</span>
        </div>
      </section>
    );
  }
  return (
    <section class="card" aria-label="Delete">
      <h3>Delete</h3>
      <p class="small faint">{told}</p>
      <div class="row"><Button kind="danger" onClick={() => (asking.value = true)}>Delete</Button></div>
      {asking.value && (
        <Dialog title="Delete this webhook?" onClose={stop}>
          <p class="break"><strong>{name}</strong></p>
          {name !== webhook.url && <p class="small mono break">{webhook.url}</p>}
          <p>{told}</p>
          {error.value !== undefined && <Failed error={error.value} />}
          <div class="row end">
            <Button onClick={stop}>Keep it</Button>
            <Button kind="danger primary" busy={busy.value} onClick={remove}>Delete it</Button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
