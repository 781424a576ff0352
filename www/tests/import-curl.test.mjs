// Curl commands: what is read is compared with what curl itself sends when a shell runs the command.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { capture, run } from './capture.mjs';
import { load } from './load.mjs';
import { repeated } from './random.mjs';

const { read } = await load('/src/playground/import/index.ts');
const { shellTokens } = await load('/src/playground/import/shell.ts');
const server = await capture();
after(() => server.close());

const text = (bytes) => Buffer.from(bytes).toString();
const latin1 = (text) => Buffer.from(text).toString('latin1');

function imported(command) {
  const result = read(command);
  assert.equal(result.kind, 'curl');
  return result.requests[0];
}

/** Headers that only curl itself knows, and those of the connection. */
const OWN = new Set(['host', 'user-agent', 'accept', 'content-length', 'connection', 'accept-encoding', 'expect']);
const comparable = (headers, own = OWN) => headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`).filter((line) => !own.has(line.split(':')[0])).sort();

/** Has a shell run the command, and holds what came against what was read. */
async function sameAsCurl(command) {
  await run('bash', ['-c', command.replace(/^curl /, 'curl -sS --noproxy "*" ')]);
  const [sent] = server.taken();
  const { request } = imported(command);
  const url = new URL(request.url);
  assert.deepEqual(
    { method: request.method, url: url.pathname + url.search, headers: comparable(request.headers), body: text(request.body) },
    { method: sent.method, url: sent.url, headers: comparable(sent.headers), body: text(sent.body) },
    command,
  );
}

test('what is read of a command is what curl sends', async () => {
  const url = `${server.url}/hooks`;
  for (const command of [
    `curl ${url}`,
    `curl '${url}?a=1&b=2' -H 'X-A: 1' -H "x-b: 2" -H x-c:3 --header 'x-d;' -H 'x-e:' -H 'x-f'`,
    `curl -d a=1 -d 'b=2 3' --data-ascii c --data-raw '@d' ${url}`,
    `curl --data-binary $'{"a":"\\u00e9\\n\\x41\\101\\'"}' -H 'Content-Type: application/json' ${url}`,
    `curl --json '{"a":' --json '1}' ${url}`,
    `curl --json '{}' -H 'accept: text/plain' -H 'content-type: application/cloudevents+json' ${url}`,
    `curl --data-urlencode 'a=é ~&/@=' --data-urlencode 'b c' --data-urlencode '=d=e' ${url}`,
    `curl -G -d a=1 --data-urlencode 'b= ' '${url}?z=0'`,
    `curl -XPUT -sSLd'{}' ${url}`,
    `curl -X DELETE ${url}`,
    `curl -u user:pass -A agent -e https://example.com/ -b 'a=1; b=2' -r 0-9 ${url}`,
    `curl --url ${url} \\\n  -H 'x-a: b' \\\n  --compressed \\\n  --data-raw '{\n  "a": "it'\\''s"\n}'`,
    `curl ${url} --data-raw "{\\"a\\":\\"\\\\n\\$\\\`\\"}" # a comment`,
    `curl ${url} -d ''`,
    `curl ${url} -H 'content-type:' -d 'x'`,
    `curl "${url}" -H 'x-a: grüße' -d "ü"`,
    `curl -m 5 --connect-timeout 3 --max-time 9 -o /dev/null -w '' ${url} -d -`,
    `curl -- ${url}`,
  ]) {
    await sameAsCurl(command);
  }
});

test('words are split as bash splits them', () =>
  repeated(60, async ({ text, many }) => {
    const pieces = ['a', 'é', ' ', '  ', '\\\n', "'b c'", '"d\\" e"', "$'f\\n\\'\\x41\\u20ac'", '\\ ', '\\\\', "\\'", '"\\a\\\\\\$"', '""', "''", 'x#y', '=', '{', '~x', '"f\\\ng"', '\t', '%', '^', ',', "$'\\e\\007\\cA'", '$"h"', '"$"', '!'];
    const line = `x${many(6, () => ` ${text(6, pieces)}`).join('')}`;
    const words = (await run('bash', ['-c', `printf '%s\\0' ${line}`])).toString('latin1').split('\0').slice(0, -1);
    const ours = shellTokens(latin1(line)).filter(({ kind }) => kind === 'word').map(({ text }) => text);
    assert.deepEqual(ours, words, JSON.stringify(line));
  }));

