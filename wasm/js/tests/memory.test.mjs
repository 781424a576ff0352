// What is left in memory, and what happens when it breaks.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import crypto, { createHash, createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { failures } from './failures.mjs';
import { canonicalizing, codeOf, sigpost, verifying } from './package.mjs';

const { Verifier, schemes, sign } = sigpost;
const memory = () => new Uint8Array(verifying().exports.memory.buffer);

test('a disposed verifier refuses, and disposing twice is nothing', () => {
  const verifier = new Verifier('qlik', 's');
  const headers = sign('qlik', 's', { body: 'x' });
  verifier.verify(headers, 'x');
  verifier.dispose();
  verifier.dispose();
  assert.equal(codeOf(() => verifier.verify(headers, 'x')), 'disposed');
  if (Symbol.dispose) {
    const other = new Verifier('qlik', 's');
    other[Symbol.dispose]();
    assert.equal(codeOf(() => other.verify(headers, 'x')), 'disposed');
  }
});

test('nothing in memory depends on a secret that was disposed of', () => {
  // Two processes that differ in nothing but the secret: afterwards their memories are equal, byte for byte.
  const program = fileURLToPath(new URL('dispose.mjs', import.meta.url));
  const after = (...args) => execFileSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  const [first, second] = [after('a first secret'), after('another secret')];
  assert.equal(first, second);
  // And the comparison can fail.
  assert.notEqual(after('a first secret', 'keep'), after('another secret', 'keep'));
});

test('a call that throws leaves no secret, neither in the memory of the module nor in a copy of the package', () => {
  const secret = 'a secret that stands nowhere else';
  const derived = createHmac('sha256', secret).update('sigpost/standard-webhooks/v1').digest();
  // HMAC begins with the key, xored with 0x36 or with 0x5c.
  const shapes = [Buffer.from(secret), derived].flatMap((key) => [0, 0x36, 0x5c].map((pad) => key.map((byte) => byte ^ pad)));
  const traces = () => shapes.filter((shape) => Buffer.from(memory().buffer).includes(shape)).length;
  const copies = [];
  const { encode } = TextEncoder.prototype;
  TextEncoder.prototype.encode = function (text) {
    const bytes = encode.call(this, text);
    if (text.includes(secret)) copies.push(bytes);
    return bytes;
  };
  try {
    for (const [name, fail] of Object.entries(failures(secret))) {
      assert.throws(fail, Error, name);
      assert.equal(traces(), 0, name);
      assert.ok(copies.every((copy) => copy.every((byte) => byte === 0)), name);
    }
  } finally {
    TextEncoder.prototype.encode = encode;
  }
  // What is looked for is found where it is.
  assert.ok(copies.length > 15, `${copies.length} copies`);
  memory().set(shapes[5], memory().length - 64);
  assert.equal(traces(), 1);
});

test('what was written for the host to hash is erased with the key', () => {
  const [secret, body] = ['a secret that the host is handed', 'x'.repeat(1000)];
  const verifiers = ['qlik', 'immuta-sha1', { name: 'x', header: 'x-sig', algorithm: 'hmac-sha512' }].map((scheme) => ({ verifier: new Verifier(scheme, secret), headers: sign(scheme, secret, { body }) }));
  const handed = new Set();
  const { hash } = crypto;
  crypto.hash = (name, data, encoding) => {
    handed.add(data.buffer);
    return hash(name, data, encoding);
  };
  try {
    verifiers.forEach(({ verifier, headers }) => verifier.verify(headers, body));
  } finally {
    crypto.hash = hash;
  }
  const shapes = [0x36, 0x5c].map((pad) => Buffer.from(secret).map((byte) => byte ^ pad));
  const traces = () => [...handed].filter((buffer) => shapes.some((shape) => Buffer.from(buffer).includes(shape))).length;
  assert.ok(traces() >= verifiers.length, `${traces()} traces`);
  verifiers.forEach(({ verifier }) => verifier.dispose());
  assert.equal(traces(), 0);
});

