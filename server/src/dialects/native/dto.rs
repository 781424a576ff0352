//! Bodies of `/v1/webhooks` as they travel.

use std::collections::BTreeMap;

use serde::Serialize;

/// The part of a webhook that belongs to its system.
#[derive(Serialize)]
#[serde(tag = "dialect", rename_all = "kebab-case")]
pub(super) enum Profile {
    Native {
        name: String,
        event_types: Vec<String>,
    },
    Immuta {
        name: String,
        global: bool,
        event_types: Vec<String>,
        action: String,
    },
    ImmutaRequest {
        verify_tls: bool,
    },
    Generic {
        event_types: Vec<String>,
        description: Option<String>,
    },
    Qlik {
        name: String,
        description: Option<String>,
        event_types: Vec<String>,
        level: String,
        cloud_events: bool,
        filter: Option<String>,
        headers: BTreeMap<String, String>,
        /// Names only.
        encrypted_headers: Vec<String>,
        check_certificate_revocation: bool,
        origin: &'static str,
    },
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
