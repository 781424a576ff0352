// What is entered in the playground's form, and what becomes of it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { load } from './load.mjs';

const { EMPTY, bodyOf, bytesOf, edited, inForm, pasted } = await load('/src/playground/view/body.ts');
const { hiddenIn } = await load('/src/playground/view/marked.tsx');
const { readHeaders, writeHeaders } = await load('/src/playground/view/headers.ts');
const { formOfScheme, partsOf, schemeOfForm } = await load('/src/playground/view/custom.ts');
const { presets, whole } = await load('/src/playground/view/schemes.ts');

const bytes = (text) => new Uint8Array(Buffer.from(text, 'latin1'));
const same = (one, other) => assert.equal(Buffer.from(one).toString('hex'), Buffer.from(other).toString('hex'));

test('every body comes back from the form that it is edited in, byte for byte', () => {
  const bodies = ['', 'a', 'a\nb', 'a\r\nb\r\n', 'a\r\nb\nc', 'a\rb', '\r', '\n\r', '\xef\xbb\xbf{}', '\xff\xfe', '\xed\xa0\x80', '\0', '\xe2\x80\xa8'].map(bytes);
  for (const body of [...bodies, ...Array.from({ length: 200 }, (_, index) => new Uint8Array(randomBytes(index % 40)))]) {
    const edited = bodyOf(body);
    same(bytesOf(edited), body);
    for (const form of ['text', 'hex', 'base64']) same(bytesOf(inForm(edited, form)), body);
    // What a text field of a browser makes of it.
    if (edited.form === 'text') assert.equal(edited.text, edited.text.replace(/\r\n?/g, '\n'));
  }
});

test('a body that is too long for a text field is held as it is, however it came', () => {
  const long = bytes('ab\r\n'.repeat(80_000));
  for (const held of [bodyOf(long), edited({ form: 'text', text: '', crlf: true }, Buffer.from(long).toString()), edited({ form: 'base64', text: '', crlf: false }, Buffer.from(long).toString('base64'))]) {
    assert.equal(held.form, 'held');
    same(bytesOf(held), long);
    assert.equal(inForm(held, 'hex'), held);
  }
  // Its hex is longer than a field takes as text, and it is not.
  const hex = '00'.repeat(200_000);
  assert.deepEqual(edited({ form: 'hex', text: '', crlf: false }, hex), { form: 'hex', text: hex, crlf: false });
  assert.equal(edited({ form: 'hex', text: '', crlf: false }, `${hex.repeat(2)}zz`).form, 'hex');
});

test('what is pasted into a body that has no line yet is what was copied, and among lines it is like them', () => {
  for (const text of ['a\r\nb\n', 'a\r\nb\r\n', 'a\rb', 'a\r\n'.repeat(200_000)]) same(bytesOf(pasted(EMPTY, ['', ''], text)), bytes(text));
  same(bytesOf(pasted({ ...EMPTY, text: '<x>', crlf: true }, ['<', '>'], 'a\r\nb\n')), bytes('<a\r\nb\n>'));
  for (const [form, rest, text] of [['text', '', 'a\nb'], ['text', 'a\n', 'b\r\n'], ['hex', '', '61\r\n62']]) {
    assert.equal(pasted({ form, text: rest, crlf: false }, [rest, ''], text), undefined);
  }
  same(bytesOf(pasted({ ...EMPTY, text: '\n', crlf: true }, ['\n', ''], 'a\n'.repeat(200_000))), bytes(`\r\n${'a\r\n'.repeat(200_000)}`));
});

test('hex and base64 may be broken into lines, and what is neither says so', () => {
  same(bytesOf({ form: 'hex', text: '7b\n7D ', crlf: false }), bytes('{}'));
  same(bytesOf({ form: 'base64', text: 'e30\n=', crlf: false }), bytes('{}'));
  for (const [form, text] of [['hex', '7'], ['hex', 'zz'], ['base64', 'e'], ['base64', '*']]) {
    assert.equal(bytesOf({ form, text, crlf: false }).name, 'NotationError', `${form} ${text}`);
  }
});

