// `npx sigpost`, as a process with real requests over sockets.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { folder, sigpost } from './package.mjs';

const { sign } = sigpost;
const program = join(folder, 'cli.js');
const SECRET = 'the secret';
const BODY = '{"type":"reload.finished","id":"evt_1","n":12345678901234567890,"none":[]}';
const HEADER = sign('qlik', SECRET, { body: BODY })['qlik-signature'];
const { SIGPOST_SECRET: _set, NO_COLOR: _color, ...ENVIRONMENT } = process.env;
let place;

before(async () => {
  place = await mkdtemp(join(tmpdir(), 'sigpost-cli-'));
  for (const name of ['s', 'secret']) await writeFile(join(place, name), `${SECRET}\n`);
  for (const name of ['body', 'body.json']) await writeFile(join(place, name), BODY);
  for (const name of ['t', 'other']) await writeFile(join(place, name), 'of another webhook\r\n');
});

after(() => rm(place, { recursive: true, force: true }));

/** Runs a command to its end: its exit code, what it wrote for programs, and for people. */
function run(args, input = '', env = {}) {
  const options = { input, env: { ...ENVIRONMENT, ...env }, encoding: 'utf8', cwd: place, timeout: 30_000 };
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [program, ...args], options);
  assert.equal(signal, null, stderr);
  return { status, stdout, stderr };
}

const qlik = (...more) => ['--scheme', 'qlik', '-H', `Qlik-Signature: ${HEADER}`, ...more];

