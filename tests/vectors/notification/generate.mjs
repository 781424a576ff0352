// Writes the vectors of what webhooks carry: bodies as received and what they mean.
//
//   node tests/vectors/notification/generate.mjs            # writes
//   node tests/vectors/notification/generate.mjs --check    # exits 1 if a file differs from what it would write
//
// cases.mjs says what is read, read.mjs reads it; neither knows this project's code. A case has:
//
//   name, system, source     what it shows, whose form it is, where that is documented
//   mode                     CloudEvents only: structured, binary or batch
//   headers, body(_base64)   as received
//   canonical                JSON.stringify(JSON.parse(body)), for bodies that are JSON
//   expect                   the reading; null is absent. Values of any JSON type stand as their canonical text
//   error                    or why there is none: a reason, and the attribute it is about
//
// An event's reading also says how it is written again: in structured mode, in binary mode, in Qlik's envelopes.

import { readFileSync, writeFileSync } from 'node:fs';

import { files } from './cases.mjs';
import * as reader from './read.mjs';

/** The time of Qlik's bodies whose event has none. */
const NOW = '2026-11-21T09:30:00.000Z';

const written = (event) => ({ ...event, structured: reader.writeStructured(event), binary: reader.writeBinary(event) });
const writtenUnlessFailed = (event) => (event.error ? event : written(event));

const read = {
  structured: ({ value }) => written(reader.structured(value())),
  binary: ({ headers, bytes }) => written(reader.binary(headers, bytes)),
  batch: ({ value }) => ({ events: reader.batch(value()).map(writtenUnlessFailed) }),
  immuta: ({ value, known }) => ({ ...reader.immuta(value()), known }),
  'immuta-request': ({ value, known }) => ({ ...reader.immutaRequest(value()), known }),
  generic: ({ value, known }) => ({ ...reader.generic(value()), known }),
  qlik({ value, known }) {
    const { cloudEvent, ...view } = reader.qlik(value());
    const forms = cloudEvent.error || (cloudEvent.data && 'base64' in cloudEvent.data) ? null : reader.writeQlik(cloudEvent, NOW);
    return { ...view, known, cloudEvent: writtenUnlessFailed(cloudEvent), written: forms };
  },
};

/** Holds a failure against what the case says of it: nothing, or a reason and an attribute. */
function expectFailure(place, error, fails) {
  const said = error && [error.reason, error.attribute].filter((part) => part !== undefined).join(' ');
  if (said !== fails) throw new Error(`${place}: fails by "${said}", not by "${fails}"`);
}

/** One case, read. */
function vector(system, mode, { name, source, headers, body, body_base64, known, fails, unfit }) {
  const bytes = body === undefined ? Buffer.from(body_base64, 'base64') : Buffer.from(body);
  const input = { headers, bytes, known, value: () => reader.parse(body) };
  const outcome = reader.attempt(() => ({ expect: read[mode ?? system](input) }));
  expectFailure(`${system}, ${name}`, outcome.error, fails);
  expectFailure(`${system}, ${name}: CloudEvents`, outcome.expect?.cloudEvent?.error, unfit);
  const isJson = mode !== 'binary' && fails !== 'NotJson';
  const canonical = isJson ? { canonical: JSON.stringify(JSON.parse(body)) } : {};
  return { name, system, source, mode, headers, body, body_base64, ...canonical, ...outcome };
}

let wrong = 0;
for (const [name, { system, cases, modes = { '': cases } }] of Object.entries(files)) {
  const all = Object.entries(modes).flatMap(([mode, list]) => list.map((one) => vector(system, mode || undefined, one)));
  const source = 'Made by generate.mjs of cases.mjs; each case says where its form is documented. Do not edit.';
  const lines = all.map((one) => `    ${JSON.stringify(one)}`).join(',\n');
  const text = `{\n  "source": ${JSON.stringify(source)},\n  "now": ${JSON.stringify(NOW)},\n  "cases": [\n${lines}\n  ]\n}\n`;
  const place = new URL(name, import.meta.url);
  if (!process.argv.includes('--check')) {
    writeFileSync(place, text);
  } else if (readFileSync(place, 'utf8') !== text) {
    console.error(`${name} is not what generate.mjs makes: run it`);
    wrong += 1;
  }
}
process.exitCode = wrong > 0 ? 1 : 0;
