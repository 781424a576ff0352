//! What the engine counts.

use std::time::Duration;

use crate::domain::{Attempt, Cause, DisabledReason, FailureClass, Outcome, Timestamp, Work};
use crate::metrics::{Histogram, IntCounter, IntGauge, Metrics};

/// Deadlines are a few seconds, ten unless somebody says so.
const EXCHANGE: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Milliseconds when all is well; minutes behind a backlog.
const WAIT: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 600.0];

/// What an attempt that was answered is counted as; one that was not is by its [`FailureClass`].
const ANSWERS: [&str; 7] =
    ["success", "redirect", "gone", "throttled", "client-error", "server-error", "other"];
const CLASSES: usize = ANSWERS.len() + FailureClass::ALL.len();

/// Figures of an engine. Each attempt costs a few additions.
pub(super) struct Figures {
    attempts: [IntCounter; CLASSES],
    seconds: Histogram,
    wait: Histogram,
    in_flight: IntGauge,
    gone: IntCounter,
    failing: IntCounter,
}

impl Figures {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let mut classes = [""; CLASSES];
        let names = ANSWERS.into_iter().chain(FailureClass::ALL.into_iter().map(FailureClass::as_str));
        classes.iter_mut().zip(names).for_each(|(class, name)| *class = name);
        let [gone, failing] = metrics.counters(
            "sigpost_webhooks_disabled_total",
            "Webhooks that the server has switched off, by reason.",
            "reason",
            ["gone", "failing"],
        );
        Self {
            attempts: metrics.counters(
                "sigpost_attempts_total",
                "Attempts that have ended, tests and resends included, by what came of them.",
                "class",
                classes,
            ),
            seconds: metrics.histogram(
                "sigpost_attempt_seconds",
                "How long attempts took, from looking up the name to the end of the answer.",
                &EXCHANGE,
            ),
            wait: metrics.histogram(
                "sigpost_first_attempt_delay_seconds",
                "From taking an event in to the beginning of the first attempt of each of its deliveries.",
                &WAIT,
            ),
            in_flight: metrics.gauge("sigpost_attempts_in_flight", "Attempts that are under way."),
            gone,
            failing,
        }
    }

    /// An attempt begins; it is under way until what is returned is dropped.
    pub(super) fn begin(&self, work: &Work, now: Timestamp) -> InFlight<'_> {
        if work.attempts_made == 0 && work.cause == Cause::Event {
            let waited = Duration::try_from(now.duration_since(work.received_at));
            // The clock may have been set back meanwhile.
            self.wait.observe(waited.unwrap_or_default().as_secs_f64());
        }
        self.in_flight.inc();
        InFlight(&self.in_flight)
    }

    /// An attempt has ended.
    pub(super) fn ended(&self, attempt: &Attempt) {
        self.attempts[class(&attempt.outcome)].inc();
        self.seconds.observe(attempt.duration.as_secs_f64());
    }

    /// A webhook was switched off.
    pub(super) fn switched_off(&self, reason: DisabledReason) {
        match reason {
            DisabledReason::Gone => self.gone.inc(),
            DisabledReason::Failing => self.failing.inc(),
            // Nothing that the engine does.
            DisabledReason::ByOwner => {}
        }
    }
}

/// One attempt under way.
pub(super) struct InFlight<'a>(&'a IntGauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Where an outcome is counted.
const fn class(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Response { status, .. } => match status {
            200..=299 => 0,
            300..=399 => 1,
            410 => 2,
            429 => 3,
            400..=499 => 4,
            500..=599 => 5,
            _ => 6,
        },
        Outcome::Failed(failure) => ANSWERS.len() + failure.class as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Failure, Phase, ResponseHeaders};
    use crate::metrics::render;

    fn ended(outcome: Outcome) -> Attempt {
        Attempt {
            number: 1,
            started_at: Timestamp::UNIX_EPOCH,
            duration: Duration::from_millis(7),
            webhook_version: 1,
            outcome,
        }
    }

    #[test]
    fn every_outcome_is_counted_under_its_own_name() {
        let metrics = Metrics::default();
        let figures = Figures::new(&metrics);
        for (times, status) in [(1, 204), (2, 302), (3, 410), (4, 429), (5, 404), (6, 503), (7, 199)] {
            for _ in 0..times {
                let outcome =
                    Outcome::Response { status, headers: ResponseHeaders::default(), body: "".into() };
                figures.ended(&ended(outcome));
            }
        }
        for (index, class) in FailureClass::ALL.into_iter().enumerate() {
            for _ in 0..10 + index {
                figures.ended(&ended(Outcome::Failed(Failure { class, phase: Phase::Connect })));
            }
        }
        let text = render(&[metrics]).unwrap();
        let count = |class: &str, count: usize| {
            let line = format!("sigpost_attempts_total{{class=\"{class}\"}} {count}\n");
            assert!(text.contains(&line), "{line}\n{text}");
        };
        for (index, class) in ANSWERS.into_iter().enumerate() {
            count(class, index + 1);
        }
        for (index, class) in FailureClass::ALL.into_iter().enumerate() {
            count(class.as_str(), 10 + index);
        }
    }
}
