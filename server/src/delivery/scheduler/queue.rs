//! What waits for one endpoint.

use std::collections::{BTreeMap, HashSet};

use super::Standing;
use super::gate::Gate;
use super::job::Job;
use super::lanes::Lanes;
use crate::domain::{DeliveryId, TenantId, Timestamp};

/// Deliveries of one endpoint that count as waiting to be sent, and whose bodies are held. What exceeds this is a
/// backlog of the endpoint's own: it holds up nobody's publishing.
pub(super) const SHARE: usize = 1_024;

/// One endpoint: its deliveries and what is known of it.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) tenant: TenantId,
    pub(super) gate: Gate,
    pub(super) in_flight: usize,
    /// What this queue adds to [`Scheduler::runnable`](super::Scheduler::runnable), and the timer it has set: kept
    /// here so that they can be taken back.
    pub(super) counted: usize,
    pub(super) timer: Option<Timestamp>,
    standing: Standing,
    /// Due.
    ready: Lanes,
    /// Not due yet.
    later: BTreeMap<(Timestamp, DeliveryId), Job>,
    /// While the endpoint does not deliver: everything, by when it expires.
    parked: BTreeMap<(Timestamp, DeliveryId), Job>,
}

impl Queue {
    pub(super) fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            gate: Gate::default(),
            in_flight: 0,
            counted: 0,
            timer: None,
            standing: Standing::Enabled,
            ready: Lanes::default(),
            later: BTreeMap::new(),
            parked: BTreeMap::new(),
        }
    }

    pub(super) fn standing(&self) -> Standing {
        self.standing
    }

    /// Files a delivery where it belongs.
    pub(super) fn push(&mut self, mut job: Job, now: Timestamp) {
        if self.standing != Standing::Enabled {
            job.drop_body();
            self.parked.insert((job.expires_at(), job.id()), job);
        } else if job.work().due > now {
            job.drop_body();
            self.later.insert((job.work().due, job.id()), job);
        } else {
            if self.ready.len() >= SHARE {
                job.drop_body();
            }
            self.ready.push(job);
        }
    }

    /// Makes what is due by now ready, or, while parked, takes out what has expired.
    pub(super) fn advance(&mut self, now: Timestamp) -> Vec<Job> {
        while let Some(first) = self.later.first_entry().filter(|first| first.key().0 <= now) {
            self.ready.push(first.remove());
        }
        let mut expired = Vec::new();
        while let Some(first) = self.parked.first_entry().filter(|first| first.key().0 <= now) {
            expired.push(first.remove());
        }
        expired
    }

    /// When [`Queue::advance`] has something to do next.
    pub(super) fn next_timer(&self) -> Option<Timestamp> {
        let first = if self.standing == Standing::Enabled { &self.later } else { &self.parked };
        first.first_key_value().map(|(&(at, _), _)| at)
    }

    /// Takes in whether the endpoint delivers; everything is filed anew.
    pub(super) fn set_standing(&mut self, standing: Standing, now: Timestamp) {
        if standing == self.standing {
            return;
        }
        self.standing = standing;
        for job in self.take_all() {
            self.push(job, now);
        }
    }

    /// Empties the queue.
    pub(super) fn take_all(&mut self) -> Vec<Job> {
        let later = core::mem::take(&mut self.later).into_values();
        let parked = core::mem::take(&mut self.parked).into_values();
        self.ready.drain().chain(later).chain(parked).collect()
    }

    /// Takes these out, wherever they wait.
    pub(super) fn remove(&mut self, gone: &HashSet<DeliveryId>) {
        self.ready.remove(&|id| gone.contains(&id));
        self.later.retain(|(_, id), _| !gone.contains(id));
        self.parked.retain(|(_, id), _| !gone.contains(id));
    }

    /// The delivery that is next, if one may start now.
    pub(super) fn pop(&mut self) -> Option<Job> {
        self.ready.pop()
    }

    /// Whether an attempt could start if there was a slot.
    pub(super) fn is_startable(&self) -> bool {
        !self.ready.is_empty() && self.gate.admits(self.in_flight)
    }

    /// How many of its deliveries say that this server is behind. Replays do not: they are to wait.
    pub(super) fn counts(&self) -> usize {
        if self.gate.is_failing() { 0 } else { self.ready.live().min(SHARE) }
    }

    /// How many deliveries wait here.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.ready.len() + self.later.len() + self.parked.len()
    }

    /// How many replays are due.
    #[cfg(test)]
    pub(super) fn replays(&self) -> usize {
        self.ready.len() - self.ready.live()
    }

    /// Whether forgetting this queue forgets nothing.
    pub(super) fn is_idle(&self) -> bool {
        let empty = self.ready.is_empty() && self.later.is_empty() && self.parked.is_empty();
        empty && self.in_flight == 0 && (self.gate.is_new() || self.standing == Standing::Gone)
    }
}
