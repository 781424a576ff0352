// What the payloads of the schemes are: types alone, of which nothing is left at run time. The names of event types are
// generated from the core's catalogues; the members are those of its models (core/src/notification).

import type {
  GenericEventType,
  ImmutaEventType,
  ImmutaRequestEventType,
  QlikData,
  QlikEventType,
} from './generated/events.js';
import type { PresetName, Scheme } from './scheme.js';

export type { GenericEventType, ImmutaEventType, ImmutaRequestEventType, QlikEventType };

/**
 * An event type that none of the lists has: any other text. Senders add types, so a `switch` needs its `default`, where
 * this is what `event.type` is. To compare with a type that is not listed is an error, which finds misspelt names; if it
 * is right, name it, as {@link GenericEvent} shows.
 *
 * @example
 * ```ts
 * import type { GenericEvent, OtherType } from 'sigpost';
 *
 * export const isNew = ({ type }: GenericEvent): boolean => type === 'user.created';
 * // @ts-expect-error a misspelt name
 * export const isNever = ({ type }: GenericEvent): boolean => type === 'user.craeted';
 * // For tests: a type that the list does not have.
 * export const other: OtherType = 'user.invited' as string as OtherType;
 * ```
 */
// An enum, of which there are only types: nothing else is text, and yet certainly none of the literals beside it. With
// `string`, or what is made of it, the literals would not tell the members of a union apart.
export declare enum OtherType {
  /** Not what stands there, which may be anything. */
  Text = 'a type that is not listed',
}

/** What is known of the data of a type: what the user of the package says, else nothing. */
type DataOf<Data, Type> = Type extends keyof Data ? Data[Type] : unknown;

/**
 * A notification of Immuta's, schemes `immuta` and `immuta-sha1`. `More` are types that the list does not have.
 *
 * Which type it is stands in its metadata. What else metadata holds depends on the type and is documented nowhere, so to
 * know the type tells nothing of the other members.
 *
 * @example
 * ```js
 * import { Verifier, sign } from 'sigpost';
 *
 * const verifier = new Verifier('immuta', 'secret');
 * const body = '{"text":"Katie made it.","metadata":{"notificationType":"modelCreated"},"webhookId":1,"webhookName":"w"}';
 * const { event } = verifier.verify(sign('immuta', 'secret', { body }), body);
 * event.metadata.notificationType === 'modelCreated' && event.text; // 'Katie made it.'
 * ```
 */
export interface ImmutaEvent<More extends string = never> {
  /** A sentence for people, with links. */
  readonly text: string;
  /** What happened, to whom. */
  readonly metadata: ImmutaMetadata<More>;
  /** The number of the webhook that this was sent for. */
  readonly webhookId: number;
  /** The name of the webhook that this was sent for. */
  readonly webhookName: string;
}

/**
 * What a notification of Immuta's is about: an open map with the members that are known.
 *
 * @example
 * ```js
 * import { sign, verify } from 'sigpost';
 *
 * const metadata = { notificationType: 'modelDeleted', modelId: 7, projectName: null };
 * const body = JSON.stringify({ text: 'Katie deleted it.', metadata, webhookId: 1, webhookName: 'w' });
 * const { event } = verify('immuta', 'secret', sign('immuta', 'secret', { body }), body);
 * event.metadata.modelId; // 7
 * event.metadata.projectName; // null
 * ```
 */
export interface ImmutaMetadata<More extends string = never> {
  /** What happened. */
  readonly notificationType?: ImmutaEventType | More | OtherType | null;
  /** The id of the data source or project. */
  readonly modelId?: number | string | null;
  /** What the model is, like `project`. */
  readonly modelType?: string | null;
  /** The name of the project, if it is about one. */
  readonly projectName?: string | null;
  /** The id of the user who acted. */
  readonly actionBy?: number | string | null;
  /** The name of the user who acted. */
  readonly actionByName?: string | null;
  /** The id of the user it happened to. */
  readonly targetUser?: number | string | null;
  /** The name of the user it happened to. */
  readonly targetUserName?: string | null;
  /** The group it happened to; what it is, if not `null`, is not documented. */
  readonly targetGroup?: unknown;
  /** Whether the one who acted is told too. */
  readonly notifyInitiator?: boolean | null;
  /** What else there is. */
  readonly [member: string]: unknown;
}

/**
 * An event of Immuta's Request app, scheme `immuta-request`. `Data` says what `data` is, by type, as for
 * {@link GenericEvent}.
 *
 * @example
 * ```ts
 * import { Verifier, type ImmutaRequestEvent } from 'sigpost';
 *
 * interface Data {
 *   'marketplace.data_product.state.created': { name: string };
 * }
 *
 * export function read(verifier: Verifier<'immuta-request'>, headers: Headers, rawBody: string): string {
 *   const { event } = verifier.verify<ImmutaRequestEvent<Data>>(headers, rawBody);
 *   return event.type === 'marketplace.data_product.state.created' ? event.data.name : event.createdAt;
 * }
 * ```
 */
