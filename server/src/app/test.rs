//! Trying a webhook out: an event of the system's making, sent once, now. It changes nobody's state.

use std::sync::Arc;

use sigpost_core::json::{Canonical, Limits};
use sigpost_core::notification::cloudevents::CloudEvent;

use super::access::Operation;
use super::audit::Entry;
use super::ports::{Exchange, Keep};
use super::publish::new_event;
use super::{App, Error, WebhookDraft, WebhookName};
use crate::domain::{
    Attempt, Body, Cause, DeliveryId, EventId, MessageId, NewDelivery, Number, Principal, PublicId, Record,
    Tenant, Timestamp, Traced, Webhook, WebhookId, Work, profile,
};
use crate::storage::Resend;

/// What the audit log calls it.
const TEST: &str = "webhook.test";

impl App {
    /// Counts a user's try, where tries are limited: what an API asks that lets webhooks be tried out often.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::RateLimited`] says when there may be one more.
    pub fn admit_test(&self, principal: &Principal) -> Result<(), Error> {
        let access = self.authorise(principal, Operation::TestWebhook)?;
        match (&self.test_limit, &access.user) {
            (Some(limit), Some(user)) => limit.count(access.tenant.id, user, self.clock.monotonic()),
            (None, _) | (_, None) => Ok(()),
        }
    }

    /// Sends a stored webhook an event, whatever it is subscribed to and whether or not it is enabled; of this type, or
    /// of one that its system has. Answers when the attempt has ended, with the record of it.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::NotFound`]; [`Error::Invalid`] for a type that no event can have;
    /// [`Error::Saturated`] when the tenant has many attempts under way.
    pub async fn test_webhook(
        &self,
        principal: &Principal,
        name: WebhookName,
        event_type: Option<&str>,
    ) -> Result<(Record, Arc<Tenant>), Error> {
        let access = self.authorise(principal, Operation::TestWebhook)?;
        let webhook = self.webhook_within(&access, name)?;
        let tenant = Arc::clone(&access.tenant);
        let now = self.clock.now();
        let event = self.test_event(&tenant, &webhook, event_type, now)?;
        let prepared = profile::prepare(&tenant, &event, now)
            .map_err(|unfit| Error::invalid("event_type", unfit.to_string()))?;
        let frame = webhook.profile.render(&webhook.named(), &prepared);
        let delivery = NewDelivery { webhook: webhook.id, frame };
        let event = new_event(&tenant, &event, prepared, now, vec![delivery]);
        let reservation = self.probe.reserve(tenant.id)?;
        let entry = Entry::of(principal, TEST).to("webhook", &webhook.public_id);
        let (app, uid) = (self.clone(), tenant.uid);
        let record = self
            .to_the_end(async move {
                let made = app.store.create_test(event).await?;
                if let Resend::Created { number, .. } = &made {
                    let new = PublicId::of_delivery(&uid, *number, now);
                    app.auditor().record(entry.with("new_delivery", &new)).await;
                }
                app.attempt_now(made, reservation, Keep::All).await
            })
            .await?;
        Ok((record, tenant))
    }

    /// Sends an event to a webhook that is not stored, as it would be if it were. No delivery is recorded.
    ///
    /// # Errors
    /// As [`App::create_webhook`], and [`Error::Saturated`].
    pub async fn test_draft(&self, principal: &Principal, draft: WebhookDraft) -> Result<Attempt, Error> {
        let tenant = self.authorise(principal, Operation::TestWebhook)?.tenant;
        let (new, _) = self.checked(principal, draft)?;
        let now = new.created_at;
        let webhook = new.first_version(WebhookId::NONE, Number::FIRST);
        let event = self.test_event(&tenant, &webhook, None, now)?;
        let prepared = profile::prepare(&tenant, &event, now)
            .map_err(|unfit| Error::invalid("event_type", unfit.to_string()))?;
        let frame = webhook.profile.render(&webhook.named(), &prepared).frame(self.public_id(now));
        // As many as numbers have bits, so that the message has an id of its own.
        let message = Number::new(i64::try_from(self.draw() >> 2).unwrap_or(1)).unwrap_or(Number::FIRST);
        let work = Work {
            delivery: DeliveryId::new(0),
            tenant: tenant.id,
            webhook: webhook.id,
            event: EventId::new(0),
            message_id: MessageId::derive(&tenant.uid, message, now, webhook.number),
            cause: Cause::Test,
            received_at: now,
            attempts_made: 0,
            tries: 0,
            due: now,
            body: Some(Body { data: prepared.shared, frame }),
            trace: Traced::No,
        };
        let reservation = self.probe.reserve(tenant.id)?;
        // Its url may hold what is secret.
        let entry = Entry::of(principal, TEST).with("host", &webhook.endpoint.authority());
        let (auditor, probe, webhook) = (self.auditor(), Arc::clone(&self.probe), Arc::new(webhook));
        self.to_the_end(async move {
            auditor.record(entry).await;
            Ok(probe.attempt(Exchange { tenant, webhook, work, keep: Keep::All }, reservation).await)
        })
        .await
    }

    fn test_event(
        &self,
        tenant: &Tenant,
        webhook: &Webhook,
        event_type: Option<&str>,
        now: Timestamp,
    ) -> Result<CloudEvent, Error> {
        let id = self.public_id(now);
        let text = profile::test_event(tenant, webhook, event_type, id, now);
        let json = Canonical::parse(text.as_bytes(), Limits::default()).map_err(Error::bug)?;
        CloudEvent::from_json(json.view()).map_err(|error| Error::invalid("event_type", error.to_string()))
    }

    fn draw(&self) -> u64 {
        let mut random = [0; 8];
        self.rng.fill(&mut random);
        u64::from_be_bytes(random)
    }
}
