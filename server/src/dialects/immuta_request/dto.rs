//! Bodies as they travel, as the app's OpenAPI document names them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::dialects::shared::present;

/// A webhook to create, or to try out without creating it. Other members are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct CreateWebhook {
    /// An absolute `https` or `http` URL without credentials.
    #[schema(format = "uri", max_length = 2048, examples("https://hooks.example.com/immuta"))]
    pub url: String,
    /// Whether the receiver must prove who it is.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub verify_tls: bool,
    /// Signs its deliveries. Without one, or with an empty one, they are not signed.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_length = 1024)]
    pub signing_key: Option<String>,
}

const fn yes() -> bool {
    true
}

/// What is to become of a webhook: what is omitted stays as it is. Other members are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct UpdateWebhook {
    /// An absolute `https` or `http` URL without credentials.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, format = "uri", max_length = 2048)]
    pub url: Option<String>,
    /// Whether the receiver must prove who it is.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub verify_tls: Option<bool>,
    /// Takes the place of the old one at once; an empty one clears it.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_length = 1024)]
    pub signing_key: Option<String>,
}

/// A webhook.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Webhook {
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(format = "uri")]
    pub url: String,
    /// Whether the receiver must prove who it is.
    pub verify_tls: bool,
    /// Whether there is a signing key.
    pub signing_key: bool,
    /// Whether the server has stopped delivering to it, because its receiver is gone or has failed for days. Any update
    /// ends that.
    pub suppressed: bool,
}

/// What came of trying a webhook out.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TestResult {
    pub status: Status,
    /// What the receiver answered; 0 when there was no answer.
    #[schema(maximum = 999)]
    pub http_status_code: u16,
    /// What went wrong, unless it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error_message: Option<String>,
}

/// Whether the receiver has taken it: it answered 2xx.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    Success,
    Failed,
}

/// The query of `GET …/{id}/history`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `convert::page` reads")]
pub(super) struct Page {
    /// How many deliveries to pass over.
    #[param(minimum = 0, maximum = 9_223_372_036_854_775_807_i64, default = 0)]
    offset: Option<i64>,
    /// How many deliveries to answer with.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
}

/// A page of a webhook's deliveries, the newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct History {
    pub data: Vec<Delivery>,
    pub meta: Meta,
}

/// A delivery with its latest attempt.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivery {
    #[schema(format = "uuid")]
    pub webhook_id: String,
    /// The `deliveryId` in the body that was delivered.
    #[schema(format = "uuid")]
    pub delivery_id: String,
    pub status: Status,
    /// What the receiver answered; 0 when there was no answer.
    #[schema(maximum = 999)]
    pub http_status_code: u16,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// What came of it.
    pub message: String,
}

/// Which page it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta {
    pub offset: u64,
    pub limit: u32,
    /// How many deliveries there are, on all pages.
    pub total_count: u64,
    /// How many of them are on this page.
    pub page_count: u64,
    /// The page in which the offset lies, counted from 1.
    pub current_page: u64,
    /// How many pages there are: 0 without deliveries.
    pub total_pages: u64,
}
