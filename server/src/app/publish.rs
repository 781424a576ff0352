//! Taking events in: check, match, render, make durable, dispatch.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use sigpost_core::notification::cloudevents::{CloudEvent, Data, EventError};

use super::access::{Operation, authorise};
use super::ports::Dispatcher;
use super::{App, Error};
use crate::domain::{
    Body, Cause, Fingerprint, NewDelivery, NewEvent, Principal, Published, Tenant, Timestamp, Webhook, Work,
    profile,
};
use crate::storage::Store;

/// How many deliveries become durable at once; a single event may have more.
const PORTION: usize = 4_096;

/// What became of one event of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It is durable and on its way.
    Accepted,
    /// It is the same as one accepted before; nothing was done.
    Duplicate,
    /// Another event with the same source and id was accepted before; nothing was done.
    Conflict,
    /// It is not a valid event.
    Invalid(EventError),
    /// It is a valid event, but the tenant's system has no such event.
    Unfit(profile::Unfit),
}

impl App {
    /// Publishes events; the receipts are in the order given. Events with many deliveries become durable in
    /// portions, so that nobody else waits long for a commit.
    ///
    /// # Errors
    /// [`Error`] when something is in the way of more. A portion may be durable by then: the same events sent again
    /// are duplicates.
    pub async fn publish(
        &self,
        principal: &Principal,
        events: Vec<Result<CloudEvent, EventError>>,
    ) -> Result<Vec<Receipt>, Error> {
        let tenant = authorise(principal, Operation::Publish)?.tenant;
        let now = self.clock.now();
        let mut receipts = Vec::with_capacity(events.len());
        let mut committed = Vec::with_capacity(events.len());
        let (mut portion, mut deliveries) = (Vec::new(), 0);
        for event in events {
            match event.map_err(Receipt::Invalid).and_then(|event| self.prepare(&tenant, &event, now)) {
                Ok(prepared) => {
                    deliveries += prepared.webhooks.len();
                    portion.push(prepared);
                    receipts.push(None);
                }
                Err(receipt) => receipts.push(Some(receipt)),
            }
            if deliveries >= PORTION {
                committed.extend(self.commit(&tenant, core::mem::take(&mut portion)).await?);
                deliveries = 0;
            }
        }
        committed.extend(self.commit(&tenant, portion).await?);
        let mut committed = committed.into_iter();
        // A portion is answered once for each valid event, in order.
        receipts.into_iter().map(|known| known.or_else(|| committed.next()).ok_or(Error::Internal)).collect()
    }

    async fn commit(&self, tenant: &Arc<Tenant>, portion: Vec<Prepared>) -> Result<Vec<Receipt>, Error> {
        if portion.is_empty() {
            return Ok(Vec::new());
        }
        self.dispatcher.admit(tenant.id).await?;
        let (store, dispatcher) = (Arc::clone(&self.store), Arc::clone(&self.dispatcher));
        let tenant = Arc::clone(tenant);
        self.to_the_end(async move { commit(&*store, &*dispatcher, &tenant, portion).await }).await
    }

    fn prepare(&self, tenant: &Tenant, event: &CloudEvent, now: Timestamp) -> Result<Prepared, Receipt> {
        let json = match event.data() {
            Data::Json(data) => Some(data),
            Data::None | Data::Binary(_) => None,
        };
        let prepared = profile::prepare(tenant.dialect, event.event_type(), json).map_err(Receipt::Unfit)?;
        let subject = &prepared.subject;
        // Whoever was taken out of the configuration receives nothing more, webhooks or not.
        let wants = |webhook: &Webhook| {
            tenant.has(&webhook.owner) && webhook.profile.matches(&webhook.owner, subject)
        };
        let webhooks = self.store.directory().matching(tenant.id, wants);
        let attributes = event.attributes_json();
        Ok(Prepared {
            event: NewEvent {
                tenant: tenant.id,
                source: event.source().to_owned(),
                id: event.id().to_owned(),
                event_type: event.event_type().to_owned(),
                fingerprint: fingerprint(event, &attributes),
                attributes,
                data: prepared.data.into(),
                received_at: now,
                deliveries: webhooks
                    .iter()
                    .map(|webhook| NewDelivery {
                        webhook: webhook.id,
                        frame: webhook.profile.render(webhook.number),
                    })
                    .collect(),
            },
            webhooks,
        })
    }
}

struct Prepared {
    event: NewEvent,
    /// In the order of the event's deliveries.
    webhooks: Vec<Arc<Webhook>>,
}

async fn commit(
    store: &dyn Store,
    dispatcher: &dyn Dispatcher,
    tenant: &Tenant,
    prepared: Vec<Prepared>,
) -> Result<Vec<Receipt>, Error> {
    // What is needed after the commit is cheap to keep: data and frames are shared, not copied.
    let events = prepared.iter().map(|prepared| prepared.event.clone()).collect();
    let published = store.publish(events).await?;
    let mut work = Vec::new();
    let mut receipts = Vec::with_capacity(published.len());
    for (Prepared { event, webhooks }, published) in prepared.into_iter().zip(published) {
        receipts.push(match published {
            Published::Duplicate { .. } => Receipt::Duplicate,
            Published::Conflict => Receipt::Conflict,
            Published::Accepted { event: id, number, deliveries } => {
                let each = deliveries.into_iter().zip(event.deliveries).zip(webhooks);
                work.extend(each.map(|((delivery, new), webhook)| Work {
                    delivery,
                    tenant: tenant.id,
                    webhook: webhook.id,
                    event: id,
                    message_id: webhook.message_id(tenant, number),
                    cause: Cause::Event,
                    received_at: event.received_at,
                    attempts_made: 0,
                    due: event.received_at,
                    body: Some(Body { data: Bytes::clone(&event.data), frame: new.frame }),
                }));
                Receipt::Accepted
            }
        });
    }
    if !work.is_empty() {
        dispatcher.accepted(work);
    }
    Ok(receipts)
}

/// Digests an event as received: attributes by value, data in canonical form, each part framed by its length so
/// that no two events run into the same bytes.
fn fingerprint(event: &CloudEvent, attributes: &str) -> Fingerprint {
    let (kind, data): (u8, &[u8]) = match event.data() {
        Data::None => (0, &[]),
        Data::Json(data) => (1, data.as_bytes()),
        Data::Binary(data) => (2, data),
    };
    let mut digest = Sha256::new();
    for part in [
        event.source().as_bytes(),
        event.id().as_bytes(),
        event.event_type().as_bytes(),
        attributes.as_bytes(),
    ] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.update([kind]);
    digest.update(data);
    Fingerprint(digest.finalize().into())
}
