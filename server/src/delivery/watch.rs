//! What the engine lets others see of itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Shared by the driver, the attempts and whoever looks. Looking holds nobody up.
pub(super) struct Watch {
    /// When (monotonic, in microseconds) the driver last took a turn.
    beat: AtomicU64,
}

impl Watch {
    /// Counts from now on.
    pub(super) fn new(now: Duration) -> Self {
        Self { beat: AtomicU64::new(micros(now)) }
    }

    /// The driver takes a turn.
    pub(super) fn beat(&self, now: Duration) {
        self.beat.store(micros(now), Ordering::Relaxed);
    }

    /// How long ago the driver last took a turn.
    pub(super) fn silent_for(&self, now: Duration) -> Duration {
        now.saturating_sub(Duration::from_micros(self.beat.load(Ordering::Relaxed)))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
