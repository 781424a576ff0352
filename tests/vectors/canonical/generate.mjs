// Writes valid.json and invalid.json: texts, and what JSON.stringify(JSON.parse(text)) makes of them in the Node that
// runs this. Run it after a change to the lists below:
//
//   node tests/vectors/canonical/generate.mjs            # writes
//   node tests/vectors/canonical/generate.mjs --check    # exits 1 if a file differs from what it would write
//
// Outputs are never written by hand. Reasons are: they are what our own errors are called, and say why Node throws.

import { readFileSync, writeFileSync } from 'node:fs';

const [major] = process.versions.node.split('.').map(Number);
if (major < 20 || major >= 24) {
  // Its V8 misreads some keys of one character that are written as an escape.
  console.error(`Node ${process.versions.node} is no oracle: run this with Node 20 or 22`);
  process.exit(1);
}

// As Response.text() decodes, but strict and without dropping a byte order mark.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const here = (name) => new URL(name, import.meta.url);
const big = (count, member) => `{${Array.from({ length: count }, (_, place) => member(place)).join(',')}}`;

const valid = {
  'array indices come first, ascending': ['{"b":1,"2":1,"10":1,"1":1,"a":1}'],
  'the largest array index': ['{"z":0,"4294967294":1,"0":2}'],
  'one more is a name': ['{"z":0,"4294967295":1,"0":2}'],
  'only the decimal form is an index': ['{"01":1,"+1":2,"-1":3,"1.0":4,"1e1":5,"-0":6," 1":8,"1":7}'],
  'large integers are names': ['{"z":0,"9007199254740991":1,"4294967296":3,"5":2}'],
  'an escaped index is an index': ['{"a":1,"\\u0031":2}'],
  'a repeated key keeps its place and takes the last value': [
    '{"a":1,"b":2,"a":3}',
    '{"a":1,"b":2,"\\u0061":3}',
    '{"a":{"z":1,"9":2},"b":0,"a":{"z":1,"9":2}}',
    '{"":1,"a":2,"":3}',
  ],
  'a repeated index': ['{"x":1,"3":1,"3":2,"1":0}'],
  '__proto__ is a key': ['{"__proto__":1,"a":1,"__proto__":2}', '{"__proto__":{"a":1}}', '{"a":0,"\\u005f_proto__":null}'],
  'names of methods are keys': ['{"toJSON":1,"constructor":2,"toString":3,"hasOwnProperty":4,"length":5}'],
  'a key that is a lone surrogate': ['{"\\uD800":1,"\\ud800":2,"\\uDC00":3}'],
  'a key of one backslash': ['{"id":1,"\\\\":1}', '{"id":1,"\\u0062":1}'],
  'order inside order': ['{"1":{"b":0,"2":[{"c":1,"0":2}],"b":{}},"0":{}}', '[{"b":{"b":{"b":0,"1":1},"1":1},"1":1}]'],
  'many members, with repeated ones': [
    big(40, (place) => `"key ${place}":${place}`),
    big(40, (place) => `"key ${place % 25}":${place}`),
    big(40, (place) => `"${(place * 17) % 40}":${place}`),
    big(40, (place) => (place % 3 ? `"${(place * 17) % 30}":${place}` : `"k${place % 10}":${place}`)),
  ],
  zero: ['0', '-0', '-0.0', '0e5', '-0e-5', '-1e-400', '2e-324', '0.000', '0E+0', '0e99999999999999999999'],
  'beyond the doubles': ['1e400', '-1e400', '1.7976931348623159e308', '[1e400,{"a":-1e999}]', '1e99999999999999999999'],
  'the largest double': ['1.7976931348623157e308', '1.7976931348623158e308', '-1.7976931348623157e+308'],
  'the smallest double': ['3e-324', '5e-324', '2.4703282292062327e-324', '2.4703282292062328e-324'],
  'where exponents begin': [
    '1e20', '1e21', '1000000000000000000000', '999999999999999999999', '999999999999999934463', '123e19', '0.000001',
    '0.0000001', '0.00000123', '0.000000123', '1e-6', '1e-7', '0.00000099999999999999995',
  ],
  'needless digits': ['1.0', '4.50', '1E5', '1e+5', '100e-2', '-0.5', '0.10', '10.0e-1', '1e00000000000005'],
  'beyond 2 to the 53': ['9007199254740991', '9007199254740993', '9007199254740993.0000000000000000000001', '12345678901234567890'],
  'many digits': [
    '123456789012345678901234567890', '333333333.33333329', '2.2250738585072011e-308', '2.2250738585072014e-308',
    '9244904400873339.000', '0.1234567890123456789', '5.0000000000000000000000000000001', '1e23', '8.41e21',
    '0.3000000000000000444089209850062616169452667236328125', '179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880',
  ],
  'longer than counters of exponents': [`0.${'0'.repeat(2000)}1e2001`, `1${'0'.repeat(2000)}e-2000`, `1e-${'0'.repeat(2000)}5`],
  'needless escapes': ['"\\u001B\\u007F\\u00e9\\u2028\\u2029\\/\\u002f"', '"\\u0041\\u00E9\\ufffd"'],
  'control characters': ['"\\u0008\\u000c\\u000A\\u000d\\u0009\\u000b\\u0000"', '"\\b\\f\\n\\r\\t\\"\\\\"', '"\\u0022\\u005C"'],
  'lone surrogates': ['"\\uD800"', '"\\uDFFF"', '"\\uDC00\\uD800"', '"\\uD83Dx"', '"\\uD83D\\n"', '"\\uD83D\\\\uDE00"'],
  'surrogate pairs': ['"\\uD83D\\uDE00"', '"\\uD83D\\uD83D\\uDE00"', '"\\udbff\\udfff\\ud800\\udc00"'],
  'characters that stand for themselves': ['"é中😀\u007f\u2028\u2029\u0085\u00a0"', '"\ufeff\\ufeff\ufffe\\uffff"'],
  'white space': [' \t\r\n{ "a" :\n[ 1 ,\t2 ] , "b" : { } , "c":[\n] }\r\n', ' 1', '1 ', '\n"a b"\n'],
  scalars: ['null', 'true', 'false', '""', '"a"', '[]', '{}', '[[],{}]'],
  // Little above 4,100 levels, JSON.stringify overflows the stack of these Nodes.
  deep: ['['.repeat(4000) + ']'.repeat(4000), '{"a":'.repeat(500) + '1' + '}'.repeat(500)],
};

