//! How a webhook is doing: when it was last tried, since when it fails, and how it did over time.

use core::time::Duration;

use super::{Timestamp, WebhookId};

/// An attempt as it counts for its webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedAttempt {
    /// Whose attempt it was.
    pub webhook: WebhookId,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// Whether it succeeded.
    pub success: bool,
    /// Whether it says something of the webhook's health; see [`super::Cause::counts`].
    pub counts: bool,
}

/// What is known of a webhook's attempts so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Activity {
    /// When the latest attempt ended.
    pub last_attempt_at: Option<Timestamp>,
    /// When the latest successful one did.
    pub last_success_at: Option<Timestamp>,
    /// The first failure since the latest success; `None` while it succeeds.
    pub failing_since: Option<Timestamp>,
    /// Failures since the latest success.
    pub failures: u32,
}

/// A webhook without success for as long and with as many failures is switched off.
pub const FAILING_FOR: Duration = Duration::from_secs(5 * 24 * 60 * 60);
/// See [`FAILING_FOR`].
pub const FAILING_ATTEMPTS: u32 = 10;

/// A webhook without success for as long and with as many failures is told to fail.
const TROUBLED_FOR: Duration = Duration::from_secs(5 * 60);
/// See [`TROUBLED_FOR`].
const TROUBLED_ATTEMPTS: u32 = 3;

impl Activity {
    /// Takes in one more attempt.
    pub fn learn(&mut self, ended: &EndedAttempt) {
        let EndedAttempt { webhook: _, at, duration: _, success, counts } = *ended;
        self.last_attempt_at = self.last_attempt_at.max(Some(at));
        if success {
            self.last_success_at = self.last_success_at.max(Some(at));
        }
        match (counts, success) {
            (false, _) => {}
            (true, true) => self.forgive(),
            (true, false) => {
                self.failing_since.get_or_insert(at);
                self.failures = self.failures.saturating_add(1);
            }
        }
    }

    /// Begins anew: its owner has looked at it.
    pub fn forgive(&mut self) {
        self.failing_since = None;
        self.failures = 0;
    }

    /// Whether it has failed for so long that going on is of no use.
    #[must_use]
    pub fn is_hopeless(&self, now: Timestamp) -> bool {
        self.has_failed(FAILING_FOR, FAILING_ATTEMPTS, now)
    }

    /// Whether it has failed for so long that somebody should know.
    #[must_use]
    pub fn is_failing(&self, now: Timestamp) -> bool {
        self.has_failed(TROUBLED_FOR, TROUBLED_ATTEMPTS, now)
    }

    fn has_failed(&self, long: Duration, often: u32, now: Timestamp) -> bool {
        let failing = self.failing_since.map(|since| Duration::try_from(now.duration_since(since)));
        self.failures >= often && failing.is_some_and(|failing| failing.is_ok_and(|failing| failing >= long))
    }
}

/// The upper bounds of the classes durations are counted in, in milliseconds; one more class holds what is longer.
pub const LATENCY_BOUNDS: [u32; 13] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

/// How many classes there are.
pub const LATENCY_CLASSES: usize = LATENCY_BOUNDS.len() + 1;

/// How long a stretch of time is that counts are kept for.
pub const STATS_STEP: Duration = Duration::from_secs(5 * 60);

/// How a webhook did in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Stats {
    /// Attempts that succeeded.
    pub succeeded: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// How long all took together, in microseconds.
    pub duration_us: u64,
    /// How many took how long, by [`LATENCY_BOUNDS`].
    pub latency: [u64; LATENCY_CLASSES],
}

impl Stats {
    /// Counts one more attempt.
    pub fn count(&mut self, ended: &EndedAttempt) {
        *if ended.success { &mut self.succeeded } else { &mut self.failed } += 1;
        let micros = u64::try_from(ended.duration.as_micros()).unwrap_or(u64::MAX);
        self.duration_us = self.duration_us.saturating_add(micros);
        let class = LATENCY_BOUNDS.iter().position(|&bound| micros <= u64::from(bound) * 1_000);
        self.latency[class.unwrap_or(LATENCY_BOUNDS.len())] += 1;
    }

