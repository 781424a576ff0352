//! Decides which delivery is attempted when, and what becomes of it. No I/O, no clock, no randomness.
//!
//! # Theory
//! Of each endpoint the scheduler holds the deliveries whose turns come first, a bounded number; the store has them all:
//!
//! ```text
//! accept ─▶ ready ──poll: Start──▶ in flight ──finished──▶ ended (forgotten)
//!   │        ▲  ▲                   │     └─give_back─┐
//!   ├▶ later ┘  └───── due ── later ◀─────────────────┘
//!   └▶ parked (only in the store) ──poll: Ask──▶ answered ─▶ ready, later
//! ```
//! Of a webhook that is disabled everything is parked; the store is asked now and then for what has grown too old. Of one
//! that is gone the store is asked for what is left, which ends.
//!
//! Guarantees, each checked by the simulation in the tests:
//! - A delivery is in one place at a time, and leaves only through an end that was reported, by
//!   [`Scheduler::finished`] or as [`Action::End`], or by being withdrawn.
//! - What is parked is taken up again: nothing that the store has is out of the scheduler's sight for good; see [`queue`].
//! - No attempt starts before it was due, unless its endpoint's [`gate`] admits it, beyond the slots, while its webhook is
//!   disabled, or after its webhook was deleted.
//! - Of an endpoint's turns, first tries, retries and replays that wait in memory get 8 : 2 : 1; see [`lanes`]. A few of
//!   what is new are in memory however many retries wait in the store.
//! - Slots are shared out by [`turns`]: tenant first, then endpoint. No tenant gets a slot while it holds as many as are
//!   free (the dynamic threshold of Choudhury and Hahne, 1998): one whose receivers all hang leaves half of them to
//!   the others, n such tenants one part in n + 1.
//! - Memory is bounded: so many deliveries an endpoint, and once there are many of them all, a few an endpoint.
//! - Time may jump forward, which makes things due. That it never goes back is for [`steady`](super::steady) to see to;
//!   that it is earlier than an earlier process thought makes nobody wait longer than its ladder or its receiver says. What
//!   is made after the wall clock was set back is as old as that clock says, however far the time here is ahead of it.
//!
//! Not guaranteed: any order of deliveries.

mod gate;
mod job;
mod lanes;
mod queue;
mod retry;
mod speed;
mod turns;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use self::gate::Gate;
use self::job::{Budget, Job};
use self::queue::Queue;
use self::turns::Turns;
use crate::domain::{
    DeliveryId, DeliveryState, IdMap, Next, RetryPolicy, TenantId, Timestamp, Turn, WebhookId, Work,
};
use crate::storage::{Page, Wanted};

pub(super) use self::gate::Signal;
pub(super) use self::retry::{Verdict, after};

/// How often an endpoint that does not deliver is looked through for what has expired.
const LOOK_EVERY: Duration = Duration::from_secs(600);
/// How long the store is left alone after it could not answer.
const ASK_AGAIN: Duration = Duration::from_secs(1);

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
    End(DeliveryId, WebhookId, DeliveryState),
    /// Ask the store, and bring the answer to [`Scheduler::answered`].
    Ask(Wanted),
}

/// Why an attempt that was to start was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GiveBack {
    /// Its webhook does not exist any more.
    Gone,
    /// Something of ours was missing; the endpoint waits until then.
    Until(Timestamp),
}

/// How much is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Attempts in flight at once.
    pub(super) slots: usize,
    /// Bytes of bodies in memory.
    pub(super) body_bytes: usize,
    /// Deliveries in memory beyond which each endpoint holds but a few.
    pub(super) held: usize,
    /// Deliveries of one endpoint in memory.
    pub(super) window: usize,
    /// The same while as many are held in all as may be.
    pub(super) small_window: usize,
    /// Deliveries that are asked for at a time.
    pub(super) page: usize,
}

