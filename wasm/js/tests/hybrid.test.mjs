// Large bodies are hashed by the host and small ones by the module: at every edge both must say what node:crypto computes.

import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { alone, counted, hosted, made, older } from './modes.mjs';
import { codeOf } from './package.mjs';

const SECRET = 'a secret';
const NOW = 1_700_000_000;
const ID = 'i'.repeat(200);
/** The module's buffer, which is also the longest body that the host hashes in one call. */
const BUFFER = 16_384;
/** From which length on Node hashes itself, by the number in the hash's name. */
const FASTER = { 1: 256, 256: 80, 512: 440 };

/** The texts before and behind a body, and the scheme that signs them so. */
const AROUND = {
  nothing: { before: '', after: '', scheme: {} },
  'a text before': { before: `${ID}.`, after: '', scheme: { idHeader: 'x-id', signed: ['id', { text: '.' }, 'body'] } },
  'a text behind': { before: '', after: `.${NOW}`, scheme: { timestampHeader: 'x-time', signed: ['body', { text: '.' }, 'timestamp'] } },
  both: { before: `v0:${ID}:`, after: `~${NOW}!${'z'.repeat(256)}`, scheme: { idHeader: 'x-id', timestampHeader: 'x-time', signed: [{ text: 'v0:' }, 'id', { text: ':' }, 'body', { text: '~' }, 'timestamp', { text: '!' }, { text: 'z'.repeat(256) }] } },
};

/** Every length that could be one too many or too few: of a block, of what the host takes, of the buffer. */
function lengthsOf(hash, { before, after }) {
  const edges = [0, 55, 63, 64, 111, 127, 128, FASTER[hash], BUFFER / 3, BUFFER - before.length, BUFFER - after.length, BUFFER - before.length - after.length, BUFFER, BUFFER * 2 - before.length, BUFFER * 2].map(Math.floor);
  const lengths = edges.flatMap((edge) => [edge - 2, edge - 1, edge, edge + 1, edge + 2]);
  return [...new Set(lengths)].filter((length) => length >= 0);
}

const TEXT = '0123456789abcdef'.repeat(3000);

for (const hash of [1, 256, 512]) {
  for (const [name, around] of Object.entries(AROUND)) {
    test(`SHA-${hash} over a body with ${name} is what node:crypto computes, by the host and without it`, () => {
      const { before, after, scheme } = around;
      const plan = { name: 'x', header: 'x-sig', algorithm: `hmac-sha${hash}`, ...scheme };
      const options = { now: () => NOW * 1000 };
      const verifiers = [alone, hosted, older].map(({ Verifier }) => new Verifier(plan, ['another', SECRET], options));
      const lengths = lengthsOf(hash, around);
      let asked = 0;
      for (const length of lengths) {
        const bytes = randomBytes(length);
        for (const body of [bytes, TEXT.slice(0, length)]) {
          const tag = createHmac(`sha${hash}`, SECRET).update(before).update(body).update(after).digest('hex');
          const headers = { 'x-id': ID, 'x-time': String(NOW), 'x-sig': tag };
          const wrong = [0, tag.length - 1].map((at) => ({ ...headers, 'x-sig': tag.slice(0, at) + (tag[at] === '0' ? '1' : '0') + tag.slice(at + 1) }));
          const [last, first] = [Buffer.from(body), Buffer.from(body)];
          if (length) {
            last[length - 1] ^= 1;
            first[0] ^= 1;
          }
          asked += counted(() => {
            for (const verifier of verifiers) {
              assert.equal(verifier.verify(headers, body).secretIndex, 1, `${length}`);
            }
          });
          for (const verifier of verifiers) {
            for (const forged of wrong) {
              assert.equal(codeOf(() => verifier.verify(forged, body)), 'mismatch', `${length}`);
            }
            for (const other of length ? [last, first, last.subarray(1)] : [Buffer.from('x')]) {
              assert.equal(codeOf(() => verifier.verify(headers, other)), 'mismatch', `${length}`);
            }
          }
          for (const { sign } of [alone, hosted, older]) {
            const made = sign(plan, SECRET, { body, id: ID, timestamp: NOW });
            assert.equal(made['x-sig'], tag, `${length}`);
          }
        }
      }
      // From its length on the host is asked, once for each secret; without a hash in one call only about what needs more.
      const by = { hosted: lengths.filter((length) => length >= FASTER[hash]), bytes: lengths.filter((length) => length > BUFFER), text: lengths.filter((length) => length * 3 > BUFFER) };
      assert.equal(asked, by.hosted.length * 2 * 2 + (by.bytes.length + by.text.length) * 2);
    });
  }
}

test('a key of any length is one, beyond what the hash takes at a time too', () => {
  const body = 'x'.repeat(1000);
  for (const algorithm of ['sha1', 'sha256', 'sha512']) {
    const scheme = { name: 'x', header: 'x-sig', algorithm: `hmac-${algorithm}` };
    for (const length of [1, 63, 64, 65, 127, 128, 129, 4096]) {
      const key = randomBytes(length).fill(1, 0, 1);
      const headers = { 'x-sig': createHmac(algorithm, key).update(body).digest('hex') };
      for (const { verify } of [alone, hosted, older]) {
        assert.equal(verify(scheme, key, headers, body).secretIndex, 0, `${algorithm} ${length}`);
      }
    }
  }
});

