//! What is asked of the delivery history and what it answers.

use std::sync::Arc;

use bytes::Bytes;

use super::head::{Sent, Shown, Signers, WEBHOOK_ID, WEBHOOK_TIMESTAMP};
use super::{
    Attempt, Cause, DeliveryId, DeliveryState, MessageId, Number, Outcome, PublicId, Tenant, TenantId,
    Timestamp, UserId, Webhook, WebhookId,
};

/// Which records: those of this tenant that meet every condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Whose records.
    pub tenant: TenantId,
    /// Of which webhooks.
    pub scope: Scope,
    /// Only this event type.
    pub event_type: Option<String>,
    /// Only records whose latest attempt succeeded (2xx), or only the others.
    pub success: Option<bool>,
    /// Only deliveries that stand there.
    pub state: Option<DeliveryState>,
    /// Only deliveries made for this reason.
    pub cause: Option<Cause>,
    /// Only deliveries made then or later.
    pub since: Option<Timestamp>,
    /// Only deliveries made before then.
    pub until: Option<Timestamp>,
}

/// The webhooks that are a user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Whose.
    pub by: UserId,
    /// Whether those are among them that receive everybody's events.
    pub global: bool,
}

/// Of which webhooks records are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Of all in the tenant.
    Tenant,
    /// Of those that are shared out by ownership.
    Shares {
        /// Records of a user's webhooks.
        owned_by: Option<Owned>,
        /// Records of global webhooks, in addition to `owned_by`'s.
        global: bool,
    },
    /// Of this one.
    Webhook(WebhookId),
}

/// A page of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Which records.
    pub filter: HistoryFilter,
    /// In which order.
    pub order: HistoryOrder,
    /// Which page.
    pub position: Position,
    /// How many to return at the most.
    pub limit: u32,
}

/// Which page of the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// So many records are passed over, and all are counted.
    Offset(u64),
    /// Behind this one, or from the start. Nothing is counted. Only for the orders that [`SortField::has_cursor`].
    After(Option<Cursor>),
    /// Before this one: the page that ends with the record before it.
    Before(Cursor),
}

/// Where a record stands in an order; it stays a place when the record is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Whether its latest attempt succeeded; of no account where records are sorted by their number.
    pub success: bool,
    /// The record's number.
    pub number: Number,
}

/// The order of records; ties fall back to the id, so that pages never overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryOrder {
    /// By which field.
    pub field: SortField,
    /// In which direction.
    pub order: SortOrder,
}

impl HistoryOrder {
    /// The same field the other way round.
    #[must_use]
    pub const fn reversed(self) -> Self {
        let order = match self.order {
            SortOrder::Ascending => SortOrder::Descending,
            SortOrder::Descending => SortOrder::Ascending,
        };
        Self { field: self.field, order }
    }
}

/// A field records can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortField {
    /// The record's number, which is the order of making.
    Id,
    /// When the delivery was made.
    CreatedAt,
    /// When its latest attempt ended.
    UpdatedAt,
    /// The status of its latest attempt; no answer counts as 500.
    Status,
    /// The event's type.
    EventType,
    /// Whether its latest attempt succeeded; failures come first.
    Success,
}

