//! A delivery while the scheduler holds it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::gate::Era;
use crate::domain::{Body, DeliveryId, Timestamp, Turn, Work};

/// A delivery, with its body only while there is room for it.
#[derive(Debug)]
pub(super) struct Job {
    work: Work,
    body: Option<HeldBody>,
    expires_at: Timestamp,
    withdrawn: bool,
    /// Whether it is due sooner here than in the store.
    hastened: bool,
    /// Under which window the attempt in flight began.
    era: Era,
}

impl Job {
    /// Takes the body out of `work` and keeps it if the budget has room; the store has it in any case.
    pub(super) fn new(mut work: Work, expires_at: Timestamp, budget: &Arc<Budget>) -> Self {
        let body = work.body.take().and_then(|body| HeldBody::new(body, budget));
        Self { work, body, expires_at, withdrawn: false, hastened: false, era: Era::default() }
    }

    pub(super) fn id(&self) -> DeliveryId {
        self.work.delivery
    }

    pub(super) fn turn(&self) -> Turn {
        self.work.turn()
    }

    pub(super) fn era(&self) -> Era {
        self.era
    }

    /// The delivery, without its body.
    pub(super) fn work(&self) -> &Work {
        &self.work
    }

    pub(super) fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// What an attempt needs, with the body if it was still held. From here on it is the attempt's.
    pub(super) fn start(&mut self, era: Era) -> Work {
        self.era = era;
        let mut work = self.work.clone();
        work.body = self.body.take().map(HeldBody::into_inner);
        work
    }

    /// Lets the body go: it is not needed soon.
    pub(super) fn drop_body(&mut self) {
        self.body = None;
    }

    /// It is due then, which is sooner than the store says.
    pub(super) fn hasten(&mut self, due: Timestamp) {
        self.hastened = true;
        self.work.due = due;
    }

    pub(super) fn is_hastened(&self) -> bool {
        self.hastened
    }

    /// It ends with the attempt that is in flight, whatever comes of it.
    pub(super) fn withdraw(&mut self) {
        self.withdrawn = true;
    }

    pub(super) fn is_withdrawn(&self) -> bool {
        self.withdrawn
    }

    /// Counts an attempt that ended, and says when the next is due and how much of the ladder is used up.
    pub(super) fn attempted(&mut self, due: Timestamp, tries: u32) {
        self.work.attempts_made = self.work.attempts_made.saturating_add(1);
        self.work.tries = tries;
        self.hastened = false;
        self.work.due = due;
    }
}

/// How many bytes of bodies may be held in memory.
#[derive(Debug)]
pub(super) struct Budget {
    held: AtomicUsize,
    limit: usize,
}

impl Budget {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { held: AtomicUsize::new(0), limit })
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

/// A body that counts against the budget until it is dropped.
#[derive(Debug)]
struct HeldBody {
    body: Body,
    bytes: usize,
    budget: Arc<Budget>,
}

impl HeldBody {
    fn new(body: Body, budget: &Arc<Budget>) -> Option<Self> {
        // Deliveries of one event share its data, so this overestimates: the limit is never exceeded.
        let bytes = body.data.len() + body.frame.head.len() + body.frame.tail.len();
        let before = budget.held.fetch_add(bytes, Ordering::Relaxed);
        let held = Self { body, bytes, budget: Arc::clone(budget) };
        (before.saturating_add(bytes) <= budget.limit).then_some(held)
    }

    fn into_inner(self) -> Body {
        // A cheap copy: bodies are reference-counted bytes.
        self.body.clone()
    }
}

impl Drop for HeldBody {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
