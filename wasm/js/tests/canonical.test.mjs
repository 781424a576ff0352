import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { canonical, canonicalizing, sigpost, vectors } from './package.mjs';

const { canonicalize } = sigpost;

/** A generator of numbers below 1 that is the same in every run. */
function seeded(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = (random, list) => list[Math.floor(random() * list.length)];
const SPACE = ['', '', '', ' ', '\n', '\t\r '];
const PIECES = ['a', 'é', '€', '🦀', '\\u00e9', '\\ud83d\\ude00', '\\ud800', '\\udc00', '\ud800', '\udc00', '\\/', '\\n', '\\u001f', '\\"', '\\\\', '\u2028', '\ufeff', '1', '0'];
const NUMBERS = ['0', '-0', '1', '10', '4294967294', '4294967295', '1.50', '1e3', '1E-7', '1e400', '-1e400', '123456789012345678901234567890', '0.1', '9007199254740993', '5e-324', '333333333.33333329', '9244904400873339.000', '1e21', '0.000001'];

/** A document that JSON.parse reads, with all the spellings it knows. */
function document(random, depth) {
  const space = () => pick(random, SPACE);
  // Keys are no single escape: V8 of Node 24 and later misreads those.
  const string = () => `"${Array.from({ length: Math.floor(random() * 4) }, () => pick(random, PIECES)).join('')}"`;
  const key = () => (random() < 0.4 ? `"${Math.floor(random() * 12)}"` : string().replace(/"$/, 'kk"'));
  const list = (item) => Array.from({ length: Math.floor(random() * 5) }, () => space() + item() + space()).join(',');
  const kind = depth > 4 ? random() * 3 : random() * 5;
  if (kind < 1) return pick(random, NUMBERS);
  if (kind < 2) return string();
  if (kind < 3) return pick(random, ['true', 'false', 'null']);
  if (kind < 4) return `[${list(() => document(random, depth + 1)) || space()}]`;
  return `{${list(() => `${key()}${space()}:${space()}${document(random, depth + 1)}`) || space()}}`;
}

const host = (text) => {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    assert.ok(error instanceof SyntaxError);
    return undefined;
  }
};
const ours = (text) => {
  try {
    return canonicalize(text);
  } catch (error) {
    assert.ok(error instanceof SyntaxError && Number.isInteger(error.offset), String(error));
    return undefined;
  }
};

test('documents of every spelling become what the host writes, or fail where it fails', () => {
  const random = seeded(20_261_121);
  let [accepted, refused] = [0, 0];
  for (let index = 0; index < 30_000; index += 1) {
    let text = pick(random, SPACE) + document(random, 0) + pick(random, SPACE);
    if (random() < 0.3) {
      const at = Math.floor(random() * text.length);
      text = text.slice(0, at) + pick(random, ['', '\\', '"', ',', '0', 'x', '\u0001', '}', '\ud800']) + text.slice(at + 1);
    }
    const expected = host(text);
    assert.equal(ours(text), expected, JSON.stringify(text));
    if (text.isWellFormed?.() ?? true) {
      assert.equal(ours(Buffer.from(text)), expected, JSON.stringify(text));
    }
    expected === undefined ? (refused += 1) : (accepted += 1);
  }
  assert.ok(accepted > 5000 && refused > 1000, `${accepted} accepted, ${refused} refused`);
});

/** A number as no program writes it: any length, any place of the point, zeros everywhere. */
function number(random) {
  const digits = (most) => Array.from({ length: Math.floor(random() * most) }, () => Math.floor(random() * 10)).join('');
  const zeros = (most) => '0'.repeat(Math.floor(random() * most));
  // What a double is written as is met most, and then changed a little.
  const written = () => String((random() - 0.5) * 10 ** Math.floor(random() * 40 - 20));
  const kind = random();
  if (kind < 0.3) return kind < 0.1 ? written().replace(/(\.\d+)$/, `$1${zeros(3)}`) : written();
  const integer = random() < 0.3 ? '0' : `${1 + Math.floor(random() * 9)}${digits(20)}${zeros(8)}`;
  const fraction = random() < 0.5 ? '' : `.${zeros(8)}${digits(20)}${Math.floor(random() * 10)}${zeros(6)}`;
  const exponent = random() < 0.6 ? '' : `${pick(random, ['e', 'E'])}${pick(random, ['', '+', '-'])}${zeros(2)}${Math.floor(random() * 340)}`;
  return `${random() < 0.3 ? '-' : ''}${integer}${fraction}${exponent}`;
}

test('numbers of every spelling become what the host writes, from a string, beside other characters and from bytes', () => {
  const random = seeded(9_244_904);
  const long = ['1', '0.', '-0.', '123.'].map((start) => start + '7'.repeat(1_100_000));
  const nasty = [...NUMBERS, '-9244904400873339.000', '1e-400', '-1e-400', '1.7976931348623157e308', '1.7976931348623159e308',
    '2.2250738585072011e-308', '0e999999999999', `0.${'0'.repeat(1_000_000)}1e1000001`, `1${'0'.repeat(1_000_000)}e-1000000`, ...long];
  const numbers = [...nasty, ...Array.from({ length: 100_000 }, () => number(random))];
  let changed = 0;
  for (let at = 0; at < numbers.length; at += 10) {
    const text = `[${numbers.slice(at, at + 10).join()}]`;
    const expected = host(text);
    // Compared without assert.equal, which would print a million digits.
    const wrong = [canonicalize(text), canonicalize(Buffer.from(text)), canonicalize(`["é",${text}]`).slice(5, -1)].find((form) => form !== expected);
    assert.equal(wrong?.slice(0, 1000), undefined, text.slice(0, 1000));
    changed += expected === text ? 0 : 1;
  }
  assert.ok(changed > 5000, `${changed} of ${numbers.length / 10}`);
});

test('what is wrong is said where it is: in code units of a string, in bytes of bytes', () => {
  const offset = (text) => {
    try {
      canonicalize(text);
    } catch (error) {
      assert.equal(error.name, 'SyntaxError');
      return error.offset;
    }
    throw new Error('nothing was thrown');
  };
  assert.equal(offset('[1,]'), 3);
  assert.equal(offset('["é🦀",]'), 7);
  assert.equal(offset(Buffer.from('["é🦀",]')), 10);
  assert.equal(offset('["\ud800",]'), 6 - 1);
  assert.equal(offset(''), 0);
  assert.equal(offset('\ufeff{}'), 0);
  assert.equal(offset(Buffer.from([0x22, 0xff, 0x22])), 1);
});

test('the message says the same, of what stands in a string', () => {
  const message = (text) => {
    try {
      canonicalize(text);
    } catch (error) {
      const said = / at offset (\d+)/.exec(error.message);
      assert.equal(Number(said?.[1]), error.offset, error.message);
      return error.message;
    }
    throw new Error('nothing was thrown');
  };
  assert.equal(message('["é🦀",]'), 'unexpected U+005D at offset 7: expected a value');
  assert.equal(message(Buffer.from('["é🦀",]')), 'unexpected byte 0x5d at offset 10: expected a value');
  assert.equal(message('["é", \ud800]'), 'unexpected U+D800 at offset 6: expected a value');
  assert.equal(message('["\ud800", \udc00\ud800]'), 'unexpected U+DC00 at offset 6: expected a value');
  assert.equal(message('["é" 🦀]'), "unexpected U+1F980 at offset 5: expected ',' or ']'");
  assert.equal(message('["é", \\\ud800]'), 'unexpected U+005C at offset 6: expected a value');
  assert.equal(message('é'), 'unexpected U+00E9 at offset 0: expected a value');
  assert.equal(message('["🦀'), 'unexpected end at offset 4: expected the end of the string');
  assert.equal(message('"🦀\\\ud800"'), 'invalid escape in a string at offset 3');
  assert.equal(message('"🦀"\ud800'), 'unexpected data after the value at offset 4');
});

test('a stack that is nearly exhausted is a RangeError, wherever it ends and however short the text', () => {
  const program = fileURLToPath(new URL('stack.mjs', import.meta.url));
  const thrown = execFileSync(process.execPath, [program], { encoding: 'utf8' }).split('\n');
  assert.deepEqual(thrown, ['RangeError true Trap', 'RangeError true no cause']);
});

test('no text takes time out of proportion to its length', () => {
  const text = JSON.stringify({ run: `\u20ac${'\\'.repeat(400_000)}\ud800` });
  const start = performance.now();
  assert.equal(canonicalize(text), text);
  assert.equal(canonicalize(text.replace('\\ud800', '\ud800')), text);
  // It takes milliseconds; looking at every run of backslashes from each of them would take many minutes.
  assert.ok(performance.now() - start < 30_000);
});

test('nothing but text is taken, and levels beyond the limit are a RangeError', () => {
  const nested = (levels) => '['.repeat(levels) + ']'.repeat(levels);
  assert.equal(canonicalize(nested(100_000)), nested(100_000));
  assert.throws(() => canonicalize(nested(100_001)), { name: 'RangeError', offset: 100_000 });
  for (const value of [undefined, null, {}, [], 1]) {
    assert.throws(() => canonicalize(value), /JSON text/);
  }
  assert.equal(canonicalize(new TextEncoder().encode(' [ ] ').buffer), '[]');
  assert.equal(canonical.canonicalize('{"b":1,"a":2}'), '{"b":1,"a":2}');
});

test('a text of 4,000 levels is what the host makes of it', () => {
  for (const [open, close] of [['[ ', ']'], ['{"a": ', '}']]) {
    const text = `${open.repeat(4000)}1.0${close.repeat(4000)}`;
    const expected = host(text);
    assert.ok(expected);
    assert.equal(canonicalize(text), expected);
  }
});

test('a text of 40 MB is what the host makes of it, from a string and from bytes', () => {
  const element = '{"b": 1.50,"1":"\\u00e9"},';
  const text = `[${element.repeat(40e6 / element.length)}"€"]`;
  // Compared without assert.equal, which would print both.
  const expected = host(text);
  assert.ok(canonicalize(text) === expected);
  assert.ok(canonicalize(Buffer.from(text)) === expected);
  assert.throws(() => canonicalize(text.slice(0, -1)), { name: 'SyntaxError', offset: text.length - 1 });
});

const pages = () => canonicalizing().exports.memory.buffer.byteLength / 65_536;

test('memory that a long text took is given back, and that of a short one is kept', () => {
  canonicalize('1');
  const first = canonicalizing();
  canonicalize(JSON.stringify({ long: 'é'.repeat(1 << 20) }));
  for (let round = 0; round < 200; round += 1) {
    assert.equal(canonicalize('[1.0]'), '[1]');
  }
  assert.equal(canonicalizing(), first);
  canonicalize(`"${'x'.repeat(20e6)}"`);
  const grown = pages();
  assert.equal(canonicalize('[1.0]'), '[1]');
  assert.notEqual(canonicalizing(), first);
  assert.ok(pages() < 64 && grown > 300, `${grown} pages became ${pages()}`);
});

test('a long string is granted the bytes that it has, not three for every character', () => {
  for (const [character, bytes] of [['x', 1], ['é', 2], ['中', 3], ['🦀', 3]]) {
    const text = `"${character.repeat(30e6 / character.length)}"`;
    assert.ok(canonicalize(text) === text);
    assert.ok(pages() * 65_536 < 30e6 * bytes * 1.1, `${character}: ${pages()} pages`);
    canonicalize('1');
  }
});

test('a text too large for the memory that there is is a RangeError, and the next call works', () => {
  for (const text of [`"${'x'.repeat(20e6)}"`, Buffer.alloc(20e6, '1.0,')]) {
    canonicalize('1');
    const { memory } = canonicalizing().exports;
    // Nothing is left for the module to ask for.
    memory.grow(65_536 - pages());
    assert.throws(() => canonicalize(text), { name: 'RangeError', message: /too large, or too little/ });
    assert.equal(canonicalize('[1.0]'), '[1]');
    assert.notEqual(canonicalizing().exports.memory, memory);
  }
  // What is short does not fail for want of memory: that is a defect, and said to be one.
  new Uint8Array(canonicalizing().exports.memory.buffer).fill(0xff);
  assert.throws(() => canonicalize('[1.0]'), { name: 'Trap' });
  assert.equal(canonicalize('[1.0]'), '[1]');
});

const files = Object.fromEntries((await vectors('canonical')).map(({ file, vectors: list }) => [file, list]));

test('the vectors of canonical texts are what their script writes', () => {
  const script = fileURLToPath(new URL('../../../tests/vectors/canonical/generate.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

test('every shared vector has the form it says, or is refused', () => {
  const all = Object.values(files).flat();
  assert.ok(all.length > 200, `${all.length} vectors`);
  assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
  for (const { name, input, input_base64, output } of all) {
    assert.notEqual(input === undefined, input_base64 === undefined, name);
    assert.equal(ours(input ?? Buffer.from(input_base64, 'base64')), output, name);
  }
});

/** The reasons there are, and what each claims of a text as far as Node can tell. */
const parses = (text) => host(text) !== undefined;
const reasons = {
  // Something can follow that makes a value of it.
  UnexpectedEnd: (text) => ['1', ']', '}', '"', '0000"', ':1}', '"":1}', '1}', 'n"', 'e', 'l', '1]'].some((rest) => parses(text + rest)),
  UnexpectedByte: (text) => !parses(text),
  InvalidUtf8: (_, bytes) => !isUtf8(bytes),
  InvalidEscape: (text) => text.includes('\\'),
  InvalidNumber: (text) => /(?<![0-9.])0[0-9]/.test(text),
  ControlCharacter: (text) => /"[^"]*[\u0000-\u001f]/.test(text),
  TrailingData: (text) => Array.from(text, (_, end) => text.slice(0, end)).some(parses),
  ByteOrderMark: (text) => text.startsWith('\ufeff'),
};

test('every shared vector is refused for a reason that is true of it', () => {
  assert.deepEqual(new Set(files['invalid.json'].map(({ reason }) => reason)), new Set(Object.keys(reasons)));
  for (const { name, input, input_base64, reason, output } of files['invalid.json']) {
    const bytes = Buffer.from(input ?? input_base64, input === undefined ? 'base64' : 'utf8');
    assert.equal(output, undefined, name);
    assert.equal(reasons[reason](bytes.toString(), bytes), true, name);
  }
});
