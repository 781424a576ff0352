//! What one endpoint gets.

use super::*;

/// An endpoint with so many deliveries, all due.
fn waiting(count: i64) -> Scheduler {
    let mut scheduler = scheduler(1_000);
    for id in 1..=count {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    scheduler
}

fn finish(scheduler: &mut Scheduler, works: &[Work], verdict: Verdict, now: Timestamp) {
    for work in works {
        scheduler.finished(work.delivery, verdict, &policy(), 0, now);
    }
}

const GONE: Verdict = Verdict { signal: Signal::Gone, retry_after: None };
const OURS: Verdict = Verdict { signal: Signal::Ours, retry_after: None };
const NOTHING: Verdict = Verdict { signal: Signal::Nothing, retry_after: None };

fn window(scheduler: &Scheduler) -> usize {
    scheduler.queues[&WebhookId::new(1)].gate.window()
}

/// Lets attempts fail until the endpoint is left alone, and says until when.
fn break_down(scheduler: &mut Scheduler, now: Timestamp) -> Timestamp {
    loop {
        let works = started(scheduler.poll(now, ALL));
        if works.is_empty() {
            return scheduler.next_wakeup().unwrap();
        }
        finish(scheduler, &works, FAILED, now);
    }
}

#[test]
fn a_window_grows_by_one_for_each_window_of_successes_up_to_sixty_four() {
    let mut scheduler = waiting(9_000);
    for expected in [4, 5, 6, 7] {
        let works = started(scheduler.poll(start(), ALL));
        assert_eq!(works.len(), expected);
        finish(&mut scheduler, &works, OK, start());
    }
    for _ in 0..100 {
        let works = started(scheduler.poll(start(), ALL));
        finish(&mut scheduler, &works, OK, start());
    }
    assert_eq!(window(&scheduler), 64);
}

#[test]
fn a_window_that_is_not_needed_does_not_grow() {
    let mut scheduler = waiting(1_000);
    for _ in 0..500 {
        let works = started(scheduler.poll(start(), 1));
        finish(&mut scheduler, &works, OK, start());
    }
    assert_eq!(window(&scheduler), 4);
    let works = started(scheduler.poll(start(), 4));
    finish(&mut scheduler, &works, OK, start());
    assert_eq!(window(&scheduler), 5);
}

#[test]
fn a_receiver_that_breaks_down_under_a_window_of_attempts_has_failed_once() {
    let mut scheduler = waiting(100);
    let works = started(scheduler.poll(start(), ALL));
    finish(&mut scheduler, &works, FAILED, start());
    assert_eq!(window(&scheduler), 2);
}

#[test]
fn an_answer_that_only_concerns_the_delivery_changes_nothing() {
    let mut scheduler = waiting(100);
    let works = started(scheduler.poll(start(), ALL));
    finish(&mut scheduler, &works, REFUSED, start());
    assert_eq!(window(&scheduler), 4);
}

#[test]
fn an_endpoint_that_fails_at_one_is_left_alone_along_the_ladder_and_probed_after_each_step() {
    let mut scheduler = waiting(1_000);
    break_down(&mut scheduler, start());
    let mut now = start();
    for wait in [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400, 86_400] {
        let until = scheduler.queues[&WebhookId::new(1)].gate.opens_at().unwrap();
        assert_eq!((until, total(&scheduler)), (after(now, seconds(wait)), 0));
        let early = after(now, seconds(wait - 1));
        assert!(!scheduler.poll(early, ALL).iter().any(|action| matches!(action, Action::Start(_))));
        now = until;
        let mut probe = scheduler.poll(now, ALL);
        probe.retain(|action| matches!(action, Action::Start(_)));
        let probe = started(probe);
        assert_eq!(probe.len(), 1);
        assert!(scheduler.poll(now, ALL).is_empty(), "one at a time");
        finish(&mut scheduler, &probe, FAILED, now);
        if now > after(start(), policy().max_age()) {
            break;
        }
    }
}

#[test]
fn an_endpoint_that_is_back_gets_ten_in_the_first_second_and_then_twice_as_many_each() {
    // Timers ring in whole milliseconds, late at times, and many attempts belong into one.
    for tick in [Duration::from_micros(100), Duration::from_millis(1), Duration::from_micros(2_300)] {
        let by_second = slow_start(tick);
        for (second, count) in by_second.into_iter().enumerate() {
            let most = 10 << second;
            assert!(count <= most + most / 400, "second {second}, tick {tick:?}: {by_second:?}");
            assert!(count >= most * 3 / 4, "second {second}, tick {tick:?}: {by_second:?}");
        }
    }
}

/// How many attempts start in each second after a pause, if the scheduler is asked so often and everything succeeds.
fn slow_start(tick: Duration) -> [usize; 12] {
    let mut by_second = [0; 12];
    let mut scheduler = Scheduler::new(Bounds { window: 100_000, ..bounds(1_000) });
    for id in 1..=60_000 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    let mut now = break_down(&mut scheduler, start());
    let begin = now;
    while let Ok(elapsed) = usize::try_from(now.duration_since(begin).as_secs())
        && let Some(count) = by_second.get_mut(elapsed)
    {
        let works = started(scheduler.poll(now, ALL));
        *count += works.len();
        finish(&mut scheduler, &works, OK, now);
        now = after(now, tick);
    }
    by_second
}

#[test]
fn retry_after_leaves_the_endpoint_alone_and_not_only_the_delivery() {
    let mut scheduler = waiting(100);
    let works = started(scheduler.poll(start(), 1));
    let verdict = Verdict { signal: Signal::Trouble, retry_after: Some(seconds(90)) };
    finish(&mut scheduler, &works, verdict, start());
    assert!(scheduler.poll(after(start(), seconds(89)), ALL).is_empty());
    let then = after(start(), seconds(90));
    assert_eq!(scheduler.next_wakeup(), Some(then));
    assert_eq!(started(scheduler.poll(then, ALL)).len(), 1, "a probe");
}

#[test]
fn one_that_says_it_is_gone_is_asked_once_more() {
    let mut scheduler = waiting(100);
    let works = started(scheduler.poll(start(), 1));
    finish(&mut scheduler, &works, GONE, start());
    assert!(scheduler.poll(after(start(), seconds(4)), ALL).is_empty());
    assert_eq!(started(scheduler.poll(after(start(), seconds(5)), ALL)).len(), 1);
}

#[test]
fn one_that_says_it_is_gone_beside_another_failure_is_left_alone_too_and_once() {
    let mut scheduler = waiting(100);
    let works = started(scheduler.poll(start(), ALL));
    finish(&mut scheduler, &works[..1], FAILED, start());
    assert_eq!(window(&scheduler), 2);
    finish(&mut scheduler, &works[1..], GONE, start());
    assert!(scheduler.poll(after(start(), seconds(4)), ALL).is_empty());
    assert_eq!(started(scheduler.poll(after(start(), seconds(5)), ALL)).len(), 1, "one step of the ladder");
}

#[test]
fn one_that_says_it_is_gone_is_left_alone_for_five_seconds_where_there_is_no_ladder() {
    let mut scheduler = waiting(100);
    let once = RetryPolicy::new(Vec::new()).unwrap();
    for work in started(scheduler.poll(start(), ALL)) {
        scheduler.finished(work.delivery, GONE, &once, 0, start());
    }
    assert!(scheduler.poll(after(start(), seconds(4)), ALL).is_empty());
    assert_eq!(started(scheduler.poll(after(start(), seconds(5)), ALL)).len(), 1);
}

#[test]
fn one_whose_attempts_fail_for_want_of_something_of_ours_is_left_alone_twice_as_long_each_time() {
    let mut scheduler = waiting(100);
    let once = RetryPolicy::new(Vec::new()).unwrap();
    let (mut made, mut now) = (Vec::new(), start());
    for wait in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        let works = started(scheduler.poll(now, ALL));
        for work in &works {
            let due = after(now, seconds(wait));
            let next = scheduler.finished(work.delivery, OURS, &once, 0, now);
            assert_eq!(next, Some(Next::Retry { due, tries: 0 }), "nothing was sent");
        }
        assert!(scheduler.poll(after(now, seconds(wait) - Duration::from_millis(1)), ALL).is_empty());
        made.push(works.len());
        now = after(now, seconds(wait));
    }
    assert_eq!(made, [4, 1, 1, 1, 1, 1, 1, 1, 1]);
    let probe = started(scheduler.poll(now, ALL));
    finish(&mut scheduler, &probe, REFUSED, now);
    let works = started(scheduler.poll(now, ALL));
    finish(&mut scheduler, &works, REFUSED, now);
    let works = started(scheduler.poll(now, ALL));
    finish(&mut scheduler, &works, OURS, now);
    assert_eq!(scheduler.queues[&WebhookId::new(1)].gate.opens_at(), Some(after(now, seconds(1))));
}

