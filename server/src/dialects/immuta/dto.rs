//! Bodies as they travel. Key sets follow the examples of Immuta's pages; where a table and an example differ, reads
//! answer with the superset.

use serde::Serialize;
use serde_json::value::RawValue;

/// A webhook: for reads the superset of tables and examples.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Webhook {
    pub id: i64,
    pub url: String,
    pub name: String,
    /// The examples of `POST /webhooks` and `DELETE /webhooks/{id}` have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification_type: Option<Vec<String>>,
    pub global: bool,
    pub action_type: &'static str,
    pub created_by: i64,
    pub created_at: String,
    pub updated_at: String,
}

/// The answer to `POST /webhooks`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub created_webhooks: Vec<Webhook>,
    pub errors: Vec<Refused>,
}

/// An entry of `POST /webhooks` that was not created. `name` and `url` are what was given, if it was text.
#[derive(Serialize)]
pub(super) struct Refused {
    pub index: usize,
    pub name: Option<String>,
    pub url: Option<String>,
    pub message: String,
}

/// The answer to `GET /webhooks/history`. `count` is text in all examples.
#[derive(Serialize)]
pub(super) struct History {
    pub count: String,
    pub records: Vec<HistoryRecord>,
}

/// A record as the history lists it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HistoryRecord {
    #[serde(flatten)]
    pub retried: RetriedRecord,
    pub webhooks_id: i64,
    pub url: String,
    pub name: String,
    pub action_type: &'static str,
    pub created_by: i64,
}

/// A record as a retry answers it: without the webhook's own members.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RetriedRecord {
    pub id: i64,
    pub request: Box<RawValue>,
    pub response: Response,
    pub status_code: u16,
    pub notification_type: String,
    pub webhooks_activity_id: i64,
    pub created_at: String,
    pub updated_at: String,
}

/// What the receiver answered.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Response {
    /// 2xx.
    Success {},
    /// Another status: the beginning of its body.
    Status { body: String },
    /// No answer.
    Nothing { body: NetworkError },
}

/// Why there was no answer, in Node.js's words.
#[derive(Serialize)]
pub(super) struct NetworkError {
    pub code: &'static str,
    pub connect: bool,
}

/// The answer to `POST /bim/apikey/authenticate`.
#[derive(Serialize)]
pub(super) struct Token<'a> {
    pub token: &'a str,
}
