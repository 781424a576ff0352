//! Webhooks that change, go, or are heard of to be gone.

use super::*;

#[test]
fn a_webhook_that_was_moved_begins_at_once_whatever_hangs_where_it_was() {
    let mut scheduler = scheduler(100);
    for id in 1..=20 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    let hanging = started(scheduler.poll(start(), ALL));
    let later = after(start(), seconds(2));
    scheduler.recount(later);
    assert_eq!(total(&scheduler), 0, "it hangs");
    scheduler.webhook_changed(WebhookId::new(1), Some(change(2)), Standing::Enabled, later);
    assert_eq!(total(&scheduler), 16, "it may be another receiver");
    let moved = started(scheduler.poll(later, ALL));
    assert_eq!((hanging.len(), moved.len()), (4, 4));
    // What hung frees no place there, nor does it fill one.
    for work in &hanging {
        scheduler.finished(work.delivery, FAILED, &policy(), 0, later);
    }
    assert!(scheduler.poll(later, ALL).is_empty());
    for work in &moved {
        scheduler.finished(work.delivery, OK, &policy(), 0, later);
    }
    assert_eq!(started(scheduler.poll(later, ALL)).len(), 5);
}

#[test]
fn a_webhook_whose_tenant_or_user_has_changed_does_not_begin_anew() {
    let mut scheduler = scheduler(100);
    let webhook = WebhookId::new(1);
    for id in 1..=20 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    let works = started(scheduler.poll(start(), ALL));
    assert!(works.iter().all(|work| scheduler.attempted_as_of(work.delivery, change(1))));
    let mut hanging = works.len();
    for version in [1, 1, 2, 2] {
        scheduler.webhook_changed(webhook, Some(change(version)), Standing::Enabled, start());
        hanging += started(scheduler.poll(start(), ALL)).len();
    }
    assert_eq!(hanging, 8);
}

#[test]
fn a_change_that_is_heard_of_later_begins_with_the_first_attempt_that_is_made_with_it() {
    let mut scheduler = scheduler(100);
    let webhook = WebhookId::new(1);
    for id in 1..=20 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    let before = started(scheduler.poll(start(), ALL));
    for work in &before {
        assert!(scheduler.attempted_as_of(work.delivery, change(1)));
        scheduler.finished(work.delivery, OK, &policy(), 0, start());
    }
    // The directory has the second version, and the message is still under way.
    let early = started(scheduler.poll(start(), ALL));
    assert_eq!(early.len(), 5, "as the window of the first has grown");
    for work in &early {
        assert!(!scheduler.attempted_as_of(work.delivery, change(2)), "they were started for the first");
        scheduler.give_back(work.delivery, GiveBack::Until(start()), start());
    }
    let works = started(scheduler.poll(start(), ALL));
    assert_eq!(works.len(), 4, "and it begins anew");
    assert!(works.iter().all(|work| scheduler.attempted_as_of(work.delivery, change(2))));
    scheduler.webhook_changed(webhook, Some(change(2)), Standing::Enabled, start());
    assert!(scheduler.poll(start(), ALL).is_empty(), "the message says nothing new");
    let hour = Verdict { signal: Signal::Trouble, retry_after: Some(seconds(3_600)) };
    let next = scheduler.finished(works[0].delivery, hour, &policy(), 0, start());
    assert_eq!(next, Some(Next::Retry { due: after(start(), seconds(3_600)), tries: 0 }));
    assert!(scheduler.poll(after(start(), seconds(3_599)), ALL).is_empty(), "it wants to be left alone");
}

#[test]
fn a_webhook_that_hangs_gets_no_more_than_the_largest_window_however_often_it_is_changed() {
    let mut scheduler = scheduler(1_000);
    let webhook = WebhookId::new(1);
    for id in 1..=500 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    let mut hanging = started(scheduler.poll(start(), ALL));
    for version in 2..=100 {
        scheduler.webhook_changed(webhook, Some(change(version)), Standing::Enabled, start());
        hanging.extend(started(scheduler.poll(start(), ALL)));
    }
    assert_eq!((hanging.len(), total(&scheduler)), (64, 0), "and it holds up nobody's publishing");
    assert!(!scheduler.has_startable());
    for work in &hanging[..3] {
        scheduler.finished(work.delivery, FAILED, &policy(), 0, start());
    }
    assert_eq!(started(scheduler.poll(start(), ALL)).len(), 3);
}

#[test]
fn one_that_is_heard_of_to_be_gone_with_a_new_delivery_holds_up_nobody() {
    let mut scheduler = scheduler(100);
    for id in 1..=10 {
        scheduler.accept(work(id, 1, 1), Standing::Enabled, &policy(), start());
    }
    scheduler.accept(work(50, 1, 1), Standing::Gone, &policy(), start());
    assert!(!scheduler.has_startable(), "nothing is left");
    assert_eq!((total(&scheduler), scheduler.held), (0, 0));
    scheduler.accept(work(60, 2, 1), Standing::Enabled, &policy(), start());
    scheduler.accept(work(61, 3, 2), Standing::Enabled, &policy(), start());
    let actions = scheduler.poll(start(), ALL);
    let (starts, ends): (Vec<_>, Vec<_>) =
        actions.into_iter().partition(|action| matches!(action, Action::Start(_)));
    assert_eq!((started(starts).len(), ended(ends).len()), (2, 11));
}
