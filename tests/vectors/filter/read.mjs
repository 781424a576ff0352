// Reads, prints and evaluates filters, by the documents and without this project's code: the second opinion that the
// vectors beside it are made with.

// ---- The reading: recursive descent over tokens, to a tree.

export const LIMITS = { bytes: 8192, comparisons: 256, depth: 32 };
const ATTRIBUTES = ['id', 'spaceId', 'topLevelResourceId', 'data.status'];
export const RELOAD = 'com.qlik.v1.app.reload.finished';
const bytes = (text) => Buffer.byteLength(text);

export class Refused extends Error {
  constructor(position, reason) {
    super(`${reason} at ${position}`);
    Object.assign(this, { position, reason });
  }
}

/** Position and reason of what is wrong with a string, in bytes from its opening quote. */
function flaw(string) {
  const good = /^"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*/.exec(string)[0];
  const [next, after] = string.slice(good.length);
  if (next === undefined) return [good, 'InvalidString UnexpectedEnd'];
  if (next !== '\\') return [good, 'InvalidString ControlCharacter'];
  // An escape that is right as far as the text goes wants more text.
  if (after === undefined || /^\\u[0-9a-fA-F]{0,3}$/.test(string.slice(good.length))) return [string, 'InvalidString UnexpectedEnd'];
  return [good, 'InvalidString InvalidEscape'];
}

function valueOf({ text: string, position }) {
  let value;
  try {
    value = JSON.parse(string);
  } catch {
    const [good, reason] = flaw(string);
    throw new Refused(position + bytes(good), reason);
  }
  if (value.isWellFormed()) return value;
  for (const { 0: escape, 1: unit, index } of string.matchAll(/\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u(....)|\\./g)) {
    if (unit && !JSON.parse(`"${escape}"`).isWellFormed()) throw new Refused(position + bytes(string.slice(0, index)), 'LoneSurrogate');
  }
  throw new Error(`no lone surrogate in ${string}`);
}

/** Words, strings and single characters; `spaced` says whether white space stands before. */
function tokensOf(text) {
  const pattern = /([ \t\n\r]*)(?:("(?:[^"\\]|\\[^])*(?:"|\\?$))|([()[\]])|([^ \t\n\r"()[\]]+)|$)/uy;
  const tokens = [];
  let position = 0;
  do {
    const [all, space, string, mark, word] = pattern.exec(text);
    position += bytes(all);
    const found = string ?? mark ?? word ?? '';
    const kind = string ? 'string' : mark ? 'mark' : word ? 'word' : 'end';
    tokens.push({ kind, text: found, position: position - bytes(found), spaced: space !== '' });
  } while (tokens.at(-1).kind !== 'end');
  return tokens;
}

export function parse(text) {
  if (bytes(text) > LIMITS.bytes) {
    // The character that crosses the limit.
    let position = 0;
    for (const character of text) {
      if (position + bytes(character) > LIMITS.bytes) throw new Refused(position, 'TooLong');
      position += bytes(character);
    }
  }
  const tokens = tokensOf(text);
  let at = 0;
  let comparisons = 0;
  const open = [];
  const peek = () => tokens[at];
  const is = (word) => peek().kind === 'word' && peek().text.toLowerCase() === word;
  const refuse = (reason, { position } = peek()) => {
    throw new Refused(position, reason);
  };
  const unexpected = (expected) => refuse(`${peek().kind === 'end' ? 'UnexpectedEnd' : 'Unexpected'} ${expected}`);

  function chain(word, operand) {
    const parts = [operand()];
    while (is(word)) {
      if (!peek().spaced) refuse('MissingSpace');
      at += 1;
      if (peek().text === '(' && !peek().spaced) refuse('MissingSpace');
      parts.push(operand());
    }
    return parts.length > 1 ? { word, parts } : parts[0];
  }

  const disjunction = () => chain('or', () => chain('and', term));

  function term() {
    if (peek().text !== '(') return comparison();
    if (open.length === LIMITS.depth) refuse('TooDeep');
    open.push(peek());
    at += 1;
    const inside = disjunction();
    if (peek().kind === 'end') refuse('Unclosed', open.at(-1));
    if (peek().text !== ')') unexpected('Conjunction');
    open.pop();
    at += 1;
    return inside;
  }

  function comparison() {
    const start = peek();
    if (start.kind !== 'word' || is('and') || is('or')) unexpected('Comparison');
    if (is('not')) refuse('Not');
    const attribute = ATTRIBUTES.find((name) => is(name.toLowerCase())) ?? refuse('UnknownAttribute');
    at += 1;
    if (peek().kind !== 'word') unexpected('Operator');
    const operator = ['eq', 'ne'].find(is) ?? refuse('UnsupportedOperator');
    at += 1;
    if (peek().kind === 'end') unexpected('Value');
    if (peek().kind !== 'string') refuse('UnsupportedValue');
    if (!peek().spaced) refuse('MissingSpace');
    const value = valueOf(peek());
    at += 1;
    comparisons += 1;
    if (comparisons > LIMITS.comparisons) refuse('TooManyComparisons', start);
    return { attribute, operator, value };
  }

  const tree = disjunction();
  if (peek().text === ')') refuse('Unopened');
  if (peek().kind !== 'end') unexpected('Conjunction');
  return tree;
}

// ---- What a tree means, says and asks for.

export function attributesOf({ parts, attribute }) {
  return [...new Set(parts ? parts.flatMap(attributesOf) : [attribute])].sort();
}

/** One node for `a or (b or c)`. */
export function flat({ word, parts, ...comparison }) {
  if (!parts) return comparison;
  return { word, parts: parts.map(flat).flatMap((part) => (part.word === word ? part.parts : [part])) };
}

export function print({ word, parts, attribute, operator, value }, inside = 'or') {
  if (!parts) return `${attribute} ${operator} ${JSON.stringify(value)}`;
  const text = parts.map((part) => print(part, word)).join(` ${word} `);
  return word === 'or' && inside === 'and' ? `(${text})` : text;
}

/** What an event says of an attribute; undefined when it is absent or, in `data`, no string. */
function ask(event, attribute) {
  const extension = (name) => (event[name] === undefined || event[name] === null ? undefined : String(event[name]));
  const data = event.data !== null && typeof event.data === 'object' && !Array.isArray(event.data) ? event.data : {};
  const member = (name) => (typeof data[name] === 'string' ? data[name] : undefined);
  switch (attribute) {
    case 'id':
      return (data.id ?? null) === null ? extension('subject') : member('id');
    case 'data.status':
      return member('status');
    default:
      return extension(attribute.toLowerCase());
  }
}

export function passes({ word, parts, attribute, operator, value }, event) {
  if (word === 'and') return parts.every((part) => passes(part, event));
  if (word === 'or') return parts.some((part) => passes(part, event));
  return operator === 'eq' ? ask(event, attribute) === value : ask(event, attribute) !== value;
}

export function refusedType(tree, eventTypes) {
  if (!attributesOf(tree).includes('data.status')) return false;
  if (eventTypes.length === 0) return null;
  return eventTypes.find((type) => type !== RELOAD) ?? false;
}
