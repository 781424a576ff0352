// Changes a webhook: only what was changed is sent, for the version it was read in.

import { useSignal } from '@preact/signals';

import type { Webhook } from '../../generated/api';
import { Button } from '../../ui/ui';
import { answered, api } from '../api/client';
import { Refusal } from '../api/errors';
import { Entries } from '../shared/entries';
import { Failed } from '../shared/failed';
import { ENTERED, leave } from '../shared/unsaved';
import { change } from './bodies';
import { ConflictNotice } from './conflict';
import type { Conflict } from './conflict';
import { changedFields, draftOf, rebased } from './draft';
import { Fields } from './form';
import { changed, ifMatch, reread } from './store';
import { useForm } from './use-form';

interface EditProps {
  /** As it was when somebody began to change it. */
  readonly webhook: Webhook;
  readonly onClose: () => void;
  readonly onSaved: (webhook: Webhook) => void;
}

export function Edit({ webhook, onClose, onSaved }: EditProps) {
  const { dialect } = webhook.profile;
  const base = useSignal(webhook);
  const form = useForm(dialect, draftOf(webhook), base.value.url);
  const conflict = useSignal<Conflict | undefined>(undefined);
  const { draft, start, errors, busy, trouble } = form;

  /** What was entered goes on top of what it has become. */
  const meet = (now: Webhook): undefined => {
    const mine = changedFields(dialect, start.value, draft.value);
    conflict.value = { before: start.value, now: draftOf(now), mine };
    base.value = now;
    start.value = draftOf(now);
    draft.value = rebased(draft.value, mine, draftOf(now));
  };
  const send = () => {
    const params = { path: { id: webhook.id }, header: ifMatch(base.value) };
    return answered(api.PATCH('/v1/webhooks/{id}', { params, body: change(dialect, start.value, draft.value) }));
  };
  /** Sends it; what has come of it, or nothing if somebody has to look at what it has become first. */
  const sent = async (): Promise<Webhook | undefined> => {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 412)) throw error;
    }
    const now = await reread(webhook.id);
    if (JSON.stringify(draftOf(now)) !== JSON.stringify(start.value)) return meet(now);
    // What has changed, such as whether it is enabled, is none of what this form is about.
    base.value = now;
    return send();
  };
  const save = async () => {
    if (busy.value || !form.isValid()) return;
    busy.value = true;
    try {
      const saved = await sent();
      if (saved === undefined) return;
      changed(saved);
      form.start.value = draft.value;
      onSaved(saved);
    } catch (error) {
      form.refused(error);
    } finally {
      busy.value = false;
    }
  };
  const discard = () => {
    draft.value = start.value;
    conflict.value = undefined;
  };
  return (
    <form
      class="stack"
      ref={form.element}
      noValidate
      aria-label="Change the webhook"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {conflict.value !== undefined && <ConflictNotice dialect={dialect} conflict={conflict.value} entered={draft.value} onDiscard={discard} />}
      {trouble.value !== undefined && <Failed error={trouble.value} />}
      <Entries busy={busy.value}>
        <Fields dialect={dialect} draft={draft.value} errors={errors.value} onChange={form.change} stored={start.value} />
      </Entries>
      <div class="row end actions">
        <Button onClick={() => leave(onClose, ENTERED)}>Cancel</Button>
        <Button type="submit" kind="primary" busy={busy.value} disabled={!form.dirty}>Save</Button>
      </div>
    </form>
  );
}
