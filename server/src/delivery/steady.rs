//! A clock for the scheduler that never goes back and never stands still.
//!
//! Deliveries are due by the wall clock, since they outlive the process. When somebody sets that clock back by an hour,
//! nothing is to wait an hour longer; so what the scheduler is told moves on by the monotonic clock until the wall clock
//! has caught up. A wall clock that is set forward is followed: what is due by then is due.

use std::time::Duration;

use super::scheduler::after;
use crate::clock::Clock;
use crate::domain::Timestamp;

/// What was told last.
pub(super) struct Steady {
    now: Timestamp,
    monotonic: Duration,
    ahead: Duration,
}

impl Steady {
    pub(super) fn new(clock: &dyn Clock) -> Self {
        Self { now: clock.now(), monotonic: clock.monotonic(), ahead: Duration::ZERO }
    }

    /// The time: the wall clock's, or later.
    pub(super) fn now(&mut self, clock: &dyn Clock) -> Timestamp {
        let monotonic = clock.monotonic();
        let moved_on = after(self.now, monotonic.saturating_sub(self.monotonic));
        let wall = clock.now();
        (self.now, self.monotonic) = (moved_on.max(wall), monotonic);
        self.ahead = Duration::try_from(self.now.duration_since(wall)).unwrap_or_default();
        self.now
    }

    /// How far what was told last is ahead of the wall clock.
    pub(super) const fn ahead(&self) -> Duration {
        self.ahead
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    use super::*;

    /// Both clocks, in seconds.
    struct Two {
        wall: AtomicI64,
        monotonic: AtomicU64,
    }

    impl Clock for Two {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.wall.load(Ordering::Relaxed)).unwrap()
        }

        fn monotonic(&self) -> Duration {
            Duration::from_secs(self.monotonic.load(Ordering::Relaxed))
        }
    }

    fn pass(clock: &Two, steady: &mut Steady, wall: i64, monotonic: u64) -> i64 {
        clock.wall.fetch_add(wall, Ordering::Relaxed);
        clock.monotonic.fetch_add(monotonic, Ordering::Relaxed);
        steady.now(clock).as_second()
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_longer_and_one_that_is_set_forward_is_followed() {
        let clock = Two { wall: 10_000.into(), monotonic: 5.into() };
        let mut steady = Steady::new(&clock);
        assert_eq!(pass(&clock, &mut steady, 10, 10), 10_010);
        assert_eq!(steady.ahead(), Duration::ZERO);
        assert_eq!(pass(&clock, &mut steady, -3_600, 0), 10_010, "set back by an hour");
        assert_eq!(pass(&clock, &mut steady, 60, 60), 10_070, "and it goes on");
        assert_eq!(steady.ahead(), Duration::from_secs(3_600));
        assert_eq!(pass(&clock, &mut steady, 3_600, 0), 10_070, "and right again");
        assert_eq!(steady.ahead(), Duration::ZERO);
        assert_eq!(pass(&clock, &mut steady, 3_600, 0), 13_670, "set forward");
        assert_eq!(pass(&clock, &mut steady, 1, 1), 13_671);
    }
}
