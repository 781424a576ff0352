//! How webhooks are doing, at rest: counted in memory, written at most once a second with whatever is committed then.
//! Where that of a webhook cannot be written, its attempts are not counted any more until the next start; where that is so
//! of many, nobody's are. Where it cannot be read at a start, the webhook is one that was never attempted.

use core::ops::ControlFlow;
use core::time::Duration;
use std::collections::HashSet;

use rusqlite::{Connection, Row, params, params_from_iter};

use super::damage::{Order, each_readable};
use super::rows::Place;
use super::transaction::Transaction;
use crate::causes::causes;
use crate::domain::{Activity, EndedAttempt, IdMap, LATENCY_CLASSES, Stats, Timestamp, WebhookId};
use crate::storage::{Directory, StoreError};

/// How often what was counted is written.
const EVERY: Duration = Duration::from_secs(1);

/// So many webhooks are given up one by one, each for a transaction that is undone.
const MOST_GIVEN_UP: usize = 16;

/// What has been counted since it was last written.
#[derive(Default)]
pub(super) struct Counted {
    changed: HashSet<WebhookId>,
    stats: IdMap<(WebhookId, Timestamp), Stats>,
    written_at: Duration,
    given_up: HashSet<WebhookId>,
}

/// Whose counts could not be written, and why.
#[derive(Debug)]
pub(super) struct Uncounted {
    webhook: WebhookId,
    pub(super) error: StoreError,
}

impl Counted {
    /// Takes in attempts that have become durable.
    pub(super) fn count(&mut self, ended: &[EndedAttempt]) {
        for attempt in ended {
            if !self.counts(attempt.webhook) {
                continue;
            }
            self.changed.insert(attempt.webhook);
            let step = (attempt.webhook, Stats::step_of(attempt.at));
            self.stats.entry(step).or_default().count(attempt);
        }
    }

    /// Notes that a webhook's activity was changed otherwise.
    pub(super) fn touch(&mut self, webhook: WebhookId) {
        if self.counts(webhook) {
            self.changed.insert(webhook);
        }
    }

    fn counts(&self, webhook: WebhookId) -> bool {
        self.given_up.len() < MOST_GIVEN_UP && !self.given_up.contains(&webhook)
    }

    /// Does without the counts of a webhook: tried again they would fail again, and all that is committed with them.
    pub(super) fn give_up(&mut self, Uncounted { webhook, error }: &Uncounted) {
        self.given_up.insert(*webhook);
        self.changed.remove(webhook);
        self.stats.retain(|(of, _), _| of != webhook);
        let (webhook, error) = (webhook.get(), causes(error));
        tracing::error!(
            webhook,
            error,
            "how a webhook is doing cannot be written and is not counted any more"
        );
        if self.given_up.len() >= MOST_GIVEN_UP {
            self.changed.clear();
            self.stats.clear();
            tracing::error!(
                "how webhooks are doing is not counted any more, for that of many cannot be written"
            );
        }
    }

    /// Everything has been written.
    pub(super) fn written(&mut self, now: Duration) {
        self.changed.clear();
        self.stats.clear();
        self.written_at = now;
    }

    fn is_due(&self, now: Duration) -> bool {
        !self.changed.is_empty() && now.saturating_sub(self.written_at) >= EVERY
    }
}

const SAVE_ACTIVITY: &str = "
    INSERT OR REPLACE INTO webhook_activity (webhook, last_attempt_at, last_success_at, failing_since, failures)
    VALUES (?1, ?2, ?3, ?4, ?5)";

const ADD_STATS: &str = "
    INSERT INTO webhook_stats (webhook, start, succeeded, failed, duration_us,
        l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11, l12, l13)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
    ON CONFLICT (webhook, start) DO UPDATE SET
        succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed,
        duration_us = duration_us + excluded.duration_us,
        l0 = l0 + excluded.l0, l1 = l1 + excluded.l1, l2 = l2 + excluded.l2, l3 = l3 + excluded.l3,
        l4 = l4 + excluded.l4, l5 = l5 + excluded.l5, l6 = l6 + excluded.l6, l7 = l7 + excluded.l7,
        l8 = l8 + excluded.l8, l9 = l9 + excluded.l9, l10 = l10 + excluded.l10, l11 = l11 + excluded.l11,
        l12 = l12 + excluded.l12, l13 = l13 + excluded.l13";

const ACTIVITIES: &str =
    "SELECT * FROM webhook_activity WHERE webhook >= ?1 AND webhook <= ?2 ORDER BY webhook";

