use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::*;
use crate::domain::{Body, Cause, EventId, Frame, MessageId, Number, TenantUid};
use crate::rng::{Rng, SeededRng, draw_u32};

pub(super) fn work(delivery: i64, webhook: i64, tenant: i64) -> Work {
    let number = Number::new(delivery).unwrap();
    Work {
        delivery: DeliveryId::new(delivery),
        tenant: TenantId::new(tenant),
        webhook: WebhookId::new(webhook),
        event: EventId::new(delivery),
        message_id: MessageId::derive(&TenantUid::new([0; 16]), number, number),
        cause: Cause::Event,
        received_at: start(),
        attempts_made: 0,
        due: start(),
        body: Some(Body { data: "0123456789".into(), frame: Frame::default() }),
    }
}

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn started(actions: Vec<Action>) -> Vec<Work> {
    actions
        .into_iter()
        .map(|action| match action {
            Action::Start(work) => *work,
            Action::End(..) => panic!("{action:?}"),
        })
        .collect()
}

fn ended(actions: Vec<Action>) -> Vec<(i64, DeliveryState)> {
    actions
        .into_iter()
        .map(|action| match action {
            Action::End(id, state) => (id.get(), state),
            Action::Start(_) => panic!("{action:?}"),
        })
        .collect()
}

fn scheduler(slots: usize) -> Scheduler {
    Scheduler::new(slots, 1 << 20)
}

fn policy() -> RetryPolicy {
    RetryPolicy::default()
}

const OK: Verdict = Verdict { success: true, retry_after: None };
const FAILED: Verdict = Verdict { success: false, retry_after: None };
const ALL: usize = usize::MAX;

fn total(scheduler: &Scheduler) -> usize {
    scheduler.runnable().values().sum()
}

#[test]
fn a_new_delivery_starts_at_once_with_its_body_and_a_retry_waits_without_it() {
    let mut scheduler = scheduler(10);
    scheduler.accept(work(1, 1, 1), Standing::Enabled, &policy(), start());
    let first = started(scheduler.poll(start(), ALL));
    assert!(first[0].body.is_some());
    let next = scheduler.finished(first[0].delivery, FAILED, &policy(), 0, start());
    let due = after(start(), seconds(5));
    assert_eq!(next, Some(Next::Retry { due }));
    assert_eq!(scheduler.next_wakeup(), Some(due));
    assert!(scheduler.poll(after(start(), seconds(4)), ALL).is_empty());
    let second = started(scheduler.poll(due, ALL));
    assert_eq!((second[0].attempts_made, second[0].body.is_none()), (1, true));
    assert_eq!(
        scheduler.finished(second[0].delivery, OK, &policy(), 0, due),
        Some(Next::End(DeliveryState::Delivered))
    );
    assert_eq!(scheduler.finished(second[0].delivery, OK, &policy(), 0, due), None);
}

#[test]
fn bodies_are_held_within_the_budget_and_released() {
    let mut scheduler = Scheduler::new(100, 25);
    for id in 1..=5 {
        scheduler.accept(work(id, id, 1), Standing::Enabled, &policy(), start());
    }
    assert_eq!(scheduler.bodies.held(), 20);
    let with_body = started(scheduler.poll(start(), ALL)).iter().filter(|work| work.body.is_some()).count();
    assert_eq!((with_body, scheduler.bodies.held()), (2, 0));
}

#[test]
fn a_disabled_webhooks_deliveries_wait_until_it_is_enabled() {
    let mut scheduler = scheduler(10);
    let webhook = WebhookId::new(1);
    scheduler.accept(work(1, 1, 1), Standing::Disabled, &policy(), start());
    scheduler.accept(work(2, 1, 1), Standing::Disabled, &policy(), start());
    assert!(scheduler.poll(after(start(), seconds(60)), ALL).is_empty());
    assert_eq!(total(&scheduler), 0);
    scheduler.webhook_changed(webhook, Standing::Enabled, after(start(), seconds(61)));
    assert_eq!(started(scheduler.poll(after(start(), seconds(61)), ALL)).len(), 2);
}

