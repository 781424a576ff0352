//! Bodies as they travel.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

/// At what level a webhook works.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// For all of the tenant; for admins.
    #[default]
    Tenant,
    /// For what its owner causes or owns, and what happens in its owner's spaces.
    User,
}

/// From where a webhook was made. It is told, and changes nothing.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Origin {
    #[default]
    Api,
    Automations,
    ManagementConsole,
}

/// A webhook to create. Other members are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WebhookCreate {
    /// Where its deliveries go: an `https` URL with a host name.
    #[schema(max_length = 2048)]
    pub url: String,
    /// Its name.
    #[schema(min_length = 1, max_length = 512)]
    pub name: String,
    /// At what level it works: `tenant` if nothing is said.
    pub level: Option<Level>,
    /// What an event must have besides, by `id`, `spaceId`, `topLevelResourceId` and, of finished reloads, `data.status`,
    /// with `eq`, `ne`, `and`, `or` and parentheses.
    #[schema(max_length = 8192)]
    pub filter: Option<String>,
    /// What its deliveries are signed with. It is never shown.
    #[schema(min_length = 32, max_length = 64)]
    pub secret: Option<String>,
    /// Whether it delivers: `false` if nothing is said.
    pub enabled: Option<bool>,
    /// Headers to add to its deliveries: 2,048 bytes of names and values, no name twice, whatever its case.
    pub headers: Option<BTreeMap<String, String>>,
    /// Whose it is, of level `user`: whoever creates it if nothing is said; only admins may name others.
    pub owner_id: Option<String>,
    /// The types of events it receives: none if nothing is said.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub event_types: Vec<String>,
    /// What it is for.
    #[schema(max_length = 1024)]
    pub description: Option<String>,
    /// The same as `headers`, kept as secrets.
    pub encrypted_headers: Option<BTreeMap<String, String>>,
    /// CloudEvents, and not the envelope before them: `true` if nothing is said. Once on it stays on.
    pub enable_cloud_event_delivery: Option<bool>,
    /// Whether receivers must prove that their certificates have not been revoked: `false` if nothing is said.
    pub check_certificate_revocation: Option<bool>,
    /// From where it is made: `api` if nothing is said.
    pub origin: Option<Origin>,
}

/// What a webhook is to be: what is left out takes its default, or is cleared. Only `ownerId` and
/// `enableCloudEventDelivery` then stay as they are. Other members are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct WebhookBase {
    /// Where its deliveries go: an `https` URL with a host name. With another url all encrypted headers are entered again.
    #[schema(max_length = 2048)]
    pub url: String,
    /// Its name.
    #[schema(min_length = 1, max_length = 512)]
    pub name: String,
    /// At what level it works: `tenant` if nothing is said.
    pub level: Option<Level>,
    /// What an event must have besides.
    #[schema(max_length = 8192)]
    pub filter: Option<String>,
    /// What its deliveries are signed with; nothing if nothing is said.
    #[schema(min_length = 32, max_length = 64)]
    pub secret: Option<String>,
    /// Whether it delivers: `false` if nothing is said.
    pub enabled: Option<bool>,
    /// Headers to add to its deliveries.
    pub headers: Option<BTreeMap<String, String>>,
    /// Whose it is, of level `user`: as it is if nothing is said; only admins may name others.
    pub owner_id: Option<String>,
    /// The types of events it receives: none if nothing is said.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub event_types: Vec<String>,
    /// What it is for.
    #[schema(max_length = 1024)]
    pub description: Option<String>,
    /// The same as `headers`, kept as secrets.
    pub encrypted_headers: Option<BTreeMap<String, String>>,
    /// CloudEvents: as it is if nothing is said. Once on it stays on.
    pub enable_cloud_event_delivery: Option<bool>,
    /// Whether receivers must prove that their certificates have not been revoked: `false` if nothing is said.
    pub check_certificate_revocation: Option<bool>,
}

