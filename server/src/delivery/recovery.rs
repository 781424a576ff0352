//! Taking up where the last process stopped, while new events come in.
//!
//! Every delivery that was pending at the start is to be scheduled once, and so is every new one, which the store
//! shows among the pending too. What tells them apart is the order of their ids, which is the order in which they
//! became durable: recovery takes what lies before the first id known to be new, and a new delivery that recovery
//! was faster to find is not taken again when it is announced.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::driver::Message;
use crate::domain::{DeliveryId, Work};
use crate::storage::{Store, StoreError};

/// Deliveries read at a time.
const PAGE: u32 = 1_000;
/// How long to wait before the store is asked again after it failed.
const RETRY: Duration = Duration::from_secs(1);

/// Keeps what was recovered and what is new apart.
#[derive(Debug, Default)]
pub(super) struct Seam {
    first_new: Option<DeliveryId>,
    last_recovered: Option<DeliveryId>,
}

impl Seam {
    /// Whether a delivery that is announced as new is to be scheduled: not if recovery has it already.
    pub(super) fn takes_new(&mut self, id: DeliveryId) -> bool {
        if self.last_recovered.is_some_and(|last| id <= last) {
            return false;
        }
        self.is_new(id);
        true
    }

    /// Takes note that this delivery, and so every later one, is somebody else's to schedule.
    pub(super) fn is_new(&mut self, id: DeliveryId) {
        self.first_new = Some(self.first_new.map_or(id, |first| first.min(id)));
    }

    /// Whether a pending delivery that recovery found is to be scheduled: not if it is a new one.
    pub(super) fn takes_recovered(&mut self, id: DeliveryId) -> bool {
        if self.first_new.is_some_and(|first| id >= first) {
            return false;
        }
        self.last_recovered = Some(self.last_recovered.map_or(id, |last| last.max(id)));
        true
    }
}

/// Reads all pending deliveries and hands them to the driver, page by page, each when the last was taken in.
pub(super) async fn recover(store: Arc<dyn Store>, driver: mpsc::UnboundedSender<Message>) {
    let mut after = None;
    loop {
        let page = match store.pending(after, PAGE).await {
            Ok(page) => page,
            Err(error) => {
                log(&error);
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        let Some(last) = page.last().map(|work: &Work| work.delivery) else { return };
        let (taken, taken_in) = oneshot::channel();
        // The driver only ends at shutdown: what is left stays pending in the store.
        if driver.send(Message::Recovered(page, taken)).is_err() || !matches!(taken_in.await, Ok(More::Yes)) {
            return;
        }
        after = Some(last);
    }
}

fn log(error: &StoreError) {
    let error: &dyn core::error::Error = error;
    tracing::error!(error, "pending deliveries cannot be read; trying again");
}

/// Whether there can be more to recover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    /// Every delivery of the page was an old one.
    Yes,
    /// The page has reached the new ones.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: i64) -> DeliveryId {
        DeliveryId::new(n)
    }

    #[test]
    fn what_recovery_found_first_is_not_taken_again_when_it_is_announced() {
        let mut seam = Seam::default();
        assert!(seam.takes_recovered(id(1)));
        assert!(seam.takes_recovered(id(2)));
        assert!(!seam.takes_new(id(2)));
        assert!(seam.takes_new(id(3)));
    }

    #[test]
    fn what_was_announced_first_is_not_recovered() {
        let mut seam = Seam::default();
        assert!(seam.takes_new(id(5)));
        assert!(seam.takes_new(id(4)));
        assert!(seam.takes_recovered(id(3)));
        assert!(!seam.takes_recovered(id(4)));
        assert!(!seam.takes_recovered(id(5)));
        assert!(!seam.takes_recovered(id(6)));
        assert!(seam.takes_new(id(6)));
    }

    #[test]
    fn what_somebody_sends_by_itself_is_not_recovered() {
        let mut seam = Seam::default();
        seam.is_new(id(7));
        assert!(!seam.takes_recovered(id(7)));
        assert!(seam.takes_recovered(id(6)));
    }
}
