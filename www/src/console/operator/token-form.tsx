// A new token: whose, what for and until when; then it is shown, this once.

import { useSignal } from '@preact/signals';

import type { NewToken } from '../../generated/api';
import { Button, Code, Dialog, Notice, SelectField, TextField } from '../../ui/ui';
import { answered, api } from '../api/client';
import { Refusal } from '../api/errors';
import { me } from '../api/session';
import { useAction } from '../shared/action';
import { Entries } from '../shared/entries';
import { Failed } from '../shared/failed';
import { coming, useComing, useEntered, useHold } from '../shared/leaving';
import { TimeField } from '../shared/time-field';
import { leave } from '../shared/unsaved';
import type { Loss } from '../shared/unsaved';
import { UserField } from '../shared/user-field';

const LIFETIMES = [['7d', '7 days'], ['30d', '30 days'], ['90d', '90 days'], ['365d', 'A year'], ['at', 'Until a time…'], ['never', 'Until it is revoked']] as const;
type Lifetime = (typeof LIFETIMES)[number][0];

const COMING = coming('token');

interface Props {
  /** Whether it may be made for other users. */
  readonly others: boolean;
  /** It is shown this once: {@link MadeToken}. */
  readonly onMade: (token: string) => void;
  readonly onClose: () => void;
}

export function TokenForm({ others, onMade, onClose }: Props) {
  const own = me.value?.kind === 'user' ? me.value.id : '';
  const draft = useSignal<{ user: string; name: string; lifetime: Lifetime; until: string | undefined }>({ user: own, name: '', lifetime: '90d', until: undefined });
  const discard = useEntered(draft, onClose);
  const { user, name, lifetime, until } = draft.value;
  const change = (part: Partial<typeof draft.value>) => (draft.value = { ...draft.value, ...part });
  const { busy, error, run } = useAction(async () => {
    const at = lifetime === 'at' ? until : undefined;
    const body: NewToken = {
      name: name.trim(),
      ...(others && user !== '' && { user }),
      ...(at !== undefined && { expires_at: at }),
      ...(lifetime !== 'at' && lifetime !== 'never' && { expires_in: lifetime }),
    };
    const { token } = await answered(api.POST('/v1/tokens', { body }));
    // Only the answer that makes one holds it.
    if (token !== undefined) onMade(token);
  });
  useComing(COMING, busy);
  const close = () => (busy ? leave(onClose, COMING) : discard());
  const wrong = (field: string) => (error instanceof Refusal && error.field === field ? error.message : undefined);
  return (
    <Dialog title="New token" onClose={close}>
      <form class="stack" onSubmit={(event) => (event.preventDefault(), void run())}>
        <Entries busy={busy}>
          {others && <UserField label="User" placeholder="Whose token it is" value={user} onInput={(value) => change({ user: value })} error={wrong('user')} />}
          <TextField
            label="For"
            hint="What it is for, so that you know it again."
            value={name}
            onInput={(value) => change({ name: value })}
            error={wrong('name')}
            maxLength={256}
            autofocus={!others}
          />
          <SelectField label="Valid" value={lifetime} options={LIFETIMES} onChange={(value) => change({ lifetime: value })} error={wrong('expires_in')} />
          {lifetime === 'at' && <TimeField label="Until" value={until} onChange={(at) => change({ until: at })} error={wrong('expires_at')} required />}
        </Entries>
        {error !== undefined && <Failed error={error} />}
        <div class="row end">
          <Button onClick={close}>Discard</Button>
          <Button type="submit" kind="primary" busy={busy} disabled={others && user === ''}>Create the token</Button>
        </div>
      </form>
    </Dialog>
  );
}

const LOSS: Loss = {
  title: 'Leave without the token?',
  text: 'It is shown this once. Whoever leaves has to revoke it and make another.',
  stay: 'Go back to it',
  leave: 'Leave it',
};

export function MadeToken({ token, onClose }: { readonly token: string; readonly onClose: () => void }) {
  useHold(LOSS, () => true);
  return (
    <Dialog title="The new token" onClose={() => undefined} insistent>
      <Notice tone="warn" live="status" title="Copy it now: it is never shown again."><span class="small">The server keeps only its hash.</span></Notice>
      <Code text={token} label="Token" wrap />
      <div class="row end"><Button kind="primary" onClick={onClose}>I have stored it</Button></div>
    </Dialog>
  );
}
