// Writes the filter vectors beside this file, with the parser, printer and evaluator of read.mjs.
//
//   node tests/vectors/filter/generate.mjs            # writes
//   node tests/vectors/filter/generate.mjs --check    # exits 1 if a file differs from what it would write
//
// valid.json        {source, events, cases}: events in structured mode by their names, each
//                   as JSON text, for one holds half of a surrogate pair, which many readers refuse; a case is
//   name, source    a sentence, and where the rule comes from
//   filter          as somebody writes it
//   normal          its normal form
//   attributes      those it asks for, sorted
//   matches         the names of the events that pass; all others do not
// invalid.json      {source, cases}: name, source, filter, position (in bytes of UTF-8), reason
// event-types.json  {source, cases}: name, source, filter, eventTypes, refused: the type that forbids it, null if there is
//                   none at all, false if all is well
//
// What passes, where and why something is refused is never written by hand: it is what read.mjs makes of it.

import { readFileSync, writeFileSync } from 'node:fs';

import { LIMITS, RELOAD, Refused, attributesOf, flat, parse, passes, print, refusedType } from './read.mjs';

// ---- The events.

const event = (attributes) => ({ specversion: '1.0', id: 'event-1', source: 'com.qlik/engine', type: RELOAD, ...attributes });

const events = {
  'all there': event({ spaceid: 'spaceId123', toplevelresourceid: 'id789', subject: 'id123', data: { id: 'id123', status: 'ok', name: 'Sales' } }),
  'nothing there': event({}),
  'another space': event({ spaceid: 'spaceId456', data: { id: 'app-2', status: 'error' } }),
  'only a top level resource': event({ toplevelresourceid: 'id789' }),
  'only a subject': event({ subject: 'id123' }),
  'an id and another subject': event({ subject: 'id123', data: { id: 'app-2' } }),
  'a null id and a subject': event({ subject: 'id123', data: { id: null } }),
  'a number as id and a subject': event({ subject: 'id123', data: { id: 123 } }),
  'an object as id and a subject': event({ subject: 'id123', data: { id: { id: 'id123' } } }),
  'half a pair as id and a subject': event({ subject: 'id123', data: { id: '\ud800' } }),
  'an empty id and a subject': event({ subject: 'id123', data: { id: '' } }),
  'the id of the event itself': event({ id: 'id123', data: {} }),
  'an id in upper case': event({ spaceid: 'SPACEID123', data: { id: 'ID123', status: 'OK' } }),
  'an id with spaces': event({ data: { id: ' id123 ' } }),
  'a number as subject': event({ subject: '123' }),
  'a number as space': event({ spaceid: 123 }),
  'a boolean as space': event({ spaceid: true }),
  'a null space': event({ spaceid: null }),
  'an array as data': event({ subject: 'id123', data: ['id123'] }),
  'text as data': event({ subject: 'id123', data: 'id123' }),
  'binary data': event({ subject: 'id123', data_base64: 'eyJpZCI6ImEifQ==' }),
  'a status that is an object': event({ data: { status: { status: 'ok' } } }),
  'a status deeper down': event({ data: { data: { status: 'ok' } } }),
  'a status outside of data': event({ status: 'ok', datastatus: 'ok' }),
  'special characters': event({ data: { id: 'é😀\n"\\/\u0000' } }),
  'a composed letter': event({ data: { id: 'é' } }),
  'a decomposed letter': event({ data: { id: 'e\u0301' } }),
  'an attribute named as in filters': event({ data: { spaceId: 'spaceId123', topLevelResourceId: 'id789' } }),
  'a parenthesis as id': event({ data: { id: ') or (' } }),
};
// Every combination of four truths, to tell structures apart.
for (let bits = 0; bits < 16; bits += 1) {
  const [id, spaceid, toplevelresourceid, status] = [8, 4, 2, 1].map((bit) => (bits & bit ? '1' : '0'));
  events[`truth ${id}${spaceid}${toplevelresourceid}${status}`] = event({ spaceid, toplevelresourceid, data: { id, status } });
}

// ---- The cases.