test('nothing is ever evaluated, and the place is named', () => {
  for (const [piece, words] of [['$(id)', /\$\(/], ['"$(id)"', /\$\(/], ['`id`', /`/], ['"`id`"', /`/], ['$HOME', /\$HOME/], ['"${HOME}"', /\$\{HOME\}/], ['$1', /\$1/], ['$?', /\$\?/], ['$$', /\$\$/]]) {
    assert.throws(() => read(`curl https://example.com/ \\\n  -d ${piece}`), (error) => error.name === 'ImportError' && words.test(error.message) && error.position.line === 2 && error.position.column >= 6 && error.remedy !== '', piece);
  }
  assert.deepEqual(imported('curl https://example.com/ -d \'$(id) `id` $HOME\'').request.body, new TextEncoder().encode('$(id) `id` $HOME'));
});

test('what cannot be known is said in a note', () => {
  for (const [command, words] of [
    ['curl https://example.com/ -d @body.json', /in the file body.json.*Paste the body/],
    ['curl https://example.com/ --data-binary @-', /comes from another command/],
    ['cat body.json | curl https://example.com/ --data-binary @-', /nothing is run here/],
    ['curl https://example.com/ | jq .', /line 1, column 27.* was left out/],
    ['curl https://example.com/ > out; rm x', /was left out/],
    ['curl https://example.com/ -F a=@b', /multipart/],
    ['curl https://example.com/ -H @headers', /cannot be read here/],
    ['curl https://example.com/ -b jar', /cookies are in a file/],
    ['curl https://example.com/ https://example.org/', /2 URLs/],
    ['curl https://example.com/ --next https://example.org/', /before --next/],
    ['curl https://example.com/ --frobnicate', /--frobnicate is not known/],
    ['curl -d a', /names no URL/],
    ['curl https://example.com/ -T file', /in a file/],
  ]) {
    assert.ok(imported(command).notes.some((note) => words.test(note)), `${command}: ${imported(command).notes}`);
  }
  assert.deepEqual(imported('$ curl https://example.com/ -d 1\n\n').notes, []);
  assert.deepEqual(imported('/usr/bin/curl example.com/a -d 1').request.url, 'http://example.com/a');
});

test('variables that are set for one command are no part of it', async () => {
  const command = (start) => `${start}curl -sS --noproxy "*" ${server.url}/a -H 'x-a: b' -d '{}'`;
  for (const start of ['A=1 ', "A='b c' _B2=\"d\" ", 'A= ', 'A=/bin/curl ', 'A="x curl y"\t']) {
    await run('bash', ['-c', command(start)]);
    const [sent] = server.taken();
    const { request } = imported(command(start));
    assert.deepEqual([request.url, text(request.body)], [`${server.url}${sent.url}`, text(sent.body)], start);
    assert.deepEqual(request.headers[0], ['x-a', 'b'], start);
  }
});

test('a command that is cut off is an error with its place', () => {
  for (const [command, column] of [["curl https://example.com/ -d 'a", 30], ['curl https://example.com/ -d "a', 30], ["curl é $'a", 8], ['curl https://example.com/ -d', 27]]) {
    assert.throws(() => read(command), { name: 'ImportError', position: { line: 1, column } }, command);
  }
});

/** What Chrome makes of a text when it copies a request as cURL for Windows, and Firefox. */
const chrome = (text) => `^"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/[^a-zA-Z0-9\s_\-:=+~'/.',?;()*`]/g, '^$&').replace(/%(?=[a-zA-Z0-9_])/g, '%^').replace(/\r?\n/g, '^\n\n')}^"`;
const firefox = (text) => `"${text.replace(/\\/g, '\\\\').replace(/"/g, '""').replace(/%/g, '"%"').replace(/\r\n|\n|\r/g, '"^\r\n\r\n"')}"`;

test('commands that browsers copy for Windows are read back', () =>
  repeated(200, ({ text, pick }) => {
    const quote = pick([chrome, firefox]);
    const body = `{"a":"${text(30, ['a', '"', '\\', '\n', '%', '%PATH%', '^', '&', '|', '<', '>', '(', '!', ' ', "'", '`', '$', '{', 'é'])}"}`;
    const command = `curl ${quote('https://example.com/hooks?a=%20b&c=d')} ^\r\n  -X ${quote('POST')} ^\r\n  -H ${quote('x-a: b"c')} ^\r\n  --data-raw ${quote(body)}`;
    const { request, notes } = imported(command);
    assert.equal(Buffer.from(request.body).toString(), body, command);
    assert.deepEqual(request.headers[0], ['x-a', 'b"c']);
    assert.equal(request.url, 'https://example.com/hooks?a=%20b&c=d');
    assert.ok(notes.every((note) => note.includes('doubled')), String(notes));
  }));

test('other programs are said to be other programs', () => {
  assert.throws(() => read('fetch("https://example.com/", { method: "POST" });'), /JavaScript.*not run/);
  assert.throws(() => read('Invoke-WebRequest -UseBasicParsing -Uri "https://example.com/"'), /PowerShell/);
  assert.throws(() => read('curl "a %PATH% b" ^\n -d 1'), /in place of %PATH%/);
});
