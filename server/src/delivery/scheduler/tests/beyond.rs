//! What is new while an endpoint has more retries due than fit into memory.

use super::*;

const RETRIES: i64 = 1_000;
const NEW: i64 = 9_000;
const BOUNDS: Bounds =
    Bounds { slots: 10, body_bytes: 1 << 20, held: 100_000, window: 64, small_window: 10, page: 16 };

/// A scheduler, and what its store has: many retries that are due.
struct World {
    scheduler: Scheduler,
    stored: Vec<Work>,
    now: Timestamp,
    /// In the order of their turns.
    started: Vec<i64>,
}

impl World {
    fn new() -> Self {
        let mut scheduler = Scheduler::new(BOUNDS);
        let now = after(start(), seconds(3_600));
        let retry = |id| Work { attempts_made: 1, tries: 1, body: None, ..work(id, 1, 1) };
        scheduler.take_up(WebhookId::new(1), TenantId::new(1), Standing::Enabled, now);
        Self { scheduler, stored: (1..=RETRIES).map(retry).collect(), now, started: Vec::new() }
    }

    fn publish(&mut self, id: i64) {
        let new = Work { received_at: self.now, due: self.now, ..work(id, 1, 1) };
        self.stored.push(Work { body: None, ..new.clone() });
        self.scheduler.accept(new, Standing::Enabled, &policy(), self.now);
    }

    fn answer(&mut self, wanted: &Wanted) {
        let mut works: Vec<Work> =
            self.stored.iter().filter(|work| work.turn() >= wanted.from).cloned().collect();
        works.sort_by_key(Work::turn);
        works.truncate(wanted.limit as usize);
        let full = works.len() == wanted.limit as usize;
        let next = works.last().map(|work| work.turn().next()).filter(|_| full);
        self.scheduler.answered(wanted, Some(Page { works, next }), &policy(), self.now);
    }

    /// Makes the attempts that may be made, each with success, until so many were.
    fn run(&mut self, turns: usize) {
        while self.started.len() < turns {
            let actions = self.scheduler.poll(self.now, ALL);
            if actions.is_empty() {
                return;
            }
            for action in actions {
                match action {
                    Action::Start(started) => {
                        self.started.push(started.delivery.get());
                        self.stored.retain(|work| work.delivery != started.delivery);
                        self.scheduler.finished(started.delivery, OK, &policy(), 0, self.now);
                    }
                    Action::Ask(wanted) => self.answer(&wanted),
                    Action::End(..) => unreachable!(),
                }
            }
        }
    }
}

#[test]
fn what_is_new_gets_its_share_beside_more_retries_than_fit_into_memory() {
    let mut world = World::new();
    world.run(100);
    for id in 0..4 {
        world.publish(NEW + id);
    }
    world.run(110);
    let new = world.started[100..].iter().filter(|id| **id >= NEW).count();
    assert_eq!(new, 4, "{:?}", &world.started[100..]);
}

#[test]
fn what_is_held_ahead_of_what_is_parked_is_bounded_and_nothing_is_attempted_twice() {
    let mut world = World::new();
    world.run(100);
    for id in 0..500 {
        world.publish(NEW + id);
    }
    assert!(world.scheduler.depth().held <= BOUNDS.window, "{:?}", world.scheduler.depth());
    // As many as the store is asked for at a time come in between.
    for turns in (200..1_600).step_by(100) {
        world.run(turns);
        world.publish(NEW + 500 + i64::try_from(turns).unwrap());
        assert!(world.scheduler.depth().held <= BOUNDS.window, "{:?}", world.scheduler.depth());
    }
    world.run(usize::MAX);
    let all = world.started.len();
    world.started.sort_unstable();
    world.started.dedup();
    assert_eq!((all, world.started.len(), world.stored.len()), (1_514, 1_514, 0));
    assert_eq!(world.scheduler.depth().held, 0);
}

#[test]
fn retries_and_replays_get_no_place_ahead_of_what_is_parked() {
    let mut world = World::new();
    world.run(100);
    let held = world.scheduler.depth().held;
    let now = world.now;
    for (id, cause) in [(NEW, Cause::Replay), (NEW + 1, Cause::Event)] {
        let attempts = u32::from(cause == Cause::Event);
        let late = Work { cause, attempts_made: attempts, tries: attempts, due: now, ..work(id, 1, 1) };
        world.scheduler.accept(late, Standing::Enabled, &policy(), now);
    }
    assert_eq!(world.scheduler.depth().held, held);
}
