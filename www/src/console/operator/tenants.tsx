// The tenants of the server. Operators make, change and delete them and choose one to act in; an admin sees its own.

import { useSignal } from '@preact/signals';

import './operator.css';

import type { Tenant } from '../../generated/api';
import { Badge, Button, Empty } from '../../ui/ui';
import { answered, api } from '../api/client';
import { actingIn, me } from '../api/session';
import { useAction } from '../shared/action';
import { Confirm } from '../shared/confirm';
import { Failed } from '../shared/failed';
import { List } from '../shared/list';
import { usePages } from '../shared/load';
import { Time } from '../shared/time';
import { actIn, moveTo } from './acting';
import { FromFile, Table } from './table';
import { TenantFacts } from './tenant-facts';
import { TenantForm } from './tenant-form';

type Doing = 'look' | 'change' | 'delete';
type Open = { readonly kind: 'new' } | { readonly kind: Doing; readonly tenant: Tenant } | undefined;

export function TenantsView() {
  const open = useSignal<Open>(undefined);
  const isOperator = me.value?.kind === 'operator';
  const pages = usePages<Tenant>('tenants', async (cursor, signal) => {
    const query = { limit: 100, ...(cursor !== undefined && { cursor }) };
    const { tenants, next } = await answered(api.GET('/v1/tenants', { params: { query }, signal }));
    return { items: tenants, next };
  });
  const act = useAction((name: string) => moveTo(name, 'users'));
  const remove = async ({ name }: Tenant) => {
    // Also if it is gone already: whoever is told so sees the list without it.
    await answered(api.DELETE('/v1/tenants/{tenant}', { params: { path: { tenant: name } } })).finally(pages.reload);
    // Nobody acts in one that is gone. Whoever has left it sees this list anew.
    if (actingIn.peek() === name) await actIn(undefined);
  };
  const close = () => (open.value = undefined);
  return (
    <div class="stack">
      <div class="view-head">
        <h1>{isOperator ? 'Tenants' : 'Tenant'}</h1>
        {isOperator && <Button kind="primary" onClick={() => (open.value = { kind: 'new' })}>New tenant</Button>}
      </div>
      {act.error !== undefined && <Failed error={act.error} />}
      <List
        pages={pages}
        what="tenants"
        empty={<Empty title="There is no tenant yet"><p class="small">Create one: it speaks one system’s API, and has users and webhooks of its own.</p></Empty>}
      >
        {(tenants) => (
          <Table label="Tenants" columns={['Name', 'Dialect', 'Timeout', 'Retries', 'Retention', 'Made']} actions>
            {tenants.map((tenant) => (
              <tr key={tenant.name}>
                <th scope="row">{tenant.name}</th>
                <td><Badge>{tenant.dialect}</Badge></td>
                <td>{tenant.settings.timeout}</td>
                <td>{Math.max(0, tenant.settings.retry.length - 1)}</td>
                <td>{tenant.settings.retention}</td>
                <td>{tenant.created_at === undefined ? <FromFile /> : <Time at={tenant.created_at} />}</td>
                <Actions tenant={tenant} isOperator={isOperator} onAct={() => act.run(tenant.name)} onOpen={(kind) => (open.value = { kind, tenant })} />
              </tr>
            ))}
          </Table>
        )}
      </List>
      {(open.value?.kind === 'new' || open.value?.kind === 'change') && (
        <TenantForm tenant={open.value.kind === 'change' ? open.value.tenant : undefined} onSaved={() => (close(), pages.reload())} onClose={close} />
      )}
      {open.value?.kind === 'look' && <TenantFacts tenant={open.value.tenant} onClose={close} />}
      {open.value?.kind === 'delete' && <Delete tenant={open.value.tenant} onConfirm={remove} onClose={close} />}
    </div>
  );
}

interface ActionsProps {
  readonly tenant: Tenant;
  readonly onAct: () => unknown;
  readonly isOperator: boolean;
  readonly onOpen: (kind: Doing) => void;
}

function Actions({ tenant: { name, origin }, isOperator, onAct, onOpen }: ActionsProps) {
  const act = actingIn.value === name ? 'Acting' : 'Act';
  return (
    <td class="actions">
      <div class="row">
        {isOperator && <Button label={`${act} in ${name}`} disabled={actingIn.value === name} onClick={onAct}>{act}</Button>}
        {(origin === 'file' || !isOperator) && <Button label={`Look at ${name}`} onClick={() => onOpen('look')}>Look…</Button>}
        {isOperator && origin === 'api' && <Button label={`Change ${name}`} onClick={() => onOpen('change')}>Change…</Button>}
        {isOperator && origin === 'api' && <Button kind="danger" label={`Delete ${name}`} onClick={() => onOpen('delete')}>Delete…</Button>}
      </div>
    </td>
  );
}

interface DeleteProps {
  readonly tenant: Tenant;
  readonly onConfirm: (tenant: Tenant) => Promise<void>;
  readonly onClose: () => void;
}

function Delete({ tenant, onConfirm, onClose }: DeleteProps) {
  return (
    <Confirm title="Delete the tenant?" action="Delete the tenant" typed={tenant.name} onConfirm={() => onConfirm(tenant)} onClose={onClose}>
      <p>Its users and tokens are gone at once, and its webhooks deliver nothing more. They, and what is pending for them, wait for a tenant of the same name and dialect.</p>
    </Confirm>
  );
}
