//! The two sides of retention: what is found, and what becomes of it when the writer comes to it.

use super::*;
use crate::domain::{EventId, IdMap, Timestamp};
use crate::storage::sqlite::command::{Command, Prune};
use crate::storage::sqlite::retention::{self, Old};
use crate::storage::{Pruned, Resend};

type Before = Arc<IdMap<TenantId, Timestamp>>;

fn look(world: &World<Directory>, before: &Before) -> Old {
    retention::look(&world.bench.database(), EventId::new(0), before, 100).unwrap()
}

async fn delete(world: &World<Directory>, old: Old, before: Before) -> Pruned {
    world.store.call(0, Prune { old, before }, Command::Prune).await.unwrap()
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
