//! What the engine lets others see of itself: whether its driver goes on, how much waits, what it counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::attempt::Ended;
use super::figures::Figures;
use super::herald::Herald;
use super::log::{self, About, LogAttempts};
use super::scheduler::Depth;
use crate::app::ports::Findings;
use crate::clock::Clock;
use crate::domain::{Next, Timestamp};
use crate::metrics::Metrics;

/// How often the driver shows what waits: it looks at each endpoint for that.
const SHOW_EVERY: Duration = Duration::from_secs(1);

/// Shared by the driver, the attempts and whoever looks. Looking holds nobody up.
pub(super) struct Watch {
    pub(super) metrics: Metrics,
    pub(super) figures: Figures,
    pub(super) log_attempts: LogAttempts,
    pub(super) herald: Herald,
    pulse: Arc<Pulse>,
}

struct Pulse {
    clock: Arc<dyn Clock>,
    /// When (monotonic, in microseconds) the driver last took a turn, and last showed what waits.
    beat: AtomicU64,
    shown: AtomicU64,
    waiting: Mutex<Waiting>,
}

/// What waits, as of some moment. Each pending delivery that is not under way is in one place.
#[derive(Clone, Copy, Default)]
struct Waiting {
    runnable: u64,
    held: u64,
    scheduled: u64,
    parked: u64,
    oldest_runnable: Option<Timestamp>,
}

impl Watch {
    /// Counts from now on.
    pub(super) fn new(clock: Arc<dyn Clock>, log_attempts: LogAttempts, findings: Findings) -> Self {
        let metrics = Metrics::default();
        let figures = Figures::new(&metrics);
        let beat = micros(clock.monotonic()).into();
        let pulse = Arc::new(Pulse { clock, beat, shown: AtomicU64::new(0), waiting: Mutex::default() });
        Pulse::tell(&pulse, &metrics);
        Self { metrics, figures, log_attempts, herald: Herald::new(findings), pulse }
    }

    /// The driver takes a turn. Returns whether it is to show what waits.
    pub(super) fn beat(&self) -> bool {
        let now = micros(self.pulse.clock.monotonic());
        self.pulse.beat.store(now, Ordering::Relaxed);
        // Only the driver writes it.
        now.saturating_sub(self.pulse.shown.load(Ordering::Relaxed)) >= micros(SHOW_EVERY)
    }

    /// So much waits in memory; so much is in flight or about to be settled; so many deliveries are pending in all.
    pub(super) fn show(&self, depth: Depth, under_way: usize, pending: u64) {
        self.pulse.shown.store(self.pulse.beat.load(Ordering::Relaxed), Ordering::Relaxed);
        let waiting = Waiting {
            runnable: count(depth.runnable),
            held: count(depth.ready.saturating_sub(depth.runnable)),
            scheduled: count(depth.held.saturating_sub(depth.ready)),
            // What is under way is pending in the store. What is about to be settled and tried again is held already, so
            // this may be too little by as many, which are few and for a moment.
            parked: pending.saturating_sub(count(depth.held)).saturating_sub(count(under_way)),
            oldest_runnable: depth.oldest,
        };
        *self.pulse.waiting.lock().unwrap_or_else(PoisonError::into_inner) = waiting;
    }

    /// An attempt has ended, and this becomes of its delivery, where that follows from it. To be told once of each.
    pub(super) fn tell(&self, about: About<'_>, ended: &Ended, next: Option<Next>) {
        self.figures.ended(&ended.attempt);
        if self.log_attempts.wants(&ended.attempt.outcome) {
            log::attempt(about, ended, next);
        }
    }

    /// How long ago the driver last took a turn.
    pub(super) fn silent_for(&self) -> Duration {
        self.pulse.silent_for()
    }
}

impl Pulse {
    fn tell(this: &Arc<Self>, metrics: &Metrics) {
        let pulse = Arc::clone(this);
        metrics.computed(
            "sigpost_dispatcher_silent_seconds",
            "How long ago the dispatcher last took a turn; it takes one every second, whether or not there is work.",
            move || Some(pulse.silent_for().as_secs_f64()),
        );
        let pulse = Arc::clone(this);
        metrics.computed_by(
            "sigpost_deliveries_waiting",
            "Pending deliveries that are not under way, as of the last second: runnable (due; this server is behind), held \
             (due; their receivers are slow or fail), scheduled (due soon), parked (beyond what is held in memory of a \
             webhook, or of one that is off).",
            "place",
            ["runnable", "held", "scheduled", "parked"],
            move || {
                let Waiting { runnable, held, scheduled, parked, oldest_runnable: _ } = pulse.waiting();
                [runnable, held, scheduled, parked].map(in_full)
            },
        );
        let pulse = Arc::clone(this);
        metrics.computed(
            "sigpost_oldest_runnable_age_seconds",
            "How long the oldest delivery that could be attempted at once has been due; 0 when there is none.",
            move || {
                let since = pulse.waiting().oldest_runnable;
                let age = since.map(|due| Duration::try_from(pulse.clock.now().duration_since(due)));
                // The clock may have been set back meanwhile.
                Some(age.and_then(Result::ok).unwrap_or_default().as_secs_f64())
            },
        );
    }

    fn silent_for(&self) -> Duration {
        self.clock.monotonic().saturating_sub(Duration::from_micros(self.beat.load(Ordering::Relaxed)))
    }

    /// It is replaced whole: after a panic it is one.
    fn waiting(&self) -> Waiting {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn count(count: usize) -> u64 {
    count.try_into().unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts of deliveries are far below 2^53")]
fn in_full(count: u64) -> f64 {
    count as f64
}
