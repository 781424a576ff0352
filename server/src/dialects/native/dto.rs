//! Bodies of `/v1/webhooks` as they travel.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// A webhook to create. Other members are refused.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only documents what `convert::draft` reads")]
pub(super) struct NewWebhook {
    /// Where its deliveries go: an absolute `https` or `http` URL without credentials.
    #[schema(max_length = 2048, examples("https://hooks.example.com/sigpost"))]
    url: String,
    /// Signs its deliveries. Absent, one is generated and shown once; `null` is none.
    #[schema(min_length = 1, max_length = 1024)]
    secret: Option<String>,
    profile: NewProfile,
}

/// The part of a new webhook that belongs to the system its tenant speaks, which `dialect` must name.
#[derive(ToSchema)]
#[serde(tag = "dialect", rename_all = "kebab-case")]
#[expect(dead_code, reason = "only documents what `convert::draft` reads")]
pub(super) enum NewProfile {
    Native {
        /// What it is called.
        name: Option<String>,
        /// What it receives; `*` is everything.
        #[schema(min_items = 1, max_items = 200)]
        event_types: Vec<String>,
    },
    Immuta {
        name: String,
        /// Whether it receives what concerns anybody.
        #[schema(default = false, required = false)]
        global: bool,
        #[schema(min_items = 1, max_items = 200)]
        event_types: Vec<String>,
        action: Action,
    },
    ImmutaRequest {
        /// Whether the receiver must prove who it is.
        #[schema(default = true, required = false)]
        verify_tls: bool,
    },
    Generic {
        #[schema(min_items = 1, max_items = 200)]
        event_types: Vec<String>,
        #[schema(max_length = 1024)]
        description: Option<String>,
    },
    Qlik {
        name: String,
        #[schema(max_length = 1024)]
        description: Option<String>,
        #[schema(min_items = 1, max_items = 200)]
        event_types: Vec<String>,
        /// Absent, it is `tenant`.
        level: Option<Level>,
        /// Whether it receives `CloudEvents`, or the envelope before them.
        #[schema(default = true, required = false)]
        cloud_events: bool,
        /// What an event must have besides, in SCIM's words: `id eq "…" or spaceId ne "…"`.
        #[schema(max_length = 8192)]
        filter: Option<String>,
        /// Headers its requests carry besides: 2,048 bytes of names and values, and none that the server sets itself.
        headers: Option<BTreeMap<String, String>>,
        /// The same, kept as secrets.
        encrypted_headers: Option<BTreeMap<String, String>>,
        /// Whether the receiver must prove that its certificates have not been revoked.
        #[schema(default = false, required = false)]
        check_certificate_revocation: bool,
        /// From where it is made. Absent, it is `api`.
        origin: Option<Origin>,
    },
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "only documents the values of a text")]
pub(super) enum Action {
    Triggered,
    Received,
}

#[derive(ToSchema)]
#[schema(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only documents the values of a text")]
pub(super) enum Origin {
    Api,
    Automations,
    ManagementConsole,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "only documents the values of a text")]
pub(super) enum Level {
    Tenant,
    User,
}

/// The query of `GET /v1/webhooks`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `convert::paging` reads")]
pub(super) struct Paging {
    /// How many webhooks a page holds at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// The part of a webhook that belongs to its system.
#[derive(Serialize, ToSchema)]
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
        #[schema(value_type = Action)]
        action: String,
    },
    ImmutaRequest {
        verify_tls: bool,
    },
    Generic {
        event_types: Vec<String>,
        #[schema(required = true)]
        description: Option<String>,
    },
    Qlik {
        name: String,
        #[schema(required = true)]
        description: Option<String>,
        event_types: Vec<String>,
        #[schema(value_type = Level)]
        level: String,
        cloud_events: bool,
        #[schema(required = true)]
        filter: Option<String>,
        headers: BTreeMap<String, String>,
        /// Names only.
        encrypted_headers: Vec<String>,
        check_certificate_revocation: bool,
        #[schema(value_type = Origin)]
        origin: &'static str,
    },
}

/// A webhook.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhook {
    #[schema(format = "uuid")]
    pub id: String,
    pub url: String,
    /// The id of the user who created it.
    pub owner: String,
    /// `enabled` or `disabled`.
    #[schema(pattern = "^(enabled|disabled)$")]
    pub state: &'static str,
    /// Only of a webhook that is disabled: `by-owner`, `gone` or `failing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^(by-owner|gone|failing)$")]
    pub disabled_reason: Option<&'static str>,
    /// Whether its deliveries are signed: it has a secret.
    pub signed: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    pub profile: Profile,
    /// Only in the answer to its creation, and only one that was generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub secret: Option<String>,
}

/// A page of webhooks.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhooks {
    pub webhooks: Vec<Webhook>,
    /// Asks for the next page; `null` on the last.
    #[schema(required = true)]
    pub next: Option<String>,
}
