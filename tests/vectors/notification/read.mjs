// Reads and writes what webhooks carry, by the documents and without this project's code: the second opinion that
// the vectors beside it are made with. What cannot be read is thrown as { reason, attribute }.

/** Text that is text: a string without lone surrogates. */
const text = (value) => (typeof value === 'string' && value.isWellFormed() ? value : null);
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const canonical = (value) => (value === undefined ? null : JSON.stringify(value));
const fail = (reason, attribute) => {
  throw attribute === undefined ? { reason } : { reason, attribute };
};

/** What a model does not know, as canonical JSON by its name. */
const unknown = (object, known) =>
  Object.fromEntries(
    Object.entries(object)
      .filter(([name]) => !known.includes(name))
      .map(([name, value]) => [name, canonical(value)]),
  );

/** The value of a JSON body, of its canonical form: a number beyond the doubles is null there. */
export function parse(body) {
  try {
    return JSON.parse(JSON.stringify(JSON.parse(body)));
  } catch {
    return fail('NotJson');
  }
}

// CloudEvents

const URI_REFERENCE = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/;
const TIME = /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

function isTime(value) {
  const [, year, month, day] = TIME.exec(value) ?? [];
  if (year === undefined || month < 1 || month > 12 || day < 1) return false;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month), 0);
  return day <= date.getUTCDate();
}

const isJson = (type) => /^[^/;]+\/(?:[^;]*\+)?json$/i.test(type.split(';')[0].trim());

/** The type system: String, Integer, Boolean; the other types travel as strings. */
function attributeValue(name, value) {
  const fits =
    typeof value === 'boolean' || (typeof value === 'string' && value.isWellFormed()) || (Number.isInteger(value) && value === (value | 0));
  return fits ? value : fail('Invalid', name);
}

const REQUIRED = ['specversion', 'id', 'source', 'type'];

/** Whether a value is one that its attribute may have. */
function isValid(name, value) {
  if (name === 'specversion') return value === '1.0';
  if (typeof value === 'string') {
    if (/[\p{Cc}\p{Noncharacter_Code_Point}]/u.test(value)) return false;
    if (Buffer.byteLength(value) > (name === 'id' || name === 'type' ? 512 : 65_536)) return false;
  }
  const filled = typeof value === 'string' && value !== '';
  switch (name) {
    case 'id':
    case 'type':
    case 'subject':
      return filled;
    case 'datacontenttype':
      return filled && /^[ -~]+$/.test(value);
    case 'source':
      return filled && URI_REFERENCE.test(value);
    case 'dataschema':
      return filled && URI_REFERENCE.test(value) && /^[A-Za-z][A-Za-z0-9+.-]*:/.test(value);
    case 'time':
      return isTime(value);
    default:
      return true;
  }
}

/** An event of attributes that come one by one, and its data if it has any. */
function assemble(pairs, data) {
  const all = new Map();
  for (const [name, value] of pairs) {
    if (!REQUIRED.includes(name) && (!/^[a-z0-9]{1,64}$/.test(name) || name === 'data')) fail('Name', name);
    if (all.has(name) || !isValid(name, value)) fail('Invalid', name);
    all.set(name, value);
    if ([...all.keys()].filter((given) => !REQUIRED.includes(given)).length > 64) fail('TooManyAttributes');
  }
  const missing = REQUIRED.find((name) => !all.has(name));
  if (missing) fail('Missing', missing);
  const [, id, source, type] = REQUIRED.map((name) => all.get(name));
  const rest = [...all].filter(([name]) => !REQUIRED.includes(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return { id, source, type, attributes: Object.fromEntries(rest), data };
}

const attributesOf = (object) =>
  Object.entries(object)
    .filter(([name, value]) => name !== 'data' && name !== 'data_base64' && value !== null)
    .map(([name, value]) => [name, attributeValue(name, value)]);

function dataOf(object) {
  const bytes = object.data_base64 ?? undefined;
  if (bytes === undefined) return Object.hasOwn(object, 'data') ? { json: canonical(object.data) } : null;
  if (Object.hasOwn(object, 'data')) fail('TwoKindsOfData');
  const valid = text(bytes) !== null && Buffer.from(bytes, 'base64').toString('base64') === bytes;
  return valid ? { base64: bytes } : fail('Invalid', 'data_base64');
}

/** The JSON format: one event. */
export function structured(value) {
  if (!isObject(value)) fail('NotAnObject');
  return assemble(attributesOf(value), dataOf(value));
}

/** The JSON format: a batch, every event of which is right or wrong by itself. */
export function batch(value) {
  if (!Array.isArray(value)) fail('NotABatch');
  return value.map((one) => attempt(() => structured(one)));
}

/** What `read` returns, or what it throws as `error`. */
export function attempt(read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error) throw error;
    return { error };
  }
}

