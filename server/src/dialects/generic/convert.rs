//! Between the wire and the domain. Destructuring is exhaustive on purpose: a new field has to be thought about.

use super::dto;
use super::error::Refusal;
use crate::app::{Change, Created, DraftSecret, Error, SecretChange, WebhookDraft, WebhookName};
use crate::dialects::shared::{self, Maybe};
use crate::domain::profile::generic::{self, Generic, Parts, is_known};
use crate::domain::{
    Activity, Attempt, Endpoint, Outcome, Profile, PublicId, Settings, Tenant, Timestamp, Webhook,
    WebhookState,
};

/// What a secret is shown as: 30 bullets, however long it is.
const MASK: &str = "whsec_\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\
                    \u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\
                    \u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}";

/// A webhook to create.
pub(super) fn draft(wanted: dto::NewWebhook, settings: &Settings) -> Result<WebhookDraft, Error> {
    let dto::NewWebhook { url, events, description } = wanted;
    let profile = Generic::new(Parts { events, description }, settings).map_err(|rule| broken(&rule))?;
    Ok(WebhookDraft {
        endpoint: Endpoint::parse(&url)?,
        secret: DraftSecret::Generated,
        profile: Profile::Generic(profile),
        enabled: true,
        owner: None,
    })
}

/// An update, checked as far as it can be without the webhook.
pub(super) struct Update {
    endpoint: Option<Endpoint>,
    status: Option<dto::Status>,
    profile: generic::Change,
}

impl TryFrom<dto::WebhookUpdate> for Update {
    type Error = Error;

    fn try_from(wanted: dto::WebhookUpdate) -> Result<Self, Error> {
        let dto::WebhookUpdate { url, events, status, description } = wanted;
        let description = match description {
            Maybe::Absent => None,
            Maybe::Null => Some(None),
            Maybe::Value(text) => Some(Some(text)),
        };
        let profile = generic::Change { events, description };
        Ok(Self { endpoint: url.as_deref().map(Endpoint::parse).transpose()?, status, profile })
    }
}

impl Update {
    /// What it makes of a webhook.
    pub(super) fn of(&self, webhook: &Webhook, tenant: &Tenant) -> Result<Change, Error> {
        let Self { endpoint, status, profile } = self;
        let profile = own(webhook)?.apply(profile.clone(), &tenant.settings);
        Ok(Change {
            endpoint: endpoint.clone(),
            secret: SecretChange::Keep,
            enabled: status.map(|status| status == dto::Status::Active),
            owner: None,
            profile: Some(Profile::Generic(profile.map_err(|rule| broken(&rule))?)),
        })
    }
}

fn broken(rule: &generic::Invalid) -> Error {
    Error::invalid("profile", rule.to_string())
}

/// A tenant's webhooks are of its own system: another profile is a damaged store.
fn own(webhook: &Webhook) -> Result<&Generic, Error> {
    match &webhook.profile {
        Profile::Generic(profile) => Ok(profile),
        Profile::Native(_) | Profile::Immuta(_) | Profile::ImmutaRequest(_) | Profile::Qlik(_) => {
            Err(Error::foreign_webhook())
        }
    }
}

/// The type of event that a webhook is to be tried out with.
pub(super) fn test_event(event: Option<String>, settings: &Settings) -> Result<Option<String>, Refusal> {
    match event {
        Some(event) if !is_known(&event, settings) => {
            Err(Refusal::bad_request("event must be a type of event that is known"))
        }
        event => Ok(event),
    }
}

/// An id in a path: what is none is nobody's.
pub(super) fn path_id(text: &str) -> Result<WebhookName, Error> {
    let bytes = text.strip_prefix(PREFIX).and_then(|digits| {
        let mut bytes = [0; 16];
        let lower = !digits.bytes().any(|b| b.is_ascii_uppercase());
        hex::decode_to_slice(digits, &mut bytes).ok().filter(|()| lower).map(|()| bytes)
    });
    bytes.map(|bytes| WebhookName::PublicId(PublicId::from_bytes(bytes))).ok_or(Error::NotFound("webhook"))
}

const PREFIX: &str = "wh_";

fn id(public_id: PublicId) -> String {
    format!("{PREFIX}{}", hex::encode(public_id.as_bytes()))
}

/// Which webhooks are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListRequest {
    page: u32,
    limit: u32,
    status: Option<dto::Status>,
    event: Option<String>,
}

/// As large as a number may be that every client can hold.
const MAX_PAGE: u64 = i32::MAX as u64;

