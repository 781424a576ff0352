//! The two sides of retention: what is found, and what becomes of it when the writer comes to it.

use super::*;
use crate::domain::{Attempt, DeliveryId, EventId, IdMap, Timestamp};
use crate::storage::contract::refused;
use crate::storage::sqlite::expired;
use crate::storage::sqlite::retention::{self, Deleted, Old, YOUNG_RUN};
use crate::storage::{Pruned, Resend, Walk};

type Before = Arc<IdMap<TenantId, Timestamp>>;

fn look(world: &World<Directory>, before: &Before) -> Old {
    retention::look(&world.bench.database(), EventId::new(0), before, 100, time(1_000)).unwrap()
}

async fn delete(world: &World<Directory>, old: Old) -> Deleted {
    world.store.delete_old(old.events).await.unwrap()
}

/// All that the world's tenant has is old.
fn all(world: &World<Directory>) -> Before {
    Arc::new([(world.tenant, time(1_000))].into_iter().collect())
}

#[tokio::test]
async fn what_is_sent_again_after_it_was_found_is_kept() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    for id in ["1", "2", "3"] {
        let delivery = world.deliver(id, &[&webhook]).await[0];
        world.store.settle(ended(delivery, 200)).await.unwrap();
    }
    let old = look(&world, &all(&world));
    let resend = world.store.create_resend(world.tenant, number(2), time(60)).await.unwrap();
    let Resend::Created { work, .. } = resend else { panic!("it is there") };

    assert_eq!(delete(&world, old).await.events, 2);
    assert_eq!(world.store.body(work.delivery).await.unwrap().unwrap().data, work.body.unwrap().data);
    world.store.settle(ended(work.delivery, 200)).await.unwrap();
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 100).await, 1, "and goes when that is over");
    world.store.close().await;
}

#[tokio::test]
async fn what_is_attempted_once_more_after_it_was_found_is_kept() {
    let world = World::<Directory>::new().await;
    let deliveries = three_that_are_over(&world).await;
    let old = look(&world, &all(&world));
    // An attempt that was still under way when its delivery ended.
    let late = Attempt { started_at: time(1_000), ..attempt(2, refused()) };
    let next = Next::End(DeliveryState::Exhausted);
    world.store.settle(Settlement { delivery: deliveries[1], attempt: Some(late), next }).await.unwrap();
    assert_eq!(delete(&world, old).await.events, 2);
    let left = ["event", "event_data", "delivery", "attempt"].map(|table| world.bench.count(table));
    assert_eq!(left, [1, 1, 1, 2]);
    world.store.close().await;
}

#[tokio::test]
async fn what_was_found_twice_is_deleted_once() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    let (first, second) = (look(&world, &all(&world)), look(&world, &all(&world)));
    assert_eq!(delete(&world, first).await.events, 1);
    assert_eq!(delete(&world, second).await, Deleted::default());
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
    let (mut steps, mut left) = (Vec::new(), 101);
    loop {
        let Pruned { events, more } = world.store.prune(all(&world), Walk::On, 8).await.unwrap();
        let now = world.bench.count("delivery");
        assert!(left - now <= 33, "{} deliveries at once", left - now);
        (left, steps) = (now, [steps, vec![events]].concat());
        if !more {
            break;
        }
        assert!(steps.len() < 100, "it would go on for ever: {steps:?}");
    }
    assert_eq!((steps.iter().sum::<u64>(), left, world.bench.count("attempt")), (2, 0, 0));
    assert!(steps.len() >= 6, "{steps:?}");
    world.store.close().await;
}

