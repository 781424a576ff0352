// The list of webhooks: what is looked for stands in the URL, the rest is the server's.

import type { Webhook } from '../../generated/api';
import { Badge, Button, Empty, Spinner } from '../../ui/ui';
import { href } from '../route';
import type { Dialect } from '../shared/dialects';
import { titleOf } from '../shared/event-types';
import { Failed } from '../shared/failed';
import { mayChange, seesAll } from '../shared/rights';
import { Time } from '../shared/time';
import { userName } from '../shared/users';
import { nameOf } from '../shared/webhooks';
import { listed, readAgain, readMore } from './store';
import type { Choice } from './store';
import { StateBadge, typesOf } from './words';

interface ListProps {
  readonly dialect: Dialect;
  readonly choice: Choice;
  /** What the URL says besides the path: it stays when a webhook is opened. */
  readonly query: Readonly<Record<string, string>>;
  /** Tries all of them out: what "Test webhook" means in the Request app. */
  readonly onTestAll: () => void;
}

export function List({ dialect, choice, query, onTestAll }: ListProps) {
  const { webhooks, next, fresh, busy, error } = listed.value;
  if (fresh && error !== undefined) return <Failed error={error} retry={readAgain} />;
  if (fresh) return <Spinner label="Loading webhooks…" />;
  return (
    <div class="stack">
      {webhooks.length === 0 ? <Nothing choice={choice} /> : (
        <div class="table-scroll">
          <table class="table webhooks" aria-label="Webhooks" aria-busy={busy}>
            <Head dialect={dialect} />
            <tbody>
              {webhooks.map((webhook) => <Row key={webhook.id} webhook={webhook} query={query} onTestAll={onTestAll} />)}
            </tbody>
          </table>
        </div>
      )}
      {error !== undefined && <Failed error={error} retry={readAgain} />}
      <div class="row">
        {next !== null && <Button busy={busy} onClick={readMore}>Load more</Button>}
        <span class="small faint" role="status">{count(webhooks.length, next !== null)}</span>
      </div>
    </div>
  );
}

function Head({ dialect }: { readonly dialect: Dialect }) {
  const named = dialect !== 'immuta-request';
  return (
    <thead>
      <tr>
        <th scope="col">{named ? 'Webhook' : 'Webhook URL'}</th>
        <th scope="col">State</th>
        {named ? <th scope="col" class="wide">Event types</th> : <th scope="col" class="wide">TLS verification</th>}
        <th scope="col" class="wide">Signature</th>
        {seesAll() && <th scope="col" class="wide">Owner</th>}
        <th scope="col" class="wide">Last change</th>
        {!named && mayChange() && <th scope="col">Actions</th>}
      </tr>
    </thead>
  );
}

function Row({ webhook, query, onTestAll }: { readonly webhook: Webhook } & Pick<ListProps, 'query' | 'onTestAll'>) {
  const { id, url, owner, signed, updated_at: updated, profile } = webhook;
  const name = nameOf(webhook);
  return (
    <tr>
      <td class="name">
        <a class="break" id={`webhook-${id}`} href={href(['webhooks', id], query)}>{name}</a>
        {name !== url && <div class="small faint break mono">{url}</div>}
      </td>
      <td><StateBadge webhook={webhook} /></td>
      <td class="wide">{profile.dialect === 'immuta-request' ? <Tls verified={profile.verify_tls} /> : <Types webhook={webhook} />}</td>
      <td class="wide">{signed ? 'Signed' : <span class="faint">None</span>}</td>
      {seesAll() && <td class="wide owner">{userName(owner)}</td>}
      <td class="wide"><Time at={updated} /></td>
      {profile.dialect === 'immuta-request' && mayChange() && (
        <td><Button onClick={onTestAll} label="Test webhook: sends a test to every configured webhook">Test webhook</Button></td>
      )}
    </tr>
  );
}

function Tls({ verified }: { readonly verified: boolean }) {
  return verified ? <>On</> : <Badge tone="warn">Off (not recommended)</Badge>;
}

function Types({ webhook }: { readonly webhook: Webhook }) {
  const types = typesOf(webhook) ?? [];
  const title = (name: string) => titleOf(name) ?? name;
  const [first, second, ...more] = types;
  if (first === undefined) return <span class="faint">None</span>;
  return (
    <span title={types.slice(0, 50).join('\n')} class="break">
      <bdi>{title(first)}</bdi>{second !== undefined && <>, <bdi>{title(second)}</bdi></>}{more.length > 0 && ` and ${more.length} more`}
    </span>
  );
}

function Nothing({ choice }: { readonly choice: Choice }) {
  if (Object.values(choice).some((text) => text !== '')) {
    return (
      <Empty title="No webhook is like that">
        <span>Search for another part of a name or URL, or take filters away.</span>
        <a class="button" href={href(['webhooks'])}>Show all webhooks</a>
      </Empty>
    );
  }
  return (
    <Empty title="There are no webhooks yet">
      <span>A webhook sends events to a URL of yours, as they happen, signed with a secret that only the two of you know.</span>
      {mayChange() ? <a class="button primary" href={href(['webhooks', 'new'])}>New webhook</a> : <span>Users of this tenant can create some.</span>}
    </Empty>
  );
}

function count(shown: number, more: boolean): string {
  if (shown === 0) return '';
  return `${shown} webhook${shown === 1 ? '' : 's'}${more ? ' so far' : ''}`;
}