impl SortField {
    /// Whether pages of this order can be asked for by [`Cursor`].
    #[must_use]
    pub const fn has_cursor(self) -> bool {
        matches!(self, Self::Id | Self::Success)
    }
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// One page.
#[derive(Clone)]
pub struct HistoryPage {
    /// All matches, before paging; 0 where nothing was counted.
    pub total: u64,
    /// The page.
    pub records: Vec<Record>,
    /// Whether there is more in the direction that was asked for.
    pub more: bool,
}

/// One delivery with its latest attempt. A delivery is shown once its first attempt has ended.
#[derive(Clone)]
pub struct Record {
    /// Internal id.
    pub delivery: DeliveryId,
    /// The id it is shown by where its system has no numbers.
    pub public_id: PublicId,
    /// The record's number in its tenant.
    pub number: Number,
    /// The event's number in its tenant.
    pub event_number: Number,
    /// The event's `source`, as it was published.
    pub event_source: String,
    /// The event's `id`, as it was published.
    pub event_id: String,
    /// The event's type.
    pub event_type: String,
    /// The value of `webhook-id`.
    pub message_id: MessageId,
    /// Why it exists.
    pub cause: Cause,
    /// Where it stands.
    pub state: DeliveryState,
    /// How many attempts have ended.
    pub attempts: u32,
    /// When the next attempt is due, while it is pending.
    pub next_attempt_at: Option<Timestamp>,
    /// Where it went. The webhook may have been deleted since; it is then without its secret.
    pub webhook: Arc<Webhook>,
    /// Whether the webhook has been deleted since.
    pub webhook_deleted: bool,
    /// Exactly the bytes that were sent; `None` when what is stored has been damaged since.
    pub request: Option<Bytes>,
    /// What the version of the webhook that the latest attempt was made with sends; `None` when nobody knows any more.
    pub sent: Option<Sent>,
    /// The latest attempt.
    pub attempt: Attempt,
    /// When the delivery was made.
    pub created_at: Timestamp,
    /// When its latest attempt ended.
    pub updated_at: Timestamp,
}

impl Record {
    /// The headers of the latest attempt's request, by what is known of them. Signatures are not stored but made again,
    /// if the webhook still has the secrets it had then; which ones are said by the tenant's settings of today, because
    /// nothing tells what those were.
    #[must_use]
    pub fn request_headers(&self, tenant: &Tenant) -> Vec<(String, Shown)> {
        self.headers_of(&self.attempt, self.sent.as_ref(), tenant)
    }

    /// The same for another attempt of this delivery.
    #[must_use]
    pub fn headers_of(
        &self,
        attempt: &Attempt,
        sent: Option<&Sent>,
        tenant: &Tenant,
    ) -> Vec<(String, Shown)> {
        let Some(Sent { url: _, headers, signed }) = sent else { return Vec::new() };
        let mut headers = headers.clone();
        let profile = &self.webhook.profile;
        if profile.standard_webhooks(&tenant.settings) {
            headers.push((WEBHOOK_ID.into(), Shown::Value(self.message_id.as_str().into())));
            let second = attempt.started_at.as_second().to_string();
            headers.push((WEBHOOK_TIMESTAMP.into(), Shown::Value(second)));
        }
        if !signed {
            return headers;
        }
        let known = attempt.webhook_version >= self.webhook.secrets_since && self.webhook.secrets.sign();
        let made =
            known.then(|| Signers::at(&self.webhook, &tenant.settings, attempt.started_at).ok()).flatten();
        let made = made.zip(self.request.as_ref());
        let made = made.and_then(|(all, bytes)| all.sign(&self.message_id, bytes, attempt.started_at).ok());
        match made {
            Some(made) => {
                let new = made.into_iter().filter(|(name, _)| headers.iter().all(|(known, _)| known != name));
                let new: Vec<_> = new.map(|(name, value)| (name.into_owned(), Shown::Value(value))).collect();
                headers.extend(new);
            }
            None => {
                let names =
                    profile.schemes(&tenant.settings).map(|scheme| scheme.signature_header().to_owned());
                headers.extend(names.map(|name| (name, Shown::Omitted)));
            }
        }
        headers
    }

    /// The headers of an attempt's answer. A receiver may answer with what it was sent: what bears the name of a header
    /// that is not shown is not shown either.
    #[must_use]
    pub fn response_headers_of(&self, attempt: &Attempt, sent: Option<&Sent>) -> Vec<(String, Shown)> {
        let Outcome::Response { headers, .. } = &attempt.outcome else { return Vec::new() };
        let is_secret = |name: &str| match sent {
            // Where it is not known any more which were secrets, all may have been.
            None => true,
            Some(sent) => {
                let hidden = |(known, value): &(String, Shown)| {
                    *value == Shown::Omitted && known.eq_ignore_ascii_case(name)
                };
                sent.headers.iter().any(hidden) || self.webhook.profile.keeps_secret(name)
            }
        };
        let shown = |(name, value): (&str, &str)| {
            let value = if is_secret(name) { Shown::Omitted } else { Shown::Value(value.to_owned()) };
            (name.to_owned(), value)
        };
        headers.iter().map(shown).collect()
    }
}

/// One attempt of a delivery, with what its request had in common with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastAttempt {
    /// The attempt.
    pub attempt: Attempt,
    /// What the version of the webhook it was made with sends.
    pub sent: Option<Sent>,
}
