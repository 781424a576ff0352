//! The whole engine: from what is accepted to what is settled.

use std::collections::HashSet;

use sigpost_core::signature::{Scheme, Verifier};

use super::receiver::{Receiver, Reply, Request};
use super::*;
use crate::domain::{DeliveryState, DisabledReason};

#[tokio::test]
async fn what_is_accepted_is_delivered() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let webhook = world.webhook(&receiver.url());
    for _ in 0..200 {
        world.publish(&webhook);
    }
    world.store.until("all are delivered", |store| store.count(DeliveryState::Delivered) == 200).await;
    let ids: HashSet<_> =
        receiver.requests().iter().map(|request| request.header("webhook-id").unwrap().to_owned()).collect();
    assert_eq!((ids.len(), receiver.requests().len()), (200, 200));
    assert!(receiver.connections() <= 64, "{} connections", receiver.connections());
}

#[tokio::test]
async fn a_failed_delivery_is_retried_with_the_same_bytes_and_id_and_then_exhausted() {
    let receiver = Receiver::start(|_, _| Reply::status("500 Oops")).await;
    let world = World::with_loopback();
    let id = world.publish(&world.webhook(&receiver.url()));
    let row = world.store.ended(id).await;
    assert_eq!(row.state, DeliveryState::Exhausted);
    assert_eq!(row.attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2]);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].body, requests[1].body);
    assert_eq!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
}

#[tokio::test]
async fn retry_after_puts_the_next_attempt_off() {
    let receiver =
        Receiver::start(|_, _| Reply::text("HTTP/1.1 503 Later\nretry-after: 120\ncontent-length: 0\n\n"))
            .await;
    let world = World::with_loopback();
    let id = world.publish(&world.webhook(&receiver.url()));
    world.store.until("the attempt is recorded", |store| store.row(id).attempts.len() == 1).await;
    let row = world.store.row(id);
    let wait = row.work.due.duration_since(row.attempts[0].started_at);
    assert!((120..125).contains(&wait.as_secs()), "{wait:?}");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn a_panic_in_one_attempt_is_that_deliverys_failure_only() {
    let receiver = Receiver::ok().await;
    let resolver = TestResolver::with("panic.test", Answer::Panic);
    let world = World::start(Plan { resolver, ..Plan::default() });
    let bad = world.webhook("http://panic.test/");
    let unlucky = world.publish(&bad);
    let lucky = world.publish(&world.webhook(&receiver.url()));
    assert_eq!(world.store.ended(lucky).await.state, DeliveryState::Delivered);
    let row = world.store.ended(unlucky).await;
    assert_eq!((row.state, row.attempts.len()), (DeliveryState::Exhausted, 2));
    assert_eq!(row.attempts[0].outcome, failed(FailureClass::Local, Phase::Connect));
    let probed = world.attempt(world.durable(&bad)).await;
    assert_eq!(probed.outcome, failed(FailureClass::Local, Phase::Connect));
}

#[tokio::test]
async fn what_no_request_can_be_made_of_uses_up_its_ladder() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let webhook = world.webhook(&receiver.url());
    // Everybody may know it, so no scheme of a shared secret signs with it.
    let public = Secret::new(format!("whpk_{}=", "A".repeat(43))).unwrap();
    let webhook = world.change(&webhook, |webhook| webhook.secrets = Secrets::new(Some(public)));
    let row = world.store.ended(world.publish(&webhook)).await;
    let outcome = failed(FailureClass::Local, Phase::Connect);
    assert_eq!(row.state, DeliveryState::Exhausted);
    assert_eq!(row.attempts.iter().map(|attempt| &attempt.outcome).collect::<Vec<_>>(), [&outcome; 2]);
    assert!(receiver.requests().is_empty());
}

#[tokio::test]
async fn what_grew_too_old_is_told_of_with_its_tenant_and_webhook() {
    let written = tempfile::NamedTempFile::new().unwrap();
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(written.reopen().unwrap()).finish();
    let _log = tracing::subscriber::set_default(log);
    let world = World::start(Plan::default());
    let webhook = world.webhook("http://127.0.0.1:9/");
    let durable = world.durable(&webhook);
    let received_at = durable.received_at - Duration::from_secs(100 * 24 * 3_600);
    let delivery = durable.delivery;
    world.store.made(vec![Work { received_at, ..durable }]);
    let row = world.store.ended(delivery).await;
    assert_eq!((row.state, row.attempts.len()), (DeliveryState::Expired, 0));
    let lines = std::fs::read_to_string(written.path()).unwrap();
    let line = lines.lines().find(|line| line.contains("grew too old")).unwrap();
    let name = world.store.directory().tenant(TENANT).unwrap().name.clone();
    let (id, delivery) = (webhook.public_id, delivery.get());
    assert!(line.ends_with(&format!("tenant=\"{name}\" webhook={id} delivery={delivery}")), "{line}");
}

