//! In which order an endpoint's deliveries that are due get its turns.
//!
//! Each kind has a lane of its own, and lanes that wait share the turns 8 : 2 : 1: what is new goes first, and neither a
//! long outage's retries nor a replay of a million events starve, or starve anything. A lane in which nothing waits
//! takes no part and saves nothing up. Only what is in memory has a lane; see [`queue`](super::queue) for what is new while
//! memory is full of the rest.

use core::ops::Bound;
use std::collections::BTreeMap;

use super::job::Job;
use crate::domain::{Cause, DeliveryId, Turn};

/// First tries, retries, replays.
const WEIGHTS: [i32; 3] = [8, 2, 1];
const NEW: usize = 0;
const REPLAYS: usize = 2;

/// Whether it has the lane that goes first.
pub(super) fn is_new(job: &Job) -> bool {
    lane_of(job) == NEW
}

/// What is due, in the order of turns, by kind.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    waiting: [BTreeMap<Turn, Job>; 3],
    /// What each lane is owed; below zero, what it has had too much.
    owed: [i32; 3],
}

fn lane_of(job: &Job) -> usize {
    match (job.work().cause, job.work().attempts_made) {
        (Cause::Replay, _) => REPLAYS,
        (Cause::Event | Cause::Resend | Cause::Test, 0) => NEW,
        (Cause::Event | Cause::Resend | Cause::Test, _) => 1,
    }
}

impl Lanes {
    pub(super) fn push(&mut self, job: Job) {
        self.waiting[lane_of(&job)].insert(job.turn(), job);
    }

    /// The delivery that is next: smooth weighted round robin. Each lane that waits is given its weight, and the one that
    /// is owed most gets the turn and pays for it.
    pub(super) fn pop(&mut self) -> Option<Job> {
        let waits = |lane: usize| !self.waiting[lane].is_empty();
        let all: i32 = (0..3).filter(|&lane| waits(lane)).map(|lane| WEIGHTS[lane]).sum();
        let mut next: Option<usize> = None;
        for lane in (0..3).filter(|&lane| waits(lane)) {
            self.owed[lane] += WEIGHTS[lane];
            if next.is_none_or(|next| self.owed[lane] > self.owed[next]) {
                next = Some(lane);
            }
        }
        let next = next?;
        self.owed[next] -= all;
        let job = self.waiting[next].pop_first();
        self.settle();
        job.map(|(_, job)| job)
    }

    /// The last turn of those before this one, or of all.
    pub(super) fn last_turn(&self, before: Option<Turn>) -> Option<Turn> {
        let until = before.map_or(Bound::Unbounded, Bound::Excluded);
        let last = |lane: &BTreeMap<Turn, Job>| Some(*lane.range((Bound::Unbounded, until)).next_back()?.0);
        self.waiting.iter().filter_map(last).max()
    }

    /// The first turn of what is no replay.
    pub(super) fn first_live(&self) -> Option<Turn> {
        self.waiting[..REPLAYS].iter().filter_map(|lane| lane.first_key_value()).map(|(turn, _)| *turn).min()
    }

    /// Takes the delivery out that has this turn.
    pub(super) fn take(&mut self, turn: Turn) -> Option<Job> {
        let job = self.waiting.iter_mut().find_map(|lane| lane.remove(&turn));
        self.settle();
        job
    }

    /// A lane in which nothing waits is owed nothing; what it owes it keeps, or one that is filled again and again would
    /// have more than its share. When nothing waits at all, everything begins anew.
    fn settle(&mut self) {
        if self.is_empty() {
            self.owed = [0; 3];
        }
        for (owed, _) in self.owed.iter_mut().zip(&self.waiting).filter(|(_, waiting)| waiting.is_empty()) {
            *owed = (*owed).min(0);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.iter().all(BTreeMap::is_empty)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.iter().map(BTreeMap::len).sum()
    }

    /// How many first tries wait.
    pub(super) fn fresh(&self) -> usize {
        self.waiting[NEW].len()
    }

    /// How many wait that are no replays: those only take what is left over.
    pub(super) fn live(&self) -> usize {
        self.len() - self.waiting[REPLAYS].len()
    }

    #[cfg(test)]
    pub(super) fn contains(&self, delivery: DeliveryId) -> bool {
        self.waiting.iter().any(|lane| lane.keys().any(|turn| turn.delivery == delivery))
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = Job> {
        self.owed = [0; 3];
        core::mem::take(&mut self.waiting).into_iter().flat_map(BTreeMap::into_values)
    }

    /// Takes these out.
    pub(super) fn remove(&mut self, gone: &dyn Fn(DeliveryId) -> bool) {
        for waiting in &mut self.waiting {
            waiting.retain(|turn, _| !gone(turn.delivery));
        }
        self.settle();
    }
}
