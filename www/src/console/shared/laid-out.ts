// JSON over several lines, token by token: numbers, escapes and repeated names stay as they were written, which
// parsing and writing it again would lose.

/** The longest text that is laid out. */
const LONGEST = 1 << 20;
const DEEPEST = 50;
/** Indentation must not make much of little. */
const LONGEST_OUT = 4 << 20;
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** The same JSON over several lines; `undefined` if it is none. */
export function laidOut(text: string): string | undefined {
  const start = text.trimStart().charAt(0);
  if (text.length > LONGEST || (start !== '{' && start !== '[') || !isJson(text)) return undefined;
  let out = '';
  let depth = 0;
  let before = '';
  const line = () => `\n${'  '.repeat(Math.min(depth, DEEPEST))}`;
  for (const [token] of text.matchAll(TOKEN)) {
    const opened = before === '{' || before === '[';
    const closes = token === '}' || token === ']';
    if (closes) depth -= 1;
    if (closes ? !opened : opened) out += line();
    out += token;
    if (token === ',') out += line();
    if (token === ':') out += ' ';
    if (token === '{' || token === '[') depth += 1;
    before = token;
    if (out.length > LONGEST_OUT) return undefined;
  }
  return out;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
