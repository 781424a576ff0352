//! A world around a scheduler, driven by a seed: a store that commits in its own time and loses what it has not committed
//! when the process dies, receivers that answer or do not, webhooks that are switched off and deleted, clocks that jump,
//! ahead at any time and back when the process dies.
//! What the scheduler promises is checked after every step.
//!
//! A seed that breaks a promise is named; `SIGPOST_SEED=17 cargo nextest run -p sigpost-server simulation` runs it alone,
//! step by step as before.
//! `SIGPOST_SEEDS=100000` runs more of them.

mod promises;
mod store;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::store::Write;
use super::window::{Flight, Window};
use super::*;
use crate::rng::{Rng, SeededRng};
use crate::storage::Page;

const WEBHOOKS: u32 = 8;
const TENANTS: i64 = 3;

/// A delivery, as the world knows it.
#[derive(Clone, Debug)]
struct Row {
    work: Work,
    state: DeliveryState,
    /// What the store has made durable; behind [`Row::work`] and [`Row::state`] while results wait.
    stored: (Timestamp, u32, u32, DeliveryState),
    in_flight: bool,
    /// Attempts that began, and how many of them may have been made twice because a crash forgot them.
    started: u32,
    forgotten: u32,
}

/// What waits for the scheduler, in order.
enum News {
    Made(Work),
    Answer(Wanted, Option<Page>),
}

struct World {
    rng: SeededRng,
    scheduler: Scheduler,
    bounds: Bounds,
    now: Timestamp,
    /// When this process began.
    began: Timestamp,
    rows: BTreeMap<DeliveryId, Row>,
    writes: VecDeque<Write>,
    news: VecDeque<News>,
    /// What the directory says, and of which webhooks the scheduler has not been told so.
    standing: HashMap<WebhookId, Standing>,
    versions: HashMap<WebhookId, u64>,
    untold: BTreeSet<WebhookId>,
    flying: BTreeMap<DeliveryId, Flight>,
    windows: HashMap<WebhookId, Window>,
    /// Results and attempts in flight that a crash may make twice.
    most_at_risk: usize,
    ladder: RetryPolicy,
}

fn tenant_of(webhook: WebhookId) -> TenantId {
    TenantId::new(webhook.get() % TENANTS + 1)
}

impl World {
    fn new(seed: u64) -> Self {
        let rng = SeededRng::new(seed);
        let draw = |below| draw(&rng, below) as usize;
        let bounds = Bounds {
            slots: 1 + draw(40),
            body_bytes: 200,
            held: 10 + draw(60),
            window: 4 + draw(12),
            small_window: 4,
            page: 1 + draw(4),
        };
        let most_at_risk = 5 + draw(40);
        let ladder = match draw(6) {
            5 => policy(),
            steps => RetryPolicy::new((0..steps).map(|_| seconds(draw(600) as u64)).collect()).unwrap(),
        };
        Self {
            scheduler: Scheduler::new(bounds),
            bounds,
            rng,
            now: start(),
            began: start(),
            rows: BTreeMap::new(),
            writes: VecDeque::new(),
            news: VecDeque::new(),
            standing: HashMap::new(),
            versions: HashMap::new(),
            untold: BTreeSet::new(),
            flying: BTreeMap::new(),
            windows: HashMap::new(),
            most_at_risk,
            ladder,
        }
    }

    fn draw(&self, below: u32) -> u32 {
        draw(&self.rng, below)
    }

    fn standing_of(&self, webhook: WebhookId) -> Standing {
        self.standing.get(&webhook).copied().unwrap_or(Standing::Enabled)
    }

    fn any_webhook(&self) -> WebhookId {
        WebhookId::new(i64::from(self.draw(WEBHOOKS)) + 1)
    }

    fn step(&mut self) {
        match self.draw(24) {
            0..=6 => self.publish(),
            7..=12 => self.land(),
            13..=14 => self.commit(),
            15..=17 => self.hear(),
            18 => self.change_a_webhook(),
            19 if self.draw(4) == 0 => self.crash(),
            19 => self.withdraw(),
            20 => self.sweep(),
            21 => self.scheduler.recount(self.now),
            _ => self.pass_time(),
        }
        // Time passes, and much may be taken in, before the scheduler is asked again.
        if self.draw(4) > 0 {
            let room = (self.draw(30) as usize).min(self.room());
            self.poll(room);
        }
        self.check();
    }

    /// How many attempts may start: as the driver reckons, from what is not durable yet and what is under way.
    fn room(&self) -> usize {
        self.most_at_risk.saturating_sub(self.unsettled()).saturating_sub(self.flying.len())
    }