/** Starts to listen, and ends when `use` has. `text(part)` is all that was printed, once that part of it was. */
async function listening(args, use) {
  const options = { env: ENVIRONMENT, cwd: place, stdio: ['ignore', 'pipe', 'pipe'] };
  const child = spawn(process.execPath, [program, 'listen', '--port', '0', ...args], options);
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
    child.emit('printed');
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const text = async (part) => {
    const late = AbortSignal.timeout(20_000);
    while (!(part instanceof RegExp ? part.test(printed) : printed.includes(part))) {
      await once(child, 'printed', { signal: late }).catch(() => assert.fail(`${part} is not in ${printed}${said}`));
    }
    return printed;
  };
  try {
    const [, url] = /(http:\/\/[^"; ]+)/.exec(await text(/http:\/\/[^"; ]+[";]/));
    const post = (body, headers) => fetch(url, { method: 'POST', body, headers }).then(({ status }) => status);
    await use({ url, post, text, child });
  } finally {
    child.kill();
  }
}

test('a genuine body is said to be so, and any other is not', () => {
  assert.deepEqual(run(['verify', ...qlik('--secret', SECRET)], BODY), { status: 0, stdout: 'genuine\n', stderr: '' });
  assert.equal(run(['verify', ...qlik('--secret', 'new', '--secret-file', 'secret')], BODY).status, 0);
  assert.equal(run(['verify', ...qlik()], BODY, { SIGPOST_SECRET: SECRET }).status, 0);
  assert.equal(run(['verify', ...qlik('--secret', 'another')], BODY, { SIGPOST_SECRET: SECRET }).status, 1);
  const forged = run(['verify', ...qlik('--secret-file', 'secret')], `${BODY} `);
  assert.deepEqual([forged.status, forged.stdout], [1, '']);
  assert.match(forged.stderr, /^not genuine: .* \(mismatch\)\n$/);
  const twice = run(['verify', ...qlik('--secret', SECRET, '-H', `qlik-signature: ${HEADER}`)], BODY);
  assert.match(twice.stderr, /\(duplicate_header\)/);
  // Bytes, not text.
  const bytes = Buffer.from([0xff, 0, 0xfe, 10]);
  const header = `qlik-signature: ${createHmac('sha256', SECRET).update(bytes).digest('hex')}`;
  assert.equal(run(['verify', '--scheme', 'qlik', '--secret', SECRET, '-H', header], bytes).status, 0);
});

test('ages are judged by the clock, or by the time given', () => {
  const headers = sign('standard-webhooks', SECRET, { body: 'x', id: 'i', timestamp: 1_700_000_000 });
  const args = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const all = ['verify', '--scheme', 'standard-webhooks', '--secret', SECRET, ...args];
  assert.match(run(all, 'x').stderr, /\(stale_timestamp\)/);
  assert.equal(run([...all, '--now', '1700000100'], 'x').status, 0);
});

test('mistakes are named with what to do about them', () => {
  const pretty = JSON.stringify({ type: 'x', n: 1 }, null, 2);
  const { 'qlik-signature': header } = sign('qlik', SECRET, { body: '{"type":"x","n":1}' });
  const args = ['--scheme', 'qlik', '-H', `qlik-signature: ${header}`];
  const explained = run(['explain', ...args, '--secret', ` ${SECRET}`], pretty);
  assert.deepEqual([explained.status, explained.stderr], [1, '']);
  assert.equal(explained.stdout, `not genuine: the signature does not match (mismatch)
  the body was parsed and pretty-printed (pretty_printed)
    take the body before any parser does, express.raw() or request.text() say, and hand over those bytes
  there is white space around the secret (secret_space_around)
    trim the secret: a file or a variable often ends with a line break
`);
  const { 'qlik-signature': theirs } = sign('qlik', 'of another webhook', { body: 'x' });
  const confused = run(['explain', '--scheme', 'qlik', '-H', `qlik-signature: ${theirs}`, '--secret', SECRET, '--other-secret-file', 'other'], 'x');
  assert.match(confused.stdout, /\(another_secret\)/);
  assert.deepEqual(run(['explain', ...qlik('--secret', SECRET)], BODY), { status: 0, stdout: 'genuine\n', stderr: '' });
  const nothing = run(['explain', ...qlik('--secret', 'another')], '[object Object]').stdout;
  assert.match(nothing, /perhaps: .*\(object_object\)\n {2}none of the known mistakes/);
});

test('wrong usage exits with 2 and says what to do', () => {
  for (const [args, said] of [
    [[], /name a command; there are listen, verify, explain/],
    [['verfy'], /there is no command 'verfy'; there are listen/],
    [['constructor'], /there is no command 'constructor'/],
    [['verify', '--secert', 's'], /Unknown option '--secert'; there are --scheme, --secret, .*: see 'sigpost verify --help'/],
    [['verify', 'body.json'], /Unexpected argument 'body.json'/],
    [['verify', '--scheme'], /'--scheme <value>' argument missing/],
    [['verify', '--secret', 's'], /name a scheme with --scheme; there are: immuta, /],
    [['verify', '--secret', 's', '--scheme', 'imuta'], /there is no scheme 'imuta'; there are: immuta, /],
    [['verify', '--secret', 's', '--scheme', 'immuta', '--scheme', 'qlik'], /name one scheme/],
    [['verify', ...qlik()], /give a secret with --secret-file, --secret or the variable SIGPOST_SECRET/],
    [['verify', ...qlik('--secret', '')], /the secret is empty/],
    [['verify', ...qlik('--secret-file', 'missing')], /cannot read the secret file missing: ENOENT/],
    [['verify', '--scheme', 'svix', '--secret', 'not base64!'], /this scheme's secrets are base64/],
    [['explain', '--scheme', 'qlik', '--secret', 's', '-H', 'none'], /a header is given as -H 'name: value', not 'none'/],
    [['explain', '--scheme', 'qlik', '--secret', 's', '--now', 'soon'], /--now is a whole number up to/],
    [['explain', '--scheme', 'qlik', '--secret', 's', '--now', '1', '--now', '2'], /give --now once/],
    [['listen', '--scheme', 'qlik', '--secret', 's', '--port', '65536'], /--port is a whole number up to 65535, not '65536'/],
  ]) {
    const { status, stdout, stderr } = run(args);
    assert.match(stderr, said);
    assert.match(stderr, /^sigpost: .*\n$/, 'one line');
    assert.deepEqual([status, stdout], [2, ''], stderr);
  }
  const large = run(['verify', ...qlik('--secret', SECRET)], Buffer.alloc((16 << 20) + 1));
  assert.deepEqual([large.status, large.stderr], [2, 'sigpost: the body on stdin is larger than 16777216 bytes\n']);
});

test('help has examples, and names every option', () => {
  assert.match(run(['--help']).stdout, /listen .*\n.*verify .*\n.*explain [^]*Examples:\n {2}npx sigpost/);
  assert.match(run(['--version']).stdout, /^sigpost \d+\.\d+\.\d+\n$/);
  for (const [command, options] of [
    ['verify', ['--scheme', '--secret', '--secret-file', '--header', '--now', '--help']],
    ['explain', ['--scheme', '--secret', '--secret-file', '--other-secret-file', '--header', '--now', '--help']],
    ['listen', ['--scheme', '--secret', '--secret-file', '--port', '--host', '--max-bytes', '--json', '--help']],
  ]) {
    const { status, stdout } = run([command, '--help']);
    assert.equal(status, 0);
    const named = stdout.match(/^ {2,6}(?:-\w, )?--[a-z-]+/gm).map((line) => line.replace(/.* /, ''));
    assert.deepEqual(named, options);
    assert.match(stdout, /Examples:\n {2}npx sigpost/);
    assert.ok(stdout.split('\n').every((line) => line.length <= 125), command);
  }
});

test('every example of the help and of the page does what it says', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const texts = [readme, ...['--help', 'verify --help', 'explain --help', 'listen --help'].map((args) => run(args.split(' ')).stdout)];
  const examples = texts.flatMap((text) => text.match(/^ *(?:SIGPOST_SECRET=… )?npx sigpost .*$/gm));
  assert.equal(examples.length, 12);
  for (const example of examples) {
    const [, scheme] = /--scheme (\S+)/.exec(example);
    const [[, value]] = Object.entries(sign(scheme, SECRET, { body: BODY, id: 'i' }));
    const command = example
      .replace('npx sigpost', `exec "${process.execPath}" "${program}"`)
      .replace('SIGPOST_SECRET=…', `SIGPOST_SECRET='${SECRET}'`)
      .replace(/: …/, `: ${value}`)
      .replace('--port 9000', '--port 0');
    const child = spawn('bash', ['-c', command], { env: ENVIRONMENT, cwd: place, stdio: ['ignore', 'pipe', 'inherit'] });
    const [printed] = await once(child.stdout.setEncoding('utf8'), 'data');
    assert.match(printed, example.includes(' listen ') ? /http:\/\/127/ : /^genuine\n$/, example);
    child.kill();
  }
});

test('deliveries are printed with their event, or with why they are refused', async () => {
  await listening(['--scheme', 'qlik', '--secret-file', 'secret'], async ({ url, post, text }) => {
    assert.equal(await post(BODY, { 'qlik-signature': HEADER }), 204);
    const genuine = await text('"none": []');
    assert.match(genuine, /\d\d:\d\d:\d\d\.\d{3} POST \/ {2}\d+ bytes\n {2}genuine {6}qlik\n {2}type reload\.finished {2}id evt_1\n {2}\{\n {4}"type": "reload\.finished",\n/);
    // As it came: a double cannot hold it.
    assert.match(genuine, /\n {4}"n": 12345678901234567890,\n/);
    assert.equal(await post(`${BODY}\n`, { 'qlik-signature': HEADER }), 401);
    assert.match(await text('(newline_added)'), /NOT GENUINE {2}qlik: .* \(mismatch\)\n {4}there is a line break .*\(newline_added\)\n {6}hand over the bytes/);
    const integers = '{"a":1,"b":[2]}';
    assert.equal(await post(JSON.stringify(JSON.parse(integers), null, 2), sign('qlik', SECRET, { body: integers })), 401);
    await text('(pretty_printed)');
    assert.equal(await post(BODY, sign('qlik', 'a guess', { body: BODY })), 401);
    await text('none of the known mistakes');
    assert.equal(await post(BODY, {}), 401);
    await text('(missing_header)');
    assert.equal((await fetch(`${url}/hook?token=1`)).status, 401);
    assert.match(await text('/hook'), /GET \/hook {2}0 bytes/);
  });
});

test('a line of JSON tells programs the same, and every scheme given must agree', async () => {
  const args = ['--scheme', 'immuta', '--scheme', 'standard-webhooks', '--secret', SECRET, '--json'];
  await listening(args, async ({ post, text }) => {
    const body = '{"text":"hello"}';
    const immuta = sign('immuta', SECRET, { body });
    const both = { ...immuta, ...sign('standard-webhooks', SECRET, { body, id: 'msg_1' }) };
    assert.equal(await post(body, both), 204);
    assert.equal(await post(body, immuta), 401);
    const printed = await text(/(.*\n){3}/);
    const [address, genuine, refused] = printed.trim().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(Object.keys(address), ['listening']);
    assert.deepEqual([genuine.genuine, genuine.bytes, genuine.event], [true, 16, { text: 'hello' }]);
    assert.deepEqual(genuine.results.map(({ scheme, id }) => [scheme, id]), [['immuta', undefined], ['standard-webhooks', 'msg_1']]);
    assert.deepEqual([refused.genuine, refused.results[0].genuine, refused.results[1].code], [false, true, 'missing_header']);
    assert.equal(refused.results[1].header, 'webhook-signature');
    assert.deepEqual(refused.results[1].mistakes.map(({ code }) => code), ['another_scheme']);
  });
});

test('no body is too deep for a line of JSON, and a long one of a stranger is cut', async () => {
  await listening(['--scheme', 'qlik', '--secret', SECRET, '--json'], async ({ post, text }) => {
    const deep = '['.repeat(20_000) + ']'.repeat(20_000);
    assert.equal(await post(deep, sign('qlik', SECRET, { body: deep })), 204);
    assert.equal(await post('\x7f'.repeat(4 << 20), {}), 401);
    assert.equal(await post('{}', sign('qlik', SECRET, { body: '{}' })), 204);
    const [, nested, stranger, last] = (await text('"event":{}}\n')).trim().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual([nested.genuine, nested.body, nested.cut], [true, deep, undefined]);
    assert.deepEqual([stranger.genuine, stranger.bytes, stranger.body.length, stranger.cut], [false, 4 << 20, 65_536, true]);
    assert.deepEqual(last.event, {});
  });
});

test('a body that is too long is refused and not kept, whether its length is told or not', async () => {
  await listening(['--scheme', 'qlik', '--secret', SECRET, '--max-bytes', '1000'], async ({ url, post, text }) => {
    assert.equal(await post('x'.repeat(1000), {}), 401);
    assert.equal(await post('x'.repeat(1001), {}), 413);
    assert.match(await text('NOT READ'), /1001 bytes\n {2}NOT READ: it is longer than 1000 bytes/);
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(1 << 20));
        if ((this.sent = (this.sent ?? 0) + 1) === 40) controller.close();
      },
    });
    assert.equal((await fetch(url, { method: 'POST', body: stream, duplex: 'half' })).status, 413);
    await text(`${40 << 20} bytes`);
  });
});

