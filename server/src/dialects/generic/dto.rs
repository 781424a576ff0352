//! Bodies as they travel. Each answer has the members of the page's example of it.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::dialects::shared::{Maybe, present};

/// A webhook to create. Other members are refused: its secret is generated.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWebhook {
    /// An absolute `https` or `http` URL without credentials.
    #[schema(max_length = 2048, examples("https://hooks.example.com/events"))]
    pub url: String,
    /// The types of events it receives.
    #[schema(min_items = 1, max_items = 200, examples("user.created"))]
    pub events: Vec<String>,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub description: Option<String>,
}

/// What is to become of a webhook: what is left out stays as it is. Other members are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookUpdate {
    /// An absolute `https` or `http` URL without credentials.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_length = 2048)]
    pub url: Option<String>,
    /// The types of events it receives.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_items = 1, max_items = 200)]
    pub events: Option<Vec<String>>,
    /// Whether it receives anything.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub status: Option<Status>,
    /// What it is for; `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub description: Maybe<String>,
}

/// Whether a webhook receives anything.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Active,
    Inactive,
}

/// What a webhook is tried out with. Other members are refused.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TestRequest {
    /// The type of the event; one that the webhook receives if none is named.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub event: Option<String>,
}

/// The query of `GET /api/v1/webhooks`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `convert::list_request` reads")]
pub(super) struct ListQuery {
    /// Which page, counted from 1.
    #[param(minimum = 1, maximum = 2_147_483_647, default = 1)]
    page: Option<u32>,
    /// How many webhooks a page holds.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// Only webhooks of this status.
    #[param(inline)]
    status: Option<Status>,
    /// Only webhooks that receive events of this type.
    #[param(min_length = 1)]
    event: Option<String>,
}

/// What an answer is about.
#[derive(Serialize, ToSchema)]
pub(super) struct One<T: ToSchema> {
    pub data: T,
}

/// A page of webhooks, the oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Page {
    pub data: Vec<ListedWebhook>,
    pub meta: Meta,
}

/// Which page it is.
#[derive(Serialize, ToSchema)]
pub(super) struct Meta {
    /// How many webhooks the query selects, on all pages.
    pub total: usize,
    pub page: u32,
    pub limit: u32,
    /// How many pages there are: 0 without webhooks.
    pub pages: usize,
}

/// A webhook in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct ListedWebhook {
    /// `wh_` and 32 hex digits.
    pub id: String,
    pub url: String,
    pub events: Vec<String>,
    pub status: Status,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When something was last sent to it, tests included.
    #[schema(required = true, format = DateTime)]
    pub last_triggered: Option<String>,
}

/// A webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhook {
    /// `wh_` and 32 hex digits.
    pub id: String,
    pub url: String,
    pub events: Vec<String>,
    pub status: Status,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When something was last sent to it, tests included.
    #[schema(required = true, format = DateTime)]
    pub last_triggered: Option<String>,
    /// A mask, the same for every secret; `null` if there is none.
    #[schema(required = true)]
    pub secret: Option<&'static str>,
    #[schema(required = true)]
    pub description: Option<String>,
}

/// A webhook that was created.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedWebhook {
    /// `wh_` and 32 hex digits.
    pub id: String,
    pub url: String,
    pub events: Vec<String>,
    pub status: Status,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// `whsec_` and the base64 of 24 random bytes. It is not shown again; the whole text is the key.
    pub secret: String,
    #[schema(required = true)]
    pub description: Option<String>,
}

/// A webhook that was changed.
#[derive(Serialize, ToSchema)]
pub(super) struct UpdatedWebhook {
    /// `wh_` and 32 hex digits.
    pub id: String,
    pub url: String,
    pub events: Vec<String>,
    pub status: Status,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    #[schema(required = true)]
    pub description: Option<String>,
}

/// It was done.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
    /// `true`.
    pub success: bool,
    pub message: &'static str,
}

/// What came of trying a webhook out.
#[derive(Serialize, ToSchema)]
pub(super) struct TestResult {
    /// Whether the receiver answered 2xx.
    pub success: bool,
    /// What went wrong, unless it succeeded.
    pub message: String,
    pub details: TestDetails,
}

/// How the receiver answered.
#[derive(Serialize, ToSchema)]
pub(super) struct TestDetails {
    /// `null` when there was no answer.
    #[schema(required = true, maximum = 999)]
    pub status_code: Option<u16>,
    /// How long it took, in milliseconds.
    pub response_time: u64,
    /// When it was sent.
    #[schema(format = DateTime)]
    pub timestamp: String,
}
