//! What waits for one endpoint: the next turns in memory, all of them in the store.
//!
//! ```text
//!   in flight │ ready ─ later │ parked
//!             │     memory    ▲ the store alone
//!                          horizon
//! ```
//! Everything whose turn comes before the horizon is in memory or in flight; everything from the horizon on is parked. The
//! horizon comes nearer when memory is full and the last turn there has to go; it recedes when the store has answered what
//! waits from there on. While the question is under way three things may happen that its answer does not know of, and each
//! is remembered with the question: something is parked (the horizon stays before it), an attempt that was in flight lands
//! and something is withdrawn (neither is taken back in).
//!
//! A delivery may be due sooner here than in the store, where the clock of an earlier process has put it too far off. It
//! then may be in memory and beyond the horizon, and is not taken in a second time. What is new while memory is full of the
//! rest may be there, too: a few of those are held ahead of what is parked, or they would wait for every retry there is.
//! When the store shows one of them it has the same turn there, and takes its own place.

use std::collections::{BTreeMap, HashSet};

use super::Standing;
use super::gate::{Era, Gate, LARGEST_WINDOW};
use super::job::Job;
use super::lanes::{self, Lanes};
use super::speed::Speed;
use crate::domain::{DeliveryId, TenantId, Timestamp, Turn};

/// With less than one part in so many of what may be in memory being new, what comes is held ahead of what is parked.
const AHEAD: usize = 8;

/// One endpoint: its deliveries and what is known of it.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) tenant: TenantId,
    pub(super) gate: Gate,
    pub(super) speed: Speed,
    /// Of every version of the webhook.
    pub(super) in_flight: usize,
    /// What this queue adds to [`Scheduler::runnable`](super::Scheduler::runnable) and to what is held, and the timer it
    /// has set: kept here so that they can be taken back.
    pub(super) counted: usize,
    pub(super) counted_held: usize,
    pub(super) timer: Option<Timestamp>,
    /// Whether it was needed since it was last looked at.
    pub(super) used: bool,
    standing: Standing,
    /// When the webhook was last changed, as it was last attempted or heard of.
    changed_at: Option<Timestamp>,
    /// Due.
    ready: Lanes,
    /// Not due yet.
    later: BTreeMap<Turn, Job>,
    /// Of these in memory, those that are due sooner than in the store.
    hastened: HashSet<DeliveryId>,
    horizon: Option<Turn>,
    question: Option<Question>,
    /// The store is not asked before then.
    ask_from: Option<Timestamp>,
    /// While the endpoint does not deliver: where looking for what has expired goes on.
    looked: Turn,
}

/// What the store was asked, and what has happened since.
#[derive(Debug)]
struct Question {
    ticket: u64,
    /// The first turn that was parked.
    parked: Option<Turn>,
    /// What landed or was withdrawn.
    settled: HashSet<DeliveryId>,
}

