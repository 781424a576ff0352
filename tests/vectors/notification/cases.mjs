// What is read: bodies as they arrive, where each comes from, and why it matters. What they mean is not said here but
// found out by read.mjs; a case that must fail says the reason (`fails`; `unfit` where Qlik's event is read but cannot be
// a CloudEvent), and generate.mjs holds both against each other.

const SPEC = 'CloudEvents 1.0.2, attributes';
const FORMAT = 'CloudEvents 1.0.2, JSON event format';
const HTTP = 'CloudEvents 1.0.2, HTTP protocol binding';
const IMMUTA = 'Immuta documentation, "Manage Webhooks": `request` of the history records';
const GENERIC = 'Page of the generic webhooks API, "Webhook Payload Format"';
const REQUEST = "sigpost's own form: no public source shows a body of Immuta's Request app";
const HELP = 'Qlik help, sample of a delivered webhook';
const MAPPING = 'qlik.dev changelog 210 of 2026-04-22';
const ASYNC = "Qlik's AsyncAPI documents in api-evangelist/qliksense at 3058b74b";
const OWN = 'This list';

const base = (members = '') => `{"specversion":"1.0","id":"1","source":"/s","type":"t"${members}}`;

const LIMIT = 'sigpost: an event is bounded';

const structured = [
  { name: 'the example of the specification', source: `${FORMAT}, 3.2`, body: '{ "specversion" : "1.0", "type" : "com.example.someevent", "source" : "/mycontext", "subject": null, "id" : "C234-1234-1234", "time" : "2018-04-05T17:31:00Z", "comexampleextension1" : "value", "comexampleothervalue" : 5, "unsetextension": null, "datacontenttype" : "application/xml", "data" : "<much wow=\\"xml\\"/>" }' },
  { name: 'only what is required', source: SPEC, body: base() },
  { name: 'extensions of every type are kept', source: SPEC, body: base(',"userid":"u","count":-2147483648,"flag":false,"12":"twelve","9":9') },
  { name: 'JSON data in canonical form', source: FORMAT, body: base(',"datacontenttype":"application/json","data":{"b":1.0,"10":[],"9":"\\u00e9","b":2e3}') },
  { name: 'data that is null', source: FORMAT, body: base(',"data":null') },
  { name: 'data that is a lone surrogate', source: OWN, body: base(',"data":"\\uD800"') },
  { name: 'data in base64', source: `${FORMAT}, 3.1.1`, body: base(',"datacontenttype":"application/octet-stream","data_base64":"AAH/"') },
  { name: 'base64 of nothing', source: OWN, body: base(',"datacontenttype":"a/b","data_base64":""') },
  { name: 'data_base64 that is null counts as absent', source: FORMAT, body: base(',"data_base64":null,"data":[1]') },
  { name: 'bytes without a media type', source: `${FORMAT}, 3.1.1`, body: base(',"data_base64":"AAE="') },
  { name: 'JSON under another media type', source: FORMAT, body: base(',"datacontenttype":"application/xml","data":{"a":1.0}') },
  { name: 'the longest id and type', source: LIMIT, body: base().replace('"t"', `"${'t'.repeat(512)}"`).replace('"id":"1"', `"id":"${'é'.repeat(256)}"`) },
  { name: 'an id that is too long', source: LIMIT, body: base().replace('"id":"1"', `"id":"${'é'.repeat(256)}x"`), fails: 'Invalid id' },
  { name: 'a type that is too long', source: LIMIT, body: base().replace('"t"', `"${'t'.repeat(513)}"`), fails: 'Invalid type' },
  { name: 'a noncharacter', source: `${SPEC}: String`, body: base(',"ext":"\\uffff"'), fails: 'Invalid ext' },
  { name: 'a noncharacter of the Arabic block', source: `${SPEC}: String`, body: base(',"ext":"\\ufdd0"'), fails: 'Invalid ext' },
  { name: 'a noncharacter of another plane', source: `${SPEC}: String`, body: base(',"subject":"\\ud83f\\udffe"'), fails: 'Invalid subject' },
  { name: 'a media type that is not ASCII', source: 'RFC 9110, 8.3.1', body: base(',"datacontenttype":"a/é"'), fails: 'Invalid datacontenttype' },
  { name: 'a number beyond the doubles is null, and so absent', source: 'ECMAScript, JSON.stringify', body: base(',"ext":1e400,"data":{"big":1e400,"odd":9007199254740993}') },
  { name: 'a type that no catalogue has', source: OWN, body: base().replace('"t"', '"com.example.nobody-knows-this"') },
  { name: 'the last of two values of a key', source: 'ECMAScript, JSON.parse', body: base(',"id":"2"') },
  { name: 'a leap second and an offset', source: 'RFC 3339, 5.6', body: base(',"time":"2016-12-31T23:59:60.25-08:00"') },
  { name: 'source without a scheme', source: ASYNC, body: base().replace('/s', 'com.qlik/engine') },
  { name: 'a dataschema', source: SPEC, body: base(',"dataschema":"https://example.com/schema#1"') },
  { name: 'an empty extension', source: OWN, body: base(',"empty":""') },
  { name: 'another major version', source: SPEC, body: base().replace('1.0', '2.0'), fails: 'Invalid specversion' },
  { name: 'a version with a patch level', source: `${SPEC}: the value is "1.0"; SDKs refuse this one too`, body: base().replace('1.0', '1.0.2'), fails: 'Invalid specversion' },
  { name: 'no version', source: SPEC, body: '{"id":"1","source":"/s","type":"t"}', fails: 'Missing specversion' },
  { name: 'no id', source: SPEC, body: '{"specversion":"1.0","source":"/s","type":"t"}', fails: 'Missing id' },
  { name: 'an id that is null', source: FORMAT, body: '{"specversion":"1.0","id":null,"source":"/s","type":"t"}', fails: 'Missing id' },
  { name: 'an id that is a number', source: SPEC, body: '{"specversion":"1.0","id":1,"source":"/s","type":"t"}', fails: 'Invalid id' },
  { name: 'an empty type', source: SPEC, body: '{"specversion":"1.0","id":"1","source":"/s","type":""}', fails: 'Invalid type' },
  { name: 'a source with a space', source: 'RFC 3986', body: base().replace('/s', 'a b'), fails: 'Invalid source' },
  { name: 'a dataschema without a scheme', source: SPEC, body: base(',"dataschema":"/schema"'), fails: 'Invalid dataschema' },
  { name: 'a day that is not in the calendar', source: 'RFC 3339, 5.7', body: base(',"time":"2023-02-29T00:00:00Z"'), fails: 'Invalid time' },
  { name: 'a time without a zone', source: 'RFC 3339, 5.6', body: base(',"time":"2026-11-21T09:30:00"'), fails: 'Invalid time' },
  { name: 'an extension that is a fraction', source: SPEC, body: base(',"ext":1.5'), fails: 'Invalid ext' },
  { name: 'an extension beyond 32 bits', source: SPEC, body: base(',"ext":2147483648'), fails: 'Invalid ext' },
  { name: 'an extension that is an object', source: SPEC, body: base(',"ext":{}'), fails: 'Invalid ext' },
  { name: 'an extension with a control character', source: SPEC, body: base(',"ext":"a\\u0000b"'), fails: 'Invalid ext' },
  { name: 'an extension that is a lone surrogate', source: SPEC, body: base(',"ext":"\\ud800"'), fails: 'Invalid ext' },
  { name: 'a name with a capital', source: SPEC, body: base(',"userId":"u"'), fails: 'Name userId' },
  { name: 'data twice', source: FORMAT, body: base(',"data":1,"data_base64":"AA=="'), fails: 'TwoKindsOfData' },
  { name: 'data that is not base64', source: FORMAT, body: base(',"data_base64":"A"'), fails: 'Invalid data_base64' },
  { name: 'too many attributes', source: "sigpost's own limit", body: base(Array.from({ length: 65 }, (_, place) => `,"x${place}":1`).join('')), fails: 'TooManyAttributes' },
  { name: 'an array', source: FORMAT, body: '[]', fails: 'NotAnObject' },
  { name: 'half an object', source: OWN, body: '{"specversion":"1.0"', fails: 'NotJson' },
];

