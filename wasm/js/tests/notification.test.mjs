import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import * as reader from '../../../tests/vectors/notification/read.mjs';
import { canonical, vectors } from './package.mjs';

const files = await vectors('notification');
const cases = files.flatMap(({ cases }) => cases);

test('the vectors of notifications are what their script writes', () => {
  const script = fileURLToPath(new URL('../../../tests/vectors/notification/generate.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.ok(cases.length > 120, `${cases.length} cases`);
  assert.ok(cases.every(({ name, source, expect, error }) => name && source && !expect !== !error));
});

test('the package gives every notification the canonical form that its vector says', () => {
  for (const { name, body, canonical: expected, error, mode } of cases) {
    if (expected !== undefined) {
      assert.equal(canonical.canonicalize(body), expected, name);
      assert.equal(canonical.canonicalize(expected), expected, name);
    } else if (mode !== 'binary') {
      assert.equal(error.reason, 'NotJson', name);
      assert.throws(() => canonical.canonicalize(body), SyntaxError, name);
    }
  }
});

test('what is written of an event is read as the same event', () => {
  const events = cases.flatMap(({ expect }) => expect?.events ?? expect?.cloudEvent ?? (expect?.structured ? expect : []));
  const read = events.filter(({ error }) => !error);
  assert.ok(read.length > 40, `${read.length} events`);
  for (const { structured, binary, ...event } of read) {
    assert.deepEqual(reader.structured(JSON.parse(structured)), event, structured);
    const type = binary.contentType === null ? [] : [['content-type', binary.contentType]];
    const again = reader.binary([...binary.headers, ...type], Buffer.from(binary.body_base64, 'base64'));
    const texts = Object.entries(event.attributes).map(([name, value]) => [name, String(value)]);
    // Bytes of no type become those of the type that says so.
    if (event.data?.base64 && !event.attributes.datacontenttype) texts.push(['datacontenttype', 'application/octet-stream']);
    const { data, ...others } = { ...event, attributes: Object.fromEntries(texts) };
    const { data: dataAgain, ...othersAgain } = again;
    assert.deepEqual(othersAgain, others, structured);
    // JSON of another media type becomes bytes on this way, text those of itself, and nothing stays nothing.
    const bytes = event.data && 'json' in event.data && dataAgain && 'base64' in dataAgain;
    const value = bytes && JSON.parse(data.json);
    const expected = bytes ? { base64: Buffer.from(typeof value === 'string' ? value : data.json).toString('base64') } : data;
    assert.deepEqual(dataAgain, expected?.base64 === '' ? null : expected, structured);
  }
});

test('every envelope that is written of an event of Qlik is read as that event', () => {
  const written = cases.filter(({ expect }) => expect?.written);
  assert.ok(written.length > 12, `${written.length} cases`);
  for (const { name, expect } of written) {
    for (const [envelope, body] of Object.entries(expect.written)) {
      const again = reader.qlik(JSON.parse(body));
      assert.equal(again.envelope, envelope, name);
      assert.deepEqual(again.contradictions, [], name);
      for (const attribute of ['id', 'source', 'type', 'ownerid', 'spaceid']) {
        const before = expect.cloudEvent.attributes[attribute] ?? expect.cloudEvent[attribute] ?? null;
        assert.equal(again[attribute], typeof before === 'string' ? before : null, `${name}: ${attribute}`);
      }
    }
  }
});
