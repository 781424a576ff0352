//! Looking a database over.

use rusqlite::config::DbConfig;

use super::*;
use crate::storage::Resend;
use crate::storage::Walk;
use crate::storage::contract::new_webhook_with_secrets;
use crate::storage::sqlite::Tell;
use crate::storage::sqlite::examine::{Examiner, KeyState};

fn quietly() -> Tell {
    Arc::new(|_| {})
}

fn examiner(world: &World<Directory>) -> Examiner {
    Examiner::open(world.bench.path.path()).unwrap().unwrap()
}

/// A store in which everything has happened that leaves rows behind, or takes some away.
async fn lived_in() -> World<Directory> {
    let world = World::<Directory>::new().await;
    let (kept, deleted) = (world.webhook().await, world.webhook().await);
    world.store.create_webhook(new_webhook_with_secrets(world.tenant)).await.unwrap();
    for id in 0..6 {
        let deliveries = world.deliver(&id.to_string(), &[&kept, &deleted]).await;
        if id > 1 {
            world.store.settle(ended(deliveries[0], if id == 2 { 500 } else { 200 })).await.unwrap();
        }
    }
    let Resend::Created { work, .. } =
        world.store.create_resend(world.tenant, number(7), time(60)).await.unwrap()
    else {
        panic!("it is there")
    };
    world.store.settle(ended(work.delivery, 200)).await.unwrap();
    world.delete(&deleted, 70).await;
    assert!(
        world
            .store
            .prune(Arc::new([(world.tenant, time(1_000))].into_iter().collect()), Walk::Anew, 2)
            .await
            .unwrap()
            .more
    );
    world
}

#[tokio::test]
async fn a_database_that_was_lived_in_is_in_order_while_it_is_open_and_after() {
    let world = lived_in().await;
    for _ in 0..2 {
        let mut examiner = examiner(&world);
        let layout = examiner.layout().unwrap();
        assert_eq!(layout.found, layout.known);
        assert_eq!(examiner.structure(&quietly()).unwrap(), [""; 0]);
        assert_eq!(examiner.references(&quietly()).unwrap().first, [""; 0]);
        let verified = examiner.checksums(&quietly()).unwrap();
        let sql = world.bench.database();
        let count = "SELECT (SELECT count(*) FROM event_data) + (SELECT count(*) FROM delivery)";
        let rows: u32 = sql.query_row(count, [], |row| row.get(0)).unwrap();
        assert!(rows > 8);
        assert_eq!((verified.rows, verified.damaged.count), (u64::from(rows), 0));
        assert_eq!(examiner.newest().unwrap(), Some(time(21)));
        let state = examiner.key(world.bench.path.path(), &KeySource::Generated).unwrap();
        let KeyState::Fits(key) = state else { panic!("it fits") };
        let (opened, shut) = examiner.secrets(&key).unwrap();
        assert_eq!((opened, shut.count), (3, 0));
        world.store.close().await;
    }
    assert!(Examiner::open(Path::new("/no/such/place")).unwrap().is_none());
}

#[tokio::test]
async fn the_newest_is_the_latest_also_after_a_clock_that_ran_ahead_was_set_right() {
    let world = lived_in().await;
    let ahead = "UPDATE event SET received_at = ?1 WHERE id = (SELECT min(id) FROM event)";
    world.bench.database().execute(ahead, [time(9_000).as_microsecond()]).unwrap();
    assert_eq!(examiner(&world).newest().unwrap(), Some(time(9_000)));
    world.store.close().await;
}

