//! Bodies as they travel. Key sets follow the examples of Immuta's pages; where a table and an example differ, reads
//! answer with the superset.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

/// The body of `POST /webhooks`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only documents what `convert::entries` reads")]
pub(super) struct NewWebhooks {
    /// At most 1000. What is wrong with an entry is told of that entry; the others are created.
    webhooks: Vec<NewWebhook>,
}

/// A webhook to create. Other members are refused.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only documents what `convert::draft` reads")]
pub(super) struct NewWebhook {
    /// An absolute `https` or `http` URL without credentials.
    #[schema(max_length = 2048, examples("https://hooks.example.com/immuta"))]
    url: String,
    /// What it is called.
    #[schema(min_length = 1)]
    name: String,
    /// Whether it receives what concerns anybody; only an admin may say `true`. Otherwise it receives what concerns its
    /// owner.
    global: bool,
    /// Names of `GET /webhooks/actions`, or `ALL_NOTIFICATIONS`.
    #[schema(min_items = 1, examples("ALL_NOTIFICATIONS"))]
    notification_type: Vec<String>,
    /// Whether its owner did it, or it was done to its owner.
    action_type: ActionType,
    /// Signs its deliveries. Without one they are not signed.
    #[schema(min_length = 1, max_length = 1024)]
    secret: Option<String>,
}

/// Whose part in a notification counts.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ActionType {
    Triggered,
    Received,
}

/// A webhook: for reads the superset of tables and examples.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Webhook {
    pub id: i64,
    pub url: String,
    pub name: String,
    /// Not in the answers of `POST /webhooks` and `DELETE /webhooks/{id}`, whose examples have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub notification_type: Option<Vec<String>>,
    pub global: bool,
    pub action_type: ActionType,
    /// The id of whoever made it.
    pub created_by: i64,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// The answer to `POST /webhooks`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub created_webhooks: Vec<Webhook>,
    pub errors: Vec<Refused>,
}

/// An entry of `POST /webhooks` that was not created. `name` and `url` are what was given, if it was text.
#[derive(Serialize, ToSchema)]
pub(super) struct Refused {
    pub index: usize,
    #[schema(required = true)]
    pub name: Option<String>,
    #[schema(required = true)]
    pub url: Option<String>,
    pub message: String,
}

/// The query of `GET /webhooks/history`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what `convert::history_request` reads")]
pub(super) struct HistoryQuery {
    /// How many records to pass over.
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64, default = 0)]
    offset: Option<i64>,
    /// How many records to answer with.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    page_size: Option<u32>,
    /// What to sort by.
    #[param(inline, default = "createdAt")]
    sort_field: Option<SortField>,
    /// In which direction.
    #[param(inline, default = "desc")]
    sort_order: Option<SortOrder>,
    /// Only records of this notification.
    #[param(min_length = 1, max_length = 512)]
    notification_type: Option<String>,
    /// Only deliveries that succeeded, or only those that failed; in any case of letters.
    #[param(inline)]
    success_or_failure: Option<Result>,
    /// Whether records of one's own webhooks are in it.
    #[param(default = true)]
    include_user: Option<bool>,
    /// Whether records of global webhooks are in it; only an admin may say `true`.
    #[param(default = false)]
    include_global: Option<bool>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only documents what `convert::history_request` reads")]
pub(super) enum SortField {
    Id,
    CreatedAt,
    UpdatedAt,
    StatusCode,
    NotificationType,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "only documents what `convert::history_request` reads")]
pub(super) enum SortOrder {
    Asc,
    Desc,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "only documents what `convert::history_request` reads")]
pub(super) enum Result {
    Success,
    Failure,
}

/// The answer to `GET /webhooks/history`. `count` is text in all examples.
#[derive(Serialize, ToSchema)]
pub(super) struct History {
    /// How many records the query selects, on all pages.
    #[schema(pattern = "^[0-9]+$")]
    pub count: String,
    pub records: Vec<HistoryRecord>,
}

/// A record as the history lists it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HistoryRecord {
    #[serde(flatten)]
    pub retried: RetriedRecord,
    pub webhooks_id: i64,
    pub url: String,
    pub name: String,
    pub action_type: ActionType,
    pub created_by: i64,
}

/// A record as a retry answers it: without the webhook's own members.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RetriedRecord {
    pub id: i64,
    /// The body that was sent.
    #[schema(value_type = Object)]
    pub request: Box<RawValue>,
    pub response: Response,
    /// What the receiver answered; 500 when there was no answer.
    pub status_code: u16,
    pub notification_type: String,
    /// The event, which several webhooks may have received.
    pub webhooks_activity_id: i64,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// What the receiver answered.
#[derive(Serialize, ToSchema)]
pub(super) struct Response {
    /// Absent after success.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub body: Option<ResponseBody>,
}

/// What came instead of success.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ResponseBody {
    /// The beginning of the body of another status.
    Text(String),
    /// No answer.
    Error(NetworkError),
}

/// Why there was no answer, in Node.js's words.
#[derive(Serialize, ToSchema)]
pub(super) struct NetworkError {
    pub code: &'static str,
    pub connect: bool,
}

/// The body of `POST /bim/apikey/authenticate`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only documents what the handler reads")]
pub(super) struct ApiKey {
    /// The key.
    apikey: String,
}

/// The answer to `POST /bim/apikey/authenticate`.
#[derive(Serialize, ToSchema)]
pub(super) struct Token<'a> {
    /// A bearer token for the other paths.
    pub token: &'a str,
}