const REQUIRED = [['ce-specversion', '1.0'], ['ce-id', '1'], ['ce-source', '/s'], ['ce-type', 't']];
const JSON_TYPE = ['Content-Type', 'application/json'];

const binary = [
  { name: 'JSON in the body', source: HTTP, headers: [...REQUIRED, JSON_TYPE], body: '{ "a": 1.0 }' },
  { name: 'percent-encoded text', source: `${HTTP}, 3.1.3.2`, headers: [...REQUIRED, ['ce-subject', 'Euro%20%E2%82%AC%20%F0%9F%98%80']], body: '' },
  { name: 'a percent sign that encodes nothing', source: `${HTTP}, 3.1.3.2`, headers: [...REQUIRED, ['ce-subject', '100%'], ['ce-x', '%zz%2']], body: '' },
  { name: 'a quoted value', source: `${HTTP}, 3.1.3.2`, headers: [...REQUIRED, ['ce-subject', '"a \\"b\\" %41"']], body: '' },
  { name: 'header names in any case, others ignored', source: 'RFC 9110, 5.1', headers: [['CE-SpecVersion', '1.0'], ['CE-ID', '1'], ['Ce-Source', '/s'], ['ce-Type', 't'], ['x-other', '?'], ['content-TYPE', 'application/json']], body: '1' },
  { name: 'numbers and booleans are text', source: `${HTTP}: headers have no types`, headers: [...REQUIRED, ['ce-n', '5'], ['ce-on', 'true'], ['ce-12', 'x']], body: '' },
  { name: 'a body of another media type', source: HTTP, headers: [...REQUIRED, ['Content-Type', 'application/xml']], body: '<a/>' },
  { name: 'a body of bytes', source: HTTP, headers: [...REQUIRED, ['Content-Type', 'image/png']], body_base64: 'iVBORw0KGgr/' },
  { name: 'a media type that ends in +json, with a parameter', source: FORMAT, headers: [...REQUIRED, ['Content-Type', 'application/vnd.x+JSON; charset=utf-8']], body: '[1.50]' },
  { name: 'no media type is JSON', source: FORMAT, headers: REQUIRED, body: 'null' },
  { name: 'no body', source: HTTP, headers: [...REQUIRED, JSON_TYPE], body: '' },
  { name: 'a header twice', source: HTTP, headers: [...REQUIRED, ['ce-id', '2']], body: '', fails: 'Invalid id' },
  { name: 'a header that is not UTF-8 once decoded', source: `${HTTP}, 3.1.3.2`, headers: [...REQUIRED, ['ce-x', '%FF']], body: '', fails: 'Invalid x' },
  { name: 'a header without a name', source: HTTP, headers: [...REQUIRED, ['ce-', 'x']], body: '', fails: 'Name ' },
  { name: 'no headers of an event', source: HTTP, headers: [JSON_TYPE], body: '{}', fails: 'Missing specversion' },
  { name: 'a header of the media type: the binding has Content-Type for it', source: `${HTTP}, 3.1.1`, headers: [...REQUIRED, ['ce-datacontenttype', 'application/xml']], body: '<a/>', fails: 'Invalid datacontenttype' },
  { name: 'the media type in both headers', source: `${HTTP}, 3.1.1`, headers: [...REQUIRED, ['ce-datacontenttype', 'application/json'], JSON_TYPE], body: '{}', fails: 'Invalid datacontenttype' },
  { name: 'a tab in the media type', source: 'RFC 9110, 5.6.3', headers: [...REQUIRED, ['Content-Type', 'application/json;\tcharset=utf-8']], body: '[1.0]' },
  { name: 'two quoted strings are no quoted string', source: 'RFC 9110, 5.6.4', headers: [...REQUIRED, ['ce-subject', '"a" and "b"'], ['ce-x', '"a\\"'], ['ce-y', '"']], body: '' },
  { name: 'a body that is not the JSON it says', source: HTTP, headers: [...REQUIRED, JSON_TYPE], body: '{', fails: 'Body' },
];

