import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Verifier, schemes, sign, verify } from '../../wasm/js/dist/index.js';
import { load } from './load.mjs';
import { repeated } from './random.mjs';

const { EMPTY_CUSTOM, formOfPreset, formOfScheme, partsOf, schemeOfForm } = await load('/src/playground/view/custom.ts');
const { problemsOf } = await load('/src/playground/view/custom-problems.ts');

/** Whether the package takes a scheme. */
function makesSense(scheme) {
  try {
    new Verifier(scheme, Buffer.alloc(24, 1).toString('base64'));
    return true;
  } catch (error) {
    assert.equal(error.code, 'invalid_scheme', error.stack);
    return false;
  }
}

const PIECES = ['{', '{{', '}', '}}', '{body}', '{timestamp}', '{id}', '{}', '{body', 'a', '.', ' ', '{{{'];

test('a text of a scheme stays the text it is, also one that looks like a part', () =>
  repeated(300, ({ text, pick }) => {
    const texts = [0, 1, 2, 3].map(() => `${text(6, PIECES)}.`);
    const signed = [{ text: texts[0] }, 'id', { text: texts[1] }, 'timestamp', { text: texts[2] }, 'body', { text: texts[3] }];
    const scheme = { name: 'acme', header: 'x-acme', algorithm: 'hmac-sha256', encoding: 'hex', signed, idHeader: 'x-id', timestampHeader: 'x-time', tolerance: 7, body: 'raw', key: pick(['whole', 'base64']) };
    assert.deepEqual(schemeOfForm(formOfScheme(scheme)), { ...scheme });
  }));

test('a brace is written as two, and one that begins no part may stand alone', () => {
  for (const [template, parts] of [
    ['{body}', ['body']],
    ['{{body}', [{ text: '{body}' }]],
    ['{{{body}', [{ text: '{' }, 'body']],
    ['{"a":{body}}', [{ text: '{"a":' }, 'body', { text: '}' }]],
    ['{time}{{id}.{body}', [{ text: '{time}{id}.' }, 'body']],
    ['', []],
  ]) {
    assert.deepEqual(partsOf(template), parts, template);
  }
});

test('every preset is a form that makes sense and signs the same', () => {
  for (const name of Object.keys(schemes)) {
    const form = formOfPreset(name);
    assert.deepEqual(problemsOf(form), {}, name);
    const secret = Buffer.alloc(24, 1).toString('base64');
    const headers = sign(schemeOfForm(form), secret, { body: '{}', id: 'msg_1', timestamp: 1_700_000_000 });
    verify(name, secret, headers, '{}', { now: () => 1_700_000_000_000 });
  }
});

test('a form has problems exactly if the package refuses the scheme that it makes', async () => {
  const seen = { good: 0, bad: 0 };
  await repeated(4000, ({ text, pick }) => {
    // Mostly what is right: what is wrong with one field is not to hide behind another.
    const mostly = (right, ...wrong) => (pick([0, 0, 0, 0, 0, 0, 0, 1]) ? pick(wrong) : right);
    const timed = pick(['no', 'header', 'list']);
    const identified = pick([true, false]);
    const long = 'a'.repeat(257);
    const separator = timed === 'list' ? pick([',', ' ']) : pick(['', ',', ' ']);
    const template = [identified ? '{id}' : '', timed === 'no' ? '' : '{timestamp}', '{body}'].filter((part) => part !== '').join(pick(['.', '.', '.', ':', '', 'a', '{{body}']));
    const form = {
      ...EMPTY_CUSTOM,
      name: mostly('acme', '', 'Acme', ' acme ', 'a'.repeat(65), 'a b'),
      header: mostly('X-Acme', '', ' ', 'x acme', 'x-é', long, 'x-id', 'x-time'),
      idHeader: mostly(identified ? 'x-id' : '', '', 'x-id', 'x acme', 'x-acme', ' '),
      timestampHeader: mostly(timed === 'header' ? 'x-time' : '', '', 'x-time', 'X-ID', ':'),
      timestampPrefix: mostly(timed === 'list' ? 't=' : '', '', 't=', 'v1=t', ' t=', 't,=', 't =', 'é', long, 'v'),
      weakerHeader: mostly('', 'x-old', 'x-acme', 'x-time', 'x-id', '/'),
      prefix: mostly('v1=', '', ' v1=', 'v1,', 'v 1', 'é', long, 't=v', 't'),
      separator: mostly(separator, '', ',', ' '),
      template: mostly(template, '', '{id}', '{body}{body}', '{timestamp}.{body}', '{timestamp}.{timestamp}.{body}', 'é{body}', `${long}{body}`, text(12, ['{id}', '{body}', '.', '{{', 'a', '{timestamp}'])),
      tolerance: mostly(timed === 'no' ? '' : pick(['', '0', '300']), '', 'abc', '1.5', '-1', '300', '4294967295', '4294967296', ' 5 '),
      key: pick(['whole', 'base64', 'standard-webhooks']),
    };
    const problems = problemsOf(form);
    const good = makesSense(schemeOfForm(form));
    assert.equal(Object.keys(problems).length === 0, good, JSON.stringify({ form, problems }));
    seen[good ? 'good' : 'bad'] += 1;
    for (const [field, problem] of Object.entries(problems)) assert.ok(field in EMPTY_CUSTOM && /^[A-Z\d{][^]{10,}\.$/.test(problem), `${field}: ${problem}`);
  });
  assert.ok(process.env.SIGPOST_SEED !== undefined || (seen.good > 200 && seen.bad > 200), JSON.stringify(seen));
});

test('a tolerance that is no whole number of seconds is a problem of that field, and becomes none', () => {
  for (const tolerance of ['abc', '1.5', '1e3', '0x10', '-1', '∞', '4294967296']) {
    const problems = problemsOf({ ...EMPTY_CUSTOM, template: '{timestamp}.{body}', timestampHeader: 'x-time', tolerance });
    assert.deepEqual(Object.keys(problems), ['tolerance'], tolerance);
  }
});

test('each mistake is said at the field that it is made in', () => {
  for (const [change, ...fields] of [
    [{ header: '' }, 'header'],
    [{ name: 'A' }, 'name'],
    [{ weakerHeader: 'x-signature' }, 'weakerHeader'],
    [{ template: '{id}.{body}' }, 'idHeader'],
    [{ idHeader: 'x-id' }, 'idHeader'],
    [{ template: '{timestamp}.{body}' }, 'timestampHeader'],
    [{ timestampHeader: 'x-time' }, 'timestampHeader'],
    [{ template: '{timestamp}.{body}', timestampPrefix: 't=' }, 'timestampPrefix'],
    [{ template: '{timestamp}.{body}', timestampPrefix: 't=', separator: ',' }, 'timestampPrefix'],
    [{ template: '{timestamp}.{body}', timestampPrefix: 't=', separator: ',', prefix: 'v1=' }],
    [{ template: '{body' }, 'template'],
    [{ tolerance: '5' }, 'tolerance'],
  ]) {
    assert.deepEqual(Object.keys(problemsOf({ ...EMPTY_CUSTOM, ...change })), fields, JSON.stringify(change));
  }
});
