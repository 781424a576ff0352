//! A line in the log for an attempt: whose it was, what came of it and what follows, and nothing that could be a secret.
//! Neither urls nor headers nor bodies are: who sends to a url that holds a token has told nobody but this server.

use super::attempt::Ended;
use crate::domain::{Cause, DeliveryId, DeliveryState, Failure, MessageId, Next, Outcome, PublicId, Tenant};

/// Which attempts have a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogAttempts {
    /// Those that failed.
    #[default]
    Failed,
    /// All: at a high rate most of what is written.
    All,
}

impl LogAttempts {
    /// Whether an attempt that ended like this has a line.
    pub(super) fn wants(self, outcome: &Outcome) -> bool {
        self == Self::All || !outcome.is_success()
    }
}

/// What a line says beside the outcome.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) webhook: PublicId,
    pub(super) delivery: DeliveryId,
    pub(super) cause: Cause,
}

/// Writes the line. `next` is what becomes of the delivery, where that follows from the attempt.
pub(super) fn attempt(about: About<'_>, ended: &Ended, next: Option<Next>) {
    let About { tenant, webhook, delivery, cause } = about;
    let Ended { attempt, retry_after: _, message } = ended;
    let (status, failure) = match &attempt.outcome {
        Outcome::Response { status, .. } => (Some(*status), None),
        Outcome::Failed(failure) => (None, Some(failure)),
    };
    let (due, state) = match next {
        Some(Next::Retry { due, tries: _ }) => (Some(due), None),
        Some(Next::End(state)) => (None, Some(state)),
        None => (None, None),
    };
    let class = failure.map(|Failure { class, .. }| class.as_str());
    let phase = failure.map(|Failure { phase, .. }| phase.as_str());
    let millis = u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX);
    let ended = state.map(DeliveryState::as_str);
    macro_rules! line {
        ($level:ident, $text:literal) => {
            tracing::$level!(
                tenant = tenant.name,
                %webhook,
                message_id = message.as_ref().map(MessageId::as_str),
                delivery = delivery.get(),
                cause = cause.as_str(),
                attempt = attempt.number,
                status,
                class,
                phase,
                millis,
                next_attempt = due.map(tracing::field::display),
                ended,
                $text
            )
        };
    }
    if attempt.outcome.is_success() {
        line!(info, "attempt succeeded");
    } else {
        line!(warn, "attempt failed");
    }
}
