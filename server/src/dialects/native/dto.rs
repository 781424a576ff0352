//! Bodies of `/v1/webhooks` as they travel. The profile has a module of its own.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::profile::{NewProfile, ProfileChange, ShownProfile};
use crate::dialects::shared::{self, Maybe};

/// A webhook to create. Other members are refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWebhook {
    /// Where its deliveries go: an absolute `https` or `http` URL without credentials.
    #[schema(max_length = 2048, examples("https://hooks.example.com/sigpost"))]
    pub url: String,
    /// Signs its deliveries. Absent, one is generated and shown once; `null` is none.
    // Read by hand: what is made of it is erased in the end. (The bytes of the request are not.)
    #[serde(default, rename = "secret")]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 1024)]
    pub _secret: IgnoredAny,
    /// Whether it delivers from the start.
    #[serde(default, deserialize_with = "shared::present")]
    #[schema(default = true, nullable = false)]
    pub enabled: Option<bool>,
    /// The id of the user whose it is to be; yours if nobody is named. Only an admin may name somebody else.
    #[serde(default, deserialize_with = "shared::present")]
    #[schema(nullable = false, max_length = 128)]
    pub owner: Option<String>,
    #[serde(rename = "profile")]
    #[schema(value_type = NewProfile)]
    pub _profile: IgnoredAny,
}

/// What is to become of a webhook (RFC 7396, JSON Merge Patch): what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookChange {
    #[serde(default)]
    #[schema(value_type = String, max_length = 2048)]
    pub url: Maybe<String>,
    /// `true` also switches on one that was switched off because it failed; what waits for it is then sent.
    #[serde(default)]
    #[schema(value_type = bool)]
    pub enabled: Maybe<bool>,
    /// The id of another user; only an admin may give a webhook away.
    #[serde(default)]
    #[schema(value_type = String, max_length = 128)]
    pub owner: Maybe<String>,
    #[serde(default, rename = "profile")]
    #[schema(value_type = ProfileChange, required = false)]
    pub _profile: IgnoredAny,
}

/// The query of `GET /v1/webhooks`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `convert::listing` reads")]
pub(super) struct Listing {
    /// How many webhooks a page holds at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// Only those that deliver, or only those that do not.
    #[param(inline)]
    state: Option<State>,
    /// Only those of this user.
    #[param(min_length = 1, max_length = 128)]
    owner: Option<String>,
    /// Only those that are subscribed to this type, by its name or by a wildcard.
    #[param(min_length = 1, max_length = 512)]
    event_type: Option<String>,
    /// Only those with this text in their name or url, in any case of letters.
    #[param(min_length = 1, max_length = 512)]
    q: Option<String>,
}

/// Whether it delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = WebhookState)]
pub(super) enum State {
    Enabled,
    Disabled,
}

/// Why it does not: its owner switched it off, its receiver answered 410 twice, or it failed for five days on end.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DisabledReason {
    ByOwner,
    Gone,
    Failing,
}

/// One secret on its way to take another's place.
#[derive(Serialize, ToSchema)]
#[schema(as = SecretRotation)]
pub(super) struct Rotation {
    /// From then on the new one signs the system's own header.
    #[schema(format = DateTime)]
    pub activate_at: String,
    /// Until then both sign `webhook-signature`.
    #[schema(format = DateTime)]
    pub retire_at: String,
}

/// A webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhook {
    #[schema(format = "uuid")]
    pub id: String,
    pub url: String,
    /// The id of the user whose it is.
    pub owner: String,
    pub state: State,
    /// Only of a webhook that is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub disabled_reason: Option<DisabledReason>,
    /// Whether its deliveries are signed: it has a secret.
    pub signed: bool,
    /// `null` while no other secret is on its way.
    #[schema(required = true)]
    pub rotation: Option<Rotation>,
    /// Counts its changes. `If-Match: "7"` changes it only if it still has version 7.
    pub version: u64,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    pub profile: ShownProfile,
    /// Only in the answer to what generated it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub secret: Option<String>,
    /// What a secret that was just set is for libraries of Standard Webhooks, which verify `webhook-signature`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub standard_secret: Option<String>,
}

/// A page of webhooks.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhooks {
    pub webhooks: Vec<Webhook>,
    /// Asks for the next page; `null` on the last.
    #[schema(required = true)]
    pub next: Option<String>,
}
