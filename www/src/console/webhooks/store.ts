// The webhooks of the list: pages that were read, and what has become of them since. Whoever changes a webhook, or hears
// that one has changed, says so here, and the list shows it without being read again.

import { signal } from '@preact/signals';

import type { Webhook, WebhookState } from '../../generated/api';
import { answered, api } from '../api/client';
import { Refusal } from '../api/errors';

/** Which webhooks are looked for. Empty texts choose nothing. */
export interface Choice {
  readonly q: string;
  readonly state: WebhookState | '';
  readonly owner: string;
  readonly eventType: string;
}

const PAGE = 50;

export interface Listed {
  readonly webhooks: readonly Webhook[];
  /** Asks for the next page. */
  readonly next: string | null;
  /** Nothing has been read yet. */
  readonly fresh: boolean;
  readonly busy: boolean;
  readonly error: unknown;
}

const EMPTY: Listed = { webhooks: [], next: null, fresh: true, busy: false, error: undefined };

export const listed = signal<Listed>(EMPTY);

/** The webhook that is shown by itself. */
export const opened = signal<Webhook | undefined>(undefined);

let reading = new AbortController();

/** Reads the first page of a choice. What was being read is given up. */
export async function readFirst(choice: Choice): Promise<void> {
  reading.abort();
  reading = new AbortController();
  await page(choice, undefined, reading.signal);
}

export async function readMore(choice: Choice): Promise<void> {
  const { next, busy } = listed.peek();
  if (next !== null && !busy) await page(choice, next, reading.signal);
}

/** Nothing of one tenant's list is shown in another's. */
export function forget(): void {
  reading.abort();
  listed.value = EMPTY;
}

async function page(choice: Choice, cursor: string | undefined, signal: AbortSignal): Promise<void> {
  listed.value = { ...listed.peek(), busy: true, error: undefined };
  try {
    const { webhooks, next } = await answered(api.GET('/v1/webhooks', { params: { query: { ...queryOf(choice), limit: PAGE, ...(cursor !== undefined && { cursor }) } }, signal }));
    if (signal.aborted) return;
    const before = cursor === undefined ? [] : listed.peek().webhooks;
    // One that was made here meanwhile stands there already.
    const read = new Set(webhooks.map(({ id }) => id));
    listed.value = { webhooks: [...before.filter(({ id }) => !read.has(id)), ...webhooks], next, fresh: false, busy: false, error: undefined };
  } catch (error) {
    if (!signal.aborted) listed.value = { ...listed.peek(), busy: false, error };
  }
}

function queryOf({ q, state, owner, eventType }: Choice) {
  return {
    ...(q !== '' && { q }),
    ...(state !== '' && { state }),
    ...(owner !== '' && { owner }),
    ...(eventType !== '' && { event_type: eventType }),
  };
}

/** A webhook is another than it was. */
export function changed(webhook: Webhook): void {
  const now = withoutSecret(webhook);
  const newer = (one: Webhook) => (one.id === now.id && one.version <= now.version ? now : one);
  listed.value = { ...listed.peek(), webhooks: listed.peek().webhooks.map(newer) };
  const open = opened.peek();
  if (open !== undefined) opened.value = newer(open);
}

/** A webhook is new: it stands in the list, wherever it will stand when that is read again. */
export function created(webhook: Webhook): void {
  const { webhooks } = listed.peek();
  if (webhooks.some(({ id }) => id === webhook.id)) changed(webhook);
  else listed.value = { ...listed.peek(), webhooks: [...webhooks, withoutSecret(webhook)] };
}

export function deleted(id: string): void {
  listed.value = { ...listed.peek(), webhooks: listed.peek().webhooks.filter((one) => one.id !== id) };
}

/** Somebody may have done something to this webhook: it is read again. */
export async function reread(id: string): Promise<Webhook> {
  try {
    const webhook = await answered(api.GET('/v1/webhooks/{id}', { params: { path: { id } } }));
    changed(webhook);
    return webhook;
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) deleted(id);
    throw error;
  }
}

/** Something has happened to a webhook elsewhere, as the stream of events tells: the list shows what. */
export async function heard(id: string): Promise<void> {
  const webhook = await reread(id).catch(() => undefined);
  // Behind what has been read, a page to come holds it.
  if (webhook !== undefined && listed.peek().next === null) created(webhook);
}

/** A secret is shown once, and kept in no list. */
function withoutSecret({ secret: _, standard_secret: __, ...webhook }: Webhook): Webhook {
  return webhook;
}

/** What a precondition is: the version that is meant. */
export function ifMatch(webhook: Webhook): { readonly 'if-match': string } {
  return { 'if-match': `"${webhook.version}"` };
}
