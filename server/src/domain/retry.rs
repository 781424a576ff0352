//! When a failed delivery is tried again.

use core::time::Duration;

/// The waits before each attempt. The first attempt is at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    ladder: Vec<Duration>,
}

/// More steps than anybody needs; a bound on what a configuration can ask for.
const MAX_STEPS: usize = 64;

impl RetryPolicy {
    /// After this age an event is not tried again, whatever the ladder says.
    pub const MAX_AGE: Duration = Duration::from_secs(5 * 24 * 60 * 60);

    /// A ladder of waits: entry *n* is waited before attempt *n*. An empty ladder means one attempt, as the
    /// documents of all four systems describe. `None` if it has more than 64 steps.
    #[must_use]
    pub fn new(ladder: Vec<Duration>) -> Option<Self> {
        (ladder.len() <= MAX_STEPS).then_some(Self { ladder })
    }

    /// The waits before each attempt.
    #[must_use]
    pub fn ladder(&self) -> &[Duration] {
        &self.ladder
    }

    /// How long to wait after `attempts_made` failed attempts before the next, or `None` if there is no next.
    /// `draw` is a uniform random number in `0..=u32::MAX`: the step is lengthened by up to the larger of 30 s and
    /// a quarter of the step, so that what failed together does not come back together.
    #[must_use]
    pub fn wait_after(&self, attempts_made: u32, draw: u32) -> Option<Duration> {
        let step = *self.ladder.get(usize::try_from(attempts_made).ok()?)?;
        let spread = (step / 4).max(Duration::from_secs(30));
        Some(step + spread.mul_f64(f64::from(draw) / f64::from(u32::MAX)))
    }

    /// How long an endpoint that fails is left alone before it is probed, the *n*th time since it last succeeded: along
    /// the ladder too, whose last step is repeated. `None` if nothing is ever tried again.
    #[must_use]
    pub fn pause(&self, nth: u32, draw: u32) -> Option<Duration> {
        let last = u32::try_from(self.ladder.len().checked_sub(1)?).ok()?;
        if last == 0 {
            return None;
        }
        self.wait_after(nth.clamp(1, last), draw)
    }

    /// The age after which a pending delivery expires.
    #[must_use]
    pub fn max_age(&self) -> Duration {
        Self::MAX_AGE
    }
}

impl Default for RetryPolicy {
    /// 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: the example schedule of Standard Webhooks 1.0.0.
    fn default() -> Self {
        let seconds = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        Self { ladder: seconds.into_iter().map(Duration::from_secs).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_runs_once_and_then_stops() {
        let policy = RetryPolicy::default();
        let waits: Vec<_> = (1..=10).map(|made| policy.wait_after(made, 0)).collect();
        assert_eq!(waits[0], Some(Duration::from_secs(5)));
        assert_eq!(waits[8], Some(Duration::from_secs(86_400)));
        assert_eq!(waits[9], None);
    }

    #[test]
    fn jitter_only_ever_lengthens_a_step_and_by_a_bound() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.wait_after(1, u32::MAX), Some(Duration::from_secs(35)));
        assert_eq!(policy.wait_after(9, u32::MAX), Some(Duration::from_secs(86_400 + 21_600)));
    }

    #[test]
    fn an_empty_ladder_means_one_attempt() {
        let policy = RetryPolicy::new(Vec::new()).unwrap();
        assert_eq!(policy.wait_after(1, 0), None);
    }

    #[test]
    fn an_absurd_ladder_is_refused() {
        assert!(RetryPolicy::new(vec![Duration::ZERO; 65]).is_none());
    }
}