/// One change of a webhook. Other members are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PatchOperation {
    pub op: PatchOp,
    pub path: PatchPath,
    /// What to set. `remove` needs none.
    #[serde(default)]
    pub value: Option<PatchValue>,
}

/// What to do with a member: `add` and `replace` set it, `remove` takes it back to its default.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum PatchOp {
    Add,
    Remove,
    Replace,
}

/// Which member.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, ToSchema)]
pub(super) enum PatchPath {
    #[serde(rename = "/name")]
    Name,
    #[serde(rename = "/description")]
    Description,
    #[serde(rename = "/url")]
    Url,
    #[serde(rename = "/eventTypes")]
    EventTypes,
    #[serde(rename = "/headers")]
    Headers,
    #[serde(rename = "/enabled")]
    Enabled,
    #[serde(rename = "/secret")]
    Secret,
    #[serde(rename = "/encryptedHeaders")]
    EncryptedHeaders,
    #[serde(rename = "/enableCloudEventDelivery")]
    EnableCloudEventDelivery,
}

/// What a member can be set to: an array of text for `/eventTypes`, an object of text for `/headers` and
/// `/encryptedHeaders`, `true` or `false` for `/enabled` and `/enableCloudEventDelivery`, text for the others.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(untagged, expecting = "must be text, true or false, an array of text or an object of text")]
pub(super) enum PatchValue {
    Boolean(bool),
    Text(String),
    Texts(Vec<String>),
    Headers(BTreeMap<String, String>),
    /// No member takes one; along with `remove` it does not matter.
    #[expect(dead_code, reason = "it only has to be taken")]
    Number(f64),
}

/// The query of a list of webhooks.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what `list::ListRequest` reads")]
pub(super) struct ListQuery {
    /// Only webhooks that this user created.
    created_by_user_id: Option<String>,
    /// Only those that deliver, or do not.
    enabled: Option<bool>,
    /// Only those that receive one of these types, separated by commas; the name a type had before counts, too.
    event_types: Option<String>,
    /// The older name of `eventTypes`.
    event_type: Option<String>,
    /// Only those of this level.
    #[param(inline)]
    level: Option<Level>,
    /// How many webhooks a page holds.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// Only those of this name, in any case; `*` stands for anything.
    name: Option<String>,
    /// The page behind this cursor; not with `prev`.
    next: Option<String>,
    /// Only those made from there: some of `api`, `automations` and `management-console`, separated by commas.
    origins: Option<String>,
    /// Only those of level `user` that this user owns.
    owner_id: Option<String>,
    /// The page before this cursor; not with `next`.
    prev: Option<String>,
    /// By which member, and whether in rising (`+`, or nothing) or falling order: `-createdAt` if nothing is said.
    #[param(inline)]
    sort: Option<WebhookSort>,
    /// Only those that this user changed last.
    updated_by_user_id: Option<String>,
    /// Only those with this url, in any case; `*` stands for anything.
    url: Option<String>,
}

/// How webhooks are sorted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only documents the values of a text")]
pub(super) enum WebhookSort {
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "+name")]
    NameRising,
    #[serde(rename = "-name")]
    NameFalling,
    #[serde(rename = "url")]
    Url,
    #[serde(rename = "+url")]
    UrlRising,
    #[serde(rename = "-url")]
    UrlFalling,
    #[serde(rename = "createdAt")]
    CreatedAt,
    #[serde(rename = "+createdAt")]
    CreatedAtRising,
    #[serde(rename = "-createdAt")]
    CreatedAtFalling,
    #[serde(rename = "updatedAt")]
    UpdatedAt,
    #[serde(rename = "+updatedAt")]
    UpdatedAtRising,
    #[serde(rename = "-updatedAt")]
    UpdatedAtFalling,
}

