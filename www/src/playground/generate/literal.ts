// Texts as they stand in generated programs: whatever they hold, they stay texts, also where the program stands in a page.

/** What ends a line of a program, looks like a space, hides or reorders what follows, is half of a pair, or ends a script in a page. */
const ESCAPED = /[\\'\u0000-\u001f\u007f-\u00a0\u061c\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|<(?=[/!])/g;
const SHORT: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '\n': '\\n', '\r': '\\r', '\t': '\\t', '<': '\\x3c' };

/** A string literal of JavaScript in single quotes. */
export const literal = (text: string): string =>
  `'${text.replace(ESCAPED, (char) => SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** A value of texts, numbers, truth values, lists and objects of these, as JavaScript writes it by hand. */
export function valueLiteral(value: unknown, indent = ''): string {
  if (typeof value === 'string') return literal(value);
  if (Array.isArray(value)) return `[${value.map((entry) => valueLiteral(entry, indent)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // An identifier `__proto__` would be no member.
  const written = members.map(([name, member]) => `${IDENTIFIER.test(name) && name !== '__proto__' ? name : `[${literal(name)}]`}: ${valueLiteral(member, `${indent}  `)}`);
  const line = `{ ${written.join(', ')} }`;
  return written.length === 0 ? '{}' : line.length <= 80 ? line : `{\n${written.map((member) => `${indent}  ${member},\n`).join('')}${indent}}`;
}