/// Its window is the largest, and all of that, so many attempts, has just failed for want of something of ours.
fn short_of_something_at_full_width() -> (Scheduler, usize) {
    let mut scheduler = waiting(9_000);
    for _ in 0..100 {
        let works = started(scheduler.poll(start(), ALL));
        finish(&mut scheduler, &works, OK, start());
    }
    let works = started(scheduler.poll(start(), ALL));
    finish(&mut scheduler, &works, OURS, start());
    (scheduler, works.len())
}

#[test]
fn one_for_which_there_is_enough_for_a_probe_only_is_left_alone_twice_as_long_each_time_too() {
    let (mut scheduler, _) = short_of_something_at_full_width();
    let (mut now, mut failed) = (start(), Vec::new());
    for wait in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        let then = scheduler.queues[&WebhookId::new(1)].gate.opens_at().unwrap();
        assert_eq!(then, after(now, seconds(wait)));
        now = then;
        let probe = started(scheduler.poll(now, ALL));
        finish(&mut scheduler, &probe, OK, now);
        let works = started(scheduler.poll(now, ALL));
        finish(&mut scheduler, &works, OURS, now);
        failed.push(works.len());
    }
    assert_eq!(failed, [64, 32, 16, 8, 4, 2, 1, 1, 1]);
}