/// How much waits, for whoever watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Depth {
    /// Due, and they say that this server is behind.
    pub(super) runnable: usize,
    /// Due, in memory.
    pub(super) ready: usize,
    /// In memory, due or not.
    pub(super) held: usize,
    /// Endpoints of which some are only in the store.
    pub(super) parked_endpoints: usize,
    /// When the oldest of the runnable was due.
    pub(super) oldest: Option<Timestamp>,
}

/// The state machine.
#[derive(Debug)]
pub(super) struct Scheduler {
    queues: IdMap<WebhookId, Queue>,
    in_flight: IdMap<DeliveryId, Job>,
    tenants: Turns<TenantId>,
    endpoints: IdMap<TenantId, Turns<WebhookId>>,
    timers: BTreeSet<(Timestamp, WebhookId)>,
    /// What is to be done beside starting attempts.
    actions: Vec<Action>,
    runnable: IdMap<TenantId, usize>,
    /// Tenants whose runnable deliveries have changed in number.
    recounted: HashSet<TenantId>,
    bounds: Bounds,
    bodies: Arc<Budget>,
    held: usize,
    tickets: u64,
    now: Timestamp,
    /// How far that is ahead of the wall clock.
    ahead: Duration,
}

impl Scheduler {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            queues: IdMap::default(),
            in_flight: IdMap::default(),
            tenants: Turns::default(),
            endpoints: IdMap::default(),
            timers: BTreeSet::new(),
            actions: Vec::new(),
            runnable: IdMap::default(),
            recounted: HashSet::new(),
            bounds,
            bodies: Budget::new(bounds.body_bytes),
            held: 0,
            tickets: 0,
            now: Timestamp::MIN,
            ahead: Duration::ZERO,
        }
    }

    /// From here on the time it is told is so far ahead of the wall clock, by which deliveries were made.
    pub(super) fn set_ahead(&mut self, ahead: Duration) {
        self.ahead = ahead;
    }

    /// When a delivery is too old, by the time that is told here.
    fn expiry(&self, work: &Work, policy: &RetryPolicy) -> Timestamp {
        after(after(work.received_at, policy.max_age()), self.ahead)
    }

    /// Takes a pending delivery over that was made just now. It must not be one that is known already.
    pub(super) fn accept(&mut self, work: Work, standing: Standing, policy: &RetryPolicy, now: Timestamp) {
        self.now = now;
        let webhook = work.webhook;
        self.recounted.insert(work.tenant);
        self.stand(webhook, work.tenant, standing);
        if standing == Standing::Gone {
            self.cancel(work.delivery, webhook);
        } else {
            self.push(work, policy);
        }
        // Also of one that is gone: it may be here that this is heard of first, and what it had is over.
        self.refresh(webhook);
    }

    /// Takes over an endpoint of which the store has pending deliveries that were never accepted here.
    pub(super) fn take_up(
        &mut self,
        webhook: WebhookId,
        tenant: TenantId,
        standing: Standing,
        now: Timestamp,
    ) {
        self.now = now;
        let queue = self.queues.entry(webhook).or_insert_with(|| Queue::new(tenant));
        queue.park(Turn::FIRST);
        self.stand(webhook, tenant, standing);
        self.refresh(webhook);
    }

    /// Takes in when the webhook was last changed, of an attempt that is about to be made and that [`Scheduler::poll`] has
    /// started. Returns whether it was started after that. Otherwise it is to be given back: the webhook begins anew, and what
    /// comes of an attempt that was started before would count as another receiver's.
    #[must_use]
    pub(super) fn attempted_as_of(&mut self, delivery: DeliveryId, changed_at: Timestamp) -> bool {
        let Some(job) = self.in_flight.get(&delivery) else { return true };
        let queue = self.queues.get_mut(&job.work().webhook);
        queue.is_none_or(|queue| queue.attempted_as_of(changed_at, job.era()))
    }

    /// Takes in what the directory says of a webhook now. If it was last changed when it had been before, something else has
    /// changed: its tenant or its user, or what it keeps and nobody is sent. Without a time it begins anew whatever it was.
    pub(super) fn webhook_changed(
        &mut self,
        webhook: WebhookId,
        changed_at: Option<Timestamp>,
        standing: Standing,
        now: Timestamp,
    ) {
        self.now = now;
        let Some(queue) = self.queues.get_mut(&webhook) else { return };
        let tenant = queue.tenant;
        queue.set_changed(changed_at);
        self.stand(webhook, tenant, standing);
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

    /// Takes in what the store has answered. What it could not read is not there.
    pub(super) fn answered(
        &mut self,
        wanted: &Wanted,
        page: Option<Page>,
        policy: &RetryPolicy,
        now: Timestamp,
    ) {
        self.now = now;
        let webhook = wanted.webhook;
        let Some(queue) = self.queues.get_mut(&webhook).filter(|queue| queue.asked(wanted.ticket)) else {
            return;
        };
        match page {
            None => queue.not_answered(after(now, ASK_AGAIN)),
            Some(Page { works, next }) => match queue.standing() {
                Standing::Enabled => {
                    let belongs = queue.answered(next);
                    for work in works {
                        if belongs(&work.turn()) && !self.has_beyond(webhook, work.delivery) {
                            self.push(work, policy);
                        }
                    }
                }
                standing @ (Standing::Disabled | Standing::Gone) => {
                    queue.looked(next, after(now, LOOK_EVERY));
                    self.end_what_is_over(&works, standing, policy);
                }
            },
        }
        self.refresh(webhook);
    }

    /// Whether a delivery that the store shows beyond the horizon is here already.
    fn has_beyond(&self, webhook: WebhookId, delivery: DeliveryId) -> bool {
        let queue = self.queues.get(&webhook);
        self.in_flight.contains_key(&delivery) || queue.is_some_and(|queue| queue.has_hastened(delivery))
    }

    fn end_what_is_over(&mut self, works: &[Work], standing: Standing, policy: &RetryPolicy) {
        for work in works.iter().filter(|work| !self.in_flight.contains_key(&work.delivery)) {
            let action = match standing {
                Standing::Gone => Action::End(work.delivery, work.webhook, DeliveryState::Cancelled),
                Standing::Enabled | Standing::Disabled => {
                    if self.expiry(work, policy) > self.now {
                        continue;
                    }
                    Action::End(work.delivery, work.webhook, DeliveryState::Expired)
                }
            };
            self.actions.push(action);
        }
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
        self.now = now;
        let mut job = self.land(delivery)?;
        let webhook = job.work().webhook;
        let room = self.room();
        let mut queue = self.queues.get_mut(&webhook);
        let current = queue.as_ref().is_none_or(|queue| queue.gate.is_current(job.era()));
        let verdict = if current { verdict } else { verdict.of_another() };
        // What somebody tries by hand changes nothing.
        let counts = job.work().cause.counts();
        if let Some(queue) = &mut queue {
            if current {
                queue.speed.land(now);
            }
            // Another part of the draw: the probe and the retry need not come together.
            let ladder = (policy, draw.rotate_left(16));
            let signal = if counts { verdict.signal } else { Signal::Nothing };
            queue.gate.learn(job.era(), signal, verdict.asked().filter(|_| counts), ladder, now);
        }
        let ours = queue
            .as_ref()
            .map_or_else(|| Gate::default().wait_for_ours(draw), |queue| queue.gate.wait_for_ours(draw));
        let mut next = retry::decide(job.work(), job.expires_at(), verdict, (policy, draw), ours, now);
        if let Some(queue) = queue
            && let Next::Retry { due, tries } = next
        {
            if queue.standing() == Standing::Gone || job.is_withdrawn() {
                next = Next::End(DeliveryState::Cancelled);
            } else {
                job.attempted(due, tries);
                queue.push(job, room, now);
            }
        }
        self.refresh(webhook);
        Some(next)
    }

    /// Takes back a delivery whose attempt was not made.
    pub(super) fn give_back(&mut self, delivery: DeliveryId, why: GiveBack, now: Timestamp) {
        self.now = now;
        let Some(job) = self.land(delivery) else { return };
        let webhook = job.work().webhook;
        let room = self.room();
        let Some(queue) = self.queues.get_mut(&webhook) else {
            return self.cancel(delivery, webhook);
        };
        let over = queue.standing() == Standing::Gone || job.is_withdrawn();
        match why {
            GiveBack::Until(until) if !over => {
                queue.gate.take_back(job.era(), until);
                queue.push(job, room, now);
            }
            GiveBack::Gone | GiveBack::Until(_) => {
                queue.gate.give_up(job.era(), now);
                self.cancel(delivery, webhook);
            }
        }
        self.refresh(webhook);
    }

    /// Looks again at the endpoints whose waiting deliveries count: one may hang by now.
    pub(super) fn recount(&mut self, now: Timestamp) {
        self.now = now;
        let counted = self.queues.iter().filter(|(_, queue)| queue.counted > 0);
        for webhook in counted.map(|(webhook, _)| *webhook).collect::<Vec<_>>() {
            self.refresh(webhook);
        }
    }

    /// Forgets what is known of endpoints that have not been needed since the last time.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        self.now = now;
        let unused = |queue: &Queue| !queue.used && queue.is_idle() && queue.gate.is_forgettable(now);
        self.queues.retain(|_, queue| !unused(queue));
        for queue in self.queues.values_mut() {
            queue.used = false;
        }
    }

    /// What is to be done now: deliveries that ended, and up to `room` attempts to start.
    pub(super) fn poll(&mut self, now: Timestamp, room: usize) -> Vec<Action> {
        self.now = now;
        self.ring_timers(now);
        let mut actions = core::mem::take(&mut self.actions);
        let mut started = 0;
        while started < room {
            let Some((tenant, webhook)) = self.next_turn() else { break };
            let Some(queue) = self.queues.get_mut(&webhook) else { break };
            let Some(mut job) = queue.pop() else {
                // It has nothing, and is not to hold up the others.
                self.refresh(webhook);
                continue;
            };
            if job.expires_at() <= now {
                actions.push(Action::End(job.id(), webhook, DeliveryState::Expired));
            } else {
                queue.speed.start(queue.gate.in_flight(), now);
                queue.in_flight += 1;
                let era = queue.gate.start(now);
                actions.push(Action::Start(Box::new(job.start(era))));
                self.in_flight.insert(job.id(), job);
                self.tenants.take(tenant);
                self.endpoints.entry(tenant).or_default().take(webhook);
                started += 1;
            }
            self.refresh(webhook);
        }
        actions.append(&mut self.actions);
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

    /// Whether deliveries wait that say this server is behind; see [`Scheduler::runnable`].
    pub(super) fn is_behind(&self) -> bool {
        !self.runnable.is_empty()
    }

    /// The tenants of which another number of deliveries waits than when this was last asked, and how many: of those that
    /// say this server is behind, being due and for endpoints that take what they get.
    pub(super) fn runnable(&mut self) -> impl Iterator<Item = (TenantId, usize)> {
        let runnable = &self.runnable;
        self.recounted.drain().map(|tenant| (tenant, runnable.get(&tenant).copied().unwrap_or_default()))
    }

    /// How much waits. Looks at every endpoint.
    pub(super) fn depth(&self) -> Depth {
        let runnable = self.runnable.values().sum();
        let mut depth = Depth { runnable, held: self.held, ..Depth::default() };
        for queue in self.queues.values() {
            depth.ready += queue.ready();
            depth.parked_endpoints += usize::from(queue.is_parked());
            // The same as are counted: what its receiver or its tenant's share holds up says nothing of this server.
            if queue.counted > 0 {
                let due = queue.oldest_live().map(|turn| turn.due);
                depth.oldest = [depth.oldest, due].into_iter().flatten().min();
            }
        }
        depth
    }

    /// How many attempts are in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    fn next_turn(&self) -> Option<(TenantId, WebhookId)> {
        let free = self.bounds.slots.saturating_sub(self.in_flight.len());
        let tenant = self.tenants.next_below(free)?;
        Some((tenant, self.endpoints.get(&tenant)?.next_below(usize::MAX)?))
    }

    /// How many deliveries of an endpoint may be in memory.
    fn room(&self) -> usize {
        if self.held < self.bounds.held { self.bounds.window } else { self.bounds.small_window }
    }

    fn push(&mut self, work: Work, policy: &RetryPolicy) {
        let expires_at = self.expiry(&work, policy);
        let (webhook, tenant, room) = (work.webhook, work.tenant, self.room());
        let due = retry::due(&work, policy, self.now);
        let mut job = Job::new(work, expires_at, &self.bodies);
        if due < job.work().due {
            job.hasten(due);
        }
        let queue = self.queues.entry(webhook).or_insert_with(|| Queue::new(tenant));
        queue.used = true;
        queue.push(job, room, self.now);
    }

    /// Brings a queue to what the directory says.
    fn stand(&mut self, webhook: WebhookId, tenant: TenantId, standing: Standing) {
        let queue = match (self.queues.get_mut(&webhook), standing) {
            (Some(queue), _) => queue,
            (None, Standing::Gone) => return,
            (None, _) => self.queues.entry(webhook).or_insert_with(|| Queue::new(tenant)),
        };
        for job in queue.set_standing(standing, after(self.now, LOOK_EVERY)) {
            self.actions.push(Action::End(job.id(), webhook, DeliveryState::Cancelled));
        }
    }

    fn cancel(&mut self, delivery: DeliveryId, webhook: WebhookId) {
        self.actions.push(Action::End(delivery, webhook, DeliveryState::Cancelled));
    }

    /// Ends a flight, whatever came of it.
    fn land(&mut self, delivery: DeliveryId) -> Option<Job> {
        let job = self.in_flight.remove(&delivery)?;
        let (tenant, webhook) = (job.work().tenant, job.work().webhook);
        if let Some(queue) = self.queues.get_mut(&webhook) {
            queue.in_flight = queue.in_flight.saturating_sub(1);
            queue.gate.land(job.era());
            queue.note_settled(delivery);
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
            if !self.queues.contains_key(&webhook) {
                self.timers.pop_first();
                continue;
            }
            self.refresh(webhook);
        }
    }

    /// Brings everything that is derived from a queue up to date with it and with the time, and has the store asked if it
    /// is to be. No timer is set for what is due already, so that it has to be made ready here.
    fn refresh(&mut self, webhook: WebhookId) {
        let room = self.room();
        let now = self.now;
        let Some(queue) = self.queues.get_mut(&webhook) else { return };
        queue.advance(now);
        let held = queue.held();
        self.held = (self.held + held).saturating_sub(queue.counted_held);
        queue.counted_held = held;
        if let Some(from) = queue.question(room / 4, self.tickets, now) {
            let limit = u32::try_from(room.saturating_sub(held).min(self.bounds.page)).unwrap_or(u32::MAX);
            self.actions.push(Action::Ask(Wanted { webhook, from, limit, ticket: self.tickets }));
            self.tickets += 1;
        }
        let counted = queue.counts(now);
        if counted != queue.counted {
            let sum = self.runnable.entry(queue.tenant).or_default();
            *sum = (*sum + counted).saturating_sub(queue.counted);
            if *sum == 0 {
                self.runnable.remove(&queue.tenant);
            }
            self.recounted.insert(queue.tenant);
            queue.counted = counted;
        }
        let timer = queue.next_timer(now);
        if timer != queue.timer {
            if let Some(old) = queue.timer {
                self.timers.remove(&(old, webhook));
            }
            self.timers.extend(timer.map(|at| (at, webhook)));
            queue.timer = timer;
        }
        let tenant = queue.tenant;
        let endpoints = self.endpoints.entry(tenant).or_default();
        endpoints.set_waiting(webhook, queue.is_startable(now));
        self.tenants.set_waiting(tenant, endpoints.any_waiting());
        if endpoints.is_empty() {
            self.endpoints.remove(&tenant);
        }
    }
}
