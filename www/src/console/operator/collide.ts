// Whether two have changed the same thing.

/** Whether a member was changed into two different things. */
export function collide(before: object, mine: object, now: object): boolean {
  const [theirs, apart] = [different(before, now), different(mine, now)];
  return different(before, mine).some((name) => theirs.includes(name) && apart.includes(name));
}

function different(one: object, other: object): string[] {
  const others: Readonly<Record<string, unknown>> = { ...other };
  return Object.entries(one).flatMap(([name, value]: [string, unknown]) => (JSON.stringify(value) === JSON.stringify(others[name]) ? [] : [name]));
}