#[test]
fn a_whole_window_of_attempts_that_could_be_made_ends_a_row_of_such_that_could_not() {
    for (made, pause) in [(3, 2), (4, 1)] {
        let mut scheduler = waiting(100);
        let works = started(scheduler.poll(start(), ALL));
        finish(&mut scheduler, &works, OURS, start());
        let now = after(start(), seconds(1));
        let probe = started(scheduler.poll(now, ALL));
        finish(&mut scheduler, &probe, OK, now);
        let works = started(scheduler.poll(now, made));
        finish(&mut scheduler, &works, OK, now);
        let works = started(scheduler.poll(now, ALL));
        finish(&mut scheduler, &works, OURS, now);
        let opens = scheduler.queues[&WebhookId::new(1)].gate.opens_at();
        assert_eq!(opens, Some(after(now, seconds(pause))), "after {made}");
    }
}

#[test]
fn what_waits_for_something_of_ours_does_not_come_back_together() {
    let waits = [0, 0x8000_8000, u32::MAX].map(|draw| {
        let mut scheduler = waiting(1);
        let works = started(scheduler.poll(start(), ALL));
        let once = RetryPolicy::new(Vec::new()).unwrap();
        let next = scheduler.finished(works[0].delivery, OURS, &once, draw, start());
        let Some(Next::Retry { due, tries: 0 }) = next else { panic!("{next:?}") };
        let gate = scheduler.queues[&WebhookId::new(1)].gate.opens_at().unwrap();
        [due, gate].map(|time| time.duration_since(start()).as_millis())
    });
    assert_eq!(waits, [[1_000, 1_000], [1_500, 1_500], [2_000, 2_000]]);
}

#[test]
fn a_delivery_that_always_wants_something_of_ours_is_attempted_some_thousands_of_times_at_most() {
    let mut scheduler = waiting(1);
    let at_once = RetryPolicy::new(vec![Duration::ZERO; 2]).unwrap();
    let (mut made, mut now) = (0, start());
    loop {
        let works = started(scheduler.poll(now, ALL));
        made += works.len();
        for work in &works {
            scheduler.finished(work.delivery, OURS, &at_once, 0, now);
        }
        let Some(next) = scheduler.next_wakeup() else { break };
        now = next;
    }
    assert!((7_000..7_500).contains(&made), "{made}");
}

