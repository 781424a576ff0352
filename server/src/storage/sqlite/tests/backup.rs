//! Copies of the database.

use std::sync::Mutex;

use super::*;
use crate::storage::sqlite::backup::{self, BackupError};
use crate::storage::sqlite::rows::checksum;
use crate::storage::sqlite::{Progress, Tell};

fn quietly() -> Tell {
    Arc::new(|_| {})
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        directory.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Makes the database so large that it is copied in many steps.
fn fatten(world: &World<Directory>) {
    let sql = world.bench.database();
    sql.execute_batch("BEGIN").unwrap();
    for event in 1_000_001..=1_008_000 {
        let data: Vec<u8> = (0..3_000).map(|at| u8::try_from((event * 31 + at * 7) % 256).unwrap()).collect();
        let row = (event, checksum("event_data", event, &[&data]), &data);
        sql.execute("INSERT INTO event_data (event, checksum, data) VALUES (?1, ?2, ?3)", row).unwrap();
    }
    sql.execute_batch("COMMIT").unwrap();
}

#[tokio::test]
async fn a_copy_opens_as_a_store_with_everything_that_was_there() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let deliveries = world.deliver("1", &[&webhook]).await;
    world.store.settle(ended(deliveries[0], 200)).await.unwrap();
    let waits = world.deliver("2", &[&webhook]).await[0];
    let folder = TempDir::new().unwrap();
    let destination = folder.path().join("sigpost.db");
    // What was acknowledged is in the log beside the database, mostly: the store is open.
    let copied = backup::copy(world.bench.path.path(), &destination, &quietly()).unwrap();
    assert_eq!(names(folder.path()), ["sigpost.db"], "one file, and nothing beside it");
    let file = destination.metadata().unwrap();
    assert_eq!((file.len(), file.permissions().mode() & 0o777), (copied.bytes, 0o600));
    world.deliver("3", &[&webhook]).await;

    std::fs::copy(world.bench.path.path().join("master.key"), folder.path().join("master.key")).unwrap();
    let bench = Directory { path: folder, clock: Arc::clone(&world.clock) };
    let store = Arc::new(bench.open().await);
    store.apply_tenants(vec![spec("acme")]).await.unwrap();
    let restored = World::over(bench, Arc::clone(&world.clock), store, world.tenant);
    assert_eq!(numbers(&restored.history().await), [1]);
    assert_eq!(restored.pending().await.iter().map(|work| work.delivery).collect::<Vec<_>>(), [waits]);
    let secrets = |store: &SqliteStore| {
        let webhook = store.directory().webhook(webhook.id).unwrap();
        webhook.secrets.current().unwrap().as_bytes().to_vec()
    };
    assert_eq!(secrets(&restored.store), secrets(&world.store));
    restored.store.close().await;
    world.store.close().await;
}

#[tokio::test]
async fn an_event_published_after_a_restore_is_no_repetition_of_one_from_before_it() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let folder = TempDir::new().unwrap();
    backup::copy(world.bench.path.path(), &folder.path().join("sigpost.db"), &quietly()).unwrap();
    let publish = async |world: &World<Directory>, id, received_at| {
        let event = NewEvent { received_at, ..event(world.tenant, id, &[&webhook]) };
        let Published::Accepted { number, .. } = world.publish(event).await else { panic!("new") };
        (number, world.pending().await[0].message_id.clone())
    };
    let before = publish(&world, "before", time(20)).await;
    std::fs::copy(world.bench.path.path().join("master.key"), folder.path().join("master.key")).unwrap();
    let bench = Directory { path: folder, clock: Arc::clone(&world.clock) };
    let store = Arc::new(bench.open().await);
    store.apply_tenants(vec![spec("acme")]).await.unwrap();
    let restored = World::over(bench, Arc::clone(&world.clock), store, world.tenant);
    let after = publish(&restored, "after", time(30)).await;
    assert_eq!(before.0, after.0, "the number is given again");
    assert_ne!(before.1, after.1, "receivers tell repetitions by the message's id");
    restored.store.close().await;
    world.store.close().await;
}

#[tokio::test]
async fn a_copy_is_the_database_of_one_moment_whatever_is_written_meanwhile() {
    let world = World::<Directory>::new().await;
    fatten(&world);
    let writer = world.bench.database();
    writer
        .execute_batch(
            "CREATE TABLE seen (id INTEGER PRIMARY KEY, at INTEGER); INSERT INTO seen VALUES (1, 0)",
        )
        .unwrap();
    let steps = Arc::new(Mutex::new(Vec::new()));
    let tell: Tell = Arc::new({
        let (steps, writer) = (Arc::clone(&steps), Mutex::new(writer));
        move |progress| {
            if let Progress::Copied { done, total } = progress {
                let mut steps = steps.lock().unwrap();
                steps.push((done, total));
                let writer = writer.lock().unwrap();
                // Both ends of the file change, before and behind where the copy is.
                writer.execute("UPDATE seen SET at = at + 1", []).unwrap();
                writer
                    .execute("UPDATE event_data SET data = zeroblob(3000) WHERE event = 1000001", [])
                    .unwrap();
                writer
                    .execute("UPDATE event_data SET data = zeroblob(3000) WHERE event = 1008000", [])
                    .unwrap();
            }
        }
    });
    let folder = TempDir::new().unwrap();
    let destination = folder.path().join("copy");
    backup::copy(world.bench.path.path(), &destination, &tell).unwrap();
    let steps = steps.lock().unwrap().clone();
    assert!(steps.len() > 4, "{steps:?}");
    assert!(steps.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 == pair[1].1), "{steps:?}");
    assert!(steps.last().is_some_and(|(done, total)| done == total), "{steps:?}");
    let copy = Connection::open(&destination).unwrap();
    let seen: i64 = copy.query_row("SELECT at FROM seen", [], |row| row.get(0)).unwrap();
    let zeroes = "SELECT count(*) FROM event_data WHERE event > 1000000 AND data = zeroblob(3000)";
    let changed: i64 = copy.query_row(zeroes, [], |row| row.get(0)).unwrap();
    assert_eq!((seen, changed), (0, 0), "nothing that was written after the first page is in it");
    world.store.close().await;
}

