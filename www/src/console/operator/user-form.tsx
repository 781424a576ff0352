// The form of a user.

import { useSignal } from '@preact/signals';

import type { User } from '../../generated/api';
import { Button, Check, Dialog, TextField } from '../../ui/ui';
import { answered, api } from '../api/client';
import { Refusal } from '../api/errors';
import { me } from '../api/session';
import { useAction } from '../shared/action';
import { Entries } from '../shared/entries';
import { Failed } from '../shared/failed';
import { useEntered } from '../shared/leaving';
import { LinesField } from '../shared/lines-field';
import { useMeanwhile } from './meanwhile';
import { NEW_USER, changeOf, draftOf, newUser, rebased } from './user-draft';
import type { UserDraft } from './user-draft';

const ROLES = [
  ['admin', 'Everything in the tenant.'],
  ['user', 'Its own webhooks and their deliveries.'],
  ['sender', 'Publishes events, and nothing else.'],
] as const;

interface Props {
  /** The one to change; a new one without it. */
  readonly user?: User | undefined;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

export function UserForm({ user, onSaved, onClose }: Props) {
  const draft = useSignal(user === undefined ? NEW_USER : draftOf(user));
  const close = useEntered(draft, onClose);
  const { base, meets, notice } = useMeanwhile(draft, rebased);
  const { id, name, roles, spaces } = draft.value;
  const dialect = me.value?.tenant?.dialect;
  const change = (part: Partial<UserDraft>) => (draft.value = { ...draft.value, ...part });
  const { busy, error, run } = useAction(async () => {
    if (user === undefined) await answered(api.POST('/v1/users', { body: newUser(draft.value) }));
    else {
      const params = { path: { user: user.id } };
      if (!meets(draftOf(await answered(api.GET('/v1/users/{user}', { params }))))) return;
      await answered(api.PATCH('/v1/users/{user}', { params, body: changeOf(base.value, draft.value) }));
    }
    onSaved();
  });
  const wrong = (field: string) => (error instanceof Refusal && error.field === field ? error.message : undefined);
  return (
    <Dialog title={user === undefined ? 'New user' : <>Change <span class="break">{user.id}</span></>} onClose={close}>
      <form class="stack" onSubmit={(event) => (event.preventDefault(), void run())}>
        {notice}
        <Entries busy={busy}>
          {user === undefined && (
            <TextField
              label="Id"
              hint={dialect === 'immuta' ? 'Names it for good: a decimal integer.' : 'Names it for good: visible ASCII characters without spaces.'}
              value={id}
              onInput={(value) => change({ id: value })}
              error={wrong('id')}
              maxLength={128}
              mono
              required
              autofocus
            />
          )}
          <TextField label="Name" hint="For people. Empty: as the id." value={name} onInput={(value) => change({ name: value })} error={wrong('name')} maxLength={256} />
          <fieldset class="group">
            <legend>Roles</legend>
            {ROLES.map(([role, hint]) => (
              <Check
                key={role}
                label={role}
                hint={hint}
                checked={roles.includes(role)}
                onChange={(on) => change({ roles: on ? [...roles, role] : roles.filter((other) => other !== role) })}
              />
            ))}
          </fieldset>
          {(dialect === 'qlik' || spaces !== '') && (
            <LinesField
              label="Spaces"
              hint="One a line: its webhooks receive what happens in them."
              value={spaces}
              onInput={(value) => change({ spaces: value })}
              error={wrong('spaces')}
            />
          )}
        </Entries>
        {error !== undefined && <Failed error={error} />}
        <div class="row end">
          <Button onClick={close}>Discard</Button>
          <Button type="submit" kind="primary" busy={busy}>{user === undefined ? 'Create the user' : 'Save'}</Button>
        </div>
      </form>
    </Dialog>
  );
}