#[tokio::test]
async fn a_webhook_that_no_request_can_be_made_of_is_left_alone_and_told_of_once_until_it_is_changed() {
    let written = tempfile::NamedTempFile::new().unwrap();
    let log = tracing_subscriber::fmt().with_writer(Arc::new(written.reopen().unwrap())).finish();
    let _log = tracing::subscriber::set_default(log);
    let lines = || std::fs::read_to_string(written.path()).unwrap();
    let told = || lines().matches("no request can be made").count();
    let mut plan = Plan::default();
    let hour = Duration::from_secs(3_600);
    plan.settings.retry = RetryPolicy::new(vec![Duration::ZERO, hour, hour]).unwrap();
    let world = World::start(plan);
    let webhook = world.webhook("http://127.0.0.1:9/");
    let all: Vec<_> = (0..100).map(|_| world.durable(&webhook)).collect();
    let public = Secret::new(format!("whpk_{}=", "A".repeat(43))).unwrap();
    let change = || world.change(&webhook, |webhook| webhook.secrets = Secrets::new(Some(public.clone())));
    change();
    world.store.made(all.clone());
    for changes in 1..=2 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let attempts: usize = all.iter().map(|work| world.store.row(work.delivery).attempts.len()).sum();
        // A window of four, of two, of one.
        assert_eq!((attempts, told()), (7 * changes, changes));
        change();
    }
}

#[tokio::test]
async fn a_webhook_that_no_request_could_be_made_of_is_sent_to_once_its_tenants_settings_are_put_right() {
    let (receiver, failing) = (Receiver::ok().await, Receiver::start(|_, _| Reply::status("503 Busy")).await);
    let mut plan = Plan::default();
    let hour = Duration::from_secs(3_600);
    plan.settings.retry = RetryPolicy::new(vec![Duration::ZERO, hour, hour]).unwrap();
    let world = World::start(plan);
    // Fit to sign with as it is written; as base64 it is blank.
    let blank = Secret::new(format!("whsec_{}", "A".repeat(32))).unwrap();
    let webhook = world.webhook(&receiver.url());
    let webhook = world.change(&webhook, |webhook| webhook.secrets = Secrets::new(Some(blank)));
    let busy = world.webhook(&failing.url());
    let all = [&webhook, &busy].map(|webhook| (0..10).map(|_| world.durable(webhook)).collect::<Vec<_>>());
    world.store.made(all.concat());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let attempts = |works: &[Work]| -> usize {
        works.iter().map(|work| world.store.row(work.delivery).attempts.len()).sum()
    };
    assert_eq!([attempts(&all[0]), attempts(&all[1])], [7, 7], "both are left alone");
    let mut right = (*world.store.directory().tenant(TENANT).unwrap()).clone();
    right.settings.standard_webhooks = false;
    world.store.directory().test_set_tenants(vec![Arc::new(right)]);
    world.dispatcher.webhook_changed(webhook.id);
    world.dispatcher.webhook_changed(busy.id);
    let (now, later) = (world.publish(&webhook), world.publish(&busy));
    let ended = tokio::time::timeout(Duration::from_secs(5), world.store.ended(now)).await;
    assert_eq!(ended.expect("it waits for a step of the ladder").state, DeliveryState::Delivered);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.store.row(later).attempts.len(), 0, "a receiver that fails is as it was");
}

#[tokio::test]
async fn a_deleted_webhooks_deliveries_are_cancelled_without_an_attempt() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let webhook = world.webhook(&receiver.url());
    world.store.directory().test_remove_webhook(&webhook);
    let row = world.store.ended(world.publish(&webhook)).await;
    assert_eq!((row.state, row.attempts.len()), (DeliveryState::Cancelled, 0));
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_disabled_webhooks_deliveries_wait_and_go_where_it_points_when_it_is_enabled_again() {
    let (old, new) = (Receiver::ok().await, Receiver::ok().await);
    let world = World::with_loopback();
    let webhook = world.webhook(&old.url());
    let off = world.change(&webhook, |webhook| {
        webhook.state = WebhookState::Disabled(DisabledReason::ByOwner);
    });
    let id = world.publish(&off);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!((world.store.row(id).state, old.connections()), (DeliveryState::Pending, 0));
    world.change(&off, |webhook| {
        webhook.state = WebhookState::Enabled;
        webhook.endpoint = Endpoint::parse(&new.url()).unwrap();
    });
    let row = world.store.ended(id).await;
    assert_eq!((row.state, row.attempts[0].webhook_version), (DeliveryState::Delivered, 3));
    assert_eq!((old.connections(), new.connections()), (0, 1));
}

