//! Telling a tenant's people what became of their webhooks: events of the server's own making, published to those of the
//! tenant's webhooks that name their types.
//!
//! # Theory
//! What the use-cases change is told by whoever changed it, after the change is durable. What the engine finds out comes
//! as a [`Finding`]; that a webhook was switched off is recorded in the audit log too.
//!
//! Guarantees: nothing is told to the webhook it is about, and only what becomes of it is told, never that an attempt
//! failed: so no news brings about news of the same. A webhook is told to fail once an hour at the most, and of a tenant
//! [`FAILING_A_MINUTE`] are. News is told once: it has an id of its own, and the store knows repetitions.
//!
//! Not guaranteed: that a crash between a change and its news leaves the news; but a webhook that the engine switched off
//! shortly before is told of, and recorded, by the next start.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;

use sigpost_core::json::{Canonical, Limits};
use sigpost_core::notification::cloudevents::CloudEvent;

use super::audit::{Auditor, Entry};
use super::ports::{Finding, Heard};
use super::publish::addressed;
use super::{App, Error};
use crate::causes::causes;
use crate::clock::Clock;
use crate::domain::profile::News;
use crate::domain::{Actor, AuditQuery, DisabledReason, Tenant, TenantId, Timestamp, Webhook, WebhookState};
use crate::storage::Store;

/// How far back a start looks for what was switched off and not told.
const LOOK_BACK: Duration = Duration::from_secs(60 * 60);
/// How many webhooks of one tenant are told to fail in a minute; the others are told when they fail again, an hour later.
const FAILING_A_MINUTE: u32 = 60;

const SWITCH_OFF: &str = "webhook.switch_off";

/// Publishes news. Cheap to clone, so that a task can take one along.
#[derive(Clone)]
pub(super) struct Announcer {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Announcer {
    /// Tells those of the webhook's tenant who ask for such news, or logs why that cannot be.
    pub(super) async fn announce(&self, webhook: &Webhook, news: News) {
        let Some(tenant) = self.store.directory().tenant(webhook.tenant) else { return };
        if let Err(error) = self.publish(&tenant, webhook, news).await {
            let error = causes(&error);
            tracing::error!(tenant = tenant.name, webhook = %webhook.public_id, error, ?news, "news cannot be told");
        }
    }

    async fn publish(&self, tenant: &Tenant, webhook: &Webhook, news: News) -> Result<(), Error> {
        let now = self.clock.now();
        let text = news.event(tenant, webhook, now);
        let json = Canonical::parse(text.as_bytes(), Limits::default()).map_err(Error::bug)?;
        let event = CloudEvent::from_json(json.view()).map_err(Error::bug)?;
        let others = |other: &Webhook| other.id != webhook.id;
        let event = addressed(self.store.directory(), tenant, &event, now, others).map_err(Error::bug)?;
        // Not admitted as what others publish is: it is little, and wanted most when much is wrong.
        if !event.deliveries.is_empty() {
            self.store.publish(vec![event]).await?;
        }
        Ok(())
    }

    /// Tells what a change has made of a webhook.
    pub(super) async fn announce_change(&self, before: &Webhook, after: &Webhook) {
        if let (WebhookState::Enabled, WebhookState::Disabled(reason)) = (before.state, after.state) {
            self.announce(after, News::Disabled(reason)).await;
        }
        let another = after.secrets_since != before.secrets_since;
        if another && before.secrets.sign() && after.secrets.sign() {
            let at_once = (after.updated_at, after.updated_at);
            let next = after.secrets.next().map(|next| (next.activate_at, next.retire_at));
            let (activate_at, retire_at) = next.unwrap_or(at_once);
            self.announce(after, News::Rotated { activate_at, retire_at }).await;
        }
    }
}

impl App {
    /// What a task takes along to tell what it has done.
    pub(super) fn announcer(&self) -> Announcer {
        Announcer { store: Arc::clone(&self.store), clock: Arc::clone(&self.clock) }
    }

    /// Tells and records what the engine finds out, as long as there is an engine; first what an earlier process left.
    pub async fn hear(&self, heard: Heard) {
        if let Err(error) = self.take_up_news().await {
            let error = causes(&error);
            tracing::error!(error, "it cannot be told what an earlier process has switched off");
        }
        let mut rate = Rate::default();
        let mut findings = heard.lock().await;
        while let Some(finding) = findings.recv().await {
            match finding {
                Finding::SwitchedOff(webhook) => self.switched_off(&webhook).await,
                Finding::Failing { webhook, since, failures } => {
                    let Some(webhook) = self.store.directory().webhook(webhook) else { continue };
                    if rate.admits(webhook.tenant, self.clock.monotonic()) {
                        self.announcer().announce(&webhook, News::Failing { since, failures }).await;
                    } else {
                        tracing::warn!(webhook = %webhook.public_id, "many webhooks fail: this one is not told to");
                    }
                }
            }
        }
    }

    async fn switched_off(&self, webhook: &Webhook) {
        let WebhookState::Disabled(reason) = webhook.state else { return };
        record(&self.auditor(), webhook, reason).await;
        self.announcer().announce(webhook, News::Disabled(reason)).await;
    }

    /// Tells and records what the engine has switched off and an earlier process did not come to tell.
    async fn take_up_news(&self) -> Result<(), Error> {
        let begin = self.clock.now().checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
        let directory = self.store.directory();
        for tenant in directory.tenants() {
            let webhooks = directory.webhooks_of(tenant.id).into_iter();
            for webhook in webhooks.filter(|known| known.state.is_suppressed() && known.updated_at >= begin) {
                let query = AuditQuery {
                    tenant: Some(tenant.id),
                    since: Some(webhook.updated_at),
                    operation: Some(SWITCH_OFF.to_owned()),
                    limit: u32::MAX >> 1,
                    ..AuditQuery::default()
                };
                let id = webhook.public_id.to_string();
                let records = self.store.audit(query).await?;
                let mut objects = records.iter().filter_map(|record| record.entry.object.as_ref());
                if !objects.any(|object| object.id == id) {
                    self.switched_off(&webhook).await;
                }
            }
        }
        Ok(())
    }
}

async fn record(auditor: &Auditor, webhook: &Webhook, reason: DisabledReason) {
    let reason = match reason {
        DisabledReason::Gone => "gone",
        DisabledReason::Failing => "failing",
        DisabledReason::ByOwner => "by-owner",
    };
    let entry = Entry::by(Actor::Server, Some(webhook.tenant), SWITCH_OFF);
    auditor.record(entry.to("webhook", &webhook.public_id).with("reason", &reason)).await;
}

/// How many webhooks of each tenant were told to fail in its running minute.
#[derive(Default)]
struct Rate(HashMap<TenantId, (Duration, u32)>);

impl Rate {
    fn admits(&mut self, tenant: TenantId, now: Duration) -> bool {
        let minute = Duration::from_secs(60);
        let (begun, told) = self.0.entry(tenant).or_insert((now, 0));
        if now.saturating_sub(*begun) >= minute {
            (*begun, *told) = (now, 0);
        }
        *told += 1;
        *told <= FAILING_A_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_webhooks_of_a_tenant_are_told_to_fail_in_a_minute() {
        let (mut rate, one, other) = (Rate::default(), TenantId::new(1), TenantId::new(2));
        let second = Duration::from_secs;
        let told = (0..100).filter(|n| rate.admits(one, second(n / 10))).count();
        assert_eq!(told, 60);
        assert!(rate.admits(other, second(10)) && !rate.admits(one, second(59)));
        assert!(rate.admits(one, second(60)));
    }
}
