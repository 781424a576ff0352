//! How fast an endpoint takes deliveries.

use core::time::Duration;

use crate::domain::Timestamp;

/// Over how long attempts that ended are counted.
const STEP: Duration = Duration::from_millis(250);
/// An endpoint that has ended no attempt for so long, though some are in flight, hangs. This and the time until it is
/// noticed are shorter together than publishing waits for room.
const HANGS_AFTER: Duration = Duration::from_millis(500);

/// Counts attempts that end.
#[derive(Debug, Default)]
pub(super) struct Speed {
    /// Since when, and how many.
    step: Option<(Timestamp, u32)>,
    /// Attempts a second, when a step was last over.
    rate: Option<f64>,
    /// When an attempt last ended, or began when none was in flight.
    moved: Option<Timestamp>,
}

impl Speed {
    /// An attempt starts.
    pub(super) fn start(&mut self, in_flight: usize, now: Timestamp) {
        if in_flight == 0 {
            self.moved = Some(now);
        }
    }

    /// An attempt has ended.
    pub(super) fn land(&mut self, now: Timestamp) {
        self.moved = Some(now);
        let (since, count) = self.step.map_or((now, 0), |(since, count)| (since, count + 1));
        self.step = Some((since, count));
        let over = elapsed(since, now);
        if over >= STEP {
            self.rate = Some(f64::from(count) / over.as_secs_f64());
            self.step = Some((now, 0));
        }
    }

    /// Whether it would take so many within a second. Of one of which nothing is known yet that is hoped for a second.
    pub(super) fn takes(&self, waiting: usize, in_flight: usize, now: Timestamp) -> bool {
        if in_flight > 0 && self.moved.is_some_and(|moved| elapsed(moved, now) > HANGS_AFTER) {
            return false;
        }
        // Exact for any number that can wait.
        let waiting = u32::try_from(waiting).map_or(f64::INFINITY, f64::from);
        self.rate.is_none_or(|rate| waiting <= rate)
    }
}

fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::retry::after;
    use super::*;

    fn at(millis: u64) -> Timestamp {
        after("2026-01-01T00:00:00Z".parse().unwrap(), Duration::from_millis(millis))
    }

    #[test]
    fn an_endpoint_takes_in_a_second_what_it_took_a_second_lately() {
        let mut speed = Speed::default();
        speed.start(0, at(0));
        assert!(speed.takes(1_000_000, 1, at(500)), "nothing is known yet");
        for millis in (0..=300).step_by(10) {
            speed.land(at(millis));
        }
        assert!(speed.takes(100, 1, at(300)) && !speed.takes(101, 1, at(300)));
    }

    #[test]
    fn one_that_hangs_takes_nothing_until_an_attempt_ends() {
        let mut speed = Speed::default();
        speed.start(0, at(0));
        speed.start(1, at(900));
        assert!(!speed.takes(1, 2, at(1_001)));
        assert!(speed.takes(1, 0, at(1_001)), "without attempts nothing hangs");
        speed.land(at(1_100));
        assert!(speed.takes(1, 1, at(1_200)));
    }
}
