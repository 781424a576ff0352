//! The log beside the database, and what copies it.

use super::*;
use crate::storage::sqlite::checkpoint::LONG;

/// Bytes of a page, and of a page in the log.
const PAGE: u64 = 8_192;
const LOG_PAGE: u64 = PAGE + 24;

impl Directory {
    fn log_bytes(&self) -> u64 {
        std::fs::metadata(self.path.path().join("sigpost.db-wal")).unwrap().len()
    }

    fn database_bytes(&self) -> u64 {
        std::fs::metadata(self.path.path().join("sigpost.db")).unwrap().len()
    }
}

/// Publishes events of half a megabyte until so many pages were written.
async fn write_pages(world: &World<Directory>, name: &str, pages: u64) {
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
    write_pages(&world, "after", 3 * long).await;
    assert!(world.bench.log_bytes() < grown + 2 * long * LOG_PAGE, "it has begun anew");
    world.store.close().await;
}
