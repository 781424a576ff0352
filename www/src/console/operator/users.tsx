// The users of a tenant: who they are and what they may do. Those of the configuration file can only be looked at.

import { useSignal } from '@preact/signals';

import './operator.css';

import type { User } from '../../generated/api';
import { Badge, Button, Empty } from '../../ui/ui';
import { answered, api } from '../api/client';
import { Confirm } from '../shared/confirm';
import { List } from '../shared/list';
import { usePages } from '../shared/load';
import { users as names, pageOfUsers } from '../shared/users';
import { NoTenant, inTenant } from './acting';
import { FromFile, Table } from './table';
import { UserForm } from './user-form';

type Open = { readonly kind: 'new' } | { readonly kind: 'change' | 'delete'; readonly user: User } | undefined;

export function UsersView() {
  const open = useSignal<Open>(undefined);
  const pages = usePages<User>(inTenant() ? 'users' : undefined, pageOfUsers);
  if (!inTenant()) return <><h1>Users</h1><NoTenant what="Users" /></>;
  const close = () => (open.value = undefined);
  const reload = () => {
    pages.reload();
    if (names.data.peek() !== undefined) void names.read();
  };
  const remove = async (id: string) => {
    // Also if it is gone already: whoever is told so sees the list without it.
    await answered(api.DELETE('/v1/users/{user}', { params: { path: { user: id } } })).finally(reload);
  };
  return (
    <div class="stack">
      <div class="view-head">
        <h1>Users</h1>
        <Button kind="primary" onClick={() => (open.value = { kind: 'new' })}>New user</Button>
      </div>
      <List pages={pages} what="users" empty={<Empty title="There is no user yet"><p class="small">Create one, then a token for it to sign in with.</p></Empty>}>
        {(users) => (
          <Table label="Users" columns={['Id', 'Name', 'Roles', 'Spaces']} actions>
            {users.map((user) => (
              <tr key={user.id}>
                <th scope="row" class="mono">{user.id}</th>
                <td>{user.name}</td>
                <td><div class="row">{user.roles.length === 0 ? <span class="faint">none</span> : user.roles.map((role) => <Badge key={role}>{role}</Badge>)}</div></td>
                <td>{user.spaces.join(', ')}</td>
                <td class="actions">
                  {user.origin === 'file' ? <FromFile /> : (
                    <div class="row">
                      <Button label={`Change ${user.id}`} onClick={() => (open.value = { kind: 'change', user })}>Change…</Button>
                      <Button kind="danger" label={`Delete ${user.id}`} onClick={() => (open.value = { kind: 'delete', user })}>Delete…</Button>
                    </div>
                  )}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </List>
      {(open.value?.kind === 'new' || open.value?.kind === 'change') && (
        <UserForm user={open.value.kind === 'change' ? open.value.user : undefined} onSaved={() => (close(), reload())} onClose={close} />
      )}
      {open.value?.kind === 'delete' && <Delete user={open.value.user} onConfirm={remove} onClose={close} />}
    </div>
  );
}

function Delete({ user, onConfirm, onClose }: { readonly user: User; readonly onConfirm: (id: string) => Promise<void>; readonly onClose: () => void }) {
  return (
    <Confirm title="Delete the user?" action="Delete the user" onConfirm={() => onConfirm(user.id)} onClose={onClose}>
      <p>The tokens of <strong class="break">{user.name}</strong> are gone at once. Its webhooks stay, and deliver nothing until there is a user of this id again.</p>
    </Confirm>
  );
}
