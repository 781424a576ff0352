import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './load.mjs';
import { repeated } from './random.mjs';

const { read } = await load('/src/playground/import/index.ts');

const bytes = (text) => new TextEncoder().encode(text);
const text = (bytes) => Buffer.from(bytes).toString();
const only = (input) => {
  const { requests } = read(input);
  assert.equal(requests.length, 1);
  return requests[0];
};
const refused = (input, words, position) =>
  assert.throws(() => read(input), (error) => {
    assert.equal(error.name, 'ImportError', error.stack);
    assert.match(error.message, words);
    assert.ok(error.remedy.length > 0);
    if (position !== undefined) assert.deepEqual(error.position, position);
    return true;
  }, String(input.slice(0, 99)));

test('a request as it stands on the wire is read with either line break', () => {
  for (const end of ['\r\n', '\n']) {
    const { request, notes, schemes } = only(['POST /hooks?a=1 HTTP/1.1', 'Host: example.com', 'Qlik-Signature:  ab ', 'content-length: 5', '', 'a\r\nb\n'].join(end));
    assert.deepEqual(request, { method: 'POST', url: 'https://example.com/hooks?a=1', headers: [['Host', 'example.com'], ['Qlik-Signature', 'ab'], ['content-length', '5']], body: bytes('a\r\nb\n') });
    assert.deepEqual([notes, schemes[0].scheme], [[], 'qlik']);
  }
});

test('any body is taken byte for byte', () =>
  repeated(100, (random) => {
    const body = random.bytes(200);
    const { request } = only(Buffer.concat([bytes(`POST / HTTP/1.1\r\nx-a: \xe9\r\ncontent-length: ${body.length}\r\n\r\n`), body]));
    assert.deepEqual(request.body, body);
    assert.deepEqual(request.headers[0], ['x-a', 'Ã©']);
  }));

test('headers alone, with what HTTP/2 makes of the request line, and headers before a body', () => {
  const list = read('content-type: application/json\nx-webhook-signature: ab\n');
  assert.deepEqual(list, { kind: 'headers', headers: [['content-type', 'application/json'], ['x-webhook-signature', 'ab']], notes: [] });
  const { request } = only(':method: PUT\n:path: /a\n:authority: example.com\n:scheme: https\nx-a: b\n\n{}');
  assert.deepEqual(request, { method: 'PUT', url: 'https://example.com/a', headers: [['x-a', 'b']], body: bytes('{}') });
  assert.equal(only('x-a: b\n\n{}').request.method, 'POST');
});

test('what is nothing else is a body', () => {
  for (const body of ['{"a": 1}\n', '[1]', 'text=a&b=c', 'hello', 'https://example.com/', 'Note: first\nsecond', '{"log":{"a":1}}', 'A=1', 'A=curl x', 'a=1&b=curl x', '<a>curl</a>', 'curly', '"curl x"']) {
    assert.deepEqual(read(body), { kind: 'body', body: bytes(body), notes: [] }, body);
  }
  const binary = Uint8Array.of(0, 255, 1);
  assert.deepEqual(read(binary), { kind: 'body', body: binary, notes: [] });
});

test('a byte order mark before a command, a request or headers is no part of them, and of a body it is', () => {
  const bom = Buffer.of(0xef, 0xbb, 0xbf);
  for (const given of ["curl https://example.com/ -H 'x-a: b' -d '{}'", 'POST / HTTP/1.1\r\nHost: example.com\r\n\r\n{}', 'x-a: b\nx-c: d']) {
    assert.deepEqual(read(Buffer.concat([bom, Buffer.from(given)])), read(given));
    assert.deepEqual(read(`\ufeff${given}`), read(given));
  }
  const body = Buffer.concat([bom, Buffer.from('{}')]);
  assert.deepEqual(read(body), { kind: 'body', body, notes: [] });
});

test('headers that are not right are refused with their place', () => {
  refused('POST / HTTP/1.1\nhost: a\n  b\n\n{}', /goes on with the header before/, { line: 3, column: 1 });
  refused('POST / HTTP/1.1\r\nhost : a\r\n\r\n', /space between the name/, { line: 2, column: 1 });
  refused('POST / HTTP/1.1\nhost: a\n{"a":1}', /no header/, { line: 3, column: 1 });
  refused('qlik-signature: a\n{"a":1}', /no header/, { line: 2, column: 1 });
  refused('HTTP/1.1 200 OK\n\n', /response/, { line: 1, column: 1 });
  refused(`POST / HTTP/1.1\n${'a: b\n'.repeat(1001)}\n`, /more than 1000 headers/);
  refused('', /nothing/);
  refused(' \n', /nothing/);
  refused(new Uint8Array((32 << 20) + 1), /longer than 32 MiB/);
});

