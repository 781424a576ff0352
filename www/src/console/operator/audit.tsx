// The audit log: who has done what, the newest first. What it is narrowed to stands in the fragment.

import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import './operator.css';

import type { Entry } from '../../generated/api';
import { Badge, Button, Empty, TextField } from '../../ui/ui';
import { answered, api } from '../api/client';
import { go, href, route } from '../route';
import { List } from '../shared/list';
import { usePages } from '../shared/load';
import { textIn, timeIn } from '../shared/query';
import { Time } from '../shared/time';
import { TimeField } from '../shared/time-field';
import { Table } from './table';

const NAMES = ['since', 'until', 'actor', 'operation'] as const;
type Filters = Partial<Record<(typeof NAMES)[number], string>>;

export function AuditView() {
  const filters = filtersOf(route.value.query);
  const pages = usePages<Entry>(`audit ${JSON.stringify(filters)}`, async (cursor, signal) => {
    const query = { limit: 50, ...filters, ...(cursor !== undefined && { cursor }) };
    const { entries, next } = await answered(api.GET('/v1/audit', { params: { query }, signal }));
    return { items: entries, next };
  });
  const choose = (part: Record<string, string | undefined>) => go(href(['audit'], { ...filters, ...part }));
  const narrowed = Object.keys(filters).length > 0;
  return (
    <div class="stack">
      <div class="view-head">
        <h1>Audit log</h1>
        <Button busy={pages.loading && pages.data !== undefined} onClick={pages.reload}>Reload</Button>
      </div>
      <div class="field-row">
        <TimeField label="From" value={filters.since} onChange={(since) => choose({ since })} />
        <TimeField label="Until" value={filters.until} onChange={(until) => choose({ until })} />
        <Exact key={`actor ${filters.actor}`} label="Actor" hint="The id of a user, or the name of an operator." value={filters.actor} onChosen={(actor) => choose({ actor })} />
        <Exact
          key={`operation ${filters.operation}`}
          label="Operation"
          hint="Its whole name, like webhook.create."
          value={filters.operation}
          onChosen={(operation) => choose({ operation })}
        />
      </div>
      {narrowed && <div class="row"><Button kind="quiet" onClick={() => go(href(['audit']))}>Clear the filters</Button></div>}
      <List
        pages={pages}
        what="entries"
        empty={narrowed ? (
          <Empty title="No entry matches"><p class="small">Clear the filters to see all; entries are kept for 90 days.</p></Empty>
        ) : (
          <Empty title="Nothing was done yet"><p class="small">What is done over the APIs appears here.</p></Empty>
        )}
      >
        {(entries) => (
          <Table label="Audit log" columns={['At', 'Tenant', 'Actor', 'Operation', 'Object', 'Outcome', 'Details']}>
            {entries.map((entry, index) => <Line key={index} entry={entry} />)}
          </Table>
        )}
      </List>
    </div>
  );
}

function Line({ entry: { at, tenant, actor, operation, object, outcome, detail } }: { readonly entry: Entry }) {
  return (
    <tr>
      <td><Time at={at} /></td>
      <td>{tenant ?? '–'}</td>
      <td>{actor.id}{actor.kind === 'operator' && <span class="faint"> (operator)</span>}</td>
      <td class="mono nowrap">{operation}</td>
      <td>{object === null ? '–' : <>{object.kind} <span class="mono">{object.id}</span></>}</td>
      <td><Badge tone={outcome === 'refused' ? 'bad' : 'good'}>{outcome}</Badge></td>
      <td><ul class="details">{Object.entries(detail).map(([name, value]) => <li key={name}><span class="faint">{name}:</span> {value}</li>)}</ul></td>
    </tr>
  );
}

interface ExactProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string | undefined;
  readonly onChosen: (value: string | undefined) => void;
}

/** A text that is looked for as a whole, so not before it is: on Enter, or when the field is left. */
function Exact({ label, hint, value = '', onChosen }: ExactProps) {
  const text = useSignal(value);
  useEffect(() => void (text.value = value), [value]);
  const choose = () => text.value.trim() !== value && onChosen(text.value.trim() || undefined);
  return (
    <form onSubmit={(event) => (event.preventDefault(), choose())} onFocusOut={choose}>
      <TextField label={label} hint={hint} value={text.value} onInput={(to) => (text.value = to)} maxLength={512} mono />
    </form>
  );
}

function filtersOf(query: URLSearchParams): Filters {
  const given = NAMES.map((name) => [name, name === 'since' || name === 'until' ? timeIn(query, name) : textIn(query, name)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}
