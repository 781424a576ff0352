//! Webhooks that change, what their versions sent, and how they are doing.

use super::*;
use crate::domain::head::Shown;
use crate::domain::{Activity, DisabledReason, Rotation, Signing, Stats};

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec()).unwrap()
}

/// The next version of a webhook, changed.
fn next(webhook: &Webhook, change: impl FnOnce(&mut Webhook)) -> Webhook {
    let mut next = webhook.next_version(time(200));
    change(&mut next);
    next
}

async fn update<B: Bench>(
    world: &World<B>,
    webhook: &Webhook,
    change: impl FnOnce(&mut Webhook),
) -> Arc<Webhook> {
    match world.store.update_webhook(next(webhook, change)).await.unwrap() {
        Update::Done(webhook) => webhook,
        Update::Outdated => panic!("outdated"),
        Update::Gone => panic!("gone"),
    }
}

fn point_elsewhere(webhook: &mut Webhook) {
    webhook.endpoint = Endpoint::parse("https://elsewhere.example.com/").unwrap();
}

pub(in crate::storage) async fn a_changed_webhook_reads_back_as_it_was_changed_also_after_a_restart<
    B: Bench,
>() {
    let mut world = World::<B>::new().await;
    let made = world.webhook().await;
    let changed = update(&world, &made, |webhook| {
        point_elsewhere(webhook);
        webhook.owner = UserId::new("3").unwrap();
        webhook.updated_by = UserId::new("4").unwrap();
        webhook.state = WebhookState::Disabled(DisabledReason::Failing);
        webhook.secrets = Secrets::default();
        webhook.secrets_since = webhook.version;
        webhook.profile = new_webhook(made.tenant, "2", true).profile;
    })
    .await;
    assert_eq!((changed.version, changed.secrets_since, changed.updated_at), (2, 2, time(200)));
    assert_eq!((changed.number, &changed.created_by), (made.number, &made.created_by));
    for _ in 0..2 {
        let directory = world.store.directory();
        assert_same(&directory.webhook(made.id).unwrap(), &changed);
        assert_same(&directory.webhook_by_number(world.tenant, made.number).unwrap(), &changed);
        assert_eq!(directory.webhooks_of(world.tenant).len(), 1);
        world.reopen().await;
    }
    // History follows the owner.
    let delivery = world.deliver("1", &[&changed]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    let mut theirs = everything(world.tenant);
    theirs.filter.scope =
        Scope::Shares { owned_by: Some(Owned { by: changed.owner.clone(), global: true }), global: false };
    assert_eq!(world.store.history(theirs).await.unwrap().total, 1);
    world.store.close().await;
}

pub(in crate::storage) async fn a_change_of_an_older_version_is_outdated_and_changes_nothing<B: Bench>() {
    let mut world = World::<B>::new().await;
    let made = world.webhook().await;
    let changed = update(&world, &made, point_elsewhere).await;
    let disabled = |webhook: &mut Webhook| webhook.state = WebhookState::Disabled(DisabledReason::ByOwner);
    let late = world.store.update_webhook(next(&made, disabled)).await.unwrap();
    assert!(matches!(late, Update::Outdated));
    let early = Webhook { version: 7, ..next(&made, disabled) };
    assert!(matches!(world.store.update_webhook(early).await.unwrap(), Update::Outdated));
    for _ in 0..2 {
        assert_same(&world.store.directory().webhook(made.id).unwrap(), &changed);
        world.reopen().await;
    }
    world.store.close().await;
}

pub(in crate::storage) async fn of_two_changes_of_one_version_at_once_one_is_done<B: Bench>() {
    let world = World::<B>::new().await;
    let mut current = world.webhook().await;
    for _ in 0..10 {
        let change = |owner: &str| {
            let owner = UserId::new(owner).unwrap();
            world.store.update_webhook(next(&current, |webhook| webhook.owner = owner))
        };
        let (a, b) = tokio::join!(change("8"), change("9"));
        current = match (a.unwrap(), b.unwrap()) {
            (Update::Done(done), Update::Outdated) | (Update::Outdated, Update::Done(done)) => done,
            _ => panic!("exactly one is done"),
        };
        assert_same(&world.store.directory().webhook(current.id).unwrap(), &current);
    }
    world.store.close().await;
}

pub(in crate::storage) async fn a_deleted_webhook_cannot_be_changed<B: Bench>() {
    let mut world = World::<B>::new().await;
    let made = world.webhook().await;
    world.delete(&made, 50).await;
    for version in [2, 3] {
        let late = Webhook { version, ..next(&made, point_elsewhere) };
        assert!(matches!(world.store.update_webhook(late).await.unwrap(), Update::Gone));
    }
    world.reopen().await;
    assert!(world.store.directory().webhook(made.id).is_none());
    world.store.close().await;
}

pub(in crate::storage) async fn only_its_newest_version_can_be_deleted_as_that<B: Bench>() {
    let world = World::<B>::new().await;
    let made = world.webhook().await;
    let changed = update(&world, &made, point_elsewhere).await;
    let delivery = world.deliver("1", &[&changed]).await[0];
    assert!(matches!(world.store.delete_webhook(&made, time(250)).await.unwrap(), Update::Outdated));
    assert_same(&world.store.directory().webhook(made.id).unwrap(), &changed);
    assert_eq!(world.pending().await[0].delivery, delivery);
    let Update::Done(deleted) = world.store.delete_webhook(&changed, time(250)).await.unwrap() else {
        panic!("it is the newest")
    };
    assert_eq!((deleted.version, deleted.updated_at, deleted.secrets.sign()), (3, time(250), false));
    assert!(world.store.directory().webhook(made.id).is_none() && world.pending().await.is_empty());
    assert!(matches!(world.store.delete_webhook(&changed, time(251)).await.unwrap(), Update::Gone));
    world.store.close().await;
}

pub(in crate::storage) async fn a_rotation_survives_a_restart_and_ends_as_it_was_to<B: Bench>() {
    let mut world = World::<B>::new().await;
    let made = world.webhook().await;
    let rotation =
        Rotation { secret: secret("the one to come"), activate_at: time(300), retire_at: time(400) };
    let rotated = update(&world, &made, |webhook| {
        webhook.secrets = webhook.secrets.rotate(rotation, time(200)).unwrap();
        webhook.secrets_since = webhook.version;
    })
    .await;
    for _ in 0..2 {
        let webhook = world.store.directory().webhook(made.id).unwrap();
        assert_same(&webhook, &rotated);
        for (now, own, also) in [
            (299, &b"a secret for signing"[..], Some(&b"the one to come"[..])),
            (300, b"the one to come", Some(b"a secret for signing")),
            (400, b"the one to come", None),
        ] {
            let Signing { own: signs, also: signs_too, until: _ } = webhook.secrets.at(time(now)).unwrap();
            assert_eq!((signs.as_bytes(), signs_too.map(Secret::as_bytes)), (own, also), "{now}");
        }
        world.reopen().await;
    }
    let settled = update(&world, &rotated, |webhook| {
        webhook.secrets = webhook.secrets.settled(time(400)).unwrap();
    })
    .await;
    world.reopen().await;
    let webhook = world.store.directory().webhook(made.id).unwrap();
    assert_same(&webhook, &settled);
    assert_eq!(webhook.secrets.current().map(Secret::as_bytes), Some(&b"the one to come"[..]));
    assert!(webhook.secrets.next().is_none());
    world.store.close().await;
}

pub(in crate::storage) async fn an_attempt_shows_what_its_version_of_the_webhook_sent<B: Bench>() {
    let mut world = World::<B>::new().await;
    let made = world.webhook().await;
    let delivery = world.deliver("1", &[&made]).await[0];
    let by_first = Settlement {
        delivery,
        attempt: Some(attempt(1, answered(500))),
        next: Next::Retry { due: time(500), tries: 1 },
    };
    world.store.settle(by_first).await.unwrap();
    let changed = update(&world, &made, |webhook| {
        point_elsewhere(webhook);
        webhook.secrets = Secrets::default();
    })
    .await;
    let sent = world.record(1).await.unwrap().sent.unwrap();
    assert_eq!((sent.url.as_str(), sent.signed), ("https://hooks.example.com/in?x=1", true));
    let shown = |name: &str| sent.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    assert_eq!(shown("content-type"), Some(&Shown::Value("application/json".into())));
    assert_eq!(shown("authorization"), None);
    let by_second = Attempt { webhook_version: changed.version, ..attempt(2, answered(200)) };
    let next = Next::End(DeliveryState::Delivered);
    world.store.settle(Settlement { delivery, attempt: Some(by_second), next }).await.unwrap();
    world.delete(&made, 300).await;
    for _ in 0..2 {
        let sent = world.record(1).await.unwrap().sent.unwrap();
        assert_eq!((sent.url.as_str(), sent.signed), ("https://elsewhere.example.com/", false));
        let attempts = world.store.attempts(world.tenant, number(1)).await.unwrap();
        let urls: Vec<_> = attempts.iter().map(|past| past.sent.as_ref().unwrap().url.as_str()).collect();
        assert_eq!(urls, ["https://hooks.example.com/in?x=1", "https://elsewhere.example.com/"]);
        world.reopen().await;
    }
    world.store.close().await;
}

pub(in crate::storage) async fn attempts_are_told_in_order_each_with_its_outcome<B: Bench>() {
    let world = World::<B>::new().await;
    let webhook = world.webhook().await;
    let deliveries = world.deliver("1", &[&webhook, &webhook]).await;
    assert!(world.store.attempts(world.tenant, number(1)).await.unwrap().is_empty());
    let outcomes = [refused(), answered(500), refused(), answered(200)];
    for (count, outcome) in (1..).zip(&outcomes) {
        // The other delivery's attempts lie in between.
        for delivery in &deliveries {
            let settlement = Settlement {
                delivery: *delivery,
                attempt: Some(attempt(count, outcome.clone())),
                next: Next::Retry { due: time(500), tries: 1 },
            };
            world.store.settle(settlement).await.unwrap();
        }
    }
    for record in [1, 2] {
        let attempts = world.store.attempts(world.tenant, number(record)).await.unwrap();
        let told: Vec<_> = attempts.into_iter().map(|past| past.attempt).collect();
        let expected: Vec<_> =
            (1..).zip(&outcomes).map(|(count, outcome)| attempt(count, outcome.clone())).collect();
        assert_eq!(told, expected);
    }
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    for (tenant, record) in [(world.tenant, 3), (other, 1)] {
        assert!(world.store.attempts(tenant, number(record)).await.unwrap().is_empty());
    }
    world.store.close().await;
}

/// Settles a delivery of this webhook with an attempt that began then.
async fn attempted<B: Bench>(world: &World<B>, id: &str, webhook: &Webhook, at: i64, status: u16) {
    let delivery = world.deliver(id, &[webhook]).await[0];
    let attempt = Attempt { started_at: time(at), ..attempt(1, answered(status)) };
    world.store.settle(Settlement { attempt: Some(attempt), ..ended(delivery, status) }).await.unwrap();
}

/// When an attempt that began then had ended.
fn ended_at(second: i64) -> Timestamp {
    time(second) + Duration::from_micros(1_500)
}

pub(in crate::storage) async fn one_tenants_short_retention_keeps_what_another_counts_and_sent<B: Bench>() {
    let world = World::<B>::new().await;
    world.store.apply_tenants(vec![spec("acme"), spec("other")]).await.unwrap();
    let other = world.store.directory().tenant_by_name("other").unwrap().id;
    let (mine, theirs) =
        (world.webhook().await, world.store.create_webhook(new_webhook(other, "2", false)).await.unwrap());
    for webhook in [&mine, &theirs] {
        let published = world.publish(event(webhook.tenant, "1", &[webhook])).await;
        let Published::Accepted { deliveries, .. } = published else { panic!("new") };
        world.store.settle(ended(deliveries[0], 200)).await.unwrap();
        // The first version is replaced, and was what sent it.
        let next = Webhook {
            endpoint: Endpoint::parse("https://b.example/").unwrap(),
            ..webhook.next_version(time(50))
        };
        assert!(matches!(world.store.update_webhook(next).await.unwrap(), Update::Done(_)));
    }
    let (late, early) = (time(100_000), time(0));
    world.prune(vec![(mine.tenant, late), (theirs.tenant, early)], 100).await;
    let counted = async |webhook: &Webhook| world.store.stats(webhook.id, early, late).await.unwrap().len();
    assert_eq!((counted(&mine).await, counted(&theirs).await), (0, 1));
    let number = Number::new(1).unwrap();
    let sent = world.store.record(other, number).await.unwrap().unwrap().sent;
    assert_eq!(sent.unwrap().url, theirs.endpoint.as_given());
    assert!(world.store.record(world.tenant, number).await.unwrap().is_none());
    world.store.close().await;
}

pub(in crate::storage) async fn activity_and_counts_are_kept_by_webhook_and_survive_a_restart<B: Bench>() {
    let mut world = World::<B>::new().await;
    let (webhook, other) = (world.webhook().await, world.webhook().await);
    assert_eq!(world.store.directory().activity(webhook.id), Activity::default());
    // Steps begin at multiples of five minutes; the seconds here count from such a beginning.
    for (id, at, status) in [("1", 0, 200), ("2", 299, 500), ("3", 300, 404), ("4", 310, 503)] {
        attempted(&world, id, &webhook, at, status).await;
    }
    attempted(&world, "5", &other, 20, 200).await;
    let activity = Activity {
        last_attempt_at: Some(ended_at(310)),
        last_success_at: Some(ended_at(0)),
        failing_since: Some(ended_at(299)),
        failures: 3,
    };
    let mut class = [0; crate::domain::LATENCY_CLASSES];
    class[1] = 2;
    let step = |succeeded, failed| Stats { succeeded, failed, duration_us: 3_000, latency: class };
    for _ in 0..2 {
        assert_eq!(world.store.directory().activity(webhook.id), activity);
        let all = world.store.stats(webhook.id, time(0), time(600)).await.unwrap();
        assert_eq!(all, [(time(0), step(1, 1)), (time(300), step(0, 2))]);
        let second = world.store.stats(webhook.id, time(300), time(600)).await.unwrap();
        assert_eq!(second, all[1..]);
        assert_eq!(world.store.stats(webhook.id, time(0), time(300)).await.unwrap(), all[..1]);
        assert_eq!(world.store.stats(other.id, time(0), time(600)).await.unwrap().len(), 1);
        world.reopen().await;
    }
    world.delete(&webhook, 700).await;
    assert_eq!(world.store.directory().activity(webhook.id), Activity::default());
    world.reopen().await;
    assert_eq!(world.store.directory().activity(webhook.id), Activity::default());
    world.store.close().await;
}

pub(in crate::storage) async fn closing_keeps_what_was_counted_last<B: Bench>() {
    let mut world = World::<B>::new().await;
    let webhook = world.webhook().await;
    for id in ["1", "2"] {
        attempted(&world, id, &webhook, 0, 500).await;
    }
    let delivery = world.deliver("3", &[&webhook]).await[0];
    world.store.settle_later(ended(delivery, 500));
    world.reopen().await;
    assert_eq!(world.store.directory().activity(webhook.id).failures, 3);
    let steps = world.store.stats(webhook.id, time(0), time(600)).await.unwrap();
    assert_eq!(steps.iter().map(|(_, stats)| stats.failed).sum::<u64>(), 3);
    world.store.close().await;
}

pub(in crate::storage) async fn switching_a_webhook_on_again_forgives_its_failures<B: Bench>() {
    let mut world = World::<B>::new().await;
    let made = world.webhook().await;
    attempted(&world, "1", &made, 0, 500).await;
    let failing = |world: &World<B>| world.store.directory().activity(made.id).failures;
    // A change that neither moves it nor switches it on says nothing of its health.
    let same = update(&world, &made, |_| ()).await;
    let off = |webhook: &mut Webhook| webhook.state = WebhookState::Disabled(DisabledReason::Failing);
    let off = update(&world, &same, off).await;
    assert_eq!(failing(&world), 1);
    update(&world, &off, |webhook| webhook.state = WebhookState::Enabled).await;
    for _ in 0..2 {
        let activity = world.store.directory().activity(made.id);
        assert_eq!((activity.failures, activity.failing_since), (0, None));
        assert_eq!(activity.last_attempt_at, Some(ended_at(0)), "what happened stays known");
        world.reopen().await;
    }
    world.store.close().await;
}

pub(in crate::storage) async fn a_webhook_that_moves_has_not_failed_where_it_is_now<B: Bench>() {
    let mut world = World::<B>::new().await;
    let made = world.webhook().await;
    attempted(&world, "1", &made, 0, 500).await;
    let late = world.deliver("2", &[&made]).await[0];
    let later = world.deliver("4", &[&made]).await[0];
    let moved = update(&world, &made, point_elsewhere).await;
    let failures = |world: &World<B>| world.store.directory().activity(made.id).failures;
    assert_eq!(failures(&world), 0);
    // An attempt that was under way ends: it was made of the webhook as it was.
    world.store.settle(ended(late, 500)).await.unwrap();
    assert_eq!(failures(&world), 0);
    let delivery = world.deliver("3", &[&moved]).await[0];
    let attempt = Attempt { webhook_version: moved.version, ..attempt(1, answered(500)) };
    world.store.settle(Settlement { attempt: Some(attempt), ..ended(delivery, 500) }).await.unwrap();
    // Nor is it well because it was well where it was.
    world.store.settle(ended(later, 200)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(failures(&world), 1);
        world.reopen().await;
    }
    world.store.close().await;
}
