//! Between the wire and the domain. Destructuring is exhaustive on purpose: a new field has to be thought about.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sigpost_core::signature::Secret;

use super::dto;
use super::error::Problem;
use crate::app::{DraftSecret, Error, WebhookDraft};
use crate::domain::profile::{generic, immuta, immuta_request, native, qlik};
use crate::domain::{
    DisabledReason, Endpoint, Number, Profile, PublicId, Tenant, Timestamp, Webhook, WebhookState,
};

/// The longest secret in bytes.
const MAX_SECRET: usize = 1_024;

/// A new webhook as a draft, or which field is wrong.
pub(super) fn draft(new: dto::NewWebhook, tenant: &Tenant) -> Result<WebhookDraft, Problem> {
    let dto::NewWebhook { url, secret, profile } = new;
    let endpoint = Endpoint::parse(&url).map_err(|error| Error::invalid("url", error.to_string()))?;
    let profile = self::profile(profile, tenant)?;
    if profile.dialect() != tenant.dialect {
        let message =
            format!("profile.dialect must be {:?}, which this tenant speaks", tenant.dialect.as_str());
        return Err(Error::invalid("profile", message).into());
    }
    Ok(WebhookDraft { endpoint, secret: self::secret(secret)?, profile })
}

fn secret(given: Option<Option<String>>) -> Result<DraftSecret, Error> {
    match given {
        None => Ok(DraftSecret::Generated),
        Some(None) => Ok(DraftSecret::None),
        Some(Some(text)) if text.len() > MAX_SECRET => {
            Err(Error::invalid("secret", format!("secret must not be longer than {MAX_SECRET} bytes")))
        }
        Some(Some(text)) => Secret::new(text.into_bytes()).map(DraftSecret::Given).map_err(|_| {
            Error::invalid("secret", "secret must not be empty; null makes a webhook without signatures")
        }),
    }
}

fn profile(given: dto::Profile, tenant: &Tenant) -> Result<Profile, Error> {
    let settings = &tenant.settings;
    let broken = |rule: &dyn core::fmt::Display| Error::invalid("profile", format!("profile: {rule}"));
    Ok(match given {
        dto::Profile::Native { name, event_types } => {
            let parts = native::Parts { name, event_types };
            Profile::Native(native::Native::new(parts, settings).map_err(|error| broken(&error))?)
        }
        dto::Profile::Immuta { name, global, event_types, action } => {
            let action = immuta::ActionType::parse(&action)
                .ok_or_else(|| broken(&"action must be \"triggered\" or \"received\""))?;
            let parts = immuta::Parts { name, global, notifications: event_types, action };
            Profile::Immuta(immuta::Immuta::new(parts, settings).map_err(|error| broken(&error))?)
        }
        dto::Profile::ImmutaRequest { verify_tls } => {
            let parts = immuta_request::Parts { verify_tls };
            Profile::ImmutaRequest(immuta_request::ImmutaRequest::new(parts))
        }
        dto::Profile::Generic { event_types, description } => {
            let parts = generic::Parts { events: event_types, description };
            Profile::Generic(generic::Generic::new(parts, settings).map_err(|error| broken(&error))?)
        }
        dto::Profile::Qlik { name, description, event_types, level, cloud_events } => {
            let level =
                qlik::Level::parse(&level).ok_or_else(|| broken(&"level must be \"tenant\" or \"user\""))?;
            let parts = qlik::Parts { name, description, event_types, level, cloud_events };
            Profile::Qlik(qlik::Qlik::new(parts, settings).map_err(|error| broken(&error))?)
        }
    })
}

pub(super) fn webhook(webhook: &Webhook) -> dto::Webhook {
    let Webhook {
        id: _,
        number: _,
        public_id,
        tenant: _,
        owner,
        endpoint,
        secret,
        state,
        version: _,
        profile,
        created_at,
        updated_at,
    } = webhook;
    let (state, disabled_reason) = self::state(*state);
    dto::Webhook {
        id: public_id.to_string(),
        url: endpoint.as_given().to_owned(),
        owner: owner.to_string(),
        state,
        disabled_reason,
        signed: secret.is_some(),
        created_at: time(*created_at),
        updated_at: time(*updated_at),
        profile: profile_body(profile),
        secret: None,
    }
}

fn profile_body(profile: &Profile) -> dto::Profile {
    match profile {
        Profile::Native(profile) => dto::Profile::Native {
            name: profile.name().to_owned(),
            event_types: profile.event_types().to_vec(),
        },
        Profile::Immuta(profile) => dto::Profile::Immuta {
            name: profile.name().to_owned(),
            global: profile.global(),
            event_types: profile.notifications().to_vec(),
            action: profile.action().as_str().to_owned(),
        },
        Profile::ImmutaRequest(profile) => dto::Profile::ImmutaRequest { verify_tls: profile.verify_tls() },
        Profile::Generic(profile) => dto::Profile::Generic {
            event_types: profile.events().to_vec(),
            description: profile.description().map(ToOwned::to_owned),
        },
        Profile::Qlik(profile) => dto::Profile::Qlik {
            name: profile.name().to_owned(),
            description: profile.description().map(ToOwned::to_owned),
            event_types: profile.event_types().to_vec(),
            level: profile.level().as_str().to_owned(),
            cloud_events: profile.cloud_events(),
        },
    }
}

const fn state(state: WebhookState) -> (&'static str, Option<&'static str>) {
    match state {
        WebhookState::Enabled => ("enabled", None),
        WebhookState::Disabled(DisabledReason::ByOwner) => ("disabled", Some("by-owner")),
        WebhookState::Disabled(DisabledReason::Gone) => ("disabled", Some("gone")),
        WebhookState::Disabled(DisabledReason::Failing) => ("disabled", Some("failing")),
    }
}

/// RFC 3339, in UTC, with milliseconds.
fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// An id in a path. What is no id names nothing.
pub(super) fn path_id(text: &str) -> Result<PublicId, Problem> {
    PublicId::parse(text).ok_or_else(|| Error::NotFound("webhook").into())
}

/// What a page is asked for by.
pub(super) struct Paging {
    /// Only webhooks behind this one.
    pub after: Option<Number>,
    /// The most a page holds.
    pub limit: usize,
}

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// The query of `GET /v1/webhooks`. What is not known or out of range is refused by name.
pub(super) fn paging(query: &str) -> Result<Paging, Problem> {
    let mut paging = Paging { after: None, limit: DEFAULT_LIMIT };
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                paging.limit = limit.ok_or_else(|| bad_query("limit must be a number from 1 to 100"))?;
            }
            "cursor" => {
                let after = read_cursor(&value);
                paging.after =
                    Some(after.ok_or_else(|| bad_query("cursor must be the `next` of an earlier page"))?);
            }
            _ => {
                let name: String = name.chars().take(100).collect();
                return Err(bad_query(format_args!("query parameter {name:?} is not known")));
            }
        }
        if seen.iter().any(|seen| *seen == name) {
            return Err(bad_query(format_args!("query parameter {name} is given twice")));
        }
        seen.push(name.into_owned());
    }
    Ok(paging)
}

fn bad_query(detail: impl core::fmt::Display) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad-query", detail)
}

/// Stands for the place behind a webhook, which may be deleted meanwhile.
pub(super) fn cursor(last: Number) -> String {
    URL_SAFE_NO_PAD.encode(last.get().to_be_bytes())
}

fn read_cursor(text: &str) -> Option<Number> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    Number::new(i64::from_be_bytes(bytes.try_into().ok()?))
}