const invalid = {
  UnexpectedEnd: ['', ' ', '[', '[1', '[1,', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,', '-', '1e', '1e+', '1.', '"', '"a', '"\\', '"\\u', '"\\u12', '"\\"', 'tru', 'nul'],
  UnexpectedByte: [
    '[1,]', '[,1]', '[1 2]', '{,}', '{"a":1,}', '{"a" 1}', '{"a":}', '{a:1}', '{1:1}', '[}', '{]', ']', '}', ',', '+1',
    '.5', '5.x', '1.e5', '1ex', 'NaN', '-Infinity', '--1', '-x', "'a'", 'TRUE', 'True', 'nulL', 'undefined', '/**/1', '//\n1',
    '\u00a01', '\f1', '\v1', '\u20281', '\u00001', '[1\u00a0]', '[\ufeff1]', '{"a":1 "b":2}', '{"a":1;"b":2}',
  ],
  InvalidEscape: ['"\\x41"', '"\\u12"', '"\\u12g4"', '"\\U0041"', '"\\0"', '"\\\'"', '"\\ud83d\\u12"', '"\\u+041"', '"\\u 041"', '"\\u{41}"', '"\\\n"'],
  InvalidNumber: ['01', '-01', '00', '[007]', '{"a":-00}', '00.5'],
  ControlCharacter: ['"\t"', '"\n"', '"\u0000"', '"a\u001f"', '{"\r":1}', '"\u001b[0m"'],
  TrailingData: ['1 2', '1,', '1]', '{}{}', '[]x', '1//', '1\u0000', '1\u00a0', 'truee', '0x1', '1_0', '"a"b', 'null\ufeff', '12-3', '1.5.2'],
  ByteOrderMark: ['\ufeff1', '\ufeff', '\ufeff{}'],
  InvalidUtf8: [
    '22ff22', '22c0af22', '22eda08022', '22e28222', '22f490808022', '2280 22', '22c3', '7b22ff223a317d', 'fffe3100', '31ff',
    '22f8888080 8022', '22edb08022', '22eda0bdedb88022', '22e0808022',
  ].map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex')),
};

const throws = (bytes) => {
  try {
    JSON.parse(decoder.decode(bytes));
    return false;
  } catch {
    return true;
  }
};

const named = (lists, make) =>
  Object.entries(lists).flatMap(([name, inputs]) =>
    inputs.map((input, place) => make(name, inputs.length > 1 ? `${name} ${place + 1}` : name, input)),
  );

// A string can hold all but what is no UTF-8.
const input = (value) => (typeof value === 'string' ? { input: value } : { input_base64: value.toString('base64') });

const files = {
  'valid.json': named(valid, (_, name, text) => ({ name, ...input(text), output: JSON.stringify(JSON.parse(text)) })),
  'invalid.json': named(invalid, (reason, name, value) => {
    if (!throws(Buffer.from(value))) throw new Error(`Node accepts ${JSON.stringify(value)}`);
    return { name, ...input(value), reason };
  }),
};

for (const [name, vectors] of Object.entries(files)) {
  const source =
    'What ECMA-262 says of JSON.parse, JSON.stringify, Number::toString and OrdinaryOwnPropertyKeys, as V8 of Node 20 and 22 does it; made by generate.mjs. Do not edit.';
  const text = `{\n  "source": ${JSON.stringify(source)},\n  "vectors": [\n${vectors.map((vector) => `    ${JSON.stringify(vector)}`).join(',\n')}\n  ]\n}\n`;
  if (process.argv.includes('--check')) {
    if (readFileSync(here(name), 'utf8') !== text) throw new Error(`${name} is not what Node ${process.versions.node} makes`);
  } else {
    writeFileSync(here(name), text);
  }
}
