//! The scheduler by hand, and [by a simulator](simulation).

mod beyond;
mod changes;
mod gate;
mod simulation;
mod window;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::*;
use crate::domain::{Body, Cause, EventId, Frame, MessageId, Number, TenantUid, Traced};

pub(super) fn work(delivery: i64, webhook: i64, tenant: i64) -> Work {
    let number = Number::new(delivery).unwrap();
    Work {
        delivery: DeliveryId::new(delivery),
        tenant: TenantId::new(tenant),
        webhook: WebhookId::new(webhook),
        event: EventId::new(delivery),
        message_id: MessageId::derive(&TenantUid::new([0; 16]), number, start(), number),
        cause: Cause::Event,
        received_at: start(),
        attempts_made: 0,
        tries: 0,
        due: start(),
        // Of one length, and no two the same.
        body: Some(Body { data: format!("{delivery:010}").into(), frame: Frame::default() }),
        trace: Traced::Unknown,
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
            Action::End(..) | Action::Ask(_) => panic!("{action:?}"),
        })
        .collect()
}

fn ended(actions: Vec<Action>) -> Vec<(i64, DeliveryState)> {
    actions
        .into_iter()
        .map(|action| match action {
            Action::End(id, _, state) => (id.get(), state),
            Action::Start(_) | Action::Ask(_) => panic!("{action:?}"),
        })
        .collect()
}

fn bounds(slots: usize) -> Bounds {
    Bounds { slots, body_bytes: 1 << 20, held: 100_000, window: 10_000, small_window: 10, page: 256 }
}

fn scheduler(slots: usize) -> Scheduler {
    Scheduler::new(bounds(slots))
}

/// When a webhook was changed, the one after the other.
fn change(n: u64) -> Timestamp {
    after(start(), seconds(n))
}

fn policy() -> RetryPolicy {
    RetryPolicy::default()
}

const OK: Verdict = Verdict { signal: Signal::Success, retry_after: None };
const REFUSED: Verdict = Verdict { signal: Signal::Refused, retry_after: None };
const FAILED: Verdict = Verdict { signal: Signal::Trouble, retry_after: None };
const ALL: usize = usize::MAX;

/// The latest a delivery can be due that was put off at this time or before.
fn latest(work: &Work, ladder: &RetryPolicy, time: Timestamp) -> Timestamp {
    if work.attempts_made == 0 {
        return time;
    }
    // Without a step it was not sent, and used none.
    let step = ladder.wait_after(work.tries.max(1), u32::MAX).unwrap_or_default();
    let asked = if work.tries < work.attempts_made { seconds(86_400) } else { Duration::ZERO };
    after(time, step.max(asked) + Duration::from_micros(1))
}

fn total(scheduler: &Scheduler) -> usize {
    scheduler.runnable.values().sum()
}

#[test]
fn a_new_delivery_starts_at_once_with_its_body_and_a_retry_waits_without_it() {
    let mut scheduler = scheduler(10);
    scheduler.accept(work(1, 1, 1), Standing::Enabled, &policy(), start());
    let first = started(scheduler.poll(start(), ALL));
    assert!(first[0].body.is_some());
    let next = scheduler.finished(first[0].delivery, FAILED, &policy(), 0, start());
    let due = after(start(), seconds(5));
    assert_eq!(next, Some(Next::Retry { due, tries: 1 }));
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
    let mut scheduler = Scheduler::new(Bounds { body_bytes: 25, ..bounds(100) });
    for id in 1..=5 {
        scheduler.accept(work(id, id, 1), Standing::Enabled, &policy(), start());
    }
    assert_eq!(scheduler.bodies.held(), 20);
    let with_body = started(scheduler.poll(start(), ALL)).iter().filter(|work| work.body.is_some()).count();
    assert_eq!((with_body, scheduler.bodies.held()), (2, 0));
}

#[test]
fn what_falls_due_while_another_attempt_lands_starts_all_the_same() {
    let mut scheduler = scheduler(10);
    for id in 1..=2 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    let works = started(scheduler.poll(start(), ALL));
    scheduler.finished(works[0].delivery, REFUSED, &policy(), 0, start());
    let later = after(start(), seconds(6));
    scheduler.finished(works[1].delivery, OK, &policy(), 0, later);
    assert_eq!(started(scheduler.poll(later, ALL)).len(), 1);
}

fn asked(actions: impl AsRef<[Action]>) -> Wanted {
    match actions.as_ref() {
        [Action::Ask(wanted)] => *wanted,
        other => panic!("{other:?}"),
    }
}

fn page(works: impl IntoIterator<Item = Work>) -> Option<Page> {
    Some(Page { works: works.into_iter().collect(), next: None })
}