    fn sweep(&mut self) {
        self.scheduler.sweep(self.now);
        for (webhook, window) in &mut self.windows {
            if !self.scheduler.queues.contains_key(webhook) {
                window.forgotten();
            }
        }
    }

    /// Makes deliveries durable; the scheduler hears of them later.
    fn publish(&mut self) {
        let webhook = self.any_webhook();
        for _ in 0..self.draw(12) {
            let id = i64::try_from(self.rows.len()).unwrap() + 1;
            let mut work = work(id, webhook.get(), tenant_of(webhook).get());
            (work.received_at, work.due) = (self.now, self.now);
            work.cause = match self.draw(12) {
                0..=2 => Cause::Replay,
                3 => Cause::Resend,
                _ => Cause::Event,
            };
            let row = Row {
                work: work.clone(),
                state: DeliveryState::Pending,
                stored: (work.due, 0, 0, DeliveryState::Pending),
                in_flight: false,
                started: 0,
                forgotten: 0,
            };
            self.rows.insert(work.delivery, row);
            self.news.push_back(News::Made(work));
        }
    }

    /// The scheduler hears some of what has happened.
    fn hear(&mut self) {
        for _ in 0..self.draw(20) {
            let Some(news) = self.news.pop_front() else { return };
            self.take_in(news);
            self.check();
        }
        for webhook in self.untold.clone() {
            self.tell(webhook);
        }
    }

    fn take_in(&mut self, news: News) {
        match news {
            News::Made(work) => {
                let standing = self.standing_of(work.webhook);
                self.scheduler.accept(work, standing, &self.ladder, self.now);
            }
            News::Answer(wanted, page) => {
                self.scheduler.answered(&wanted, page, &self.ladder, self.now);
            }
        }
    }

    fn land(&mut self) {
        let asks = |signal, most| {
            let retry_after = Some(seconds(self.draw(most).into()));
            Verdict { signal, retry_after }
        };
        let verdicts: Vec<_> = self
            .flying
            .keys()
            .map(|id| {
                let says = |signal| Some(Verdict { signal, retry_after: None });
                let verdict = match self.draw(17) {
                    0..=5 => Some(OK),
                    6..=7 => Some(FAILED),
                    8 => Some(REFUSED),
                    9 => Some(asks(Signal::Trouble, 100_000)),
                    10 => Some(asks(Signal::Trouble, 3)),
                    11 => says(Signal::Gone),
                    12 => says(Signal::Nothing),
                    13 => says(Signal::Ours),
                    14 => None,
                    _ => return None,
                };
                Some((*id, verdict))
            })
            .collect();
        for (id, verdict) in verdicts.into_iter().flatten() {
            match verdict {
                Some(verdict) => self.finish(id, verdict),
                None => self.give_back(id),
            }
        }
    }

    fn give_back(&mut self, id: DeliveryId) {
        self.flying.remove(&id).unwrap();
        let over = self.draw(4) == 0;
        let until = after(self.now, seconds(self.draw(10).into()));
        let row = self.rows.get_mut(&id).unwrap();
        row.in_flight = false;
        row.started -= 1;
        self.windows.get_mut(&row.work.webhook).unwrap().given_back();
        let why = if over { GiveBack::Gone } else { GiveBack::Until(until) };
        self.scheduler.give_back(id, why, self.now);
    }

    fn finish(&mut self, id: DeliveryId, verdict: Verdict) {
        let flight = self.flying.remove(&id).unwrap();
        let webhook = self.rows[&id].work.webhook;
        let gate =
            |world: &Self| format!("{:?}", world.scheduler.queues.get(&webhook).map(|queue| &queue.gate));
        let before = gate(self);
        let next = self.scheduler.finished(id, verdict, &self.ladder, self.draw(u32::MAX), self.now).unwrap();
        let window = self.windows.get_mut(&webhook).unwrap();
        let older = window.is_of_an_older_version(flight);
        let counts = self.rows[&id].work.cause.counts();
        let learnt = if counts { verdict } else { Verdict { signal: Signal::Nothing, retry_after: None } };
        window.end(flight, learnt, &self.ladder, self.now);
        if older {
            assert_eq!(gate(self), before, "learnt of a webhook from what it was before");
        }
        let row = self.rows.get_mut(&id).unwrap();
        row.in_flight = false;
        row.work.attempts_made += 1;
        // One that was withdrawn in flight has ended in the store already.
        if row.state == DeliveryState::Pending {
            match next {
                Next::Retry { due, tries } => {
                    assert_ne!(verdict.signal, Signal::Success);
                    assert!(row.work.cause.is_retried());
                    let asked = verdict.retry_after.filter(|asked| !asked.is_zero() && !older);
                    let wait = asked.unwrap_or_default().min(seconds(86_400));
                    assert!(due >= after(self.now, wait), "sooner than the receiver wants");
                    let used = u32::from(asked.is_none() && verdict.signal != Signal::Ours);
                    assert_eq!(tries, row.work.tries + used);
                    let step = self.ladder.ladder().get(tries.max(1) as usize);
                    let step = step.filter(|_| verdict.signal != Signal::Ours);
                    assert!(step.is_some() || verdict.signal == Signal::Ours, "beyond the ladder");
                    let least = step.copied().unwrap_or(seconds(1));
                    assert!(due >= after(self.now, least), "sooner than the ladder says");
                    assert!(due < after(row.work.received_at, self.ladder.max_age()), "beyond its age");
                    (row.work.due, row.work.tries) = (due, tries);
                }
                Next::End(state) => {
                    assert_eq!(state == DeliveryState::Delivered, verdict.signal == Signal::Success);
                    if state == DeliveryState::Exhausted && row.work.cause.is_retried() {
                        assert_ne!(verdict.signal, Signal::Ours, "given up although nothing was sent");
                        let steps = self.ladder.ladder().len();
                        assert!(row.work.tries as usize + 1 >= steps, "given up before the ladder's end");
                    }
                    row.state = state;
                }
            }
        }
        self.writes.push_back(Write::Result(id, next, true));
    }