#[tokio::test]
async fn what_has_the_name_already_stays_as_it_is() {
    let world = World::<Directory>::new().await;
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("file"), "precious").unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("link")).unwrap();
    for name in ["file", "folder", "link"] {
        let error = backup::copy(world.bench.path.path(), &at(name), &quietly()).unwrap_err();
        assert!(matches!(&error, BackupError::Exists(path) if *path == at(name)), "{error}");
    }
    assert_eq!(std::fs::read(at("file")).unwrap(), b"precious");
    assert_eq!(names(folder.path()), ["file", "folder", "link"]);
    // It may also come while the copy is made.
    let late = at("late");
    let tell: Tell = Arc::new({
        let late = late.clone();
        move |_| std::fs::write(&late, "precious").unwrap()
    });
    let error = backup::copy(world.bench.path.path(), &late, &tell).unwrap_err();
    assert!(matches!(error, BackupError::Exists(_)), "{error}");
    assert_eq!(std::fs::read(late).unwrap(), b"precious");
    assert!(!at("late.partial").exists());
    world.store.close().await;
}

#[tokio::test]
async fn an_interrupted_copy_is_in_nobodys_way_and_two_at_once_are() {
    let world = World::<Directory>::new().await;
    let folder = TempDir::new().unwrap();
    let (destination, partial) = (folder.path().join("copy"), folder.path().join("copy.partial"));
    std::fs::write(&partial, vec![b'x'; 1 << 20]).unwrap();
    let other = std::fs::File::open(&partial).unwrap();
    other.lock().unwrap();
    let copy = || backup::copy(world.bench.path.path(), &destination, &quietly());
    assert!(matches!(copy().unwrap_err(), BackupError::Busy(path) if path == destination));
    drop(other);
    copy().unwrap();
    assert_eq!(names(folder.path()), ["copy"]);
    world.store.close().await;
}

#[tokio::test]
async fn without_a_database_or_a_place_nothing_is_made_and_the_reason_is_said() {
    let folder = TempDir::new().unwrap();
    let destination = folder.path().join("copy");
    let error = backup::copy(&folder.path().join("data"), &destination, &quietly()).unwrap_err();
    assert!(matches!(error, BackupError::NoDatabase(_)), "{error}");
    let world = World::<Directory>::new().await;
    let nowhere = folder.path().join("no/folder/copy");
    let error = backup::copy(world.bench.path.path(), &nowhere, &quietly()).unwrap_err();
    assert!(matches!(error, BackupError::Io { .. }), "{error}");
    assert_eq!(names(folder.path()), [""; 0]);
    world.store.close().await;
}

#[tokio::test]
async fn a_damaged_database_gives_no_copy() {
    let world = World::<Directory>::new().await;
    fatten(&world);
    world.store.close().await;
    let database = world.bench.path.path().join("sigpost.db");
    let mut bytes = std::fs::read(&database).unwrap();
    // A page in the middle of the tree of event_data loses its head.
    let page = bytes.len() / 2 / 8_192 * 8_192;
    bytes[page..page + 8].fill(0xff);
    std::fs::write(&database, bytes).unwrap();
    let folder = TempDir::new().unwrap();
    let error = backup::copy(world.bench.path.path(), &folder.path().join("copy"), &quietly()).unwrap_err();
    assert!(matches!(&error, BackupError::Damaged(_)), "{error}");
    assert!(error.to_string().contains("sigpost doctor"), "{error}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[tokio::test]
async fn a_copy_with_rows_that_do_not_fit_their_checksums_is_kept_and_told_of() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    world.deliver("1", &[&webhook]).await;
    let damage = "UPDATE event_data SET data = CAST(data || ' ' AS BLOB)";
    assert_eq!(world.bench.database().execute(damage, []).unwrap(), 1);
    let folder = TempDir::new().unwrap();
    let destination = folder.path().join("copy");
    let error = backup::copy(world.bench.path.path(), &destination, &quietly()).unwrap_err();
    assert!(
        matches!(&error, BackupError::Rows { copy, damaged } if *copy == destination && damaged.count == 1)
    );
    assert!(error.to_string().contains("event_data 1 (of event \"1\" from "), "{error}");
    assert_eq!(names(folder.path()), ["copy"]);
    world.store.close().await;
}
