// The types of events, as TypeScript sees them where the package is used: by the uses below, the core's vectors, and the
// examples of the page and of the doc comments.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { folder, sigpost, vectors } from './package.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const read = (path) => readFile(here(path), 'utf8');
let project;

before(async () => {
  project = await mkdtemp(join(tmpdir(), 'sigpost-events-'));
  await mkdir(join(project, 'node_modules'));
  await symlink(folder, join(project, 'node_modules/sigpost'), 'dir');
});

after(() => rm(project, { recursive: true, force: true }));

/** Compiles files, which must hold no errors but those that they announce. */
async function compile(files, options = ['--module', 'node16']) {
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(project, name), text);
  }
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--noUnusedLocals'];
  const target = ['--noEmit', '--target', 'es2022', '--lib', 'es2022,dom,esnext.disposable', '--types', ''];
  const tsc = here('../node_modules/typescript/bin/tsc');
  const command = [tsc, ...strict, ...target, ...options, ...Object.keys(files)];
  try {
    execFileSync(process.execPath, command, { cwd: project, encoding: 'utf8' });
  } catch ({ stdout }) {
    assert.fail(stdout);
  }
}

const USE = `
  import { Verifier, schemes, verify } from 'sigpost';
  import type { Body, CloudEvent, EventOf, Events, GenericEvent, HeadersLike, ImmutaEvent, ImmutaEventType, ImmutaMetadata, OtherType,
    PresetName, QlikEvent, QlikEventType, QlikLegacyEvent, Scheme, Verified } from 'sigpost';
  import { Verifier as Slim, verify as verifySlim, type QlikEvent as SlimEvent } from 'sigpost/verify';
  import { webhook as express } from 'sigpost/express';
  import { webhook as fastify } from 'sigpost/fastify';
  import { webhook as fetched } from 'sigpost/fetch';
  import { webhook as hono } from 'sigpost/hono';

  type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
  const same = <A, B>(_: Same<A, B>): void => {};
  const headers: HeadersLike = {};
  const body = '' as Body;

  // By the scheme, for each way of asking and in either entry.
  const qlik = new Verifier('qlik', ['a', 'b']);
  const { event } = qlik.verify(headers, body);
  same<typeof event, QlikEvent>(true);
  same<typeof event, Events['qlik']>(true);
  same<QlikEvent, SlimEvent>(true);
  const other = verify('immuta', 's', headers, body, { body: 'canonical' }).event;
  same<typeof other, ImmutaEvent>(true);
  const sha1 = new Slim('immuta-sha1', 's').verify(headers, body).event;
  same<typeof sha1, ImmutaEvent>(true);
  const generic = verifySlim('generic', 's', headers, body).event;
  same<typeof generic, GenericEvent>(true);

  // Nothing where nothing is known: the systems without a catalogue, schemes of one's own, names not known in advance.
  same<EventOf<Exclude<PresetName, keyof Events>>, unknown>(true);
  same<Exclude<keyof Events, PresetName>, never>(true);
  const acme = new Verifier({ name: 'qlik', header: 'x-acme' }, 's').verify(headers, body).event;
  same<typeof acme, unknown>(true);
  const preset = new Verifier(schemes.qlik, 's').verify(headers, body).event;
  same<typeof preset, unknown>(true);
  const dynamic = (name: PresetName) => new Verifier(name, 's').verify(headers, body).event;
  same<ReturnType<typeof dynamic>, unknown>(true);
  const either = (name: 'qlik' | 'generic') => new Verifier(name, 's').verify(headers, body).event;
  same<ReturnType<typeof either>, QlikEvent | GenericEvent>(true);
  const mixed = (name: 'qlik' | 'stripe') => new Verifier(name, 's').verify(headers, body).event;
  same<ReturnType<typeof mixed>, unknown>(true);
  const any: Verifier = qlik;
  same<typeof any.verify, Verifier<PresetName | Scheme>['verify']>(true);
  // @ts-expect-error nothing is known of it
  new Verifier('stripe', 's').verify(headers, body).event.type;
  // @ts-expect-error nor of this
  any.verify(headers, body).event.type;

  // A switch on the type narrows, with a default for types that no list has.
  export function narrow(event: QlikEvent): string {
    switch (event.type) {
      case 'com.qlik.v1.app.reload.finished':
        same<typeof event.type, 'com.qlik.v1.app.reload.finished'>(true);
        return event.data.status;
      case 'com.qlik.app.created':
        // @ts-expect-error nothing is known of its data
        return event.data.status;
      default:
        return event.type.toUpperCase();
    }
  }
  export function exhaust(event: GenericEvent): OtherType {
    switch (event.type) {
      case 'user.created': case 'user.updated': case 'user.deleted': case 'data.created': case 'data.updated': case 'data.deleted':
      case 'report.generated': case 'system.alert':
        // @ts-expect-error a type that a list has
        return event.type;
    }
    return event.type;
  }
  if (event.type === 'com.qlik.v1.app.reload.finished') event.data.status satisfies string;
  // @ts-expect-error a name that is misspelt
  if (event.type === 'com.qlik.v1.app.relaod.finished') {}
  if ((event.type as string) === 'com.qlik.app.painted') {}
  // @ts-expect-error no such member
  event.tpye;
  const byType: { [Type in QlikEventType]?: (event: Extract<QlikEvent, { type: Type }>) => string } = {
    'com.qlik.v1.app.reload.finished': (event) => event.data.status,
  };
  if (event.type === 'com.qlik.v1.app.reload.finished') byType[event.type]?.(event);
  ('x' as string as OtherType) satisfies string;

  // The members of the models.
  const { userid, ownerid, tenantid, spaceid, toplevelresourceid, host, reason, authtype, authclaims, clientid, sessionid, originip,
    traceparent, tracestate, subject, time, datacontenttype, dataschema, data_base64 } = event;
  same<[typeof userid, typeof time], [string | null | undefined, string | null | undefined]>(true);
  [ownerid, tenantid, spaceid, toplevelresourceid, host, reason, authtype, authclaims, clientid, sessionid, originip, traceparent,
    tracestate, subject, datacontenttype, dataschema, data_base64] satisfies (string | null | undefined)[];
  [event.specversion, event.id, event.source] satisfies string[];
  export const request = ({ event: { deliveryId, webhookId, type, createdAt } }: Verified<EventOf<'immuta-request'>>): string[] =>
    [deliveryId, webhookId, type, createdAt];
  export const metadata = ({ metadata }: ImmutaEvent) => {
    const { modelId, actionBy, targetUser, modelType, projectName, actionByName, targetUserName } = metadata;
    const { targetGroup, notifyInitiator, tagName } = metadata;
    [modelId, actionBy, targetUser] satisfies (number | string | null | undefined)[];
    [modelType, projectName, actionByName, targetUserName] satisfies (string | null | undefined)[];
    same<[typeof targetGroup, typeof notifyInitiator, typeof tagName], [unknown, boolean | null | undefined, unknown]>(true);
  };
  export const notification = ({ text, metadata: { notificationType }, webhookId }: ImmutaEvent<'somethingNew'>): string | number => {
    switch (notificationType) {
      case 'modelCreated': return text;
      case 'somethingNew': return webhookId;
      // @ts-expect-error what subscribes to all is no type of its own
      case 'ALL_NOTIFICATIONS': return '';
      default: return notificationType ?? '';
    }
  };
  same<ImmutaMetadata['notificationType'], ImmutaEventType | OtherType | null | undefined>(true);

  // The two envelopes of Qlik's.
  export function envelope({ event }: Verified<QlikEvent | QlikLegacyEvent>): string | null | undefined {
    if ('specversion' in event) {
      return event.type === 'com.qlik.v1.app.reload.finished' ? event.data.status : event.ownerid;
    }
    same<typeof event, QlikLegacyEvent>(true);
    return event.eventType === 'com.qlik.v1.app.reload.finished' ? event.data.status : event.extensions?.ownerId;
  }

  // An event that is named, or of which more is known.
  interface Data {
    'com.qlik.app.painted': { colour: string };
    'com.qlik.v1.app.reload.finished': { duration: number };
    'com.qlik.app.created': { name: string };
  }
  const more = qlik.verify<QlikEvent<Data>>(headers, body).event;
  if (more.type === 'com.qlik.app.painted') same<typeof more.data, { colour: string }>(true);
  if (more.type === 'com.qlik.v1.app.reload.finished') [more.data.status, more.data.duration] satisfies [string, number];
  if (more.type === 'com.qlik.app.created') more.data.name satisfies string;
  if (more.type === 'com.qlik.app.deleted') same<typeof more.data, unknown>(true);
  const mine = new Verifier('stripe', 's').verify<{ object: 'event' }>(headers, body);
  same<typeof mine, Verified<{ object: 'event' }>>(true);
  const declared: Verified<{ object: 'event' }> = new Verifier('stripe', 's').verify(headers, body);
  declared.event.object satisfies 'event';
  const named = verify<'stripe', { object: 'event' }>('stripe', 's', headers, body);
  same<typeof named, Verified<{ object: 'event' }>>(true);
  const loose = qlik.verify<any>(headers, body).event;
  same<typeof loose, any>(true);
  type Native = CloudEvent<'a', { n: 1 }> | (CloudEvent<'b'> & { tenant?: string });
  const native = new Verifier('standard-webhooks', 's').verify<Native>(headers, body).event;
  if (native.type === 'a') native.data.n satisfies 1;
  else native.tenant satisfies string | undefined;

  // The adapters, which take whatever verifies, see its event.
  express(qlik, (verified) => same<typeof verified, Verified<QlikEvent>>(true));
  fastify(new Slim('generic', 's'), ({ event }) => same<typeof event, GenericEvent>(true));
  hono(new Verifier('stripe', 's'), ({ event }) => same<typeof event, unknown>(true));
  hono(new Verifier('stripe', 's'), ({ event }: Verified<{ object: 'event' }>) => void event.object);
  fetched(qlik, ({ event }: Verified<QlikEvent<Data>>) => void (event.type === 'com.qlik.app.painted' && event.data.colour));
  fetched<Verified<{ object: 'event' }>>(new Verifier('stripe', 's'), ({ event }) => void event.object);
`;
const REQUIRE = `
  import sigpost = require('sigpost');
  import part = require('sigpost/verify');

  const { event } = new sigpost.Verifier('qlik', 's').verify({}, '');
  export const status = event.type === 'com.qlik.v1.app.reload.finished' ? event.data.status : event.type;
  export const type: part.OtherType | part.QlikEventType = event.type;
  // @ts-expect-error there is nothing of it at run time
  sigpost.OtherType.Text;
`;

