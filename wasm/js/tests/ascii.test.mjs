// The text that holds a module's bytes.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { transform } from 'esbuild';

import { ascii } from '../ascii.mjs';

const source = await readFile(fileURLToPath(new URL('../src/ascii.ts', import.meta.url)), 'utf8');
const { code } = await transform(source, { loader: 'ts', format: 'esm' });
const { bytesOf } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

test('every byte comes back, after every other, from characters that mean nothing in a string', () => {
  const bytes = Uint8Array.from({ length: 1 << 17 }, (_, at) => (at % 2 === 0 ? at >> 1 : at >> 9));
  const text = ascii(bytes);
  assert.match(text, /^[!#-[\]-~]+$/);
  assert.deepEqual(bytesOf(text), bytes);
});