/// The query of a list of deliveries.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what `deliveries::DeliveriesQuery` reads")]
pub(super) struct DeliveriesQuery {
    /// Only deliveries of events of this type.
    event_type: Option<String>,
    /// How many deliveries a page holds.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The page behind this cursor; not with `prev`.
    next: Option<String>,
    /// The page before this cursor; not with `next`.
    prev: Option<String>,
    /// By which member, and whether in rising (`+`, or nothing) or falling order: `-triggeredAt` if nothing is said.
    #[param(inline)]
    sort: Option<DeliverySort>,
    /// Only those that succeeded, or only the others.
    #[param(inline)]
    status: Option<Status>,
}

/// How deliveries are sorted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only documents the values of a text")]
pub(super) enum DeliverySort {
    #[serde(rename = "status")]
    Status,
    #[serde(rename = "+status")]
    StatusRising,
    #[serde(rename = "-status")]
    StatusFalling,
    #[serde(rename = "triggeredAt")]
    TriggeredAt,
    #[serde(rename = "+triggeredAt")]
    TriggeredAtRising,
    #[serde(rename = "-triggeredAt")]
    TriggeredAtFalling,
}

/// A webhook.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Webhook {
    #[schema(format = "uuid")]
    pub id: String,
    pub url: String,
    pub name: String,
    pub level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub filter: Option<String>,
    pub enabled: bool,
    pub headers: BTreeMap<String, String>,
    /// Of webhooks of level `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub owner_id: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    pub event_types: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Why the server ended its deliveries; left out if somebody else did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub disabled_reason: Option<&'static str>,
    /// Whether its deliveries are signed.
    pub secret_key_added: bool,
    pub created_by_user_id: String,
    pub updated_by_user_id: String,
    /// The names of the encrypted headers.
    pub encrypted_headers: Vec<String>,
    /// `WEBHOOK-GONE`: its receiver answered 410 twice. `WEBHOOK-FAILING`: it failed for five days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub disabled_reason_code: Option<&'static str>,
    pub enable_cloud_event_delivery: bool,
    pub check_certificate_revocation: bool,
    pub origin: Origin,
}

/// A page of webhooks.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookList {
    pub data: Vec<Webhook>,
    pub links: Links,
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
pub(super) struct DeliveryList {
    pub data: Vec<Delivery>,
    pub links: Links,
}

/// Where a page and its neighbours are. What is not there is left out.
#[derive(Serialize, ToSchema)]
pub(super) struct Links {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub prev: Option<Link>,
    #[serde(rename = "self")]
    pub this: Link,
}

/// Where something is.
#[derive(Serialize, ToSchema)]
pub(super) struct Link {
    /// An absolute URL, to be followed as it is.
    pub href: String,
}

/// Whether a delivery succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Success,
    /// It failed, or is still retried.
    Fail,
}

/// A delivery, with its latest attempt.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivery {
    #[schema(format = "uuid")]
    pub id: String,
    pub status: Status,
    pub request: Request,
    /// Left out when no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub response: Option<Response>,
    pub event_type: String,
    #[schema(format = "uuid")]
    pub webhook_id: String,
    /// When the delivery was made.
    #[schema(format = DateTime)]
    pub triggered_at: String,
    /// What came of it.
    pub status_message: String,
}

/// What was sent.
#[derive(Serialize, ToSchema)]
pub(super) struct Request {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub url: Option<String>,
    #[schema(value_type = Object)]
    pub body: Box<RawValue>,
    /// Secrets, and what cannot be told any more, are `**OMITTED**`.
    pub headers: BTreeMap<String, String>,
}

/// What was answered, as far as it is kept.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    pub body: String,
    /// Those with the names of secrets are `**OMITTED**`.
    pub headers: BTreeMap<String, String>,
    #[schema(minimum = 100, maximum = 999)]
    pub status_code: u16,
}

/// The event types that webhooks may name.
#[derive(Serialize, ToSchema)]
pub(super) struct EventTypes {
    pub data: Vec<EventType>,
}

/// An event type. Of one that only the operator lists there is no more than the name and the levels.
#[derive(Serialize, ToSchema)]
pub(super) struct EventType {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<&'static str>,
    /// The levels of webhooks that may name it.
    pub levels: Vec<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub category: Option<&'static str>,
}