#[tokio::test]
async fn a_delivery_with_many_attempts_goes_in_parts_the_oldest_first() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("long", &[&webhook]).await[0];
    // As many as are made for days while something of ours is missing.
    let last = 500;
    for n in 1..=last {
        let next = match n {
            n if n == last => Next::End(DeliveryState::Expired),
            _ => Next::Retry { due: time(30), tries: 0 },
        };
        let attempt = Attempt { started_at: time(20), ..attempt(n, refused()) };
        world.store.settle_later(Settlement { delivery, attempt: Some(attempt), next });
    }
    world.settled().await;
    let short = world.deliver("short", &[&webhook]).await[0];
    world.store.settle(ended(short, 200)).await.unwrap();
    let (mut steps, mut left, mut events) = (0, world.bench.count("attempt"), 0);
    loop {
        let pruned = world.store.prune(all(&world), Walk::On, 8).await.unwrap();
        let now = world.bench.count("attempt");
        assert!(left - now <= 64, "{} attempts at once", left - now);
        (left, events, steps) = (now, events + pruned.events, steps + 1);
        if !pruned.more {
            break;
        }
        assert!(steps < 100, "it would go on for ever");
        if let Some(record) = world.record(1).await {
            assert_eq!(record.attempt.number, last);
            let shown = world.store.attempts(world.tenant, number(1)).await.unwrap();
            assert_eq!(shown.len() + 1, usize::try_from(left).unwrap(), "what is left of them is told");
        }
    }
    assert_eq!((events, left, world.bench.count("delivery")), (2, 0, 0));
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
async fn a_delivery_is_kept_from_its_end_on_and_its_event_with_it() {
    let world = World::<Directory>::new().await;
    let (webhook, deleted) = (world.webhook().await, world.webhook().await);
    let due = |due| Next::Retry { due: time(due), tries: 1 };
    let attempted = |delivery, number, next| {
        let attempt = Attempt { started_at: time(i64::from(number) * 400), ..attempt(number, refused()) };
        Settlement { delivery, attempt: Some(attempt), next }
    };
    let exhausted = world.deliver("exhausted", &[&webhook]).await[0];
    world.store.settle(attempted(exhausted, 1, due(800))).await.unwrap();
    world.store.settle(attempted(exhausted, 2, Next::End(DeliveryState::Exhausted))).await.unwrap();
    let expired = world.deliver("expired", &[&webhook]).await[0];
    let cancelled = world.deliver("cancelled", &[&deleted]).await[0];
    for delivery in [expired, cancelled] {
        // It is due long after it has ended: that is not when it ended.
        world.store.settle(attempted(delivery, 1, due(2_000))).await.unwrap();
    }
    world.clock.advance(Duration::from_secs(700));
    let end = Settlement { delivery: expired, attempt: None, next: Next::End(DeliveryState::Expired) };
    world.store.settle(end).await.unwrap();
    world.delete(&deleted, 800).await;
    let left = async |cut| {
        world.prune(vec![(world.tenant, time(cut))], 100).await;
        (world.bench.count("event"), world.bench.count("delivery"), world.history().await.total)
    };
    assert_eq!(left(799).await, (3, 3, 3));
    assert_eq!(left(802).await, (0, 0, 0));
    world.store.close().await;
}

/// Has a delivery's attempts follow each other in a circle.
fn damage(world: &World<Directory>, delivery: DeliveryId) {
    let circle = "UPDATE attempt SET previous = id WHERE delivery = ?1";
    assert_eq!(world.bench.database().execute(circle, [delivery.get()]).unwrap(), 1);
}

async fn three_that_are_over(world: &World<Directory>) -> Vec<DeliveryId> {
    let webhook = world.webhook().await;
    let mut deliveries = Vec::new();
    for id in ["1", "2", "3"] {
        deliveries.push(world.deliver(id, &[&webhook]).await[0]);
        world.store.settle(ended(*deliveries.last().unwrap(), 200)).await.unwrap();
    }
    deliveries
}

#[tokio::test]
async fn what_is_damaged_is_kept_and_keeps_nothing_behind_it() {
    let world = World::<Directory>::new().await;
    let deliveries = three_that_are_over(&world).await;
    damage(&world, deliveries[0]);
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 1).await, 2);
    assert_eq!((world.bench.count("event"), world.bench.count("delivery")), (1, 1));
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 1).await, 0);
    world.store.close().await;
}

#[tokio::test]
async fn what_is_damaged_after_it_was_found_is_kept_and_the_rest_of_the_step_goes() {
    let world = World::<Directory>::new().await;
    let deliveries = three_that_are_over(&world).await;
    let old = look(&world, &all(&world));
    damage(&world, deliveries[1]);
    assert_eq!(delete(&world, old).await.events, 2);
    assert_eq!((world.bench.count("event"), world.bench.count("attempt")), (1, 1));
    world.store.close().await;
}

