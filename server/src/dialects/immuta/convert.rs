//! Between the wire and the domain. Destructuring is exhaustive on purpose: a new field has to be thought about.

use serde::Deserialize;
use serde_json::value::RawValue;
use sigpost_core::json::{Canonical, Duplicates, Elements, Limits, View};

use super::dto;
use super::error::Boom;
use crate::app::{DraftSecret, Error, HistoryRequest, WebhookDraft};
use crate::dialects::shared::{self, JsonError};
use crate::domain::profile::immuta::{ActionType, Immuta, Parts};
use crate::domain::{
    Attempt, Endpoint, Failure, FailureClass, HistoryOrder, Number, Outcome, Phase, Profile, Record,
    Settings, SortField, SortOrder, Webhook, utc_millis,
};

/// An entry of `POST /webhooks` as a draft, or why not.
pub(super) fn draft(entry: View<'_>, settings: &Settings) -> Result<WebhookDraft, String> {
    let members = entry.members().ok_or("each webhook must be an object")?;
    for (key, _) in members {
        let known = ["url", "name", "global", "notificationType", "actionType", "secret"];
        if !known.iter().any(|name| key.matches(name)) {
            let name: String = key.raw().chars().take(100).collect();
            return Err(format!("{name} is not allowed; a webhook has {}", known.join(", ")));
        }
    }
    let endpoint = Endpoint::parse(&text(entry, "url")?).map_err(|error| error.to_string())?;
    let parts = Parts {
        name: text(entry, "name")?,
        global: entry
            .get("global")
            .and_then(View::as_bool)
            .ok_or("global is required and must be true or false")?,
        notifications: notifications(entry)?,
        action: ActionType::parse(&text(entry, "actionType")?)
            .ok_or("actionType must be triggered or received")?,
    };
    let profile = Immuta::new(parts, settings).map_err(|error| error.to_string())?;
    Ok(WebhookDraft {
        endpoint,
        secret: shared::secret(entry.get("secret"), DraftSecret::None)?,
        profile: Profile::Immuta(profile),
        enabled: true,
        owner: None,
    })
}

/// An entry of `POST /webhooks`.
pub(super) struct Entry {
    /// What it says, of members named twice the last.
    pub value: Canonical,
    /// What is wrong with it before its members are looked at.
    pub wrong: Option<String>,
}

/// The entries of `POST /webhooks`.
pub(super) fn entries(body: &[u8]) -> Result<Vec<Entry>, Boom> {
    let strict = match shared::canonical(body, shared::limits()) {
        Ok(whole) => {
            let entry = |value: View<'_>| Entry { value: value.to_canonical(), wrong: None };
            return Ok(elements(&whole)?.take(LOOKED_AT).map(entry).collect());
        }
        Err(error) => error,
    };
    // What is wrong inside an entry is that entry's alone.
    elements(&lenient(body)?)?;
    let raw = raw_entries(body, strict)?;
    let entry = |raw: &RawValue| {
        let text = raw.get().as_bytes();
        Ok(match shared::canonical(text, shared::limits()) {
            Ok(value) => Entry { value, wrong: None },
            Err(error) => Entry { value: lenient(text)?, wrong: Some(format!("{error} of this entry")) },
        })
    };
    raw.into_iter().take(LOOKED_AT).map(entry).collect()
}

/// As JavaScript reads it, whatever is wrong with it beside its grammar.
fn lenient(text: &[u8]) -> Result<Canonical, JsonError> {
    let limits = Limits { duplicates: Duplicates::LastWins, ..Limits::default() };
    Ok(Canonical::parse(text, limits)?)
}

fn elements(payload: &Canonical) -> Result<Elements<'_>, Boom> {
    let elements = payload.view().get("webhooks").and_then(View::elements);
    elements.ok_or_else(|| Boom::bad_request("the payload must be {\"webhooks\": [ … ]}"))
}

/// The entries as they stand in the body. What is wrong beside them belongs to none, and is wrong with the request:
/// `error` when they cannot be told from it.
fn raw_entries(body: &[u8], error: JsonError) -> Result<Vec<&RawValue>, Boom> {
    #[derive(Deserialize)]
    struct Payload<'a> {
        #[serde(borrow)]
        webhooks: Vec<&'a RawValue>,
    }
    let Ok(Payload { webhooks }) = serde_json::from_slice(body) else { return Err(error.into()) };
    let Some((first, last)) = webhooks.first().zip(webhooks.last()) else { return Err(error.into()) };
    // They are borrowed from the body.
    let at = |text: &str| text.as_ptr().addr() - body.as_ptr().addr();
    let (start, end) = (at(first.get()), at(last.get()) + last.get().len());
    shared::canonical(&[&body[..start], &body[end..]].concat(), shared::limits())
        .map_err(|error| Boom::bad_request(format_args!("beside the entries of `webhooks`: {error}")))?;
    Ok(webhooks)
}

