// Lists as they are entered in a form: one item a line.

export const lines = (text: string): string[] => text.split('\n').map((line) => line.trim()).filter(Boolean);

export const sameItems = (some: readonly string[], others: readonly string[]) => some.length === others.length && some.every((item, index) => item === others[index]);

/** What somebody has taken out of a list and put into it, done to what that has become meanwhile. */
export const mergedItems = (before: readonly string[], mine: readonly string[], now: readonly string[]): string[] => [
  ...now.filter((item) => mine.includes(item) || !before.includes(item)),
  ...mine.filter((item) => !before.includes(item) && !now.includes(item)),
];

export const mergedLines = (before: string, mine: string, now: string): string => mergedItems(lines(before), lines(mine), lines(now)).join('\n');