#[test]
fn a_disabled_webhooks_deliveries_stay_in_the_store_until_it_is_enabled() {
    let mut scheduler = scheduler(10);
    let webhook = WebhookId::new(1);
    scheduler.accept(work(1, 1, 1), Standing::Disabled, &policy(), start());
    scheduler.accept(work(2, 1, 1), Standing::Disabled, &policy(), start());
    assert!(scheduler.poll(after(start(), seconds(60)), ALL).is_empty());
    assert_eq!((total(&scheduler), scheduler.held), (0, 0));
    let now = after(start(), seconds(61));
    scheduler.webhook_changed(webhook, Some(change(2)), Standing::Enabled, now);
    let wanted = asked(scheduler.poll(now, ALL));
    assert_eq!((wanted.webhook, wanted.from), (webhook, Turn::FIRST));
    scheduler.answered(&wanted, page([work(1, 1, 1), work(2, 1, 1)]), &policy(), now);
    assert_eq!(started(scheduler.poll(now, ALL)).len(), 2);
}

#[test]
fn a_disabled_webhook_is_looked_through_for_what_is_too_old() {
    let mut scheduler = scheduler(10);
    let expiry = after(start(), policy().max_age());
    let begin = expiry.checked_sub(jiff::SignedDuration::from_secs(600)).unwrap();
    let young = Work { received_at: begin, ..work(2, 1, 1) };
    scheduler.accept(work(1, 1, 1), Standing::Disabled, &policy(), begin);
    scheduler.accept(young.clone(), Standing::Disabled, &policy(), begin);
    assert_eq!(scheduler.next_wakeup(), Some(expiry));
    let wanted = asked(scheduler.poll(expiry, ALL));
    scheduler.answered(&wanted, page([work(1, 1, 1), young]), &policy(), expiry);
    assert_eq!(ended(scheduler.poll(expiry, ALL)), [(1, DeliveryState::Expired)]);
    assert_eq!(scheduler.next_wakeup(), Some(after(expiry, seconds(600))));
}

#[test]
fn what_memory_has_no_room_for_is_asked_for_when_there_is() {
    let mut scheduler = Scheduler::new(Bounds { window: 8, page: 4, ..bounds(1) });
    for id in 1..=20 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    assert_eq!(scheduler.held, 8);
    let mut served = Vec::new();
    let mut parked: Vec<Work> = (9..=20).map(|id| work(id, 1, 1)).collect();
    while served.len() < 20 {
        let mut wanted = None;
        for action in scheduler.poll(start(), 1) {
            match action {
                Action::Start(work) => {
                    served.push(work.delivery.get());
                    scheduler.finished(work.delivery, OK, &policy(), 0, start());
                }
                Action::Ask(ask) => wanted = Some(ask),
                Action::End(..) => panic!("{action:?}"),
            }
        }
        if let Some(wanted) = wanted {
            assert_eq!((wanted.from, wanted.limit), (parked[0].turn(), 4));
            let works: Vec<Work> = parked.drain(..4).collect();
            let next = parked.first().map(Work::turn);
            scheduler.answered(&wanted, Some(Page { works, next }), &policy(), start());
        }
    }
    assert_eq!(served, (1..=20).collect::<Vec<_>>());
    assert!(scheduler.queues.values().all(Queue::is_idle));
}

#[test]
fn what_earlier_processes_left_is_asked_for_from_the_first_turn() {
    let mut scheduler = scheduler(10);
    scheduler.take_up(WebhookId::new(1), TenantId::new(1), Standing::Enabled, start());
    let wanted = asked(scheduler.poll(start(), ALL));
    assert_eq!(wanted.from, Turn::FIRST);
    // What is made meanwhile is in the answer, or comes after it; a little of it is here already.
    scheduler.accept(work(2, 1, 1), Standing::Enabled, &policy(), start());
    scheduler.accept(work(3, 1, 1), Standing::Enabled, &policy(), start());
    scheduler.answered(&wanted, page([work(1, 1, 1), work(2, 1, 1)]), &policy(), start());
    let actions = scheduler.poll(start(), ALL);
    let ids: Vec<_> = started(actions).iter().map(|work| work.delivery.get()).collect();
    assert_eq!(ids, [1, 2, 3]);
}