const batch = [
  { name: 'no events', source: `${FORMAT}, 4`, body: '[]' },
  { name: 'one bad event among good ones', source: `${FORMAT}, 4`, body: `[${base()},{"specversion":"1.0"},${base(',"data":1.0')},[]]` },
  { name: 'an event in place of a batch', source: `${FORMAT}, 4`, body: base(), fails: 'NotABatch' },
];

const TEXT = '"text":"Katie has created the Public project."';
const immuta = [
  { name: 'a project created', known: true, source: IMMUTA, body: `{${TEXT},"metadata":{"modelId":1,"actionBy":2,"modelType":"project","targetUser":2,"projectName":"Public","targetGroup":null,"actionByName":"Katie","targetUserName":"Katie","notifyInitiator":true,"notificationType":"modelCreated"},"webhookId":1,"webhookName":"internal-automatic-subscription-webhook"}` },
  { name: 'no notifyInitiator', known: true, source: IMMUTA, body: '{"text":"You have created the sheep man project.","metadata":{"modelId":11,"actionBy":1,"modelType":"project","targetUser":1,"projectName":"sheep man","targetGroup":null,"actionByName":"Jane Doe","targetUserName":"Jane Doe","notificationType":"modelCreated"},"webhookId":2,"webhookName":"webhook"}' },
  { name: 'two users of different names', known: true, source: OWN, body: `{${TEXT},"metadata":{"notificationType":"addedToProject","actionBy":1,"actionByName":"Katie","targetUser":2,"targetUserName":"Jane Doe"},"webhookId":1,"webhookName":"w"}` },
  { name: 'members that nobody documents', known: true, source: OWN, body: `{${TEXT},"attachments":[{"b":1,"2":1.0}],"metadata":{"notificationType":"tagCreated","tagName":"PII","10":0,"9":{"deep":[null]}},"webhookId":1,"webhookName":"w","__proto__":1}` },
  { name: 'a type that no list has', known: false, source: OWN, body: `{${TEXT},"metadata":{"notificationType":"somethingNew"},"webhookId":1,"webhookName":"w"}` },
  { name: 'a type of the newer documentation alone', known: true, source: 'Immuta SaaS documentation as of 2026-08-01', body: `{${TEXT},"metadata":{"notificationType":"automaticDomainAssignmentFailure"},"webhookId":1,"webhookName":"w"}` },
  { name: 'ids that are strings of digits', known: true, source: OWN, body: `{${TEXT},"metadata":{"notificationType":"userCreated","actionBy":"2","targetUser":"0031","modelId":"7"},"webhookId":1,"webhookName":"w"}` },
  { name: 'ids that are neither integers nor digits', known: true, source: OWN, body: `{${TEXT},"metadata":{"notificationType":"userCreated","actionBy":2.5,"targetUser":"two","modelId":[7]},"webhookId":1.5,"webhookName":7}` },
  { name: 'an id as JavaScript writes it', known: true, source: 'ECMAScript, Number::toString', body: `{${TEXT},"metadata":{"notificationType":"userCreated","actionBy":2.0,"targetUser":1e2},"webhookId":10e0,"webhookName":"w"}` },
  { name: 'everything null', known: false, source: OWN, body: '{"text":null,"metadata":{"notificationType":null,"actionBy":null,"notifyInitiator":null},"webhookId":null,"webhookName":null}' },
  { name: 'no members at all', known: false, source: OWN, body: '{}' },
  { name: 'metadata that is no object', known: false, source: OWN, body: `{${TEXT},"metadata":[1]}` },
  { name: 'a group that is told', known: true, source: OWN, body: '{"metadata":{"notificationType":"groupUserAdded","targetGroup":{"id":3.0}}}' },
  { name: 'text with a lone surrogate', known: true, source: OWN, body: '{"text":"\\uD800","metadata":{"notificationType":"queryCanceled","projectName":"\\udc00 x"}}' },
  { name: 'an array', source: OWN, body: '[]', fails: 'NotAnObject' },
  { name: 'a form', source: OWN, body: 'text=Katie', fails: 'NotJson' },
];

