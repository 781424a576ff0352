//! What only this backend does: files, keys, crashes, full disks. The rest is the contract suite.

mod backlog;
mod backup;
mod checkpoint;
mod commits;
mod damage;
mod examine;
mod expired;
mod layouts;
mod reads;
mod replays;
mod retention;
mod rotate;
mod secrets;
mod space;
mod start;
mod tenancy;

use core::time::Duration;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use sigpost_core::signature::Secret;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::dedupe::DedupeWindow;
use super::{
    KeySource, MasterKey, OpenError, Options, SqliteStore, SystemFreeSpace, audit, history, open, waiting,
};
use crate::clock::MockClock;
use crate::domain::{
    DeliveryState, HistoryOrder, NewEvent, Next, Outcome, Published, ResponseHeaders, Rotation, Settlement,
    SortField, SortOrder, TenantId, Webhook,
};
use crate::rng::SeededRng;
use crate::storage::contract::{
    Bench, World, attempt, contract, ended, event, everything, filter, new_webhook, number, numbers, spec,
    time,
};
use crate::storage::{Store, StoreError};

struct Directory {
    path: TempDir,
    clock: Arc<MockClock>,
}

impl Directory {
    fn options(&self) -> Options {
        options(self.path.path(), &self.clock)
    }

    /// How many deliveries are pending in the file, whatever the writer can say.
    fn pending(&self) -> usize {
        let count = "SELECT count(*) FROM delivery WHERE state = 0";
        self.database().query_row(count, [], |row| row.get::<_, u32>(0)).unwrap() as usize
    }

    /// How many rows of a table there are in the file.
    fn count(&self, table: &str) -> i64 {
        self.database().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    fn database(&self) -> Connection {
        Connection::open(self.path.path().join("sigpost.db")).unwrap()
    }
}

impl Bench for Directory {
    type Store = SqliteStore;

    fn new(clock: Arc<MockClock>) -> Self {
        Self { path: TempDir::new().unwrap(), clock }
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.options()).unwrap()
    }
}

fn options(directory: &Path, clock: &Arc<MockClock>) -> Options {
    Options {
        directory: directory.to_owned(),
        master_key: KeySource::Generated,
        clock: Arc::clone(clock) as _,
        rng: Arc::new(SeededRng::new(7)),
        min_free: 0,
        space: Arc::new(SystemFreeSpace),
    }
}

/// A world whose store is prepared by SQL on the writer's own connection.
async fn prepared(sql: &str) -> World<Directory> {
    let world = World::<Directory>::new().await;
    world.store.close().await;
    let options = world.bench.options();
    let opened = open::open(&options, DedupeWindow::default()).unwrap();
    opened.sql.execute_batch(sql).unwrap();
    let store = Arc::new(SqliteStore::start(opened, options).unwrap());
    store.apply_tenants(vec![spec("acme")]).await.unwrap();
    World::over(world.bench, world.clock, store, world.tenant)
}

fn opening(options: Options) -> OpenError {
    SqliteStore::open(options).err().expect("refused")
}

contract!(Directory);

#[tokio::test]
async fn a_second_server_on_the_same_directory_is_refused_until_the_first_has_stopped() {
    let world = World::<Directory>::new().await;
    let error = opening(world.bench.options());
    assert!(
        matches!(&error, OpenError::InUse { directory } if directory == world.bench.path.path()),
        "{error}"
    );
    world.store.close().await;
    SqliteStore::open(world.bench.options()).unwrap().close().await;
}

#[tokio::test]
async fn files_are_for_their_owner_only() {
    let clock = Arc::new(MockClock::at(time(0)));
    let outer = TempDir::new().unwrap();
    let directory = outer.path().join("made/below");
    let store = SqliteStore::open(options(&directory, &clock)).unwrap();
    store.apply_tenants(vec![spec("acme")]).await.unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let mut names: Vec<_> =
        directory.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["master.key", "sigpost.db", "sigpost.db-shm", "sigpost.db-wal", "sigpost.lock"]);
    for name in names {
        assert_eq!(mode(&directory.join(&name)), 0o600, "{name}");
    }
    store.close().await;
}