#[test]
fn an_endpoint_that_answers_after_something_of_ours_was_missing_has_its_window_back() {
    let (mut scheduler, at_first) = short_of_something_at_full_width();
    let mut now = start();
    for (wait, verdict, window) in [(1, OURS, 1), (2, OK, 64)] {
        now = after(now, seconds(wait));
        let probe = started(scheduler.poll(now, ALL));
        finish(&mut scheduler, &probe, verdict, now);
        let then = started(scheduler.poll(now, ALL));
        assert_eq!((at_first, probe.len(), then.len()), (64, 1, if window == 1 { 0 } else { window }));
        finish(&mut scheduler, &then, OURS, now);
    }
    // But not after a probe that says how the receiver is.
    let then = scheduler.queues[&WebhookId::new(1)].gate.opens_at().unwrap();
    let probe = started(scheduler.poll(then, ALL));
    finish(&mut scheduler, &probe, FAILED, then);
    let then = scheduler.queues[&WebhookId::new(1)].gate.opens_at().unwrap();
    let probe = started(scheduler.poll(then, ALL));
    finish(&mut scheduler, &probe, OK, then);
    assert_eq!((probe.len(), window(&scheduler)), (1, 1));
}

#[test]
fn one_that_has_trouble_itself_while_something_of_ours_is_missing_has_no_window_back() {
    let asked = Verdict { signal: Signal::Refused, retry_after: Some(seconds(1)) };
    for verdict in [FAILED, GONE, asked] {
        let mut scheduler = waiting(100);
        let works = started(scheduler.poll(start(), ALL));
        finish(&mut scheduler, &works[..1], OURS, start());
        finish(&mut scheduler, &works[1..], verdict, start());
        let then = after(start(), seconds(1));
        let probe = started(scheduler.poll(then, ALL));
        finish(&mut scheduler, &probe, OK, then);
        assert_eq!((probe.len(), window(&scheduler)), (1, 1), "{verdict:?}");
    }
}

#[test]
fn an_endpoint_that_starts_slowly_goes_on_with_that_when_something_of_ours_was_missing() {
    let mut scheduler = waiting(100);
    let until = break_down(&mut scheduler, start());
    let probe = started(scheduler.poll(until, ALL));
    finish(&mut scheduler, &probe, OK, until);
    let now = after(until, seconds(1));
    let works = started(scheduler.poll(now, ALL));
    finish(&mut scheduler, &works, OURS, now);
    let now = after(now, seconds(1));
    let probe = started(scheduler.poll(now, ALL));
    finish(&mut scheduler, &probe, OK, now);
    assert!(scheduler.poll(after(now, Duration::from_millis(99)), ALL).is_empty());
    assert_eq!(started(scheduler.poll(after(now, Duration::from_millis(100)), ALL)).len(), 1);
}

#[test]
fn a_defect_that_one_delivery_has_met_holds_up_none_behind_it() {
    let mut scheduler = waiting(100);
    let works = started(scheduler.poll(start(), ALL));
    finish(&mut scheduler, &works, NOTHING, start());
    assert_eq!(started(scheduler.poll(start(), ALL)).len(), 4);
}

#[test]
fn what_somebody_tries_by_hand_says_nothing_of_the_endpoint_whatever_comes_of_it() {
    let again = Verdict { signal: Signal::Trouble, retry_after: Some(seconds(90)) };
    for cause in [Cause::Resend, Cause::Test] {
        for verdict in [OK, FAILED, GONE, OURS, NOTHING, again] {
            let mut scheduler = scheduler(100);
            for id in 1..=20 {
                let cause = if id <= 8 { cause } else { Cause::Event };
                scheduler.accept(Work { cause, ..work(id, 1, 1) }, Standing::Enabled, &policy(), start());
            }
            for _ in 0..2 {
                let works = started(scheduler.poll(start(), ALL));
                assert!(works.iter().all(|work| work.cause == cause));
                finish(&mut scheduler, &works, verdict, start());
            }
            let open = (window(&scheduler), started(scheduler.poll(start(), ALL)).len());
            assert_eq!(open, (4, 4), "{cause:?}, {verdict:?}");
        }
    }
}

#[test]
fn what_somebody_tries_by_hand_is_no_probe() {
    let mut scheduler = waiting(100);
    let until = break_down(&mut scheduler, start());
    let by_hand = Work { cause: Cause::Resend, due: retry::before(start(), seconds(1)), ..work(200, 1, 1) };
    scheduler.accept(by_hand, Standing::Enabled, &policy(), until);
    let works = started(scheduler.poll(until, ALL));
    assert_eq!((works.len(), works[0].cause), (1, Cause::Resend));
    finish(&mut scheduler, &works, OK, until);
    assert!(scheduler.poll(until, ALL).is_empty());
    assert_eq!(started(scheduler.poll(after(until, seconds(1)), ALL)).len(), 1, "the probe");
}

