// A Qlik filter as the builder shows it: conditions in groups, and the text they stand for. The grammar is that of
// `core/src/filter`; the server is the judge of what is valid. What is read here and printed again means the same.

export const ATTRIBUTES = ['id', 'spaceId', 'topLevelResourceId', 'data.status'] as const;
export type Attribute = (typeof ATTRIBUTES)[number];
export type Operator = 'eq' | 'ne';
export type Join = 'and' | 'or';

export interface Condition {
  readonly kind: 'condition';
  readonly attribute: Attribute;
  readonly operator: Operator;
  readonly value: string;
}

export interface Group {
  readonly kind: 'group';
  readonly join: Join;
  readonly parts: readonly Part[];
}

export type Part = Condition | Group;

/** What the builder shows at most; beyond that a filter is a text. The server takes more: 256 and 32. */
export const MAX_CONDITIONS = 64;
export const MAX_DEPTH = 4;
/** The longest filter the server takes, in bytes. */
export const MAX_BYTES = 8192;

export const NOTHING: Group = { kind: 'group', join: 'and', parts: [] };

export function condition(attribute: Attribute = 'id', operator: Operator = 'eq', value = ''): Condition {
  return { kind: 'condition', attribute, operator, value };
}

/** The text of a group, in the normal form: one space, no parenthesis that changes nothing. Empty groups say nothing. */
export function print(group: Group): string {
  return printed(group)?.text ?? '';
}

function printed(part: Part): { readonly text: string; readonly join?: Join } | undefined {
  if (part.kind === 'condition') return { text: `${part.attribute} ${part.operator} ${JSON.stringify(part.value)}` };
  const parts = part.parts.map(printed).filter((one) => one !== undefined);
  const [only] = parts;
  if (only === undefined || parts.length === 1) return only;
  // `and` binds tighter, so only an `or` inside an `and` needs to be held together.
  const text = parts.map((one) => (part.join === 'and' && one.join === 'or' ? `(${one.text})` : one.text)).join(` ${part.join} `);
  return { text, join: part.join };
}

export function conditions(part: Part): number {
  return part.kind === 'condition' ? 1 : part.parts.reduce((sum, one) => sum + conditions(one), 0);
}

export function depth(part: Part): number {
  return part.kind === 'condition' ? 0 : 1 + Math.max(0, ...part.parts.map(depth));
}

/** Whether it asks for `data.status`, which goes with one event type only. */
export function asksForStatus(part: Part): boolean {
  return part.kind === 'condition' ? part.attribute === 'data.status' : part.parts.some(asksForStatus);
}
