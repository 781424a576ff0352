//! Taking events in: check, match, render, make durable. The engine learns from the store what was made.

use sha2::{Digest, Sha256};
use sigpost_core::notification::cloudevents::{CloudEvent, Data, EventError, Value};

use super::access::Operation;
use super::{App, Error};
use crate::domain::{
    Fingerprint, NewDelivery, NewEvent, Principal, Published, Tenant, Timestamp, Traced, Webhook, profile,
};
use crate::storage::Directory;
use crate::traces::Publishing;

/// After so many events others get their turn: matching one against a thousand webhooks takes a while.
const BREATH: usize = 8;

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
        let tenant = self.authorise(principal, Operation::Publish)?.tenant;
        let now = self.clock.now();
        let count = events.len();
        let mut spans = self.tracer.as_ref().map(|tracer| tracer.publishing(&tenant, now));
        let mut receipts = Vec::with_capacity(count);
        let mut committed = Vec::with_capacity(count);
        let (mut portion, mut deliveries) = (Vec::new(), 0);
        for (index, event) in events.into_iter().enumerate() {
            if index % BREATH == BREATH - 1 {
                tokio::task::yield_now().await;
            }
            match event
                .map_err(Receipt::Invalid)
                .and_then(|event| self.prepare(&tenant, &event, now, &mut spans))
            {
                Ok(prepared) => {
                    deliveries += prepared.deliveries.len();
                    portion.push(prepared);
                    receipts.push(None);
                }
                Err(receipt) => {
                    self.figures.received([&receipt]);
                    receipts.push(Some(receipt));
                }
            }
            if deliveries >= PORTION {
                let portion = self.commit(&tenant, core::mem::take(&mut portion)).await;
                committed.extend(portion.inspect_err(|_| self.figures.refused(count - index - 1))?);
                deliveries = 0;
            }
        }
        committed.extend(self.commit(&tenant, portion).await?);
        if let Some(spans) = spans {
            spans.done();
        }
        let mut committed = committed.into_iter();
        // A portion is answered once for each valid event, in order.
        receipts
            .into_iter()
            .map(|known| {
                known.or_else(|| committed.next()).ok_or_else(|| Error::bug("an event without a receipt"))
            })
            .collect()
    }

    async fn commit(&self, tenant: &Tenant, portion: Vec<NewEvent>) -> Result<Vec<Receipt>, Error> {
        let events = portion.len();
        let receipts = self.make_durable(tenant, portion).await;
        match &receipts {
            Ok(receipts) => self.figures.received(receipts),
            Err(_) => self.figures.refused(events),
        }
        receipts
    }

    async fn make_durable(&self, tenant: &Tenant, portion: Vec<NewEvent>) -> Result<Vec<Receipt>, Error> {
        if portion.is_empty() {
            return Ok(Vec::new());
        }
        let deliveries = portion.iter().map(|event| event.deliveries.len()).sum();
        let _admission = self.dispatcher.admit(tenant.id, deliveries).await?;
        // If the client hangs up now, what it sent is stored and delivered all the same: the store tells the engine.
        let published = self.store.publish(portion).await?;
        Ok(published.iter().map(Receipt::from).collect())
    }

    fn prepare(
        &self,
        tenant: &Tenant,
        event: &CloudEvent,
        now: Timestamp,
        spans: &mut Option<Publishing>,
    ) -> Result<NewEvent, Receipt> {
        profile::check_publishable(event).map_err(Receipt::Unfit)?;
        let event_of = addressed(self.store.directory(), tenant, event, now, |_| true);
        let trace = spans.as_mut().map(|spans| traced(spans, event)).unwrap_or_default();
        Ok(NewEvent { trace, ..event_of.map_err(Receipt::Unfit)? })
    }
}

/// An event in its tenant's form, to all of the tenant's webhooks that are to receive it.
pub(super) fn addressed(
    directory: &Directory,
    tenant: &Tenant,
    event: &CloudEvent,
    now: Timestamp,
    among: impl Fn(&Webhook) -> bool,
) -> Result<NewEvent, profile::Unfit> {
    let prepared = profile::prepare(tenant, event, now)?;
    // Whoever was taken out of the configuration receives nothing more, webhooks or not.
    let wants = |webhook: &Webhook| {
        let owner = tenant.users.get(&webhook.owner);
        among(webhook) && owner.is_some_and(|owner| webhook.profile.matches(owner, &prepared.subject))
    };
    let webhooks = directory.matching(tenant.id, wants);
    let deliveries = webhooks
        .iter()
        .map(|webhook| NewDelivery {
            webhook: webhook.id,
            frame: webhook.profile.render(&webhook.named(), &prepared),
        })
        .collect();
    Ok(new_event(tenant, event, prepared, now, deliveries))
}

/// Where an event is published, if it came with a trace.
fn traced(spans: &mut Publishing, event: &CloudEvent) -> Traced {
    let traceparent = match event.attribute("traceparent") {
        Some(Value::Text(text)) => Some(&**text),
        _ => None,
    };
    spans.event(event.event_type(), traceparent).map_or(Traced::No, Traced::By)
}

/// An event in its tenant's form, ready for the store.
pub(super) fn new_event(
    tenant: &Tenant,
    event: &CloudEvent,
    prepared: profile::Prepared<'_>,
    now: Timestamp,
    deliveries: Vec<NewDelivery>,
) -> NewEvent {
    let attributes = event.attributes_json();
    NewEvent {
        tenant: tenant.id,
        source: event.source().to_owned(),
        id: event.id().to_owned(),
        event_type: event.event_type().to_owned(),
        fingerprint: fingerprint(event, &attributes),
        attributes,
        data: prepared.shared,
        received_at: now,
        deliveries,
        trace: Traced::default(),
    }
}

impl From<&Published> for Receipt {
    fn from(published: &Published) -> Self {
        match published {
            Published::Accepted { .. } => Self::Accepted,
            Published::Duplicate { .. } => Self::Duplicate,
            Published::Conflict => Self::Conflict,
        }
    }
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