    /// Adds what another stretch of time counted.
    pub fn add(&mut self, other: &Self) {
        let Self { succeeded, failed, duration_us, latency } = other;
        self.succeeded += succeeded;
        self.failed += failed;
        self.duration_us = self.duration_us.saturating_add(*duration_us);
        for (sum, count) in self.latency.iter_mut().zip(latency) {
            *sum += count;
        }
    }

    /// The duration in milliseconds that this part of the attempts did not exceed, as the bound of its class; the
    /// highest bound for those that took longer than all. `None` without attempts.
    #[must_use]
    pub fn quantile(&self, part: f64) -> Option<u32> {
        let all: u64 = self.latency.iter().sum();
        let mut seen = 0;
        for (class, count) in self.latency.iter().enumerate() {
            seen += count;
            #[expect(clippy::cast_precision_loss, reason = "counts of attempts are far below 2^53")]
            if all > 0 && seen as f64 >= part * all as f64 {
                return Some(
                    LATENCY_BOUNDS.get(class).copied().unwrap_or(LATENCY_BOUNDS[LATENCY_BOUNDS.len() - 1]),
                );
            }
        }
        None
    }

    /// The beginning of the stretch of time that a point lies in.
    #[must_use]
    pub fn step_of(at: Timestamp) -> Timestamp {
        let step = i64::try_from(STATS_STEP.as_secs()).unwrap_or(i64::MAX);
        let second = at.as_second();
        // A multiple of five minutes that is not after a valid time is one.
        Timestamp::from_second(second - second.rem_euclid(step)).unwrap_or(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(second: i64, success: bool, counts: bool) -> EndedAttempt {
        EndedAttempt {
            webhook: WebhookId::new(1),
            at: Timestamp::from_second(second).unwrap(),
            duration: Duration::from_millis(7),
            success,
            counts,
        }
    }

    #[test]
    fn ten_failures_over_five_days_are_hopeless_and_one_success_forgives_them() {
        let day = 24 * 60 * 60;
        let now = |days: i64| Timestamp::from_second(days * day).unwrap();
        let mut activity = Activity::default();
        for n in 0..9 {
            activity.learn(&ended(n, false, true));
        }
        assert!(!activity.is_hopeless(now(6)), "nine are too few");
        activity.learn(&ended(9, false, true));
        assert!(!activity.is_hopeless(now(4)) && activity.is_hopeless(now(5)));
        activity.learn(&ended(10, true, false));
        assert!(activity.is_hopeless(now(5)), "a test says nothing of its health");
        activity.learn(&ended(11, true, true));
        assert!(!activity.is_hopeless(now(9)));
        assert_eq!(activity.last_success_at, Some(Timestamp::from_second(11).unwrap()));
    }

    #[test]
    fn a_webhook_is_failing_after_three_failures_over_five_minutes() {
        let now = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        let mut activity = Activity::default();
        activity.learn(&ended(0, false, true));
        activity.learn(&ended(400, false, true));
        assert!(!activity.is_failing(now(400)), "two are too few");
        activity.learn(&ended(401, false, true));
        assert!(!activity.is_failing(now(299)) && activity.is_failing(now(300)));
        activity.learn(&ended(402, true, true));
        assert!(!activity.is_failing(now(500)));
    }

    #[test]
    fn durations_are_counted_by_class() {
        let mut stats = Stats::default();
        for (micros, success) in
            [(999, true), (1_000, true), (1_001, true), (7_000, false), (99_000_000, false)]
        {
            stats.count(&EndedAttempt { duration: Duration::from_micros(micros), ..ended(0, success, true) });
        }
        assert_eq!((stats.succeeded, stats.failed, stats.duration_us), (3, 2, 99_010_000));
        assert_eq!((stats.latency[0], stats.latency[1], stats.latency[3], stats.latency[13]), (2, 1, 1, 1));
        assert_eq!(
            (stats.quantile(0.5), stats.quantile(0.8), stats.quantile(1.0)),
            (Some(2), Some(10), Some(10_000))
        );
        assert_eq!(Stats::default().quantile(0.5), None);
        let mut sum = stats;
        sum.add(&stats);
        assert_eq!((sum.succeeded, sum.latency[0]), (6, 4));
    }

    #[test]
    fn a_step_begins_at_a_multiple_of_five_minutes() {
        let step = |second| Stats::step_of(Timestamp::from_second(second).unwrap()).as_second();
        assert_eq!([step(0), step(299), step(300), step(-1)], [0, 0, 300, -300]);
    }
}
