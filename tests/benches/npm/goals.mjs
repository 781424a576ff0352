// What the figures are to be, and whether they are.

import { OURS, isText } from './contenders.mjs';

const UP_TO_4_KB = ['256 B', '1 KB', '4 KB'];
const FROM_4_KB = ['4 KB', '64 KB', '1 MB'];
const ALL = ['256 B', '1 KB', ...FROM_4_KB];

/**
 * `least`: as many times as fast as any row that starts like `theirs`; `most`: as many times as long. Like with like:
 * bytes beside bytes and, as a goal of its own, strings beside strings.
 */
const GOALS = [
  ...[
    ['standard-webhooks', 'standardwebhooks'],
    ['svix', 'svix'],
  ].flatMap(([group, theirs]) => [
    { group, theirs, least: 5, sizes: UP_TO_4_KB },
    { group, theirs, least: 10, sizes: ['64 KB'] },
  ]),
  { group: 'github', theirs: '@octokit', least: 1, sizes: ALL },
  { group: 'github', theirs: 'node:crypto', most: 1.2, sizes: FROM_4_KB },
  ...['canonical', 'pretty'].flatMap((form) => [
    { group: `body: 'canonical', ${form}`, theirs: 'parse', least: 2, sizes: ['1 KB'] },
    { group: `body: 'canonical', ${form}`, theirs: 'parse', least: 3, sizes: ['64 KB'] },
    { group: `canonicalize, ${form}`, theirs: 'parse', least: 3, sizes: ['1 KB', '64 KB'] },
  ]),
];

/** Each goal at each of its sizes, as far as both sides were measured. */
export function judged(cases) {
  return GOALS.flatMap(({ sizes, ...goal }) =>
    sizes.flatMap((size) => [false, true].flatMap((text) => judge(goal, size, text, cases))),
  );
}

function judge({ group, theirs, least, most }, size, text, cases) {
  const all = cases.find((one) => one.group === group && one.size === size)?.contenders ?? [];
  const rows = all.filter(({ name }) => isText(name) === text);
  // Ours come first, without parsing before with it.
  const [ours] = rows.filter(({ name }) => name.startsWith(OURS));
  const [quickest] = rows.filter(({ name }) => name.startsWith(theirs)).sort((a, b) => a.median - b.median);
  if (!ours || !quickest) {
    return [];
  }
  const ratio = (of) => (most === undefined ? quickest[of] / ours[of] : ours[of] / quickest[of]);
  const [byMedian, byBest] = [ratio('median'), ratio('best')];
  const holds = [byMedian, byBest].filter((value) => (most === undefined ? value >= least : value <= most));
  // Where the median and the best turn disagree, the machine was too busy to tell.
  const met = ['no', 'unclear', 'yes'][holds.length];
  return [{ group, size, ours: ours.name, theirs: quickest.name, least, most, byMedian, byBest, met }];
}
