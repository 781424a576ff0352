// What a webhook is set to, to be read.

import type { ComponentChildren } from 'preact';

import type { Webhook } from '../../generated/api';
import { Badge, CopyButton } from '../../ui/ui';
import { titleOf } from '../shared/event-types';
import { Time } from '../shared/time';
import { userName } from '../shared/users';
import { FIELDS, LABELS, draftOf } from './draft';
import type { Draft, FieldName } from './draft';

export function Facts({ webhook }: { readonly webhook: Webhook }) {
  const draft = draftOf(webhook);
  return (
    <dl class="facts">
      {FIELDS[webhook.profile.dialect].map((field) => <Fact key={field} label={LABELS[field]}>{shown(field, draft)}</Fact>)}
      <Fact label="Created"><Time at={webhook.created_at} /></Fact>
      <Fact label="Last change"><Time at={webhook.updated_at} /> <span class="faint">(version {webhook.version})</span></Fact>
      <Fact label="Id"><span class="row"><span class="mono break">{webhook.id}</span> <CopyButton text={webhook.id} label="Copy id" /></span></Fact>
    </dl>
  );
}

function Fact({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return <><dt>{label}</dt><dd>{children}</dd></>;
}

function shown(field: FieldName, draft: Draft): ComponentChildren {
  switch (field) {
    case 'eventTypes':
      return <Types names={draft.eventTypes} />;
    case 'owner':
      return userName(draft.owner);
    case 'verifyTls':
      return draft.verifyTls ? 'On' : <Badge tone="warn">Off (not recommended)</Badge>;
    case 'headers':
      return draft.headers.length === 0 ? <None /> : draft.headers.map(({ name, value }) => <div key={name} class="mono">{name}: <bdi>{value}</bdi></div>);
    case 'encryptedHeaders':
      if (draft.encryptedHeaders.length === 0) return <None />;
      return draft.encryptedHeaders.map(({ name }) => <div key={name}><span class="mono">{name}</span> <span class="faint">(secret)</span></div>);
    case 'url':
    case 'filter':
      return draft[field] === '' ? <None /> : <span class="mono">{draft[field]}</span>;
    case 'global':
    case 'cloudEvents':
    case 'checkRevocation':
      return draft[field] ? 'On' : 'Off';
    case 'secret':
      return null;
    default:
      return draft[field] === '' ? <None /> : draft[field];
  }
}

function None() {
  return <span class="faint">None</span>;
}

function Types({ names }: { readonly names: readonly string[] }) {
  if (names.length === 0) return <None />;
  return (
    <ul class="plain">
      {names.map((name) => {
        const title = titleOf(name);
        return <li key={name}>{title === undefined ? <span class="mono">{name}</span> : <><bdi>{title}</bdi> <span class="small faint mono">{name}</span></>}</li>;
      })}
    </ul>
  );
}