#[test]
fn parked_deliveries_expire() {
    let mut scheduler = scheduler(10);
    scheduler.accept(work(1, 1, 1), Standing::Disabled, &policy(), start());
    let expiry = after(start(), policy().max_age());
    assert_eq!(scheduler.next_wakeup(), Some(expiry));
    assert_eq!(ended(scheduler.poll(expiry, ALL)), [(1, DeliveryState::Expired)]);
}

#[test]
fn a_deleted_webhooks_deliveries_are_cancelled_those_in_flight_when_they_land() {
    let mut scheduler = scheduler(1);
    let webhook = WebhookId::new(1);
    for id in 1..=3 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    let flying = started(scheduler.poll(start(), ALL));
    scheduler.webhook_changed(webhook, Standing::Gone, start());
    let cancelled = ended(scheduler.poll(start(), ALL));
    assert_eq!(cancelled, [(2, DeliveryState::Cancelled), (3, DeliveryState::Cancelled)]);
    let next = scheduler.finished(flying[0].delivery, FAILED, &policy(), 0, start());
    assert_eq!(next, Some(Next::End(DeliveryState::Cancelled)));
    assert!(scheduler.queues.is_empty() && scheduler.endpoints.is_empty() && scheduler.timers.is_empty());
    scheduler.accept(work(4, 1, 1), Standing::Gone, &policy(), start());
    assert_eq!(ended(scheduler.poll(start(), ALL)), [(4, DeliveryState::Cancelled)]);
}

#[test]
fn what_was_given_back_is_tried_again_without_counting_an_attempt() {
    let mut scheduler = scheduler(10);
    scheduler.accept(work(1, 1, 1), Standing::Enabled, &policy(), start());
    let id = started(scheduler.poll(start(), ALL))[0].delivery;
    let due = after(start(), seconds(3));
    scheduler.give_back(id, GiveBack::Until(due), start());
    assert!(scheduler.poll(start(), ALL).is_empty());
    assert_eq!(started(scheduler.poll(due, ALL))[0].attempts_made, 0);
    scheduler.give_back(id, GiveBack::Gone, due);
    assert_eq!(ended(scheduler.poll(due, ALL)), [(1, DeliveryState::Cancelled)]);
}

#[test]
fn a_clock_that_jumps_loses_nothing() {
    let mut scheduler = scheduler(10);
    scheduler.accept(work(1, 1, 1), Standing::Enabled, &policy(), start());
    let id = started(scheduler.poll(start(), ALL))[0].delivery;
    let back = start().checked_sub(jiff::SignedDuration::from_hours(1)).unwrap();
    let next = scheduler.finished(id, FAILED, &policy(), 0, back);
    let due = after(back, seconds(5));
    assert_eq!(next, Some(Next::Retry { due }));
    assert!(scheduler.poll(back, ALL).is_empty());
    assert_eq!(started(scheduler.poll(after(start(), seconds(3_600)), ALL)).len(), 1);
}

#[test]
fn an_endpoint_that_hangs_leaves_the_slots_to_the_others() {
    let mut scheduler = scheduler(40);
    for id in 1..=100 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    assert_eq!(started(scheduler.poll(start(), ALL)).len(), 16);
    scheduler.accept(work(200, 2, 1), Standing::Enabled, &policy(), start());
    assert_eq!(started(scheduler.poll(start(), ALL)).len(), 1);
}