#[test]
fn what_lands_while_the_store_is_asked_is_not_taken_back_in() {
    let mut scheduler = Scheduler::new(Bounds { window: 8, page: 4, ..bounds(9) });
    for id in 1..=9 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    let flying = started(scheduler.poll(start(), 4));
    let later = after(start(), seconds(1));
    // An older one comes to the front, and one that is in flight is behind the horizon then.
    scheduler.webhook_changed(WebhookId::new(1), Some(change(2)), Standing::Disabled, later);
    scheduler.webhook_changed(WebhookId::new(1), Some(change(2)), Standing::Enabled, later);
    let wanted = asked(scheduler.poll(later, 0));
    scheduler.finished(flying[0].delivery, OK, &policy(), 0, later);
    let works = flying.iter().cloned().map(|flown| Work { body: None, ..flown });
    scheduler.answered(&wanted, page(works), &policy(), later);
    assert_eq!(scheduler.held, 0, "neither what has landed nor what is in flight");
}

#[test]
fn a_store_that_cannot_answer_is_asked_again() {
    let mut scheduler = scheduler(10);
    scheduler.take_up(WebhookId::new(1), TenantId::new(1), Standing::Enabled, start());
    let wanted = asked(scheduler.poll(start(), ALL));
    scheduler.answered(&wanted, None, &policy(), start());
    assert!(scheduler.poll(start(), ALL).is_empty());
    let again = scheduler.next_wakeup().unwrap();
    assert_eq!(again, after(start(), seconds(1)));
    assert_eq!(asked(scheduler.poll(again, ALL)).from, Turn::FIRST);
}

#[test]
fn what_is_left_of_a_deleted_webhook_is_asked_for_and_ends() {
    let mut scheduler = scheduler(10);
    scheduler.take_up(WebhookId::new(1), TenantId::new(1), Standing::Gone, start());
    let wanted = asked(scheduler.poll(start(), ALL));
    let next = Some(work(1, 1, 1).turn().next());
    scheduler.answered(&wanted, Some(Page { works: vec![work(1, 1, 1)], next }), &policy(), start());
    let mut actions = scheduler.poll(start(), ALL);
    let wanted = asked(vec![actions.pop().unwrap()]);
    assert_eq!((ended(actions), Some(wanted.from)), (vec![(1, DeliveryState::Cancelled)], next));
    scheduler.answered(&wanted, page([]), &policy(), start());
    assert!(scheduler.poll(start(), ALL).is_empty() && scheduler.queues.values().all(Queue::is_idle));
}

#[test]
fn a_deleted_webhooks_deliveries_are_cancelled_those_in_flight_when_they_land() {
    let mut scheduler = scheduler(1);
    let webhook = WebhookId::new(1);
    for id in 1..=3 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    let flying = started(scheduler.poll(start(), ALL));
    scheduler.webhook_changed(webhook, None, Standing::Gone, start());
    let cancelled = ended(scheduler.poll(start(), ALL));
    assert_eq!(cancelled, [(2, DeliveryState::Cancelled), (3, DeliveryState::Cancelled)]);
    let next = scheduler.finished(flying[0].delivery, FAILED, &policy(), 0, start());
    assert_eq!(next, Some(Next::End(DeliveryState::Cancelled)));
    assert!(scheduler.queues.values().all(Queue::is_idle));
    assert!(scheduler.endpoints.is_empty() && scheduler.timers.is_empty());
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
    assert_eq!(next, Some(Next::Retry { due, tries: 1 }));
    assert!(scheduler.poll(back, ALL).is_empty());
    assert_eq!(started(scheduler.poll(after(start(), seconds(3_600)), ALL)).len(), 1);
}

#[test]
fn what_was_put_off_by_a_clock_that_was_ahead_waits_no_longer_than_its_ladder_and_comes_once() {
    let mut scheduler = Scheduler::new(Bounds { window: 8, page: 4, ..bounds(10) });
    let webhook = WebhookId::new(1);
    scheduler.take_up(webhook, TenantId::new(1), Standing::Enabled, start());
    let wanted = asked(scheduler.poll(start(), 0));
    let ahead = after(start(), seconds(3_605));
    let put_off = |id, tries| Work { due: ahead, attempts_made: tries, tries, ..work(id, 1, 1) };
    let works = [put_off(1, 0), put_off(2, 1)];
    let next = Some(works[1].turn().next());
    scheduler.answered(&wanted, Some(Page { works: works.to_vec(), next }), &policy(), start());
    // What the store shows again beyond a horizon that came nearer is the same delivery.
    let wanted = asked(scheduler.poll(start(), 0));
    scheduler.answered(&wanted, page(works), &policy(), after(start(), seconds(1)));
    assert_eq!(scheduler.held, 2);
    let first = started(scheduler.poll(after(start(), seconds(1)), ALL));
    assert_eq!(first.iter().map(|work| work.delivery.get()).collect::<Vec<_>>(), [1], "never attempted");
    assert_eq!(scheduler.next_wakeup(), Some(after(start(), seconds(35))), "5 s, and 30 s to spread them");
    let second = started(scheduler.poll(after(start(), seconds(35)), ALL));
    assert_eq!((second.len(), second[0].attempts_made), (1, 1));
}