/** What of a process's memory can be read, in pieces. Where there is /proc. */
function* memoryOf(pid) {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from, to, access] = /^([\da-f]+)-([\da-f]+) (\S+)/.exec(line) ?? [];
      if (!access?.startsWith('rw')) {
        continue;
      }
      const piece = Buffer.alloc(1 << 20);
      for (let at = Number(`0x${from}`); at < Number(`0x${to}`); at += piece.length) {
        try {
          yield piece.subarray(0, readSync(memory, piece, 0, Math.min(piece.length, Number(`0x${to}`) - at), at));
        } catch (error) {
          // Memory that nobody has touched, or that is no file's any more.
          assert.match(error.code, /^(EIO|EFAULT)$/);
        }
      }
    }
  } finally {
    closeSync(memory);
  }
}

/** How often a process's memory holds one of these. */
function copiesIn(pid, shapes) {
  let count = 0;
  for (const piece of memoryOf(pid)) {
    for (const shape of shapes) {
      for (let at = piece.indexOf(shape); at >= 0; at = piece.indexOf(shape, at + 1)) {
        count += 1;
      }
    }
  }
  return count;
}

test('a whole process holds no copy of a key that was disposed of, nor of its pads', { timeout: 120_000 }, async () => {
  const program = fileURLToPath(new URL('process.mjs', import.meta.url));
  const copies = async (secret, shapes, ...args) => {
    const child = spawn(process.execPath, ['--expose-gc', program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      child.stdin.write(secret);
      await once(child.stdout, 'data');
      return copiesIn(child.pid, shapes);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  };
  const padded = (key) => [0, 0x36, 0x5c].map((pad) => key.map((byte) => byte ^ pad));
  const secret = Buffer.from(randomBytes(48).toString('hex').slice(0, 40));
  const derived = createHmac('sha256', secret).update('sigpost/standard-webhooks/v1').digest();
  for (const mode of ['hosted', 'alone']) {
    assert.equal(await copies(secret, padded(secret), mode, 'github'), 0, mode);
    assert.equal(await copies(secret, padded(secret), mode, 'immuta-sha1'), 0, mode);
    assert.equal(await copies(secret, [secret, ...padded(derived)], mode, 'standard-webhooks'), 0, mode);
  }
  // What HMAC makes of a secret longer than a block is its key.
  const long = randomBytes(100);
  assert.equal(await copies(long, padded(createHash('sha256').update(long).digest()), 'hosted', 'github'), 0);
  // And they are found where they are.
  assert.ok((await copies(secret, padded(secret), 'hosted', 'github', 'keep')) >= 3);
});

test('a long body is not kept once nobody holds what it was verified as', () => {
  const modes = new URL('modes.mjs', import.meta.url).href;
  const program = `
    import { alone, hosted } from '${modes}';
    const ask = ({ sign, verify }) => {
      const body = Buffer.alloc(8 << 20, 'x');
      return verify('github', 's', sign('github', 's', { body }), body).secretIndex;
    };
    const { arrayBuffers } = process.memoryUsage();
    console.log(ask(alone) + ask(hosted));
    // Buffers are freed a while after they were collected.
    const isKept = () => process.memoryUsage().arrayBuffers - arrayBuffers > 1 << 20;
    for (const end = Date.now() + 10_000; isKept() && Date.now() < end; ) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log(isKept());`;
  const said = execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.equal(said, '0\nfalse\n');
});

test('a hundred thousand verifications need no more memory', () => {
  const body = 'x'.repeat(1000);
  const headers = sign('standard-webhooks', 's', { body, id: 'i' });
  const verifier = new Verifier('standard-webhooks', ['other', 's']);
  const bad = { ...headers, 'webhook-id': 'j' };
  const round = (count) => {
    for (let index = 0; index < count; index += 1) {
      verifier.verify(headers, body);
      codeOf(() => verifier.verify(bad, body));
      if (index % 100 === 0) {
        new Verifier('immuta', 's').dispose();
      }
    }
  };
  round(500);
  const before = memory().length;
  round(50_000);
  assert.equal(memory().length, before);
  verifier.verify(headers, Buffer.from(body));
  assert.equal(codeOf(() => verifier.verify(headers, Buffer.alloc(10 << 20))), 'mismatch');
  assert.equal(memory().length, before, 'memory grows with the body');
});

test('verifiers that are forgotten do not pile up', async () => {
  const program = fileURLToPath(new URL('forget.mjs', import.meta.url));
  const grown = Number(execFileSync(process.execPath, ['--expose-gc', program], { encoding: 'utf8' }));
  assert.ok(grown <= 1 << 20, `memory grew by ${grown} bytes`);
});

test('a trap fails closed, and the next call starts anew with the same keys', () => {
  const headers = sign('qlik', 's', { body: 'x' });
  const verifier = new Verifier('qlik', 's');
  const other = new Verifier('qlik', 't');
  verifier.verify(headers, 'x');
  for (let round = 0; round < 3; round += 1) {
    const [broken, lost] = [verifying(), memory().fill(0xff)];
    assert.equal(codeOf(() => verifier.verify(headers, 'x')), 'internal');
    assert.equal(verifier.verify(headers, 'x').secretIndex, 0);
    assert.notEqual(verifying(), broken);
    assert.ok(lost.every((byte) => byte === 0), 'what was lost is not erased');
    assert.equal(codeOf(() => other.verify(headers, 'x')), 'mismatch');
    assert.equal(codeOf(() => verifier.verify(headers, 'y')), 'mismatch');
  }
  memory().fill(0xff);
  assert.equal(codeOf(() => verifier.verify(headers, 'x')), 'internal');
  verifier.dispose();
  assert.equal(codeOf(() => verifier.verify(headers, 'x')), 'disposed');
});

test('a body that there is no memory to canonicalise is no fault of the sender', () => {
  const verifier = new Verifier('immuta', 's', { body: 'canonical', maxBytes: 30e6 });
  const body = `"${'x'.repeat(20e6)}"`;
  const headers = sign('immuta', 's', { body });
  assert.equal(codeOf(() => verifier.verify(headers, '['.repeat(100_001))), 'not_json');
  const { memory } = canonicalizing().exports;
  memory.grow(65_536 - memory.buffer.byteLength / 65_536);
  assert.equal(codeOf(() => verifier.verify(headers, body)), 'internal');
  assert.equal(verifier.verify(headers, body).secretIndex, 0);
});

test('a body is not canonicalised unless its headers could be genuine', () => {
  const verifier = new Verifier('immuta', 's', { body: 'canonical', maxBytes: 30e6 });
  const body = `"${'x'.repeat(20e6)}"`;
  sign({ ...schemes.immuta, body: 'canonical' }, 's', { body: '1' });
  const { memory } = canonicalizing().exports;
  const before = memory.buffer.byteLength;
  assert.equal(codeOf(() => verifier.verify({}, body)), 'missing_header');
  assert.equal(codeOf(() => verifier.verify({ [schemes.immuta.header]: 'x' }, body)), 'malformed_header');
  assert.equal(codeOf(() => verifier.verify({}, '{')), 'missing_header');
  assert.equal(memory.buffer.byteLength, before);
  assert.equal(codeOf(() => verifier.verify({ [schemes.immuta.header]: '0'.repeat(64) }, body)), 'mismatch');
  assert.ok(memory.buffer.byteLength > 20e6, 'it was canonicalised elsewhere');
});

test('code of the caller that runs in the middle cannot change what is verified', () => {
  const body = '{"a":1}';
  const headers = sign('qlik', 's', { body });
  const verifier = new Verifier('qlik', 's');
  const meddling = {
    get 'qlik-signature'() {
      codeOf(() => verifier.verify({ 'qlik-signature': '0'.repeat(64) }, 'other'));
      return headers['qlik-signature'];
    },
  };
  assert.deepEqual(verifier.verify(meddling, body).event, { a: 1 });
  const nested = new Verifier('qlik', 's', { now: () => (sign('immuta', 't', { body: 'z' }), Date.now()) });
  assert.deepEqual(nested.verify(headers, body).event, { a: 1 });
  class Liar extends Uint8Array {
    subarray() {
      return new Uint8Array(7);
    }
  }
  assert.equal(verifier.verify(headers, new Liar(Buffer.from(body))).secretIndex, 0);
});
