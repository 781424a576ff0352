//! Webhooks that go on failing are switched off; and what signs while one secret takes another's place.

use sigpost_core::signature::Scheme;

use super::engine::verifies;
use super::receiver::{Receiver, Reply};
use super::*;
use crate::domain::{Activity, DeliveryState, DisabledReason, FAILING_FOR, Rotation};

/// A receiver that answers these one after the other, the last one for ever.
async fn answering(statuses: &'static [&'static str]) -> Receiver {
    Receiver::start(move |number, _| Reply::status(statuses[number.min(statuses.len() - 1)])).await
}

/// One attempt a delivery, so that each is one answer.
fn without_retries() -> (World, Arc<Leaping>) {
    let clock = Arc::new(Leaping::default());
    let mut plan = Plan { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..Plan::default() };
    plan.settings.retry = RetryPolicy::new(Vec::new()).unwrap();
    (World::start(plan), clock)
}

/// A receiver that takes half a second to give this answer.
fn slowly(status: &str) -> Reply {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n").into_bytes();
    Reply::Drip(head, [&b"x: "[..], &[b'x'; 20], b"\r\n\r\n"].concat())
}

fn state(world: &World, webhook: &Webhook) -> WebhookState {
    world.store.directory().webhook(webhook.id).unwrap().state
}

async fn until_switched_off(world: &World, webhook: &Webhook, reason: DisabledReason) {
    let off = WebhookState::Disabled(reason);
    world.store.until("it is switched off", |_| state(world, webhook) == off).await;
}

