//! The time, as a parameter. [`SystemClock`] is the only reader of the ambient clocks.

use core::time::Duration;

use crate::domain::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock: for what is shown, stored and compared with other machines' times. It may jump.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment of this process: for how long something took. It never jumps.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: std::time::Instant,
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the ambient clocks")]
impl SystemClock {
    /// Starts counting monotonic time now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: std::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the ambient clocks")]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct MockClock {
    micros: core::sync::atomic::AtomicI64,
}

impl MockClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self { micros: time.as_microsecond().into() }
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.micros.fetch_add(by, core::sync::atomic::Ordering::SeqCst);
    }

    /// Goes back.
    #[cfg(test)]
    pub(crate) fn set_back(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.micros.fetch_sub(by, core::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for MockClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.micros.load(core::sync::atomic::Ordering::SeqCst))
            .unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.micros.load(core::sync::atomic::Ordering::SeqCst).unsigned_abs())
    }
}
