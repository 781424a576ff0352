//! A start from a file of which pages cannot be read: it does without what it can do without.

use core::ops::ControlFlow;

use rusqlite::{Error as SqliteError, ffi};

use super::damage::{ruin, with_small_runs};
use super::*;
use crate::storage::sqlite::damage::{Order, each_readable};
use crate::storage::sqlite::error::is_damage;
use crate::storage::sqlite::open;

/// Publishes so many events, one after the other.
async fn publish(world: &World<Directory>, events: core::ops::Range<usize>) -> Vec<bool> {
    let events = events.map(|id| event(world.tenant, &format!("id-{id:05}"), &[])).collect();
    let published = world.store.publish(events).await.unwrap();
    published.iter().map(|published| matches!(published, Published::Duplicate { .. })).collect()
}

async fn start(world: &mut World<Directory>) {
    world.store = Arc::new(world.bench.open().await);
    world.store.apply_tenants(vec![spec("acme")]).await.unwrap();
}

fn count(known: &[bool]) -> usize {
    known.iter().filter(|known| **known).count()
}

#[tokio::test]
async fn a_damaged_page_of_recent_events_keeps_nobody_from_starting() {
    for place in ["id-00000", "id-01000", "id-01999"] {
        let mut world = World::<Directory>::new().await;
        publish(&world, 0..2_000).await;
        world.store.close().await;
        let rows = ruin(&world, "event", place);
        start(&mut world).await;
        if place == "id-01999" {
            // Where new events would be written.
            world.store.close().await;
            continue;
        }
        let known = publish(&world, 0..2_000).await;
        assert_eq!((count(&known), known[1_999]), (2_000 - rows, true), "all others are recognised: {place}");
        world.store.close().await;
    }
}

#[tokio::test]
async fn recent_events_between_damaged_pages_are_recognised() {
    let mut world = World::<Directory>::new().await;
    publish(&world, 0..2_000).await;
    world.store.close().await;
    let rows = ["id-00400", "id-00800", "id-01200"].map(|id| ruin(&world, "event", id));
    start(&mut world).await;
    assert_eq!(count(&publish(&world, 0..2_000).await), 2_000 - rows.iter().sum::<usize>());
    world.store.close().await;
}

#[tokio::test]
async fn a_recent_event_that_no_version_writes_keeps_nobody_from_starting() {
    for change in ["tenant = 77", "received_at = 9e18"] {
        let mut world = World::<Directory>::new().await;
        publish(&world, 0..10).await;
        world.store.close().await;
        world.bench.database().execute(&format!("UPDATE event SET {change} WHERE id = 5"), []).unwrap();
        start(&mut world).await;
        assert_eq!(count(&publish(&world, 0..10).await), 9, "{change}");
        world.store.close().await;
    }
}

#[tokio::test]
async fn idempotency_keys_on_a_damaged_page_keep_nobody_from_starting_and_others_are_known() {
    let mut world = World::<Directory>::new().await;
    world.store.close().await;
    with_small_runs(&mut world).await;
    let mut end = 0;
    while world.bench.count("idempotency_run") < 5 {
        publish(&world, end..end + 100).await;
        end += 100;
    }
    world.store.close().await;
    let runs = ruin(&world, "idempotency_run", "");
    assert!(runs > 0);
    with_small_runs(&mut world).await;
    let mut known = 0;
    for from in (0..end).step_by(100) {
        known += count(&publish(&world, from..from + 100).await);
    }
    assert!((2_000 * runs..2_500 * runs).contains(&(end - known)), "{known} of {end}, {runs} runs were lost");
    world.store.close().await;
}

