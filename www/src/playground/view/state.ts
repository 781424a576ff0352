// What somebody has put into the playground, and what follows from it. Signals hold what was entered, computed ones what
// it says. The secrets are in a signal of their own that nothing but the worker's questions reads: what is shared is made
// of the others (`share.ts` has no place for one).

import { computed, signal } from '@preact/signals';
import type { PresetName, Scheme } from 'sigpost';

import { recognise } from '../recognise';
import type { Request } from '../request';
import { NotationError } from '../text';
import type { Bytes } from '../text';
import { EMPTY, bodyOf, bytesOf } from './body';
import type { Body } from './body';
import { EMPTY_CUSTOM, schemeOfForm } from './custom';
import type { CustomForm } from './custom';
import { problemsOf } from './custom-problems';
import { readHeaders, writeHeaders } from './headers';

export type Choice = 'auto' | 'custom' | PresetName;

export const mode = signal<'verify' | 'sign'>('verify');
export const method = signal('POST');
export const url = signal('');
export const headersText = signal('');
export const body = signal<Body>(EMPTY);
export const choice = signal<Choice>('auto');
export const custom = signal<CustomForm>(EMPTY_CUSTOM);
export const secrets = signal<readonly string[]>(['']);
/** The time to judge ages by, in seconds since 1970; empty for the clock's. */
export const now = signal('');
/** In seconds; empty for the scheme's own; `any` for any age. */
export const tolerance = signal('');
export const canonical = signal(false);
/** What is signed beside the body, in sign mode; empty for a new one. */
export const messageId = signal('');
/** Whether a receiver is to require Standard Webhooks headers too. */
export const required = signal(false);

/** What is worth knowing about what was taken in. */
export const notes = signal<readonly string[]>([]);

/** The id and the time of a request in sign mode where none were entered: they stay while it is edited. */
export const fresh = signal(newMoment());

export function newMoment(): { readonly id: string; readonly timestamp: number } {
  return { id: `msg_${crypto.randomUUID().replaceAll('-', '')}`, timestamp: Math.floor(Date.now() / 1000) };
}

export const headers = computed(() => readHeaders(headersText.value));

/** The body's bytes; of one that is written wrongly none, which {@link problem} tells. */
export const bytes = computed<Bytes>(() => {
  const read = bytesOf(body.value);
  return read instanceof NotationError ? new Uint8Array() : read;
});

export const bodyProblem = computed(() => {
  const read = bytesOf(body.value);
  return read instanceof NotationError ? read.message : undefined;
});

export const candidates = computed(() => recognise(headers.value.headers, bytes.value));

/** What makes no sense in the form of a custom scheme, by field. */
export const customProblems = computed(() => problemsOf(custom.value));

/** The scheme that the form describes; undefined if it is none. */
export const customScheme = computed(() => (Object.keys(customProblems.value).length === 0 ? schemeOfForm(custom.value) : undefined));

/** The scheme at hand: the one that was chosen, or the likeliest; undefined if none is recognised, or a custom one is none. */
export const scheme = computed<PresetName | Scheme | undefined>(() => {
  if (choice.value === 'auto') return candidates.value[0]?.scheme;
  return choice.value === 'custom' ? customScheme.value : choice.value;
});

/** The secrets that were entered. */
export const given = computed(() => secrets.value.filter((secret) => secret !== ''));
/** Which of the fields, from 1, one of those stands in: some may be empty. */
export const fieldOf = (index: number): number => secrets.value.flatMap((secret, field) => (secret === '' ? [] : [field + 1]))[index] ?? index + 1;

export const nowProblem = computed(() => (now.value.trim() === '' || secondsOf(now.value) !== undefined ? undefined : 'Seconds since 1970, such as 1700000000.'));

export const toleranceProblem = computed(() => {
  const text = tolerance.value.trim();
  return text === '' || text === 'any' || secondsOf(text) !== undefined ? undefined : 'Seconds, such as 300; “any” for any age.';
});

const schemeProblem = computed(() => (choice.value === 'custom' && customScheme.value === undefined ? 'The custom scheme makes no sense yet: its fields say what to mend.' : undefined));

/** What is written wrongly, and so has no meaning: nothing is judged, signed or shared until it is mended. */
export const problem = computed(() => schemeProblem.value ?? bodyProblem.value ?? nowProblem.value ?? (mode.value === 'verify' ? toleranceProblem.value : undefined));

/** The tolerance as the package takes it. */
export const toleranceChosen = computed(() => {
  const text = tolerance.value.trim();
  return text === 'any' ? null : secondsOf(text);
});

/** A whole number of seconds that a signed time can be. */
export function secondsOf(text: string): number | undefined {
  return /^\s*[0-9]{1,15}\s*$/.test(text) ? Number(text) : undefined;
}

/** The request as it is now. */
export const request = computed<Request>(() => ({ method: method.value, url: url.value, headers: headers.value.headers, body: bytes.value }));

/** Puts a request in the place of what was there. The secret stays. */
export function take({ method: verb, url: target, headers: list, body: content }: Request): void {
  method.value = verb;
  url.value = target;
  headersText.value = writeHeaders(list);
  body.value = bodyOf(content);
  // They were of what was there before.
  notes.value = [];
}

/** Everything as it was at the beginning, the secret too. */
export function clear(): void {
  take({ method: 'POST', url: '', headers: [], body: new Uint8Array() });
  choice.value = 'auto';
  custom.value = EMPTY_CUSTOM;
  secrets.value = [''];
  now.value = '';
  tolerance.value = '';
  canonical.value = false;
  messageId.value = '';
  required.value = false;
  fresh.value = newMoment();
}
