//! Decides which delivery is attempted when, and what becomes of it. No I/O, no clock, no randomness.
//!
//! # Theory
//! The scheduler holds every pending delivery it was given until that delivery ends:
//!
//! ```text
//! accept ─▶ ready ──poll: Start──▶ in flight ──finished──▶ ended (forgotten)
//!   │        ▲  ▲                   │     └─give_back─┐
//!   └▶ later ┘  └───── due ── later ◀─────────────────┘
//!        (webhook disabled: parked instead of ready or later, until enabled, deleted or expired)
//! ```
//!
//! Guarantees, each checked by the simulation in the tests:
//! - A delivery is in one place at a time, and leaves only through an end that was reported, by
//!   [`Scheduler::finished`] or as [`Action::End`], or by being withdrawn.
//! - No attempt starts before it was due, beyond its endpoint's window, beyond the slots, while its webhook is
//!   disabled, or after its webhook was deleted.
//! - Of an endpoint's turns, first tries, retries and replays that wait get 8 : 2 : 1; see [`lanes`].
//! - Slots are shared out by [`turns`]: tenant first, then endpoint. No tenant gets a slot while it holds as many as are
//!   free (the dynamic threshold of Choudhury and Hahne, 1998): one whose receivers all hang leaves half of them to
//!   the others, n such tenants one part in n + 1.
//! - Time may jump. A jump forward makes things due, a jump back makes them wait; nothing is lost.
//!
//! Not guaranteed: any order of deliveries.

mod gate;
mod job;
mod lanes;
mod queue;
mod retry;
mod turns;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use self::job::{Budget, Job};
use self::queue::Queue;
use self::turns::Turns;
use crate::domain::{DeliveryId, DeliveryState, Next, RetryPolicy, TenantId, Timestamp, WebhookId, Work};

pub(super) use self::retry::{Verdict, after};

/// What the directory says of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It delivers.
    Enabled,
    /// It does not deliver; what waits for it goes on waiting until it is too old.
    Disabled,
    /// It was deleted.
    Gone,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Action {
    /// Make an attempt, then report it with [`Scheduler::finished`] or [`Scheduler::give_back`].
    Start(Box<Work>),
    /// Record that a delivery ended without an attempt. It is forgotten already.
    End(DeliveryId, DeliveryState),
}

/// Why an attempt that was to start was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GiveBack {
    /// Its webhook does not exist any more.
    Gone,
    /// Something of ours was missing; try again then.
    Until(Timestamp),
    /// Whoever gives it back keeps it.
    Forget,
}

/// The state machine.
#[derive(Debug)]
pub(super) struct Scheduler {
    queues: HashMap<WebhookId, Queue>,
    in_flight: HashMap<DeliveryId, Job>,
    tenants: Turns<TenantId>,
    endpoints: HashMap<TenantId, Turns<WebhookId>>,
    timers: BTreeSet<(Timestamp, WebhookId)>,
    ends: Vec<Action>,
    runnable: HashMap<TenantId, usize>,
    slots: usize,
    bodies: Arc<Budget>,
}

impl Scheduler {
    /// Makes one with so many slots for attempts in flight, which holds bodies of so many bytes.
    pub(super) fn new(slots: usize, body_bytes: usize) -> Self {
        Self {
            queues: HashMap::new(),
            in_flight: HashMap::new(),
            tenants: Turns::default(),
            endpoints: HashMap::new(),
            timers: BTreeSet::new(),
            ends: Vec::new(),
            runnable: HashMap::new(),
            slots,
            bodies: Budget::new(body_bytes),
        }
    }

    /// Takes a pending delivery over. It must not be one that is held already.
    pub(super) fn accept(&mut self, work: Work, standing: Standing, policy: &RetryPolicy, now: Timestamp) {
        let webhook = work.webhook;
        if standing == Standing::Gone {
            self.ends.push(Action::End(work.delivery, DeliveryState::Cancelled));
            return self.webhook_changed(webhook, standing, now);
        }
        let expires_at = after(work.received_at, policy.max_age());
        let tenant = work.tenant;
        let job = Job::new(work, expires_at, &self.bodies);
        let queue = self.queues.entry(webhook).or_insert_with(|| Queue::new(tenant));
        queue.set_standing(standing, now);
        queue.push(job, now);
        self.refresh(webhook);
    }

    /// Takes in what the directory says of a webhook now.
    pub(super) fn webhook_changed(&mut self, webhook: WebhookId, standing: Standing, now: Timestamp) {
        let Some(queue) = self.queues.get_mut(&webhook) else { return };
        queue.set_standing(standing, now);
        if standing == Standing::Gone {
            let cancelled = queue.take_all();
            self.end_all(&cancelled, DeliveryState::Cancelled);
        }
        self.refresh(webhook);
    }

    /// Forgets deliveries that are cancelled in the store already. One in flight ends with its attempt.
    pub(super) fn withdraw(&mut self, webhook: WebhookId, deliveries: &HashSet<DeliveryId>) {
        for delivery in deliveries {
            if let Some(job) = self.in_flight.get_mut(delivery) {
                job.withdraw();
            }
        }
        if let Some(queue) = self.queues.get_mut(&webhook) {
            queue.remove(deliveries);
        }
        self.refresh(webhook);
    }

