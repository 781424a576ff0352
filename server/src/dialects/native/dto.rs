//! Bodies of `/v1/webhooks` as they travel.

use serde::{Deserialize, Deserializer, Serialize};

/// `POST /v1/webhooks`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWebhook {
    pub url: String,
    /// Absent: one is generated. `null`: deliveries are not signed.
    #[serde(default, deserialize_with = "present")]
    pub secret: Option<Option<String>>,
    pub profile: Profile,
}

/// Tells `null` from nothing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The part of a webhook that belongs to its system.
#[derive(Deserialize, Serialize)]
#[serde(tag = "dialect", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Profile {
    Native {
        #[serde(default)]
        name: String,
        event_types: Vec<String>,
    },
    Immuta {
        name: String,
        #[serde(default)]
        global: bool,
        event_types: Vec<String>,
        action: String,
    },
    ImmutaRequest {
        #[serde(default = "yes")]
        verify_tls: bool,
    },
    Generic {
        event_types: Vec<String>,
        #[serde(default)]
        description: Option<String>,
    },
    Qlik {
        name: String,
        #[serde(default)]
        description: Option<String>,
        event_types: Vec<String>,
        #[serde(default = "tenant")]
        level: String,
        #[serde(default = "yes")]
        cloud_events: bool,
    },
}

const fn yes() -> bool {
    true
}

fn tenant() -> String {
    "tenant".to_owned()
}

/// A webhook.
#[derive(Serialize)]
pub(super) struct Webhook {
    pub id: String,
    pub url: String,
    pub owner: String,
    pub state: &'static str,
    /// Only of a webhook that is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<&'static str>,
    /// Whether its deliveries are signed: it has a secret.
    pub signed: bool,
    pub created_at: String,
    pub updated_at: String,
    pub profile: Profile,
    /// Only in the answer to its creation, and only one that was generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A page of webhooks.
#[derive(Serialize)]
pub(super) struct Webhooks {
    pub webhooks: Vec<Webhook>,
    /// Asks for the next page; `null` on the last.
    pub next: Option<String>,
}
