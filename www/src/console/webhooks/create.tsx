// A new webhook: entered, tried out if somebody likes, created, and its secret shown once.

import { useSignal } from '@preact/signals';

import type { Webhook } from '../../generated/api';
import { Button, Dialog } from '../../ui/ui';
import { answered, api } from '../api/client';
import type { Dialect } from '../shared/dialects';
import { Entries } from '../shared/entries';
import { Failed } from '../shared/failed';
import { useComing } from '../shared/leaving';
import { place } from '../shared/place';
import { isAdmin } from '../shared/rights';
import { useThere } from '../shared/there';
import { leave } from '../shared/unsaved';
import { newWebhook } from './bodies';
import { blank } from './draft';
import { SecretChoiceField } from './fields/secret-choice';
import { Fields } from './form';
import { COMING, NewSecret, shownOf } from './new-secret';
import { created as listCreated } from './store';
import { Try } from './try';
import { useForm } from './use-form';

interface CreateProps {
  readonly dialect: Dialect;
  readonly onClose: () => void;
  readonly onCreated: (webhook: Webhook) => void;
}

export function Create({ dialect, onClose, onCreated }: CreateProps) {
  const form = useForm(dialect, blank(isAdmin()));
  const created = useSignal<Webhook | undefined>(undefined);
  const there = useThere();
  const { draft, errors, busy, trouble } = form;
  useComing(COMING, busy.value && draft.value.secret.kind === 'generate');
  const save = async () => {
    if (busy.value || !form.isValid()) return;
    busy.value = true;
    const asked = place.peek();
    try {
      const webhook = await answered(api.POST('/v1/webhooks', { body: newWebhook(dialect, draft.value) }));
      // It is in no other tenant’s list, and whoever has gone elsewhere stays there.
      if (place.peek() === asked) listCreated(webhook);
      if (!there.current) return;
      // It is saved: there is nothing left to lose but the secret.
      form.start.value = draft.value;
      if (shownOf(webhook) === undefined) onCreated(webhook);
      else created.value = webhook;
    } catch (error) {
      form.refused(error);
    } finally {
      busy.value = false;
    }
  };
  const send = async () => (form.isValid() ? answered(api.POST('/v1/webhooks/test', { body: newWebhook(dialect, draft.value) })) : undefined);
  const shown = created.value && shownOf(created.value);
  return (
    <Dialog title="New webhook" sheet onClose={() => leave(onClose)}>
      <form
        class="stack"
        ref={form.element}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {trouble.value !== undefined && <Failed error={trouble.value} />}
        <Entries busy={busy.value}>
          <Fields dialect={dialect} draft={draft.value} errors={errors.value} onChange={form.change} />
          <SecretChoiceField
            legend={dialect === 'immuta-request' ? 'Secret (optional)' : 'Secret'}
            choice={draft.value.secret}
            error={errors.value.secret}
            onChange={(secret) => form.change({ secret })}
          />
        </Entries>
        <section class="card" aria-label="Try it first">
          <h3>Try it first</h3>
          <p class="small faint">Sends a test to what you entered, without saving anything.</p>
          <Try
            label="Send a test"
            send={send}
            onRefused={(error) => {
              form.refused(error);
              return true;
            }}
          />
        </section>
        <div class="row end actions">
          <Button onClick={() => leave(onClose)}>Cancel</Button>
          <Button type="submit" kind="primary" busy={busy.value}>Save</Button>
        </div>
      </form>
      {created.value !== undefined && shown !== undefined && <NewSecret shown={shown} onClose={() => created.value && onCreated(created.value)} />}
    </Dialog>
  );
}
