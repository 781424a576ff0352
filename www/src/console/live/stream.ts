// The live stream: one for the whole console, open while somebody is signed in who may watch and looks at it. Listeners
// are told of what happens, in batches as it arrives, and of every gap: whatever they show may then be out of date.

import { effect, signal } from '@preact/signals';
import { createParser } from 'eventsource-parser';

import type { AttemptEvent, WebhookEvent } from '../../generated/api';
import { ask } from '../api/client';
import { state } from '../api/session';
import type { State } from '../api/session';
import { manages } from '../shared/rights';
import { sleep } from '../shared/sleep';
import { wait } from './backoff';
import { notice } from './notices';

export type StreamState = 'off' | 'connecting' | 'live' | 'reconnecting' | 'paused';

export interface Listener {
  readonly attempts?: (attempts: readonly AttemptEvent[]) => void;
  readonly webhooks?: (webhooks: readonly WebhookEvent[]) => void;
  /** Something may have happened that is not told: look again. */
  readonly gap?: () => void;
}

export const streamState = signal<StreamState>('off');

/** How long nobody looks before the stream is closed. */
const HIDDEN = 60_000;
/** The server writes something every 15 s: after this much silence the connection is dead. */
const SILENCE = 45_000;
/** The longest text that is kept of a line that has not ended. */
const LONGEST_LINE = 1 << 20;

const listeners = new Set<Listener>();
let running: { readonly who: string; readonly stop: AbortController } | undefined;
let hiddenFor: ReturnType<typeof setTimeout> | undefined;

/** Tells a listener from now on; what is returned ends that. */
export function listen(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

effect(() => follow(state.value));
document.addEventListener('visibilitychange', seen);

/** Whose stream there should be: of nobody who may not watch. */
function watcher(now: State): string | undefined {
  if (now.kind === 'out' || now.me.kind !== 'user' || now.me.tenant === null) return undefined;
  return manages(now.me) ? `${now.me.tenant.name}/${now.me.id}` : undefined;
}

function follow(now: State): void {
  const who = watcher(now);
  if (who === running?.who) return;
  end('off');
  if (who !== undefined) begin(who);
}

function begin(who: string): void {
  const stop = new AbortController();
  running = { who, stop };
  streamState.value = 'connecting';
  void run(stop.signal);
}

function end(to: StreamState): void {
  running?.stop.abort();
  running = undefined;
  streamState.value = to;
}

function seen(): void {
  clearTimeout(hiddenFor);
  if (document.hidden) {
    hiddenFor = setTimeout(() => running !== undefined && end('paused'), HIDDEN);
  } else if (streamState.peek() === 'paused') {
    follow(state.peek());
  }
}

async function run(stopped: AbortSignal): Promise<void> {
  for (let failures = 0; !stopped.aborted; failures += 1) {
    const again = await once(stopped, () => {
      failures = 0;
      streamState.value = 'live';
      for (const { gap } of listeners) gap?.();
    });
    if (stopped.aborted) return;
    if (again === 'never') return end('off');
    streamState.value = 'reconnecting';
    await sleep(Math.max(again, wait(failures + 1, Math.random())), stopped).catch(() => undefined);
  }
}

/** One connection, until it ends. How long to wait at least before the next, or that there is to be none. */
async function once(stopped: AbortSignal, opened: () => void): Promise<number | 'never'> {
  const connection = new AbortController();
  const close = () => connection.abort();
  stopped.addEventListener('abort', close);
  try {
    const request = new Request(`${location.origin}/v1/stream`, { headers: { accept: 'text/event-stream' }, signal: connection.signal });
    const response = await ask(request);
    if (!response.ok || response.body === null) {
      if (response.status === 403) return 'never';
      return Number(response.headers.get('retry-after') ?? 0) * 1_000 || 0;
    }
    opened();
    await read(response.body.pipeThrough(new TextDecoderStream()).getReader(), close);
  } catch {
    // Lost, given up, or nobody signed in again: the state says which.
  } finally {
    connection.abort();
    stopped.removeEventListener('abort', close);
  }
  return 0;
}

async function read(reader: ReadableStreamDefaultReader<string>, silent: () => void): Promise<void> {
  let attempts: AttemptEvent[] = [];
  let webhooks: WebhookEvent[] = [];
  let lagged = false;
  const parser = createParser({
    maxBufferSize: LONGEST_LINE,
    onEvent: ({ event, data }) => {
      const told = notice(event, data);
      if (told?.kind === 'attempt') attempts.push(told.attempt);
      else if (told?.kind === 'webhook') webhooks.push(told.webhook);
      else if (told?.kind === 'lagged') lagged = true;
    },
  });
  for (;;) {
    const timer = setTimeout(silent, SILENCE);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    parser.feed(value);
    for (const listener of listeners) {
      // The gap first: what is told with it may have happened after it.
      if (lagged) listener.gap?.();
      if (attempts.length > 0) listener.attempts?.(attempts);
      if (webhooks.length > 0) listener.webhooks?.(webhooks);
    }
    [attempts, webhooks, lagged] = [[], [], false];
  }
}
