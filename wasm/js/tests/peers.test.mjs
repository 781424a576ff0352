// What libraries for webhooks get wrong, and what their users run into: each a test of ours. Signatures are made by
// node:crypto, of short bodies and of long ones, which take another way through the package.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createServer, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { codeOf, folder, sigpost } from './package.mjs';

const { VerificationError, Verifier, schemes, sign, verify } = sigpost;
const NOW = 1_700_000_000;
const now = () => NOW * 1000;
const SECRET = 'It is a secret to everybody';

const hex = (body, algorithm = 'sha256') => createHmac(algorithm, SECRET).update(body).digest('hex');
const github = (body) => ({ 'x-hub-signature-256': `sha256=${hex(body)}` });
const stripe = (body, time = NOW) => ({ 'stripe-signature': `t=${time},v1=${hex(Buffer.concat([Buffer.from(`${time}.`), Buffer.from(body)]))}` });
const verified = (body, headers = github(body), scheme = 'github') => verify(scheme, SECRET, headers, body, { now });
const short = (body) => [body, Buffer.concat([Buffer.from(body), Buffer.alloc(9000, ' ')])];
/** What every scheme that signs a time sends at a time. */
const timed = Object.keys(schemes).filter((name) => schemes[name].tolerance !== undefined);
const fit = (scheme) => (schemes[scheme].key === 'base64' ? Buffer.from(SECRET).toString('base64') : SECRET);
const at = (scheme, timestamp) => sign(scheme, fit(scheme), { body: '{}', id: 'msg_1', timestamp });

test('a Uint8Array is a body, as are a Buffer, an ArrayBuffer and a string, and they are the same body', () => {
  for (const body of short('{"a":"\u{1f980} \u0142"}')) {
    const bytes = new Uint8Array(Buffer.from(body));
    for (const one of [bytes, Buffer.from(bytes), bytes.buffer, Buffer.from(bytes).toString()]) {
      assert.deepEqual(verified(one, github(bytes)).event, { a: '\u{1f980} \u0142' });
      assert.deepEqual(verified(one, stripe(bytes), 'stripe').event, { a: '\u{1f980} \u0142' });
    }
  }
});

