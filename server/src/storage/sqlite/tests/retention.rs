//! The two sides of retention: what is found, and what becomes of it when the writer comes to it.

use super::*;
use crate::domain::{EventId, IdMap, Timestamp};
use crate::storage::sqlite::command::{Command, Prune};
use crate::storage::sqlite::retention::{self, Old};
use crate::storage::{Pruned, Resend};

type Before = Arc<IdMap<TenantId, Timestamp>>;

fn look(world: &World<Directory>, before: &Before) -> Old {
    retention::look(&world.bench.database(), EventId::new(0), before, 100, time(1_000)).unwrap()
}

async fn delete(world: &World<Directory>, old: Old, before: Before) -> Pruned {
    world.store.call(0, Prune { old, before }, Command::Prune).await.unwrap().pruned
}

#[tokio::test]
async fn what_is_sent_again_after_it_was_found_is_kept() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    for id in ["1", "2", "3"] {
        let delivery = world.deliver(id, &[&webhook]).await[0];
        world.store.settle(ended(delivery, 200)).await.unwrap();
    }
    let before: Before = Arc::new([(world.tenant, time(1_000))].into_iter().collect());
    let old = look(&world, &before);
    let resend = world.store.create_resend(world.tenant, number(2), time(60)).await.unwrap();
    let Resend::Created { work, .. } = resend else { panic!("it is there") };

    assert_eq!(delete(&world, old, Arc::clone(&before)).await, Pruned { events: 2, more: false });
    assert_eq!(world.store.body(work.delivery).await.unwrap().unwrap().data, work.body.unwrap().data);
    world.store.settle(ended(work.delivery, 200)).await.unwrap();
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 100).await, 1, "and goes when that is over");
    world.store.close().await;
}

#[tokio::test]
async fn what_was_found_twice_is_deleted_once() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    let before: Before = Arc::new([(world.tenant, time(1_000))].into_iter().collect());
    let (first, second) = (look(&world, &before), look(&world, &before));
    assert_eq!(delete(&world, first, Arc::clone(&before)).await.events, 1);
    assert_eq!(delete(&world, second, before).await, Pruned { events: 0, more: false });
    assert_eq!(world.bench.count("delivery"), 0);
    world.store.close().await;
}

#[tokio::test]
async fn the_walk_goes_on_behind_what_must_be_kept() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    // More than one step looks at, none of them over.
    for id in 0..300 {
        world.deliver(&format!("pending {id}"), &[&webhook]).await;
    }
    let delivery = world.deliver("over", &[&webhook]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 1_000).await, 1);
    assert_eq!(world.bench.count("event"), 300);
    world.store.close().await;
}

#[tokio::test]
async fn an_event_with_many_deliveries_goes_in_parts() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let deliveries = world.deliver("wide", &[&*webhook; 100]).await;
    for delivery in &deliveries {
        world.store.settle_later(ended(*delivery, 200));
    }
    world.settled().await;
    let narrow = world.deliver("narrow", &[&webhook]).await[0];
    world.store.settle(ended(narrow, 200)).await.unwrap();
    let before: Before = Arc::new([(world.tenant, time(1_000))].into_iter().collect());
    let (mut steps, mut left) = (Vec::new(), 101);
    loop {
        let Pruned { events, more } = world.store.prune(Arc::clone(&before), 8).await.unwrap();
        let now = world.bench.count("delivery");
        assert!(left - now <= 33, "{} deliveries at once", left - now);
        (left, steps) = (now, [steps, vec![events]].concat());
        if !more {
            break;
        }
    }
    assert_eq!((steps.iter().sum::<u64>(), left, world.bench.count("attempt")), (2, 0, 0));
    assert!(steps.len() >= 6, "{steps:?}");
    world.store.close().await;
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_has_stamped_keeps_nothing_behind_it() {
    let world = World::<Directory>::new().await;
    let ahead = NewEvent { received_at: time(100_000_000), ..event(world.tenant, "ahead", &[]) };
    world.publish(event(world.tenant, "before", &[])).await;
    world.publish(ahead).await;
    for id in 0..20 {
        world.publish(event(world.tenant, &format!("behind {id}"), &[])).await;
    }
    assert_eq!(world.prune(vec![(world.tenant, time(50))], 100).await, 21);
    assert_eq!(world.bench.count("event"), 1);
    world.store.close().await;
}

#[tokio::test]
async fn attempts_in_a_circle_are_an_error_and_no_end() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    world.bench.database().execute("UPDATE attempt SET previous = id", []).unwrap();
    let before: Before = Arc::new([(world.tenant, time(1_000))].into_iter().collect());
    let error = world.store.prune(before, 100).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Inconsistent { table: "attempt", column: "previous", .. }),
        "{error}"
    );
    world.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retention_does_not_wait_for_those_who_read() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Arc::new(std::sync::Mutex::new(held));
    let mut readers = JoinSet::new();
    for _ in 0..8 {
        let (store, held) = (Arc::clone(&world.store), Arc::clone(&held));
        readers.spawn(async move {
            let wait = move |_: &Connection| {
                let _ = held.lock().map(|held| held.recv());
                Ok(())
            };
            store.readers.read(wait).await
        });
    }
    let pruned =
        tokio::time::timeout(Duration::from_secs(10), world.prune(vec![(world.tenant, time(1_000))], 100));
    assert_eq!(pruned.await.expect("in time"), 1);
    drop(release);
    readers.join_all().await;
    world.store.close().await;
}
