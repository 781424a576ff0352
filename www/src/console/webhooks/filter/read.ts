// Reads a filter's text into what the builder shows. What it cannot show it does not read: the text is then edited as
// a text, and the server says what it thinks of it.

import { ATTRIBUTES, MAX_BYTES, MAX_CONDITIONS, MAX_DEPTH, NOTHING, conditions, depth } from './tree';
import type { Group, Join, Operator, Part } from './tree';

type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: '(' | ')' };

/** The tree of a text; nothing if the builder cannot show it. An empty text is an empty tree. */
export function read(text: string): Group | undefined {
  if (text.trim() === '') return NOTHING;
  const tokens = tokensOf(text);
  const part = tokens === undefined ? undefined : new Reader(tokens).all();
  if (part === undefined || conditions(part) > MAX_CONDITIONS || depth(part) > MAX_DEPTH) return undefined;
  return part.kind === 'group' ? part : { kind: 'group', join: 'and', parts: [part] };
}

const TOKEN = /([ \t\n\r]*)(?:("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|([()])|([A-Za-z.]+))/y;

/** Nothing if something else stands there, or where the grammar wants a space and there is none. */
function tokensOf(text: string): Token[] | undefined {
  if (new TextEncoder().encode(text).length > MAX_BYTES) return undefined;
  const end = text.replace(/[ \t\n\r]+$/, '').length;
  const tokens: Token[] = [];
  for (let at = 0; at < end; ) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) return undefined;
    const [all, space = '', string, mark, word] = found;
    const before = tokens.at(-1)?.kind;
    // Two may only touch inside of a parenthesis.
    if (space === '' && before !== undefined && before !== '(' && mark !== ')') return undefined;
    if (string !== undefined) {
      const value: unknown = JSON.parse(string);
      // Half of a surrogate pair is refused by the server.
      if (typeof value !== 'string' || /\p{Surrogate}/u.test(value)) return undefined;
      tokens.push({ kind: 'value', value });
    } else if (word !== undefined) {
      tokens.push({ kind: 'word', text: word.toLowerCase() });
    } else if (mark === '(' || mark === ')') {
      tokens.push({ kind: mark });
    }
    at += all.length;
  }
  return tokens;
}

/** Recursive descent, no deeper than what is shown. */
class Reader {
  private at = 0;
  private open = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  all(): Part | undefined {
    const part = this.chain('or');
    return this.at === this.tokens.length ? part : undefined;
  }

  private chain(join: Join): Part | undefined {
    const parts: Part[] = [];
    do {
      const part = join === 'or' ? this.chain('and') : this.term();
      if (part === undefined) return undefined;
      parts.push(part);
    } while (this.takes(join));
    const [only] = parts;
    return parts.length === 1 ? only : { kind: 'group', join, parts };
  }

  private term(): Part | undefined {
    if (this.tokens[this.at]?.kind !== '(') return this.comparison();
    if (this.open === MAX_DEPTH) return undefined;
    this.at += 1;
    this.open += 1;
    const inside = this.chain('or');
    this.open -= 1;
    const closed = this.tokens[this.at]?.kind === ')';
    this.at += 1;
    return closed ? inside : undefined;
  }

  private comparison(): Part | undefined {
    const [name, word, value] = this.tokens.slice(this.at, this.at + 3);
    if (name?.kind !== 'word' || word?.kind !== 'word' || value?.kind !== 'value') return undefined;
    const attribute = ATTRIBUTES.find((one) => one.toLowerCase() === name.text);
    const operator = (['eq', 'ne'] as const).find((one): one is Operator => one === word.text);
    if (attribute === undefined || operator === undefined) return undefined;
    this.at += 3;
    return { kind: 'condition', attribute, operator, value: value.value };
  }

  private takes(word: string): boolean {
    const next = this.tokens[this.at];
    const taken = next?.kind === 'word' && next.text === word;
    if (taken) this.at += 1;
    return taken;
  }
}