/** The HTTP binding, 3.1.3.2, backwards. */
function decodeHeader(name, value) {
  const plain = /^"(?:[^"\\]|\\.)*"$/s.test(value) ? value.slice(1, -1).replace(/\\(.)/gs, '$1') : value;
  const bytes = Buffer.from(plain).toString('latin1').replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return fail('Invalid', name);
  }
}

/** The HTTP binding, binary mode. `body` is a Buffer. */
export function binary(headers, body) {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1].replaceAll('\t', ' ');
  if (headers.some(([name]) => name.toLowerCase() === 'ce-datacontenttype')) fail('Invalid', 'datacontenttype');
  const pairs = headers
    .map(([name, value]) => [name.toLowerCase(), value])
    .filter(([name]) => name.startsWith('ce-'))
    .map(([name, value]) => [name.slice(3), decodeHeader(name.slice(3), value)]);
  if (type !== undefined) pairs.push(['datacontenttype', type]);
  let data = null;
  if (body.length > 0 && type !== undefined && !isJson(type)) {
    data = { base64: body.toString('base64') };
  } else if (body.length > 0) {
    try {
      data = { json: canonical(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))) };
    } catch {
      fail('Body');
    }
  }
  return assemble(pairs, data);
}

/** An event in the JSON format. */
export function writeStructured({ id, source, type, attributes, data }) {
  const content = data === null ? {} : 'json' in data ? { data: JSON.parse(data.json) } : { data_base64: data.base64 };
  return JSON.stringify({ specversion: '1.0', id, source, type, ...attributes, ...content });
}

const encodeHeader = (value) =>
  Array.from(Buffer.from(String(value)), (byte) =>
    byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');

/** An event in binary mode. */
export function writeBinary({ id, source, type, attributes, data }) {
  const { datacontenttype, ...others } = attributes;
  const contentType = datacontenttype ?? (data?.base64 ? 'application/octet-stream' : null);
  const headers = Object.entries({ specversion: '1.0', id, source, type }).concat(
    // Names that are numbers come first in a JavaScript object, and so they do where names are sorted.
    Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  let body = Buffer.alloc(0);
  if (data !== null && 'base64' in data) {
    body = Buffer.from(data.base64, 'base64');
  } else if (data !== null) {
    const given = text(JSON.parse(data.json));
    body = Buffer.from(given !== null && contentType !== null && !isJson(contentType) ? given : data.json);
  }
  return {
    headers: headers.map(([name, value]) => [`ce-${name}`, encodeHeader(value)]),
    contentType,
    body_base64: body.toString('base64'),
  };
}

// Immuta and the generic API

const decimal = (value) => {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return JSON.stringify(value);
  return /^[0-9]+$/.test(text(value) ?? '') ? value : null;
};

const METADATA = {
  notificationType: text,
  modelId: decimal,
  modelType: text,
  projectName: text,
  actionBy: decimal,
  actionByName: text,
  targetUser: decimal,
  targetUserName: text,
  targetGroup: (value) => (value === null ? null : canonical(value)),
  notifyInitiator: (value) => value === true,
};

/** Immuta V1. */
export function immuta(body) {
  if (!isObject(body)) fail('NotAnObject');
  const { metadata } = body;
  return {
    text: text(body.text),
    webhookId: Number.isInteger(body.webhookId) ? body.webhookId : null,
    webhookName: text(body.webhookName),
    metadata: isObject(metadata)
      ? {
          ...Object.fromEntries(Object.entries(METADATA).map(([name, read]) => [name, read(metadata[name])])),
          unknown: unknown(metadata, Object.keys(METADATA)),
        }
      : null,
    unknown: unknown(body, ['text', 'metadata', 'webhookId', 'webhookName']),
  };
}

/** A flat body of strings and `data`. */
const flat = (names) => (body) => {
  if (!isObject(body)) fail('NotAnObject');
  return {
    ...Object.fromEntries(names.map((name) => [name, text(body[name])])),
    data: canonical(body.data),
    unknown: unknown(body, [...names, 'data']),
  };
};

export const immutaRequest = flat(['deliveryId', 'webhookId', 'type', 'createdAt']);
export const generic = flat(['id', 'type', 'created']);

// Qlik Cloud

const EXTENSIONS = { ownerId: 'ownerid', tenantId: 'tenantid', userId: 'userid', topLevelResourceId: 'toplevelresourceid', spaceId: 'spaceid' };
const OLDER = { contentType: 'datacontenttype', eventId: 'id', eventTime: 'time', eventType: 'type', eventTypeVersion: 'eventtypeversion' };
const OLDER_ONLY = ['cloudEventsVersion', ...Object.keys(OLDER)];
const DATA = ['data', 'data_base64'];

/** Which envelope an object is. */
function envelopeOf(body) {
  if (!isObject(body)) fail('NotAnObject');
  const present = (body.specversion ?? null) !== null;
  if (!present && (body.cloudEventsVersion ?? null) === null) fail('NotAnEvent');
  const older = OLDER_ONLY.some((name) => Object.hasOwn(body, name)) || isObject(body.extensions);
  return !present ? 'legacy' : older ? 'hybrid' : 'cloudevents';
}

/** What the parts of an object say of the attributes, those that count first: pairs of name and value. */
function sayings(body, envelope) {
  const told = (pairs) => pairs.filter(([, value]) => (value ?? null) !== null);
  const all = told(Object.entries(body)).filter(([name]) => !DATA.includes(name));
  if (envelope === 'cloudevents') return { own: all, extensions: [] };
  const own = all.filter(([name]) => name !== 'extensions' && !OLDER_ONLY.includes(name));
  const members = told(Object.entries(OLDER).map(([member, name]) => [name, body[member]]));
  const extensions = isObject(body.extensions) ? told(Object.entries(body.extensions)) : [];
  return {
    own: envelope === 'legacy' ? [...members, ...own] : [...own, ...members],
    extensions: extensions.map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => letter.toLowerCase()), value]),
  };
}

