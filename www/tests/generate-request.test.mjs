// Requests that are generated, sent by what they are generated for: a shell with curl, Node, a socket.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';

import { capture, run } from './capture.mjs';
import { load } from './load.mjs';
import { random, repeated } from './random.mjs';

const generate = await load('/src/playground/generate/request.ts');
const { read } = await load('/src/playground/import/index.ts');
const server = await capture();
const folder = await mkdtemp(join(tmpdir(), 'sigpost-generate-'));
after(async () => {
  loader.kill();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const PIECES = ['a', "'", '"', '$(touch injected)', '`touch injected`', '$HOME', '\\', '\n', '\0', '\r\n', '@file', 'é😀', '</script>', '<!--', '\u2028', '\ufeff', '%s%n', '!', '${1}', "'; touch injected; '", '-d', '\t', '{}', '\u202e', '\u00a0', '\u3000', '*/', '~', '&&', '#'];
const HOSTILE = [...PIECES, PIECES.join(''), '@/etc/hostname', '', '{"a":"é"}'].map((text) => Buffer.from(text));
HOSTILE.push(Buffer.of(0xff, 0xfe, 0), Buffer.alloc(150_000, "'"), Buffer.from(random(7).bytes(90_000)), Buffer.alloc(2_000_000, 1));
/** Values of headers, a code point for each byte. */
const VALUES = ["a'b", '"$(touch injected)"', '`id`\\', 'caf\xe9', 'Ã©', '@file', '%s', 'a\tb', '', '\xff\x80%d\'"', '; touch injected'];

const request = (more) => ({ method: 'POST', url: `${server.url}/hooks?a=[1-3]&b='%20{x,y}`, headers: [], body: Buffer.alloc(0), ...more });

let loaded = 0;
/** What the module of a path prints, in a process that loads one after the other. */
const loader = spawn(process.execPath, ['-e', "process.stdin.setEncoding('utf8'); require('readline').createInterface({ input: process.stdin }).on('line', (path) => import('file://' + path));"], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = createInterface({ input: loader.stdout })[Symbol.asyncIterator]();
async function answer(path) {
  loader.stdin.write(`${path}\n`);
  return (await lines.next()).value;
}

const senders = {
  curl: async (request) => {
    const file = join(folder, 'send.sh');
    await writeFile(file, generate.curl(request).replace(/curl --/, 'curl -sS --noproxy "*" --'));
    await run('sh', ['-c', `cd "${folder}" && sh ./send.sh`]);
  },
  fetch: async (request) => {
    const file = join(folder, 'send.mjs');
    await writeFile(file, generate.fetch(request));
    // A process for each program would take half a second; a module of its own is as good.
    assert.equal(await answer(`${file}?${(loaded += 1)}`), '200 taken');
  },
  raw: async (request) => {
    const socket = connect(server.port, '127.0.0.1');
    socket.end(generate.raw(request));
    socket.resume();
    await once(socket, 'close');
  },
};

/** Sends a request and holds what came against it; whoever sends may add headers. */
async function arrives(sender, given) {
  await senders[sender](given);
  const [taken, ...more] = server.taken();
  assert.equal(more.length, 0);
  assert.equal(taken.method, given.method);
  const { pathname, search } = new URL(given.url);
  assert.equal(taken.url, pathname + search);
  assert.ok(taken.body.equals(given.body), `${sender}: ${JSON.stringify(String(given.body).slice(0, 80))} came as ${JSON.stringify(String(taken.body).slice(0, 80))}`);
  for (const [name, value] of given.headers) {
    assert.ok(taken.headers.some(([other, text]) => other.toLowerCase() === name.toLowerCase() && text === value), `${sender}: ${name}: ${JSON.stringify(value)} of ${JSON.stringify(taken.headers)}`);
  }
}

for (const sender of Object.keys(senders)) {
  test(`what ${sender} sends is the request, whatever is in it`, async () => {
    for (const body of HOSTILE) {
      await arrives(sender, request({ body, headers: [['content-type', 'application/json']] }));
    }
    await arrives(sender, request({ headers: VALUES.map((value, index) => [`x-${index}`, value]), body: Buffer.from('{}') }));
    await arrives(sender, request({ headers: [["x-!#$%&'*+.^_`|~", 'a']], body: Buffer.from('{}') }));
    for (const method of ['PUT', 'DELETE', 'PATCH', 'GET']) await arrives(sender, request({ method }));
    await assert.rejects(run('ls', [join(folder, 'injected')]));
  });

  test(`random requests are what ${sender} sends`, () =>
    repeated(25, ({ text, bytes, pick, many }) =>
      arrives(sender, request({ headers: many(4, (_, index) => [`x-${index}`, pick(VALUES)]), body: pick([Buffer.from(text(20, PIECES)), Buffer.from(bytes(300))]) }))));
}

test('what is generated as curl is read back as the same request', () =>
  repeated(200, ({ text, pick }) => {
    const body = Buffer.from(text(20, PIECES.filter((piece) => !/[\0-\x09\x0b-\x1f\ufeff\u00a0\u3000]/.test(piece))));
    const given = request({ body, headers: [['x-a', pick(["a'b", 'Ã©', '$(id)', 'a;b', ''])], ['content-type', 'text/plain']] });
    const { requests } = read(generate.curl(given));
    assert.deepEqual({ ...requests[0].request, body: Buffer.from(requests[0].request.body) }, { ...given, url: new URL(given.url).href });
    assert.deepEqual(requests[0].notes, []);
    const back = read(generate.raw(given)).requests[0].request;
    assert.deepEqual(Buffer.from(back.body), body);
  }));

test('what no request can carry is refused', () => {
  for (const [more, part] of [
    [{ headers: [['x-a', 'b\r\nx-c: d']] }, 'header'],
    [{ headers: [['x-a', 'b\n']] }, 'header'],
    [{ headers: [['x-a', '\0']] }, 'header'],
    [{ headers: [['x-a', '€']] }, 'header'],
    [{ headers: [['x a', 'b']] }, 'header'],
    [{ headers: [['x:', 'b']] }, 'header'],
    [{ headers: [['', 'b']] }, 'header'],
    [{ method: 'GET /\r\n' }, 'method'],
    [{ method: '' }, 'method'],
    [{ method: 'CONNECT' }, 'method'],
    [{ url: 'file:///etc/passwd' }, 'url'],
    [{ url: '/hooks' }, 'url'],
    [{ url: '-o x' }, 'url'],
    [{ url: 'javascript:alert(1)' }, 'url'],
    [{ url: 'https://user:pass@example.com/' }, 'url'],
  ]) {
    for (const make of ['curl', 'fetch', 'raw']) {
      assert.throws(() => generate[make](request(more)), { name: 'GenerateError', part }, `${make} ${JSON.stringify(more)}`);
    }
  }
  for (const make of ['curl', 'fetch']) {
    assert.throws(() => generate[make](request({ method: 'HEAD', body: Buffer.from('a') })), { name: 'GenerateError', part: 'body' });
  }
});

test('a program never ends a script of a page it may stand in, nor hides what it does', () => {
  const given = request({ url: 'https://example.com/', headers: [['x-a', '</script>']], body: Buffer.from('</script><!--\u202e\u2028\u2066\ufeff') });
  assert.doesNotMatch(generate.fetch(given), /<\/|<!--|[\u2028\u202e\u2066\ufeff]/);
});

test('a body in a command and any text in a program are written so that copying changes no space', () => {
  for (const space of [...'\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000']) {
    const given = request({ url: 'https://example.com/', headers: [['x-a', Buffer.from(`1${space}2`).toString('latin1')]], body: Buffer.from(`10${space}000 EUR`) });
    for (const written of [generate.curl({ ...given, headers: [] }), generate.fetch(given)]) assert.doesNotMatch(written, /(?! )\p{Zs}/u);
  }
});

test('headers that senders make themselves are left to them', () => {
  const given = request({ headers: [['Content-Length', '99'], ['transfer-encoding', 'chunked'], ['Connection', 'close'], ['host', 'example.org']], body: Buffer.from('{}') });
  assert.equal(Buffer.from(generate.raw(given)).toString(), `POST /hooks?a=[1-3]&b=%27%20{x,y} HTTP/1.1\r\nhost: example.org\r\nContent-Length: 2\r\n\r\n{}`);
  assert.doesNotMatch(generate.curl(given), /Content-Length|chunked|Connection/);
});

test('a raw request that is no text says which part of it is none', () => {
  const refused = (more, part, words) => assert.throws(() => generate.rawText(request(more)), (error) => error.name === 'GenerateError' && error.part === part && words.test(error.message));
  refused({ body: Buffer.of(0xff) }, 'body', /^the body is no text/);
  refused({ headers: [['x-a', 'b'], ['x-b', 'caf\xe9']], body: Buffer.from('é') }, 'header', /^x-b is no text/);
  assert.match(generate.rawText(request({ headers: [['x-b', 'cafÃ©']], body: Buffer.from('é') })), /x-b: café\r\nContent-Length: 2\r\n\r\né$/);
});
