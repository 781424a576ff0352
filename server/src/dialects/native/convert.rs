//! Webhooks between the wire and the domain. Destructuring is exhaustive on purpose: a new field has to be thought about.

use sigpost_core::json::View;
use sigpost_core::signature::{Secret, standard_key};

use super::error::Problem;
use super::profile::{self, Move};
use super::{dto, query};
use crate::app::{Change, DraftSecret, Error, SecretChange, WebhookDraft};
use crate::dialects::shared::{self, Maybe, shaped};
use crate::domain::{DisabledReason, Endpoint, Number, Tenant, Timestamp, Webhook, WebhookState, utc_millis};

/// A new webhook as a draft, or which member is wrong. A `secret` that is absent is generated; `null` means none.
pub(super) fn draft(body: View<'_>, tenant: &Tenant) -> Result<WebhookDraft, Problem> {
    let dto::NewWebhook { url, _secret: _, enabled, owner, _profile: _ } = shaped(body)?;
    let endpoint = Endpoint::parse(&url).map_err(Error::from)?;
    let owner = owner.map(|id| shared::owner(&id)).transpose()?;
    let given = body.get("profile").ok_or_else(|| Error::invalid("profile", "profile is required"))?;
    let profile = profile::new(given, tenant)?;
    let secret = shared::secret(body.get("secret"), DraftSecret::Generated)
        .map_err(|message| Error::invalid("secret", message))?;
    Ok(WebhookDraft { endpoint, secret, profile, enabled: enabled.unwrap_or(true), owner })
}

/// A body that changes a webhook, before it is known which: only its shape is looked at.
pub(super) fn change_shape(body: View<'_>) -> Result<(), Problem> {
    shaped::<dto::WebhookChange>(body)?;
    Ok(())
}

/// What is to become of a webhook.
pub(super) fn change(body: View<'_>, webhook: &Webhook, tenant: &Tenant) -> Result<Change, Error> {
    let dto::WebhookChange { url, enabled, owner, _profile: _ } =
        shaped(body).map_err(|error| Error::invalid("body", error.to_string()))?;
    let endpoint = required(url, "url")?.map(|url| Endpoint::parse(&url)).transpose()?;
    let owner = required(owner, "owner")?.map(|id| shared::owner(&id)).transpose()?;
    let moved = Move { from: &webhook.endpoint, to: endpoint.as_ref().unwrap_or(&webhook.endpoint) };
    let given = body.get("profile");
    let profile =
        given.map(|given| profile::changed(&webhook.profile, given, &moved, &tenant.settings)).transpose()?;
    let enabled = required(enabled, "enabled")?;
    Ok(Change { endpoint, secret: SecretChange::Keep, enabled, owner, profile })
}

fn required<T>(given: Maybe<T>, member: &'static str) -> Result<Option<T>, Error> {
    match given {
        Maybe::Absent => Ok(None),
        Maybe::Null => Err(Error::invalid(member, format!("{member} is required, so it cannot be null"))),
        Maybe::Value(value) => Ok(Some(value)),
    }
}

/// A webhook as it is at this time.
pub(super) fn webhook(webhook: &Webhook, now: Timestamp) -> dto::Webhook {
    let Webhook {
        id: _,
        number: _,
        public_id,
        tenant: _,
        owner,
        created_by: _,
        updated_by: _,
        endpoint,
        secrets,
        secrets_since: _,
        state,
        version,
        profile,
        created_at,
        updated_at,
    } = webhook;
    let (state, disabled_reason) = self::state(*state);
    // What has arrived is on its way no more, also before the old secret is erased.
    let rotation = secrets.next().filter(|next| now < next.retire_at);
    dto::Webhook {
        id: public_id.to_string(),
        url: endpoint.as_given().to_owned(),
        owner: owner.to_string(),
        state,
        disabled_reason,
        signed: secrets.sign(),
        rotation: rotation.map(|next| dto::Rotation {
            activate_at: utc_millis(next.activate_at),
            retire_at: utc_millis(next.retire_at),
        }),
        version: *version,
        created_at: utc_millis(*created_at),
        updated_at: utc_millis(*updated_at),
        profile: profile.into(),
        secret: None,
        standard_secret: None,
    }
}

/// What the secret that was set last is for libraries of Standard Webhooks.
pub(super) fn standard_secret(webhook: &Webhook) -> Option<String> {
    let newest: Option<&Secret> =
        webhook.secrets.next().map_or_else(|| webhook.secrets.current(), |next| Some(&next.secret));
    newest.map(|secret| standard_key(secret).to_whsec().to_string())
}

const fn state(state: WebhookState) -> (dto::State, Option<dto::DisabledReason>) {
    match state {
        WebhookState::Enabled => (dto::State::Enabled, None),
        WebhookState::Disabled(DisabledReason::ByOwner) => {
            (dto::State::Disabled, Some(dto::DisabledReason::ByOwner))
        }
        WebhookState::Disabled(DisabledReason::Gone) => {
            (dto::State::Disabled, Some(dto::DisabledReason::Gone))
        }
        WebhookState::Disabled(DisabledReason::Failing) => {
            (dto::State::Disabled, Some(dto::DisabledReason::Failing))
        }
    }
}

/// Which webhooks are asked for.
pub(super) struct Listing {
    /// Only webhooks behind this one.
    pub after: Option<Number>,
    /// The most a page holds.
    pub limit: usize,
    state: Option<dto::State>,
    owner: Option<String>,
    event_type: Option<String>,
    /// In small letters.
    q: Option<String>,
}

/// The query of `GET /v1/webhooks`.
pub(super) fn listing(query: &str) -> Result<Listing, Problem> {
    let limit = usize::try_from(query::DEFAULT_LIMIT).unwrap_or(usize::MAX);
    let mut listing = Listing { after: None, limit, state: None, owner: None, event_type: None, q: None };
    let states = [("enabled", dto::State::Enabled), ("disabled", dto::State::Disabled)];
    shared::each_parameter(query, query::bad, |name, value| {
        match name {
            "limit" => listing.limit = usize::try_from(query::limit(value)?).unwrap_or(usize::MAX),
            "cursor" => listing.after = Some(read_cursor(value).ok_or_else(query::bad_cursor)?),
            "state" => listing.state = Some(query::word(name, value, &states)?),
            "owner" => listing.owner = Some(query::text(name, value)?),
            "event_type" => listing.event_type = Some(query::text(name, value)?),
            "q" => listing.q = Some(query::text(name, value)?.to_lowercase()),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(listing)
}

impl Listing {
    /// Whether a webhook is asked for.
    pub(super) fn wants(&self, webhook: &Webhook) -> bool {
        let Self { after, limit: _, state, owner, event_type, q } = self;
        let profile = &webhook.profile;
        let contains = |text: &str, part: &String| text.to_lowercase().contains(part);
        after.is_none_or(|after| webhook.number > after)
            && state.is_none_or(|wanted| self::state(webhook.state).0 == wanted)
            && owner.as_ref().is_none_or(|owner| owner == webhook.owner.as_str())
            && event_type.as_ref().is_none_or(|name| profile.subscribes_to(name))
            && q.as_ref().is_none_or(|part| {
                contains(profile.label(), part) || contains(webhook.endpoint.as_given(), part)
            })
    }
}

/// Stands for the place behind a webhook, which may be deleted meanwhile.
pub(super) fn cursor(last: Number) -> String {
    query::write_cursor(&last.get().to_be_bytes())
}

fn read_cursor(text: &str) -> Option<Number> {
    Number::new(i64::from_be_bytes(query::read_cursor(text)?))
}