test('chunks are put together, and broken ones refused', () => {
  const head = 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n';
  const { request, notes } = only(`${head}5;a=b\r\nab\r\nc\r\n0001\r\nd\r\n0\r\ntrailer: x\r\n\r\n`);
  assert.equal(text(request.body), 'ab\r\ncd');
  assert.match(notes[0], /put together/);
  assert.match(only(`${head}{"a":1}`).notes[0], /is not/);
  assert.equal(text(only(`${head}{"a":1}`).request.body), '{"a":1}');
  assert.equal(text(only(`${head}12345\r\n`).request.body), '12345\r\n');
  refused(`${head}2\r\nab\r\nzz\r\n`, /size of a chunk/, { line: 6, column: 1 });
  refused(`${head}2\r\nabc\r\n0\r\n\r\n`, /2 bytes, and no line break/, { line: 4, column: 1 });
  refused(`${head}2\r\nab\r\n`, /size of a chunk/);
});

test('a length that differs is noted, with the likely reason', () => {
  const note = (length, body) => only(`POST / HTTP/1.1\ncontent-length: ${length}\n\n${body}`).notes[0];
  assert.match(note(2, '{}\n'), /a line break was probably added/);
  assert.match(note(5, '{\n\n}'.slice(0, 4)), /not as it travelled|CRLF/);
  assert.match(note(6, '{\n\n}'), /CRLF/);
  assert.match(note(99, '{}'), /content-length is 99, but the body has 2 bytes/);
  assert.match(only('POST / HTTP/1.1\ncontent-encoding: gzip\n\na').notes[0], /compressed/);
});

const entry = (request, more = {}) => ({ startedDateTime: '2026-11-21T09:30:00.000Z', request: { method: 'POST', url: 'https://example.com/', headers: [], ...request }, response: {}, ...more });
const har = (...entries) => JSON.stringify({ log: { version: '1.2', creator: {}, entries } }, null, 2);

test('every entry of a HAR file that has a request is read', () => {
  const { kind, requests, notes } = read(har(
    entry({ headers: [{ name: ':method', value: 'POST' }, { name: 'Stripe-Signature', value: 't=1,v1=a' }], postData: { mimeType: 'application/json', text: '{"é":1}' } }),
    entry({ method: 'GET' }),
    entry({ postData: { encoding: 'base64', text: 'AP8=' } }),
    {},
    entry({ headers: 7 }),
  ));
  assert.deepEqual([kind, requests.length], ['har', 3]);
  assert.deepEqual(requests[0].request, { method: 'POST', url: 'https://example.com/', headers: [['Stripe-Signature', 't=1,v1=a']], body: bytes('{"é":1}') });
  assert.deepEqual([requests[0].time, requests[0].schemes[0].scheme, requests[0].notes], ['2026-11-21T09:30:00.000Z', 'stripe', []]);
  assert.deepEqual(requests[2].request.body, Uint8Array.of(0, 255));
  assert.deepEqual(notes, ['log.entries[3] was passed over: it has no request.', 'log.entries[4] was passed over: its request has no headers.']);
});

test('bodies of a HAR file that are not there, or not as they travelled, are noted', () => {
  for (const [request, words] of [
    [{ bodySize: 12 }, /not in the file/],
    [{ postData: { mimeType: 'application/json' } }, /not in the file/],
    [{ headers: [{ name: 'Content-Length', value: '5' }], postData: { text: '' } }, /not in the file/],
    [{ bodySize: 12, postData: { text: '{}' } }, /sent with 12 bytes, but its text has 2/],
    [{ postData: { text: 'a\ufffdb' } }, /U\+FFFD/],
    [{ postData: { text: 'a\ud83d b' } }, /half of a surrogate pair/],
    [{ postData: { text: 'A', encoding: 'base64' } }, /said to be base64/],
    [{ postData: { mimeType: 'multipart/form-data; boundary=a', text: '--a' } }, /several parts/],
    [{ postData: { mimeType: 'application/x-www-form-urlencoded', params: [{ name: 'a', value: 'b c' }] } }, /written anew/],
    [{ headers: [{ name: 'x-a', value: '€' }] }, /no byte stands for/],
  ]) {
    const { notes } = only(har(entry(request)));
    assert.ok(notes.some((note) => words.test(note)), `${JSON.stringify(request)}: ${notes}`);
  }
  assert.equal(text(only(har(entry({ postData: { mimeType: 'application/x-www-form-urlencoded', params: [{ name: 'a', value: 'b c' }] } }))).request.body), 'a=b+c');
  assert.deepEqual(only(har(entry({ bodySize: -1, postData: { text: '{}' } }))).notes, []);
});