test('what a sender writes does not control the terminal, nor looks like a line of ours', async () => {
  const escapes = '\x1b[2J\x1b]0;title\x07\x9b31m\u202e\u200b\r\n12:00:00.000 POST /  1 bytes\n  genuine';
  await listening(['--scheme', 'qlik', '--secret', SECRET], async ({ url, post, text }) => {
    await post(escapes, sign('qlik', SECRET, { body: escapes }));
    await post(JSON.stringify({ type: '\x1b[31m\u009b', id: '\u202e' }).replaceAll('\\u001b', '\u009b'), { 'qlik-signature': '\u009b31m' });
    const { hostname, port } = new URL(url);
    const socket = connect(port, hostname);
    socket.end(`POST / HTTP/1.1\r\nhost: x\r\nqlik-signature: \x9b\r\nhttp_qlik_signature: \x9b\r\ncontent-length: 1\r\n\r\n\x1b`, 'latin1');
    socket.resume();
    const printed = await text(/ 1 bytes\n[^]* 1 bytes\n[^]*\\u001b\n$/);
    assert.doesNotMatch(printed, /[^\n\P{C}]|[\u2028\u2029]/u);
    assert.match(printed, /\\u001b\[2J/);
    assert.match(printed, /\n {2}12:00:00\.000 POST/);
  });
  await listening(['--scheme', 'qlik', '--secret', SECRET, '--json'], async ({ post, text }) => {
    await post(escapes, sign('qlik', SECRET, { body: escapes }));
    const [, line] = (await text(/(.*\n){2}/)).split('\n');
    assert.doesNotMatch(line, /\p{C}/u);
    assert.equal(JSON.parse(line).body, escapes);
  });
});

test('a long body is shown in part', async () => {
  await listening(['--scheme', 'qlik', '--secret', SECRET], async ({ post, text }) => {
    for (const body of [JSON.stringify(Array(5000).fill(1)), `"${'x'.repeat(1 << 20)}"`, '['.repeat(5000) + ']'.repeat(5000), '\n'.repeat(5000)]) {
      assert.equal(await post(body, sign('qlik', SECRET, { body })), 204);
      const [, shown] = (await text(new RegExp(`${body.length} bytes[^]*…\n`))).split(`${body.length} bytes`);
      assert.ok(shown.length < 25_000 && shown.split('\n').length < 110, `${shown.length}`);
    }
  });
});

test('garbage on the socket, and senders that go away, end nothing', async () => {
  await listening(['--scheme', 'qlik', '--secret', SECRET], async ({ url, post, text }) => {
    const { hostname, port } = new URL(url);
    const garbage = connect(port, hostname).end('\x16\x03\x01 garbage\r\n\r\n');
    const [answer] = await once(garbage, 'data');
    assert.match(String(answer), /^HTTP\/1\.1 400 /);
    const gone = connect(port, hostname);
    gone.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf');
    await once(gone, 'connect');
    gone.resetAndDestroy();
    const odd = connect(port, hostname);
    odd.end('POST / HTTP/1.1\r\nhost: x\r\n__proto__: x\r\nconstructor: x\r\nqlik-signature: 0\r\nqlik-signature: 0\r\nconnection: close\r\n\r\n');
    assert.match(String((await once(odd, 'data'))[0]), /^HTTP\/1\.1 401 /);
    await text('(duplicate_header)');
    assert.equal(await post(BODY, { 'qlik-signature': HEADER }), 204);
    assert.doesNotMatch(await text('genuine'), /half/);
  });
});

test('a signal ends it at once, in the middle of a request too', async () => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    await listening(['--scheme', 'qlik', '--secret', SECRET], async ({ url, child }) => {
      const { hostname, port } = new URL(url);
      const waiting = connect(port, hostname).on('error', () => {});
      waiting.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf');
      await once(waiting, 'connect');
      const started = performance.now();
      child.kill(signal);
      const [code, killed] = await once(child, 'exit');
      assert.deepEqual([code, killed], [0, null]);
      assert.ok(performance.now() - started < 2_000);
    });
  }
});