const QLIK = 'Qlik Cloud REST, webhooks: description of `filter`';
const QLIK_EXAMPLE = 'Qlik Cloud REST, webhooks: example of POST /api/v1/webhooks';
const RFC = 'RFC 7644, section 3.4.2.2';
const STRING = 'RFC 7644, section 3.4.2.2, compValue: RFC 8259, section 7';
const EXACT = 'RFC 7643, section 3.1: identifiers are case-exact';
const EVENT = 'sigpost: id is data.id, else subject; the others are the extensions and data.status';
const CE = 'CloudEvents 1.0.2, section 3.1: types and their text';
const CE_NULL = 'CloudEvents JSON format 1.0.2, section 2.2: null is absent';
const OWN = 'sigpost: what neither Qlik nor RFC 7644 says, see core/src/filter/mod.rs';
const NORMAL = 'sigpost: the normal form';
const BOUND = 'sigpost: a filter is bounded';

const [a, b, c, d] = ['id eq "1"', 'spaceId eq "1"', 'topLevelResourceId eq "1"', 'data.status eq "1"'];
const many = (count, word = 'or') => Array.from({ length: count }, (_, place) => `id ne "${place}"`).join(` ${word} `);
const nested = (depth) => `${'('.repeat(depth)}${a}${')'.repeat(depth)}`;
// Parentheses that all count: a and (b or (a and (b or …))).
const woven = (depth) => Array.from({ length: depth }, (_, place) => `${place % 2 ? a : b} ${place % 2 ? 'or' : 'and'} (`).join('') + c + ')'.repeat(depth);