/// Of all entries that are too many, one tells.
const LOOKED_AT: usize = MAX_ENTRIES + 1;

/// The most webhooks one request may create.
pub(super) const MAX_ENTRIES: usize = 1_000;

/// The parts of a refused entry that help to find it: only text, only its beginning.
pub(super) fn refused(index: usize, entry: View<'_>, message: String) -> dto::Refused {
    let given = |name| entry.get(name).and_then(View::as_str).map(|text| text.chars().take(512).collect());
    dto::Refused { index, name: given("name"), url: given("url"), message }
}

fn text(entry: View<'_>, name: &'static str) -> Result<String, String> {
    match entry.get(name) {
        None => Err(format!("{name} is required")),
        Some(value) => value.as_str().map(Into::into).ok_or_else(|| format!("{name} must be text")),
    }
}

fn notifications(entry: View<'_>) -> Result<Vec<String>, String> {
    let value = entry.get("notificationType").ok_or("notificationType is required")?;
    let elements = value.elements().ok_or("notificationType must be an array of notification names")?;
    let names = elements.map(|name| name.as_str().map(Into::into)).collect::<Option<Vec<String>>>();
    names.ok_or_else(|| "notificationType must hold nothing but text".into())
}

/// The query of `GET /webhooks/history`. What is not known or out of range is refused by name.
pub(super) fn history_request(query: &str) -> Result<HistoryRequest, Boom> {
    let mut request = HistoryRequest {
        own: true,
        global: false,
        event_type: None,
        success: None,
        order: HistoryOrder { field: SortField::CreatedAt, order: SortOrder::Descending },
        offset: 0,
        limit: 20,
    };
    let wrong = |message| Boom::bad_request(message);
    shared::each_parameter(query, wrong, |name, value| {
        let bad =
            |expected: &str| Boom::bad_request(format_args!("query parameter {name} must be {expected}"));
        match name {
            "offset" => {
                request.offset =
                    shared::whole_number(value, 0..=i64::MAX as u64).ok_or_else(|| bad("0 or more"))?;
            }
            "pageSize" => {
                let size = shared::whole_number(value, 1..=1_000).and_then(|size| u32::try_from(size).ok());
                request.limit = size.ok_or_else(|| bad("a number from 1 to 1000"))?;
            }
            "sortField" => {
                request.order.field = sort_field(value)
                    .ok_or_else(|| bad("id, createdAt, updatedAt, statusCode or notificationType"))?;
            }
            "sortOrder" => {
                request.order.order = match value {
                    "asc" => SortOrder::Ascending,
                    "desc" => SortOrder::Descending,
                    _ => return Err(bad("asc or desc")),
                }
            }
            "notificationType" => {
                let given = !value.is_empty() && value.len() <= 512;
                request.event_type =
                    Some(given.then(|| value.to_string()).ok_or_else(|| bad("a notification"))?);
            }
            "successOrFailure" => {
                request.success = Some(match value.to_ascii_lowercase().as_str() {
                    "success" => true,
                    "failure" => false,
                    _ => return Err(bad("success or failure")),
                });
            }
            "includeUser" => request.own = boolean(value).ok_or_else(|| bad("true or false"))?,
            "includeGlobal" => request.global = boolean(value).ok_or_else(|| bad("true or false"))?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(request)
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn sort_field(text: &str) -> Option<SortField> {
    match text {
        "id" => Some(SortField::Id),
        "createdAt" => Some(SortField::CreatedAt),
        "updatedAt" => Some(SortField::UpdatedAt),
        "statusCode" => Some(SortField::Status),
        "notificationType" => Some(SortField::EventType),
        _ => None,
    }
}

/// An id in a path. Digits that no id reaches are an id that does not exist; anything else is no id at all.
pub(super) fn path_id(text: &str, what: &'static str) -> Result<Number, Boom> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Boom::bad_request("id must be a positive integer"));
    }
    text.parse().ok().and_then(Number::new).ok_or_else(|| Error::NotFound(what).into())
}

/// A webhook as a read shows it.
pub(super) fn webhook(webhook: &Webhook) -> Result<dto::Webhook, Boom> {
    let notification_type = Some(profile(webhook)?.notifications().to_vec());
    Ok(dto::Webhook { notification_type, ..summary(webhook)? })
}

/// A webhook as its creation and its deletion show it.
pub(super) fn summary(webhook: &Webhook) -> Result<dto::Webhook, Boom> {
    let Webhook {
        id: _,
        number,
        public_id: _,
        tenant: _,
        owner: _,
        created_by,
        updated_by: _,
        endpoint,
        secrets: _,
        secrets_since: _,
        state: _,
        version: _,
        profile: _,
        created_at,
        updated_at,
    } = webhook;
    let profile = profile(webhook)?;
    Ok(dto::Webhook {
        id: number.get(),
        url: endpoint.as_given().to_owned(),
        name: profile.name().to_owned(),
        notification_type: None,
        global: profile.global(),
        action_type: action(profile.action()),
        // Configuration lets an Immuta tenant have decimal user ids only.
        created_by: created_by.as_str().parse().unwrap_or_default(),
        created_at: utc_millis(*created_at),
        updated_at: utc_millis(*updated_at),
    })
}

const fn action(action: ActionType) -> dto::ActionType {
    match action {
        ActionType::Triggered => dto::ActionType::Triggered,
        ActionType::Received => dto::ActionType::Received,
    }
}

/// A tenant's webhooks are of its own system: another profile is a damaged store.
fn profile(webhook: &Webhook) -> Result<&Immuta, Boom> {
    match &webhook.profile {
        Profile::Immuta(profile) => Ok(profile),
        Profile::Native(_) | Profile::ImmutaRequest(_) | Profile::Generic(_) | Profile::Qlik(_) => {
            Err(Error::foreign_webhook().into())
        }
    }
}

pub(super) fn history_record(record: Record) -> Result<dto::HistoryRecord, Boom> {
    let dto::Webhook { id, url, name, action_type, created_by, .. } = summary(&record.webhook)?;
    let retried = retried_record(record)?;
    Ok(dto::HistoryRecord { retried, webhooks_id: id, url, name, action_type, created_by })
}

pub(super) fn retried_record(record: Record) -> Result<dto::RetriedRecord, Boom> {
    let Record {
        delivery: _,
        public_id: _,
        number,
        event_number,
        event_source: _,
        event_id: _,
        event_type,
        message_id: _,
        cause: _,
        state: _,
        attempts: _,
        next_attempt_at: _,
        webhook: _,
        webhook_deleted: _,
        request,
        sent: _,
        attempt,
        created_at,
        updated_at,
    } = record;
    let (status_code, response) = response(attempt);
    Ok(dto::RetriedRecord {
        id: number.get(),
        request: raw(request.as_deref()).ok_or_else(|| Error::bug("a body that is no JSON"))?,
        response,
        status_code,
        notification_type: event_type,
        webhooks_activity_id: event_number.get(),
        created_at: utc_millis(created_at),
        updated_at: utc_millis(updated_at),
    })
}

/// JSON as it was sent; `null` when nobody can tell what that was.
fn raw(request: Option<&[u8]>) -> Option<Box<RawValue>> {
    let request = core::str::from_utf8(request.unwrap_or(b"null")).ok()?;
    RawValue::from_string(request.to_owned()).ok()
}

fn response(attempt: Attempt) -> (u16, dto::Response) {
    match attempt.outcome {
        Outcome::Response { status: status @ 200..=299, .. } => (status, dto::Response { body: None }),
        Outcome::Response { status, headers: _, body } => {
            let body = dto::ResponseBody::Text(String::from_utf8_lossy(&body).into_owned());
            (status, dto::Response { body: Some(body) })
        }
        Outcome::Failed(failure) => {
            let code = network_error(failure);
            let connect = failure.phase == Phase::Connect;
            let body = dto::ResponseBody::Error(dto::NetworkError { code, connect });
            (500, dto::Response { body: Some(body) })
        }
    }
}

/// Node.js's name for what happened: the seed's example shows `ESOCKETTIMEDOUT`, so the others are of its kind.
const fn network_error(failure: Failure) -> &'static str {
    match (failure.class, failure.phase) {
        (FailureClass::Timeout, Phase::Connect) => "ETIMEDOUT",
        (FailureClass::Timeout, Phase::Exchange) => "ESOCKETTIMEDOUT",
        (FailureClass::DnsNotFound, _) => "ENOTFOUND",
        (FailureClass::DnsFailed, _) => "EAI_AGAIN",
        (FailureClass::EgressDenied, _) => "EACCES",
        (FailureClass::ConnectionRefused, _) => "ECONNREFUSED",
        (FailureClass::ConnectionReset, _) => "ECONNRESET",
        (FailureClass::Unreachable, _) => "EHOSTUNREACH",
        (FailureClass::TlsCertificateExpired, _) => "CERT_HAS_EXPIRED",
        (FailureClass::TlsWrongHost, _) => "ERR_TLS_CERT_ALTNAME_INVALID",
        (FailureClass::TlsUnknownIssuer, _) => "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        (FailureClass::TlsRevoked, _) => "CERT_REVOKED",
        (FailureClass::TlsRevocationUnknown, _) => "UNABLE_TO_GET_CRL",
        (FailureClass::TlsHandshake, _) => "EPROTO",
        (FailureClass::InvalidResponse, _) => "HPE_INVALID_RESPONSE",
        (FailureClass::Local, _) => "EAGAIN",
    }
}
