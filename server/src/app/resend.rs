//! Sending a delivery of the history once more: one attempt, now, as a new record.

use std::sync::Arc;

use super::access::Operation;
use super::audit::Entry;
use super::ports::{Exchange, Keep, Reservation};
use super::{App, Error, RecordName};
use crate::domain::{DeliveryState, Next, Principal, PublicId, Record, Settlement, Tenant};
use crate::storage::Resend;

impl App {
    /// Attempts a delivery once more with the same bytes and answers when the attempt has ended. It is a delivery
    /// of its own: the earlier record stays as it is, and the attempt changes nobody's state.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::Saturated`] when the tenant has many under way; [`Error::NotFound`] when the
    /// record, or its webhook, is not there (any more).
    pub async fn resend(
        &self,
        principal: &Principal,
        name: RecordName,
    ) -> Result<(Record, Arc<Tenant>), Error> {
        let access = self.authorise(principal, Operation::Resend)?;
        let tenant = access.tenant.id;
        let (uid, record) = (access.tenant.uid, self.record_within(&access, name).await?);
        // Before there is a record: an attempt that cannot be made must not look like one that failed.
        let reservation = self.probe.reserve(tenant)?;
        let entry = Entry::of(principal, "delivery.resend").to("delivery", &record.public_id);
        let record = record.number;
        let (app, now) = (self.clone(), self.clock.now());
        let record = self
            .to_the_end(async move {
                let made = app.store.create_resend(tenant, record, now).await?;
                if let Resend::Created { number, .. } = &made {
                    let new = PublicId::of_delivery(&uid, *number, now);
                    app.auditor().record(entry.with("new_delivery", &new)).await;
                }
                app.attempt_now(made, reservation, Keep::History).await
            })
            .await?;
        Ok((record, access.tenant))
    }

    /// Makes the one attempt of a delivery that is made for it, and tells what came of it.
    pub(super) async fn attempt_now(
        &self,
        made: Resend,
        reservation: Reservation,
        keep: Keep,
    ) -> Result<Record, Error> {
        let (work, number) = match made {
            Resend::Created { work, number } => (*work, number),
            Resend::NoRecord => return Err(Error::NotFound("delivery")),
            Resend::WebhookDeleted => return Err(Error::NotFound("webhook any more")),
        };
        let (delivery, tenant) = (work.delivery, work.tenant);
        let directory = self.store.directory();
        let target = directory.tenant(tenant).zip(directory.webhook(work.webhook));
        let (home, webhook) = target.ok_or(Error::NotFound("webhook any more"))?;
        let exchange = Exchange { tenant: Arc::clone(&home), webhook, work, keep };
        let attempt = self.probe.attempt(exchange, reservation).await;
        let end =
            if attempt.outcome.is_success() { DeliveryState::Delivered } else { DeliveryState::Exhausted };
        let kept = self.probe.to_keep(&home, attempt.clone());
        let settlement = Settlement { delivery, attempt: Some(kept), next: Next::End(end) };
        if let Err(error) = self.store.settle(settlement.clone()).await {
            // The receiver has it: the result must not be lost for want of space, or the delivery stays pending.
            self.store.settle_later(settlement);
            return Err(error.into());
        }
        let record = self.store.record(tenant, number).await?;
        let mut record = record.ok_or_else(|| Error::bug("a delivery without a record"))?;
        // Whoever waits for the answer sees it, even if history does not keep it.
        record.attempt.outcome = attempt.outcome;
        Ok(record)
    }
}
