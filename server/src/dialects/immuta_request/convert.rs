//! Between the wire and the domain. Destructuring is exhaustive on purpose: a new field has to be thought about.

use sigpost_core::signature::Secret;

use super::dto;
use super::error::Refusal;
use crate::app::{Change, DeliveriesRequest, DraftSecret, Error, SecretChange, WebhookDraft, WebhookName};
use crate::dialects::shared;
use crate::domain::profile::immuta_request::{self, ImmutaRequest, Parts};
use crate::domain::{
    Attempt, Endpoint, HistoryOrder, HistoryPage, Outcome, Position, Profile, PublicId, Record, SortField,
    SortOrder, Webhook, utc_millis,
};

/// A webhook to create or to try out.
pub(super) fn draft(wanted: dto::CreateWebhook) -> Result<WebhookDraft, Error> {
    let dto::CreateWebhook { url, verify_tls, signing_key } = wanted;
    let secret = signing_key.map(secret).transpose()?.flatten();
    Ok(WebhookDraft {
        endpoint: Endpoint::parse(&url)?,
        secret: secret.map_or(DraftSecret::None, DraftSecret::Given),
        profile: Profile::ImmutaRequest(ImmutaRequest::new(Parts { verify_tls })),
        enabled: true,
        owner: None,
    })
}

/// An update, checked as far as it can be without the webhook.
pub(super) struct Update {
    endpoint: Option<Endpoint>,
    /// `Some(None)` clears it.
    secret: Option<Option<Secret>>,
    verify_tls: Option<bool>,
}

impl TryFrom<dto::UpdateWebhook> for Update {
    type Error = Error;

    fn try_from(wanted: dto::UpdateWebhook) -> Result<Self, Error> {
        let dto::UpdateWebhook { url, verify_tls, signing_key } = wanted;
        Ok(Self {
            endpoint: url.as_deref().map(Endpoint::parse).transpose()?,
            secret: signing_key.map(secret).transpose()?,
            verify_tls,
        })
    }
}

impl Update {
    /// What it makes of a webhook.
    pub(super) fn of(&self, webhook: &Webhook) -> Result<Change, Error> {
        let Self { endpoint, secret, verify_tls } = self;
        let profile = own(webhook)?.apply(immuta_request::Change { verify_tls: *verify_tls });
        Ok(Change {
            endpoint: endpoint.clone(),
            secret: match secret {
                None => SecretChange::Keep,
                Some(None) => SecretChange::Clear,
                Some(Some(secret)) => SecretChange::Set(secret.clone()),
            },
            enabled: None,
            owner: None,
            profile: Some(Profile::ImmutaRequest(profile)),
        })
    }
}

fn secret(text: String) -> Result<Option<Secret>, Error> {
    let name = "signingKey";
    shared::bounded_secret(name, text).map_err(|message| Error::invalid(name, message))
}

/// A tenant's webhooks are of its own system: another profile is a damaged store.
fn own(webhook: &Webhook) -> Result<ImmutaRequest, Error> {
    match webhook.profile {
        Profile::ImmutaRequest(profile) => Ok(profile),
        Profile::Native(_) | Profile::Immuta(_) | Profile::Generic(_) | Profile::Qlik(_) => {
            Err(Error::foreign_webhook())
        }
    }
}

/// An id in a path: what is none is nobody's.
pub(super) fn path_id(text: &str) -> Result<WebhookName, Error> {
    PublicId::parse(text).map(WebhookName::PublicId).ok_or(Error::NotFound("webhook"))
}

/// A webhook as it is shown.
pub(super) fn webhook(webhook: &Webhook) -> Result<dto::Webhook, Refusal> {
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
        created_at: _,
        updated_at: _,
    } = webhook;
    let verify_tls = own(webhook)?.verify_tls();
    Ok(dto::Webhook {
        id: public_id.to_string(),
        url: endpoint.as_given().to_owned(),
        verify_tls,
        signing_key: secrets.sign(),
        suppressed: webhook.state.is_suppressed(),
    })
}