/// Whether a request verifies by a scheme with a secret.
pub(super) fn verifies(request: &Request, scheme: &Scheme, secret: &str) -> bool {
    let lines = request.head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers = lines.map(|(name, value)| (name, value.as_bytes()));
    let verifier = Verifier::new(scheme, &[Secret::new(secret).unwrap()]).unwrap();
    verifier.verify(headers, &request.body, SystemClock::new().now().as_second()).is_ok()
}

#[tokio::test]
async fn every_attempt_is_signed_by_every_scheme_with_the_secret_of_the_moment() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let webhook = world.webhook(&receiver.url());
    world.store.ended(world.publish(&webhook)).await;
    let changed = world
        .change(&webhook, |webhook| webhook.secrets = Secrets::new(Some(Secret::new("another").unwrap())));
    world.store.ended(world.publish(&changed)).await;
    let requests = receiver.requests();
    for scheme in [Scheme::IMMUTA, Scheme::IMMUTA_SHA1, Scheme::STANDARD_WEBHOOKS] {
        assert!(verifies(&requests[0], scheme, SECRET), "{}", scheme.name());
        assert!(verifies(&requests[1], scheme, "another"), "{}", scheme.name());
        assert!(!verifies(&requests[1], scheme, SECRET), "{}", scheme.name());
    }
}

#[tokio::test]
async fn a_webhook_without_a_secret_is_not_signed_at_all() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let unsigned =
        world.change(&world.webhook(&receiver.url()), |webhook| webhook.secrets = Secrets::default());
    world.store.ended(world.publish(&unsigned)).await;
    let request = &receiver.requests()[0];
    assert!(!request.head.to_lowercase().contains("signature"), "{}", request.head);
    assert!(request.header("webhook-id").is_some());
}

