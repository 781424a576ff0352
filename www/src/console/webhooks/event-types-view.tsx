// Every event type that webhooks of the tenant may be subscribed to, with what it tells of.

import './webhooks.css';

import { useEffect } from 'preact/hooks';

import type { EventType } from '../../generated/api';
import { Badge, Empty, Spinner, TextField } from '../../ui/ui';
import { go, href, route } from '../route';
import { eventTypes } from '../shared/event-types';
import { Failed } from '../shared/failed';
import { dialect, place } from '../shared/place';
import { grouped } from './event-types';

export function EventTypesView() {
  const search = (route.value.query.get('q') ?? '').slice(0, 512);
  useEffect(() => void eventTypes.read(), [place.value]);
  const all = eventTypes.data.value;
  return (
    <div class="stack">
      <h1>Event types</h1>
      <p class="faint">What webhooks of this tenant can be subscribed to. The server’s operator can list further ones.</p>
      <div class="choices" role="search" aria-label="Event types">
        <TextField
          type="search"
          label="Search"
          value={search}
          maxLength={512}
          placeholder="Part of a name or description"
          onInput={(q) => go(href(['event-types'], { q }), true)}
        />
      </div>
      {eventTypes.error.value !== undefined && <Failed error={eventTypes.error.value} retry={eventTypes.read} />}
      {all !== undefined ? <Types types={all} search={search} /> : eventTypes.error.value === undefined && <Spinner label="Loading event types…" />}
    </div>
  );
}

function Types({ types, search }: { readonly types: readonly EventType[]; readonly search: string }) {
  const groups = grouped(types, search);
  const found = groups.reduce((sum, group) => sum + group.types.length, 0);
  return (
    <div class="stack">
      <span class="small faint" role="status">{found} of {types.length}</span>
      {found === 0 && <Empty title="No event type is like that"><span>Search for another word, or <a href={href(['event-types'])}>show all</a>.</span></Empty>}
      {groups.map((group) => (
        <section key={group.category} class="stack tight" aria-label={group.category}>
          <h2>{group.category}</h2>
          <ul class="plain types">
            {group.types.map((type) => <Told key={type.name} type={type} />)}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Told({ type: { name, title, description, levels, source } }: { readonly type: EventType }) {
  return (
    <li class="card">
      <div class="row between">
        <strong class="break">{title ?? name}</strong>
        <span class="row">
          {levels?.map((level) => <Badge key={level}>{level}</Badge>)}
          {source === 'tenant' && <Badge tone="accent">listed by the operator</Badge>}
        </span>
      </div>
      {title !== null && <span class="mono small break">{name}</span>}
      <span class="small faint">{description ?? 'No more than its name is known.'}</span>
      {dialect.value !== 'immuta-request' && <a class="small" href={href(['webhooks'], { event_type: name })}>Webhooks that receive it</a>}
    </li>
  );
}