#[test]
fn results_of_an_older_version_of_the_webhook_say_nothing_of_the_new_one() {
    let mut scheduler = waiting(100);
    let works = started(scheduler.poll(start(), ALL));
    scheduler.webhook_changed(WebhookId::new(1), Some(change(2)), Standing::Enabled, start());
    finish(&mut scheduler, &works, FAILED, start());
    assert_eq!(window(&scheduler), 4);
}

#[test]
fn an_endpoint_whose_tenant_never_retries_is_not_left_alone() {
    let mut scheduler = scheduler(100);
    let once = RetryPolicy::new(Vec::new()).unwrap();
    for id in 1..=50 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &once, start());
    }
    let mut ended = 0;
    for _ in 0..100 {
        for work in started(scheduler.poll(start(), ALL)) {
            let next = scheduler.finished(work.delivery, FAILED, &once, 0, start());
            assert_eq!(next, Some(Next::End(DeliveryState::Exhausted)));
            ended += 1;
        }
    }
    assert_eq!((ended, window(&scheduler)), (50, 1));
}

#[test]
fn what_is_known_of_an_endpoint_that_rests_is_forgotten_but_for_trouble() {
    let mut scheduler = scheduler(100);
    for id in 1..=2 {
        scheduler.accept(work(id, id, 1), Standing::Enabled, &policy(), start());
    }
    let works = started(scheduler.poll(start(), ALL));
    finish(&mut scheduler, &works[..1], OK, start());
    scheduler.finished(works[1].delivery, FAILED, &RetryPolicy::new(vec![]).unwrap(), 0, start());
    scheduler.sweep(start());
    scheduler.sweep(start());
    assert_eq!(scheduler.queues.keys().collect::<Vec<_>>(), [&WebhookId::new(2)]);
}

#[test]
fn what_an_older_version_of_a_webhook_is_asked_is_not_asked_of_the_new_one() {
    let mut scheduler = waiting(100);
    let works = started(scheduler.poll(start(), ALL));
    scheduler.webhook_changed(WebhookId::new(1), Some(change(2)), Standing::Enabled, start());
    let verdict = Verdict { signal: Signal::Trouble, retry_after: Some(seconds(86_400)) };
    for work in &works {
        let next = scheduler.finished(work.delivery, verdict, &policy(), 0, start());
        assert_eq!(next, Some(Next::Retry { due: after(start(), seconds(5)), tries: 1 }));
    }
    assert_eq!(started(scheduler.poll(start(), ALL)).len(), 4, "it begins anew, and at once");
}

#[test]
fn a_receiver_that_asks_to_be_left_alone_for_no_time_is_left_alone_as_any_that_fails() {
    let mut scheduler = waiting(1_000);
    let verdict = Verdict { signal: Signal::Trouble, retry_after: Some(Duration::ZERO) };
    let (mut flying, mut made, mut now) = (std::collections::VecDeque::new(), 0, start());
    for _ in 0..500 {
        now = after(now, Duration::from_millis(10));
        flying.extend(started(scheduler.poll(now, ALL)));
        if let Some(work) = flying.pop_front() {
            finish(&mut scheduler, &[work], verdict, now);
            made += 1;
        }
    }
    assert!(made < 15, "{made} attempts in five seconds");
}

#[test]
fn an_endpoint_is_probed_again_when_the_probe_was_not_made_after_all() {
    let withdrawn = |scheduler: &mut Scheduler, id| {
        scheduler.withdraw(WebhookId::new(1), &[id].into_iter().collect());
    };
    for withdraw in [false, true] {
        for gone in [false, true] {
            let mut scheduler = waiting(100);
            let until = break_down(&mut scheduler, start());
            let probe = started(scheduler.poll(until, ALL))[0].delivery;
            if withdraw {
                withdrawn(&mut scheduler, probe);
            }
            let later = after(until, seconds(5));
            let why = if gone { GiveBack::Gone } else { GiveBack::Until(later) };
            scheduler.give_back(probe, why, until);
            let starts = |action: &Action| matches!(action, Action::Start(_));
            if !withdraw && !gone {
                let early = after(until, seconds(4));
                assert!(!scheduler.poll(early, ALL).iter().any(starts), "it waits as long as it was told to");
            }
            let probes = scheduler.poll(later, ALL).into_iter().filter(starts).count();
            assert_eq!(probes, 1, "withdrawn: {withdraw}, gone: {gone}");
        }
    }
}

