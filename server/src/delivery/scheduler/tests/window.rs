//! What one endpoint may get at most, told by the simulator's own book-keeping and not by the gate: from what was started
//! and what came of it. It is no second gate but bounds that must hold whatever a gate remembers:
//!
//! - As many at once as a new window has and one more for each success, and half as many after each failure that was
//!   sure to narrow it. After a pause one may tell how it is, whatever is in flight from before.
//! - After failures that have narrowed any window to nothing, a pause, and then one attempt that tells whether to go on.
//! - One more for each success after a pause that was sure: when it says that it is gone or wants to be left alone.
//! - None before the receiver wants one, nor for a while after it says that it is gone or something of ours was missing: for longer each time in a row.

use super::*;

/// From 64 to 32, 16, 8, 4, 2, 1, and then a pause.
const NARROWED_TO_NOTHING: u32 = 7;

/// An endpoint, as it was seen from outside.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// At once.
    most: usize,
    /// How often in a row it was narrowed for sure: by an attempt that began after the time before.
    narrowed: u32,
    /// Counts what has happened, and when in that count it was last narrowed or might have been.
    count: u64,
    mark: u64,
    /// When in that count anything last came that might have narrowed or closed it, sure or not.
    touched: u64,
    /// How often in a row something of ours was missing for sure.
    ours: u32,
    /// Nothing starts before.
    closed_until: Option<Timestamp>,
    version: u64,
}

/// An attempt in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    began: u64,
    version: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self { most: 4, narrowed: 0, count: 0, mark: 0, touched: 0, ours: 0, closed_until: None, version: 0 }
    }
}

impl Window {
    /// Whether an attempt was made of the webhook as it was before a change.
    pub(super) fn is_of_an_older_version(&self, flight: Flight) -> bool {
        flight.version < self.version
    }

    /// Whether nothing bad is known of the webhook as it is now.
    pub(super) fn is_fresh(&self) -> bool {
        self.touched == 0
    }

    /// The scheduler learns of this version of the webhook. Returns whether it is another one.
    pub(super) fn changed(&mut self, version: u64) -> bool {
        let other = version != self.version;
        if other {
            *self = Self { version, ..Self::default() };
        }
        other
    }

    /// Nothing more is known of it than that it was at rest.
    pub(super) fn forgotten(&mut self) {
        *self = Self { version: self.version, ..Self::default() };
    }

    /// An attempt starts beside these.
    pub(super) fn start<'a>(&mut self, beside: impl Iterator<Item = &'a Flight>, now: Timestamp) -> Flight {
        let beside: Vec<_> = beside.filter(|flight| !self.is_of_an_older_version(**flight)).collect();
        let alone = beside.iter().all(|flight| flight.began <= self.mark);
        assert!(beside.len() < self.most || alone, "started beyond any window");
        assert!(self.closed_until.is_none_or(|until| until <= now), "started in a pause");
        if self.narrowed >= NARROWED_TO_NOTHING {
            assert!(alone, "started beside the attempt that is to tell whether to go on");
        }
        self.count += 1;
        Flight { began: self.count, version: self.version }
    }

    pub(super) fn end(&mut self, flight: Flight, verdict: Verdict, ladder: &RetryPolicy, now: Timestamp) {
        if self.is_of_an_older_version(flight) {
            return;
        }
        // Nothing can have come between that it does not know of.
        let sure = flight.began > self.touched;
        // At least so long: the rest is drawn.
        let pause = (1..64).filter_map(|nth| ladder.pause(nth, 0)).min();
        match verdict.signal {
            Signal::Success | Signal::Refused => {
                self.narrowed = 0;
                let grown = self.most + usize::from(verdict.signal == Signal::Success);
                self.most = grown.min(64);
            }
            Signal::Trouble | Signal::Gone if flight.began > self.mark => {
                self.narrowed += 1;
                self.most = (self.most / 2).max(1);
                self.mark();
                if self.narrowed >= NARROWED_TO_NOTHING {
                    self.close_until(after(now, pause.unwrap_or_default()));
                }
            }
            Signal::Trouble | Signal::Gone => {}
            Signal::Ours | Signal::Nothing => self.mark(),
        }
        if !matches!(verdict.signal, Signal::Ours | Signal::Nothing) {
            self.ours = 0;
        }
        match verdict.signal {
            Signal::Success | Signal::Refused => {}
            Signal::Trouble | Signal::Nothing => self.touch(),
            // Whatever it was, it is paused now or probed.
            Signal::Gone => {
                self.close_until(if sure { after(now, pause.unwrap_or(seconds(5))) } else { now });
            }
            // What it had at once it has back when the probe answers.
            Signal::Ours if sure => {
                let most = self.most;
                self.close_until(after(now, seconds((1 << self.ours.min(6)).min(60))));
                (self.most, self.ours) = (most, self.ours + 1);
            }
            Signal::Ours => self.touch(),
        }
        if let Some(asked) = verdict.retry_after.filter(|asked| !asked.is_zero()) {
            self.close_until(after(now, asked.min(seconds(86_400))));
        }
    }

    /// An attempt was not made.
    pub(super) fn given_back(&mut self) {
        self.mark();
    }

    fn mark(&mut self) {
        self.touch();
        self.mark = self.count;
    }

    fn touch(&mut self) {
        self.count += 1;
        self.touched = self.count;
    }

    /// A pause, after which one attempt tells.
    fn close_until(&mut self, until: Timestamp) {
        self.mark();
        self.most = 1;
        self.closed_until = Some(self.closed_until.map_or(until, |earlier| earlier.max(until)));
    }
}