test('when nobody reads any more it ends, without a word', async () => {
  await listening(['--scheme', 'qlik', '--secret', SECRET], async ({ post, child }) => {
    let said = '';
    child.stderr.on('data', (text) => (said += text));
    child.stdout.destroy();
    const exit = once(child, 'exit');
    await post(BODY, { 'qlik-signature': HEADER });
    assert.deepEqual([await exit, said], [[0, null], '']);
  });
  // `true` reads nothing; what was found decides.
  const shell = `"${process.execPath}" "${program}" explain --scheme qlik --secret other -H 'qlik-signature: ${HEADER}' | true; exit \${PIPESTATUS[0]}`;
  const { status, stderr } = spawnSync('bash', ['-c', shell], { input: BODY, encoding: 'utf8' });
  assert.deepEqual([status, stderr], [1, '']);
});

test('a port that is taken is told, with what to do', async () => {
  await listening(['--scheme', 'qlik', '--secret', SECRET], async ({ url }) => {
    const { port } = new URL(url);
    const { status, stderr } = run(['listen', '--scheme', 'qlik', '--secret', SECRET, '--port', port]);
    assert.equal(status, 1);
    assert.match(stderr, /^sigpost: cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*; choose another with --port\n$/);
  });
});

test('there are colours on a terminal, unless they are not wanted, and nowhere else', async () => {
  const python = `import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    try:
        read = os.read(terminal, 4096)
    except OSError:
        break
    if not read:
        break
    os.write(1, read)
`;
  const command = ['-c', python, process.execPath, program, 'listen', '--scheme', 'qlik', '--secret', SECRET, '--port', '0'];
  for (const [env, colored] of [[{}, true], [{ NO_COLOR: '1' }, false]]) {
    const child = spawn('python3', command, { env: { ...ENVIRONMENT, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    let printed = '';
    for await (const chunk of child.stdout) {
      printed += chunk;
      const [, url] = /(http:\/\/[^;]+);/.exec(printed) ?? [];
      if (url && !printed.includes('POST')) {
        await fetch(url, { method: 'POST', body: BODY, headers: { 'qlik-signature': HEADER } });
      }
      if (printed.includes('reload.finished')) {
        child.kill();
        break;
      }
    }
    assert.equal(printed.includes('\x1b[32mgenuine\x1b[0m'), colored, printed);
  }
});
