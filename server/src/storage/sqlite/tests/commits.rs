//! Who shares a commit with whom when one of them fails.

use super::*;
use crate::causes::causes;
use crate::domain::Turn;
use crate::metrics::render;
use crate::storage::sqlite::open;

/// How many commits there were.
fn commits(world: &World<Directory>) -> u64 {
    let metrics = render(&[world.store.metrics().clone()]).unwrap();
    let (_, count) = metrics.split_once("sigpost_store_commit_seconds_count ").unwrap();
    count.lines().next().unwrap().parse().unwrap()
}

/// Keeps others from writing, so that what comes meanwhile is written at once.
fn held(world: &World<Directory>) -> Connection {
    let other = world.bench.database();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

/// Publishes so many events at once; of each whether it was accepted.
async fn publish_at_once(world: &World<Directory>, ids: &[&str]) -> Vec<bool> {
    let held = held(world);
    let mut calls = JoinSet::new();
    for (at, id) in ids.iter().enumerate() {
        let (store, event) = (Arc::clone(&world.store), event(world.tenant, id, &[]));
        calls.spawn(async move { (at, store.publish(vec![event]).await.is_ok()) });
        // In this order.
        tokio::task::yield_now().await;
    }
    held.execute_batch("COMMIT").unwrap();
    let mut calls = calls.join_all().await;
    calls.sort_unstable();
    calls.into_iter().map(|(_, accepted)| accepted).collect()
}

const POISON: &str = "
    CREATE TEMP TRIGGER poison BEFORE INSERT ON main.event WHEN new.ce_id LIKE 'poison%'
    BEGIN SELECT raise(ABORT, 'poison'); END";

#[tokio::test]
async fn a_command_that_fails_is_taken_out_of_its_commit_and_the_rest_is_written_together() {
    let world = prepared(POISON).await;
    let names: Vec<_> = (0..100).map(|id| id.to_string()).collect();
    let mut ids: Vec<_> = names.iter().map(String::as_str).collect();
    (ids[50], ids[70]) = ("poison", "poison too");
    let before = commits(&world);
    let accepted = publish_at_once(&world, &ids).await;
    let refused: Vec<_> = (0..100).filter(|at| !accepted[*at]).collect();
    assert_eq!(refused, [50, 70]);
    let commits = commits(&world) - before;
    assert!(commits <= 3, "{commits} commits for 98 events");
    world.store.close().await;
}

#[tokio::test]
async fn where_many_commands_fail_the_others_are_written_all_the_same() {
    let world = prepared(POISON).await;
    let names: Vec<_> =
        (0..40).map(|id| if id % 2 == 0 { id.to_string() } else { format!("poison {id}") }).collect();
    let ids: Vec<_> = names.iter().map(String::as_str).collect();
    let accepted = publish_at_once(&world, &ids).await;
    assert!((0..40).all(|at| accepted[at] == (at % 2 == 0)));
    world.store.close().await;
}

#[tokio::test]
async fn results_wait_while_nothing_can_be_written() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let deliveries = [world.deliver("1", &[&webhook]).await, world.deliver("2", &[&webhook]).await].concat();
    let failing =
        "CREATE TRIGGER failing BEFORE UPDATE ON sequence BEGIN SELECT raise(ABORT, 'failing'); END";
    world.bench.database().execute_batch(failing).unwrap();
    for delivery in &deliveries {
        world.store.settle_later(ended(*delivery, 200));
    }
    tokio::time::timeout(Duration::from_secs(10), async {
        while !world.store.is_full() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("they wait");
    let refused = world.store.publish(vec![event(world.tenant, "3", &[])]).await.unwrap_err();
    assert!(causes(&refused).to_string().contains("failing"), "{}", causes(&refused));
    assert_eq!((world.store.unsettled(), world.bench.pending()), (2, 2));
    world.bench.database().execute_batch("DROP TRIGGER failing").unwrap();
    world.settled().await;
    assert_eq!((world.bench.pending(), world.store.is_full()), (0, false));
    world.publish(event(world.tenant, "3", &[])).await;
    world.store.close().await;
}

#[tokio::test]
async fn whoever_waits_for_the_write_lock_of_another_program_waits_once_for_all() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    let held = held(&world);
    world.store.settle_later(ended(delivery, 200));
    let mut calls = JoinSet::new();
    for id in 0..20 {
        let (store, event) = (Arc::clone(&world.store), event(world.tenant, &format!("a {id}"), &[]));
        calls.spawn(async move { store.publish(vec![event]).await });
    }
    // Twice, if some came while the first was waited for already; each by itself would take twenty times as long.
    let all = tokio::time::timeout(4 * open::BUSY_PATIENCE, calls.join_all()).await;
    for refused in all.expect("they do not wait one after the other") {
        assert!(matches!(refused, Err(StoreError::Locked)), "{refused:?}");
    }
    assert_eq!((world.store.unsettled(), world.bench.pending()), (1, 1));
    held.execute_batch("COMMIT").unwrap();
    world.settled().await;
    assert_eq!(world.bench.pending(), 0);
    world.publish(event(world.tenant, "a 1", &[])).await;
    world.store.close().await;
}

#[tokio::test]
async fn what_was_attempted_and_is_not_written_for_want_of_space_is_not_given_again() {
    let (world, webhook) = without_space().await;
    assert!(world.bench.pending() > 0);
    assert!(
        world.asked(webhook.id, Turn::FIRST, 256).await.is_none(),
        "it is asked again when they are written"
    );
    world.store.close().await;
}
