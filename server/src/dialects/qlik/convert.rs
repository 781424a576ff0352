//! Between the wire and the domain. Destructuring is exhaustive on purpose: a new field has to be thought about.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sigpost_core::signature::Secret;

use super::dto;
use crate::app::{Change, DraftSecret, Error, RecordName, SecretChange, WebhookDraft, WebhookName};
use crate::dialects::shared;
use crate::domain::head::Shown;
use crate::domain::profile::known_types;
use crate::domain::profile::qlik::{
    self, EncryptedHeader, Header, HeaderSecret, Invalid, Level, Origin, Parts, Qlik,
};
use crate::domain::{
    DisabledReason, Endpoint, Outcome, Profile, PublicId, Record, Settings, Tenant, UserId, Webhook,
    WebhookState, utc_millis,
};

/// What stands for a value that is not shown.
const OMITTED: &str = "**OMITTED**";

/// A webhook to create, by this user.
pub(super) fn draft(wanted: dto::WebhookCreate, settings: &Settings) -> Result<WebhookDraft, Error> {
    let dto::WebhookCreate {
        url,
        name,
        level,
        filter,
        secret,
        enabled,
        headers,
        owner_id,
        event_types,
        description,
        encrypted_headers,
        enable_cloud_event_delivery,
        check_certificate_revocation,
        origin,
    } = wanted;
    let level = level.unwrap_or_default().into();
    let owner = owner_id.map(|id| shared::owner(&id)).transpose()?;
    let parts = Parts {
        name,
        description,
        event_types,
        level,
        filter,
        headers: self::headers(headers),
        encrypted_headers: self::encrypted_headers(encrypted_headers),
        cloud_events: enable_cloud_event_delivery.unwrap_or(true),
        check_revocation: check_certificate_revocation.unwrap_or(false),
        origin: origin.unwrap_or_default().into(),
    };
    Ok(WebhookDraft {
        endpoint: Endpoint::parse(&url)?,
        secret: match secret {
            Some(text) => DraftSecret::Given(self::secret(text)?),
            None => DraftSecret::None,
        },
        profile: Profile::Qlik(Qlik::new(parts, settings).map_err(invalid)?),
        enabled: enabled.unwrap_or(false),
        owner,
    })
}

/// What is to become of a webhook; what is `None` stays as it is.
#[derive(Default)]
pub(super) struct Update {
    pub endpoint: Option<Endpoint>,
    pub secret: Option<Option<Secret>>,
    pub enabled: Option<bool>,
    pub profile: qlik::Change,
    owner: Option<UserId>,
}

impl Update {
    /// Sets everything: what is left out takes its default, but for the owner and CloudEvents delivery.
    pub(super) fn put(wanted: dto::WebhookBase) -> Result<Self, Error> {
        let dto::WebhookBase {
            url,
            name,
            level,
            filter,
            secret,
            enabled,
            headers,
            owner_id,
            event_types,
            description,
            encrypted_headers,
            enable_cloud_event_delivery,
            check_certificate_revocation,
        } = wanted;
        Ok(Self {
            endpoint: Some(Endpoint::parse(&url)?),
            secret: Some(secret.map(self::secret).transpose()?),
            enabled: Some(enabled.unwrap_or(false)),
            profile: qlik::Change {
                name: Some(name),
                description: Some(description),
                event_types: Some(event_types),
                level: Some(level.unwrap_or_default().into()),
                filter: Some(filter),
                headers: Some(self::headers(headers)),
                encrypted_headers: Some(self::encrypted_headers(encrypted_headers)),
                cloud_events: enable_cloud_event_delivery,
                check_revocation: Some(check_certificate_revocation.unwrap_or(false)),
            },
            owner: owner_id.map(|id| shared::owner(&id)).transpose()?,
        })
    }

    /// What it makes of a webhook.
    pub(super) fn of(&self, webhook: &Webhook, tenant: &Tenant) -> Result<Change, Error> {
        let Self { endpoint, secret, enabled, profile, owner } = self;
        let to = endpoint.as_ref().unwrap_or(&webhook.endpoint);
        let changed = if is_none(profile) {
            // What is not asked for is not judged: its types may have been taken out of the configuration since.
            None
        } else {
            let made = own(webhook)?.apply(profile.clone(), &webhook.endpoint, to, &tenant.settings);
            Some(Profile::Qlik(made.map_err(invalid)?))
        };
        Ok(Change {
            endpoint: endpoint.clone(),
            secret: match secret {
                None => SecretChange::Keep,
                Some(None) => SecretChange::Clear,
                Some(Some(secret)) => SecretChange::Set(secret.clone()),
            },
            enabled: *enabled,
            owner: owner.clone(),
            profile: changed,
        })
    }
}

