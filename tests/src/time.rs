//! Waiting with an end: every wait of the harness has a deadline, so that a test fails instead of hanging.

use std::time::{Duration, Instant};

/// The present, for time stamps of what the harness observes.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the harness watches real processes: this is its one clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// The wall clock, for what is compared with the times that a server tells or is told.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a test of the real binary goes by real time")]
pub fn wall() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// A point in time after which waiting is in vain.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// The point that lies `limit` ahead.
    #[must_use]
    pub fn after(limit: Duration) -> Self {
        Self(now() + limit)
    }

    /// What is left until then, zero once it has passed.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(now())
    }

    /// Whether it has passed.
    #[must_use]
    pub fn has_passed(self) -> bool {
        self.remaining().is_zero()
    }

    /// Asks again and again, every few milliseconds, until there is an answer or the deadline has passed.
    pub fn poll<T>(self, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
        loop {
            if let Some(answer) = ask() {
                return Some(answer);
            }
            if self.has_passed() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
