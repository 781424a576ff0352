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
    scheduler.webhook_changed(WebhookId::new(1), Standing::Enabled, later);
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