test('headers are read one a line, and what is none is told with its line', () => {
  const { headers, problems } = readHeaders('Host: a\r\n x-b :  1:2 \n\nno header\n: nothing\nx c: 1\nempty:');
  assert.deepEqual(headers, [['Host', 'a'], ['x-b', '1:2'], ['empty', '']]);
  assert.deepEqual(problems.map(({ line }) => line), [4, 5, 6]);
  assert.deepEqual(readHeaders(writeHeaders(headers)).headers, headers);
  // Of a link, which holds any text.
  assert.deepEqual(readHeaders(writeHeaders([['x-a', 'b\r\nx-c: d']])).headers, [['x-a', 'b  x-c: d']]);
});

test('every scheme comes back from the form for custom ones', async () => {
  const { cases } = JSON.parse(await readFile(new URL('../../tests/vectors/signature/custom.json', import.meta.url), 'utf8'));
  const { answers } = await load('/src/playground/worker/engine.ts');
  const schemes = [...presets.map(whole), ...new Map(cases.map(({ scheme }) => [JSON.stringify(scheme), scheme])).values()];
  assert.ok(schemes.length > presets.length + 5);
  for (const scheme of schemes) {
    const back = schemeOfForm(formOfScheme(scheme));
    for (const [name, value] of Object.entries(scheme)) {
      // What a preset offers is said of it only. Texts side by side are one; what is signed is compared below.
      if (!['replay', 'signed'].includes(name)) assert.deepEqual(back[name], value, `${scheme.name}.${name}`);
    }
    const message = { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', body: bytes('{}'), id: 'm', timestamp: 1 };
    const signed = (given) => answers.sign({ scheme: given, ...message });
    assert.deepEqual(signed(back), signed(Object.fromEntries(Object.entries(scheme).filter(([name]) => name !== 'replay'))), scheme.name);
  }
});

test('a template is read part by part', () => {
  assert.deepEqual(partsOf('v0:{timestamp}:{body}'), [{ text: 'v0:' }, 'timestamp', { text: ':' }, 'body']);
  assert.deepEqual(partsOf('{id}.{timestamp}.{body}'), ['id', { text: '.' }, 'timestamp', { text: '.' }, 'body']);
  assert.deepEqual(partsOf('{other}{body'), [{ text: '{other}{body' }]);
  assert.deepEqual(partsOf(''), []);
});

test('every character that cannot be seen has a mark, and no letter, sign or emoji has', () => {
  const range = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const hidden = [
    ...range(0, 0x1f), ...range(0x7f, 0xa0), 0xad, 0x34f, ...range(0x600, 0x605), 0x61c, 0x6dd, 0x70f, 0x8e2, 0x115f, 0x1160, 0x1680, 0x17b4, 0x17b5, ...range(0x180b, 0x180f),
    ...range(0x2000, 0x200f), ...range(0x2028, 0x202f), ...range(0x205f, 0x206f), 0x2800, 0x3000, 0x3164, 0xd800, 0xdfff, 0xe000, ...range(0xfe00, 0xfe0f), 0xfeff, 0xffa0, ...range(0xfff9, 0xfffb), 0xffff,
    0x110bd, ...range(0x13430, 0x1343f), ...range(0x1bca0, 0x1bca3), ...range(0x1d173, 0x1d17a), ...range(0xe0000, 0xe0fff), 0xf0000, 0x10ffff,
  ];
  for (const point of hidden) {
    const character = String.fromCodePoint(point);
    assert.deepEqual(hiddenIn(`a${character}b`), ['a', character, 'b'], `U+${point.toString(16)}`);
  }
  for (const text of ['a b~', 'é', 'e\u0301', 'Ж', 'א', '中', 'ㅎ', '€', '😀', '👩', '𝄞', '⠁', '\u00a1']) {
    assert.deepEqual(hiddenIn(text), [text]);
  }
});
