//! What the engine finds out about webhooks, for those who tell of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::app::ports::{Finding, Findings};
use crate::domain::{Activity, Timestamp, Webhook, WebhookId};

/// How often a webhook is told to fail at the most, however often it recovers meanwhile.
const AGAIN: Duration = Duration::from_secs(60 * 60);
/// Webhooks that are remembered to have been told of. Beyond that all are forgotten, and told of again.
const REMEMBERED: usize = 10_000;

/// Tells each finding once.
pub(super) struct Herald {
    findings: Findings,
    told: Mutex<HashMap<WebhookId, Told>>,
}

/// What was told of a webhook.
#[derive(Clone, Copy)]
struct Told {
    /// Since when it had been failing.
    since: Timestamp,
    /// When it was told.
    at: Timestamp,
}

impl Herald {
    pub(super) fn new(findings: Findings) -> Self {
        Self { findings, told: Mutex::default() }
    }

    /// An attempt has ended then, and so the webhook is doing.
    pub(super) fn look(&self, webhook: WebhookId, activity: &Activity, at: Timestamp) {
        // Most attempts succeed.
        let Some(since) = activity.failing_since.filter(|_| activity.is_failing(at)) else { return };
        let mut told = self.told();
        let tells = told.get(&webhook).is_none_or(|last| {
            let age = Duration::try_from(at.duration_since(last.at)).unwrap_or_default();
            last.since != since && age >= AGAIN
        });
        if tells {
            if told.len() >= REMEMBERED {
                told.clear();
            }
            told.insert(webhook, Told { since, at });
            self.findings.tell(Finding::Failing { webhook, since, failures: activity.failures });
        }
    }

    /// The engine has switched a webhook off.
    pub(super) fn switched_off(&self, webhook: Arc<Webhook>) {
        self.findings.tell(Finding::SwitchedOff(webhook));
    }

    /// Every change is a single insert, or a clearing: after a panic the map is whole.
    fn told(&self) -> MutexGuard<'_, HashMap<WebhookId, Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    #[tokio::test]
    async fn a_webhook_is_told_to_fail_once_and_when_it_does_so_again_an_hour_later() {
        let (findings, heard) = Findings::open();
        let herald = Herald::new(findings);
        let webhook = WebhookId::new(1);
        let look = |since, failures, at| {
            let failing_since = Some(minute(since));
            let activity = Activity { failing_since, failures, ..Activity::default() };
            herald.look(webhook, &activity, minute(at));
        };
        // Too short, too few, and then enough.
        look(0, 10, 4);
        look(0, 2, 60);
        look(0, 3, 60);
        look(0, 4, 64);
        // It has recovered, and fails again: too soon, and then not.
        look(65, 5, 75);
        look(65, 6, 119);
        herald.look(webhook, &Activity::default(), minute(120));
        look(121, 7, 126);
        let mut heard = heard.lock().await;
        let mut told = Vec::new();
        while let Ok(finding) = heard.try_recv() {
            let Finding::Failing { webhook: WebhookId { .. }, since, failures } = finding else {
                panic!("not failing")
            };
            told.push((since, failures));
        }
        assert_eq!(told, [(minute(0), 3), (minute(121), 7)]);
    }
}