#[tokio::test]
async fn another_master_key_is_refused() {
    let world = World::<Directory>::new().await;
    world.store.close().await;
    let given = Options { master_key: KeySource::Given(MasterKey::new([9; 32])), ..world.bench.options() };
    let error = opening(given);
    let OpenError::WrongKey { given, needed: Some(needed) } = &error else { panic!("{error}") };
    assert_eq!(*given, MasterKey::new([9; 32]).id());
    assert!(given != needed && error.to_string().contains(&needed.to_string()), "{error}");
}

#[tokio::test]
async fn a_key_that_was_given_is_not_written_down() {
    let clock = Arc::new(MockClock::at(time(0)));
    let directory = TempDir::new().unwrap();
    let given = Options {
        master_key: KeySource::Given(MasterKey::new([9; 32])),
        ..options(directory.path(), &clock)
    };
    SqliteStore::open(given.clone()).unwrap().close().await;
    assert!(!directory.path().join("master.key").exists());
    assert!(matches!(opening(options(directory.path(), &clock)), OpenError::KeyMissing { .. }));
    SqliteStore::open(given).unwrap().close().await;
}

#[tokio::test]
async fn a_lost_master_key_is_named_with_its_remedy_and_never_drawn_anew() {
    let world = World::<Directory>::new().await;
    world.store.close().await;
    let key = world.bench.path.path().join("master.key");
    let text = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let error = opening(world.bench.options());
    assert!(matches!(&error, OpenError::KeyMissing { path } if *path == key));
    assert!(error.to_string().contains("master_key_file"), "{error}");
    assert!(!key.exists());
    std::fs::write(&key, "not a key").unwrap();
    assert!(matches!(opening(world.bench.options()), OpenError::KeyInvalid { .. }));
    std::fs::write(&key, text).unwrap();
    world.bench.open().await.close().await;
}

/// Copies the files as they are while the store is open: what a machine that loses power leaves behind.
async fn crash(world: &World<Directory>) -> World<Directory> {
    let (path, clock) = (TempDir::new().unwrap(), Arc::clone(&world.clock));
    for name in ["sigpost.db", "sigpost.db-wal", "master.key"] {
        std::fs::copy(world.bench.path.path().join(name), path.path().join(name)).unwrap();
    }
    let bench = Directory { path, clock: Arc::clone(&clock) };
    let store = Arc::new(bench.open().await);
    store.apply_tenants(vec![spec("acme")]).await.unwrap();
    World::over(bench, clock, store, world.tenant)
}

#[tokio::test]
async fn everything_acknowledged_survives_a_crash() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let mut publishers = JoinSet::new();
    for id in 0..200 {
        let event = event(world.tenant, &id.to_string(), &[&webhook]);
        let store = Arc::clone(&world.store);
        publishers.spawn(async move { store.publish(vec![event]).await.unwrap().remove(0) });
    }
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 100 {
        let Published::Accepted { deliveries, .. } = publishers.join_next().await.unwrap().unwrap() else {
            panic!("new")
        };
        world.store.settle(ended(deliveries[0], 200)).await.unwrap();
        acknowledged.push(deliveries[0]);
    }
    let survivor = crash(&world).await;
    let records = survivor.history().await;
    for delivery in &acknowledged {
        assert!(records.records.iter().any(|record| record.delivery == *delivery));
    }
    let pending = survivor.pending().await;
    for work in &pending {
        assert!(survivor.store.body(work.delivery).await.unwrap().is_some());
    }
    let known = event(world.tenant, "0", &[&webhook]);
    let next = survivor.webhook().await;
    assert_eq!(next.number, number(2));
    if pending.len() + acknowledged.len() == 200 {
        assert!(matches!(survivor.publish(known).await, Published::Duplicate { .. }));
    }
    survivor.store.close().await;
    world.store.close().await;
}

