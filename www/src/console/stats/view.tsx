// How a webhook did over time: how many of its attempts succeeded and how long they took, as charts and as figures.

import { useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import './stats.css';

import type { WebhookStats } from '../../generated/api';
import { Button, Empty, SelectField, Spinner } from '../../ui/ui';
import { serverNow } from '../api/clock';
import { answered, api } from '../api/client';
import { listen } from '../live/stream';
import { go, href, route } from '../route';
import { Failed } from '../shared/failed';
import { useLoaded } from '../shared/load';
import { idIn } from '../shared/query';
import { WebhookField } from '../shared/webhook-field';
import { webhooks } from '../shared/webhooks';
import { Activity } from './activity';
import { Charts } from './charts';
import { RANGES, RANGE_NAMES, rangeOf, stepOf, sum } from './figures';
import type { Range, Step } from './figures';

/** What happens is looked at again this often at most. */
const AGAIN = 5_000;

export function StatsView() {
  const query = route.value.query;
  const range = rangeOf(query.get('range'));
  const step = stepOf(range, query.get('step'));
  const first = useComputed(() => [...(webhooks.data.value?.values() ?? [])].find(({ deleted }) => deleted !== true)?.id).value;
  const chosen = idIn(query, 'webhook');
  const webhook = chosen ?? first;
  const choose = (part: { readonly webhook?: string; readonly range?: Range; readonly step?: Step }) => {
    const to = { webhook, range, ...(part.range === undefined && { step }), ...part };
    go(href(['stats'], to), true);
  };
  // Whichever is the first now stays chosen: it must not become another while somebody looks.
  useEffect(() => {
    if (chosen === undefined && first !== undefined) choose({ webhook: first });
  }, [chosen, first]);
  return (
    <div class="stack">
      <h1>Statistics</h1>
      <div class="field-row">
        <WebhookField value={webhook ?? ''} none="Choose one" onChange={(id) => choose({ webhook: id })} />
        <SelectField
          label="Range"
          value={range}
          options={RANGE_NAMES.map((name) => [name, `Last ${RANGES[name].text}`] as const)}
          onChange={(name) => choose({ range: name })}
        />
        <SelectField<Step> label="Step" value={step} options={RANGES[range].steps.map((name) => [name, name] as const)} onChange={(name) => choose({ step: name })} />
      </div>
      {webhook === undefined ? <NoWebhook /> : <Of key={`${webhook} ${range} ${step}`} webhook={webhook} range={range} step={step} />}
    </div>
  );
}

function NoWebhook() {
  if (webhooks.error.value !== undefined) return <Failed error={webhooks.error.value} retry={webhooks.read} />;
  if (webhooks.data.value === undefined) return <Spinner label="Loading the webhooks…" />;
  return (
    <Empty title="Choose a webhook">
      <p class="small">There is none yet, or none of yours. Create one first; its attempts are counted from its first delivery on.</p>
      <a class="button" href={href(['webhooks'])}>To the webhooks</a>
    </Empty>
  );
}

function Of({ webhook, range, step }: { readonly webhook: string; readonly range: Range; readonly step: Step }) {
  const table = useSignal(false);
  const { data, error, loading, reload } = useLoaded<WebhookStats>(`${webhook} ${range} ${step}`, (signal) => {
    const query = { since: new Date(serverNow() - RANGES[range].length).toISOString(), step };
    return answered(api.GET('/v1/webhooks/{id}/stats', { params: { path: { id: webhook }, query }, signal }));
  });
  useEffect(() => follow(webhook, reload), [webhook]);
  return (
    <div class="stack">
      {error !== undefined && <Failed error={error} retry={reload} />}
      {data === undefined && loading && <Spinner label="Loading the statistics…" />}
      {data !== undefined && (
        <>
          <Activity stats={data} range={range} />
          {sum(data).rate === null ? (
            <Empty title={`No attempts in the last ${RANGES[range].text}`}>
              <p class="small">Choose a longer range, publish an event that this webhook receives, or try it out.</p>
            </Empty>
          ) : <Charts stats={data} table={table} />}
          <div class="row">
            <Button busy={loading} onClick={reload}>Reload</Button>
            <a href={href(['deliveries'], { webhook, since: data.since })}>Deliveries of this time</a>
          </div>
        </>
      )}
    </div>
  );
}

/** Loads anew when the webhook was attempted, but not each time. */
function follow(webhook: string, reload: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const unlisten = listen({
    attempts: (attempts) => {
      if (timer !== undefined || !attempts.some((attempt) => attempt.webhook === webhook)) return;
      timer = setTimeout(() => {
        timer = undefined;
        reload();
      }, AGAIN);
    },
    gap: reload,
  });
  return () => {
    unlisten();
    clearTimeout(timer);
  };
}
