// The webhooks of the list: pages that were read, and what has become of them since, here or elsewhere.

import { signal } from '@preact/signals';

import type { Webhook, WebhookState, Webhooks } from '../../generated/api';
import { answered, api } from '../api/client';
import { Refusal } from '../api/errors';
import { follow, gone } from '../shared/changes';

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
/** What is looked for; nothing while no list is shown. */
let chosen: Choice | undefined;
/** How many pages are shown, or will be once what is being read is there. */
let pages = 1;
/** What has become of them since reading began: what is read may be older. */
let meanwhile: Change[] = [];

type Change = (webhooks: readonly Webhook[]) => readonly Webhook[];

/** Reads the first page of a choice. What was being read is given up. */
export async function readFirst(choice: Choice): Promise<void> {
  chosen = choice;
  pages = 1;
  await readAgain();
}

export async function readMore(): Promise<void> {
  const { webhooks, next, busy } = listed.peek();
  if (next === null || busy) return;
  pages += 1;
  await read(webhooks, next, pages - 1);
}

/** Reads the pages that are shown once more. What is there stays until they are here. */
export async function readAgain(): Promise<void> {
  await read([], undefined, 0);
}

/** Nothing of one tenant's list is shown in another's. */
export function forget(): void {
  reading.abort();
  chosen = undefined;
  listed.value = EMPTY;
}

/** Reads on from a cursor, with so many pages there, until as many are there as are to be shown. */
async function read(before: readonly Webhook[], from: string | undefined, there: number): Promise<void> {
  if (chosen === undefined) return;
  reading.abort();
  const { signal } = (reading = new AbortController());
  meanwhile = [];
  listed.value = { ...listed.peek(), busy: true, error: undefined };
  try {
    let all = before;
    let cursor: string | null | undefined = from;
    for (let count = there; count < pages && cursor !== null; count += 1) {
      const { webhooks, next } = await page(chosen, cursor, signal);
      if (signal.aborted) return;
      // One that was made here meanwhile stands there already.
      const found = new Set(webhooks.map(({ id }) => id));
      all = [...all.filter(({ id }) => !found.has(id)), ...webhooks];
      cursor = next;
    }
    all = meanwhile.reduce((before, change) => change(before), all);
    listed.value = { webhooks: all, next: cursor ?? null, fresh: false, busy: false, error: undefined };
  } catch (error) {
    if (!signal.aborted) listed.value = { ...listed.peek(), busy: false, error };
  }
}

function page(choice: Choice, cursor: string | undefined, signal: AbortSignal): Promise<Webhooks> {
  const query = { ...queryOf(choice), limit: PAGE, ...(cursor !== undefined && { cursor }) };
  return answered(api.GET('/v1/webhooks', { params: { query }, signal }));
}

function queryOf({ q, state, owner, eventType }: Choice) {
  return {
    ...(q !== '' && { q }),
    ...(state !== '' && { state }),
    ...(owner !== '' && { owner }),
    ...(eventType !== '' && { event_type: eventType }),
  };
}

/** Changes those that are shown, and those that are on their way. */
function change(change: Change): void {
  if (listed.peek().busy) meanwhile.push(change);
  listed.value = { ...listed.peek(), webhooks: change(listed.peek().webhooks) };
}

/** A webhook is another than it was. */
export function changed(webhook: Webhook): void {
  const now = withoutSecret(webhook);
  const newer = (one: Webhook) => (one.id === now.id && one.version <= now.version ? now : one);
  change((webhooks) => webhooks.map(newer));
  const open = opened.peek();
  if (open !== undefined) opened.value = newer(open);
}

/** A webhook is new: it stands in the list, wherever it will stand when that is read again. */
export function created(webhook: Webhook): void {
  changed(webhook);
  change((webhooks) => (webhooks.some(({ id }) => id === webhook.id) ? webhooks : [...webhooks, withoutSecret(webhook)]));
}

export function deleted(id: string): void {
  gone(id);
  change((webhooks) => webhooks.filter((one) => one.id !== id));
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

/**
 * Shows what becomes of webhooks elsewhere, until the returned function is called. One that is shown stays where it is,
 * whether or not it is still what is looked for, so that nothing goes away under the eyes of whoever reads it.
 */
export function followed(): () => void {
  return follow({ told, missed: readAgain });
}

async function told(now: readonly Webhook[], gone: readonly string[]): Promise<void> {
  gone.forEach(deleted);
  now.forEach(changed);
  const { webhooks, next } = listed.peek();
  const further = now.filter(({ id }) => webhooks.every((shown) => shown.id !== id));
  if (further.length === 0 || chosen === undefined) return;
  // Whether it is looked for, only the server knows.
  if (Object.keys(queryOf(chosen)).length > 0) await readAgain();
  // Behind what has been read, a page to come holds it.
  else if (next === null) further.forEach(created);
}

/** A secret is shown once, and kept in no list. */
function withoutSecret({ secret: _, standard_secret: __, ...webhook }: Webhook): Webhook {
  return webhook;
}

/**
 * The answer to what was asked of one version of a webhook. If it is another by now, that is read, so that whoever sees
 * the refusal also sees what it is.
 */
export async function asMeant<Answer>(id: string, asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Refusal && error.status === 412) await reread(id).catch(() => undefined);
    throw error;
  }
}

/** What a precondition is: the version that is meant. */
export function ifMatch(webhook: Webhook): { readonly 'if-match': string } {
  return { 'if-match': `"${webhook.version}"` };
}
