import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';

import { schemes } from '../../wasm/js/dist/index.js';
import { load } from './load.mjs';
import { repeated } from './random.mjs';

const { receiver, targets } = await load('/src/playground/generate/receiver.ts');
const { literal, valueLiteral } = await load('/src/playground/generate/literal.ts');

const PIECES = ['a', "'", '"', '`', '${process.exit(1)}', '\\', '\n', '\r', '\0', '\u2028', '\u2029', '</script>', '<!--', '\u202e', '\ufeff', '\ud800', '\udc00', '😀', 'é', "'; throw 1; '", '*/', '//', '__proto__'];

test('a literal is the text it stands for, whatever that is', () =>
  repeated(300, ({ text }) => {
    const given = text(30, PIECES);
    const written = literal(given);
    assert.equal(runInNewContext(written), given);
    assert.doesNotMatch(written, /[\0-\x1f\u2028\u2029\u202e\ufeff]|<[/!]/);
    assert.ok(written.isWellFormed?.() ?? true);
    const value = JSON.parse(JSON.stringify({ [given]: [{ text: given }, 1, null, true], a: given }));
    const read = runInNewContext(`(${valueLiteral(value)})`);
    assert.equal(JSON.stringify(read), JSON.stringify(value));
  }));

test('nothing that a scheme holds becomes anything but text', () =>
  repeated(100, ({ text, pick }) => {
    const hostile = () => text(20, PIECES);
    const scheme = { name: hostile(), header: hostile(), prefix: hostile(), signed: ['body', { text: hostile() }], algorithm: pick(['hmac-sha256', 'hmac-sha512']), tolerance: 5, evil: hostile() };
    for (const target of Object.keys(targets)) {
      const { code } = receiver(target, scheme);
      const [, written] = code.match(/^const scheme = (\{[^]*?\});\n\n(?:const verifier|let receive)/m);
      const { evil, ...data } = scheme;
      assert.deepEqual(JSON.parse(JSON.stringify(runInNewContext(`(${written})`))), JSON.parse(JSON.stringify(data)));
      // Without the scheme it is the same program, whatever the scheme.
      assert.equal(code.replace(written, ''), receiver(target, { name: 'a', header: 'b' }).code.replace("{ name: 'a', header: 'b' }", ''));
    }
  }));

test('only what was chosen stands in the program, and no comment', () => {
  for (const target of Object.keys(targets)) {
    for (const scheme of Object.keys(schemes)) {
      const { code, file, install, run } = receiver(target, scheme, { body: 'raw' });
      assert.match(code, new RegExp(`new Verifier\\('${scheme}', (?:process\\.)?env\\.WEBHOOK_SECRET\\)`));
      assert.doesNotMatch(code, /\/\/|\/\*/);
      assert.ok(file && install.startsWith('npm install sigpost') && run);
    }
    const { code } = receiver(target, 'stripe', { tolerance: null, body: 'canonical', standardWebhooks: 'required' });
    assert.ok(code.includes("WEBHOOK_SECRET, { tolerance: null, body: 'canonical', standardWebhooks: 'required' })"));
  }
});