export type ImmutaRequestEvent<Data extends object = object> = ImmutaRequestEvents<
  ImmutaRequestEventType | (keyof Data & string) | OtherType,
  Data
>;

type ImmutaRequestEvents<Type, Data> = Type extends string ? ImmutaRequestEnvelope<Type, DataOf<Data, Type>> : never;

interface ImmutaRequestEnvelope<Type extends string, Data> {
  /** The same in every attempt to deliver it. */
  readonly deliveryId: string;
  /** The webhook that this was sent for. */
  readonly webhookId: string;
  /** What happened. */
  readonly type: Type;
  /** When, in RFC 3339's form. */
  readonly createdAt: string;
  /** To what. */
  readonly data: Data;
}

/**
 * An event of the generic webhooks API, scheme `generic`: a union that `type` tells apart. `Data` says what `data` is,
 * by type, for types that are listed and others; of the rest it is `unknown`.
 *
 * @example
 * ```ts
 * import { Verifier, type GenericEvent } from 'sigpost';
 *
 * interface Data {
 *   'user.created': { id: string; email: string };
 *   'user.invited': { by: string }; // not in the list
 * }
 *
 * export function read(verifier: Verifier<'generic'>, headers: Headers, rawBody: string): string {
 *   const { event } = verifier.verify<GenericEvent<Data>>(headers, rawBody);
 *   switch (event.type) {
 *     case 'user.created': return event.data.email;
 *     case 'user.invited': return event.data.by;
 *     default: return event.type;
 *   }
 * }
 * ```
 */
export type GenericEvent<Data extends object = object> = GenericEvents<
  GenericEventType | (keyof Data & string) | OtherType,
  Data
>;

type GenericEvents<Type, Data> = Type extends string ? GenericEnvelope<Type, DataOf<Data, Type>> : never;

interface GenericEnvelope<Type extends string, Data> {
  /** The event's, the same in every delivery. */
  readonly id: string;
  /** What happened. */
  readonly type: Type;
  /** When, in RFC 3339's form. */
  readonly created: string;
  /** To what. */
  readonly data: Data;
}

/**
 * A CloudEvent 1.0 in JSON. sigpost's server sends these to its native webhooks, scheme `standard-webhooks`; but so do
 * others send other things by that scheme, so its events are `unknown` unless you name them.
 *
 * Attributes that are `null` count as absent. Extensions you add: `CloudEvent<'a', Data> & { tenant?: string }`.
 *
 * @example
 * ```ts
 * import { Verifier, type CloudEvent } from 'sigpost';
 *
 * type Event = CloudEvent<'invoice.paid', { total: number }> | CloudEvent<'invoice.sent', { to: string }>;
 *
 * export function read(verifier: Verifier<'standard-webhooks'>, headers: Headers, rawBody: string): string {
 *   const { event } = verifier.verify<Event>(headers, rawBody);
 *   return event.type === 'invoice.paid' ? event.data.total.toFixed(2) : event.data.to;
 * }
 * ```
 */
export interface CloudEvent<Type extends string = string, Data = unknown> {
  /** The version of CloudEvents, `1.0`. */
  readonly specversion: string;
  /** With `source` it identifies the event. */
  readonly id: string;
  /** Where it happened. */
  readonly source: string;
  /** What happened. */
  readonly type: Type;
  /** To what of the source it happened. */
  readonly subject?: string | null;
  /** When, in RFC 3339's form. */
  readonly time?: string | null;
  /** The media type of `data`; JSON unless said. */
  readonly datacontenttype?: string | null;
  /** The URI of a schema of `data`. */
  readonly dataschema?: string | null;
  /** What it carries; `undefined` if it carries nothing, or bytes. */
  readonly data: Data;
  /** The bytes it carries, in base64. */
  readonly data_base64?: string | null;
}

/** The extensions of Qlik's events. */
interface QlikAttributes {
  /** Who caused it. */
  readonly userid?: string | null;
  /** Who owns what it happened to. */
  readonly ownerid?: string | null;
  /** The tenant. */
  readonly tenantid?: string | null;
  /** The space in which it happened. */
  readonly spaceid?: string | null;
  /** What contains the thing to which it happened. */
  readonly toplevelresourceid?: string | null;
  /** The tenant's host. */
  readonly host?: string | null;
  /** Why it happened. */
  readonly reason?: string | null;
  /** How the one who caused it was authenticated. */
  readonly authtype?: string | null;
  /** Their claims, as JSON. */
  readonly authclaims?: string | null;
  /** The OAuth client that was used. */
  readonly clientid?: string | null;
  /** The session in which it happened. */
  readonly sessionid?: string | null;
  /** The address that caused it. */
  readonly originip?: string | null;
  /** The trace it belongs to, by W3C Trace Context. */
  readonly traceparent?: string | null;
  /** What vendors add to that. */
  readonly tracestate?: string | null;
}