const valid = [
  ['the example of the documentation', QLIK_EXAMPLE, 'id eq "id123" or spaceId eq "spaceId123" or spaceId eq "spaceId456" or topLevelResourceId eq "id789"'],
  ['id is equal', QLIK, 'id eq "id123"'],
  ['id is not equal', QLIK, 'id ne "id123"'],
  ['spaceId is equal', QLIK, 'spaceId eq "spaceId123"'],
  ['spaceId is not equal', QLIK, 'spaceId ne "spaceId123"'],
  ['topLevelResourceId is equal', QLIK, 'topLevelResourceId eq "id789"'],
  ['topLevelResourceId is not equal', QLIK, 'topLevelResourceId ne "id789"'],
  ['a reload that worked', QLIK, 'data.status eq "ok"'],
  ['a reload that failed', QLIK, 'data.status eq "error"'],
  ['a reload that did not work', QLIK, 'data.status ne "ok"'],
  ['a status no reload has', OWN, 'data.status eq "cancelled"'],
  ['failed reloads of a space', QLIK, 'spaceId eq "spaceId456" and data.status eq "error"'],
  ['neither of two', QLIK, 'id ne "id123" and id ne "app-2"'],
  ['and binds tighter on the left', RFC, `${a} and ${b} or ${c}`],
  ['and binds tighter on the right', RFC, `${a} or ${b} and ${c}`],
  ['and binds tighter on both sides', RFC, `${a} and ${b} or ${c} and ${d}`],
  ['and binds tighter in the middle', RFC, `${a} or ${b} and ${c} or ${d}`],
  ['three of and', RFC, `${a} and ${b} and ${c}`],
  ['three of or', RFC, `${a} or ${b} or ${c}`],
  ['a group on the left', RFC, `(${a} or ${b}) and ${c}`],
  ['a group on the right', RFC, `${a} and (${b} or ${c})`],
  ['groups on both sides', RFC, `(${a} or ${b}) and (${c} or ${d})`],
  ['a group in the middle', RFC, `${a} and (${b} or ${c}) and ${d}`],
  ['a group in a group', RFC, `${a} and (${b} or ${c} and (${d} or ${a}))`],
  ['a group that begins a group', RFC, `((${a} or ${b}) and ${c} or ${d}) and ${b}`],
  ['groups that end together', RFC, `${d} and (${a} or ${b} and (${c} or ${a} and (${b} or ${d})))`],
  ['a needless group around all', NORMAL, `(${a} or ${b})`],
  ['a needless group around one', NORMAL, `(${a})`],
  ['needless groups around each', NORMAL, `(${a}) and (${b}) or (${c})`],
  ['needless groups around and', NORMAL, `(${a} and ${b}) or (${c} and ${d})`],
  ['or in or', NORMAL, `${a} or (${b} or (${c} or ${d}))`],
  ['or in or on the left', NORMAL, `((${a} or ${b}) or ${c}) or ${d}`],
  ['and in and', NORMAL, `${a} and (${b} and (${c} and ${d}))`],
  ['and in and on the left', NORMAL, `((${a} and ${b}) and ${c}) and ${d}`],
  ['a group twice', NORMAL, `((${a} or ${b})) and ${c}`],
  ['groups that are needless only in part', NORMAL, `((${a}) or ((${b} and (${c})))) and ((${d}))`],
  ['or in and in a needless group', NORMAL, `${a} and ((${b} or ${c}) and ${d})`],
  ['and in or in a needless group', NORMAL, `${a} or ((${b} and ${c}) or ${d})`],
  ['order and repetition stay', NORMAL, `${b} or ${a} or ${b} or ${a}`],
  ['a comparison and its opposite', RFC, 'id eq "id123" and id ne "id123"'],
  ['operators in upper case', RFC, 'id EQ "id123" OR id NE "1"'],
  ['operators in mixed case', RFC, 'id eQ "id123" aNd spaceId Ne "1" Or id Eq "1"'],
  ['attributes in another case', RFC, 'ID eq "1" and SPACEID eq "1" and toplevelresourceid eq "1" or Data.Status eq "1"'],
  ['values keep their case', EXACT, 'id eq "ID123"'],
  ['a status keeps its case', OWN, 'data.status eq "OK"'],
  ['white space in a value counts', EXACT, 'id eq " id123 "'],
  ['a composed letter is another than a decomposed one', EXACT, 'id eq "e\\u0301"'],
  ['white space around all', OWN, ' \t\r\nid eq "id123" \n'],
  ['white space of every kind', OWN, 'id\teq\r\n"id123"  or\n\tid   ne\t"1"'],
  ['white space in parentheses', OWN, `( ${a} or ( ${b} ) )\tand ${c}`],
  ['an empty value', STRING, 'id eq ""'],
  ['not an empty value', STRING, 'id ne ""'],
  ['an escaped letter', STRING, 'id eq "\\u0069d\\u0031\\u00323"'],
  ['every escape', STRING, 'id eq "\\u00e9\\uD83D\\ude00\\n\\"\\\\\\/\\u0000"'],
  ['every short escape', STRING, 'id ne "\\"\\\\\\/\\b\\f\\n\\r\\t"'],
  ['characters as they are', STRING, 'id eq "é😀\u007f\u2028"'],
  ['a letter beyond ASCII', STRING, 'id eq "é"'],
  ['words and parentheses in a value', STRING, 'id eq ") or (" or id eq "\\" or id eq \\"1"'],
  ['a backslash before the closing quote', STRING, 'id eq "\\\\" or id eq "\\\\\\""'],
  ['the own id of an event is not asked', EVENT, 'id eq "event-1"'],
  ['data.id comes before the subject', EVENT, 'id eq "app-2"'],
  ['a number in data is no text', EVENT, 'id eq "123"'],
  ['an absent attribute is not equal to anything', EVENT, 'topLevelResourceId ne "x"'],
  ['an absent attribute equals nothing', EVENT, 'topLevelResourceId eq "undefined" or topLevelResourceId eq "null"'],
  ['a number in an extension is its text', CE, 'spaceId eq "123"'],
  ['a boolean in an extension is its text', CE, 'spaceId eq "true"'],
  ['null is absent', CE_NULL, 'spaceId eq "null" or id eq "null"'],
  ['all four attributes', QLIK, `${a} and ${b} and ${c} and ${d}`],
  ['all four attributes, denied', QLIK, `${a} or ${b} or ${c} or ${d}`.replaceAll(' eq ', ' ne ')],
  ['as many comparisons as there may be', BOUND, many(LIMITS.comparisons, 'and')],
  ['as many parentheses as there may be', BOUND, nested(LIMITS.depth)],
  ['as many parentheses as there may be, none needless', BOUND, woven(LIMITS.depth)],
  ['as many bytes as there may be', BOUND, `id ne "${'é'.repeat((LIMITS.bytes - 8) / 2)}"`],
];