#[test]
fn a_tenant_with_many_hanging_endpoints_does_not_starve_another() {
    let mut scheduler = scheduler(64);
    for id in 1..=2_000 {
        scheduler.accept(work(id, id, 1), Standing::Enabled, &policy(), start());
    }
    let mut hanging = started(scheduler.poll(start(), ALL));
    assert_eq!(hanging.len(), 32, "while it holds as many as are free, it gets no more");
    for id in 3_001..=4_000 {
        scheduler.accept(work(id, id % 10 + 5_000, 2), Standing::Enabled, &policy(), start());
    }
    let mut healthy = started(scheduler.poll(start(), ALL)).len();
    assert!(healthy >= 16, "{healthy} of those that were left");
    // One slow attempt after another ends; what comes free goes to the tenant that holds fewer, or stays free for the next.
    for _ in 0..8 {
        let slow = hanging.pop().unwrap();
        scheduler.finished(slow.delivery, FAILED, &policy(), 0, start());
        for work in started(scheduler.poll(start(), ALL)) {
            assert_eq!(work.tenant, TenantId::new(2));
            healthy += 1;
        }
    }
    assert_eq!(healthy, 20, "half of what came free");
}

#[test]
fn when_the_receivers_of_several_tenants_hang_the_next_tenant_finds_a_slot() {
    let mut scheduler = scheduler(64);
    for tenant in 1..=7 {
        for id in 1..=100 {
            let id = tenant * 1_000 + id;
            scheduler.accept(work(id, id, tenant), Standing::Enabled, &policy(), start());
        }
        assert!(!started(scheduler.poll(start(), ALL)).is_empty(), "tenant {tenant}");
    }
}

#[test]
fn a_failing_endpoints_backlog_does_not_count_as_ours() {
    let mut scheduler = scheduler(100);
    for id in 1..=5_000 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    assert_eq!(total(&scheduler), queue::SHARE);
    let id = started(scheduler.poll(start(), 1))[0].delivery;
    scheduler.finished(id, FAILED, &policy(), 0, start());
    assert_eq!(total(&scheduler), 0);
    let id = started(scheduler.poll(start(), 1))[0].delivery;
    scheduler.finished(id, OK, &policy(), 0, start());
    assert_eq!(total(&scheduler), queue::SHARE);
}

#[test]
fn first_tries_retries_and_replays_of_an_endpoint_share_its_turns_eight_to_two_to_one() {
    let mut scheduler = scheduler(100);
    let mut kinds = HashMap::new();
    for id in 1..=1_800 {
        let (cause, attempts_made) = [(Cause::Event, 0), (Cause::Event, 1), (Cause::Replay, 0)][id % 3];
        let id = i64::try_from(id).unwrap();
        kinds.insert(DeliveryId::new(id), (cause, attempts_made));
        let work = Work { cause, attempts_made, ..work(id, 1, 1) };
        scheduler.accept(work, Standing::Enabled, &policy(), start());
    }
    let mut served: HashMap<(Cause, u32), usize> = HashMap::new();
    for turn in 1..=660 {
        let work = started(scheduler.poll(start(), 1)).pop().unwrap();
        *served.entry(kinds[&work.delivery]).or_default() += 1;
        scheduler.finished(work.delivery, OK, &policy(), 0, start());
        if turn == 11 {
            let of = |cause, attempts| served.get(&(cause, attempts)).copied().unwrap_or_default();
            let shares = (of(Cause::Event, 0), of(Cause::Event, 1), of(Cause::Replay, 0));
            assert_eq!(shares, (8, 2, 1), "nobody waits longer than a round");
        }
    }
    assert_eq!(served[&(Cause::Event, 0)], 480);
    assert_eq!(served[&(Cause::Event, 1)], 120);
    assert_eq!(served[&(Cause::Replay, 0)], 60);
}

#[test]
fn a_replay_that_comes_one_by_one_gets_no_more_than_its_share_and_alone_it_gets_all() {
    let mut scheduler = scheduler(100);
    let mut replays = 0;
    for id in 0..900 {
        let live = work(2 * id + 1, 1, 1);
        scheduler.accept(live, Standing::Enabled, &policy(), start());
        if id == 0 || replays > 0 && scheduler.queues[&WebhookId::new(1)].replays() == 0 {
            let again = Work { cause: Cause::Replay, ..work(2 * id + 2, 1, 1) };
            scheduler.accept(again, Standing::Enabled, &policy(), start());
        }
        let work = started(scheduler.poll(start(), 1)).pop().unwrap();
        replays += usize::from(work.cause == Cause::Replay);
        scheduler.finished(work.delivery, OK, &policy(), 0, start());
    }
    assert!((95..=101).contains(&replays), "{replays} of 900 turns, one in nine are 100");
    // Nothing new comes any more, and what waits has the endpoint to itself.
    assert!(total(&scheduler) < 110);
    for _ in 0..replays + 2 {
        for work in started(scheduler.poll(start(), ALL)) {
            scheduler.finished(work.delivery, OK, &policy(), 0, start());
        }
    }
    assert!(scheduler.queues.is_empty());
}

