//! Sending a delivery of the history once more: one attempt, now, as a new record.

use std::sync::Arc;

use super::access::Operation;
use super::audit::Entry;
use super::{App, Error};
use crate::domain::{DeliveryState, Next, Number, Principal, Record, Settlement};
use crate::storage::Resend;

impl App {
    /// Attempts a delivery once more with the same bytes and answers when the attempt has ended. It is a delivery
    /// of its own: the earlier record stays as it is, and the attempt changes nobody's state.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::Saturated`] when the tenant has many under way; [`Error::NotFound`] when the
    /// record, or its webhook, is not there (any more).
    pub async fn resend(&self, principal: &Principal, record: Number) -> Result<Record, Error> {
        let access = self.authorise(principal, Operation::Resend)?;
        let tenant = access.tenant.id;
        let original = self.store.record(tenant, record).await?;
        original.filter(|record| access.reaches(&record.webhook)).ok_or(Error::NotFound("history record"))?;
        // Before there is a record: an attempt that cannot be made must not look like one that failed.
        let reservation = self.probe.reserve(tenant)?;
        let entry = Entry::of(principal, "delivery.resend").to("delivery", &record);
        let auditor = self.auditor();
        let (store, probe, now) = (Arc::clone(&self.store), Arc::clone(&self.probe), self.clock.now());
        self.to_the_end(async move {
            let (work, number) = match store.create_resend(tenant, record, now).await? {
                Resend::Created { work, number } => (work, number),
                Resend::NoRecord => return Err(Error::NotFound("history record")),
                Resend::WebhookDeleted => return Err(Error::NotFound("webhook: it was deleted since")),
            };
            auditor.record(entry.with("new_delivery", &number)).await;
            let delivery = work.delivery;
            let attempt = probe.attempt(*work, reservation).await;
            let end = if attempt.outcome.is_success() {
                DeliveryState::Delivered
            } else {
                DeliveryState::Exhausted
            };
            let settlement = Settlement { delivery, attempt: Some(attempt), next: Next::End(end) };
            if let Err(error) = store.settle(settlement.clone()).await {
                // The receiver has it: the result must not be lost for want of space, or the delivery stays pending.
                store.settle_later(settlement);
                return Err(error.into());
            }
            store.record(tenant, number).await?.ok_or(Error::Internal)
        })
        .await
    }
}
