// What is charted, from what the API counts.

import type { StatsStep, WebhookStats } from '../../generated/api';

/** How far back, with the lengths of a step that are offered; the first is the usual one. */
export const RANGES = {
  '1h': { text: '1 hour', length: 3_600_000, steps: ['5m'] },
  '24h': { text: '24 hours', length: 86_400_000, steps: ['15m', '5m', '1h'] },
  '7d': { text: '7 days', length: 7 * 86_400_000, steps: ['1h', '6h', '1d'] },
  '30d': { text: '30 days', length: 30 * 86_400_000, steps: ['6h', '1d'] },
} as const satisfies Record<string, { text: string; length: number; steps: readonly Step[] }>;

export type Range = keyof typeof RANGES;
/** The names of the ranges, which are the keys above. */
export const RANGE_NAMES = Object.keys(RANGES) as readonly Range[];
export type Step = '5m' | '15m' | '1h' | '6h' | '1d';

export const rangeOf = (text: string | null): Range => RANGE_NAMES.find((range) => range === text) ?? '24h';

/** The length of a step that was chosen, if the range has it. */
export const stepOf = (range: Range, text: string | null): Step => (RANGES[range].steps as readonly Step[]).find((step) => step === text) ?? RANGES[range].steps[0];

/** Of the attempts in a step, how many succeeded; null if there were none. */
export function rate({ succeeded, failed }: StatsStep): number | null {
  const all = succeeded + failed;
  return all === 0 ? null : succeeded / all;
}

export interface Sum {
  readonly succeeded: number;
  readonly failed: number;
  readonly rate: number | null;
}

export function sum({ steps }: WebhookStats): Sum {
  const succeeded = steps.reduce((total, step) => total + step.succeeded, 0);
  const failed = steps.reduce((total, step) => total + step.failed, 0);
  return { succeeded, failed, rate: succeeded + failed === 0 ? null : succeeded / (succeeded + failed) };
}

/** `99.5 %`: never rounded to all or to none where it is neither. */
export function percent(share: number | null): string {
  if (share === null) return '–';
  if (share === 0 || share === 1) return `${share * 100} %`;
  const rounded = Math.min(99.9, Math.max(0.1, Math.round(share * 1_000) / 10));
  return `${rounded.toFixed(1)} %`;
}

/** A part of the attempts took at most this long: the upper bound of a class of durations. */
export function atMost(milliseconds: number | null): string {
  if (milliseconds === null) return '–';
  if (milliseconds >= 10_000) return '≥ 10 s';
  return milliseconds >= 1_000 ? `${milliseconds / 1_000} s` : `${milliseconds} ms`;
}