    fn change_a_webhook(&mut self) {
        let webhook = self.any_webhook();
        let standing = match self.draw(6) {
            0..=1 => Standing::Disabled,
            // A deleted webhook never comes back in earnest; here it does, which only makes it harder.
            2 => Standing::Gone,
            _ => Standing::Enabled,
        };
        self.change(webhook, standing);
        if self.draw(2) == 0 {
            self.tell(webhook);
        }
    }

    fn change(&mut self, webhook: WebhookId, standing: Standing) {
        self.standing.insert(webhook, standing);
        *self.versions.entry(webhook).or_default() += 1;
        self.untold.insert(webhook);
    }

    fn version_of(&self, webhook: WebhookId) -> u64 {
        self.versions.get(&webhook).copied().unwrap_or_default()
    }

    fn tell(&mut self, webhook: WebhookId) {
        self.untold.remove(&webhook);
        let version = self.version_of(webhook);
        let other = self.windows.entry(webhook).or_default().changed(version);
        self.scheduler.webhook_changed(webhook, Some(change(version)), self.standing_of(webhook), self.now);
        if let Some(queue) = self.scheduler.queues.get(&webhook).filter(|_| other) {
            assert_eq!(queue.gate.window(), 4, "what was known of it was of another version");
        }
    }

    fn pass_time(&mut self) {
        self.now = match self.draw(24) {
            0 => after(self.now, seconds(86_400 * u64::from(1 + self.draw(4)))),
            1 => after(self.now, seconds(3_600)),
            _ => after(self.now, Duration::from_millis(u64::from(self.draw(20_000)))),
        };
    }

    fn poll(&mut self, room: usize) {
        let (mut starts, mut given_back) = (0, false);
        let untold = self.untold.clone();
        for action in self.scheduler.poll(self.now, room) {
            match action {
                Action::End(id, _, state) => self.ended(id, state),
                Action::Ask(wanted) => self.writes.push_back(Write::Question(wanted)),
                Action::Start(work) => {
                    starts += 1;
                    match self.standing_of(work.webhook) {
                        // Also where it has not heard yet with which version.
                        Standing::Enabled if self.is_for_this_version(&work) => self.started(&work),
                        Standing::Enabled => {
                            assert!(untold.contains(&work.webhook), "given back although it knows");
                            self.scheduler.give_back(work.delivery, GiveBack::Until(self.now), self.now);
                            given_back = true;
                        }
                        standing => {
                            assert!(untold.contains(&work.webhook), "started although it knows");
                            self.not_started(&work, standing);
                            given_back = true;
                        }
                    }
                }
            }
        }
        assert!(starts <= room);
        // What was given back has freed slots.
        if starts < room && !given_back {
            self.check_that_none_is_held_up();
        }
    }

    /// Tells with which version the attempt is made, whether or not the change has been told.
    fn is_for_this_version(&mut self, work: &Work) -> bool {
        let version = self.version_of(work.webhook);
        self.windows.entry(work.webhook).or_default().changed(version);
        self.scheduler.attempted_as_of(work.delivery, change(version))
    }

    /// The scheduler did not know that the webhook delivers no more.
    fn not_started(&mut self, work: &Work, standing: Standing) {
        self.windows.entry(work.webhook).or_default().given_back();
        let why = match standing {
            Standing::Gone => GiveBack::Gone,
            Standing::Enabled | Standing::Disabled => {
                self.tell(work.webhook);
                GiveBack::Until(self.now)
            }
        };
        self.scheduler.give_back(work.delivery, why, self.now);
    }

