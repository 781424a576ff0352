//! The log beside the database, and what copies it.

use std::os::unix::fs::FileExt;

use rusqlite::OpenFlags;

use super::*;
pub(super) use crate::storage::sqlite::checkpoint::TOO_LONG;
use crate::storage::sqlite::checkpoint::{COPIED, LONG};

/// Bytes of a page, and of a page in the log.
const PAGE: u64 = 8_192;
pub(super) const LOG_PAGE: u64 = PAGE + 24;

impl Directory {
    pub(super) fn log_bytes(&self) -> u64 {
        std::fs::metadata(self.path.path().join("sigpost.db-wal")).unwrap().len()
    }

    fn database_bytes(&self) -> u64 {
        std::fs::metadata(self.path.path().join("sigpost.db")).unwrap().len()
    }
}

/// Publishes events of half a megabyte until so many pages were written.
pub(super) async fn write_pages(world: &World<Directory>, name: &str, pages: u64) {
    for nth in 0..pages * PAGE / 500_000 + 1 {
        let data = vec![b'x'; 500_000].into();
        let event = NewEvent { data, ..event(world.tenant, &format!("{name} {nth}"), &[]) };
        assert!(matches!(world.publish(event).await, Published::Accepted { .. }));
    }
}

#[tokio::test]
async fn the_log_is_copied_while_events_are_published_and_begins_anew_when_it_is_long() {
    let world = World::<Directory>::new().await;
    let long = u64::from(LONG);
    write_pages(&world, "first", long / 2).await;
    assert!(world.bench.database_bytes() > long / 8 * PAGE, "copied before anybody closes it");
    write_pages(&world, "more", 5 * long).await;
    assert!(world.bench.database_bytes() > 4 * long * PAGE);
    assert!(world.bench.log_bytes() < 2 * long * LOG_PAGE, "{} bytes of log", world.bench.log_bytes());
    world.store.close().await;
    assert!(!world.bench.path.path().join("sigpost.db-wal").exists(), "nobody has it open any more");
}

#[tokio::test]
async fn a_reader_that_takes_long_holds_the_log_up_but_not_the_events() {
    let world = World::<Directory>::new().await;
    let long = u64::from(LONG);
    let reader = world.bench.database();
    reader.execute_batch("BEGIN").unwrap();
    let seen = |reader: &Connection| -> i64 {
        reader.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap()
    };
    let before = seen(&reader);
    write_pages(&world, "meanwhile", 3 * long).await;
    assert_eq!(seen(&reader), before, "it sees one state of the data");
    let grown = world.bench.log_bytes();
    assert!(grown > 3 * long * LOG_PAGE);
    reader.execute_batch("COMMIT").unwrap();
    write_pages(&world, "after", 5 * long).await;
    assert!(world.bench.log_bytes() < grown + long * LOG_PAGE, "it has begun anew");
    world.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_bounded_when_every_commit_is_a_large_one() {
    let world = World::<Directory>::new().await;
    let mut publishers = JoinSet::new();
    for publisher in 0..16 {
        let (store, tenant) = (Arc::clone(&world.store), world.tenant);
        publishers.spawn(async move {
            for nth in 0..30 {
                let data = vec![b'x'; 1_000_000].into();
                let event = NewEvent { data, ..event(tenant, &format!("{publisher} {nth}"), &[]) };
                store.publish(vec![event]).await.unwrap();
            }
        });
    }
    publishers.join_all().await;
    let written = 16 * 30 * 1_000_000;
    let most = u64::from(TOO_LONG) * 3 / 2 * LOG_PAGE;
    assert!(written > 2 * most, "enough was written to tell");
    assert!(world.bench.log_bytes() < most, "{} bytes of log", world.bench.log_bytes());
    world.store.close().await;
}

#[tokio::test]
async fn a_store_does_not_wait_for_a_reader_to_close() {
    let mut world = World::<Directory>::new().await;
    let reader = world.bench.database();
    reader.execute_batch("BEGIN").unwrap();
    let count = |reader: &Connection| -> i64 {
        reader.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count(&reader), 0);
    world.publish(event(world.tenant, "1", &[])).await;
    let closing = tokio::time::timeout(Duration::from_secs(2), world.store.close());
    closing.await.expect("nobody waits for another program");
    assert_eq!(count(&reader), 0, "which reads on");
    drop(reader);
    world.reopen().await;
    assert_eq!(world.bench.count("event"), 1);
    world.store.close().await;
}

#[tokio::test]
async fn what_a_process_with_a_failing_disk_has_copied_is_copied_again_also_if_another_program_has_it_open() {
    let world = World::<Directory>::new().await;
    let unsynced = std::fs::read(world.bench.path.path().join("sigpost.db")).unwrap();
    let webhook = world.webhook().await;
    for id in 0..50 {
        world.deliver(&id.to_string(), &[&webhook]).await;
    }
    // What the disk has kept: all of the log, and nothing of what was copied from it.
    let (path, clock) = (TempDir::new().unwrap(), Arc::clone(&world.clock));
    let file = |name| path.path().join(name);
    for name in ["sigpost.db-wal", "master.key"] {
        std::fs::copy(world.bench.path.path().join(name), file(name)).unwrap();
    }
    std::fs::write(file("sigpost.db"), unsynced).unwrap();
    let other = Connection::open_with_flags(file("sigpost.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    other.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).unwrap();
    // What the process has said: that all of it was copied.
    let index = std::fs::File::options().read(true).write(true).open(file("sigpost.db-shm")).unwrap();
    let mut frames = [0; 4];
    index.read_exact_at(&mut frames, 16).unwrap();
    assert_ne!(frames, [0; 4]);
    index.write_all_at(&frames, COPIED.start).unwrap();

    let bench = Directory { path, clock: Arc::clone(&clock) };
    let store = Arc::new(bench.open().await);
    store.apply_tenants(vec![spec("acme")]).await.unwrap();
    let survivor = World::over(bench, clock, store, world.tenant);
    assert_eq!(survivor.pending().await.len(), 50);
    write_pages(&survivor, "more", 2 * u64::from(LONG)).await;
    assert_eq!(survivor.pending().await.len(), 50);
    survivor.store.close().await;
    drop(other);
    let whole =
        survivor.bench.database().query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    assert_eq!(whole.unwrap(), "ok");
    world.store.close().await;
}