#[tokio::test]
async fn the_tenants_settings_choose_the_signatures() {
    let receiver = Receiver::ok().await;
    let mut plan = Plan::default();
    plan.settings.standard_webhooks = false;
    plan.settings.immuta_signatures.sha1 = false;
    let world = World::start(plan);
    world.probe(&receiver.url()).await;
    let request = &receiver.requests()[0];
    assert!(verifies(request, Scheme::IMMUTA, SECRET));
    for absent in ["x-immuta-webhook-signature", "webhook-signature", "webhook-id", "webhook-timestamp"] {
        assert_eq!(request.header(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn pending_deliveries_are_taken_up_at_the_start_each_once_while_new_ones_come_in() {
    let receiver = Receiver::ok().await;
    let store = Arc::<FakeStore>::default();
    let hook = Arc::new(webhook(1, TENANT, &receiver.url()));
    store.directory().test_put_webhook(&hook);
    for id in 1..=2_500 {
        store.insert(work(id, &hook));
    }
    let world = World::try_start(Plan::default(), store, 2_501).unwrap();
    for _ in 0..300 {
        world.publish(&hook);
        tokio::task::yield_now().await;
    }
    world.store.until("all are delivered", |store| store.count(DeliveryState::Delivered) == 2_800).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(receiver.requests().len(), 2_800);
}

#[tokio::test]
async fn what_a_probe_sends_is_not_sent_by_recovery_too() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let work = world.durable(&world.webhook(&receiver.url()));
    world.attempt(work).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn no_attempt_starts_while_too_many_results_are_not_durable() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    world.store.stalled.store(true, Ordering::SeqCst);
    let webhook = world.webhook(&receiver.url());
    for _ in 0..1_500 {
        world.publish(&webhook);
    }
    world.store.until("the limit is reached", |store| store.unsettled() >= 1_024).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((world.store.unsettled(), receiver.requests().len()), (1_024, 1_024));
    world.store.resume();
    world.store.until("all are delivered", |store| store.count(DeliveryState::Delivered) == 1_500).await;
}

#[tokio::test]
async fn no_attempt_starts_while_results_wait_for_space() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let webhook = world.webhook(&receiver.url());
    world.store.full.store(true, Ordering::SeqCst);
    world.publish(&webhook);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(receiver.requests().len(), 0);
    world.store.full.store(false, Ordering::SeqCst);
    world.store.until("it is delivered", |store| store.count(DeliveryState::Delivered) == 1).await;
}

#[tokio::test]
async fn publishing_is_held_up_while_this_server_is_behind_and_goes_on_when_it_is_not() {
    let receiver = Receiver::ok().await;
    let world =
        World::start(Plan { limits: Limits { runnable: 10, ..Limits::default() }, ..Plan::default() });
    let admitted = world.dispatcher.admit(TENANT, 1).await.unwrap();
    let webhook = world.webhook(&receiver.url());
    world.store.stalled.store(true, Ordering::SeqCst);
    for _ in 0..1_100 {
        world.publish(&webhook);
    }
    world.store.until("nothing starts any more", |store| store.unsettled() >= 1_024).await;
    drop(admitted);
    let (refused, took) = timed(world.dispatcher.admit(TENANT, 1)).await;
    assert_eq!(refused.err(), Some(Refused::Saturated(Saturated { retry_after: 1 })));
    assert!((Duration::from_millis(950)..Duration::from_millis(1_500)).contains(&took), "{took:?}");
    assert!(world.dispatcher.admit(TenantId::new(99), 1).await.is_ok(), "another tenant has nothing waiting");
    world.store.resume();
    let (admitted, took) = timed(world.dispatcher.admit(TENANT, 1)).await;
    assert!(admitted.is_ok() && took < Duration::from_millis(900), "{took:?}");
}

#[tokio::test]
async fn what_is_being_published_counts_until_it_is_there() {
    let limits = Limits { runnable: 10, ..Limits::default() };
    let world = World::start(Plan { limits, ..Plan::default() });
    let first = world.dispatcher.admit(TENANT, 9).await.unwrap();
    let second = world.dispatcher.admit(TENANT, 900).await.unwrap();
    assert!(world.dispatcher.admit(TENANT, 1).await.is_err());
    drop(second);
    let third = world.dispatcher.admit(TENANT, 1).await;
    assert!(third.is_ok() && world.dispatcher.admit(TENANT, 1).await.is_err());
    drop(first);
    assert!(world.dispatcher.admit(TENANT, 1).await.is_ok());
}

#[tokio::test]
async fn what_waits_for_a_receiver_that_hangs_holds_up_publishing_for_a_moment_only() {
    let receiver = Receiver::start(|_, _| Reply::Hang).await;
    let limits = Limits { runnable: 10, ..Limits::default() };
    let world = World::start(Plan { limits, ..Plan::default() });
    let webhook = world.webhook(&receiver.url());
    for _ in 0..40 {
        world.publish(&webhook);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let admitted = world.dispatcher.admit(TENANT, 1).await;
    assert!(admitted.is_ok(), "it is not refused even while nothing is known of the receiver");
    drop(admitted);
    let (admitted, took) = timed(world.dispatcher.admit(TENANT, 1)).await;
    assert!(admitted.is_ok() && took < Duration::from_millis(100), "{took:?}");
}

#[tokio::test]
async fn a_tenant_can_publish_no_more_while_too_much_of_it_is_stored() {
    let limits = Limits { stored: 5, ..Limits::default() };
    let world = World::start(Plan { limits, ..Plan::default() });
    let webhook = world.webhook("http://127.0.0.1:9/");
    let off = world.change(&webhook, |webhook| {
        webhook.state = WebhookState::Disabled(DisabledReason::ByOwner);
    });
    for _ in 0..4 {
        world.publish(&off);
    }
    assert!(world.dispatcher.admit(TENANT, 1).await.is_ok());
    let refused = world.dispatcher.admit(TENANT, 2).await.err();
    assert_eq!(refused, Some(Refused::Backlog { limit: 5, retry_after: 60 }));
    assert!(world.dispatcher.admit(TENANT, 0).await.is_ok(), "what goes nowhere takes no room");
    assert!(world.dispatcher.admit(TenantId::new(99), 5).await.is_ok(), "another tenant has its own");
}

#[tokio::test]
async fn shutdown_waits_for_attempts_in_flight_and_starts_no_more() {
    let slow = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n".to_vec();
    // The answer is complete after 40 ms.
    let receiver = Receiver::start(move |_, _| Reply::Drip(slow.clone(), b"\r\n".to_vec())).await;
    let world = World::with_loopback();
    let webhook = world.webhook(&receiver.url());
    for _ in 0..100 {
        world.publish(&webhook);
    }
    world.store.until("some are in flight", |_| !receiver.requests().is_empty()).await;
    world.engine.shutdown(Duration::from_secs(5)).await.unwrap();
    let sent = receiver.requests().len();
    assert_eq!(world.store.count(DeliveryState::Delivered), sent);
    assert_eq!(world.store.count(DeliveryState::Pending), 100 - sent);
    assert!(sent < 100);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(receiver.requests().len(), sent);
}

#[tokio::test]
async fn shutdown_does_not_wait_beyond_its_deadline() {
    let receiver = Receiver::start(|_, _| Reply::Hang).await;
    let world = World::with_loopback();
    let id = world.publish(&world.webhook(&receiver.url()));
    world.store.until("it is in flight", |_| !receiver.requests().is_empty()).await;
    let (ended, took) = timed(world.engine.shutdown(Duration::from_millis(200))).await;
    ended.unwrap();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(world.store.row(id).state, DeliveryState::Pending);
}

#[tokio::test]
async fn an_idle_engine_stops_at_once() {
    let world = World::with_loopback();
    let (ended, took) = timed(world.engine.shutdown(Duration::from_secs(5))).await;
    ended.unwrap();
    assert!(took < Duration::from_millis(200), "{took:?}");
}

async fn is_served_at_once(world: &World, healthy: &Webhook, alive: &Receiver) {
    let (_, took) = timed(async {
        for _ in 0..100 {
            world.publish(healthy);
        }
        world.store.until("the healthy one is served", |_| alive.requests().len() == 100).await;
    })
    .await;
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn a_tenant_whose_receivers_all_hang_leaves_slots_to_the_others() {
    let (dead, alive) = (Receiver::start(|_, _| Reply::Hang).await, Receiver::ok().await);
    let world = World::start(Plan { limits: Limits { slots: 60, ..Limits::default() }, ..Plan::default() });
    let other = tenant(2, egress(&["127.0.0.0/8"]), Settings::default());
    let first = world.store.directory().tenant(TENANT).unwrap();
    world.store.directory().test_set_tenants(vec![first, Arc::new(other)]);
    for _ in 0..40 {
        let hanging = world.webhook(&dead.url());
        for _ in 0..16 {
            world.publish(&hanging);
        }
    }
    world.store.until("the hanging ones hold what they get", |_| dead.open() >= 30).await;
    let healthy = world.webhook_of(TenantId::new(2), &alive.url());
    is_served_at_once(&world, &healthy, &alive).await;
    assert!(dead.open() <= 30, "{}", dead.open());
}

#[tokio::test]
async fn hanging_endpoints_do_not_hold_up_a_healthy_one() {
    let (dead, alive) = (Receiver::start(|_, _| Reply::Hang).await, Receiver::ok().await);
    let world = World::start(Plan { limits: Limits { slots: 80, ..Limits::default() }, ..Plan::default() });
    let hanging: Vec<_> = (0..2).map(|_| world.webhook(&dead.url())).collect();
    for _ in 0..500 {
        for webhook in &hanging {
            world.publish(webhook);
        }
    }
    world.store.until("the dead ones fill their windows", |_| dead.open() >= 8).await;
    let healthy = world.webhook(&alive.url());
    is_served_at_once(&world, &healthy, &alive).await;
}

#[tokio::test]
async fn an_engine_without_its_sweeper_says_that_it_has_ended_and_failed() {
    let world = World::with_loopback();
    let ended = world.engine.ended();
    assert!(tokio::time::timeout(Duration::from_millis(50), ended).await.is_err());
    world.engine.sweeper.abort();
    tokio::time::timeout(Duration::from_secs(5), world.engine.ended()).await.unwrap();
    assert!(world.engine.shutdown(Duration::from_secs(5)).await.is_err());
}

#[tokio::test]
async fn what_fails_together_does_not_come_back_together() {
    let receiver = Receiver::start(|_, _| Reply::status("500 Oops")).await;
    let rng = Arc::new(crate::rng::SeededRng::new(7));
    let mut plan = Plan { rng, ..Plan::default() };
    plan.settings.retry = RetryPolicy::new(vec![Duration::ZERO, Duration::from_secs(60)]).unwrap();
    let world = World::start(plan);
    let webhook = world.webhook(&receiver.url());
    let together: Vec<_> = (0..4).map(|_| world.publish(&webhook)).collect();
    let all_failed = |store: &FakeStore| together.iter().all(|id| !store.row(*id).attempts.is_empty());
    world.store.until("all have failed", all_failed).await;
    let mut due: Vec<_> = together.iter().map(|id| world.store.row(*id).work.due).collect();
    due.sort();
    let spread = due[3].duration_since(due[0]);
    assert!(spread > jiff::SignedDuration::from_secs(2), "{due:?}");
}

#[tokio::test]
async fn a_store_that_cannot_give_a_body_is_not_asked_again_at_once() {
    let receiver = Receiver::ok().await;
    let clock = Arc::new(Leaping::default());
    let world = World::start(Plan { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..Plan::default() });
    let work = world.durable(&world.webhook(&receiver.url()));
    let id = work.delivery;
    world.store.unreadable.store(true, Ordering::SeqCst);
    world.store.made(vec![Work { body: None, ..work }]);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let row = world.store.row(id);
    assert_eq!((row.state, row.attempts.len()), (DeliveryState::Pending, 0));
    assert_eq!(world.store.bodies_asked.load(Ordering::SeqCst), 1);
    world.store.unreadable.store(false, Ordering::SeqCst);
    clock.leap();
    assert_eq!(world.store.ended(id).await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn what_is_for_a_user_who_is_not_there_waits_until_it_is_back() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let webhook = world.webhook(&receiver.url());
    let whole = world.store.directory().tenant(TENANT).unwrap();
    let mut without = (*whole).clone();
    without.users.clear();
    world.store.directory().test_set_tenants(vec![Arc::new(without)]);
    let id = world.publish(&webhook);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!((world.store.row(id).state, receiver.requests().len()), (DeliveryState::Pending, 0));
    world.store.directory().test_set_tenants(vec![whole]);
    world.dispatcher.tenant_returned(TENANT);
    assert_eq!(world.store.ended(id).await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn what_was_kept_of_a_deleted_tenant_and_its_webhooks_is_forgotten() {
    let receiver = Receiver::ok().await;
    let world = World::with_loopback();
    let webhook = world.webhook(&receiver.url());
    let admission = world.dispatcher.admit(TENANT, 1).await.unwrap();
    world.store.ended(world.publish(&webhook)).await;
    let Handle { attempter, backpressure, .. } = &*world.engine.handle;
    let kept = || (attempter.policies.len(), attempter.signers.len(), backpressure.len());
    forget_deleted(attempter, backpressure);
    assert_eq!(kept(), (1, 1, 1), "they are there");
    world.store.directory().test_remove_webhook(&webhook);
    world.store.directory().test_set_tenants(Vec::new());
    forget_deleted(attempter, backpressure);
    assert_eq!(kept(), (0, 0, 1), "somebody is publishing");
    drop(admission);
    forget_deleted(attempter, backpressure);
    assert_eq!(kept(), (0, 0, 0));
}

#[tokio::test]
async fn what_an_earlier_process_has_left_is_taken_up_before_anybody_says_anything() {
    let receiver = Receiver::ok().await;
    let store = Arc::new(FakeStore::default());
    let webhook = webhook(1, TENANT, &receiver.url());
    store.directory().test_put_webhook(&Arc::new(webhook.clone()));
    let left = store.insert(work(1, &webhook));
    let _world = World::try_start(Plan::default(), Arc::clone(&store), 2).unwrap();
    // Within a second the engine looks by itself.
    let ended = tokio::time::timeout(Duration::from_millis(900), store.ended(left.delivery)).await;
    assert_eq!(ended.expect("it waits for something").state, DeliveryState::Delivered);
}

#[tokio::test]
async fn a_body_on_a_damaged_page_holds_up_nothing_behind_it() {
    let receiver = Receiver::ok().await;
    let world = World::start(Plan::default());
    let webhook = world.webhook(&receiver.url());
    let work = world.durable(&webhook);
    *world.store.damaged.lock().unwrap() = Some(work.delivery);
    world.store.made(vec![Work { body: None, ..work.clone() }]);
    let has_failed = |store: &FakeStore| !store.row(work.delivery).attempts.is_empty();
    world.store.until("it takes a step of the ladder", has_failed).await;
    let behind = world.publish(&webhook);
    assert_eq!(world.store.ended(behind).await.state, DeliveryState::Delivered);
    assert_eq!(receiver.requests().len(), 1);
}
