//! How much one endpoint gets at a time.
//!
//! ```text
//!            a full window succeeds: window + 1, up to 64
//!          ┌──┐   failures: window / 2
//!          ▼  │            ┌─┐
//!       ┌────────┐ ◀───────┘ │   failing at 1, or told to wait   ┌────────┐
//!       │  Open  │ ──────────┴───────────────────────────────▶   │ Paused │ ◀─┐
//!       └────────┘                                               └────────┘   │
//!           ▲   it answers                      ┌─────────┐   time  │         │
//!           └────────────────────────────────── │ Probing │ ◀───────┘         │
//!                                               └─────────┘ ──── it does not ─┘
//! ```
//!
//! One mechanism is slow start (a window begins at 4; after a pause at 1 and at 10 attempts in the first second, twice as
//! many in each that follows), circuit breaker (a pause, then one probe) and retry budget (whatever waits for an endpoint
//! that fails, it gets one attempt a pause).
//!
//! A window that is not needed does not grow beyond what a new one has, whatever succeeds, as in congestion window
//! validation (RFC 7661): an endpoint with little to do that begins to hang would else get as many slots as one that is
//! known to be able to use them, and a hundred of those all that their tenant may have.
//!
//! An attempt that failed for want of something of ours says nothing of the receiver, and yet pauses its endpoint, for
//! twice as long each time in a row: the next would most likely fail as well, and so would all that wait, one after the
//! other. When a probe then answers, the endpoint has the window back that it had, and half of that each further time in a
//! row: there may be enough for one attempt, and not for as many. The row ends when a whole window could be made.
//! One that could not even be made is such an attempt, but whoever gives it back says how long the pause is.
//!
//! Attempts that began before the window was last narrowed say nothing new when they fail: a receiver that breaks down
//! under 64 attempts has failed once. That it is gone is new all the same, and leaves it alone at once: the next attempt
//! that says so is the probe, and switches the webhook off. Attempts that began before the webhook was changed say nothing
//! at all: what one receiver asks for is not for the one in its place.

use core::time::Duration;

use super::retry::{after, before};
use crate::domain::{RetryPolicy, Timestamp};

const FIRST_WINDOW: usize = 4;
pub(super) const LARGEST_WINDOW: usize = 64;

/// Between the first attempts after a pause.
const FIRST_GAP: Duration = Duration::from_millis(100);
/// A gap shorter than this is none: nothing here makes more attempts a second.
const SHORTEST_GAP: Duration = Duration::from_micros(20);
/// Timers ring up to so much too late, which many gaps fit into: what is late by no more is made up for.
const LATE: Duration = Duration::from_millis(2);
/// How long the gaps stay what they are before they are halved.
const GAP_HALVED_AFTER: Duration = Duration::from_secs(1);
/// How long an endpoint waits after a probe that told nothing, and at least after an attempt that failed for want of
/// something of ours.
const OURS: Duration = Duration::from_secs(1);
/// How long at least after many of the latter in a row.
const LONGEST_OURS: Duration = Duration::from_secs(60);
/// How long one that says it is gone is left alone where there is no ladder: the first step of the one that holds where
/// nothing is said.
const GONE: Duration = Duration::from_secs(5);

/// What an attempt says of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::delivery) enum Signal {
    /// It takes what it gets.
    Success,
    /// It answers, and does not want this delivery.
    Refused,
    /// It cannot be reached, does not answer in time, or says that it has trouble.
    Trouble,
    /// It says that it is gone: once may be a mishap, so it is asked once more.
    Gone,
    /// Nothing, and no attempt can be made for now: something of ours is missing.
    Ours,
    /// Nothing: a defect of ours has met this one delivery, or somebody tried by hand.
    Nothing,
}

/// What is known of one endpoint's ability to take deliveries, and what follows from it.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    state: State,
    /// Attempts in flight of the webhook as it is now. Those of what it was before may hang where it is no more.
    in_flight: usize,
    /// Counts how often the window was narrowed: an attempt is judged by the window it began under.
    era: Era,
    /// The era that the webhook as it is now began with.
    renewed: Era,
    /// Pauses since an attempt last succeeded.
    pauses: u32,
    /// Pauses for want of something of ours, in a row.
    ours: u32,
    /// Attempts since the last of these for which nothing of ours was missing.
    made: usize,
    /// The window before the first of these, which says as much after them; half of it if one was given back in vain.
    kept: Option<usize>,
    pace: Option<Pace>,
}