test('a text of many bytes a character is hashed as its UTF-8, wherever it is cut into pieces', () => {
  for (const [text, units] of [['\u{1f980}', 2], ['\u00e9', 1], ['\u20ac', 1], ['\ud800', 1], ['\udc00\ud800', 2], ['a\u{1f980}', 3]]) {
    for (const around of [0, 1, 2, 3, 4]) {
      const body = '.'.repeat(around) + text.repeat(Math.ceil((2 * BUFFER) / units / 2) + 3);
      const bytes = new TextEncoder().encode(body);
      const headers = { 'qlik-signature': createHmac('sha256', SECRET).update(bytes).digest('hex') };
      for (const { sign, verify } of [alone, hosted, older]) {
        for (const one of [body, bytes]) {
          assert.deepEqual(sign('qlik', SECRET, { body: one }), headers, JSON.stringify(text));
          assert.deepEqual(verify('qlik', SECRET, headers, one).signedBytes, bytes, JSON.stringify(text));
        }
      }
    }
  }
});

test('the canonical form is hashed where it is cheaper, too, and is the same', () => {
  for (const length of [10, 699, 700, 5000, BUFFER, 3 * BUFFER]) {
    const [canonical, body] = [`["${'x'.repeat(length)}",1]`, `[ "${'x'.repeat(length)}", 1.0 ]`];
    const headers = { 'qlik-signature': createHmac('sha256', SECRET).update(canonical).digest('hex') };
    for (const { verify } of [alone, hosted, older]) {
      assert.equal(Buffer.from(verify('qlik', SECRET, headers, body, { body: 'canonical' }).signedBytes).toString(), canonical);
      assert.equal(codeOf(() => verify('qlik', SECRET, headers, `${body.slice(0, -1)},2]`, { body: 'canonical' })), 'mismatch');
    }
  }
});

test('a rotation of many secrets finds each of them, by the host and without it', () => {
  const secrets = Array.from({ length: 40 }, (_, index) => `secret ${index}`);
  for (const { Verifier } of [alone, hosted, older]) {
    const verifier = new Verifier('github', secrets);
    for (const body of ['small', 'l'.repeat(5000)]) {
      for (const [index, secret] of secrets.entries()) {
        const headers = { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
        assert.equal(verifier.verify(headers, body).secretIndex, index);
      }
      const forged = { 'x-hub-signature-256': `sha256=${createHmac('sha256', 'none').update(body).digest('hex')}` };
      assert.equal(codeOf(() => verifier.verify(forged, body)), 'mismatch');
    }
  }
});

test('a host that hashes wrongly makes nothing genuine, and one that cannot hash or may not be asked is as none', () => {
  const body = 'x'.repeat(2000);
  const zeros = { 'qlik-signature': '0'.repeat(64) };
  const headers = { 'qlik-signature': createHmac('sha256', SECRET).update(body).digest('hex') };
  const { getBuiltinModule } = process;
  const hashing = (hash) => (module) => Object.create(getBuiltinModule.call(process, module), { hash: { value: hash } });
  const hosts = {
    empty: hashing(() => ''),
    short: hashing(() => '\0'),
    'forbidding a hash': hashing(() => { throw new Error('unsupported'); }),
    forbidding: () => { throw new Error('not here'); },
    nothing: () => undefined,
  };
  for (const [name, host] of Object.entries(hosts)) {
    const { verify } = made(host);
    assert.equal(verify('qlik', SECRET, headers, body).secretIndex, 0, name);
    assert.equal(codeOf(() => verify('qlik', SECRET, zeros, body)), 'mismatch', name);
  }
  const { verify } = made(hashing(() => '\0'.repeat(32)));
  assert.equal(codeOf(() => verify('qlik', SECRET, headers, body)), 'mismatch');
});

test('a host that fails in one of its calls is as none, and nothing of an earlier request is taken for this one', () => {
  const { getBuiltinModule } = process;
  const [old, other, long] = ['x'.repeat(2000), 'y'.repeat(2000), Buffer.alloc(5000, 'z')];
  const headersOf = (body) => ({ 'qlik-signature': createHmac('sha256', SECRET).update(body).digest('hex') });
  const wrong = [() => '', () => '\0', () => 'x'.repeat(64), () => '\u0100'.repeat(32), () => undefined, () => null, () => 5, () => ({}), () => ({ length: 32 }), () => Buffer.alloc(32), () => Symbol('none'), () => { throw new Error('unsupported'); }];
  for (const fails of [1, 2]) {
    for (const answer of wrong) {
      let calls = 0;
      let failing = false;
      const { Verifier } = made((module) => {
        const crypto = getBuiltinModule.call(process, module);
        const hash = (...given) => ((calls += 1), failing && calls % 2 === fails % 2 ? answer() : crypto.hash(...given));
        return Object.create(crypto, { hash: { value: hash } });
      });
      const verifier = new Verifier('qlik', SECRET);
      const name = `${fails} ${answer}`;
      assert.equal(verifier.verify(headersOf(old), old).secretIndex, 0, name);
      [calls, failing] = [0, true];
      assert.match(codeOf(() => verifier.verify(headersOf(old), other)), /^mismatch$/, name);
    }
  }
  // And what it makes of keys: the module does it, and the body is copied.
  for (const members of [{ createSecretKey: { value: undefined } }, { createSecretKey: { value: () => { throw new Error('unsupported'); } } }]) {
    const { verify } = made((module) => Object.create(getBuiltinModule.call(process, module), members));
    assert.deepEqual(Buffer.from(verify('qlik', SECRET, headersOf(long), long).signedBytes), long);
  }
});
