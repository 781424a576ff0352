//! Taking up where the last process stopped, while new events come in.
//!
//! What was there when the store was opened is recovery's; whatever came later is announced by whoever made it. So
//! every pending delivery is scheduled once, by one of the two. A tenant that was not there then is recovered when it is
//! there first.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::driver::Message;
use crate::domain::{DeliveryId, TenantId, Work};
use crate::storage::{Store, StoreError};

/// Deliveries read at a time.
const PAGE: u32 = 1_000;
/// How long to wait before the store is asked again after it failed.
const RETRY: Duration = Duration::from_secs(1);

/// Takes up what the tenants have that are there now, then what others have that come back.
pub(super) async fn run(
    store: Arc<dyn Store>,
    newest: Option<DeliveryId>,
    driver: mpsc::UnboundedSender<Message>,
    mut returned: mpsc::UnboundedReceiver<TenantId>,
) {
    let Some(newest) = newest else { return };
    let mut known: HashSet<_> = store.directory().tenants().iter().map(|tenant| tenant.id).collect();
    recover(&*store, &known.iter().copied().collect::<Vec<_>>(), newest, &driver).await;
    while let Some(tenant) = returned.recv().await {
        // A new one has nothing, and what was taken up once is the driver's.
        let is_new = store.directory().webhooks_of(tenant).is_empty();
        if !is_new && known.insert(tenant) {
            recover(&*store, &[tenant], newest, &driver).await;
        }
    }
}

/// Reads the pending deliveries of these tenants up to `newest` and hands them to the driver, page by page, each when
/// the last was taken in.
async fn recover(
    store: &dyn Store,
    tenants: &[TenantId],
    newest: DeliveryId,
    driver: &mpsc::UnboundedSender<Message>,
) {
    let mut after = None;
    loop {
        let mut page = match store.pending(tenants, after, PAGE).await {
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
