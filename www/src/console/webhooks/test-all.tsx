// Sends a test to every configured webhook and shows each result as it comes.

import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';

import type { Webhook, Webhooks } from '../../generated/api';
import { Badge, Button, Dialog, Notice, Spinner } from '../../ui/ui';
import { answered, api } from '../api/client';
import { advice, secondsToWait } from '../api/errors';
import { Failed } from '../shared/failed';
import { outcomeInWords } from '../shared/outcomes';
import { sleep } from '../shared/sleep';
import { nameOf, pageOfWebhooks } from '../shared/webhooks';
import { runTests } from './test-run';
import type { Entry, Run, World } from './test-run';

const WORLD: World = {
  all: everyWebhook,
  test: ({ id }, signal) => answered(api.POST('/v1/webhooks/{id}/test', { params: { path: { id } }, body: {}, signal })),
  secondsToWait,
  sleep,
};

export function TestAll({ onClose }: { readonly onClose: () => void }) {
  const run = useSignal<Run>({ state: 'reading', entries: [], ended: 0, wait: 0 });
  const stop = useRef(new AbortController());
  const start = () => {
    stop.current = new AbortController();
    void runTests(WORLD, stop.current.signal, (now) => (run.value = now));
  };
  useEffect(() => {
    start();
    return () => stop.current.abort();
  }, []);
  const { state, entries, error } = run.value;
  const going = state === 'reading' || state === 'running';
  return (
    <Dialog title="Test webhook" onClose={onClose}>
      <p class="small faint">Sends a test payload to all configured webhooks, one after the other.</p>
      {state === 'reading' && <Spinner label="Loading the webhooks…" />}
      {state === 'failed' && <Failed error={error} />}
      {entries.length > 0 && <Progress run={run.value} />}
      {state === 'done' && entries.length === 0 && <Notice><span>There are no webhooks to test.</span></Notice>}
      <ol class="plain results" aria-label="Results" tabIndex={0}>
        {entries.map((entry) => <Result key={entry.webhook.id} {...entry} />)}
      </ol>
      <div class="row end">
        {going ? <Button onClick={() => stop.current.abort()}>Cancel</Button> : <Button onClick={start}>Test again</Button>}
        <Button kind="primary" onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}

function Progress({ run: { state, entries, ended, wait } }: { readonly run: Run }) {
  const id = useId();
  const good = entries.filter(({ result }) => result.kind === 'tried' && result.delivery.success).length;
  const words = state === 'cancelled' ? `Cancelled after ${ended} of ${entries.length}` : `${ended} of ${entries.length} tested`;
  return (
    <div class="stack tight">
      <progress max={entries.length} value={ended} aria-labelledby={id} />
      <span class="small" id={id} role="status">{words}{ended > 0 && `, ${good} received it`}.</span>
      {wait > 0 && <span class="small faint">Ten tests a minute are allowed: goes on in {wait} s.</span>}
    </div>
  );
}

function Result({ webhook, result }: Entry) {
  return (
    <li class="result">
      <span class="break mono small">{nameOf(webhook)}</span>
      {result.kind === 'waiting' && <span class="small faint">Not tested yet</span>}
      {result.kind === 'running' && <span class="row small faint"><span class="spinner" aria-hidden="true" />Testing…</span>}
      {result.kind === 'failed' && <Said good={false} words={advice(result.error).what} />}
      {result.kind === 'tried' && <Said good={result.delivery.success} words={outcomeInWords(result.delivery).what} />}
    </li>
  );
}

function Said({ good, words }: { readonly good: boolean; readonly words: string }) {
  return <span class="row small"><Badge tone={good ? 'good' : 'bad'}>{good ? 'Received' : 'Failed'}</Badge><span class="break">{words}</span></span>;
}

/** All pages, however many there are. */
async function everyWebhook(signal: AbortSignal): Promise<readonly Webhook[]> {
  const all: Webhook[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Webhooks = await pageOfWebhooks(cursor, signal);
    all.push(...page.webhooks);
    cursor = page.next;
  }
  return all;
}