#[tokio::test]
async fn how_webhooks_are_doing_on_a_damaged_page_keeps_nobody_from_starting_and_others_is_known() {
    let mut world = World::<Directory>::new().await;
    let first = failing(&world, "1").await;
    world.store.close().await;
    world
        .bench
        .database()
        .execute_batch(
            "WITH RECURSIVE other(id) AS (VALUES (2) UNION ALL SELECT id + 1 FROM other WHERE id < 3000)
             INSERT INTO webhook_activity (webhook, failures) SELECT id, 7 FROM other;
             UPDATE sequence SET webhook = 3001",
        )
        .unwrap();
    start(&mut world).await;
    let last = failing(&world, "2").await;
    world.store.close().await;
    ruin(&world, "webhook_activity", "");
    start(&mut world).await;
    for webhook in [first, last] {
        assert_eq!(world.store.directory().activity(webhook.id).failures, 1, "{}", webhook.id.get());
    }
    world.store.close().await;
}

/// A webhook that has failed once.
async fn failing(world: &World<Directory>, event: &str) -> Arc<Webhook> {
    let webhook = world.webhook().await;
    let delivery = world.deliver(event, &[&webhook]).await[0];
    world.store.settle(ended(delivery, 500)).await.unwrap();
    webhook
}

#[test]
fn what_a_disk_does_not_answer_for_a_moment_is_no_damage() {
    let error = |code| StoreError::from(SqliteError::SqliteFailure(ffi::Error::new(code), None));
    for code in [ffi::SQLITE_IOERR, ffi::SQLITE_IOERR_READ, ffi::SQLITE_NOMEM, ffi::SQLITE_CANTOPEN] {
        assert!(!is_damage(&error(code)), "{code}");
    }
    for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_CONSTRAINT, ffi::SQLITE_MISMATCH] {
        assert!(is_damage(&error(code)), "{code}");
    }
    // As it is where a bit in the head of a row has flipped; the engine fails such a delivery, and goes on.
    let no_value = SqliteError::InvalidColumnType(1, "checksum".into(), rusqlite::types::Type::Integer);
    assert!(matches!(StoreError::from(no_value), StoreError::Damaged(_)));
    let others = [ffi::SQLITE_FULL, ffi::SQLITE_BUSY, ffi::SQLITE_INTERRUPT].map(error);
    assert!(others.iter().all(|error| !is_damage(error)), "{others:?}");
}

#[test]
fn a_disk_that_does_not_answer_ends_a_walk_which_passes_over_nothing() {
    let sql = Connection::open_in_memory().unwrap();
    sql.execute_batch("CREATE TABLE row (id INTEGER PRIMARY KEY); INSERT INTO row VALUES (1), (2), (3)")
        .unwrap();
    let walk = |code| {
        let mut seen = Vec::new();
        let query = "SELECT id FROM row WHERE id >= ?1 AND id <= ?2 ORDER BY id";
        let walked = each_readable(&sql, query, Order::Ascending, 1..=3, |row| {
            let id: i64 = row.get(0)?;
            if id == 2 {
                return Err(SqliteError::SqliteFailure(ffi::Error::new(code), None).into());
            }
            seen.push(id);
            Ok(ControlFlow::Continue(()))
        });
        (walked.map(|unread| unread.map(|unread| (unread.from, unread.to))).ok(), seen)
    };
    assert_eq!(walk(ffi::SQLITE_IOERR_READ), (None, vec![1]));
    assert_eq!(walk(ffi::SQLITE_CORRUPT), (Some(Some((2, 2))), vec![1, 3]));
}

#[test]
fn a_database_that_is_missing_beside_its_key_is_told_of() {
    let told = |has_key: bool, starts: usize| {
        let (directory, written) = (TempDir::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
        if has_key {
            std::fs::write(directory.path().join("master.key"), "a key").unwrap();
        }
        let log = tracing_subscriber::fmt().with_writer(written.reopen().unwrap()).finish();
        tracing::subscriber::with_default(log, || {
            for _ in 0..starts {
                drop(open::prepare(directory.path()).unwrap());
            }
        });
        let lines = std::fs::read_to_string(written.path()).unwrap();
        ["beside a master key", "a new database is made"].map(|text| lines.matches(text).count())
    };
    assert_eq!(told(true, 1), [1, 1]);
    assert_eq!(told(false, 2), [0, 1], "the second start finds it");
}
