//! What the use-cases count.

use super::Receipt;
use crate::metrics::{IntCounter, Metrics};

/// What becomes of events: one addition an event, or less.
pub(super) struct Figures {
    pub(super) metrics: Metrics,
    accepted: IntCounter,
    duplicate: IntCounter,
    conflict: IntCounter,
    invalid: IntCounter,
    refused: IntCounter,
}

impl Default for Figures {
    fn default() -> Self {
        let metrics = Metrics::default();
        let [accepted, duplicate, conflict, invalid, refused] = metrics.counters(
            "sigpost_events_total",
            "Events published: accepted, duplicate (accepted before), conflict (another was accepted under the same key), \
             invalid, refused (not taken in because the server was full or could not store them).",
            "result",
            ["accepted", "duplicate", "conflict", "invalid", "refused"],
        );
        Self { metrics, accepted, duplicate, conflict, invalid, refused }
    }
}

impl Figures {
    /// These became of events.
    pub(super) fn received<'a>(&self, receipts: impl IntoIterator<Item = &'a Receipt>) {
        for receipt in receipts {
            match receipt {
                Receipt::Accepted => &self.accepted,
                Receipt::Duplicate => &self.duplicate,
                Receipt::Conflict => &self.conflict,
                Receipt::Invalid(_) | Receipt::Unfit(_) => &self.invalid,
            }
            .inc();
        }
    }

    /// So many events were not taken in, for no fault of theirs.
    pub(super) fn refused(&self, events: usize) {
        self.refused.inc_by(u64::try_from(events).unwrap_or(u64::MAX));
    }
}