#[tokio::test]
async fn what_the_database_cannot_delete_is_kept_whole_and_nothing_beside_it() {
    let failing = "CREATE TRIGGER failing BEFORE DELETE ON event_data WHEN old.event = 2
        BEGIN SELECT raise(ABORT, 'malformed'); END";
    let world = prepared(failing).await;
    three_that_are_over(&world).await;
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 8).await, 2);
    let left = ["event", "delivery", "attempt"].map(|table| world.bench.count(table));
    assert_eq!(left, [1, 1, 1]);
    world.store.close().await;
}

#[test]
fn the_walk_goes_on_past_what_cannot_be_deleted_and_tries_again_what_had_no_room() {
    let [after, until, past] = [1, 4, 5].map(EventId::new);
    let goes_on = |deleted| retention::goes_on(&deleted, until, past, after).get();
    assert_eq!(goes_on(Ok(Deleted { events: 0, rows: 1 })), 4);
    assert_eq!(goes_on(Ok(Deleted::default())), 5);
    assert_eq!(goes_on(Err(StoreError::DiskFull)), 1);
}

#[tokio::test]
async fn where_nothing_is_to_be_deleted_the_writer_is_not_asked() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let events = (0..2_500).map(|id| event(world.tenant, &id.to_string(), &[&webhook]));
    world.store.publish(events.collect()).await.unwrap();
    // It would refuse.
    world.store.queue.close();
    let mut looks = 0;
    while world
        .store
        .prune(all(&world), if looks == 0 { Walk::Anew } else { Walk::On }, 8)
        .await
        .unwrap()
        .more
    {
        looks += 1;
        assert!(looks < 100, "it would go on for ever");
    }
    assert_eq!(looks, 1, "a look takes in many");
    assert!(!world.store.forget(world.tenant, time(1_000), 8).await.unwrap());
    world.store.close().await;
}

#[tokio::test]
async fn a_walk_goes_on_where_the_last_one_ended_unless_it_is_begun_anew() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let at = |second| NewEvent { received_at: time(second), ..event(world.tenant, &second.to_string(), &[]) };
    let pending = world.deliver("pending", &[&webhook]).await[0];
    world.store.publish((11..=1_020).map(at).collect()).await.unwrap();
    world.clock.advance(Duration::from_secs(10_000));
    let step = async |second, walk| {
        let before: Before = Arc::new([(world.tenant, time(second))].into_iter().collect());
        let Pruned { events, more } = world.store.prune(before, walk, 2_000).await.unwrap();
        assert!(!more);
        events
    };
    assert_eq!(step(20, Walk::Anew).await, 9);
    world.store.settle(ended(pending, 200)).await.unwrap();
    assert_eq!(step(20, Walk::On).await, 0, "it was passed over");
    // More become old than a walk looks at to know that it has come to the end.
    assert_eq!(step(700, Walk::On).await, 680, "what was young has become old");
    assert_eq!(step(2_000, Walk::On).await, 321);
    assert_eq!(step(2_000, Walk::Anew).await, 1);
    world.store.close().await;
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_has_stamped_keeps_nothing_behind_it_also_once_that_time_is_past() {
    let world = World::<Directory>::new().await;
    let at = |second, id: &str| NewEvent { received_at: time(second), ..event(world.tenant, id, &[]) };
    world.publish(at(2_000, "ahead")).await;
    for id in 0..20 {
        world.publish(at(100, &id.to_string())).await;
    }
    world.clock.advance(Duration::from_secs(2_000));
    assert_eq!(world.prune(vec![(world.tenant, time(1_100))], 100).await, 20);
    assert_eq!(world.bench.count("event"), 1);
    world.store.close().await;
}