#[tokio::test]
async fn every_body_and_frame_that_was_damaged_is_found_and_named() {
    let world = lived_in().await;
    let sql = world.bench.database();
    let damage = "UPDATE event_data SET data = CAST(data || ' ' AS BLOB) WHERE event IN
            (SELECT event FROM event_data ORDER BY event DESC LIMIT 2);
        UPDATE delivery SET frame_cut = frame_cut + 1 WHERE id = (SELECT min(id) FROM delivery);
        UPDATE delivery SET event = event - 1 WHERE id = (SELECT max(id) FROM delivery)";
    sql.execute_batch(damage).unwrap();
    let named = "SELECT id, source, ce_id FROM event WHERE id IN
            (SELECT event FROM event_data ORDER BY event DESC LIMIT 2) ORDER BY id";
    let bodies: Vec<String> = sql
        .prepare(named)
        .unwrap()
        .query_map([], |row| {
            let (id, source, ce_id) =
                (row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?);
            Ok(format!("event_data {id} (of event {ce_id:?} from {source:?}, tenant \"acme\")"))
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let (first, last): (i64, i64) = sql
        .query_row("SELECT min(id), max(id) FROM delivery", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let found = examiner(&world).checksums(&quietly()).unwrap().damaged;
    assert_eq!(found.first[..2], bodies);
    for (told, delivery) in found.first[2..].iter().zip([first, last]) {
        assert!(told.starts_with(&format!("delivery {delivery} (of event ")), "{told}");
    }
    assert_eq!(found.count, 4);
    world.store.close().await;
}

#[tokio::test]
async fn what_idempotency_keys_are_kept_in_is_verified_too() {
    let world = lived_in().await;
    let whole = examiner(&world).checksums(&quietly()).unwrap().rows;
    let written = layouts::written(11);
    let runs = written.split_once("-- Of the first two events").unwrap().1;
    let sql = world.bench.database();
    sql.execute_batch(runs.split_once('\n').unwrap().1).unwrap();
    let verified = examiner(&world).checksums(&quietly()).unwrap();
    assert_eq!((verified.rows, verified.damaged.count), (whole + 2, 0));
    sql.execute_batch(
        "UPDATE idempotency_run SET filter = x'00'; UPDATE idempotency_chunk SET entries = x''",
    )
    .unwrap();
    let damaged = examiner(&world).checksums(&quietly()).unwrap().damaged;
    assert_eq!(damaged.first, ["idempotency_run 1", "idempotency_chunk 1048576"]);
    sql.execute_batch(runs.split_once('\n').unwrap().1.replace("INSERT", "INSERT OR REPLACE").as_str())
        .unwrap();
    sql.execute("UPDATE idempotency_run SET last_event = 3", []).unwrap();
    assert_eq!(examiner(&world).checksums(&quietly()).unwrap().damaged.first, ["idempotency_run 1"]);
    world.store.close().await;
}

#[tokio::test]
async fn rows_that_name_what_is_not_there_are_found() {
    for (change, told) in [
        (
            "DELETE FROM event_data WHERE event = (SELECT max(id) FROM event)",
            "no event_data that its id names",
        ),
        ("DELETE FROM event WHERE id = (SELECT max(id) FROM event)", "no event that its event names"),
        (
            "DELETE FROM attempt WHERE id = (SELECT max(id) FROM attempt)",
            "no attempt that its last_attempt names",
        ),
        ("UPDATE webhook SET tenant = 99 WHERE id = 1", "webhook 1: no tenant that its tenant names"),
        ("UPDATE delivery SET webhook = 99 WHERE id = 12", "delivery 12: no webhook that its webhook names"),
        ("UPDATE attempt SET delivery = 99 WHERE id = 4", "attempt 4: no delivery that its delivery names"),
        ("UPDATE sequence SET event = 2", "sequence.event: less than what was given already"),
    ] {
        let world = lived_in().await;
        assert_eq!(world.bench.database().execute(change, []).unwrap(), 1, "{change}");
        let missing = examiner(&world).references(&quietly()).unwrap();
        assert!(missing.first.iter().any(|line| line.contains(told)), "{change}: {:?}", missing.first);
        world.store.close().await;
    }
}

#[tokio::test]
async fn a_key_that_is_missing_wrong_or_filed_is_told_from_one_that_fits() {
    let world = lived_in().await;
    world.store.close().await;
    let path = world.bench.path.path();
    let state = |source: &KeySource| examiner(&world).key(path, source).unwrap();
    let key = std::fs::read_to_string(path.join("master.key")).unwrap();
    let id = MasterKey::parse(&key).unwrap().id();
    let other = KeySource::Given(MasterKey::new([9; 32]));
    assert!(matches!(state(&other), KeyState::Wrong { needed: Some(needed), .. } if needed == id));
    std::fs::write(path.join("master.key"), "55".repeat(32)).unwrap();
    assert!(
        matches!(state(&KeySource::Generated), KeyState::Wrong { needed: Some(needed), .. } if needed == id)
    );
    std::fs::write(path.join("master.key"), "nothing").unwrap();
    assert!(matches!(state(&KeySource::Generated), KeyState::Unreadable(OpenError::KeyInvalid { .. })));
    std::fs::remove_file(path.join("master.key")).unwrap();
    assert!(
        matches!(state(&KeySource::Generated), KeyState::Missing { needed: Some(needed), .. } if needed == id)
    );
    std::fs::write(path.join(format!("master.key.{id}")), &key).unwrap();
    assert!(matches!(state(&KeySource::Generated), KeyState::Filed(filed, _) if filed.id() == id));
    assert!(!path.join("master.key").exists(), "whoever looks changes nothing");
    assert!(matches!(state(&KeySource::File(path.join("nowhere"))), KeyState::Missing { .. }));
}

#[tokio::test]
async fn a_log_that_comes_about_while_a_database_is_looked_over_is_left_to_the_next_start() {
    let world = lived_in().await;
    world.store.close().await;
    let log = world.bench.path.path().join("sigpost.db-wal");
    assert!(!log.exists());
    let examiner = examiner(&world);
    let server = world.bench.database();
    server.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    server.pragma_update(None, "user_version", 1).unwrap();
    drop(server);
    drop(examiner);
    assert!(log.metadata().unwrap().len() > 0);
    world.bench.open().await.close().await;
}
