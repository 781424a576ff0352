// What an adapter costs whoever bundles it, all that it shares with the others included.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

import { folder } from './frameworks.mjs';

for (const name of ['express', 'fastify', 'hono', 'fetch', 'dedupe']) {
  test(`sigpost/${name} is at most 1,024 bytes, minified and gzipped, and loads no module`, async () => {
    const entryPoints = [join(folder, `${name}.js`)];
    const { outputFiles, metafile } = await build({ entryPoints, bundle: true, format: 'esm', minify: true, write: false, metafile: true });
    const { length } = gzipSync(outputFiles[0].contents, { level: 9 });
    assert.ok(length <= 1024, `${length} bytes`);
    assert.equal(Object.keys(metafile.inputs).length, 1);
  });
}