    /// Takes in the result of an attempt and says what becomes of the delivery; `None` if it was not in flight.
    /// `draw` is a uniform random number.
    pub(super) fn finished(
        &mut self,
        delivery: DeliveryId,
        verdict: Verdict,
        policy: &RetryPolicy,
        draw: u32,
        now: Timestamp,
    ) -> Option<Next> {
        let mut job = self.land(delivery)?;
        let webhook = job.work().webhook;
        let mut next = retry::decide(job.work(), verdict, policy, draw, now);
        if let Some(queue) = self.queues.get_mut(&webhook) {
            queue.gate.learn(verdict.success);
            if let Next::Retry { due } = next {
                if queue.standing() == Standing::Gone || job.is_withdrawn() {
                    next = Next::End(DeliveryState::Cancelled);
                } else {
                    job.attempted(due);
                    queue.push(job, now);
                }
            }
        }
        self.refresh(webhook);
        Some(next)
    }

    /// Takes back a delivery whose attempt was not made.
    pub(super) fn give_back(&mut self, delivery: DeliveryId, why: GiveBack, now: Timestamp) {
        let Some(mut job) = self.land(delivery) else { return };
        let webhook = job.work().webhook;
        let gone = self.queues.get(&webhook).is_none_or(|queue| queue.standing() == Standing::Gone);
        let gone = gone || job.is_withdrawn();
        match why {
            GiveBack::Forget => {}
            GiveBack::Until(due) if !gone => {
                job.postpone(due);
                if let Some(queue) = self.queues.get_mut(&webhook) {
                    queue.push(job, now);
                }
            }
            GiveBack::Gone | GiveBack::Until(_) => {
                self.ends.push(Action::End(delivery, DeliveryState::Cancelled));
            }
        }
        self.refresh(webhook);
    }

    /// What is to be done now: deliveries that ended, and up to `room` attempts to start.
    pub(super) fn poll(&mut self, now: Timestamp, room: usize) -> Vec<Action> {
        self.ring_timers(now);
        let mut actions = core::mem::take(&mut self.ends);
        let mut started = 0;
        while started < room {
            let Some((tenant, webhook)) = self.next_turn() else { break };
            let Some(queue) = self.queues.get_mut(&webhook) else { break };
            let Some(mut job) = queue.pop() else { break };
            if job.expires_at() <= now {
                actions.push(Action::End(job.id(), DeliveryState::Expired));
            } else {
                queue.in_flight += 1;
                actions.push(Action::Start(Box::new(job.start())));
                self.in_flight.insert(job.id(), job);
                self.tenants.take(tenant);
                self.endpoints.entry(tenant).or_default().take(webhook);
                started += 1;
            }
            self.refresh(webhook);
        }
        actions
    }

    /// When [`Scheduler::poll`] has something to do that no call announces.
    pub(super) fn next_wakeup(&self) -> Option<Timestamp> {
        self.timers.first().map(|&(at, _)| at)
    }

    /// Whether [`Scheduler::poll`] would start an attempt if it had room.
    pub(super) fn has_startable(&self) -> bool {
        self.next_turn().is_some()
    }

    /// How many deliveries of each tenant wait that say this server is behind with it: due, and their endpoints take
    /// what they get. Tenants with none are left out.
    pub(super) fn runnable(&self) -> &HashMap<TenantId, usize> {
        &self.runnable
    }

    /// How many attempts are in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    fn next_turn(&self) -> Option<(TenantId, WebhookId)> {
        let free = self.slots.saturating_sub(self.in_flight.len());
        let tenant = self.tenants.next_below(free)?;
        Some((tenant, self.endpoints.get(&tenant)?.next_below(usize::MAX)?))
    }

    /// Ends a flight, whatever came of it.
    fn land(&mut self, delivery: DeliveryId) -> Option<Job> {
        let job = self.in_flight.remove(&delivery)?;
        let (tenant, webhook) = (job.work().tenant, job.work().webhook);
        if let Some(queue) = self.queues.get_mut(&webhook) {
            queue.in_flight = queue.in_flight.saturating_sub(1);
        }
        self.tenants.give_back(tenant);
        if let Some(endpoints) = self.endpoints.get_mut(&tenant) {
            endpoints.give_back(webhook);
        }
        Some(job)
    }

    fn ring_timers(&mut self, now: Timestamp) {
        while let Some(&(at, webhook)) = self.timers.first() {
            if at > now {
                break;
            }
            let Some(queue) = self.queues.get_mut(&webhook) else {
                self.timers.pop_first();
                continue;
            };
            let expired = queue.advance(now);
            self.end_all(&expired, DeliveryState::Expired);
            self.refresh(webhook);
        }
    }

    fn end_all(&mut self, jobs: &[Job], state: DeliveryState) {
        self.ends.extend(jobs.iter().map(|job| Action::End(job.id(), state)));
    }

    /// Brings everything that is derived from a queue up to date with it.
    fn refresh(&mut self, webhook: WebhookId) {
        let Some(queue) = self.queues.get_mut(&webhook) else { return };
        let counted = queue.counts();
        if counted != queue.counted {
            let sum = self.runnable.entry(queue.tenant).or_default();
            *sum = sum.saturating_sub(queue.counted) + counted;
            if *sum == 0 {
                self.runnable.remove(&queue.tenant);
            }
            queue.counted = counted;
        }
        let timer = queue.next_timer();
        if timer != queue.timer {
            if let Some(old) = queue.timer {
                self.timers.remove(&(old, webhook));
            }
            self.timers.extend(timer.map(|at| (at, webhook)));
            queue.timer = timer;
        }
        let tenant = queue.tenant;
        let endpoints = self.endpoints.entry(tenant).or_default();
        endpoints.set_waiting(webhook, queue.is_startable());
        self.tenants.set_waiting(tenant, endpoints.any_waiting());
        if endpoints.is_empty() {
            self.endpoints.remove(&tenant);
        }
        if queue.is_idle() {
            self.queues.remove(&webhook);
        }
    }
}
