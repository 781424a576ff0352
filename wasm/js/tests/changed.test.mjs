// Bodies in buffers that change after they were verified, or while they are: what is handed out was verified, always.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { alone, counted, hosted } from './modes.mjs';
import { codeOf } from './package.mjs';

const { sign } = hosted;
const json = (letter, length) => JSON.stringify({ [letter]: 'x'.repeat(length) });
/** What one asks for, by every name. */
const ASKED = { event: (verified) => verified.event, signedBytes: (verified) => JSON.parse(new TextDecoder().decode(verified.signedBytes)) };

/** A body and another of its length, in bytes that can be changed. */
function pair(length, make = (size) => new Uint8Array(size)) {
  const [text, other] = [json('a', length), json('b', length)];
  const bytes = make(text.length);
  bytes.set(Buffer.from(text));
  return { text, bytes, headers: sign('github', 's', { body: text }), change: () => bytes.set(Buffer.from(other)), restore: () => bytes.set(Buffer.from(text)) };
}

test('the host hashes a body, and a tiny one is not worth its while', () => {
  for (const [length, tags] of [[10, 0], [1000, 1], [5000, 1]]) {
    const { bytes, headers } = pair(length);
    assert.equal(counted(() => hosted.verify('github', 's', headers, bytes)), tags);
    assert.equal(counted(() => alone.verify('github', 's', headers, bytes)), 0);
  }
});

test('a short body, and one that the module hashed, is copied: what happens to the buffer does not matter', () => {
  for (const [{ verify }, length] of [[hosted, 10], [hosted, 1000], [hosted, 4000], [alone, 10], [alone, 5000], [alone, 40_000]]) {
    for (const asked of Object.values(ASKED)) {
      const { text, bytes, headers, change } = pair(length);
      for (const body of [bytes, bytes.buffer]) {
        const verified = verify('github', 's', headers, body);
        change();
        assert.deepEqual(asked(verified), JSON.parse(text));
        bytes.set(Buffer.from(text));
      }
    }
  }
});

test('a long body that the host hashed is looked at again: once changed, there is no event of it, and no bytes', () => {
  for (const [name, asked] of Object.entries(ASKED)) {
    const { text, bytes, headers, change, restore } = pair(5000);
    for (const body of [bytes, bytes.buffer]) {
      restore();
      const verified = hosted.verify('github', 's', headers, body);
      change();
      assert.throws(() => asked(verified), { name: 'VerificationError', code: 'body_changed', fault: 'receiver', message: /was changed/ }, name);
      // Nor later, nor by the other name; but what was verified is verified if it is there again.
      Object.values(ASKED).forEach((asked) => assert.equal(codeOf(() => asked(verified)), 'body_changed'));
      restore();
      assert.deepEqual(asked(verified), JSON.parse(text));
      // From then on it is ours.
      change();
      assert.deepEqual(Object.values(ASKED).map((asked) => asked(verified)), [JSON.parse(text), JSON.parse(text)]);
    }
  }
});

test('one bit anywhere is a change', () => {
  const { bytes, headers } = pair(5000);
  for (let at = 0; at < bytes.length; at += 97) {
    const verified = hosted.verify('github', 's', headers, bytes);
    bytes[at] ^= 1;
    assert.equal(codeOf(() => verified.event), 'body_changed', String(at));
    bytes[at] ^= 1;
  }
});

test('a change is seen with what is signed around the body, with several secrets, and after the verifier is gone', () => {
  for (const scheme of ['standard-webhooks', 'stripe', { name: 'x', header: 'x-sig', algorithm: 'hmac-sha512', timestampHeader: 'x-time', signed: ['body', { text: '.' }, 'timestamp'] }]) {
    const { text, bytes, change } = pair(5000);
    const headers = sign(scheme, 's', { body: text, id: 'i' });
    const verifier = new hosted.Verifier(scheme, ['other', 's']);
    const [same, changed] = [verifier.verify(headers, bytes), verifier.verify(headers, bytes)];
    verifier.dispose();
    assert.deepEqual(same.event, JSON.parse(text));
    change();
    assert.equal(codeOf(() => changed.event), 'body_changed');
    assert.deepEqual(same.event, JSON.parse(text));
  }
});

test('memory that other threads can write to is copied before anything is computed', () => {
  for (const { verify, Verifier } of [hosted, alone]) {
    for (const length of [10, 5000]) {
      for (const asked of Object.values(ASKED)) {
        const { text, bytes, headers, change, restore } = pair(length, (size) => new Uint8Array(new SharedArrayBuffer(size + 3), 3, size));
        const verified = verify('github', 's', headers, bytes);
        change();
        assert.deepEqual(asked(verified), JSON.parse(text));
        // Also while it is verified.
        restore();
        const verifier = new Verifier('github', 's', { now: () => (change(), 0) });
        assert.deepEqual(asked(verifier.verify(headers, bytes)), JSON.parse(text));
      }
    }
  }
});

test('a buffer that was transferred, or made shorter or longer, is a changed body and never another event', () => {
  const gone = (bytes) => structuredClone(null, { transfer: [bytes.buffer] });
  for (const asked of Object.values(ASKED)) {
    for (const whole of [true, false]) {
      const { text, bytes, headers } = pair(5000);
      const verified = hosted.verify('github', 's', headers, whole ? bytes.buffer : bytes);
      gone(bytes);
      assert.equal(codeOf(() => asked(verified)), 'body_changed');
      const small = pair(10);
      const copied = hosted.verify('github', 's', small.headers, whole ? small.bytes.buffer : small.bytes);
      gone(small.bytes);
      assert.deepEqual(asked(copied), JSON.parse(small.text));
      for (const size of [0, text.length - 1, text.length + 1]) {
        const resizable = new ArrayBuffer(text.length, { maxByteLength: text.length + 1 });
        new Uint8Array(resizable).set(Buffer.from(text));
        const verified = hosted.verify('github', 's', headers, whole ? resizable : new Uint8Array(resizable, 0, text.length));
        resizable.resize(size);
        if (whole || size < text.length) {
          assert.equal(codeOf(() => asked(verified)), 'body_changed', `${whole} ${size}`);
        } else {
          assert.deepEqual(asked(verified), JSON.parse(text));
        }
      }
    }
  }
});

test('the canonical form is ours, whoever hashed it', () => {
  for (const length of [10, 5000]) {
    const { text, bytes, headers, change } = pair(length);
    const verified = hosted.verify('github', 's', headers, bytes, { body: 'canonical' });
    change();
    for (const asked of Object.values(ASKED)) {
      assert.deepEqual(asked(verified), JSON.parse(text));
    }
  }
});

test('what was handed out can be changed without any effect on what is handed out next', () => {
  for (const length of [10, 5000]) {
    const { text, bytes, headers } = pair(length);
    const verified = hosted.verify('github', 's', headers, bytes);
    verified.signedBytes.fill(0);
    assert.equal(Buffer.from(verified.signedBytes).toString(), text);
    assert.deepEqual(verified.event, JSON.parse(text));
    assert.equal(bytes.every(Boolean), true);
  }
});