/// Which window an attempt began under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Era(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many attempts at once; so many of them have succeeded since it last grew or might have, and whether as many
    /// were in flight meanwhile.
    Open { window: usize, successes: usize, full: bool },
    /// None before then, then one.
    Paused { until: Timestamp },
    /// One is under way.
    Probing,
}

impl State {
    const fn open(window: usize) -> Self {
        Self::Open { window, successes: 0, full: false }
    }
}

/// The slow start after a pause.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// No attempt before then.
    next: Timestamp,
    gap: Duration,
    halved: Timestamp,
}

impl Default for Gate {
    fn default() -> Self {
        let state = State::open(FIRST_WINDOW);
        Self {
            state,
            in_flight: 0,
            era: Era::default(),
            renewed: Era::default(),
            pauses: 0,
            ours: 0,
            made: 0,
            kept: None,
            pace: None,
        }
    }
}

impl Gate {
    /// As new: whatever is in flight says nothing of what comes.
    pub(super) fn renew(&mut self) {
        let era = Era(self.era.0 + 1);
        *self = Self { era, renewed: era, ..Self::default() };
    }

    /// Whether an attempt was made of the webhook as it is now.
    pub(super) fn is_current(&self, era: Era) -> bool {
        era >= self.renewed
    }

    /// How many attempts are in flight of the webhook as it is now.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether one more attempt may start beside those in flight, which are so many with those of what the webhook was
    /// before: however often it is changed, where it hangs it gets no more.
    pub(super) fn admits(&self, of_all_versions: usize, now: Timestamp) -> bool {
        match self.state {
            State::Open { window, .. } => {
                self.in_flight < window
                    && of_all_versions < LARGEST_WINDOW
                    && self.pace.is_none_or(|pace| pace.next <= now)
            }
            State::Paused { until } => until <= now,
            State::Probing => false,
        }
    }