const immutaRequest = [
  { name: 'an access request', known: true, source: REQUEST, body: '{"deliveryId":"01K","webhookId":"01J","type":"marketplace.data_product.access_requests.created","createdAt":"2026-11-21T09:30:00.123Z","data":{"dataProduct":{"id":"p","10":1,"2":1.0}}}' },
  { name: 'an unknown type and unknown members', known: false, source: REQUEST, body: '{"type":"marketplace.data_product.access_requests.data_steward.reminded","deliveryId":"d","webhookId":"w","createdAt":"2026-11-21T09:30:00.123Z","data":null,"version":2,"links":{"self":null}}' },
  { name: 'ids that are numbers', known: true, source: OWN, body: '{"deliveryId":1,"webhookId":2,"type":"marketplace.data_product.state.deleted","createdAt":1795253400,"data":[]}' },
  { name: 'no data', known: true, source: OWN, body: '{"deliveryId":"d","webhookId":"w","type":"marketplace.data_product.state.created"}' },
  { name: 'a number', source: OWN, body: '1', fails: 'NotAnObject' },
];

const generic = [
  { name: 'the example of the page', known: true, source: GENERIC, body: '{\n  "id": "evt_123456",\n  "type": "user.created",\n  "created": "2023-06-21T09:15:30Z",\n  "data": {\n    "id": "usr_789012",\n    "email": "newuser@example.com",\n    "name": "Jane Smith",\n    "role": "editor",\n    "status": "pending",\n    "created_at": "2023-06-21T09:15:30Z"\n  }\n}' },
  { name: 'an unknown type and unknown members', known: false, source: OWN, body: '{"livemode":true,"id":"evt_1","type":"user.painted","created":"2023-06-21T09:15:30Z","data":{"0":0.10},"object":"event"}' },
  { name: 'numbers in place of texts', known: false, source: OWN, body: '{"id":1,"type":2,"created":1687338930,"data":1.0}' },
  { name: 'nulls', known: false, source: OWN, body: '{"id":null,"type":null,"created":null,"data":null}' },
  { name: 'no members at all', known: false, source: OWN, body: '{}' },
  { name: 'a string', source: OWN, body: '"user.created"', fails: 'NotAnObject' },
  { name: 'a trailing comma', source: OWN, body: '{"id":"evt_1",}', fails: 'NotJson' },
];