impl Queue {
    pub(super) fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            gate: Gate::default(),
            speed: Speed::default(),
            in_flight: 0,
            counted: 0,
            counted_held: 0,
            timer: None,
            used: true,
            standing: Standing::Enabled,
            changed_at: None,
            ready: Lanes::default(),
            later: BTreeMap::new(),
            hastened: HashSet::new(),
            horizon: None,
            question: None,
            ask_from: None,
            looked: Turn::FIRST,
        }
    }

    pub(super) fn standing(&self) -> Standing {
        self.standing
    }

    /// Files a delivery where it belongs; memory has room for so many of this endpoint.
    pub(super) fn push(&mut self, job: Job, room: usize, now: Timestamp) {
        let turn = job.turn();
        if self.standing != Standing::Enabled {
            return self.park(turn);
        }
        if self.horizon.is_some_and(|horizon| turn >= horizon) {
            let due_and_new = lanes::is_new(&job) && job.work().due <= now;
            if !due_and_new || self.ready.fresh() >= room.div_ceil(AHEAD) {
                return self.note_parked(turn);
            }
        }
        self.insert(job, now);
        while self.held() > room {
            let Some(last) = self.last_turn() else { break };
            if self.later.remove(&last).is_none() {
                self.ready.take(last);
            }
            self.hastened.remove(&last.delivery);
            self.park(last);
        }
    }

    fn insert(&mut self, mut job: Job, now: Timestamp) {
        if job.is_hastened() {
            self.hastened.insert(job.id());
        }
        if job.work().due > now {
            job.drop_body();
            self.later.insert(job.turn(), job);
        } else {
            self.ready.push(job);
        }
    }

    fn last_turn(&self) -> Option<Turn> {
        let later = self.later.last_key_value().map(|(turn, _)| *turn);
        later.max(self.ready.last_turn(self.horizon))
    }

    /// From this turn on, only the store has what waits.
    pub(super) fn park(&mut self, turn: Turn) {
        self.horizon = Some(self.horizon.map_or(turn, |horizon| horizon.min(turn)));
        self.note_parked(turn);
    }

    fn note_parked(&mut self, turn: Turn) {
        if let Some(question) = &mut self.question {
            question.parked = Some(question.parked.map_or(turn, |first| first.min(turn)));
        }
    }

    /// An answer that is under way must not bring this one back.
    pub(super) fn note_settled(&mut self, delivery: DeliveryId) {
        if let Some(question) = &mut self.question {
            question.settled.insert(delivery);
        }
    }

    /// Makes what is due by now ready.
    pub(super) fn advance(&mut self, now: Timestamp) {
        while let Some(first) = self.later.first_entry().filter(|first| first.key().due <= now) {
            self.ready.push(first.remove());
        }
    }

    /// When something is to be done next that no call announces.
    pub(super) fn next_timer(&self, now: Timestamp) -> Option<Timestamp> {
        let later = match self.standing {
            Standing::Enabled => self.later.first_key_value().map(|(turn, _)| turn.due),
            Standing::Disabled | Standing::Gone => None,
        };
        let opens = if self.ready.is_empty() || self.standing != Standing::Enabled {
            None
        } else {
            self.gate.opens_at()
        };
        let asks = self.ask_from.filter(|_| self.question.is_none() && self.horizon.is_some());
        [later, opens, asks].into_iter().flatten().filter(|at| *at > now).min()
    }

    /// Takes in when the webhook was last changed that an attempt is to be made of which was admitted in this era. Returns
    /// whether it was admitted after that.
    pub(super) fn attempted_as_of(&mut self, changed_at: Timestamp, era: Era) -> bool {
        // A change that is not heard of yet begins anew here, and not when it is.
        match self.changed_at {
            None => self.changed_at = Some(changed_at),
            Some(_) => self.set_changed(Some(changed_at)),
        }
        self.gate.is_current(era)
    }

    /// Takes in when the webhook was last changed. After another change it may be another receiver, or one that was
    /// mended: nothing is known of it. Neither is it where no time is given.
    pub(super) fn set_changed(&mut self, changed_at: Option<Timestamp>) {
        if changed_at.is_some() && changed_at == self.changed_at {
            return;
        }
        self.changed_at = changed_at;
        self.gate.renew();
        self.speed = Speed::default();
    }

    /// Takes in whether the endpoint delivers. Returns what ends with it.
    pub(super) fn set_standing(&mut self, standing: Standing, look_from: Timestamp) -> Vec<Job> {
        if standing == self.standing {
            return Vec::new();
        }
        self.standing = standing;
        // What was asked was asked for another purpose.
        self.question = None;
        let parked = self.horizon.is_some();
        let held: Vec<Job> = self.take_all();
        self.looked = Turn::FIRST;
        self.ask_from = None;
        match standing {
            // The answer begins where nothing is left out.
            Standing::Enabled if parked => self.park(Turn::FIRST),
            Standing::Enabled => {}
            Standing::Disabled => {
                if parked || !held.is_empty() {
                    self.park(Turn::FIRST);
                }
                self.ask_from = Some(look_from);
            }
            Standing::Gone => {
                if parked {
                    self.park(Turn::FIRST);
                }
                return held;
            }
        }
        Vec::new()
    }

    /// The turn from which on the store is to be asked now, with this ticket.
    pub(super) fn question(&mut self, enough: usize, ticket: u64, now: Timestamp) -> Option<Turn> {
        let horizon = self.horizon?;
        let wanted = match self.standing {
            Standing::Enabled => self.held() <= enough,
            Standing::Disabled | Standing::Gone => true,
        };
        if !wanted || self.question.is_some() || self.ask_from.is_some_and(|from| now < from) {
            return None;
        }
        self.ask_from = None;
        self.question = Some(Question { ticket, parked: None, settled: HashSet::new() });
        match self.standing {
            Standing::Enabled => Some(horizon),
            Standing::Disabled | Standing::Gone => Some(self.looked),
        }
    }

    /// Whether an answer with this ticket is waited for.
    pub(super) fn asked(&self, ticket: u64) -> bool {
        self.question.as_ref().is_some_and(|question| question.ticket == ticket)
    }

    /// The store could not answer: it is asked again later.
    pub(super) fn not_answered(&mut self, again: Timestamp) {
        self.question = None;
        self.ask_from = Some(again);
    }

    /// Takes in that the store has shown what waits, up to a turn or to the end. Returns which of it is to be taken in.
    pub(super) fn answered(&mut self, next: Option<Turn>) -> impl Fn(&Turn) -> bool + use<> {
        let question = self.question.take();
        let (parked, settled) =
            question.map_or((None, HashSet::new()), |asked| (asked.parked, asked.settled));
        self.horizon = match (next, parked) {
            (Some(next), Some(parked)) => Some(next.min(parked)),
            (next, parked) => next.or(parked),
        };
        move |turn| parked.is_none_or(|parked| *turn < parked) && !settled.contains(&turn.delivery)
    }

    /// Takes in that the store has shown what waits of an endpoint that does not deliver: looking goes on there, or
    /// begins anew later.
    pub(super) fn looked(&mut self, next: Option<Turn>, again: Timestamp) {
        self.question = None;
        match (next, self.standing) {
            (Some(next), _) => self.looked = next,
            // Nothing is left of one that is gone.
            (None, Standing::Gone) => self.horizon = None,
            (None, _) => (self.looked, self.ask_from) = (Turn::FIRST, Some(again)),
        }
    }

    /// The next delivery that is due.
    pub(super) fn pop(&mut self) -> Option<Job> {
        let job = self.ready.pop()?;
        self.hastened.remove(&job.id());
        Some(job)
    }

    /// Whether a delivery of which the store says that it waits beyond the horizon is in memory.
    pub(super) fn has_hastened(&self, delivery: DeliveryId) -> bool {
        self.hastened.contains(&delivery)
    }

    /// Takes out everything in memory.
    fn take_all(&mut self) -> Vec<Job> {
        self.hastened.clear();
        self.ready.drain().chain(core::mem::take(&mut self.later).into_values()).collect()
    }

    /// Forgets these.
    pub(super) fn remove(&mut self, gone: &HashSet<DeliveryId>) {
        if let Some(question) = &mut self.question {
            question.settled.extend(gone);
        }
        self.ready.remove(&|id| gone.contains(&id));
        self.later.retain(|turn, _| !gone.contains(&turn.delivery));
        self.hastened.retain(|delivery| !gone.contains(delivery));
    }

    /// How many are held in memory and not in flight.
    pub(super) fn held(&self) -> usize {
        self.ready.len() + self.later.len()
    }

    /// How many are due.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Whether some are only in the store.
    pub(super) fn is_parked(&self) -> bool {
        self.horizon.is_some()
    }

    /// The oldest turn that is due and no replay's.
    pub(super) fn oldest_live(&self) -> Option<Turn> {
        self.ready.first_live()
    }

    /// Whether an attempt may start now.
    pub(super) fn is_startable(&self, now: Timestamp) -> bool {
        self.standing == Standing::Enabled && !self.ready.is_empty() && self.gate.admits(self.in_flight, now)
    }

    /// How many waiting deliveries say that this server is behind: those of an endpoint that would take them within a
    /// second. What piles up before a slow one is a backlog of its own and holds up nobody's publishing; neither do
    /// replays, which only take what is left over.
    pub(super) fn counts(&self, now: Timestamp) -> usize {
        if self.standing != Standing::Enabled || !self.gate.is_open() {
            return 0;
        }
        // What went to where the webhook was before holds it up.
        if self.in_flight >= LARGEST_WINDOW && self.gate.in_flight() < self.in_flight {
            return 0;
        }
        let live = self.ready.live();
        if self.speed.takes(live, self.gate.in_flight(), now) { live } else { 0 }
    }

    /// Whether nothing waits and nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.held() == 0 && self.horizon.is_none() && self.question.is_none()
    }

    #[cfg(test)]
    pub(super) fn horizon(&self) -> Option<Turn> {
        self.horizon
    }

    #[cfg(test)]
    pub(super) fn holds(&self, delivery: DeliveryId) -> bool {
        self.later.keys().any(|turn| turn.delivery == delivery) || self.ready.contains(delivery)
    }

    #[cfg(test)]
    pub(super) fn later(&self) -> impl Iterator<Item = &Job> {
        self.later.values()
    }

    #[cfg(test)]
    pub(super) fn replays(&self) -> usize {
        self.ready.len() - self.ready.live()
    }
}