/// Whether a change is none.
const fn is_none(change: &qlik::Change) -> bool {
    let qlik::Change {
        name,
        description,
        event_types,
        level,
        filter,
        headers,
        encrypted_headers,
        cloud_events,
        check_revocation,
    } = change;
    name.is_none()
        && description.is_none()
        && event_types.is_none()
        && level.is_none()
        && filter.is_none()
        && headers.is_none()
        && encrypted_headers.is_none()
        && cloud_events.is_none()
        && check_revocation.is_none()
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn invalid(invalid: Invalid) -> Error {
    Error::invalid(invalid.field(), invalid.to_string())
}

/// How long it must be, the profile says.
pub(super) fn secret(text: String) -> Result<Secret, Error> {
    let secret = shared::bounded_secret("secret", text).map_err(|rule| Error::invalid("secret", rule))?;
    secret.ok_or_else(|| Error::invalid("secret", "secret must not be empty: leave it out for none"))
}

pub(super) fn headers(given: Option<BTreeMap<String, String>>) -> Vec<Header> {
    given.into_iter().flatten().map(|(name, value)| Header { name, value }).collect()
}

pub(super) fn encrypted_headers(given: Option<BTreeMap<String, String>>) -> Vec<EncryptedHeader> {
    let header = |(name, value)| EncryptedHeader { name, value: HeaderSecret::new(value) };
    given.into_iter().flatten().map(header).collect()
}

/// A tenant's webhooks are of its own system: another profile is a damaged store.
pub(super) fn own(webhook: &Webhook) -> Result<&Qlik, Error> {
    match &webhook.profile {
        Profile::Qlik(profile) => Ok(profile),
        Profile::Native(_) | Profile::Immuta(_) | Profile::ImmutaRequest(_) | Profile::Generic(_) => {
            Err(Error::foreign_webhook())
        }
    }
}

/// The id of a webhook in a path: what is none is nobody's.
pub(super) fn webhook_name(text: &str) -> Result<WebhookName, Error> {
    PublicId::parse(text).map(WebhookName::PublicId).ok_or(Error::NotFound("webhook"))
}

/// The id of a delivery in a path, of this webhook.
pub(super) fn delivery_name(webhook: WebhookName, text: &str) -> Result<RecordName, Error> {
    let id = PublicId::parse(text).ok_or(Error::NotFound("delivery"))?;
    Ok(RecordName::PublicId { webhook: Some(webhook), id })
}

pub(super) fn webhook(webhook: &Webhook) -> Result<dto::Webhook, Error> {
    let Webhook {
        id: _,
        number: _,
        public_id,
        tenant: _,
        owner,
        created_by,
        updated_by,
        endpoint,
        secrets,
        secrets_since: _,
        state,
        version: _,
        profile: _,
        created_at,
        updated_at,
    } = webhook;
    let profile = own(webhook)?;
    let (disabled_reason_code, disabled_reason) = match state {
        WebhookState::Enabled | WebhookState::Disabled(DisabledReason::ByOwner) => (None, None),
        WebhookState::Disabled(DisabledReason::Gone) => {
            (Some("WEBHOOK-GONE"), Some("The receiver answered 410 Gone twice."))
        }
        WebhookState::Disabled(DisabledReason::Failing) => {
            (Some("WEBHOOK-FAILING"), Some("No delivery has succeeded for five days."))
        }
    };
    Ok(dto::Webhook {
        id: public_id.to_string(),
        url: endpoint.as_given().to_owned(),
        name: profile.name().to_owned(),
        level: profile.level().into(),
        filter: profile.filter().map(Into::into),
        enabled: *state == WebhookState::Enabled,
        headers: profile.headers().iter().map(|one| (one.name.clone(), one.value.clone())).collect(),
        owner_id: (profile.level() == Level::User).then(|| owner.to_string()),
        created_at: utc_millis(*created_at),
        updated_at: utc_millis(*updated_at),
        event_types: profile.event_types().to_vec(),
        description: profile.description().map(Into::into),
        disabled_reason,
        secret_key_added: secrets.sign(),
        created_by_user_id: created_by.to_string(),
        updated_by_user_id: updated_by.to_string(),
        encrypted_headers: profile.encrypted_header_names().map(Into::into).collect(),
        disabled_reason_code,
        enable_cloud_event_delivery: profile.cloud_events(),
        check_certificate_revocation: profile.check_revocation(),
        origin: profile.origin().into(),
    })
}

pub(super) fn delivery(record: &Record, tenant: &Tenant) -> Result<dto::Delivery, Error> {
    let Record {
        delivery: _,
        public_id,
        number: _,
        event_number: _,
        event_source: _,
        event_id: _,
        event_type,
        message_id: _,
        cause: _,
        state: _,
        attempts: _,
        next_attempt_at: _,
        webhook,
        webhook_deleted: _,
        request,
        sent,
        attempt,
        created_at,
        updated_at: _,
    } = record;
    let told = |headers: Vec<(String, Shown)>| {
        joined(headers.into_iter().map(|(name, value)| match value {
            Shown::Value(value) => (name, value),
            Shown::Omitted => (name, OMITTED.to_owned()),
        }))
    };
    let response = match &attempt.outcome {
        Outcome::Failed(_) => None,
        Outcome::Response { status, headers: _, body } => Some(dto::Response {
            body: String::from_utf8_lossy(body).into_owned(),
            headers: told(record.response_headers_of(attempt, sent.as_ref())),
            status_code: *status,
        }),
    };
    let success = attempt.outcome.is_success();
    Ok(dto::Delivery {
        id: public_id.to_string(),
        status: if success { dto::Status::Success } else { dto::Status::Fail },
        response,
        event_type: event_type.clone(),
        webhook_id: webhook.public_id.to_string(),
        triggered_at: utc_millis(*created_at),
        status_message: shared::told(&attempt.outcome),
        request: dto::Request {
            url: sent.as_ref().map(|sent| sent.url.clone()),
            body: raw(request.as_deref()).ok_or_else(|| Error::bug("a body that is no JSON"))?,
            headers: told(record.request_headers(tenant)),
        },
    })
}

/// Headers by their names: what stands on more than one line is joined, as RFC 9110 (section 5.3) allows.
fn joined(lines: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in lines {
        headers
            .entry(name)
            .and_modify(|known| {
                if value != OMITTED {
                    known.push_str(", ");
                    known.push_str(&value);
                }
            })
            .or_insert(value);
    }
    headers
}

/// JSON as it was sent; `null` when nobody can tell what that was.
fn raw(request: Option<&[u8]>) -> Option<Box<RawValue>> {
    let request = core::str::from_utf8(request.unwrap_or(b"null")).ok()?;
    RawValue::from_string(request.to_owned()).ok()
}

pub(super) fn event_types(tenant: &Tenant) -> dto::EventTypes {
    let levels = |levels: Option<&[Level]>| match levels {
        Some(levels) => levels.iter().map(|level| (*level).into()).collect(),
        // Where nobody tells, both may name it.
        None => vec![dto::Level::Tenant, dto::Level::User],
    };
    let data = known_types(tenant).into_iter().map(|known| dto::EventType {
        name: known.name.to_owned(),
        title: known.about.map(|about| about.title),
        levels: levels(known.about.and_then(|about| about.levels)),
        description: known.about.map(|about| about.description),
        category: known.about.map(|about| about.category),
    });
    dto::EventTypes { data: data.collect() }
}

impl From<Level> for dto::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Tenant => Self::Tenant,
            Level::User => Self::User,
        }
    }
}

impl From<dto::Level> for Level {
    fn from(level: dto::Level) -> Self {
        match level {
            dto::Level::Tenant => Self::Tenant,
            dto::Level::User => Self::User,
        }
    }
}

impl From<Origin> for dto::Origin {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Api => Self::Api,
            Origin::Automations => Self::Automations,
            Origin::ManagementConsole => Self::ManagementConsole,
        }
    }
}

impl From<dto::Origin> for Origin {
    fn from(origin: dto::Origin) -> Self {
        match origin {
            dto::Origin::Api => Self::Api,
            dto::Origin::Automations => Self::Automations,
            dto::Origin::ManagementConsole => Self::ManagementConsole,
        }
    }
}