#[tokio::test]
async fn a_flipped_bit_in_stored_bytes_is_an_error_and_never_sent_nor_shown() {
    for (flip, table, column) in [
        (
            "UPDATE event_data SET data = CAST(replace(data, 'text', 'tex4') AS BLOB)",
            "event_data",
            "checksum",
        ),
        (
            "UPDATE delivery SET frame_tail = CAST(replace(frame_tail, '1', '3') AS BLOB)",
            "delivery",
            "frame_checksum",
        ),
        ("UPDATE delivery SET frame_cut = 0", "delivery", "frame_checksum"),
    ] {
        let world = World::<Directory>::new().await;
        let webhook = world.webhook().await;
        let delivery = world.deliver("1", &[&webhook]).await[0];
        world.store.settle(ended(delivery, 200)).await.unwrap();
        assert_eq!(world.bench.database().execute(flip, []).unwrap(), 1);
        let named = |error: StoreError| match error {
            StoreError::Inconsistent { table, column, .. } => (table, column),
            other => panic!("{other}"),
        };
        assert_eq!(named(world.store.body(delivery).await.unwrap_err()), (table, column));
        let history = world.store.history(everything(world.tenant)).await.unwrap();
        assert_eq!((numbers(&history), &history.records[0].request), (vec![1], &None), "it is shown without");
        let resend = world.store.create_resend(world.tenant, number(1), time(70)).await;
        assert_eq!(named(resend.err().unwrap()), (table, column));
        assert_eq!(world.pending().await.len(), 0, "a failed command leaves nothing behind");
        world.store.close().await;
    }
}

#[tokio::test]
async fn what_waits_and_was_damaged_is_given_to_the_engine_without_its_bytes() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let damaged = world.deliver("1", &[&webhook]).await[0];
    let whole = world.deliver("2", &[&webhook]).await[0];
    let flip = "UPDATE event_data SET data = CAST(replace(data, 'text', 'tex4') AS BLOB) WHERE event = 1";
    assert_eq!(world.bench.database().execute(flip, []).unwrap(), 1);
    let pending = world.pending().await;
    let found: Vec<_> = pending.iter().map(|work| (work.delivery, work.body.is_some())).collect();
    assert_eq!(found, [(damaged, false), (whole, true)], "so its attempt finds out, and fails visibly");
    let error = world.store.body(damaged).await.unwrap_err();
    assert!(matches!(error, StoreError::Inconsistent { table: "event_data", column: "checksum", row: 1 }));
    world.store.close().await;
}

