//! Small facts of what has just become durable, for whoever watches.

use core::time::Duration;
use std::sync::Arc;

use super::{
    Cause, DeliveryState, EventId, Failure, Number, Outcome, TenantId, Timestamp, Webhook, WebhookId,
};

/// Something that has happened.
#[derive(Clone)]
pub enum Happening {
    /// An attempt has ended.
    Attempt(AttemptEnded),
    /// A webhook is there, another, or gone.
    Webhook {
        /// The webhook as it is now, or as it was last.
        webhook: Arc<Webhook>,
        /// What became of it.
        change: WebhookChange,
    },
}

/// An attempt that has ended, and where its delivery stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptEnded {
    /// Whose it is.
    pub tenant: TenantId,
    /// Where it went.
    pub webhook: WebhookId,
    /// What it carried.
    pub event: EventId,
    /// The delivery's number in its tenant.
    pub delivery: Number,
    /// When the delivery was made.
    pub made_at: Timestamp,
    /// Why it exists.
    pub cause: Cause,
    /// Where the delivery stands after the attempt.
    pub state: DeliveryState,
    /// Which attempt: 1 for the first.
    pub attempt: u32,
    /// What came of it.
    pub result: AttemptResult,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// When the next is due, while the delivery is pending.
    pub next_attempt_at: Option<Timestamp>,
}

/// What came of an attempt, without bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// The receiver answered with this status.
    Answered(u16),
    /// No complete answer came.
    Failed(Failure),
}

impl From<&Outcome> for AttemptResult {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Response { status, body: _, headers: _ } => Self::Answered(*status),
            Outcome::Failed(failure) => Self::Failed(*failure),
        }
    }
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookChange {
    /// It was made.
    Created,
    /// Something of it was changed.
    Changed,
    /// It was switched off, by its owner or by the engine.
    Disabled,
    /// It was deleted.
    Deleted,
}

impl WebhookChange {
    /// The name it is shown by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }
}
