//! How much one endpoint gets at a time.

/// Attempts an endpoint may have in flight at once, and while the latest one failed.
const WINDOW: usize = 16;
const FAILING_WINDOW: usize = 2;

/// What is known of one endpoint's ability to take deliveries, and what follows from it.
///
/// There are two constant windows. One that grows with success and shrinks with failure, pauses and probes changes
/// what [`Gate::admits`] answers and what [`Gate::learn`] remembers, and nothing else in the scheduler.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    failing: bool,
}

impl Gate {
    /// Whether one more attempt may start beside those in flight.
    pub(super) fn admits(&self, in_flight: usize) -> bool {
        in_flight < if self.failing { FAILING_WINDOW } else { WINDOW }
    }

    /// Takes in the result of an attempt.
    pub(super) fn learn(&mut self, success: bool) {
        self.failing = !success;
    }

    /// Whether the latest attempt failed. What piles up before such an endpoint is its receiver's doing, not a sign
    /// that this server is behind.
    pub(super) fn is_failing(&self) -> bool {
        self.failing
    }

    /// Whether nothing is known that a new gate would not know.
    pub(super) fn is_new(&self) -> bool {
        !self.failing
    }

    /// The most that can be in flight at once.
    #[cfg(test)]
    pub(super) fn window(&self) -> usize {
        WINDOW
    }
}
