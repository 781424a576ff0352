// What the package exports is documented, each with an example of a kind that some test runs or compiles.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { API, SymbolFlags } from 'typescript/unstable/sync';

import { folder } from './package.mjs';

// Marked unstable, so it may change with the compiler's version, which the lock file holds.
const compiler = new API();
after(() => compiler.close());

/** `js` runs in packaging.test.mjs, `javascript` in the adapters' examples.test.mjs, `ts` is compiled in events.test.mjs. */
const EXAMPLE = /^```(?:js|javascript|ts)\n[\s\S]*^```$/m;

/** The exports of every entry, as whoever imports it sees them: values and types, with their comments. */
async function exported() {
  const { exports } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const entries = Object.entries(exports).filter(([, { node }]) => node);
  const typed = entries.map(([entry, { node }]) => ({ entry, file: join(folder, node.import.types) }));
  const snapshot = compiler.updateSnapshot({ openFiles: typed.map(({ file }) => file) });
  return typed.flatMap(({ entry, file }) => {
    const { checker, program } = snapshot.getDefaultProjectForFile(file);
    const names = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
    assert.ok(names.length > 0, entry);
    return names.map((symbol) => {
      const declared = symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const examples = declared.getJsDocTags(checker).filter(({ name }) => name === 'example');
      const text = declared.getDocumentationComment(checker);
      return { name: `${symbol.name} of ${entry}`, text, examples: examples.map(({ text }) => text) };
    });
  });
}

test('every name that an entry exports is documented, with an example that a test runs', async () => {
  const all = await exported();
  assert.ok(all.length > 100, `${all.length} names`);
  const names = (bare) => all.filter(bare).map(({ name }) => name);
  assert.deepEqual(names(({ text }) => text.trim() === ''), []);
  assert.deepEqual(names(({ examples }) => !examples.some((text) => EXAMPLE.test(text))), []);
});