/** Qlik Cloud's events in any envelope. */
export function qlik(body) {
  const envelope = envelopeOf(body);
  const { own, extensions: all } = sayings(body, envelope);
  // An extension in two spellings is an error, which CloudEvents' reading tells.
  const extensions = all.filter(([name], place) => all.findIndex(([one]) => one === name) === place);
  const first = (pairs, name) => pairs.find(([one]) => one === name)?.[1];
  const value = (name) => first(own, name) ?? (REQUIRED.includes(name) ? undefined : first(extensions, name));
  const names = ['id', 'source', 'type', 'time', 'userid', 'ownerid', 'tenantid', 'spaceid', 'toplevelresourceid'];
  const differs = ([name, said]) => value(name) !== undefined && canonical(value(name)) !== canonical(said);
  const contradictions = new Set([...own, ...extensions].filter(differs).map(([name]) => name));
  return {
    envelope,
    ...Object.fromEntries(names.map((name) => [name, text(value(name))])),
    data: canonical(body.data),
    contradictions: [...contradictions],
    cloudEvent: attempt(() => qlikCloudEvent(body, envelope)),
  };
}

/** The event as CloudEvents has it, by Qlik's mapping; what that drops is kept. */
function qlikCloudEvent(body, envelope) {
  const version = envelope === 'legacy' ? 'cloudEventsVersion' : 'specversion';
  const valid = envelope === 'legacy' ? body[version] === '0.1' : /^1\.0(\.\d+)?$/.test(text(body[version]) ?? '');
  if (!valid) fail('Invalid', version);
  if (envelope !== 'cloudevents' && !isObject(body.extensions ?? {})) fail('Invalid', 'extensions');
  const { own, extensions } = sayings(body, envelope);
  for (const [place, [name]] of extensions.entries()) {
    const isNeeded = REQUIRED.includes(name) && !own.some(([one]) => one === name);
    if (isNeeded || extensions.findIndex(([one]) => one === name) < place) fail('Invalid', name);
  }
  const pairs = new Map([['specversion', '1.0']]);
  for (const [name, value] of [...own, ...extensions]) {
    if (!pairs.has(name)) pairs.set(name, attributeValue(name, value));
  }
  // The version that a type always had, which the older envelope says again.
  const isUsual = envelope !== 'cloudevents' && body.eventTypeVersion === '1.0.0' && (body.eventtypeversion ?? null) === null;
  if (isUsual) pairs.delete('eventtypeversion');
  return assemble(pairs, dataOf(body));
}

/** An event in Qlik's three envelopes; `time` is for one that has none. */
export function writeQlik({ id, source, type, attributes, data }, time) {
  const content = data === null ? null : JSON.parse(data.json);
  const present = { time, datacontenttype: 'application/json', ...attributes };
  const known = Object.entries(EXTENSIONS).filter(([, name]) => name in attributes);
  const older = (kept) => ({
    cloudEventsVersion: '0.1',
    contentType: present.datacontenttype,
    eventId: id,
    eventTime: present.time,
    eventTypeVersion: attributes.eventtypeversion ?? '1.0.0',
    eventType: type,
    extensions: Object.fromEntries([...known.map(([member, name]) => [member, attributes[name]]), ...kept]),
  });
  const replaced = [...Object.values(OLDER), ...Object.values(EXTENSIONS)];
  const others = Object.entries(attributes).filter(([name]) => !replaced.includes(name));
  const { extensions, ...rest } = attributes;
  const added = Object.fromEntries(['time', 'datacontenttype'].filter((name) => !(name in attributes)).map((name) => [name, present[name]]));
  const base = { specversion: '1.0', id, source, type };
  return {
    legacy: JSON.stringify({ ...older(others), source, data: content }),
    hybrid: JSON.stringify({ ...base, ...rest, ...added, ...older(extensions === undefined ? [] : [['extensions', extensions]]), data: content }),
    cloudevents: JSON.stringify({ ...base, ...attributes, ...added, ...(data === null ? {} : { data: content }) }),
  };
}