const LEGACY = '"cloudEventsVersion":"0.1","source":"com.qlik/engine","contentType":"application/json","eventId":"b3f5473a","eventTime":"2021-03-08T14:51:29Z","eventTypeVersion":"1.0.0","eventType":"com.qlik.v1.app.deleted"';
const PRESENT = '"specversion":"1.0","id":"b3f5473a","source":"com.qlik/engine","type":"com.qlik.v1.app.deleted","time":"2021-03-08T14:51:29Z","datacontenttype":"application/json"';
const EXTENSIONS = '"extensions":{"ownerId":"o","tenantId":"t","userId":"u"}';
const DATA = '"data":{"id":"a","name":"Sales","10":1.0,"9":null}';

const qlik = [
  { name: 'the older envelope', known: true, source: HELP, body: `{${LEGACY},${EXTENSIONS},${DATA}}` },
  { name: 'the older envelope with all extensions', known: true, source: MAPPING, body: `{${LEGACY},"extensions":{"ownerId":"o","tenantId":"t","userId":"u","topLevelResourceId":"r","spaceId":"s"},${DATA}}` },
  { name: 'the older envelope with members that nobody documents', known: true, source: OWN, body: `{${LEGACY},"extensions":{"ownerId":"o","licenseType":"full","12":3},"host":"h",${DATA}}` },
  { name: 'the older envelope with the least', known: true, source: OWN, body: '{"cloudEventsVersion":"0.1","source":"/s","eventId":"e","eventType":"com.qlik.v1.app.created"}' },
  { name: 'the older envelope with nulls', known: true, source: OWN, body: `{${LEGACY},"extensions":{"ownerId":null,"spaceId":"s"},"data":null}` },
  { name: 'both envelopes that agree', known: true, source: MAPPING, body: `{${PRESENT},"ownerid":"o","tenantid":"t","userid":"u",${LEGACY},${EXTENSIONS},${DATA}}` },
  { name: "both envelopes that contradict each other: CloudEvents' attributes count", known: true, source: OWN, body: `{${PRESENT.replace('b3f5473a', 'c4')},"ownerid":"other","userid":7,${LEGACY},${EXTENSIONS},${DATA}}` },
  { name: 'both envelopes, each with what the other lacks', known: true, source: OWN, body: `{"specversion":"1.0","id":"e","source":"/s","spaceid":"s","cloudEventsVersion":"0.1","eventType":"com.qlik.v1.app.exported","extensions":{"ownerId":"o"}}` },
  { name: 'CloudEvents as Qlik sends them', known: true, source: ASYNC, body: `{${PRESENT.replace('v1.', '')},"host":"acme.eu.qlikcloud.com","reason":"deleted","userid":"u","ownerid":"o","tenantid":"t","toplevelresourceid":"a","authtype":"session","clientid":"c","sessionid":"s","authclaims":"{\\"iss\\":\\"qlik\\"}",${DATA}}` },
  { name: 'a reload that finished', known: true, source: ASYNC, body: '{"specversion":"1.0","id":"r1","source":"com.qlik/engine","type":"com.qlik.v1.app.reload.finished","time":"2026-11-21T09:30:00.5Z","datacontenttype":"application/json","userid":"u","tenantid":"t","toplevelresourceid":"a","originip":"192.0.2.1","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","data":{"status":"ok","duration":1.50,"peakMemoryBytes":12582912,"size":{"memory":2e6},"errors":[]}}' },
  { name: 'an attribute that is called like the member of the older envelope', known: true, source: OWN, body: `{${PRESENT},"extensions":"boo"}` },
  { name: 'a type that no catalogue has', known: false, source: OWN, body: `{${PRESENT.replace('app.deleted', 'app.painted')}}` },
  { name: 'a version with a patch level', known: true, source: `${MAPPING}: it announces this value`, body: `{${PRESENT.replace('"1.0"', '"1.0.2"')}}` },
  { name: 'another version', known: true, source: SPEC, body: `{${PRESENT.replace('"1.0"', '"1.1"')}}`, unfit: 'Invalid specversion' },
  { name: 'another version of the older envelope', known: true, source: 'CloudEvents 0.2 renamed the member', body: `{${LEGACY.replace('"0.1"', '"0.2"')}}`, unfit: 'Invalid cloudEventsVersion' },
  { name: 'the older envelope with another version of its type', known: true, source: OWN, body: `{${LEGACY.replace('1.0.0', '2.3.0')},"host":"h","extensions":{"ownerId":"o","licenseType":"full","12":3}}` },
  { name: 'CloudEvents that say the usual version of a type', known: true, source: OWN, body: `{${PRESENT},"eventtypeversion":"1.0.0"}` },
  { name: 'the usual version of a type among the extensions', known: true, source: OWN, body: `{${LEGACY.replace('"eventTypeVersion":"1.0.0",', '')},"extensions":{"eventTypeVersion":"1.0.0"}}` },
  { name: 'the older envelope with a version of its type that is a number', known: true, source: OWN, body: `{${LEGACY.replace('"1.0.0"', '2')}}` },
  { name: 'the older envelope that says one thing twice: what stands beside the extensions counts', known: true, source: OWN, body: `{${LEGACY},"host":"top","extensions":{"host":"ext","source":"/other","subject":"s"},"subject":"s"}` },
  { name: "the older envelope with CloudEvents' names: its own members count", known: true, source: OWN, body: `{${LEGACY},"id":"other","type":"other","time":"2021-03-08T14:51:29.0Z"}` },
  { name: 'both envelopes that contradict each other in an extension that nobody documents', known: true, source: OWN, body: `{${PRESENT},"foobar":"A",${LEGACY},"extensions":{"fooBar":"B","id":"x","extensions":"e"}}` },
  { name: 'CloudEvents with extensions of the older envelope', known: true, source: OWN, body: `{${PRESENT},"extensions":{"tenantId":"x","fooBar":false}}` },
  { name: 'an id among the extensions only', known: true, source: OWN, body: `{${LEGACY.replace('"eventId":"b3f5473a",', '')},"extensions":{"id":"x"}}`, unfit: 'Invalid id' },
  { name: 'a specversion among the extensions', known: true, source: OWN, body: `{${LEGACY},"extensions":{"specversion":"1.0"}}`, unfit: 'Invalid specversion' },
  { name: 'another specversion among the extensions of both envelopes', known: true, source: OWN, body: `{${PRESENT},${LEGACY},"extensions":{"specversion":"0.3"}}` },
  { name: 'a member with capitals that nobody documents', known: true, source: SPEC, body: `{${LEGACY},"fooBar":"x"}`, unfit: 'Name fooBar' },
  { name: 'an extension that cannot be an attribute', known: true, source: SPEC, body: `{${LEGACY},"extensions":{"roles":["a"]}}`, unfit: 'Invalid roles' },
  { name: 'an extension in two spellings', known: true, source: OWN, body: `{${LEGACY},"extensions":{"ownerId":"a","ownerid":"b"}}`, unfit: 'Invalid ownerid' },
  { name: 'extensions that are no object', known: true, source: OWN, body: `{${LEGACY},"extensions":["o"]}`, unfit: 'Invalid extensions' },
  { name: 'an id that is a number', known: true, source: OWN, body: '{"cloudEventsVersion":"0.1","source":"/s","eventId":7,"eventType":"com.qlik.v1.app.created"}', unfit: 'Invalid id' },
  { name: 'no id in either envelope', known: true, source: OWN, body: '{"specversion":"1.0","source":"/s","type":"com.qlik.app.created"}', unfit: 'Missing id' },
  { name: 'neither envelope', source: OWN, body: '{"eventId":"e","id":"e","type":"t"}', fails: 'NotAnEvent' },
  { name: 'an array', source: OWN, body: '[]', fails: 'NotAnObject' },
];

/** By file: the system's name, and its cases by mode where it has several. */
export const files = {
  'cloudevents.json': { system: 'cloudevents', modes: { structured, binary, batch } },
  'immuta.json': { system: 'immuta', cases: immuta },
  'immuta-request.json': { system: 'immuta-request', cases: immutaRequest },
  'generic.json': { system: 'generic', cases: generic },
  'qlik.json': { system: 'qlik', cases: qlik },
};