#[test]
fn replays_hold_up_nobodys_publishing() {
    let mut scheduler = scheduler(100);
    for id in 1..=200 {
        let again = Work { cause: Cause::Replay, ..work(id, 1, 1) };
        scheduler.accept(again, Standing::Enabled, &policy(), start());
    }
    assert_eq!(total(&scheduler), 0);
    assert!(scheduler.has_startable());
}

#[test]
fn what_is_withdrawn_is_forgotten_wherever_it_waits_and_in_flight_ends_with_its_attempt() {
    let mut scheduler = scheduler(2);
    let later = after(start(), seconds(60));
    for id in 1..=4 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    scheduler.accept(Work { due: later, ..work(5, 1, 1) }, Standing::Enabled, &policy(), start());
    scheduler.accept(work(6, 2, 1), Standing::Disabled, &policy(), start());
    let flying = started(scheduler.poll(start(), ALL));
    assert_eq!(flying[0].delivery, DeliveryId::new(1));
    let all: HashSet<_> = (1..=6).map(DeliveryId::new).collect();
    scheduler.withdraw(WebhookId::new(1), &all);
    scheduler.withdraw(WebhookId::new(2), &all);
    assert_eq!(scheduler.next_wakeup(), None);
    let next = scheduler.finished(DeliveryId::new(1), FAILED, &policy(), 0, start());
    assert_eq!(next, Some(Next::End(DeliveryState::Cancelled)));
    for work in &flying[1..] {
        let next = scheduler.finished(work.delivery, OK, &policy(), 0, start());
        assert_eq!(next, Some(Next::End(DeliveryState::Delivered)), "what was taken was taken");
    }
    assert!(scheduler.poll(later, ALL).is_empty());
}

/// What a delivery has been through, kept beside the scheduler and independent of it.
struct Fate {
    webhook: WebhookId,
    tenant: TenantId,
    due: Timestamp,
    attempts: u32,
    in_flight: bool,
}

/// Drives a scheduler by a seed and checks its promises after every step.
struct Simulation {
    rng: SeededRng,
    scheduler: Scheduler,
    now: Timestamp,
    slots: usize,
    next_id: i64,
    alive: BTreeMap<DeliveryId, Fate>,
    flying: BTreeSet<DeliveryId>,
    ended: HashSet<DeliveryId>,
    standing: HashMap<WebhookId, Standing>,
    tenants_served: HashSet<TenantId>,
}

const WEBHOOKS: u32 = 12;
const TENANTS: i64 = 4;

impl Simulation {
    fn new(seed: u64) -> Self {
        let rng = SeededRng::new(seed);
        let slots = 1 + usize::try_from(draw_u32(&rng) % 40).unwrap();
        Self {
            scheduler: Scheduler::new(slots, 200),
            rng,
            now: start(),
            slots,
            next_id: 1,
            alive: BTreeMap::new(),
            flying: BTreeSet::new(),
            ended: HashSet::new(),
            standing: HashMap::new(),
            tenants_served: HashSet::new(),
        }
    }

    fn draw(&self, below: u32) -> u32 {
        let mut bytes = [0; 4];
        self.rng.fill(&mut bytes);
        u32::from_le_bytes(bytes) % below
    }

    fn standing_of(&self, webhook: WebhookId) -> Standing {
        self.standing.get(&webhook).copied().unwrap_or(Standing::Enabled)
    }

