// The page's side of the worker. The worker is made of a text that is part of the page: so it has the page's policy, and
// can no more than the page connect to anybody. A question that takes too long ends the worker, and the next one starts
// another.

import type { Answered, Failure, Name, Questions } from './protocol';

/** More than the longest explanation takes on a slow phone. */
const PATIENCE = 30_000;

/** The worker had no answer. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';

  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

const waiting = new Map<number, Waiting>();
let worker: Promise<Worker> | undefined;
let last = 0;

/** Asks the worker. */
export async function ask<N extends Name>(name: N, about: Questions[N][0]): Promise<Questions[N][1]> {
  worker ??= start().catch((error: unknown) => {
    // The next question tries again.
    worker = undefined;
    throw new NoAnswer({ code: undefined, message: `The playground’s program could not be loaded (${String(error)}). Check that you are online, or reload the page.` });
  });
  const mine = await worker;
  last += 1;
  const number = last;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end('It took too long: the body is too large for this browser.'), PATIENCE);
    // What the worker answers to a question is what the protocol says.
    waiting.set(number, { resolve: resolve as (answer: unknown) => void, reject, timer });
    mine.postMessage({ number, name, about });
  });
}

async function start(): Promise<Worker> {
  const { default: program } = await import('virtual:worker');
  const url = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }));
  try {
    const made = new Worker(trusted(url) as string, { name: 'sigpost' });
    made.addEventListener('message', ({ data }: MessageEvent<Answered>) => settle(data));
    made.addEventListener('error', (event) => end(event.message || 'The worker of this page failed.'));
    return made;
  } finally {
    // The worker has been told to load it by now; the URL is of no use to anybody else.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}

function settle(answered: Answered): void {
  const one = waiting.get(answered.number);
  if (one === undefined) return;
  waiting.delete(answered.number);
  clearTimeout(one.timer);
  if ('failure' in answered) one.reject(new NoAnswer(answered.failure));
  else one.resolve(answered.answer);
}

/** Ends the worker: whoever waits is told why. */
function end(message: string): void {
  void worker?.then((ended) => ended.terminate(), () => undefined);
  worker = undefined;
  const told = [...waiting.values()];
  waiting.clear();
  for (const { reject, timer } of told) {
    clearTimeout(timer);
    reject(new NoAnswer({ code: undefined, message }));
  }
}

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): unknown };
}

let policy: ReturnType<Policies['createPolicy']> | undefined;

/** The one thing that becomes a script here is the URL of this page's own text. */
function trusted(url: string): unknown {
  const { trustedTypes } = globalThis as { trustedTypes?: Policies };
  if (trustedTypes === undefined) return url;
  policy ??= trustedTypes.createPolicy('sigpost-worker', {
    createScriptURL: (given) => {
      if (!given.startsWith(`blob:${location.origin}/`)) throw new TypeError('not of this page');
      return given;
    },
  });
  return policy.createScriptURL(url);
}