/// The query of a list. What is not known or out of range is refused by name.
pub(super) fn list_request(query: &str) -> Result<ListRequest, Refusal> {
    let mut request = ListRequest { page: 1, limit: 20, status: None, event: None };
    shared::each_parameter(query, Refusal::bad_request, |name, value| {
        let bad = |expected| Refusal::bad_request(format_args!("query parameter {name} must be {expected}"));
        let number = |max| shared::whole_number(value, 1..=max).and_then(|number| u32::try_from(number).ok());
        match name {
            "page" => request.page = number(MAX_PAGE).ok_or_else(|| bad("a number from 1 to 2147483647"))?,
            "limit" => request.limit = number(100).ok_or_else(|| bad("a number from 1 to 100"))?,
            "status" => {
                let status = match value {
                    "active" => dto::Status::Active,
                    "inactive" => dto::Status::Inactive,
                    _ => return Err(bad("active or inactive")),
                };
                request.status = Some(status);
            }
            "event" if value.is_empty() => return Err(bad("a type of event")),
            "event" => request.event = Some(value.to_owned()),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(request)
}

/// The page that is wanted of all webhooks. `activity` says how one is doing.
pub(super) fn page<W: AsRef<Webhook>>(
    webhooks: &[W],
    request: &ListRequest,
    activity: impl Fn(&Webhook) -> Activity,
) -> Result<dto::Page, Error> {
    let ListRequest { page, limit, status, event } = request;
    let mut found = Vec::new();
    for webhook in webhooks.iter().map(AsRef::as_ref) {
        let subscribed = own(webhook)?.events();
        if status.is_none_or(|wanted| wanted == status_of(webhook))
            && event.as_ref().is_none_or(|wanted| subscribed.contains(wanted))
        {
            found.push(webhook);
        }
    }
    let (total, size) = (found.len(), usize::try_from(*limit).unwrap_or(usize::MAX));
    let passed_over = usize::try_from(page - 1).unwrap_or(usize::MAX).saturating_mul(size);
    let listed = found.into_iter().skip(passed_over).take(size);
    let data = listed.map(|webhook| listed_webhook(webhook, activity(webhook))).collect::<Result<_, _>>()?;
    let meta = dto::Meta { total, page: *page, limit: *limit, pages: total.div_ceil(size) };
    Ok(dto::Page { data, meta })
}

const fn status_of(webhook: &Webhook) -> dto::Status {
    match webhook.state {
        WebhookState::Enabled => dto::Status::Active,
        WebhookState::Disabled(_) => dto::Status::Inactive,
    }
}

fn listed_webhook(webhook: &Webhook, activity: Activity) -> Result<dto::ListedWebhook, Error> {
    let dto::Webhook { id, url, events, status, created_at, last_triggered, .. } =
        self::webhook(webhook, activity)?;
    Ok(dto::ListedWebhook { id, url, events, status, created_at, last_triggered })
}

/// A webhook as a read shows it.
pub(super) fn webhook(webhook: &Webhook, activity: Activity) -> Result<dto::Webhook, Error> {
    let Webhook {
        id: _,
        number: _,
        public_id,
        tenant: _,
        owner: _,
        created_by: _,
        updated_by: _,
        endpoint,
        secrets,
        secrets_since: _,
        state: _,
        version: _,
        profile: _,
        created_at,
        updated_at,
    } = webhook;
    let profile = own(webhook)?;
    Ok(dto::Webhook {
        id: id(*public_id),
        url: endpoint.as_given().to_owned(),
        events: profile.events().to_vec(),
        status: status_of(webhook),
        created_at: seconds(*created_at),
        updated_at: seconds(*updated_at),
        last_triggered: activity.last_attempt_at.map(seconds),
        secret: secrets.sign().then_some(MASK),
        description: profile.description().map(Into::into),
    })
}

/// A webhook as its creation shows it: with its secret, this once.
pub(super) fn created(made: &Created) -> Result<dto::CreatedWebhook, Error> {
    let Created { webhook, secret } = made;
    let dto::Webhook { id, url, events, status, created_at, description, .. } =
        self::webhook(webhook, Activity::default())?;
    let secret = secret.as_ref().ok_or_else(|| Error::bug("a webhook without a secret"))?.to_string();
    Ok(dto::CreatedWebhook { id, url, events, status, created_at, secret, description })
}

/// A webhook as its update shows it.
pub(super) fn updated(webhook: &Webhook) -> Result<dto::UpdatedWebhook, Error> {
    let dto::Webhook { id, url, events, status, created_at, updated_at, description, .. } =
        self::webhook(webhook, Activity::default())?;
    Ok(dto::UpdatedWebhook { id, url, events, status, created_at, updated_at, description })
}

/// RFC 3339 in UTC with seconds, as in the page's examples.
fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn test_result(attempt: &Attempt) -> dto::TestResult {
    let Attempt { number: _, started_at, duration, webhook_version: _, outcome } = attempt;
    let success = outcome.is_success();
    dto::TestResult {
        success,
        message: if success {
            "Test event sent successfully".to_owned()
        } else {
            format!("Test event failed: {}", shared::told(outcome))
        },
        details: dto::TestDetails {
            status_code: match outcome {
                Outcome::Response { status, .. } => Some(*status),
                Outcome::Failed(_) => None,
            },
            response_time: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            timestamp: seconds(*started_at),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_has_one_spelling() {
        let public_id = PublicId::new(Timestamp::from_second(1_700_000_000).unwrap(), [0xab; 10]);
        let text = id(public_id);
        assert_eq!(text, "wh_018bcfe568007bababababababababab");
        assert_eq!(path_id(&text), Ok(WebhookName::PublicId(public_id)));
        let (longer, shorter) = (format!("{text}0"), &text[..text.len() - 1]);
        for bad in ["", "wh_", "wh_123456", &text[3..], &text.to_uppercase(), &longer, shorter] {
            assert_eq!(path_id(bad), Err(Error::NotFound("webhook")), "{bad}");
        }
    }

    #[test]
    fn a_mask_is_thirty_bullets() {
        assert_eq!(MASK, format!("whsec_{}", "\u{2022}".repeat(30)));
    }
}