const invalid = [
  ['nothing', RFC, ''],
  ['nothing but white space', RFC, ' \n'],
  ['an attribute alone', RFC, 'id'],
  ['an attribute and a space', RFC, 'id '],
  ['no value', RFC, 'id eq'],
  ['no value but a space', RFC, 'id eq  '],
  ['nothing after and', RFC, `${a} and`],
  ['nothing after or', RFC, `${a} or `],
  ['and at the beginning', RFC, `and ${a}`],
  ['and after or', RFC, `${a} or AND ${b}`],
  ['a value at the beginning', RFC, '"id" eq "1"'],
  ['an attribute from elsewhere', QLIK, 'ownerId eq "1"'],
  ['an attribute of SCIM', QLIK, `${a} or userName eq "bjensen"`],
  ['an attribute by its name in events', QLIK, 'spaceid eq "1" or subject eq "1"'],
  ['another member of data', QLIK, 'data.id eq "1"'],
  ['a part of status', QLIK, 'data.status.code eq "1"'],
  ['a URI before the attribute', QLIK, 'urn:ietf:params:scim:schemas:core:2.0:id eq "1"'],
  ['an attribute like another in Unicode', QLIK, 'ıd eq "1"'],
  ['an operator at the beginning', RFC, 'eq "1"'],
  ['a long name', QLIK, `${'x'.repeat(100)} eq "1"`],
  ...['co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'].map((word) => [`operator ${word}`, QLIK, `spaceId ${word} "1"`]),
  ['operator pr', QLIK, 'id pr'],
  ['operator PR between others', QLIK, `${a} and id PR or ${b}`],
  ['signs for an operator', QLIK, 'id == "1"'],
  ['an operator that touches the attribute', QLIK, 'id="1"'],
  ['a string as operator', RFC, 'id "eq" "1"'],
  ['not before a group', QLIK, `not (${a})`],
  ['not that touches its group', QLIK, `${a} and NOT(${b})`],
  ['not before a comparison', QLIK, `not ${a}`],
  ['a filter of values', QLIK, 'id[type eq "work"]'],
  ['a filter of values of an unknown attribute', QLIK, 'emails[type eq "work"]'],
  ['true', QLIK, 'id eq true'],
  ['null', QLIK, 'id eq null'],
  ['a number', QLIK, 'id eq 123'],
  ['no quotes', QLIK, 'spaceId eq spaceId123'],
  ['single quotes', QLIK, "id eq 'id123'"],
  ['curly quotes', QLIK, 'id eq “id123”'],
  ['a group as value', RFC, 'id eq ("1")'],
  ['a list as value', RFC, 'id eq ["1","2"]'],
  ['a string without an end', STRING, 'id eq "1'],
  ['a quote alone', STRING, 'id eq "'],
  ['a string that ends in a backslash', STRING, 'id eq "1\\'],
  ['a string whose closing quote is escaped', STRING, 'id eq "1\\"'],
  ['a string that ends in an escape', STRING, 'id eq "\\u00e'],
  ['an unknown escape', STRING, 'id eq "\\x31"'],
  ['an escape of too few digits', STRING, 'id eq "é\\u12"'],
  ['an escape of no digits', STRING, 'id eq "\\u{31}"'],
  ['a line break in a string', STRING, 'id eq "1\n2"'],
  ['a tab in a string without an end', STRING, 'id eq "1\t or '],
  ['a zero in a string', STRING, 'id eq "\u0000"'],
  ['the first half of a pair', OWN, 'id eq "\\ud83d"'],
  ['the second half of a pair', OWN, 'id eq "é\\\\\\uDE00"'],
  ['the first half before a pair', OWN, 'id eq "\\ud83d\\ud83d\\ude00"'],
  ['the second half after a pair', OWN, 'id eq "\\ud83d\\ude00\\ude00"'],
  ['no word between comparisons', RFC, `${a} ${b}`],
  ['another word between comparisons', RFC, `${a} xor ${b}`],
  ['signs between comparisons', RFC, `${a} && ${b}`],
  ['a comma between comparisons', RFC, `${a}, ${b}`],
  ['two values', RFC, 'id eq "1" "2"'],
  ['a bracket at the end', RFC, 'id eq "1"]'],
  ['no space before the value', RFC, 'id eq"1"'],
  ['no space before and', RFC, `${a}and ${b}`],
  ['no space before or behind a group', RFC, `(${a})or ${b}`],
  ['no space behind or before a group', RFC, `${a} or(${b})`],
  ['a group of nothing', RFC, '()'],
  ['a group that is not closed', RFC, `(${a}`],
  ['the inner of two groups is not closed', RFC, `(${a}) and (${b} or (${c}`],
  ['a group that is not opened', RFC, `${a})`],
  ['a group that is closed twice', RFC, `(${a})) or ${b}`],
  ['a group closed in a comparison', RFC, '(id eq) "1"'],
  ['a group opened behind a comparison', RFC, `${a} (${b})`],
  ['a byte order mark', OWN, `\ufeff${a}`],
  ['a space that is none', OWN, 'id\u00a0eq "1"'],
  ['a vertical tab', OWN, 'id eq\v"1"'],
  ['a position behind characters of several bytes', OWN, 'id eq "é😀" or nane eq "1"'],
  ['one byte too many', BOUND, `id eq "${'a'.repeat(LIMITS.bytes - 7)}"`],
  ['characters of too many bytes', BOUND, `id eq "${'é'.repeat(LIMITS.bytes / 2 - 3)}"`],
  ['one comparison too many', BOUND, many(LIMITS.comparisons + 1)],
  ['one parenthesis too many', BOUND, nested(LIMITS.depth + 1)],
  ['one parenthesis too many, none needless', BOUND, woven(LIMITS.depth + 1)],
];

