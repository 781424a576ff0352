// Reads what is of unknown form, member by member, into types: what hostile links hold. Nothing of what came is kept but
// texts, numbers and truth values, so neither prototypes nor members that nobody knows come through.

import { schemes } from 'sigpost';
import type { Part, PresetName, Scheme } from 'sigpost';

/** A value that is not of its form. */
export class FormError extends Error {
  override readonly name = 'FormError';

  constructor(
    /** Which, like `scheme.signed[1].text`. */
    readonly member: string,
    readonly problem: string,
  ) {
    super(`${member} ${problem}`);
  }
}

type Members = ReadonlyMap<string, unknown>;

/** The members of an object; one that is not among `known` is refused. */
export function membersOf(value: unknown, where: string, known: readonly string[]): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FormError(where, 'is no object');
  }
  const members = new Map<string, unknown>(Object.entries(value));
  const unknown = [...members.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new FormError(where, `has a member that is not known: ${JSON.stringify(unknown.slice(0, 64))}`);
  }
  return members;
}

export function textIn(value: unknown, where: string, longest: number): string {
  if (typeof value !== 'string') throw new FormError(where, 'is no text');
  if (value.length > longest) throw new FormError(where, `is longer than ${longest} characters`);
  return value;
}

export function listIn(value: unknown, where: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new FormError(where, 'is no list');
  if (value.length > most) throw new FormError(where, `has more than ${most} entries`);
  return value;
}

export function integerIn(value: unknown, where: string, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new FormError(where, `is no whole number from ${least} to ${most}`);
  }
  return value;
}

export function oneOf<const Names extends readonly string[]>(value: unknown, where: string, names: Names): Names[number] {
  const found = names.find((name) => name === value);
  if (found === undefined) throw new FormError(where, `is none of ${names.join(', ')}`);
  return found;
}

/** `read` of a member, if it is there, as an object to spread. */
export function optional<Name extends string, Value>(
  members: Members,
  name: Name,
  where: string,
  read: (value: unknown, where: string) => Value,
): { readonly [name in Name]?: Value } {
  if (!members.has(name)) return {};
  const found = { [name]: read(members.get(name), `${where}.${name}`) };
  // It has the one member that the type says.
  return found as { readonly [name in Name]?: Value };
}

/** The longest text in a scheme. */
const LONGEST = 256;
const PARTS = 16;
/** In seconds: 136 years. */
export const LONGEST_TOLERANCE = 2 ** 32 - 1;

const SCHEME: readonly (keyof Scheme)[] = [
  'name', 'header', 'algorithm', 'encoding', 'prefix', 'separator', 'signed', 'idHeader', 'timestampHeader',
  'timestampPrefix', 'weakerHeader', 'tolerance', 'body', 'key',
];

/** A preset's name, or a scheme as data. Whether that makes sense the package says, when it is used. */
export function schemeIn(value: unknown, where: string): PresetName | Scheme {
  if (typeof value === 'string') {
    if (!isPreset(value)) throw new FormError(where, 'is the name of no scheme that is built in');
    return value;
  }
  const members = membersOf(value, where, SCHEME);
  const text = (value: unknown, where: string) => textIn(value, where, LONGEST);
  return {
    name: text(members.get('name'), `${where}.name`),
    header: text(members.get('header'), `${where}.header`),
    ...optional(members, 'algorithm', where, (value, at) => oneOf(value, at, ['hmac-sha256', 'hmac-sha512', 'hmac-sha1'])),
    ...optional(members, 'encoding', where, (value, at) => oneOf(value, at, ['hex', 'base64', 'base64url'])),
    ...optional(members, 'prefix', where, text),
    ...optional(members, 'separator', where, (value, at) => oneOf(value, at, [' ', ','])),
    ...optional(members, 'signed', where, (value, at) => listIn(value, at, PARTS).map((part, index) => partIn(part, `${at}[${index}]`))),
    ...optional(members, 'idHeader', where, text),
    ...optional(members, 'timestampHeader', where, text),
    ...optional(members, 'timestampPrefix', where, text),
    ...optional(members, 'weakerHeader', where, text),
    ...optional(members, 'tolerance', where, (value, at) => integerIn(value, at, 0, LONGEST_TOLERANCE)),
    ...optional(members, 'body', where, (value, at) => oneOf(value, at, ['raw', 'canonical'])),
    ...optional(members, 'key', where, (value, at) => oneOf(value, at, ['whole', 'base64', 'standard-webhooks'])),
  };
}

export const isPreset = (name: string): name is PresetName => Object.hasOwn(schemes, name);

function partIn(value: unknown, where: string): Part {
  if (typeof value === 'string') return oneOf(value, where, ['body', 'id', 'timestamp']);
  return { text: textIn(membersOf(value, where, ['text']).get('text'), `${where}.text`, LONGEST) };
}