#[tokio::test]
async fn a_second_410_switches_a_webhook_off_and_what_waits_stays() {
    let receiver = answering(&["410 Gone"]).await;
    let (world, clock) = without_retries();
    let webhook = world.webhook(&receiver.url());
    world.store.ended(world.publish(&webhook)).await;
    assert_eq!(state(&world, &webhook), WebhookState::Enabled, "the first may be a mishap");
    let second = world.publish(&webhook);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(receiver.requests().len(), 1, "it is left alone, although nothing is retried");
    clock.leap();
    world.store.ended(second).await;
    until_switched_off(&world, &webhook, DisabledReason::Gone).await;
    let off = world.store.directory().webhook(webhook.id).unwrap();
    assert_eq!((off.version, &off.updated_by), (2, &webhook.updated_by));
    let waiting = world.publish(&off);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.store.row(waiting).state, DeliveryState::Pending);
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn two_410s_that_were_under_way_together_are_one_mishap() {
    let receiver = Receiver::start(|_, _| slowly("410 Gone")).await;
    let (world, clock) = without_retries();
    let webhook = world.webhook(&receiver.url());
    let together = [world.publish(&webhook), world.publish(&webhook)];
    for delivery in together {
        world.store.ended(delivery).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((state(&world, &webhook), receiver.requests().len()), (WebhookState::Enabled, 2));
    clock.leap();
    world.store.ended(world.publish(&webhook)).await;
    until_switched_off(&world, &webhook, DisabledReason::Gone).await;
}

#[tokio::test]
async fn a_410_beside_another_failure_is_left_alone_before_a_second_one_counts() {
    let receiver = Receiver::start(|number, _| match number {
        0 => Reply::status("500 Oops"),
        1..=3 => slowly("410 Gone"),
        _ => Reply::status("410 Gone"),
    })
    .await;
    let mut plan = Plan::default();
    let minute = Duration::from_secs(60);
    plan.settings.retry = RetryPolicy::new(vec![Duration::ZERO, minute, minute]).unwrap();
    let world = World::start(plan);
    let webhook = world.webhook(&receiver.url());
    let together: Vec<_> = (0..4).map(|_| world.publish(&webhook)).collect();
    let all_attempted = |store: &FakeStore| together.iter().all(|id| !store.row(*id).attempts.is_empty());
    world.store.until("all were attempted", all_attempted).await;
    world.publish(&webhook);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((state(&world, &webhook), receiver.requests().len()), (WebhookState::Enabled, 4));
}

#[tokio::test]
async fn a_410_counts_anew_when_something_else_came_between() {
    let receiver = answering(&["410 Gone", "200 OK", "410 Gone", "500 Oops", "410 Gone"]).await;
    let (world, clock) = without_retries();
    let webhook = world.webhook(&receiver.url());
    for _ in 0..5 {
        clock.leap();
        world.store.ended(world.publish(&webhook)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((state(&world, &webhook), receiver.requests().len()), (WebhookState::Enabled, 5));
    // Nor does one count against a version that came after it.
    let changed = world.change(&webhook, |_| ());
    world.store.ended(world.publish(&changed)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(state(&world, &webhook), WebhookState::Enabled);
    clock.leap();
    world.store.ended(world.publish(&changed)).await;
    until_switched_off(&world, &webhook, DisabledReason::Gone).await;
}

#[tokio::test]
async fn ten_failures_over_five_days_switch_a_webhook_off_and_neither_alone_does() {
    let receiver = answering(&["500 Oops"]).await;
    let (world, _) = without_retries();
    let now = SystemClock::new().now();
    let failing = |failures, since: Duration| Activity {
        failing_since: Some(now - since),
        failures,
        ..Activity::default()
    };
    let minute = Duration::from_secs(60);
    let publish_after = async |activity: Activity| {
        let webhook = world.webhook(&receiver.url());
        world.store.directory().test_set_activity(webhook.id, activity);
        world.store.ended(world.publish(&webhook)).await;
        webhook
    };
    let few = publish_after(failing(8, FAILING_FOR + minute)).await;
    let young = publish_after(failing(100, FAILING_FOR - minute)).await;
    let hopeless = publish_after(failing(9, FAILING_FOR + minute)).await;
    until_switched_off(&world, &hopeless, DisabledReason::Failing).await;
    for spared in [few, young] {
        assert_eq!(state(&world, &spared), WebhookState::Enabled);
    }
}

#[tokio::test]
async fn what_fails_for_want_of_something_of_ours_is_sent_later_and_switches_nothing_off() {
    let receiver = Receiver::ok().await;
    let (world, _) = without_retries();
    let webhook = world.webhook(&receiver.url());
    let before = SystemClock::new().now() - (FAILING_FOR + Duration::from_secs(60));
    let activity = Activity { failing_since: Some(before), failures: 99, ..Activity::default() };
    world.store.directory().test_set_activity(webhook.id, activity);
    let sound = world.store.directory().tenant(TENANT).unwrap();
    let mut broken = (*sound).clone();
    broken.egress.ca_file = Some("/nowhere/authorities.pem".into());
    world.store.directory().test_set_tenants(vec![Arc::new(broken)]);
    let deliveries = [world.publish(&webhook), world.publish(&webhook)];
    for id in deliveries {
        world.store.until("it was attempted", |store| !store.row(id).attempts.is_empty()).await;
        let row = world.store.row(id);
        let outcome = failed(FailureClass::Local, Phase::Connect);
        assert_eq!((row.state, &row.attempts[0].outcome), (DeliveryState::Pending, &outcome));
    }
    world.store.directory().test_set_tenants(vec![sound]);
    for id in deliveries {
        let row = world.store.ended(id).await;
        assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 2));
    }
    assert_eq!(state(&world, &webhook), WebhookState::Enabled);
}

#[tokio::test]
async fn what_somebody_tries_by_hand_changes_no_state() {
    let receiver = answering(&["410 Gone"]).await;
    let (world, _) = without_retries();
    let webhook = world.webhook(&receiver.url());
    let before = SystemClock::new().now() - (FAILING_FOR + Duration::from_secs(60));
    let activity = Activity { failing_since: Some(before), failures: 99, ..Activity::default() };
    world.store.directory().test_set_activity(webhook.id, activity);
    for cause in [Cause::Resend, Cause::Test] {
        for _ in 0..3 {
            let work = Work { cause, ..world.durable(&webhook) };
            let id = work.delivery;
            // As the store hands over what a crash has left.
            world.store.made(vec![work]);
            world.store.ended(id).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((state(&world, &webhook), receiver.requests().len()), (WebhookState::Enabled, 6));
}

#[tokio::test]
async fn a_result_of_an_older_version_changes_nothing() {
    // The second answer is on its way while the webhook is changed.
    let receiver = Receiver::start(|number, _| match number {
        0 => Reply::status("410 Gone"),
        _ => slowly("410 Gone"),
    })
    .await;
    let (world, clock) = without_retries();
    let webhook = world.webhook(&receiver.url());
    world.store.ended(world.publish(&webhook)).await;
    clock.leap();
    let late = world.publish(&webhook);
    world.store.until("it is under way", |_| receiver.requests().len() == 2).await;
    // The engine is not told, so it still remembers the first 410: the version alone decides.
    let mut changed = webhook.next_version(SystemClock::new().now());
    changed.endpoint = Endpoint::parse("http://127.0.0.1:9/elsewhere").unwrap();
    world.store.directory().test_put_webhook(&Arc::new(changed));
    let row = world.store.ended(late).await;
    assert_eq!((status_of(&row.attempts[0].outcome), row.attempts[0].webhook_version), (410, 1));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let current = world.store.directory().webhook(webhook.id).unwrap();
    assert_eq!((current.state, current.version), (WebhookState::Enabled, 2));
}

#[tokio::test]
async fn a_410_of_a_change_that_is_heard_of_later_is_left_alone_before_a_second_one_counts() {
    let receiver = Receiver::start(|number, _| match number {
        0 => Reply::status("200 OK"),
        1 => slowly("410 Gone"),
        _ => Reply::status("410 Gone"),
    })
    .await;
    let (world, clock) = without_retries();
    let webhook = world.webhook(&receiver.url());
    world.store.ended(world.publish(&webhook)).await;
    // An attempt begins between the commit of the change and the message that tells of it.
    let changed = Arc::new(webhook.next_version(SystemClock::new().now()));
    world.store.directory().test_put_webhook(&changed);
    let first = world.publish(&changed);
    world.store.until("it is under way", |_| receiver.requests().len() == 2).await;
    world.dispatcher.webhook_changed(changed.id);
    world.store.ended(first).await;
    let second = world.publish(&changed);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((state(&world, &changed), receiver.requests().len()), (WebhookState::Enabled, 2));
    clock.leap();
    world.store.ended(second).await;
    until_switched_off(&world, &changed, DisabledReason::Gone).await;
}

#[tokio::test]
async fn a_410_of_an_older_version_does_not_count_against_one_that_is_attempted_before_it_is_heard_of() {
    let receiver = answering(&["410 Gone"]).await;
    let (world, clock) = without_retries();
    let webhook = world.webhook(&receiver.url());
    world.store.ended(world.publish(&webhook)).await;
    // The engine is not told, so it still remembers the first 410.
    let changed = Arc::new(webhook.next_version(SystemClock::new().now()));
    world.store.directory().test_put_webhook(&changed);
    clock.leap();
    world.store.ended(world.publish(&changed)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((state(&world, &changed), receiver.requests().len()), (WebhookState::Enabled, 2));
    clock.leap();
    world.store.ended(world.publish(&changed)).await;
    until_switched_off(&world, &changed, DisabledReason::Gone).await;
}

#[tokio::test]
async fn a_410_counts_although_the_tenant_was_changed_in_between() {
    let receiver = answering(&["410 Gone"]).await;
    let (world, clock) = without_retries();
    let webhook = world.webhook(&receiver.url());
    world.store.ended(world.publish(&webhook)).await;
    // The webhook is the same.
    world.dispatcher.webhook_changed(webhook.id);
    clock.leap();
    world.store.ended(world.publish(&webhook)).await;
    until_switched_off(&world, &webhook, DisabledReason::Gone).await;
}

#[tokio::test]
async fn what_a_receiver_says_counts_although_a_retired_secret_was_erased_in_between() {
    let receiver = Receiver::start(|_, _| slowly("410 Gone")).await;
    let (world, clock) = without_retries();
    let webhook = world.webhook(&receiver.url());
    let first = world.publish(&webhook);
    let erase = |version: &Webhook| {
        let now = SystemClock::new().now();
        let next = Webhook { updated_at: version.updated_at, ..version.next_version(now) };
        world.store.directory().test_put_webhook(&Arc::new(next.clone()));
        world.dispatcher.webhook_changed(next.id);
        next
    };
    // While an attempt is under way, and while the receiver is left alone.
    world.store.until("it is under way", |_| receiver.requests().len() == 1).await;
    let next = erase(&webhook);
    world.store.ended(first).await;
    let next = erase(&next);
    let second = world.publish(&next);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.requests().len(), 1, "it is left alone");
    clock.leap();
    world.store.until("it is under way", |_| receiver.requests().len() == 2).await;
    let next = erase(&next);
    world.store.ended(second).await;
    until_switched_off(&world, &next, DisabledReason::Gone).await;
    assert_eq!(world.store.directory().webhook(webhook.id).unwrap().version, 5);
}

#[tokio::test]
async fn a_success_of_an_older_version_does_not_excuse_the_one_in_its_place() {
    let receiver = Receiver::start(|number, _| match number {
        0 => slowly("200 OK"),
        _ => Reply::status("410 Gone"),
    })
    .await;
    let (world, clock) = without_retries();
    let webhook = world.webhook(&receiver.url());
    let late = world.publish(&webhook);
    world.store.until("it is under way", |_| receiver.requests().len() == 1).await;
    let changed = world.change(&webhook, |_| ());
    world.store.ended(world.publish(&changed)).await;
    let row = world.store.ended(late).await;
    assert_eq!((status_of(&row.attempts[0].outcome), row.attempts[0].webhook_version), (200, 1));
    clock.leap();
    world.store.ended(world.publish(&changed)).await;
    until_switched_off(&world, &changed, DisabledReason::Gone).await;
}

#[tokio::test]
async fn during_a_rotation_each_secret_signs_in_its_time() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let webhook = world.webhook(&receiver.url());
    let now = SystemClock::new().now();
    let hours = |hours: i64| now + jiff::SignedDuration::from_hours(hours);
    let mut requests = Vec::new();
    for (activate, retire) in [(1, 2), (-1, 1), (-2, -1)] {
        let (activate_at, retire_at) = (hours(activate), hours(retire));
        let rotation = Rotation { secret: Secret::new("the next one").unwrap(), activate_at, retire_at };
        let current = world.store.directory().webhook(webhook.id).unwrap();
        let changed = world.change(&current, |webhook| {
            webhook.secrets = Secrets::restore(Some(Secret::new(SECRET).unwrap()), Some(rotation));
        });
        world.store.ended(world.publish(&changed)).await;
        requests.push(receiver.requests().pop().unwrap());
    }
    // Before, between, after: who signs the system's own header, and whose signatures stand side by side.
    for (request, own, standard) in [
        (&requests[0], [true, false], [true, true]),
        (&requests[1], [false, true], [true, true]),
        (&requests[2], [false, true], [false, true]),
    ] {
        let by = |scheme| [SECRET, "the next one"].map(|secret| verifies(request, scheme, secret));
        assert_eq!((by(Scheme::IMMUTA), by(Scheme::IMMUTA_SHA1)), (own, own));
        assert_eq!(by(Scheme::STANDARD_WEBHOOKS), standard);
    }
}