    fn step(&mut self) {
        match self.draw(10) {
            0..=3 => self.accept(),
            4..=6 => self.land(),
            7 if self.draw(3) == 0 => self.withdraw(),
            7 => self.change_a_webhook(),
            _ => self.pass_time(),
        }
        let room = usize::try_from(self.draw(30)).unwrap();
        self.poll(room);
        // The whole picture is dear to look at; whatever is wrong with it stays wrong.
        if self.draw(8) == 0 {
            self.check();
        }
    }

    fn accept(&mut self) {
        for _ in 0..self.draw(40) {
            let webhook = i64::from(self.draw(WEBHOOKS)) + 1;
            let mut work = work(self.next_id, webhook, webhook % TENANTS + 1);
            self.next_id += 1;
            work.received_at = self.now;
            work.due = if self.draw(5) == 0 { after(self.now, seconds(30)) } else { self.now };
            work.cause = match self.draw(10) {
                0 => Cause::Resend,
                1..=3 => Cause::Replay,
                _ => Cause::Event,
            };
            let fate = Fate {
                webhook: work.webhook,
                tenant: work.tenant,
                due: work.due,
                attempts: 0,
                in_flight: false,
            };
            self.alive.insert(work.delivery, fate);
            let standing = self.standing_of(work.webhook);
            self.scheduler.accept(work, standing, &policy(), self.now);
        }
    }

    fn land(&mut self) {
        for id in core::mem::take(&mut self.flying) {
            match self.draw(6) {
                0..=2 => self.finish(id, OK),
                3 => {
                    let retry_after = (self.draw(2) == 0).then(|| seconds(self.draw(100_000).into()));
                    self.finish(id, Verdict { success: false, retry_after });
                }
                4 => {
                    let due = after(self.now, seconds(self.draw(10).into()));
                    self.scheduler.give_back(id, GiveBack::Until(due), self.now);
                    let fate = self.alive.get_mut(&id).unwrap();
                    fate.in_flight = false;
                    fate.due = due;
                }
                _ => _ = self.flying.insert(id),
            }
        }
    }

    fn finish(&mut self, id: DeliveryId, verdict: Verdict) {
        let next = self.scheduler.finished(id, verdict, &policy(), self.draw(u32::MAX), self.now).unwrap();
        let fate = self.alive.get_mut(&id).unwrap();
        fate.in_flight = false;
        fate.attempts += 1;
        match next {
            Next::Retry { due } => {
                assert!(!verdict.success);
                let asked = verdict.retry_after.unwrap_or_default().min(seconds(86_400));
                assert!(due >= after(self.now, asked));
                fate.due = due;
            }
            Next::End(state) => {
                assert_eq!(state == DeliveryState::Delivered, verdict.success);
                self.end(id);
            }
        }
    }

    fn end(&mut self, id: DeliveryId) {
        assert!(self.alive.remove(&id).is_some(), "{id:?} ended without having been alive");
        assert!(self.ended.insert(id), "{id:?} ended twice");
    }

    fn change_a_webhook(&mut self) {
        let webhook = WebhookId::new(i64::from(self.draw(WEBHOOKS)) + 1);
        let standing = match self.draw(4) {
            0 => Standing::Disabled,
            // A deleted webhook never comes back in earnest; here it does, which only makes it harder.
            1 => Standing::Gone,
            _ => Standing::Enabled,
        };
        self.standing.insert(webhook, standing);
        self.scheduler.webhook_changed(webhook, standing, self.now);
    }

    /// Some of what waits for one webhook is cancelled; what is in flight may end in any way once it lands.
    fn withdraw(&mut self) {
        let webhook = WebhookId::new(i64::from(self.draw(WEBHOOKS)) + 1);
        let of_webhook = self.alive.iter().filter(|(id, fate)| {
            // An end that is not reported yet stays one.
            fate.webhook == webhook && !fate.in_flight && !self.is_ending(**id)
        });
        let withdrawn: HashSet<_> = of_webhook.map(|(id, _)| *id).take(5).collect();
        self.scheduler.withdraw(webhook, &withdrawn);
        for id in withdrawn {
            self.end(id);
        }
    }

