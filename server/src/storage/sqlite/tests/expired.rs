//! What is kept beside history, for as long as history needs it.

use super::damage::ruin;
use super::*;
use crate::clock::Clock as _;
use crate::domain::{Attempt, Endpoint, RetryPolicy, Webhook};
use crate::storage::Update;
use crate::storage::contract::{attempt, refused};

impl World<Directory> {
    async fn updates(&self, next: Webhook) {
        assert!(matches!(self.store.update_webhook(next).await.unwrap(), Update::Done(_)));
    }

    /// Of each attempt of the first delivery, whether it is known what it sent.
    async fn shown(&self) -> Vec<bool> {
        let attempts = self.store.attempts(self.tenant, number(1)).await.unwrap();
        attempts.iter().map(|past| past.sent.is_some()).collect()
    }
}

#[tokio::test]
async fn history_shows_what_was_sent_also_after_a_retired_secret_was_erased() {
    let world = World::<Directory>::new().await;
    let made = world.webhook().await;
    let delivery = world.deliver("1", &[&made]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    // Another version much later, of which nobody says that the webhook has been changed.
    let month = Duration::from_secs(30 * 24 * 60 * 60);
    world.clock.advance(month);
    world.updates(Webhook { updated_at: made.updated_at, ..made.next_version(time(90)) }).await;
    let two_days_ago = world.clock.now() - Duration::from_secs(2 * 24 * 60 * 60);
    while world.store.forget(world.tenant, two_days_ago, 8).await.unwrap() {}
    assert_eq!(world.shown().await, [true]);
    world.store.close().await;
}

#[tokio::test]
async fn attempts_show_what_they_have_sent_for_as_long_as_their_delivery_is_kept_and_not_for_ever() {
    let world = World::<Directory>::new().await;
    let made = world.webhook().await;
    let delivery = world.deliver("1", &[&made]).await[0];
    let (next, attempt_1) = (Next::Retry { due: time(400), tries: 1 }, Some(attempt(1, refused())));
    world.store.settle(Settlement { delivery, attempt: attempt_1, next }).await.unwrap();
    let endpoint = Endpoint::parse("https://b.example/").unwrap();
    world.updates(Webhook { endpoint, ..made.next_version(time(50)) }).await;
    let last = Attempt { started_at: time(400), webhook_version: 2, ..attempt(2, refused()) };
    let next = Next::End(DeliveryState::Exhausted);
    world.store.settle(Settlement { delivery, attempt: Some(last), next }).await.unwrap();
    world.prune(vec![(world.tenant, time(100))], 100).await;
    assert_eq!(world.shown().await, [true, true], "the delivery has ended later");
    let later = time(50) + RetryPolicy::MAX_AGE + Duration::from_secs(2 * 24 * 60 * 60);
    while world.store.forget(world.tenant, later, 8).await.unwrap() {}
    assert_eq!(world.shown().await, [false, true]);
    world.store.close().await;
}

#[tokio::test]
async fn a_damaged_page_of_the_counts_keeps_no_old_version_of_a_webhook() {
    let mut world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    world.updates(webhook.next_version(time(50))).await;
    world.store.close().await;
    let number =
        |query: &str| -> u32 { world.bench.database().query_row(query, [], |row| row.get(0)).unwrap() };
    let root = number("SELECT rootpage FROM sqlite_schema WHERE name = 'webhook_stats'");
    let at = u64::from(root - 1) * u64::from(number("PRAGMA page_size"));
    let database = std::fs::File::options().write(true).open(world.bench.path.path().join("sigpost.db"));
    // No page is of this kind.
    std::os::unix::fs::FileExt::write_all_at(&database.unwrap(), &[0xff], at).unwrap();
    world.store = Arc::new(world.bench.open().await);
    world.store.apply_tenants(vec![spec("acme")]).await.unwrap();
    let later = time(50) + Duration::from_secs(30 * 24 * 60 * 60);
    while world.store.forget(world.tenant, later, 8).await.unwrap() {}
    assert_eq!(world.bench.count("webhook_version"), 1);
    world.store.close().await;
}

#[tokio::test]
async fn what_has_expired_goes_although_another_table_cannot_be_deleted_from() {
    let mut world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    world.updates(webhook.next_version(time(50))).await;
    world.store.close().await;
    // Some days of counts, each of which stands on more than one page.
    let counts = "
        WITH RECURSIVE step (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM step WHERE n < 1500)
        INSERT INTO webhook_stats SELECT webhook, start + n * 300000000, 1, 0, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
        FROM webhook_stats, step";
    world.bench.database().execute_batch(counts).unwrap();
    ruin(&world, "webhook_stats", "");
    world.reopen().await;
    let later = time(50) + Duration::from_secs(30 * 24 * 60 * 60);
    let mut steps = 1;
    while world.store.forget(world.tenant, later, 32).await.unwrap() {
        steps += 1;
        assert!(steps < 200, "it would go on for ever");
    }
    assert_eq!(world.bench.count("webhook_version"), 1, "after {steps} steps");
    world.store.close().await;
}