pub(super) fn test_result(attempt: &Attempt) -> dto::TestResult {
    let (status, http_status_code) = status(&attempt.outcome);
    let error_message = (!attempt.outcome.is_success()).then(|| shared::told(&attempt.outcome));
    dto::TestResult { status, http_status_code, error_message }
}

fn status(outcome: &Outcome) -> (dto::Status, u16) {
    let status = if outcome.is_success() { dto::Status::Success } else { dto::Status::Failed };
    match outcome {
        Outcome::Response { status: code, .. } => (status, *code),
        Outcome::Failed(_) => (status, 0),
    }
}

/// Which page of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub offset: u64,
    pub limit: u32,
}

/// The query of a history. What is not known or out of range is refused by name.
pub(super) fn page(query: &str) -> Result<Page, Refusal> {
    let mut page = Page { offset: 0, limit: 10 };
    shared::each_parameter(query, Refusal::bad_request, |name, value| {
        let bad = |expected| Refusal::bad_request(format_args!("query parameter {name} must be {expected}"));
        match name {
            "offset" => {
                let offset = shared::whole_number(value, 0..=i64::MAX as u64);
                page.offset = offset.ok_or_else(|| bad("0 or more"))?;
            }
            "limit" => {
                let limit = shared::whole_number(value, 1..=100).and_then(|limit| u32::try_from(limit).ok());
                page.limit = limit.ok_or_else(|| bad("a number from 1 to 100"))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(page)
}

pub(super) fn deliveries_request(webhook: WebhookName, page: Page) -> DeliveriesRequest {
    let Page { offset, limit } = page;
    DeliveriesRequest {
        webhook: Some(webhook),
        event_type: None,
        success: None,
        state: None,
        cause: None,
        since: None,
        until: None,
        order: HistoryOrder { field: SortField::Id, order: SortOrder::Descending },
        position: Position::Offset(offset),
        limit,
    }
}

pub(super) fn history(found: &HistoryPage, page: Page) -> dto::History {
    let HistoryPage { total, records, more: _ } = found;
    let Page { offset, limit } = page;
    let size = u64::from(limit);
    let meta = dto::Meta {
        offset,
        limit,
        total_count: *total,
        page_count: records.len() as u64,
        current_page: offset / size + 1,
        total_pages: total.div_ceil(size),
    };
    dto::History { data: records.iter().map(delivery).collect(), meta }
}

fn delivery(record: &Record) -> dto::Delivery {
    let Record {
        delivery: _,
        public_id,
        number: _,
        event_number: _,
        event_source: _,
        event_id: _,
        event_type: _,
        message_id: _,
        cause: _,
        state: _,
        attempts: _,
        next_attempt_at: _,
        webhook,
        webhook_deleted: _,
        request: _,
        sent: _,
        attempt,
        created_at,
        updated_at: _,
    } = record;
    let (status, http_status_code) = status(&attempt.outcome);
    dto::Delivery {
        webhook_id: webhook.public_id.to_string(),
        delivery_id: public_id.to_string(),
        status,
        http_status_code,
        created_at: utc_millis(*created_at),
        message: shared::told(&attempt.outcome),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_by_its_offset_and_size() {
        let meta = |offset, limit, total| {
            let found = HistoryPage { total, records: Vec::new(), more: false };
            let dto::Meta { current_page, total_pages, page_count, .. } =
                history(&found, Page { offset, limit }).meta;
            assert_eq!(page_count, 0);
            (current_page, total_pages)
        };
        assert_eq!(meta(0, 10, 0), (1, 0));
        assert_eq!(meta(0, 10, 10), (1, 1));
        assert_eq!(meta(9, 10, 11), (1, 2));
        assert_eq!(meta(10, 10, 11), (2, 2));
        assert_eq!(meta(i64::MAX as u64, 1, u64::MAX), (i64::MAX as u64 + 1, u64::MAX));
    }
}
