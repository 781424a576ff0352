// Replaces a webhook's secret: with an overlap, in which receivers can change over, or at once.

import { useSignal } from '@preact/signals';

import type { NewSecret as Body, Webhook } from '../../generated/api';
import { Button, Dialog, Notice } from '../../ui/ui';
import { answered, api } from '../api/client';
import { Refusal } from '../api/errors';
import { Entries } from '../shared/entries';
import { Failed } from '../shared/failed';
import { useComing, useHold } from '../shared/leaving';
import { TimeField } from '../shared/time-field';
import { ENTERED, leave } from '../shared/unsaved';
import { wrongSecret } from './check';
import type { SecretChoice } from './draft';
import { SecretChoiceField } from './fields/secret-choice';
import { COMING } from './new-secret';
import { asMeant, ifMatch } from './store';

interface ReplaceProps {
  readonly webhook: Webhook;
  /** The old one goes on signing for a while. */
  readonly overlapping: boolean;
  readonly onClose: () => void;
  readonly onReplaced: (webhook: Webhook) => void;
}

/** A time that has passed by any clock: what is to happen then happens at once. */
const LONG_AGO = '1970-01-01T00:00:00Z';

/** A loss of its own: the webhook's form may hold something, too. */
const TYPED = { ...ENTERED };

type Wrong = Readonly<Partial<Record<'secret' | 'activate_at' | 'retire_at', string>>>;

export function Replace({ webhook, overlapping, onClose, onReplaced }: ReplaceProps) {
  const choice = useSignal<SecretChoice>({ kind: 'generate', own: '' });
  const activateAt = useSignal<string | undefined>(undefined);
  const retireAt = useSignal<string | undefined>(undefined);
  const wrong = useSignal<Wrong>({});
  const error = useSignal<unknown>(undefined);
  const busy = useSignal(false);
  useHold(TYPED, () => choice.peek().own !== '' || activateAt.peek() !== undefined || retireAt.peek() !== undefined);
  const isComing = busy.value && choice.value.kind === 'generate';
  useComing(COMING, isComing);
  const close = () => leave(onClose, isComing ? COMING : TYPED);

  const save = async () => {
    const own = choice.value.kind === 'own' ? choice.value.own : undefined;
    const bad = own === undefined ? undefined : wrongSecret(own, webhook.profile.dialect);
    wrong.value = bad === undefined ? {} : { secret: bad };
    error.value = undefined;
    if (bad !== undefined || busy.value) return;
    busy.value = true;
    const [activate, retire] = overlapping ? [activateAt.value, retireAt.value] : [LONG_AGO, LONG_AGO];
    const body: Body = {
      ...(own !== undefined && { secret: own }),
      ...(activate !== undefined && { activate_at: activate }),
      ...(retire !== undefined && { retire_at: retire }),
    };
    const params = { path: { id: webhook.id }, header: ifMatch(webhook) };
    try {
      onReplaced(await asMeant(webhook.id, answered(api.POST('/v1/webhooks/{id}/secret', { params, body }))));
    } catch (caught) {
      const field = caught instanceof Refusal ? caught.field : undefined;
      if (caught instanceof Refusal && (field === 'secret' || field === 'activate_at' || field === 'retire_at')) wrong.value = { [field]: caught.message };
      else error.value = caught;
    } finally {
      busy.value = false;
    }
  };
  return (
    <Dialog title={overlapping ? 'Rotate the secret' : webhook.signed ? 'Reset the secret' : 'Set a secret'} onClose={close}>
      <form class="stack" noValidate onSubmit={(event) => (event.preventDefault(), void save())}>
        {error.value !== undefined && <Failed error={error.value} />}
        {overlapping ? <Explained pending={webhook.rotation !== null} /> : webhook.signed && (
          <Notice tone="warn"><span>The old secret stops signing at once: whoever uses it has to be given the new one.</span></Notice>
        )}
        <Entries busy={busy.value}>
          <SecretChoiceField legend="New secret" required choice={choice.value} error={wrong.value.secret} onChange={(chosen) => (choice.value = chosen)} />
          {overlapping && (
            <>
              <TimeField
                label="The new one signs from (optional)"
                value={activateAt.value}
                error={wrong.value.activate_at}
                hint="At once if nothing is said. Until then the old one signs the system’s own header."
                onChange={(at) => (activateAt.value = at)}
              />
              <TimeField
                label="The old one stops (optional)"
                value={retireAt.value}
                error={wrong.value.retire_at}
                hint="A day after that if nothing is said, 30 days from now at most."
                onChange={(at) => (retireAt.value = at)}
              />
            </>
          )}
        </Entries>
        <div class="row end">
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" kind="primary" busy={busy.value}>{overlapping ? 'Rotate' : webhook.signed ? 'Reset secret' : 'Set secret'}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Explained({ pending }: { readonly pending: boolean }) {
  return (
    <>
      <p class="small faint">
        For a while both secrets sign <code>webhook-signature</code>, so a receiver can change over at any time between. The system’s own header has room for
        one: the old one signs it up to the first time, the new one after it.
      </p>
      {pending && (
        <Notice tone="warn" title="Another rotation is under way">
          <span>
            One of its two secrets is dropped at once: before its change-over the new one, after it the old one. Receivers that know only that one refuse
            what comes.
          </span>
        </Notice>
      )}
    </>
  );
}