const STATS: &str =
    "SELECT * FROM webhook_stats WHERE webhook = ?1 AND start >= ?2 AND start < ?3 ORDER BY start";

impl Transaction<'_> {
    /// Writes what was counted, if it is time to or `now` is asked for.
    pub(super) fn save_activity(&mut self, at_once: bool) -> Result<(), Uncounted> {
        let now = self.context.clock.monotonic();
        let counted = &self.state.counted;
        if self.draft.counted_until.is_some() || !(at_once || counted.is_due(now)) {
            return Ok(());
        }
        for webhook in &counted.changed {
            let Activity { last_attempt_at, last_success_at, failing_since, failures } =
                self.state.directory.activity(*webhook);
            let time = |time: Option<Timestamp>| time.map(Timestamp::as_microsecond);
            self.execute(
                SAVE_ACTIVITY,
                params![
                    webhook.get(),
                    time(last_attempt_at),
                    time(last_success_at),
                    time(failing_since),
                    failures
                ],
            )
            .map_err(|error| Uncounted { webhook: *webhook, error })?;
        }
        for ((webhook, start), stats) in &counted.stats {
            let Stats { succeeded, failed, duration_us, latency } = stats;
            let head = [webhook.get(), start.as_microsecond()];
            let counts = [*succeeded, *failed, *duration_us].into_iter().chain(*latency);
            let counts = counts.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
            self.execute(ADD_STATS, params_from_iter(head.into_iter().chain(counts)))
                .map_err(|error| Uncounted { webhook: *webhook, error })?;
        }
        self.draft.counted_until = Some(now);
        Ok(())
    }
}

/// Reads how each webhook is doing, as far as that can be read.
pub(super) fn load(sql: &Connection, directory: &Directory) -> Result<(), StoreError> {
    let unread = each_readable(sql, ACTIVITIES, Order::Ascending, 0..=i64::MAX, |row| {
        let id: i64 = row.get("webhook")?;
        let place = Place::new("webhook_activity", id);
        let time = |column| -> Result<Option<Timestamp>, StoreError> {
            let micros: Option<i64> = row.get(column)?;
            micros.map(|micros| place.time(column, micros)).transpose()
        };
        let activity = Activity {
            last_attempt_at: time("last_attempt_at")?,
            last_success_at: time("last_success_at")?,
            failing_since: time("failing_since")?,
            failures: place.unsigned("failures", row.get("failures")?)?,
        };
        directory.set_activity(WebhookId::new(id), activity);
        Ok(ControlFlow::Continue(()))
    })?;
    if let Some(unread) = unread {
        unread.tell("how webhooks were doing cannot be read and is told anew");
    }
    Ok(())
}

/// How a webhook did, step by step; steps without attempts are left out.
pub(super) fn stats(
    sql: &Connection,
    webhook: WebhookId,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<(Timestamp, Stats)>, StoreError> {
    let mut statement = sql.prepare_cached(STATS)?;
    let mut rows = statement.query([webhook.get(), since.as_microsecond(), until.as_microsecond()])?;
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        steps.push(step(webhook, row)?);
    }
    Ok(steps)
}

fn step(webhook: WebhookId, row: &Row<'_>) -> Result<(Timestamp, Stats), StoreError> {
    let place = Place::new("webhook_stats", webhook.get());
    let mut latency = [0; LATENCY_CLASSES];
    for (class, count) in latency.iter_mut().enumerate() {
        *count = place.unsigned("latency", row.get(class + 5)?)?;
    }
    let stats = Stats {
        succeeded: place.unsigned("succeeded", row.get("succeeded")?)?,
        failed: place.unsigned("failed", row.get("failed")?)?,
        duration_us: place.unsigned("duration_us", row.get("duration_us")?)?,
        latency,
    };
    Ok((place.time("start", row.get("start")?)?, stats))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::sqlite::rows::Place;

    #[test]
    fn what_cannot_be_written_of_many_webhooks_is_given_up_of_all() {
        let mut counted = Counted::default();
        for id in 1..=100 {
            counted.touch(WebhookId::new(id));
        }
        let mut tries = 0;
        while let Some(webhook) = counted.changed.iter().next().copied() {
            counted.give_up(&Uncounted { webhook, error: Place::new("webhook_stats", 1).column("start") });
            tries += 1;
        }
        assert_eq!(tries, MOST_GIVEN_UP, "each is a transaction that is undone");
        counted.touch(WebhookId::new(101));
        assert!(!counted.is_due(EVERY), "nobody is counted until the next start");
    }
}
