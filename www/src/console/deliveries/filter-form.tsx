// The form that narrows the list of deliveries. Each choice goes into the fragment of the URL at once.

import { useSignal } from '@preact/signals';

import { Button, SelectField } from '../../ui/ui';
import { eventTypes } from '../shared/event-types';
import { useKept } from '../shared/kept';
import { SuggestField } from '../shared/suggest-field';
import { TimeField } from '../shared/time-field';
import { WebhookField } from '../shared/webhook-field';
import { CAUSES, STATES, countOf } from './filters';
import type { Filters } from './filters';
import { CAUSE, STATE } from './words';

interface Props {
  readonly filters: Filters;
  readonly onChange: (filters: Filters) => void;
}

type Choice = Filters[keyof Filters];

export function FilterForm({ filters, onChange }: Props) {
  const open = useSignal(matchMedia('(min-width: 60rem)').matches);
  const count = countOf(filters);
  useKept(eventTypes);
  const choose = (name: keyof Filters, value: Choice) => {
    const { [name]: _, ...others } = filters;
    // The value is one of this filter's: the fields below offer no others.
    onChange(value === undefined ? others : { ...others, [name]: value } as Filters);
  };
  return (
    <section class="stack tight" aria-label="Filters">
      <div class="row">
        <Button kind="quiet" expanded={open.value} onClick={() => (open.value = !open.value)}>{open.value ? '▾' : '▸'} Filters{count > 0 ? ` (${count})` : ''}</Button>
        {count > 0 && <Button kind="quiet" onClick={() => onChange({})}>Clear</Button>}
      </div>
      {open.value && (
        <div class="field-row">
          <WebhookField value={filters.webhook ?? ''} none="All" onChange={(value) => choose('webhook', value || undefined)} />
          <SuggestField
            label="Event type"
            placeholder="All"
            value={filters.event_type ?? ''}
            suggestions={(eventTypes.data.value ?? []).map(({ name, title }) => [name, title ?? name])}
            onChange={(value) => choose('event_type', value || undefined)}
          />
          <SelectField
            label="State"
            value={filters.state ?? ''}
            options={[['', 'All'], ...STATES.map((state) => [state, state === 'pending' ? `${STATE.pending[0]} or waiting` : STATE[state][0]] as const)]}
            onChange={(value) => choose('state', value || undefined)}
          />
          <SelectField
            label="Cause"
            value={filters.cause ?? ''}
            options={[['', 'All'], ...CAUSES.map((cause) => [cause, CAUSE[cause]] as const)]}
            onChange={(value) => choose('cause', value || undefined)}
          />
          <SelectField
            label="Latest attempt"
            value={filters.success === undefined ? '' : filters.success ? 'true' : 'false'}
            options={[['', 'All'], ['true', 'Succeeded'], ['false', 'Failed']]}
            onChange={(value) => choose('success', value === '' ? undefined : value === 'true')}
          />
          <TimeField label="From" value={filters.since} onChange={(value) => choose('since', value)} />
          <TimeField label="Until" value={filters.until} onChange={(value) => choose('until', value)} />
        </div>
      )}
    </section>
  );
}