    fn is_ending(&self, id: DeliveryId) -> bool {
        self.scheduler.ends.iter().any(|action| matches!(action, Action::End(ending, _) if *ending == id))
    }

    fn pass_time(&mut self) {
        let step = match self.draw(20) {
            0 => seconds(86_400),
            1 => seconds(3_600),
            _ => seconds(self.draw(40).into()),
        };
        self.now = after(self.now, step);
    }

    fn poll(&mut self, room: usize) {
        let mut starts = 0;
        for action in self.scheduler.poll(self.now, room) {
            match action {
                Action::End(id, _) => {
                    assert!(!self.alive[&id].in_flight, "{id:?} ended without an attempt while in flight");
                    self.end(id);
                }
                Action::Start(work) => {
                    starts += 1;
                    assert_eq!(self.standing_of(work.webhook), Standing::Enabled);
                    self.tenants_served.insert(work.tenant);
                    let fate = self.alive.get_mut(&work.delivery).expect("what starts is alive");
                    assert!(!fate.in_flight, "started twice");
                    assert!(fate.due <= self.now, "started early");
                    assert_eq!(fate.attempts, work.attempts_made);
                    fate.in_flight = true;
                    self.flying.insert(work.delivery);
                }
            }
        }
        assert!(starts <= room);
    }

    fn check(&self) {
        let in_flight = self.alive.values().filter(|fate| fate.in_flight).count();
        assert_eq!(in_flight, self.scheduler.in_flight());
        assert!(in_flight <= self.slots);
        let window = gate::Gate::default().window();
        let mut by_webhook: HashMap<WebhookId, usize> = HashMap::new();
        for fate in self.alive.values().filter(|fate| fate.in_flight) {
            *by_webhook.entry(fate.webhook).or_default() += 1;
        }
        assert!(by_webhook.values().all(|&count| count <= window));
        let waiting: usize = self.scheduler.queues.values().map(Queue::len).sum();
        assert_eq!(waiting + in_flight + self.unreported(), self.alive.len(), "something was lost");
        let counted: usize = self.scheduler.queues.values().map(Queue::counts).sum();
        assert_eq!(counted, total(&self.scheduler));
        assert!(self.scheduler.bodies.held() <= 200);
    }

    fn unreported(&self) -> usize {
        self.scheduler.ends.len()
    }

    /// With every webhook enabled and time enough, everything ends and every tenant has had its turn.
    fn run_out(&mut self) {
        for webhook in 1..=i64::from(WEBHOOKS) {
            let webhook = WebhookId::new(webhook);
            self.standing.insert(webhook, Standing::Enabled);
            self.scheduler.webhook_changed(webhook, Standing::Enabled, self.now);
        }
        let waiting: HashSet<_> = self.alive.values().map(|fate| fate.tenant).collect();
        for round in 0..50_000 {
            self.poll(ALL);
            if round % 64 == 0 {
                self.check();
            }
            let flying = core::mem::take(&mut self.flying);
            if flying.is_empty() {
                match self.scheduler.next_wakeup() {
                    // Many retries at a time: what counts here is that all of them come to an end.
                    Some(at) => self.now = after(self.now.max(at), seconds(3_600)),
                    None => break,
                }
            }
            for id in flying {
                self.finish(id, if self.draw(2) == 0 { OK } else { FAILED });
            }
        }
        assert!(self.alive.is_empty(), "{} deliveries never ended", self.alive.len());
        assert!(waiting.is_subset(&self.tenants_served));
        assert!(self.scheduler.timers.is_empty());
        assert_eq!(self.scheduler.bodies.held(), 0);
    }
}

#[test]
fn whatever_happens_in_whatever_order_every_promise_holds() {
    for seed in 0..60 {
        let run = std::panic::catch_unwind(|| {
            let mut simulation = Simulation::new(seed);
            for _ in 0..200 {
                simulation.step();
            }
            simulation.run_out();
        });
        assert!(run.is_ok(), "seed {seed} breaks a promise");
    }
}