test('a Headers object is headers, as is what Node receives, whose repeated headers are arrays', async () => {
  const headers = at('standard-webhooks', NOW);
  const sent = new Headers(headers);
  assert.equal(verify('standard-webhooks', SECRET, sent, '{}', { now }).id, 'msg_1');
  assert.equal(verify('standard-webhooks', SECRET, new Request('http://x', { headers }).headers, '{}', { now }).id, 'msg_1');
  const listed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  assert.equal(verify('standard-webhooks', SECRET, listed, '{}', { now }).id, 'msg_1');
  for (const name of Object.keys(headers)) {
    assert.equal(codeOf(() => verify('standard-webhooks', SECRET, { ...headers, [name]: [headers[name], headers[name]] }, '{}', { now })), 'duplicate_header');
    assert.equal(codeOf(() => verify('standard-webhooks', SECRET, { ...headers, [name]: [] }, '{}', { now })), 'missing_header');
  }
  const server = createServer(({ headers, headersDistinct }, response) => {
    const ids = [headers, headersDistinct].map((headers) => verify('standard-webhooks', SECRET, headers, '{}', { now }).id);
    response.end(ids.join());
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const answer = await fetch(`http://127.0.0.1:${server.address().port}`, { headers });
  assert.equal(await answer.text(), 'msg_1,msg_1');
  // Two of one header that Node joins are no longer two, but nor are they of the form.
  const twice = request({ port: server.address().port, host: '127.0.0.1' });
  server.removeAllListeners('request').on('request', ({ headers }, response) => response.end(codeOf(() => verify('standard-webhooks', SECRET, headers, '{}', { now }))));
  const joined = await new Promise((done) => {
    Object.entries(headers).forEach(([name, value]) => twice.setHeader(name, [value, value]));
    twice.on('response', (response) => response.on('data', (data) => done(String(data)))).end();
  });
  assert.equal(joined, 'malformed_header');
  server.close();
});

test('bytes that are no UTF-8 keep a valid signature valid', () => {
  for (const bytes of [[0x22, 0xff, 0x22], [0x7b, 0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf4, 0x90, 0x80, 0x80], [0]]) {
    for (const body of short(Buffer.from(bytes))) {
      for (const [scheme, headers] of [['github', github(body)], ['stripe', stripe(body)]]) {
        const result = verified(body, headers, scheme);
        assert.deepEqual(Buffer.from(result.signedBytes), Buffer.from(body));
        assert.equal(codeOf(() => result.event), 'not_json');
        // Nor is it the signature of what such bytes are often replaced with.
        const replaced = new TextEncoder().encode(new TextDecoder().decode(body));
        assert.ok(bytes[0] === 0 || codeOf(() => verified(replaced, headers, scheme)) === 'mismatch');
      }
    }
  }
});

test('a byte order mark keeps a valid signature valid, and the event is what follows it', () => {
  for (const body of short('\ufeff{"a":1}')) {
    for (const one of [Buffer.from(body), Buffer.from(body).toString()]) {
      for (const [scheme, headers] of [['github', github(body)], ['stripe', stripe(body)]]) {
        const result = verified(one, headers, scheme);
        assert.deepEqual(result.event, { a: 1 });
        assert.deepEqual([...result.signedBytes.subarray(0, 4)], [0xef, 0xbb, 0xbf, 0x7b]);
        // It is signed like everything else.
        assert.equal(codeOf(() => verified(Buffer.from(one).subarray(3), headers, scheme)), 'mismatch');
      }
    }
    assert.equal(codeOf(() => verified(`\ufeff${body}`).event), 'not_json');
  }
});

test('an empty body and a form are bodies, and only their event is no JSON', () => {
  for (const body of ['', 'payload=%7B%22a%22%3A1%7D&x=+', ...short('a=1&b=2')]) {
    for (const [scheme, headers] of [['github', github(body)], ['stripe', stripe(body)]]) {
      const result = verified(body, headers, scheme);
      assert.equal(Buffer.from(result.signedBytes).toString(), String(body));
      assert.equal(codeOf(() => result.event), 'not_json');
    }
  }
});

test('what has a meaning in replacements has none in a body, an id or a secret', () => {
  const special = "$& $$ $' $` $1 $<a> \\0 %s {0} ${x}";
  for (const body of short(JSON.stringify(special))) {
    assert.equal(verified(body).event, special);
    const id = '$&$$$`';
    const headers = sign('standard-webhooks', special, { body, id, timestamp: NOW });
    const key = createHmac('sha256', special).update('sigpost/standard-webhooks/v1').digest();
    assert.equal(headers['webhook-signature'], `v1,${createHmac('sha256', key).update(`${id}.${NOW}.`).update(body).digest('base64')}`);
    assert.equal(verify('standard-webhooks', special, headers, body, { now }).id, id);
  }
});

test('a signed time in the future is refused, by every scheme that signs one', () => {
  assert.ok(timed.length >= 4);
  for (const scheme of timed) {
    const code = (time) => codeOf(() => verify(scheme, fit(scheme), at(scheme, time), '{}', { now }));
    assert.equal(verify(scheme, fit(scheme), at(scheme, NOW + 300), '{}', { now }).timestamp, NOW + 300);
    for (const ahead of [301, 3600, 365 * 86_400]) {
      assert.equal(code(NOW + ahead), 'future_timestamp', scheme);
      assert.equal(code(NOW - ahead), 'stale_timestamp', scheme);
    }
    assert.equal(code(999_999_999_999_999), 'future_timestamp');
  }
});

test('a time with anything behind or around it is no time, though the signature is over just that text', () => {
  const key = createHmac('sha256', SECRET).update('sigpost/standard-webhooks/v1').digest();
  for (const time of [`${NOW}abc`, `${NOW}.0`, ` ${NOW}`, `0${NOW}`, `+${NOW}`, '1.7e9', `0x${NOW.toString(16)}`, '', 'NaN', '\u0661']) {
    const tag = createHmac('sha256', key).update(`i.${time}.{}`).digest('base64');
    const standard = { 'webhook-id': 'i', 'webhook-timestamp': time, 'webhook-signature': `v1,${tag}` };
    const slack = { 'x-slack-request-timestamp': time, 'x-slack-signature': `v0=${hex(`v0:${time}:{}`)}` };
    for (const [scheme, headers] of Object.entries({ 'standard-webhooks': standard, slack, ...(time.startsWith(' ') ? {} : { stripe: stripe('{}', time) }) })) {
      for (const tolerance of [300, null]) {
        assert.equal(codeOf(() => verify(scheme, SECRET, headers, '{}', { now, tolerance })), 'malformed_header', `${scheme} ${time}`);
      }
    }
  }
});

test('a signature that is not of the form is a VerificationError of the sender, whatever it is, and never another error', () => {
  const bad = ['', 'null', 'undefined', 'zz', 'g'.repeat(64), '0x', 'sha256', 'sha256=', 'sha1=', '=', ',', 'v1,', 'v1=', 't=', '%', '\ud800', '\0', '\u0130'.repeat(64), '[object Object]', '-1', '9'.repeat(9000)];
  for (const scheme of Object.keys(schemes)) {
    const headers = at(scheme, NOW);
    const verifier = new Verifier(scheme, fit(scheme), { now });
    const { header } = schemes[scheme];
    const refused = (value) => {
      assert.throws(() => verifier.verify({ ...headers, [header]: value }, '{}'), (error) => error instanceof VerificationError && error.fault === 'sender' && ['malformed_header', 'mismatch'].includes(error.code), `${scheme} ${value}`);
    };
    bad.forEach(refused);
    // Of any other length too, which timingSafeEqual throws for.
    const right = headers[header];
    for (let length = 0; length < right.length; length += 1) {
      refused(right.slice(0, length));
      refused(right + right.slice(0, length + 1).replaceAll(schemes[scheme].separator ?? '\n', ''));
    }
    assert.equal(verifier.verify(headers, '{}').secretIndex, 0);
  }
});

test('an empty secret never verifies: neither the empty text, nor what an environment without one leaves', () => {
  for (const scheme of Object.keys(schemes)) {
    for (const secret of ['', [], [''], [SECRET, ''], new Uint8Array(), new Uint8Array(64), undefined, null, [undefined], ' ', '\n', 'whsec_', '\0']) {
      assert.equal(codeOf(() => new Verifier(scheme, secret)), 'no_secret', `${scheme} ${secret}`);
      assert.equal(codeOf(() => verify(scheme, secret, at(scheme, NOW), '{}')), 'no_secret', `${scheme} ${secret}`);
    }
    assert.equal(codeOf(() => sign(scheme, '', { body: '{}', id: 'i' })), 'no_secret');
  }
});

test('hex is read in either case', () => {
  for (const body of short('{}')) {
    const upper = hex(body).toUpperCase();
    assert.equal(verified(body, { 'x-hub-signature-256': `sha256=${upper}` }).secretIndex, 0);
    assert.equal(verified(body, { 'qlik-signature': upper }, 'qlik').secretIndex, 0);
    assert.equal(codeOf(() => verified(body, { 'x-hub-signature-256': `SHA256=${upper}` })), 'malformed_header');
  }
});

test('a signature without its prefix, or with that of another version, is refused', () => {
  const prefixed = Object.keys(schemes).filter((name) => schemes[name].prefix);
  assert.ok(prefixed.length >= 4);
  for (const scheme of prefixed) {
    const { header, prefix } = schemes[scheme];
    const headers = at(scheme, NOW);
    for (const other of ['', 'v0', 'sha1=', 'v2,', 'v1a,', `${prefix} `, prefix.toUpperCase(), prefix.slice(1)]) {
      const changed = { ...headers, [header]: headers[header].replace(prefix, other) };
      assert.equal(codeOf(() => verify(scheme, fit(scheme), changed, '{}', { now })), 'malformed_header', `${scheme} ${other}`);
    }
  }
});

test('a parsed body is refused with what to do, before anything is computed, and is the fault of the receiver', () => {
  for (const body of [{ a: 1 }, [], null, undefined, 3, true, new Map(), Promise.resolve('{}'), new ReadableStream()]) {
    assert.throws(() => verified(body, {}), { name: 'VerificationError', code: 'invalid_body', fault: 'receiver', message: /take the raw body/ });
  }
});

test('a body written anew is another body, unless the canonical form is asked for and the sender writes it', () => {
  const [sent, held] = ['{"esc":"\\u001b","n":1}', '{ "esc": "\\u001B", "n": 1.0 }'];
  for (const [body, other] of [[sent, held], ['{"e":"\u00e9"}', '{"e":"\\u00e9"}'], ['{"a":"/"}', '{"a":"\\/"}']]) {
    assert.equal(codeOf(() => verify('github', SECRET, github(body), other)), 'mismatch');
    assert.deepEqual(verify('github', SECRET, github(body), other, { body: 'canonical' }).event, JSON.parse(body));
    // Of a sender that writes otherwise, nothing brings its bytes back.
    assert.equal(codeOf(() => verify('github', SECRET, github(other), body, { body: 'canonical' })), 'mismatch');
  }
});

test('where there is nothing of Node, every shared vector has the same outcome, to the word', () => {
  const run = (where) => {
    const output = execFileSync(process.execPath, [fileURLToPath(new URL('outcomes.mjs', import.meta.url)), where], { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, SIGPOST_NPM: folder } });
    return JSON.parse(output);
  };
  const [node, browser] = [run('node'), run('browser')];
  assert.ok(node.outcomes.length > 2400, `${node.outcomes.length} outcomes`);
  assert.deepEqual(browser.outcomes, node.outcomes);
  assert.equal(browser.tags, 0);
  assert.ok(node.tags > 20, `the host computed ${node.tags} tags`);
});
