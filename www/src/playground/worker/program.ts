// The worker's program: it answers one question after the other, and keeps nothing.

import { answers, failureOf } from './engine';
import type { Answered, Asked } from './protocol';

addEventListener('message', ({ data }: MessageEvent<Asked>) => {
  let answered: Answered;
  try {
    const answer = answers[data.name] as (about: unknown) => unknown;
    answered = { number: data.number, answer: answer(data.about) };
  } catch (error) {
    answered = { number: data.number, failure: failureOf(error) };
  }
  postMessage(answered);
});