test('a HAR file that is cut off, empty or strange is refused', () => {
  const cut = har(entry({})).slice(0, 200);
  refused(cut, /no JSON/, { line: cut.split('\n').length, column: cut.split('\n').at(-1).length + 1 });
  refused(har(), /No entry/);
  refused('{"log":{"version":"1.2","entries":{}}}', /no list log.entries/);
  refused('{"log":{"version":"1.2","__proto__":{"entries":[]}}}', /no list log.entries/);
});

test('a HAR file is one wherever its log stands, and however long its comment is', () => {
  const log = { version: '1.2', entries: [entry({})] };
  for (const file of [{ comment: 'c', log }, { log: { comment: 'c'.repeat(10_000), ...log } }, { 'a': [{}], log }]) {
    assert.equal(read(JSON.stringify(file)).kind, 'har');
  }
  for (const body of ['{"type":"a","log":{"version":1}}', '{"type":"a","log":{"entries":1}}', '{"event":"x","log":{"entries":[{"msg":"hi"}]}}', '{"event":"x","log":{"entries":[]}}', '{"a":"{\\"log\\":{}}"}', '{"a":{"log":{"entries":[]}}}', '{"a":1,"log":{"entries":[']) {
    assert.equal(read(body).kind, 'body', body);
  }
});

test('a header of a file or a command stays one header, and what is none is left out', () => {
  const headers = [{ name: 'x-a', value: 'b\r\nqlik-signature: c' }, { name: 'x-b: c\nqlik-signature', value: 'd' }, { name: 'x-c', value: 'e' }];
  const { request, notes, schemes } = only(har(entry({ headers })));
  assert.deepEqual(request.headers, [['x-a', 'b  qlik-signature: c'], ['x-c', 'e']]);
  assert.deepEqual(schemes, []);
  assert.match(notes[0], /x-a has a line break/);
  assert.match(notes[1], /is no name of a header/);
  assert.deepEqual(only("curl https://a.example -H $'x-a: b\\nqlik-signature: c'").request.headers, [['x-a', 'b qlik-signature: c']]);
});

test('the first ten thousand entries of a HAR file are read', () => {
  const { requests, notes } = read(JSON.stringify({ log: { creator: {}, entries: Array(10_001).fill(entry({})) } }));
  assert.equal(requests.length, 10_000);
  assert.match(notes[0], /10001 entries/);
});

test('whatever is pasted is read or refused in words, and soon', () =>
  repeated(400, ({ text, pick, bytes }) => {
    const pieces = ['curl ', 'POST / HTTP/1.1\n', 'a: b\n', '\n', '\r\n', '{', '"', "'", '$', '\\', '^', '|', '{"log":{"entries":[', ']}}', '-d ', '-H ', '--json ', 'é', '\0', '5\r\nabcde\r\n', 'transfer-encoding: chunked\n', ' '];
    const input = pick([() => text(40, pieces), () => bytes(60)])();
    const start = performance.now();
    try {
      read(input);
    } catch (error) {
      assert.equal(error.name, 'ImportError', error.stack);
    }
    assert.ok(performance.now() - start < 1000);
  }));

test('megabytes of anything take no long time', () => {
  for (const input of ['curl ' + '\\\n'.repeat(1 << 19), `curl "${'^\n'.repeat(1 << 19)}"`, 'a'.repeat(8 << 20), `curl -d '${'a'.repeat(8 << 20)}'`, 'POST / HTTP/1.1\n' + ' '.repeat(4 << 20), '\n'.repeat(4 << 20) + 'x', `curl x ${'\\'.repeat(1 << 20)}`, `curl ^"${'\\'.repeat(1 << 20)}^"`, `x: ${'a '.repeat(1 << 21)}b`, `cat ${'| '.repeat(1 << 20)}`, `curl -d $'${'\\n'.repeat(4 << 20)}'`, `curl -d "${'\\"'.repeat(1 << 20)}"`, `curl -d "${'"" '.repeat(4000)}`, 'POST / HTTP/1.1\ntransfer-encoding: chunked\n\n' + '1\na\n'.repeat(1 << 19)]) {
    const start = performance.now();
    try {
      read(input);
    } catch (error) {
      assert.equal(error.name, 'ImportError', error.stack);
    }
    assert.ok(performance.now() - start < 15_000, `${JSON.stringify(input.slice(0, 30))}: ${performance.now() - start} ms`);
  }
});