#[test]
fn an_endpoint_that_hangs_leaves_the_slots_to_the_others() {
    let mut scheduler = scheduler(40);
    for id in 1..=100 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    assert_eq!(started(scheduler.poll(start(), ALL)).len(), 4);
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
fn only_what_an_endpoint_would_take_within_a_second_holds_up_publishing() {
    let mut scheduler = scheduler(100);
    for id in 1..=500 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    assert_eq!(total(&scheduler), 500, "nothing is known yet");
    let mut now = start();
    for _ in 0..60 {
        now = after(now, Duration::from_millis(5));
        let id = started(scheduler.poll(now, 1))[0].delivery;
        scheduler.finished(id, OK, &policy(), 0, now);
    }
    assert_eq!(total(&scheduler), 0, "it takes 200 a second, and 440 wait");
    for _ in 0..300 {
        now = after(now, Duration::from_millis(1));
        let id = started(scheduler.poll(now, 1))[0].delivery;
        scheduler.finished(id, OK, &policy(), 0, now);
    }
    assert_eq!(total(&scheduler), 140, "it takes 1,000 a second by now");
}

#[test]
fn the_backlog_of_an_endpoint_that_hangs_or_fails_holds_up_nobody() {
    let mut scheduler = scheduler(100);
    for id in 1..=200 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    let flying = started(scheduler.poll(start(), ALL));
    assert_eq!(total(&scheduler), 196);
    let later = after(start(), seconds(2));
    scheduler.recount(later);
    assert_eq!(total(&scheduler), 0, "it hangs");
    scheduler.finished(flying[0].delivery, OK, &policy(), 0, later);
    assert!(total(&scheduler) == 0 || total(&scheduler) == 196);
    let mut failed = 0;
    while scheduler.next_wakeup().is_none_or(|at| at > after(later, seconds(6))) || failed < 4 {
        for work in started(scheduler.poll(later, ALL)).iter().chain(&flying[1..]) {
            scheduler.finished(work.delivery, FAILED, &policy(), 0, later);
        }
        failed += 1;
        assert!(failed < 20);
        if failed >= 6 {
            break;
        }
    }
    assert_eq!(total(&scheduler), 0, "it fails");
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
    assert!(scheduler.queues.values().all(Queue::is_idle));
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
    let flying = started(scheduler.poll(start(), ALL));
    assert_eq!(flying[0].delivery, DeliveryId::new(1));
    let all: HashSet<_> = (1..=5).map(DeliveryId::new).collect();
    scheduler.withdraw(WebhookId::new(1), &all);
    assert_eq!(scheduler.next_wakeup(), None);
    let next = scheduler.finished(DeliveryId::new(1), FAILED, &policy(), 0, start());
    assert_eq!(next, Some(Next::End(DeliveryState::Cancelled)));
    for work in &flying[1..] {
        let next = scheduler.finished(work.delivery, OK, &policy(), 0, start());
        assert_eq!(next, Some(Next::End(DeliveryState::Delivered)), "what was taken was taken");
    }
    assert!(scheduler.poll(later, ALL).is_empty());
}

#[test]
fn what_is_made_after_the_clock_was_set_right_is_as_old_as_the_clock_says() {
    let mut scheduler = scheduler(10);
    let week = seconds(7 * 86_400);
    let now = after(start(), week);
    scheduler.set_ahead(week);
    scheduler.accept(work(1, 1, 1), Standing::Enabled, &policy(), now);
    let first = started(scheduler.poll(now, ALL));
    let next = scheduler.finished(first[0].delivery, FAILED, &policy(), 0, now);
    assert_eq!(next, Some(Next::Retry { due: after(now, seconds(5)), tries: 1 }));
    assert_eq!(started(scheduler.poll(after(now, seconds(5)), ALL)).len(), 1);
}

#[test]
fn what_a_hanging_receiver_or_its_tenants_share_holds_up_does_not_make_this_server_behind() {
    let mut scheduler = scheduler(8);
    for id in 1..=100 {
        scheduler.accept(work(id, id, 1), Standing::Enabled, &policy(), start());
        scheduler.accept(work(1_000 + id, id, 1), Standing::Enabled, &policy(), start());
    }
    assert!(!started(scheduler.poll(start(), ALL)).is_empty());
    let later = after(start(), seconds(60));
    scheduler.recount(later);
    let depth = scheduler.depth();
    assert_eq!(depth.oldest.is_some(), depth.runnable > 0, "{depth:?}");
}