/**
 * An event of Qlik Cloud's, scheme `qlik`: a CloudEvent, in a union that `type` tells apart. `Data` says what `data` is,
 * by type, as for {@link GenericEvent}.
 *
 * The objects that were sent until 2026-10, with CloudEvents' attributes and the older members, are read alike. A webhook
 * that has CloudEvents switched off sends {@link QlikLegacyEvent}.
 *
 * @example
 * ```js
 * import { Verifier, sign } from 'sigpost';
 *
 * const verifier = new Verifier('qlik', 'secret');
 * const body = '{"specversion":"1.0","id":"1","source":"com.qlik/engine","type":"com.qlik.v1.app.reload.finished","data":{"status":"ok"}}';
 * const { event } = verifier.verify(sign('qlik', 'secret', { body }), body);
 * event.type === 'com.qlik.v1.app.reload.finished' && event.data.status; // 'ok'
 * ```
 */
export type QlikEvent<Data extends object = object> = QlikEvents<
  QlikEventType | (keyof Data & string) | OtherType,
  QlikData & Data
>;

type QlikEvents<Type, Data> = Type extends string ? QlikEnvelope<Type, DataOf<Data, Type>> : never;

interface QlikEnvelope<Type extends string, Data> extends CloudEvent<Type, Data>, QlikAttributes {}

/**
 * An event of Qlik Cloud's in the older envelope, which webhooks send that have CloudEvents switched off. Where both may
 * come, name both, and tell them apart by `specversion`, which only CloudEvents have.
 *
 * @example
 * ```ts
 * import { Verifier, type QlikEvent, type QlikLegacyEvent } from 'sigpost';
 *
 * export function read(verifier: Verifier<'qlik'>, headers: Headers, rawBody: string): string {
 *   const { event } = verifier.verify<QlikEvent | QlikLegacyEvent>(headers, rawBody);
 *   return 'specversion' in event ? event.type : event.eventType;
 * }
 * ```
 */
export type QlikLegacyEvent<Data extends object = object> = QlikLegacyEvents<
  QlikEventType | (keyof Data & string) | OtherType,
  QlikData & Data
>;

type QlikLegacyEvents<Type, Data> = Type extends string ? QlikLegacyEnvelope<Type, DataOf<Data, Type>> : never;

interface QlikLegacyEnvelope<Type extends string, Data> {
  /** The version of the envelope, `0.1`. */
  readonly cloudEventsVersion: string;
  /** The service it comes from, like `com.qlik/engine`. */
  readonly source: string;
  /** The media type of `data`. */
  readonly contentType?: string | null;
  /** The event's, the same in every delivery. */
  readonly eventId: string;
  /** When, in RFC 3339's form. */
  readonly eventTime?: string | null;
  /** The version of the type, `1.0.0`. */
  readonly eventTypeVersion?: string | null;
  /** What happened. */
  readonly eventType: Type;
  /** Whose it is, and where. */
  readonly extensions?: QlikLegacyExtensions | null;
  /** To what. */
  readonly data: Data;
}

interface QlikLegacyExtensions {
  /** Who owns what it happened to. */
  readonly ownerId?: string | null;
  /** The tenant. */
  readonly tenantId?: string | null;
  /** Who caused it. */
  readonly userId?: string | null;
  /** What contains the thing to which it happened. */
  readonly topLevelResourceId?: string | null;
  /** The space in which it happened. */
  readonly spaceId?: string | null;
  /** What else there is. */
  readonly [member: string]: unknown;
}

/**
 * The events of the schemes whose senders are known, by the scheme's name.
 *
 * @example
 * ```ts
 * import type { Events } from 'sigpost';
 *
 * export const titles: { readonly [Name in keyof Events]?: (event: Events[Name]) => string } = {
 *   immuta: ({ text }) => text,
 *   qlik: ({ type, source }) => `${type} of ${source}`,
 * };
 * ```
 */
export interface Events {
  readonly immuta: ImmutaEvent;
  readonly 'immuta-sha1': ImmutaEvent;
  readonly 'immuta-request': ImmutaRequestEvent;
  readonly generic: GenericEvent;
  readonly qlik: QlikEvent;
}

/**
 * The event of a scheme; `unknown` where nothing is known of it: for schemes of your own, for those that many send by
 * (`standard-webhooks`, `svix`), and for systems that publish types themselves, like Stripe: `verify<Stripe.Event>(…)`.
 *
 * @example
 * ```ts
 * import { verify, type Body, type EventOf, type HeadersLike, type PresetName } from 'sigpost';
 *
 * export function read<Name extends PresetName>(name: Name, headers: HeadersLike, body: Body): EventOf<Name> {
 *   return verify(name, 'secret', headers, body).event;
 * }
 * export const titleOf = (headers: Headers, body: string): string => read('immuta', headers, body).text;
 * ```
 */
export type EventOf<Given extends PresetName | Scheme> = Given extends keyof Events ? Events[Given] : unknown;

/**
 * The event as it was named where `verify` was called, or else that of the scheme. A default of the type parameter would
 * say the same to callers, but not to functions that take a verifier: what they see is the parameter's bound, `unknown`.
 */
export type Named<Event, Given extends PresetName | Scheme> = unknown extends Event
  ? 0 extends 1 & Event
    ? Event
    : EventOf<Given>
  : Event;
