// Event types as a picker shows them: searched, grouped by what they are about. Those that a webhook names and that
// nobody lists any more stay among them, so that they can be seen and taken away.

import type { EventType } from '../../generated/api';

export interface TypeGroup {
  readonly category: string;
  readonly types: readonly EventType[];
}

const OPERATORS = 'Of this tenant';
const UNKNOWN = 'Not listed any more';
const UNLISTED = 'The webhook names it, but webhooks cannot be subscribed to it any more. Take it away to change the others.';

/** All of them, and the chosen ones that are not among them. */
export function withChosen(known: readonly EventType[], chosen: readonly string[]): readonly EventType[] {
  const names = new Set(known.map(({ name }) => name));
  const unknown = chosen.filter((name) => !names.has(name));
  return [...known, ...unknown.map((name): EventType => ({ name, source: 'tenant', title: null, category: UNKNOWN, levels: null, description: UNLISTED }))];
}

/** Those with each of the words somewhere in what is told of them, grouped, in the order of the list. */
export function grouped(types: readonly EventType[], search: string): readonly TypeGroup[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, EventType[]>();
  for (const type of types) {
    const told = [type.name, type.title, type.description, type.category].join('\n').toLowerCase();
    if (!words.every((word) => told.includes(word))) continue;
    const category = type.category ?? OPERATORS;
    const group = groups.get(category);
    if (group === undefined) groups.set(category, [type]);
    else group.push(type);
  }
  return [...groups].map(([category, found]) => ({ category, types: found }));
}

/** The names that stand for every type. */
export function isWildcard(name: string): boolean {
  return name === '*' || name === 'ALL_NOTIFICATIONS';
}
