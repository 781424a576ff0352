// One webhook, at the side of the list: what it is, and what can be done with it.

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import type { Webhook } from '../../generated/api';
import { Button, Dialog, Notice, Spinner } from '../../ui/ui';
import { Refusal } from '../api/errors';
import { follow } from '../shared/changes';
import { Failed } from '../shared/failed';
import { place } from '../shared/place';
import { mayChange } from '../shared/rights';
import { leave } from '../shared/unsaved';
import { nameOf } from '../shared/webhooks';
import { Delete } from './delete';
import { Edit } from './edit';
import { Facts } from './facts';
import { Secret } from './secret';
import { State } from './state';
import { opened, reread } from './store';
import { TryStored } from './try';

interface SheetProps {
  readonly id: string;
  readonly onClose: () => void;
}

export function Sheet({ id, onClose }: SheetProps) {
  const error = useSignal<unknown>(undefined);
  const gone = useSignal(false);
  const there = useRef(true);
  const webhook = opened.value?.id === id ? opened.value : undefined;
  const read = async () => {
    error.value = undefined;
    try {
      const now = await reread(id);
      const before = opened.peek();
      if (there.current && !(before?.id === id && before.version > now.version)) opened.value = now;
    } catch (caught) {
      if (isGone(caught) && opened.peek()?.id === id) gone.value = true;
      else error.value = caught;
    }
  };
  // Also when somebody else has signed in meanwhile. What was entered stays: it is for whoever is there now to judge.
  useEffect(() => void read(), [id, place.value]);
  useEffect(() => follow({ told: (_, deleted) => deleted.includes(id) && (gone.value = true), missed: read }), [id]);
  useEffect(() => {
    there.current = true;
    return () => {
      there.current = false;
      opened.value = undefined;
    };
  }, []);
  return (
    <Dialog title={<span class="break">{webhook === undefined ? 'Webhook' : nameOf(webhook)}</span>} sheet onClose={() => leave(onClose)}>
      {error.value !== undefined && <Failed error={error.value} retry={read} />}
      {webhook !== undefined ? <Opened webhook={webhook} gone={gone.value} onClose={onClose} /> : error.value === undefined && <Spinner label="Loading the webhook…" />}
    </Dialog>
  );
}

interface OpenedProps {
  readonly webhook: Webhook;
  readonly gone: boolean;
  readonly onClose: () => void;
}

function Opened({ webhook, gone, onClose }: OpenedProps) {
  const may = mayChange() && !gone;
  return (
    <div class="stack">
      {gone && (
        <Notice tone="warn" title="This webhook has been deleted meanwhile" live="alert">
          <span>This is what it was. What you entered can still be copied, and is lost when you leave.</span>
        </Notice>
      )}
      {!gone && <State webhook={webhook} mayChange={may} />}
      <Settings webhook={webhook} mayChange={may} />
      {may && <TryStored webhook={webhook} />}
      {!gone && <Secret webhook={webhook} mayChange={may} />}
      {!gone && <Delete webhook={webhook} onDeleted={onClose} />}
    </div>
  );
}

const isGone = (error: unknown) => error instanceof Refusal && error.status === 404;

interface PartProps {
  readonly webhook: Webhook;
  readonly mayChange: boolean;
}

function Settings({ webhook, mayChange: may }: PartProps) {
  const editing = useSignal<Webhook | undefined>(undefined);
  const saved = useSignal(false);
  const section = useRef<HTMLElement>(null);
  const close = () => (editing.value = undefined);
  const open = editing.value !== undefined;
  const before = useRef(open);
  useEffect(() => {
    // What had the focus is not there any more, whichever way it went.
    if (before.current !== open) section.current?.querySelector<HTMLElement>(open ? 'input' : 'button')?.focus();
    before.current = open;
  }, [open]);
  return (
    <section class="card" aria-label="Settings" ref={section}>
      <div class="row between">
        <h3>Settings</h3>
        <span class="row">
          <span class="small faint" role="status">{saved.value ? 'Saved' : ''}</span>
          {may && !open && (
            <Button
              onClick={() => {
                saved.value = false;
                editing.value = webhook;
              }}
            >
              Edit
            </Button>
          )}
        </span>
      </div>
      {editing.value === undefined ? <Facts webhook={webhook} /> : (
        <Edit
          webhook={editing.value}
          onClose={close}
          onSaved={() => {
            close();
            saved.value = true;
          }}
        />
      )}
    </section>
  );
}
