//! Intake that ends before the disk does.

use core::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::storage::Resend;
use crate::storage::sqlite::FreeSpace;

const MIB: u64 = 1_024 * 1_024;

/// A disk that has as much room as it is told, or does not say.
struct Disk(AtomicU64);

const UNKNOWN: u64 = u64::MAX;

impl FreeSpace for Disk {
    fn available(&self, _: &Path) -> std::io::Result<u64> {
        match self.0.load(Ordering::SeqCst) {
            UNKNOWN => Err(std::io::ErrorKind::Unsupported.into()),
            free => Ok(free),
        }
    }
}

impl Disk {
    fn has(&self, world: &World<Directory>, free: u64) {
        self.0.store(free, Ordering::SeqCst);
        // It is looked at once a second.
        world.clock.advance(Duration::from_secs(1));
    }
}

/// A world on such a disk, with a watermark.
async fn world_with(free: u64, min_free: u64) -> (World<Directory>, Arc<Disk>) {
    let mut world = World::<Directory>::new().await;
    world.store.close().await;
    let disk = Arc::new(Disk(free.into()));
    let options = Options { min_free, space: Arc::clone(&disk) as _, ..world.bench.options() };
    let store = Arc::new(SqliteStore::open(options).unwrap());
    store.apply_tenants(vec![spec("acme")]).await.unwrap();
    world = World::over(world.bench, world.clock, store, world.tenant);
    (world, disk)
}