#[test]
fn a_wish_to_be_left_alone_is_kept_although_nothing_waits() {
    let mut scheduler = scheduler(100);
    let once = RetryPolicy::new(Vec::new()).unwrap();
    scheduler.accept(work(1, 1, 1), Standing::Enabled, &once, start());
    let works = started(scheduler.poll(start(), ALL));
    let verdict = Verdict { signal: Signal::Trouble, retry_after: Some(seconds(3_600)) };
    scheduler.finished(works[0].delivery, verdict, &once, 0, start());
    for minute in 1..=5 {
        scheduler.sweep(after(start(), seconds(60 * minute)));
    }
    let later = after(start(), seconds(300));
    scheduler.accept(work(2, 1, 1), Standing::Enabled, &once, later);
    assert!(scheduler.poll(later, ALL).is_empty());
    let until = after(start(), seconds(3_600));
    let works = started(scheduler.poll(until, ALL));
    scheduler.finished(works[0].delivery, verdict, &once, 0, until);
    let in_two_days = after(start(), seconds(2 * 86_400));
    scheduler.sweep(in_two_days);
    scheduler.sweep(in_two_days);
    assert!(scheduler.queues.is_empty(), "what it wanted so long ago does not matter any more");
}

#[test]
fn what_began_before_a_pause_says_nothing_while_the_probe_is_under_way() {
    for verdict in [OK, REFUSED, FAILED, GONE, OURS] {
        let mut scheduler = waiting(100);
        let works = started(scheduler.poll(start(), ALL));
        // A pause and nothing else: no window is narrowed.
        finish(&mut scheduler, &works[..1], OURS, start());
        let then = after(start(), seconds(1));
        let probe = started(scheduler.poll(then, ALL));
        finish(&mut scheduler, &works[1..], verdict, then);
        let later = after(then, seconds(4));
        assert!(scheduler.poll(later, ALL).is_empty(), "{verdict:?}");
        finish(&mut scheduler, &probe, OK, later);
        let later = after(later, seconds(1));
        let open = if matches!(verdict.signal, Signal::Trouble | Signal::Gone) { 1 } else { 4 };
        assert_eq!((probe.len(), started(scheduler.poll(later, ALL)).len()), (1, open), "{verdict:?}");
    }
}

#[test]
fn a_slow_start_does_not_make_up_for_a_lull() {
    let mut scheduler = waiting(1);
    let works = started(scheduler.poll(start(), ALL));
    let again = Verdict { signal: Signal::Trouble, retry_after: Some(seconds(2)) };
    finish(&mut scheduler, &works, again, start());
    let then = after(start(), seconds(5));
    let probe = started(scheduler.poll(then, ALL));
    finish(&mut scheduler, &probe, OK, then);
    let later = after(then, seconds(30));
    for id in 101..=300 {
        let work = Work { received_at: later, due: later, ..work(id, 1, 1) };
        scheduler.accept(work, Standing::Enabled, &policy(), later);
    }
    let mut made = 0;
    for _ in 0..100 {
        let works = started(scheduler.poll(later, ALL));
        made += works.len();
        finish(&mut scheduler, &works, OK, later);
    }
    assert_eq!(made, 1, "a burst");
}

#[test]
fn an_attempt_that_was_not_made_leaves_the_window_as_it_was() {
    let mut scheduler = waiting(9_000);
    for _ in 0..100 {
        let works = started(scheduler.poll(start(), ALL));
        finish(&mut scheduler, &works, OK, start());
    }
    let works = started(scheduler.poll(start(), ALL));
    assert_eq!(works.len(), 64);
    let then = after(start(), seconds(5));
    // As when the store cannot be read for a moment: none of their bodies can.
    for work in &works {
        scheduler.give_back(work.delivery, GiveBack::Until(then), start());
    }
    assert!(scheduler.poll(after(start(), seconds(4)), ALL).is_empty(), "nor could the next");
    let probe = started(scheduler.poll(then, ALL));
    finish(&mut scheduler, &probe, OK, then);
    assert_eq!((probe.len(), started(scheduler.poll(then, ALL)).len()), (1, 64));
}