test('events are typed by scheme and narrow by type, however the package is found', async () => {
  await compile({ 'use.mts': USE, 'use.cts': USE, 'require.cts': REQUIRE });
  await compile({ 'use.ts': USE }, ['--module', 'esnext', '--moduleResolution', 'bundler']);
});

test('the types name every event type of the core, and no other', async () => {
  const unions = {
    immuta: 'ImmutaEventType',
    'immuta-request': 'ImmutaRequestEventType',
    generic: 'GenericEventType',
    qlik: 'QlikEventType',
  };
  const known = await eventTypes();
  assert.deepEqual(Object.keys(known).sort(), Object.keys(unions).sort());
  const lists = Object.entries(known).map(([system, types]) => {
    assert.ok(types.length >= 8, system);
    const object = JSON.stringify(Object.fromEntries(types.map((type) => [type, 1])));
    return `(${object}) satisfies Record<${unions[system]}, 1>;`;
  });
  const code = (lists) => `import type { ${Object.values(unions).join(', ')} } from 'sigpost';\n${lists.join('\n')}`;
  await compile({ 'types.mts': code(lists) });
  const without = lists.map((list) => list.replace(/"[^"]+":1,/, ''));
  const beyond = lists.map((list) => list.replace('{', '{"painted":1,'));
  for (const wrong of [without, beyond]) {
    await assert.rejects(compile({ 'types.mts': code(wrong) }), ({ message }) => message.match(/error TS/g).length === lists.length);
  }
});

/** The names in the core's lists, by system, but for the one that no event has. */
async function eventTypes() {
  const lists = await vectors('event-types');
  return Object.fromEntries(
    lists.map(({ file, types }) => {
      const names = types.map(({ name }) => name);
      return [file.replace('.json', ''), names.filter((name) => name !== 'ALL_NOTIFICATIONS')];
    }),
  );
}

/** What members each form has, and where its type stands: those that must be texts, and those that may be. */
const FORMS = {
  immuta: { type: 'ImmutaEvent', texts: ['text', 'webhookName'], named: ['metadata', 'notificationType'] },
  'immuta-request': { type: 'ImmutaRequestEvent', texts: ['deliveryId', 'webhookId', 'type', 'createdAt'], named: ['type'] },
  generic: { type: 'GenericEvent', texts: ['id', 'type', 'created'], named: ['type'] },
  cloudevents: { type: 'CloudEvent', texts: ['specversion', 'id', 'source', 'type'], named: [] },
  qlik: {
    type: 'QlikEvent',
    texts: ['specversion', 'id', 'source', 'type'],
    optional: ['time', 'datacontenttype', 'userid', 'ownerid', 'tenantid', 'spaceid', 'toplevelresourceid', 'host', 'reason'],
    named: ['type'],
  },
  legacy: {
    type: 'QlikLegacyEvent',
    texts: ['cloudEventsVersion', 'eventId', 'eventType', 'source'],
    optional: ['contentType', 'eventTime', 'eventTypeVersion'],
    named: ['eventType'],
  },
};

const isText = (value) => typeof value === 'string';
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const orAbsent = (is) => (value) => value === undefined || value === null || is(value);

/** Whether an event is as its sender documents it. */
function isDocumented(form, event) {
  const { texts, optional = [] } = FORMS[form];
  const areTexts = () => texts.every((name) => isText(event[name])) && optional.every((name) => orAbsent(isText)(event[name]));
  if (!isObject(event) || !areTexts()) {
    return false;
  }
  if (form === 'legacy') {
    const { ownerId, tenantId, userId, topLevelResourceId, spaceId } = event.extensions ?? {};
    const all = [ownerId, tenantId, userId, topLevelResourceId, spaceId];
    return orAbsent(isObject)(event.extensions) && all.every(orAbsent(isText));
  }
  const isId = orAbsent((id) => isText(id) || typeof id === 'number');
  const { metadata, webhookId } = event;
  const isNotified = () => isObject(metadata) && ['modelId', 'actionBy', 'targetUser'].every((name) => isId(metadata[name]));
  return form !== 'immuta' || (isNotified() && typeof webhookId === 'number');
}

/** Every body of the vectors that is JSON, and what the core's writers make of Qlik's, with its form. */
async function bodies() {
  const cases = (await vectors('notification')).flatMap(({ cases }) => cases);
  return cases.flatMap(({ name, system, mode, body, error, expect }) => {
    if (error?.reason === 'NotJson' || (system === 'cloudevents' && (error || mode !== 'structured'))) {
      return [];
    }
    const written = Object.entries(expect?.written ?? {});
    const given = system === 'qlik' ? [[expect?.envelope ?? 'cloudevents', body], ...written] : [[system, body]];
    const form = (envelope) => (system === 'qlik' && envelope !== 'legacy' ? 'qlik' : envelope);
    return given.map(([envelope, body]) => ({ name, system, form: form(envelope), body }));
  });
}

/** A value as TypeScript: text that stands where the type does, and is none of a list, is of the other types. */
function literal(form, event, known) {
  const { named } = FORMS[form];
  const holder = named.slice(0, -1).reduce((object, member) => object?.[member], event);
  const type = holder?.[named.at(-1)];
  const isOther = isText(type) && !known.includes(type);
  const text = JSON.stringify(event, (key, value) => (isOther && value === type && key === named.at(-1) ? '@other' : value));
  const typed = text.replace('"@other"', () => `${JSON.stringify(type)} as string as OtherType`);
  // What is not there is undefined where it is read, which JSON cannot say.
  return form !== 'immuta' && isObject(event) && !('data' in event) ? typed.replace('{', '{"data":undefined,') : typed;
}

test('every notification of the vectors, verified and parsed, is of its type, unless it is not as documented', async () => {
  const types = await eventTypes();
  const all = await bodies();
  const counts = { right: 0, wrong: 0 };
  const lines = all.map(({ name, system, form, body }, place) => {
    const scheme = system === 'cloudevents' ? 'standard-webhooks' : system;
    const headers = sigpost.sign(scheme, 'secret', { body, ...(system === 'cloudevents' && { id: 'msg_1' }) });
    const { event } = sigpost.verify(scheme, 'secret', headers, body);
    const right = isDocumented(form, event);
    counts[right ? 'right' : 'wrong'] += 1;
    const value = `const body${place} = ${literal(form, event, types[system] ?? [])} as const;`;
    const wrong = (type) => `// @ts-expect-error ${name}\nbody${place} satisfies ${type};`;
    // What is in the older envelope alone is none of the other.
    const alone = form === 'legacy' && !isDocumented('qlik', event) ? `\n${wrong('QlikEvent')}` : '';
    const checked = right ? `body${place} satisfies ${FORMS[form].type};` : wrong(FORMS[form].type);
    return `${value}\n${checked}${alone}\n`;
  });
  assert.ok(counts.right > 80 && counts.wrong > 15, JSON.stringify(counts));
  const imports = [...Object.values(FORMS).map(({ type }) => type), 'OtherType'].join(', ');
  await compile({ 'vectors.mts': `import type { ${imports} } from 'sigpost';\n${lines.join('')}` });
});

test('every example in TypeScript compiles, of the page and of doc comments', async () => {
  const files = (await readdir(here('../src'), { recursive: true })).filter((name) => name.endsWith('.ts'));
  const sources = await Promise.all(files.map((name) => read(`../src/${name}`)));
  const comments = sources.flatMap((source) => [...source.matchAll(/^ \* ```ts\n([\s\S]*?)^ \* ```$/gm)]);
  const page = [...(await read('../../README.md')).matchAll(/^```ts\n([\s\S]*?)^```$/gm)];
  assert.ok(comments.length >= 20 && page.length >= 1, `${comments.length} and ${page.length} examples`);
  const examples = [...comments.map(([, text]) => text.replace(/^ \* ?/gm, '')), ...page.map(([, text]) => text)];
  await compile(Object.fromEntries(examples.map((text, place) => [`example${place}.mts`, text])));
});
