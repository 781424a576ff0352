// The tokens of a tenant's users, or one's own. A token itself is shown once, when it is made, and never again.

import { useSignal } from '@preact/signals';

import './operator.css';

import type { Token } from '../../generated/api';
import { Badge, Button, Empty } from '../../ui/ui';
import { answered, api } from '../api/client';
import { me } from '../api/session';
import { Confirm } from '../shared/confirm';
import { List } from '../shared/list';
import { usePages } from '../shared/load';
import { governs } from '../shared/rights';
import { Time } from '../shared/time';
import { NoTenant, inTenant } from './acting';
import { FromFile, Table } from './table';
import { MadeToken, TokenForm } from './token-form';

type Open = { readonly kind: 'new' } | { readonly kind: 'made'; readonly token: string } | { readonly kind: 'revoke'; readonly token: Token } | undefined;

export function TokensView() {
  const open = useSignal<Open>(undefined);
  const pages = usePages<Token>(inTenant() ? 'tokens' : undefined, async (cursor, signal) => {
    const query = { limit: 100, ...(cursor !== undefined && { cursor }) };
    const { tokens, next } = await answered(api.GET('/v1/tokens', { params: { query }, signal }));
    return { items: tokens, next };
  });
  if (!inTenant()) return <><h1>Tokens</h1><NoTenant what="Tokens" /></>;
  const others = governs(me.value);
  const close = () => (open.value = undefined);
  const made = (token: string) => {
    open.value = { kind: 'made', token };
    pages.reload();
  };
  const revoke = async (id: string) => {
    // Also if it is gone already: whoever is told so sees the list without it.
    await answered(api.DELETE('/v1/tokens/{id}', { params: { path: { id } } })).finally(pages.reload);
  };
  return (
    <div class="stack">
      <div class="view-head">
        <h1>Tokens</h1>
        <Button kind="primary" onClick={() => (open.value = { kind: 'new' })}>New token</Button>
      </div>
      <p class="faint">{others ? 'Of all users of the tenant.' : 'Your own.'} Whoever has a token may do what its user may.</p>
      <List pages={pages} what="tokens" empty={<Empty title="There is no token yet"><p class="small">Create one to sign in with, or for a program.</p></Empty>}>
        {(tokens) => (
          <Table label="Tokens" columns={['For', 'User', 'Made', 'Last used', 'Expires']} actions>
            {tokens.map((token) => (
              <tr key={token.id}>
                <th scope="row">{token.name || <span class="faint">unnamed</span>}</th>
                <td class="mono">{token.user}</td>
                <td>{token.created_at === null ? '–' : <Time at={token.created_at} />}</td>
                <td>{token.last_used_at === null ? 'never' : <Time at={token.last_used_at} />}</td>
                <td>{token.expires_at === null ? 'never' : <Time at={token.expires_at} />}</td>
                <td class="actions">
                  <div class="row">
                    {token.origin === 'exchange' && <Badge title="Exchanged for an API key">exchanged</Badge>}
                    {token.origin === 'file' ? <FromFile /> : (
                      <Button kind="danger" label={`Revoke ${token.name || token.id}`} onClick={() => (open.value = { kind: 'revoke', token })}>Revoke…</Button>
                    )}
                  </div>
                </td>
              </tr>
            ))}
          </Table>
        )}
      </List>
      {open.value?.kind === 'new' && <TokenForm others={others} onMade={made} onClose={close} />}
      {open.value?.kind === 'made' && <MadeToken token={open.value.token} onClose={close} />}
      {open.value?.kind === 'revoke' && <Revoke token={open.value.token} onConfirm={revoke} onClose={close} />}
    </div>
  );
}

function Revoke({ token: { id, name, user }, onConfirm, onClose }: { readonly token: Token; readonly onConfirm: (id: string) => Promise<void>; readonly onClose: () => void }) {
  return (
    <Confirm title="Revoke the token?" action="Revoke the token" onConfirm={() => onConfirm(id)} onClose={onClose}>
      <p>
        {name ? <strong class="break">{name}</strong> : 'This token'} of the user <strong class="break">{user}</strong> opens nothing any more, from now on. Whoever uses it has to
        get another; if it is the one you signed in with, that is you.
      </p>
    </Confirm>
  );
}
