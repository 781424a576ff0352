//! Clocks that are moved, and rounds without a store.

use core::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::Mutex;

use super::*;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A clock of which each face is moved by itself.
struct Faces {
    wall_s: AtomicI64,
    passed_ms: AtomicU64,
}

impl Faces {
    fn new() -> Self {
        Self { wall_s: AtomicI64::new(1_800_000_000), passed_ms: AtomicU64::new(0) }
    }

    fn set_wall(&self, seconds: i64) {
        self.wall_s.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Time passes, and both show it.
    fn pass(&self, seconds: u64) {
        self.set_wall(i64::try_from(seconds).unwrap());
        self.pass_ms(seconds * 1_000);
    }

    fn pass_ms(&self, millis: u64) {
        self.passed_ms.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for Faces {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.wall_s.load(Ordering::Relaxed)).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.passed_ms.load(Ordering::Relaxed))
    }
}

#[test]
fn a_wall_clock_that_has_run_ahead_is_believed_after_an_hour() {
    let clock = Faces::new();
    let wall = Wall::new(&clock);
    let believed = || wall.now(&clock).is_some();
    clock.pass(30 * DAY);
    assert!(believed());
    clock.set_wall(59 * 60);
    assert!(believed(), "clocks are set");
    clock.set_wall(2 * 24 * 60 * 60);
    for _ in 0..60 {
        assert!(!believed());
        clock.pass(MINUTE);
    }
    assert!(believed(), "the machine slept");
    clock.pass(MINUTE);
    assert!(believed());
}

#[test]
fn a_wall_clock_that_was_ahead_for_a_while_is_believed_when_it_is_right_again() {
    let clock = Faces::new();
    let wall = Wall::new(&clock);
    let believed = || wall.now(&clock).is_some();
    for _ in 0..3 {
        clock.set_wall(24 * 60 * 60);
        assert!(!believed());
        clock.pass(50 * MINUTE);
        assert!(!believed());
        clock.set_wall(-24 * 60 * 60);
        assert!(believed(), "it begins to wait anew each time");
    }
}

#[test]
fn a_wall_clock_that_was_set_back_may_not_run_ahead_from_there() {
    let clock = Faces::new();
    let wall = Wall::new(&clock);
    clock.set_wall(-24 * 60 * 60);
    assert!(wall.now(&clock).is_some());
    clock.set_wall(2 * 60 * 60);
    assert!(wall.now(&clock).is_none());
}

/// What rounds ask for, and the answers: how much is left after each, and how much time it takes.
struct Asked {
    clock: Faces,
    asked: Mutex<Vec<(Cuts, Walk, u32)>>,
}

impl Asked {
    fn new() -> Self {
        Self { clock: Faces::new(), asked: Mutex::default() }
    }

    /// One round of so many steps, each of which takes so many milliseconds. What was asked for in each.
    async fn round(
        &self,
        walks: &mut Walks,
        cuts: impl Fn() -> Option<Cuts>,
        (steps, takes): (usize, u64),
    ) -> Vec<(Cuts, Walk, u32)> {
        let prune = async |cuts, walk, limit| {
            self.clock.pass_ms(takes);
            let mut asked = self.asked.lock().unwrap();
            asked.push((cuts, walk, limit));
            Ok(Pruned { events: 1, more: asked.len() < steps })
        };
        walks.round(&self.clock, cuts, prune).await;
        core::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn none() -> Option<Cuts> {
    Some(Cuts::default())
}

#[tokio::test]
async fn history_is_walked_from_its_old_end_at_the_start_and_once_an_hour() {
    let (asked, mut walks) = (Asked::new(), Walks::default());
    let mut begun = Vec::new();
    for _ in 0..5 {
        let steps = asked.round(&mut walks, none, (2, 0)).await;
        begun.push(steps[0].1 == Walk::Anew);
        assert_eq!(steps[1].1, Walk::On);
        asked.clock.pass(20 * MINUTE);
    }
    assert_eq!(begun, [true, false, false, true, false]);
}

#[tokio::test]
async fn a_walk_from_the_old_end_that_cannot_begin_is_begun_by_the_next_round() {
    let (asked, mut walks) = (Asked::new(), Walks::default());
    walks.round(&asked.clock, none, async |_, _, _| Err(StoreError::Overloaded)).await;
    // No file descriptors are left, for one.
    walks.round(&asked.clock, none, async |_, _, _| Err(StoreError::Backend("unable to open".into()))).await;
    assert_eq!(asked.round(&mut walks, none, (1, 0)).await[0].1, Walk::Anew);
}

#[tokio::test]
async fn a_walk_that_meets_damage_at_the_old_end_goes_on_past_it() {
    let (asked, mut walks) = (Asked::new(), Walks::default());
    let damaged = || StoreError::Damaged("malformed".into());
    walks.round(&asked.clock, none, async |_, _, _| Err(damaged())).await;
    assert_eq!(asked.round(&mut walks, none, (1, 0)).await[0].1, Walk::On);
}

#[tokio::test]
async fn steps_are_long_once_a_round_has_taken_an_hour() {
    let (asked, mut walks) = (Asked::new(), Walks::default());
    let steps = asked.round(&mut walks, none, (8, 10 * MINUTE * 1_000)).await;
    let limits: Vec<_> = steps.iter().map(|(_, _, limit)| *limit).collect();
    assert_eq!(limits, [8, 8, 8, 8, 8, 8, 64, 64]);
    assert_eq!(asked.round(&mut walks, none, (1, 0)).await[0].2, 8, "the next round begins with short ones");
}

#[tokio::test]
async fn a_round_goes_by_what_tenants_keep_now_and_ends_when_the_time_is_not_believed() {
    let (asked, mut walks) = (Asked::new(), Walks::default());
    let told = AtomicI64::new(0);
    let cuts = || {
        let second = told.fetch_add(1, Ordering::Relaxed);
        let cut = (TenantId::new(1), Timestamp::from_second(second).unwrap());
        (second < 3).then(|| Arc::new([cut].into_iter().collect()))
    };
    let steps = asked.round(&mut walks, cuts, (100, 50)).await;
    let cut = |(cuts, _, _): &(Cuts, Walk, u32)| cuts[&TenantId::new(1)].as_second();
    assert_eq!(steps.iter().map(cut).collect::<Vec<_>>(), [0, 0, 1, 1, 2, 2]);
}
