//! What the engine lets others see of itself.

use super::receiver::{Receiver, Reply};
use super::*;
use crate::domain::DisabledReason;
use crate::metrics::render;

/// The value of a figure.
fn figure(world: &World, name: &str) -> f64 {
    let text = render(&[world.engine.metrics().clone()]).unwrap();
    let mut values = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    values.next().unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().unwrap()
}

async fn reaches(world: &World, name: &str, expected: f64) {
    let reached = |_: &FakeStore| (figure(world, name) - expected).abs() < 0.5;
    world.store.until(&format!("{name} is {expected}"), reached).await;
}

#[tokio::test]
async fn what_this_server_is_behind_with_is_told_with_its_age() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    world.store.stalled.store(true, Ordering::SeqCst);
    let webhook = world.webhook(&receiver.url());
    for _ in 0..1_100 {
        world.publish(&webhook);
    }
    // All that may be unsettled have been attempted; the others can only wait.
    reaches(&world, "sigpost_deliveries_waiting{place=\"runnable\"}", 76.0).await;
    reaches(&world, "sigpost_deliveries_waiting{place=\"parked\"}", 0.0).await;
    let age = figure(&world, "sigpost_oldest_runnable_age_seconds");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let older = figure(&world, "sigpost_oldest_runnable_age_seconds");
    assert!(older - age > 0.4, "{age} {older}");
    world.store.resume();
    reaches(&world, "sigpost_deliveries_waiting{place=\"runnable\"}", 0.0).await;
    assert!(figure(&world, "sigpost_oldest_runnable_age_seconds") < 0.001);
}

#[tokio::test]
async fn what_a_failing_receiver_has_waiting_is_held_and_this_server_is_not_behind_with_it() {
    let receiver = Receiver::start(|_, _| Reply::Hang).await;
    let mut plan = Plan::default();
    plan.settings.timeout = Duration::from_secs(1);
    plan.settings.retry = RetryPolicy::new(vec![Duration::ZERO, Duration::from_secs(3_600)]).unwrap();
    let world = World::start(plan);
    let webhook = world.webhook(&receiver.url());
    for _ in 0..200 {
        world.publish(&webhook);
    }
    // Those that timed out are scheduled; the others wait for few turns.
    let waiting = |place: &str| figure(&world, &format!("sigpost_deliveries_waiting{{place=\"{place}\"}}"));
    let told = |_: &FakeStore| waiting("held") > 100.0 && waiting("scheduled") >= 1.0;
    world.store.until("it is told where they wait", told).await;
    assert!(waiting("runnable") < 0.5);
    assert!(figure(&world, "sigpost_oldest_runnable_age_seconds") < 0.001);
    assert!(figure(&world, "sigpost_attempts_total{class=\"timeout\"}") >= 1.0);
}

#[tokio::test]
async fn what_is_under_way_is_not_parked_and_what_is_for_a_webhook_that_is_off_is() {
    let receiver = Receiver::start(|_, _| Reply::Hang).await;
    let mut plan = Plan::default();
    plan.settings.timeout = Duration::from_secs(60);
    let world = World::start(plan);
    let off = world.change(&world.webhook(&receiver.url()), |webhook| {
        webhook.state = WebhookState::Disabled(DisabledReason::ByOwner);
    });
    let webhook = world.webhook(&receiver.url());
    for to in [[&off; 3].as_slice(), &[&webhook; 10]].concat() {
        world.publish(to);
    }
    reaches(&world, "sigpost_deliveries_waiting{place=\"held\"}", 6.0).await;
    reaches(&world, "sigpost_deliveries_waiting{place=\"parked\"}", 3.0).await;
    world.store.until("four are under way", |_| receiver.requests().len() == 4).await;
}

#[tokio::test]
async fn of_what_was_published_the_first_attempts_delay_is_told_alone() {
    let receiver = Receiver::start(|_, _| Reply::status("500 Oops")).await;
    let world = World::with_loopback();
    let webhook = world.webhook(&receiver.url());
    world.store.ended(world.publish(&webhook)).await;
    let replayed = Work { cause: Cause::Replay, ..world.durable(&webhook) };
    let id = replayed.delivery;
    world.store.made(vec![replayed]);
    world.store.ended(id).await;
    assert_eq!(receiver.requests().len(), 4, "each was attempted twice");
    reaches(&world, "sigpost_first_attempt_delay_seconds_count", 1.0).await;
}
