// The list of deliveries as a grid of which only the rows in sight exist. The keyboard moves from row to row and opens
// one; focus stays on the grid, which names the active row, so that scrolling never takes it away.

import { useSignal } from '@preact/signals';
import type { RefObject, TargetedKeyboardEvent } from 'preact';
import { useEffect, useId } from 'preact/hooks';

import { Badge } from '../../ui/ui';
import { useLooking } from '../shared/looking';
import { duration, local } from '../shared/times';
import { nameById } from '../shared/webhooks';
import type { Row } from './row';
import type { Source } from './source';
import { standingOf } from './standing';
import { useVirtual } from './virtual';
import { CAUSE, STATE } from './words';

interface Props {
  readonly source: Source;
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly linkTo: (id: string) => string;
  readonly onOpen: (id: string) => void;
}

/** How high a line is, in pixels, and where; the style sheet says the same. */
const HEIGHTS = [[matchMedia('(max-width: 30rem)'), 86], [matchMedia('(max-width: 75rem)'), 64]] as const;
const heightHere = () => HEIGHTS.find(([query]) => query.matches)?.[1] ?? 42;
/** The next page is loaded when this many rows are left. */
const AHEAD = 60;

export function Rows({ source, grid, linkTo, onOpen }: Props) {
  const id = useId();
  const height = useSignal(heightHere());
  // Counted from the first page, so that what comes above leaves it where it is.
  const place = useSignal<number | undefined>(undefined);
  useEffect(() => {
    const changed = () => (height.value = heightHere());
    HEIGHTS.forEach(([query]) => query.addEventListener('change', changed));
    return () => HEIGHTS.forEach(([query]) => query.removeEventListener('change', changed));
  }, []);
  void source.changed.value;
  const { list } = source;
  const { count } = list;
  const active = place.value === undefined ? undefined : Math.min(place.value + list.newer, count - 1);
  const { items, total, atTop, scrollTo } = useVirtual({ scroller: grid, count, height: height.value, kept: active });
  source.reading = !atTop;
  useLooking((signal) => source.look(items.flatMap(({ index }) => list.at(index) ?? []), signal));
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (count > 0 && last >= count - AHEAD && source.error.peek() === undefined) void source.more();
  }, [last, count]);
  const activate = (index: number) => {
    const to = Math.max(0, Math.min(count - 1, index));
    place.value = to - list.newer;
    scrollTo(to);
  };
  const keyed = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const from = active ?? -1;
    const page = Math.max(1, Math.floor((grid.current?.clientHeight ?? 0) / height.value) - 2);
    const places: Record<string, number> = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page, Home: 0, End: count - 1 };
    const to = places[event.key];
    const row = active === undefined ? undefined : list.at(active);
    if (to !== undefined && count > 0) activate(to);
    else if (event.key === 'Enter' && row !== undefined) onOpen(row.id);
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={grid}
      class="deliveries"
      role="grid"
      aria-label="Deliveries"
      aria-rowcount={source.complete ? count + 1 : -1}
      aria-colcount={8}
      aria-busy={source.loading.value}
      aria-activedescendant={active === undefined ? undefined : `${id}-${active}`}
      tabIndex={0}
      onKeyDown={keyed}
      onFocus={() => {
        if (place.peek() === undefined && count > 0) activate(0);
      }}
    >
      <Head />
      <div class="deliveries-rows" role="rowgroup" style={{ height: `${total}px` }}>
        {items.map(({ index, start }) => {
          const row = list.at(index);
          return row && <Line key={row.id} id={`${id}-${index}`} row={row} index={index} top={start} active={index === active} href={linkTo(row.id)} />;
        })}
      </div>
    </div>
  );
}

const COLUMNS = ['State', 'Event type', 'Webhook', 'Cause', 'Answer', 'Attempts', 'Duration', 'Made at'];

function Head() {
  return (
    <div class="deliveries-head" role="rowgroup">
      <div class="delivery" role="row" aria-rowindex={1}>
        {COLUMNS.map((column) => <div key={column} role="columnheader">{column}</div>)}
      </div>
    </div>
  );
}

interface LineProps {
  readonly id: string;
  readonly row: Row;
  readonly index: number;
  readonly top: number;
  readonly active: boolean;
  readonly href: string;
}

function Line({ id, row, index, top, active, href }: LineProps) {
  const [state, tone] = STATE[standingOf(row)];
  return (
    <div id={id} class="delivery" role="row" aria-rowindex={index + 2} aria-selected={active} style={{ transform: `translateY(${top}px)` }}>
      <div role="gridcell" class="delivery-state"><Badge tone={tone}>{state}</Badge></div>
      <div role="gridcell" class="delivery-type"><a href={href} tabIndex={-1} class="mono">{row.eventType}</a></div>
      <div role="gridcell" class="delivery-webhook">{nameById(row.webhook)}</div>
      <div role="gridcell" class="delivery-cause">{CAUSE[row.cause]}</div>
      <div role="gridcell" class="delivery-answer">{row.status ?? row.failure?.class ?? '–'}</div>
      <div role="gridcell" class="delivery-attempts">{row.attempts}</div>
      <div role="gridcell" class="delivery-duration">{duration(row.durationMs)}</div>
      <div role="gridcell" class="delivery-time time">{local(row.madeAt)}</div>
    </div>
  );
}
