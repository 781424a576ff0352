//! Reading beside the writer: who waits for whom.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use super::*;
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::storage::ReplayStart;
use crate::storage::sqlite::reads::Readers;

fn readers(world: &World<Directory>) -> Arc<Readers> {
    let database = world.bench.path.path().join("sigpost.db");
    Arc::new(Readers::limited(database, Arc::clone(&world.clock) as _))
}

const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

#[tokio::test]
async fn a_read_that_takes_too_long_is_ended_and_the_next_one_begins_anew() {
    let world = World::<Directory>::new().await;
    let (readers, clock) = (readers(&world), Arc::clone(&world.clock));
    for _ in 0..2 {
        let clock = Arc::clone(&clock);
        let endless = readers.read_of(world.tenant, move |sql| {
            clock.advance(Duration::from_secs(11));
            Ok(sql.query_row(ENDLESS, [], |row| row.get::<_, i64>(0))?)
        });
        assert!(matches!(endless.await, Err(StoreError::TookTooLong)));
    }
    let one =
        readers.read_of(world.tenant, |sql| Ok(sql.query_row("SELECT 1", [], |row| row.get::<_, i64>(0))?));
    assert_eq!(one.await.unwrap(), 1);
    world.store.close().await;
}

#[tokio::test]
async fn what_one_tenant_reads_at_once_leaves_room_for_another() {
    let world = World::<Directory>::new().await;
    let readers = readers(&world);
    let (mut ends, mut long) = (Vec::new(), JoinSet::new());
    for _ in 0..8 {
        let (end, ended) = mpsc::channel::<()>();
        ends.push(end);
        let (readers, tenant) = (Arc::clone(&readers), world.tenant);
        long.spawn(async move { readers.read_of(tenant, move |_| Ok(ended.recv().is_err())).await.unwrap() });
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let other = readers.read_of(TenantId::new(99), |_| Ok(()));
    tokio::time::timeout(Duration::from_secs(5), other).await.expect("it has its turn").unwrap();
    // Then one by one, each as soon as it may.
    ends.clear();
    assert_eq!(long.join_all().await, vec![true; 8]);
    world.store.close().await;
}

#[tokio::test]
async fn a_store_that_closes_waits_for_no_long_read() {
    let world = World::<Directory>::new().await;
    let readers = readers(&world);
    let (reader, tenant) = (Arc::clone(&readers), world.tenant);
    let (begin, begun) = tokio::sync::oneshot::channel();
    let endless = tokio::spawn(async move {
        let read = reader.read_of(tenant, move |sql| {
            begin.send(()).unwrap();
            Ok(sql.query_row(ENDLESS, [], |row| row.get::<_, i64>(0))?)
        });
        read.await
    });
    begun.await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), readers.close()).await.expect("it closes");
    assert!(matches!(endless.await.unwrap(), Err(StoreError::TookTooLong)));
    world.store.close().await;
}

/// A clock on which eleven seconds pass between two looks, once that is wanted.
struct Hurried {
    clock: Arc<MockClock>,
    hurries: AtomicBool,
}

impl Clock for Hurried {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        if self.hurries.load(Ordering::SeqCst) {
            self.clock.advance(Duration::from_secs(11));
        }
        self.clock.monotonic()
    }
}

#[tokio::test]
async fn a_replay_begins_although_it_takes_too_long_to_count_what_it_sends_again() {
    let mut world = World::<Directory>::new().await;
    world.store.close().await;
    let clock = Arc::new(Hurried { clock: Arc::clone(&world.clock), hurries: false.into() });
    let store = SqliteStore::open(Options { clock: Arc::clone(&clock) as _, ..world.bench.options() });
    world = World::over(world.bench, world.clock, Arc::new(store.unwrap()), world.tenant);
    world.store.apply_tenants(vec![spec("acme")]).await.unwrap();
    let webhook = world.webhook().await;
    let events = (0..1_500).map(|id| event(world.tenant, &id.to_string(), &[&webhook])).collect();
    for published in world.store.publish(events).await.unwrap() {
        let Published::Accepted { deliveries, .. } = published else { panic!("{published:?}") };
        world.store.settle(ended(deliveries[0], 500)).await.unwrap();
    }
    let replay = space::replay_of(&world, webhook.id);
    let count = || world.store.count_replayable(replay.filter.clone());
    assert_eq!(count().await.unwrap(), 1_500);
    clock.hurries.store(true, Ordering::SeqCst);
    assert!(matches!(count().await, Err(StoreError::TookTooLong)), "whoever asks is told");
    let started = world.store.create_replay(replay.clone()).await.unwrap();
    let ReplayStart::Created(replay) = started else { panic!("it runs") };
    assert_eq!(replay.total, 0, "it does not know how many");
    assert_eq!(world.store.advance_replay(replay.id, 10, time(60)).await.unwrap(), 10);
    world.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_overlap_without_a_moment_in_between_do_not_hold_the_log_up() {
    let world = Arc::new(World::<Directory>::new().await);
    let webhook = world.webhook().await;
    for id in 0..200 {
        let delivery = world.deliver(&id.to_string(), &[&webhook]).await[0];
        world.store.settle(ended(delivery, 200)).await.unwrap();
    }
    let (stop, mut reading) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    for _ in 0..6 {
        let (world, stop) = (Arc::clone(&world), Arc::clone(&stop));
        reading.spawn(async move {
            let mut read = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                assert!(!world.history().await.records.is_empty());
                read += 1;
            }
            read
        });
    }
    let too_long = u64::from(checkpoint::TOO_LONG);
    checkpoint::write_pages(&world, "beside", 4 * too_long).await;
    let log = world.bench.log_bytes();
    stop.store(true, Ordering::Relaxed);
    let read = reading.join_all().await;
    assert!(log < 2 * too_long * checkpoint::LOG_PAGE, "{log} bytes of log beside {read:?} reads");
    assert!(read.iter().all(|read| *read > 10), "they read all the time: {read:?}");
    world.store.close().await;
}