    /// When time alone opens it, if anything waits.
    pub(super) fn opens_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Open { .. } => self.pace.map(|pace| pace.next),
            State::Paused { until } => Some(until),
            State::Probing => None,
        }
    }

    /// An attempt that it admits starts.
    pub(super) fn start(&mut self, now: Timestamp) -> Era {
        self.in_flight += 1;
        match &mut self.state {
            State::Open { window, full, .. } => *full |= self.in_flight >= *window,
            State::Paused { .. } => self.state = State::Probing,
            State::Probing => {}
        }
        if let Some(pace) = &mut self.pace {
            if pace.halved <= now {
                pace.gap /= 2;
                pace.halved = after(pace.halved, GAP_HALVED_AFTER).max(now);
            }
            let on_time = pace.next.max(before(now, LATE));
            pace.next = after(on_time, pace.gap);
            if pace.gap < SHORTEST_GAP {
                self.pace = None;
            }
        }
        self.era
    }

    /// An attempt is in flight no more.
    pub(super) fn land(&mut self, era: Era) {
        if self.is_current(era) {
            self.in_flight = self.in_flight.saturating_sub(1);
        }
    }

    /// Takes in the result of an attempt. `asked` is how long the receiver wants to be left alone.
    pub(super) fn learn(
        &mut self,
        era: Era,
        signal: Signal,
        asked: Option<Duration>,
        ladder: (&RetryPolicy, u32),
        now: Timestamp,
    ) {
        let open = matches!(self.state, State::Open { .. });
        if era == self.era || (signal == Signal::Gone && open && self.is_current(era)) {
            self.judge(signal, ladder, now);
        }
        // It has trouble of its own beside what is missing here, so its window is not to come back.
        if asked.is_some() || (matches!(signal, Signal::Trouble | Signal::Gone) && self.is_current(era)) {
            self.kept = None;
        }
        if let Some(asked) = asked {
            self.pause_until(after(now, asked));
        }
    }

    fn judge(&mut self, signal: Signal, (policy, draw): (&RetryPolicy, u32), now: Timestamp) {
        if !matches!(signal, Signal::Ours | Signal::Nothing) {
            self.made += 1;
            // The probe, and a window of others.
            if self.made > self.window() {
                self.ours = 0;
            }
        }
        match (signal, &mut self.state) {
            (Signal::Success, State::Open { window, successes, full }) => {
                self.pauses = 0;
                *successes += 1;
                if *successes >= *window {
                    let grows = *full || *window < FIRST_WINDOW;
                    self.state = State::open((*window + usize::from(grows)).min(LARGEST_WINDOW));
                }
            }
            (Signal::Success | Signal::Refused, State::Probing) => {
                if signal == Signal::Success {
                    self.pauses = 0;
                }
                if let Some(window) = self.kept.take() {
                    self.state = State::open(window);
                } else {
                    self.state = State::open(1);
                    self.pace = Some(Pace {
                        next: after(now, FIRST_GAP),
                        gap: FIRST_GAP,
                        halved: after(now, GAP_HALVED_AFTER),
                    });
                }
            }
            (Signal::Trouble, State::Open { window, .. }) if *window > 1 => {
                self.state = State::open(*window / 2);
                self.era = Era(self.era.0 + 1);
            }
            (Signal::Trouble | Signal::Gone, State::Open { .. } | State::Probing) => {
                self.pauses = self.pauses.saturating_add(1);
                let pause = policy.pause(self.pauses, draw);
                match pause.or((signal == Signal::Gone).then_some(GONE)) {
                    Some(pause) => self.pause_until(after(now, pause)),
                    // Who never tries again has no ladder to wait along.
                    None => self.state = State::open(1),
                }
            }
            (Signal::Ours, State::Open { .. } | State::Probing) => {
                self.miss();
                self.pause_until(after(now, self.wait_for_ours(draw)));
            }
            (Signal::Nothing, State::Probing) => self.pause_until(after(now, OURS)),
            // Its era has ended with the pause.
            (_, State::Paused { .. }) | (Signal::Refused | Signal::Nothing, State::Open { .. }) => {}
        }
    }

    /// Something of ours is missing: what is known of the receiver is kept for when it is there again.
    fn miss(&mut self) {
        if let State::Open { window, .. } = self.state {
            // One that starts slowly goes on with that.
            let again = if self.ours == 0 { window } else { (window / 2).max(1) };
            self.kept = self.pace.is_none().then_some(again);
        }
        (self.ours, self.made) = (self.ours.saturating_add(1), 0);
    }

    /// How long to wait for something of ours after so many attempts in a row that it was missing for: up to twice as
    /// long, so that what it held up together does not come back together.
    pub(super) fn wait_for_ours(&self, draw: u32) -> Duration {
        let doubled = OURS.saturating_mul(2_u32.saturating_pow(self.ours.saturating_sub(1)));
        doubled.min(LONGEST_OURS).mul_f64(1.0 + f64::from(draw) / f64::from(u32::MAX))
    }

    /// An attempt was not made after all, for want of something of ours; the endpoint waits until then.
    pub(super) fn take_back(&mut self, era: Era, until: Timestamp) {
        if era == self.era {
            self.miss();
            self.pause_until(until);
        }
    }

    /// Neither was an attempt that would have told whether the endpoint answers: the next one does.
    pub(super) fn give_up(&mut self, era: Era, now: Timestamp) {
        if era == self.era && self.state == State::Probing {
            self.pause_until(now);
        }
    }

    fn pause_until(&mut self, until: Timestamp) {
        let until = match self.state {
            State::Paused { until: earlier } => earlier.max(until),
            State::Open { .. } | State::Probing => until,
        };
        (self.state, self.pace) = (State::Paused { until }, None);
        self.era = Era(self.era.0 + 1);
    }

    /// Whether the endpoint takes what it gets, as far as is known. What piles up before one that does not is its
    /// receiver's doing, not a sign that this server is behind.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. }) && self.pace.is_none()
    }

    /// Whether nothing is known that a new gate would not know, or nothing that matters any more.
    pub(super) fn is_forgettable(&self, now: Timestamp) -> bool {
        match self.state {
            State::Open { window, .. } => self.pauses == 0 && window >= FIRST_WINDOW && self.pace.is_none(),
            State::Paused { until } => after(until, Duration::from_secs(86_400)) <= now,
            State::Probing => false,
        }
    }

    /// The most that can be in flight at once.
    pub(super) fn window(&self) -> usize {
        match self.state {
            State::Open { window, .. } => window,
            State::Paused { .. } | State::Probing => 1,
        }
    }
}