    fn started(&mut self, work: &Work) {
        let row = self.rows.get_mut(&work.delivery).expect("what starts was made");
        assert_eq!(row.state, DeliveryState::Pending, "started after its end");
        assert!(!row.in_flight, "started twice");
        let due = row.work.due.min(latest(&row.work, &self.ladder, self.began));
        assert!(work.due <= self.now && due <= self.now, "started early");
        assert_eq!((work.attempts_made, work.tries), (row.work.attempts_made, row.work.tries));
        assert!(after(row.work.received_at, self.ladder.max_age()) > self.now, "started too late");
        assert!(work.body.is_none() || work.body == row.work.body, "other bytes");
        assert_eq!(work.message_id, row.work.message_id);
        row.in_flight = true;
        row.started += 1;
        let rows = &self.rows;
        let beside = self.flying.iter().filter(|(id, _)| rows[id].work.webhook == work.webhook);
        let window = self.windows.entry(work.webhook).or_default();
        let flight = window.start(beside.map(|(_, flight)| flight), self.now);
        self.flying.insert(work.delivery, flight);
    }

    fn ended(&mut self, id: DeliveryId, state: DeliveryState) {
        let row = self.rows.get_mut(&id).unwrap();
        assert!(!row.in_flight, "ended without an attempt while in flight");
        // One that has ended otherwise meanwhile stays as it is: the store sees to that.
        if row.state == DeliveryState::Pending {
            if state == DeliveryState::Expired {
                assert!(after(row.work.received_at, self.ladder.max_age()) <= self.now);
            }
            row.state = state;
        }
        self.writes.push_back(Write::Result(id, Next::End(state), false));
    }

    /// With every webhook enabled, receivers that answer and time enough, everything ends.
    fn run_out(&mut self) {
        for webhook in 1..=i64::from(WEBHOOKS) {
            let webhook = WebhookId::new(webhook);
            self.change(webhook, Standing::Enabled);
            self.tell(webhook);
        }
        let pending =
            |world: &Self| world.rows.values().filter(|row| row.state == DeliveryState::Pending).count();
        for _ in 0..20_000 {
            self.poll(self.room());
            self.check();
            self.commit();
            self.hear();
            for id in self.flying.keys().copied().collect::<Vec<_>>() {
                self.finish(id, if self.draw(4) == 0 { FAILED } else { OK });
            }
            if pending(self) == 0 && self.writes.is_empty() && self.news.is_empty() {
                break;
            }
            if self.writes.is_empty() && self.news.is_empty() && !self.scheduler.has_startable() {
                let at = self.scheduler.next_wakeup().unwrap_or(self.now);
                self.now = after(self.now.max(at), seconds(60));
            }
        }
        assert_eq!(pending(self), 0, "deliveries that never end");
        for row in self.rows.values() {
            assert_eq!(row.stored.3, row.state, "the store has learnt of every end");
            assert!(row.work.tries as usize <= self.ladder.ladder().len().saturating_sub(1));
        }
        assert_eq!((self.scheduler.held, self.scheduler.bodies.held()), (0, 0));
    }
}

fn draw(rng: &SeededRng, below: u32) -> u32 {
    let mut bytes = [0; 4];
    rng.fill(&mut bytes);
    u32::from_le_bytes(bytes) % below
}

fn run(seed: u64) -> World {
    let mut world = World::new(seed);
    for _ in 0..100 {
        world.step();
    }
    world.run_out();
    world
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Runs one part of the seeds: the parts run side by side.
fn part(part: u64) {
    if let Some(seed) = number("SIGPOST_SEED") {
        run(seed);
        return;
    }
    let seeds = number("SIGPOST_SEEDS").unwrap_or(2_000);
    for seed in (part..seeds).step_by(4) {
        let broken = std::panic::catch_unwind(|| run(seed)).is_err();
        assert!(!broken, "seed {seed} breaks a promise: run it alone with SIGPOST_SEED={seed}");
    }
}

#[test]
fn whatever_happens_in_whatever_order_every_promise_holds_first_part() {
    part(0);
}

#[test]
fn whatever_happens_in_whatever_order_every_promise_holds_second_part() {
    part(1);
}

#[test]
fn whatever_happens_in_whatever_order_every_promise_holds_third_part() {
    part(2);
}

#[test]
fn whatever_happens_in_whatever_order_every_promise_holds_fourth_part() {
    part(3);
}

#[test]
fn a_seed_does_the_same_again() {
    for seed in 0..50 {
        let seen = || format!("{:?}", run(seed).rows);
        assert_eq!(seen(), seen(), "seed {seed}");
    }
}
