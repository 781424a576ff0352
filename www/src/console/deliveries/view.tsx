// The deliveries, live: what is chosen stands in the fragment, and one of them opens beside the list.

import { useComputed } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';

import './deliveries.css';

import { Button, Empty, Spinner } from '../../ui/ui';
import { Live } from '../live/badge';
import { go, href, route } from '../route';
import { Failed } from '../shared/failed';
import { useKept } from '../shared/kept';
import { webhooks } from '../shared/webhooks';
import { FilterForm } from './filter-form';
import { countOf, filtersOf, queryOf } from './filters';
import type { Filters } from './filters';
import { MOST } from './list';
import { Rows } from './rows';
import { DeliverySheet } from './sheet';
import { Source } from './source';

export function DeliveriesView() {
  const chosen = useComputed(() => JSON.stringify(filtersOf(route.value.query))).value;
  // What was just written from a value of this type.
  const filters = useMemo(() => JSON.parse(chosen) as Filters, [chosen]);
  const source = useMemo(() => new Source(filters), [filters]);
  const grid = useRef<HTMLDivElement>(null);
  const open = route.value.path[1];
  const opened = useRef(open);
  useEffect(() => () => source.dispose(), [source]);
  useKept(webhooks);
  useEffect(() => {
    if (open === undefined && opened.current !== undefined) grid.current?.focus({ preventScroll: true });
    opened.current = open;
  }, [open]);

  const linkTo = (id: string) => href(['deliveries', id], queryOf(filters));
  const { since, until, webhook, event_type } = filters;
  return (
    <div class="stack deliveries-view">
      <div class="view-head">
        <h1>Deliveries</h1>
        <Live />
        <Button onClick={() => source.reload()}>Reload</Button>
        <a class="button" href={href(['replays'], { webhook, since, until, event_type })}>Replay…</a>
      </div>
      <FilterForm filters={filters} onChange={(to) => go(href(['deliveries'], queryOf(to)))} />
      <Shown key={chosen} source={source} grid={grid} linkTo={linkTo} onClear={() => go(href(['deliveries']))} />
      {open !== undefined && <DeliverySheet key={open} id={open} linkTo={linkTo} onClose={() => go(href(['deliveries'], queryOf(filters)))} />}
    </div>
  );
}

interface ShownProps {
  readonly source: Source;
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly linkTo: (id: string) => string;
  readonly onClear: () => void;
}

function Shown({ source, grid, linkTo, onClear }: ShownProps) {
  void source.changed.value;
  const { list } = source;
  const loading = source.loading.value;
  const error = source.error.value;
  const show = async () => {
    grid.current?.scrollTo({ top: 0 });
    source.reading = false;
    await source.show();
    grid.current?.focus({ preventScroll: true });
  };
  return (
    <div class="stack tight">
      {error !== undefined && <Failed error={error} retry={() => source.retry()} />}
      <div class="row deliveries-status" role="status">
        {loading && <span class="faint small"><span class="spinner" aria-hidden="true" /> Loading deliveries…</span>}
        {!loading && list.count > 0 && <span class="faint small">{words(source)}</span>}
        {(list.held > 0 || source.stale.value) && (
          <Button kind="primary" onClick={show}>{source.stale.value ? 'Newer deliveries: show them' : `${list.held} new: show ${list.held === 1 ? 'it' : 'them'}`}</Button>
        )}
      </div>
      {list.count > 0 && <Rows source={source} grid={grid} linkTo={linkTo} onOpen={(id) => go(linkTo(id))} />}
      {list.count === 0 && loading && <Spinner label="Loading…" />}
      {list.count === 0 && !loading && error === undefined && <Nothing filtered={countOf(source.filters) > 0} onClear={onClear} />}
    </div>
  );
}

function words(source: Source): string {
  const { count } = source.list;
  if (source.full) return `The newest ${MOST.toLocaleString('en')} are here: narrow the list to see older ones.`;
  const number = `${count.toLocaleString('en')} ${count === 1 ? 'delivery' : 'deliveries'}`;
  return source.complete ? number : `${number} loaded; older ones follow when you scroll.`;
}

function Nothing({ filtered, onClear }: { readonly filtered: boolean; readonly onClear: () => void }) {
  return filtered ? (
    <Empty title="No delivery matches">
      <p class="small">What arrives and matches appears here by itself.</p>
      <Button onClick={onClear}>Clear the filters</Button>
    </Empty>
  ) : (
    <Empty title="Nothing was delivered yet">
      <p class="small">Publish an event that a webhook receives, or try a webhook out: each delivery appears here once its first attempt has ended.</p>
      <a class="button" href={href(['webhooks'])}>To the webhooks</a>
    </Empty>
  );
}
