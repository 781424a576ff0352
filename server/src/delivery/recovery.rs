//! Taking up where the last process stopped, while new events come in.
//!
//! What was there when the store was opened is recovery's; whatever came later is announced by whoever made it. So
//! every pending delivery is scheduled once, by one of the two.

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

/// Reads the pending deliveries up to `newest` and hands them to the driver, page by page, each when the last was
/// taken in.
pub(super) async fn recover(
    store: Arc<dyn Store>,
    newest: Option<DeliveryId>,
    driver: mpsc::UnboundedSender<Message>,
) {
    let Some(newest) = newest else { return };
    let mut after = None;
    loop {
        let mut page = match store.pending(after, PAGE).await {
            Ok(page) => page,
            Err(error) => {
                log(&error);
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        page.retain(|work: &Work| work.delivery <= newest);
        let Some(last) = page.last().map(|work| work.delivery) else { return };
        let (taken, taken_in) = oneshot::channel();
        // The driver only ends at shutdown: what is left stays pending in the store.
        if driver.send(Message::Recovered(page, taken)).is_err() || taken_in.await.is_err() {
            return;
        }
        after = Some(last);
    }
}

fn log(error: &StoreError) {
    let error: &dyn core::error::Error = error;
    tracing::error!(error, "pending deliveries cannot be read; trying again");
}
