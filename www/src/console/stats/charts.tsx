// The charts of a webhook with one step chosen in all of them, by the pointer or the keyboard, and the table of all.

import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import { useId } from 'preact/hooks';

import type { StatsStep, WebhookStats } from '../../generated/api';
import { Button } from '../../ui/ui';
import { Time } from '../shared/time';
import { local } from '../shared/times';
import { Chart } from './chart';
import { atMost, percent, rate } from './figures';
import { ticks } from './scale';

const QUANTILES = ['p50', 'p95', 'p99'] as const;

export function Charts({ stats, table }: { readonly stats: WebhookStats; readonly table: Signal<boolean> }) {
  const { steps, step } = stats;
  const wanted = useSignal<number | undefined>(undefined);
  const latest = steps.reduce((last, { succeeded, failed }, index) => (succeeded + failed > 0 ? index : last), 0);
  const chosen = Math.max(0, Math.min(wanted.value ?? latest, steps.length - 1));
  const slowest = steps.reduce((most, { latency }) => Math.max(most, latency.p99 ?? 0), 0);
  const label = (index: number) => {
    const [date, clock = ''] = local(steps[index]?.start ?? '').split(' ');
    return step === '1d' || step === '6h' ? (date?.slice(5) ?? '') : stats.steps.length > 100 ? `${date?.slice(5)} ${clock.slice(0, 5)}` : clock.slice(0, 5);
  };
  const shared = { label, chosen, onChoose: (index: number) => (wanted.value = index) };
  return (
    <div class="stack">
      <Chart
        title="Success rate"
        series={[{ name: 'Success rate', look: 'rate', values: steps.map(rate) }]}
        ticks={[0, 0.25, 0.5, 0.75, 1]}
        format={(value) => `${value * 100} %`}
        {...shared}
      />
      <Chart
        title="Latency"
        series={QUANTILES.map((name) => ({ name, look: name, values: steps.map(({ latency }) => latency[name]) }))}
        ticks={ticks(slowest)}
        format={(value) => (value >= 1_000 ? `${value / 1_000} s` : `${value} ms`)}
        {...shared}
      />
      <Chosen steps={steps} chosen={chosen} onChoose={shared.onChoose} />
      <div class="row">
        <Button expanded={table.value} onClick={() => (table.value = !table.value)}>{table.value ? 'Hide the table of figures' : 'Show the table of figures'}</Button>
      </div>
      <div class={table.value ? undefined : 'visually-hidden'}><Table steps={steps} shown={table.value} /></div>
    </div>
  );
}

interface ChosenProps {
  readonly steps: readonly StatsStep[];
  readonly chosen: number;
  readonly onChoose: (index: number) => void;
}

/** The figures of one step. The slider is what the keyboard chooses it with. */
function Chosen({ steps, chosen, onChoose }: ChosenProps) {
  const id = useId();
  const step = steps[chosen];
  if (step === undefined) return null;
  const { start, succeeded, failed, latency } = step;
  const words = succeeded + failed === 0
    ? 'no attempts'
    : `${percent(rate(step))} succeeded (${succeeded} of ${succeeded + failed}); p50 ${atMost(latency.p50)}, p95 ${atMost(latency.p95)}, p99 ${atMost(latency.p99)}`;
  return (
    <div class="field">
      <label for={id}>Read out a step</label>
      <input
        id={id}
        class="slider"
        type="range"
        min={0}
        max={steps.length - 1}
        step={1}
        value={chosen}
        aria-valuetext={`${local(start)}: ${words}`}
        onInput={({ currentTarget }) => onChoose(Number(currentTarget.value))}
      />
      <output class="reading" for={id} aria-live="off"><strong><Time at={start} /></strong> {words}</output>
    </div>
  );
}

/** While it is only for screen readers, nothing of it scrolls, and it is no stop for the keyboard. */
function Table({ steps, shown }: { readonly steps: readonly StatsStep[]; readonly shown: boolean }) {
  const table = (
    <table class="table figures">
      <caption class="visually-hidden">Attempts and latency by step; steps without attempts are left out</caption>
      <thead>
        <tr>{['From', 'Success rate', 'Succeeded', 'Failed', ...QUANTILES, 'Mean'].map((name) => <th key={name} scope="col">{name}</th>)}</tr>
      </thead>
      <tbody>
        {steps.filter(({ succeeded, failed }) => succeeded + failed > 0).map((step) => (
          <tr key={step.start}>
            <th scope="row"><Time at={step.start} /></th>
            <td>{percent(rate(step))}</td><td>{step.succeeded}</td><td>{step.failed}</td>
            {QUANTILES.map((name) => <td key={name}>{atMost(step.latency[name])}</td>)}
            <td>{step.latency.mean === null ? '–' : `${step.latency.mean.toFixed(1)} ms`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
  return shown ? <div class="table-scroll" tabIndex={0} role="region" aria-label="Table of figures">{table}</div> : table;
}