#[tokio::test]
async fn young_events_with_old_ones_between_them_are_no_end_of_what_is_old() {
    let world = World::<Directory>::new().await;
    let mut seconds = Vec::new();
    for _ in 0..3 {
        seconds.extend(vec![90; YOUNG_RUN as usize - 1]);
        seconds.push(10);
    }
    let events = seconds.iter().enumerate().map(|(id, second)| NewEvent {
        received_at: time(*second),
        ..event(world.tenant, &id.to_string(), &[])
    });
    world.store.publish(events.collect()).await.unwrap();
    assert_eq!(world.prune(vec![(world.tenant, time(50))], 100).await, 3);
    world.store.close().await;
}

#[tokio::test]
async fn a_walk_ends_beside_as_many_events_stamped_ahead_as_one_looks_at() {
    let world = World::<Directory>::new().await;
    let at =
        |second, id: u32| NewEvent { received_at: time(second), ..event(world.tenant, &id.to_string(), &[]) };
    world.publish(at(90, 0)).await;
    for from in [1, 2_001, 4_001] {
        world.store.publish((from..from + 2_000).map(|id| at(100_000, id)).collect()).await.unwrap();
    }
    world.publish(at(10, 9_999)).await;
    assert_eq!(world.prune(vec![(world.tenant, time(50))], 100).await, 1);
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

#[tokio::test]
async fn what_else_is_kept_as_long_goes_so_many_rows_at_a_time_and_what_is_younger_stays() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    // One of each from every second, of which there is one more than is old. Versions are kept for six days more.
    let inserts = [
        "INSERT INTO webhook_stats SELECT ?1, ?3 + s * 1000000, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0",
        "INSERT INTO webhook_version SELECT ?1, s + 1, '', '[]', 0, ?3 + s * 1000000 - 6 * 86400000000",
        "INSERT INTO replay SELECT NULL, randomblob(16), ?2, ?1, '[]', NULL, NULL, '[]', '', 0, 0, 0, 0, 0, 1, 0, 0,
            ?3 + s * 1000000",
    ];
    for insert in inserts {
        let seconds =
            "WITH RECURSIVE second (s) AS (SELECT 1 UNION ALL SELECT s + 1 FROM second WHERE s < 41)";
        let of = [webhook.id.get(), world.tenant.get(), time(0).as_microsecond()];
        let made = world.bench.database().execute(&format!("{seconds} {insert} FROM second"), of);
        assert_eq!(made.unwrap(), 41);
    }
    let rows = || ["webhook_stats", "webhook_version", "replay"].map(|table| world.bench.count(table));
    let (mut left, mut steps) = (rows(), Vec::new());
    loop {
        let more = world.store.forget(world.tenant, time(41), 32).await.unwrap();
        let deleted = left.iter().sum::<i64>() - rows().iter().sum::<i64>();
        left = rows();
        steps.push((deleted, more));
        if !more {
            break;
        }
        assert!(steps.len() < 100, "it would go on for ever: {steps:?}");
    }
    assert_eq!(steps, [(96, true), (24, false)], "of each kind as many");
    assert_eq!(left, [1, 2, 1], "of versions also the newest");
    world.store.close().await;
}

#[tokio::test]
async fn what_else_is_kept_as_long_is_found_and_deleted_by_indexes() {
    let world = World::<Directory>::new().await;
    let sql = world.bench.database();
    let webhooks = "SEARCH webhook USING COVERING INDEX webhook_number (tenant=?)";
    for (statement, searches) in [
        (expired::OLD_STATS, vec![webhooks, "SEARCH old USING PRIMARY KEY (webhook=? AND start<?)"]),
        (expired::OLD_VERSIONS, vec![webhooks, "SEARCH old USING PRIMARY KEY (webhook=?)"]),
        (expired::OLD_REPLAYS, vec!["SEARCH replay USING INDEX replay_public_id (tenant=?)"]),
        (expired::DELETE_STATS, vec!["SEARCH webhook_stats USING PRIMARY KEY (webhook=? AND start=?)"]),
        (expired::DELETE_VERSION, vec!["SEARCH webhook_version USING PRIMARY KEY (webhook=? AND version=?)"]),
        (expired::DELETE_REPLAY, vec!["SEARCH replay USING INTEGER PRIMARY KEY (rowid=?)"]),
    ] {
        assert_eq!(plan(&sql, statement).lines().collect::<Vec<_>>(), searches);
    }
    world.store.close().await;
}