#[tokio::test]
async fn a_row_that_no_version_writes_is_named() {
    for (change, column) in [
        ("UPDATE webhook SET profile = '{}'", "profile"),
        ("UPDATE webhook SET url = 'nowhere'", "url"),
        ("UPDATE webhook SET number = 0", "number"),
        ("UPDATE webhook SET disabled_reason = 'tired'", "disabled_reason"),
        ("UPDATE webhook SET secret_sealed = x'00'", "secret_sealed"),
    ] {
        let world = World::<Directory>::new().await;
        world.webhook().await;
        world.store.close().await;
        world.bench.database().execute(change, []).unwrap();
        let error = opening(world.bench.options());
        assert!(
            matches!(error, OpenError::Store(StoreError::Inconsistent { table: "webhook", column: c, row: 1 }) if c == column),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_tenants_dialect_cannot_be_changed() {
    let world = World::<Directory>::new().await;
    world.bench.database().execute("UPDATE tenant SET dialect = 'older'", []).unwrap();
    let error = world.store.apply_tenants(vec![spec("new"), spec("acme")]).await.unwrap_err();
    assert!(
        matches!(error, StoreError::DialectChanged { tenant, stored } if tenant == "acme" && stored == "older")
    );
    assert!(world.store.directory().tenant_by_name("new").is_none(), "a failing command changes nothing");
    assert!(world.store.directory().tenant_by_name("acme").is_some());
    world.store.close().await;
}

/// A world without space, in which results of a webhook's attempts wait.
async fn without_space() -> (World<Directory>, Arc<Webhook>) {
    let world = prepared("PRAGMA max_page_count = 60").await;
    let webhook = world.webhook().await;
    let mut accepted = Vec::new();
    while let Ok(answers) = world
        .store
        .publish(vec![NewEvent {
            data: vec![b'x'; 2_000].into(),
            ..event(world.tenant, &accepted.len().to_string(), &[&webhook])
        }])
        .await
    {
        if let Published::Accepted { deliveries, .. } = &answers[0] {
            accepted.push(deliveries[0]);
        }
    }
    let answer =
        Outcome::Response { status: 200, headers: ResponseHeaders::EMPTY, body: vec![b'y'; 4_096].into() };
    for delivery in &accepted {
        world.store.settle_later(Settlement {
            delivery: *delivery,
            attempt: Some(attempt(1, answer.clone())),
            next: Next::End(DeliveryState::Delivered),
        });
    }
    while !world.store.is_full() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (world, webhook)
}

#[tokio::test]
async fn results_that_find_no_space_wait_until_there_is_some() {
    let (world, webhook) = without_space().await;
    let waiting = world.store.unsettled();
    assert!(waiting > 0 && world.bench.pending() >= waiting, "they are kept, and known to be not durable");
    world.bench.database().execute("UPDATE meta SET value = value", []).unwrap();
    let webhook = world.delete(&webhook, 50).await;
    assert!(webhook.is_some(), "deleting still works");
    // What is cancelled and old makes room for the results of what is not; those of deleted rows are dropped.
    let mut rounds = 0;
    while world.store.unsettled() > 0 {
        rounds += 1;
        assert!(rounds < 1_000, "no room was made");
        world.prune(vec![(world.tenant, time(1_000))], 5).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!world.store.is_full());
    world.store.check().await.unwrap();
    world.store.close().await;
}

#[tokio::test]
async fn a_store_closes_even_when_there_is_no_space_for_the_last_results() {
    let mut world = prepared("PRAGMA max_page_count = 60").await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    let huge = Outcome::Response {
        status: 200,
        headers: ResponseHeaders::EMPTY,
        body: vec![b'y'; 1_000_000].into(),
    };
    world.store.settle_later(Settlement {
        delivery,
        attempt: Some(attempt(1, huge)),
        next: Next::End(DeliveryState::Delivered),
    });
    tokio::time::timeout(Duration::from_secs(20), world.store.close()).await.expect("it ends");
    world.reopen().await;
    assert_eq!(world.pending().await[0].delivery, delivery, "it is repeated, not lost");
    world.store.close().await;
}

#[tokio::test]
async fn after_a_failed_commit_nothing_is_acknowledged_any_more() {
    // A constraint that is checked at the commit stands for a disk that fails there.
    let mut world = prepared(
        "PRAGMA foreign_keys = ON;
         CREATE TEMP TABLE parent (id INTEGER PRIMARY KEY);
         CREATE TEMP TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
         CREATE TEMP TRIGGER poison AFTER INSERT ON main.event WHEN new.ce_id = 'poison'
         BEGIN INSERT INTO child VALUES (1); END;",
    )
    .await;
    let webhook = world.webhook().await;
    world.deliver("good", &[&webhook]).await;
    let poison = event(world.tenant, "poison", &[&webhook]);
    assert!(matches!(world.store.publish(vec![poison.clone()]).await, Err(StoreError::Stopped)));
    assert!(matches!(world.store.check().await, Err(StoreError::Stopped)));
    let next = world.store.publish(vec![event(world.tenant, "next", &[])]).await;
    assert!(matches!(next, Err(StoreError::Stopped)));
    assert_eq!(world.bench.pending(), 1, "reading goes on");
    world.reopen().await;
    assert_eq!(world.pending().await.len(), 1);
    assert!(matches!(world.publish(poison).await, Published::Accepted { number, .. } if number.get() == 2));
    world.store.close().await;
}

#[tokio::test]
async fn one_failing_call_does_not_fail_those_it_shares_a_commit_with() {
    let world = World::<Directory>::new().await;
    let mut calls = JoinSet::new();
    for id in 0..200 {
        let tenant = if id % 10 == 0 { TenantId::new(999) } else { world.tenant };
        let event = event(tenant, &id.to_string(), &[]);
        let store = Arc::clone(&world.store);
        calls.spawn(async move { (id, store.publish(vec![event]).await.is_ok()) });
    }
    while let Some(call) = calls.join_next().await {
        let (id, accepted) = call.unwrap();
        assert_eq!(accepted, id % 10 != 0, "{id}");
    }
    world.store.close().await;
}

#[tokio::test]
async fn of_many_at_once_with_one_key_exactly_one_is_accepted() {
    let world = World::<Directory>::new().await;
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let (store, event) = (Arc::clone(&world.store), event(world.tenant, "same", &[]));
        calls.spawn(async move { store.publish(vec![event]).await.unwrap().remove(0) });
    }
    let answers = calls.join_all().await;
    let accepted = answers.iter().filter(|answer| matches!(answer, Published::Accepted { .. })).count();
    let duplicates =
        answers.iter().filter(|answer| **answer == Published::Duplicate { number: number(1) }).count();
    assert_eq!((accepted, duplicates), (1, 99));
    world.store.close().await;
}

#[tokio::test]
async fn the_window_of_idempotency_keys_ends_by_number_and_by_age_also_over_restarts() {
    let mut world = World::<Directory>::new().await;
    world.store.close().await;
    // Two keys make a run, and with a third and a fourth the oldest run goes.
    let small = DedupeWindow { age: Duration::from_secs(60), keys: 2, run: 2 };
    let open = |world: &World<Directory>| {
        let options = world.bench.options();
        Arc::new(SqliteStore::start(open::open(&options, small).unwrap(), options).unwrap())
    };
    world.store = open(&world);
    let now = |id: &str| NewEvent { received_at: time(100), ..event(world.tenant, id, &[]) };
    let (a, b, c, d) = (now("a"), now("b"), now("c"), now("d"));
    for event in [&a, &b, &c, &d] {
        world.publish(event.clone()).await;
    }
    world.store.close().await;
    world.store = open(&world);
    // What is sorted aside and what is too much goes with commits.
    for _ in 0..8 {
        world.store.check().await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(matches!(world.publish(c.clone()).await, Published::Duplicate { .. }));
    assert!(matches!(world.publish(d.clone()).await, Published::Duplicate { .. }));
    assert!(matches!(world.publish(a.clone()).await, Published::Accepted { .. }), "the oldest are forgotten");
    world.clock.advance(Duration::from_secs(61));
    assert!(matches!(world.publish(d).await, Published::Accepted { .. }), "too old");
    world.store.close().await;
    world.store = open(&world);
    assert!(matches!(world.publish(b).await, Published::Accepted { .. }), "too old after a restart, too");
    world.store.close().await;
}

/// The query plan, a line per step.
fn plan(sql: &Connection, statement: &str) -> String {
    let mut explained = sql.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    let count = explained.parameter_count();
    let nothing = vec![rusqlite::types::Value::Null; count];
    let steps = explained.query_map(rusqlite::params_from_iter(nothing), |row| row.get("detail"));
    steps.unwrap().collect::<Result<Vec<String>, _>>().unwrap().join("\n")
}

#[tokio::test]
async fn recovery_and_history_are_read_by_their_indexes() {
    let world = World::<Directory>::new().await;
    let sql = world.bench.database();
    let page = plan(&sql, waiting::WAITING);
    assert!(page.contains("SEARCH delivery USING INDEX delivery_waiting (webhook=? AND due_at>?)"), "{page}");
    assert!(!page.contains("SCAN event") && !page.contains("TEMP B-TREE FOR ORDER BY"), "{page}");
    let counts = plan(&sql, waiting::COUNTS);
    assert!(counts.contains("USING COVERING INDEX delivery_waiting"), "{counts}");
    assert!(!counts.contains("TEMP B-TREE"), "{counts}");
    let by_id = HistoryOrder { field: SortField::Id, order: SortOrder::Descending };
    let from =
        [SortOrder::Ascending, SortOrder::Descending].map(|order| history::from_statement(false, order));
    for statement in [history::COUNT, history::page_statement(by_id)].into_iter().chain(from) {
        let plan = plan(&sql, statement);
        assert!(plan.contains("SEARCH delivery USING INDEX delivery_number (tenant=?"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE FOR ORDER BY"), "{plan}");
        assert!(!plan.contains("SCAN delivery"), "{plan}");
    }
    let tenants_log = plan(&sql, audit::OF_TENANT);
    assert!(
        tenants_log.contains("SEARCH audit USING INDEX audit_tenant (tenant=? AND id<?)"),
        "{tenants_log}"
    );
    let whole_log = plan(&sql, audit::OF_ALL);
    assert!(whole_log.contains("SEARCH audit USING INTEGER PRIMARY KEY (rowid<?)"), "{whole_log}");
    for plan in [tenants_log, whole_log] {
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
    let one = plan(&sql, history::BY_NUMBER);
    assert!(one.contains("SEARCH delivery USING INDEX delivery_number (tenant=? AND number=?)"), "{one}");
    world.store.close().await;
}

#[tokio::test]
async fn what_goes_to_many_webhooks_is_stored_once() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let deliveries = world.deliver("what goes to many", &[&*webhook; 50]).await;
    for delivery in &deliveries {
        world.store.settle_later(ended(*delivery, 500));
    }
    world.settled().await;
    world.store.create_resend(world.tenant, number(1), time(60)).await.unwrap();
    let replay = world.replay(filter(&webhook)).await;
    assert_eq!(world.make_all(&replay, 100).await.len(), 50);
    assert_eq!((world.bench.count("delivery"), world.bench.count("event_data")), (101, 1));
    let inside = "SELECT count(*) FROM delivery
        WHERE instr(coalesce(frame_head, x''), ?1) OR instr(coalesce(frame_tail, x''), ?1)";
    let count = |bytes: &[u8]| world.bench.database().query_row(inside, [bytes], |row| row.get::<_, i64>(0));
    assert_eq!((count(b"webhookId"), count(b"what goes")), (Ok(101), Ok(0)), "frames hold none of it");
    world.store.close().await;
}

#[tokio::test]
async fn a_store_that_is_dropped_still_writes_what_it_was_given() {
    let mut world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle_later(ended(delivery, 200));
    let options = world.bench.options();
    world.store = {
        drop(std::mem::replace(&mut world.store, Arc::new(closed().await)));
        loop {
            match SqliteStore::open(options.clone()) {
                Ok(store) => break Arc::new(store),
                Err(OpenError::InUse { .. }) => tokio::time::sleep(Duration::from_millis(1)).await,
                Err(error) => panic!("{error}"),
            }
        }
    };
    assert_eq!(numbers(&world.store.history(everything(world.tenant)).await.unwrap()), [1]);
    world.store.close().await;
}

/// A store of its own that is stopped already.
async fn closed() -> SqliteStore {
    let directory = TempDir::new().unwrap();
    let store = SqliteStore::open(options(directory.path(), &Arc::new(MockClock::at(time(0))))).unwrap();
    store.close().await;
    store
}

#[tokio::test]
async fn an_attempt_from_before_headers_were_kept_reads_as_one_without() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let delivery = world.deliver("1", &[&webhook]).await[0];
    world.store.settle(ended(delivery, 200)).await.unwrap();
    assert_eq!(world.bench.database().execute("UPDATE attempt SET headers = NULL", []).unwrap(), 1);
    let Outcome::Response { headers, .. } = world.record(1).await.unwrap().attempt.outcome else {
        panic!("it was answered")
    };
    assert_eq!(headers, ResponseHeaders::EMPTY);
    world.store.close().await;
}