async fn refuses(world: &World<Directory>, id: &str) -> bool {
    match world.store.publish(vec![event(world.tenant, id, &[])]).await {
        Ok(_) => false,
        Err(StoreError::DiskFull) => true,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn below_the_watermark_intake_ends_and_everything_else_goes_on() {
    let (world, disk) = world_with(300 * MIB, 256 * MIB).await;
    let webhook = world.webhook().await;
    let deliveries = world.deliver("1", &[&webhook]).await;
    let waits = world.deliver("2", &[&webhook]).await[0];
    world.store.settle(ended(deliveries[0], 200)).await.unwrap();

    disk.has(&world, 255 * MIB);
    assert!(refuses(&world, "3").await);
    let test = world.store.create_test(event(world.tenant, "test", &[&webhook])).await;
    assert!(matches!(test, Err(StoreError::DiskFull)));
    world.store.settle(ended(waits, 200)).await.unwrap();
    assert_eq!(numbers(&world.history().await), [1, 2], "results become durable");
    let resend = world.store.create_resend(world.tenant, number(1), time(60)).await.unwrap();
    assert!(matches!(resend, Resend::Created { .. }), "what somebody sends again by hand is little");
    let another = world.webhook().await;
    assert!(world.delete(&another, 60).await.is_some(), "webhooks are managed");
    world.store.check().await.unwrap();
    for work in world.pending().await {
        world.store.settle(ended(work.delivery, 200)).await.unwrap();
    }
    let pruned = world.prune(vec![(world.tenant, time(1_000))], 10).await;
    assert!(pruned > 0, "retention goes on");
    assert!(refuses(&world, "3").await, "and has freed too little");
    world.store.close().await;
}

#[tokio::test]
async fn intake_begins_again_when_there_is_clearly_more_than_the_watermark() {
    let (world, disk) = world_with(100 * MIB, 256 * MIB).await;
    assert!(refuses(&world, "1").await, "from the first event on");
    disk.has(&world, 256 * MIB);
    assert!(refuses(&world, "1").await, "a byte more or less does not switch to and fro");
    disk.has(&world, 288 * MIB);
    assert!(!refuses(&world, "1").await);
    disk.has(&world, 256 * MIB);
    assert!(!refuses(&world, "2").await);
    disk.has(&world, 255 * MIB);
    assert!(refuses(&world, "3").await);
    disk.0.store(900 * MIB, Ordering::SeqCst);
    assert!(refuses(&world, "3").await, "a look is good for a second");
    world.clock.advance(Duration::from_secs(1));
    assert!(!refuses(&world, "3").await);
    world.store.close().await;
}

#[tokio::test]
async fn what_retention_has_left_free_inside_the_database_is_room() {
    let (world, disk) = world_with(900 * MIB, 2 * MIB).await;
    for id in 0..100 {
        let data = vec![b'x'; 40_000].into();
        world.publish(NewEvent { data, ..event(world.tenant, &id.to_string(), &[]) }).await;
    }
    disk.has(&world, MIB);
    assert!(refuses(&world, "new").await);
    assert_eq!(world.prune(vec![(world.tenant, time(1_000))], 1_000).await, 100);
    world.clock.advance(Duration::from_secs(1));
    assert!(!refuses(&world, "new").await, "nearly four MiB in the database are free");
    disk.has(&world, MIB / 10);
    assert!(refuses(&world, "newer").await, "but the log needs room of the disk's own");
    world.store.close().await;
}

#[tokio::test]
async fn a_replay_makes_nothing_while_there_is_no_room() {
    let (world, disk) = world_with(300 * MIB, 256 * MIB).await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(delivery, 500)).await.unwrap();
    let started = world.store.create_replay(replay_of(&world, webhook.id)).await.unwrap();
    let crate::storage::ReplayStart::Created(replay) = started else { panic!("it runs") };
    disk.has(&world, MIB);
    let refused = world.store.advance_replay(replay.id, 10, time(60)).await;
    assert!(matches!(refused, Err(StoreError::DiskFull)));
    disk.has(&world, 300 * MIB);
    assert_eq!(world.store.advance_replay(replay.id, 10, time(60)).await.unwrap(), 1);
    world.store.close().await;
}

pub(super) fn replay_of(
    world: &World<Directory>,
    webhook: crate::domain::WebhookId,
) -> crate::domain::NewReplay {
    crate::domain::NewReplay {
        public_id: crate::domain::PublicId::new(time(50), [1; 10]),
        filter: crate::domain::ReplayFilter {
            tenant: world.tenant,
            webhook,
            states: crate::domain::EndStates::MISSED,
            since: None,
            until: None,
            event_types: Vec::new(),
        },
        created_by: crate::domain::UserId::new("2").unwrap(),
        created_at: time(50),
    }
}

#[tokio::test]
async fn a_disk_that_does_not_say_keeps_nobody_away() {
    let (world, disk) = world_with(UNKNOWN, 256 * MIB).await;
    assert!(!refuses(&world, "1").await);
    disk.has(&world, 0);
    assert!(refuses(&world, "2").await);
    world.store.close().await;
    let (world, _) = world_with(0, 0).await;
    assert!(!refuses(&world, "1").await, "without a watermark SQLite has the last word");
    world.store.close().await;
}

#[tokio::test]
async fn a_full_disk_refuses_events_and_recovers_when_space_is_freed() {
    let world = prepared("PRAGMA max_page_count = 60").await;
    let webhook = world.webhook().await;
    let mut accepted = Vec::new();
    let error = loop {
        let event = NewEvent {
            data: vec![b'x'; 2_000].into(),
            ..event(world.tenant, &accepted.len().to_string(), &[&webhook])
        };
        match world.store.publish(vec![event]).await {
            Ok(answers) => match &answers[0] {
                Published::Accepted { deliveries, .. } => accepted.push(deliveries[0]),
                other => panic!("{other:?}"),
            },
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::DiskFull), "{error}");
    assert!(accepted.len() > 10);
    assert_eq!(world.bench.pending(), accepted.len(), "what was refused is not there");
    world.store.check().await.unwrap();
    for delivery in &accepted {
        let over = Settlement { delivery: *delivery, attempt: None, next: Next::End(DeliveryState::Expired) };
        world.store.settle(over).await.unwrap();
    }
    assert!(world.prune(vec![(world.tenant, time(1_000))], 100).await > 0);
    assert!(matches!(
        world.publish(event(world.tenant, "again", &[&webhook])).await,
        Published::Accepted { number, .. } if number.get() == i64::try_from(accepted.len()).unwrap() + 1
    ));
    world.store.close().await;
}