const CREATED = 'com.qlik.v1.app.created';
const eventTypes = [
  ['data.status with the one type', QLIK, 'data.status eq "ok"', [RELOAD]],
  ['data.status with the one type twice', OWN, 'data.status eq "ok"', [RELOAD, RELOAD]],
  ['data.status with another type', QLIK, 'data.status eq "ok"', [CREATED]],
  ['data.status with another type behind', QLIK, 'data.status eq "ok"', [RELOAD, CREATED]],
  ['data.status with another type before', QLIK, 'data.status eq "ok"', [CREATED, RELOAD]],
  ['data.status with no type', QLIK, 'data.status eq "ok"', []],
  ['data.status with a type of a similar name', QLIK, 'data.status eq "ok"', ['com.qlik.v1.reload.finished']],
  ['data.status with the type in upper case', OWN, 'data.status eq "ok"', [RELOAD.toUpperCase()]],
  ['data.status deep in a filter', QLIK, `${a} or (${b} and (${c} or DATA.STATUS ne "ok"))`, [CREATED]],
  ['other attributes with the one type', QLIK, `${a} and ${b} and ${c}`, [RELOAD]],
  ['other attributes with other types', QLIK, `${a} and ${b} and ${c}`, [CREATED, 'com.qlik.v1.user.created']],
  ['other attributes with both', QLIK, 'id eq "data.status"', [RELOAD, CREATED]],
  ['other attributes with no type', QLIK, a, []],
];

function refusal(filter) {
  try {
    parse(filter);
  } catch (error) {
    if (error instanceof Refused) return { position: error.position, reason: error.reason };
    throw error;
  }
  throw new Error(`not refused: ${filter}`);
}

function accepted([name, source, filter]) {
  const tree = parse(filter);
  const normal = print(flat(tree));
  const matches = Object.keys(events).filter((one) => passes(tree, events[one]));
  const again = parse(normal);
  if (print(flat(again)) !== normal || Object.keys(events).some((one) => passes(again, events[one]) !== matches.includes(one))) {
    throw new Error(`the normal form of ${filter} is another filter`);
  }
  return { name, source, filter, normal, attributes: attributesOf(tree), matches };
}

const source = 'Made by generate.mjs, which reads, prints and evaluates filters with read.mjs beside it. Do not edit.';
const files = {
  'valid.json': { source, events, cases: valid.map(accepted) },
  'invalid.json': { source, cases: invalid.map(([name, from, filter]) => ({ name, source: from, filter, ...refusal(filter) })) },
  'event-types.json': {
    source,
    cases: eventTypes.map(([name, from, filter, types]) => ({ name, source: from, filter, eventTypes: types, refused: refusedType(parse(filter), types) })),
  },
};

/** JSON with a line for each event and each case. */
function write({ source: from, events: named, cases }) {
  const members = Object.entries(named ?? {}).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(JSON.stringify(value))}`);
  const table = named ? `  "events": {\n${members.join(',\n')}\n  },\n` : '';
  const lines = cases.map((one) => `    ${JSON.stringify(one)}`);
  return `{\n  "source": ${JSON.stringify(from)},\n${table}  "cases": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

for (const [name, content] of Object.entries(files)) {
  const place = new URL(name, import.meta.url);
  const text = write(content);
  if (!process.argv.includes('--check')) {
    writeFileSync(place, text);
  } else if (readFileSync(place, 'utf8') !== text) {
    console.error(`${name} is not what generate.mjs writes`);
    process.exitCode = 1;
  }
}
