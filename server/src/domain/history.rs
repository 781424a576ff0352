//! What is asked of the delivery history and what it answers.

use std::sync::Arc;

use bytes::Bytes;

use super::{Attempt, DeliveryId, Number, TenantId, Timestamp, UserId, Webhook};

/// Which records: those of this tenant that meet every condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Whose records.
    pub tenant: TenantId,
    /// Records of this user's webhooks are wanted.
    pub owned_by: Option<UserId>,
    /// Records of global webhooks are wanted (in addition to `owned_by`'s).
    pub global: bool,
    /// Only this event type.
    pub event_type: Option<String>,
    /// Only records whose latest attempt succeeded (2xx), or only the others.
    pub success: Option<bool>,
}

/// A page of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Which records.
    pub filter: HistoryFilter,
    /// In which order.
    pub order: HistoryOrder,
    /// How many to pass over.
    pub offset: u64,
    /// How many to return at the most.
    pub limit: u32,
}

/// The order of records; ties fall back to the id, so that pages never overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryOrder {
    /// By which field.
    pub field: SortField,
    /// In which direction.
    pub order: SortOrder,
}

/// A field records can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortField {
    /// The record's number.
    Id,
    /// When the delivery was made.
    CreatedAt,
    /// When its latest attempt ended.
    UpdatedAt,
    /// The status of its latest attempt; no answer counts as 500.
    Status,
    /// The event's type.
    EventType,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// One page and how many records match in all.
#[derive(Clone)]
pub struct HistoryPage {
    /// All matches, before paging.
    pub total: u64,
    /// The page.
    pub records: Vec<Record>,
}

/// One delivery with its latest attempt. A delivery is shown once its first attempt has ended.
#[derive(Clone)]
pub struct Record {
    /// Internal id.
    pub delivery: DeliveryId,
    /// The record's number in its tenant.
    pub number: Number,
    /// The event's number in its tenant.
    pub event_number: Number,
    /// The event's type.
    pub event_type: String,
    /// Where it went. The webhook may have been deleted since; it is then without its secret.
    pub webhook: Arc<Webhook>,
    /// Whether the webhook has been deleted since.
    pub webhook_deleted: bool,
    /// Exactly the bytes that were sent.
    pub request: Bytes,
    /// The latest attempt.
    pub attempt: Attempt,
    /// When the delivery was made.
    pub created_at: Timestamp,
    /// When its latest attempt ended.
    pub updated_at: Timestamp,
}
