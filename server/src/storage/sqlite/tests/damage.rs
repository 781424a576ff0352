//! Pages of the file that nobody can read: what stands on them is lost, and nothing else.

use std::path::PathBuf;

use super::*;
use crate::causes::causes;
use crate::domain::{EventId, IdMap, Timestamp, Turn, Webhook};
use crate::storage::contract::filter;
use crate::storage::sqlite::retention;
use crate::storage::{Pruned, Resend, Walk};

/// No page is of this kind.
const RUINED: u8 = 0xff;

/// Makes a page of a table or an index unreadable, in the middle of those that have this text. Returns how many rows stand
/// on it.
pub(super) fn ruin(world: &World<Directory>, table: &str, text: &str) -> usize {
    let (file, size, root) = self::table(world, table);
    let mut bytes = std::fs::read(&file).unwrap();
    let mut pages = Vec::new();
    leaves(&bytes, size, root, &mut pages);
    assert!(pages.len() > 2, "it has neighbours");
    let has = |page: usize| {
        text.is_empty()
            || bytes[start(page, size)..][..size].windows(text.len()).any(|part| part == text.as_bytes())
    };
    pages.retain(|page| has(*page));
    let at = start(pages[pages.len() / 2], size);
    let rows = ruin_page(&mut bytes, at);
    std::fs::write(&file, bytes).unwrap();
    rows
}

/// The file a table is in, the size of its pages, and the one that the table's tree begins with.
fn table(world: &World<Directory>, table: &str) -> (PathBuf, usize, usize) {
    let sql = world.bench.database();
    let number = |query: &str| sql.query_row(query, [], |row| row.get::<_, u32>(0)).unwrap() as usize;
    let root = number(&format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'"));
    (world.bench.path.path().join("sigpost.db"), number("PRAGMA page_size"), root)
}

/// Makes the page unreadable that begins here. Returns how many rows stand on it.
fn ruin_page(bytes: &mut [u8], at: usize) -> usize {
    bytes[at] = RUINED;
    usize::from(bytes[at + 3]) << 8 | usize::from(bytes[at + 4])
}

fn start(page: usize, size: usize) -> usize {
    (page - 1) * size
}

/// The leaves of a tree.
fn leaves(bytes: &[u8], size: usize, page: usize, found: &mut Vec<usize>) {
    let page_bytes = &bytes[start(page, size)..][..size];
    let number = |at: usize, length: usize| {
        page_bytes[at..at + length].iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    match page_bytes[0] {
        0x0a | 0x0d | RUINED => found.push(page),
        0x02 | 0x05 => {
            for cell in 0..number(3, 2) {
                leaves(bytes, size, number(number(12 + 2 * cell, 2), 4), found);
            }
            leaves(bytes, size, number(8, 4), found);
        }
        other => panic!("page {page} is of the kind {other}"),
    }
}

/// All that the world's tenant has is old.
fn all(world: &World<Directory>) -> Arc<IdMap<TenantId, Timestamp>> {
    Arc::new([(world.tenant, time(1_000))].into_iter().collect())
}

/// So many events, each with a delivery that is over.
async fn delivered(events: usize) -> World<Directory> {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    let events = (0..events).map(|id| event(world.tenant, &format!("id-{id:05}"), &[&webhook])).collect();
    for published in world.store.publish(events).await.unwrap() {
        let Published::Accepted { deliveries, .. } = published else { panic!("new") };
        world.store.settle_later(ended(deliveries[0], 200));
    }
    world.settled().await;
    world
}

/// Ruins a page while the store is closed. It starts again when the idempotency window is over, so it reads none of it.
async fn ruined(world: &mut World<Directory>, table: &str, text: &str) -> usize {
    world.store.close().await;
    let rows = ruin(world, table, text);
    world.clock.advance(Duration::from_secs(3 * 24 * 60 * 60));
    world.store = Arc::new(world.bench.open().await);
    world.store.apply_tenants(vec![spec("acme")]).await.unwrap();
    rows
}

/// Deletes what is old as housekeeping does it, from the old end; a round ends with an error. Returns these.
async fn prune(world: &World<Directory>, rounds: usize) -> Vec<String> {
    let (mut walk, mut told) = (Walk::Anew, Vec::new());
    for _ in 0..rounds {
        loop {
            let pruned = world.store.prune(all(world), walk, 8).await;
            walk = Walk::On;
            match pruned {
                Ok(Pruned { more: true, .. }) => {}
                Ok(_) => break,
                Err(error) => {
                    told.push(causes(&error).to_string());
                    break;
                }
            }
        }
    }
    told
}

#[tokio::test]
async fn sending_again_what_stands_on_a_damaged_page_fails_and_stops_nothing() {
    let mut world = delivered(2_000).await;
    ruined(&mut world, "event_data", "{\"text\":\"id-00100\"}").await;
    let resent = world.store.create_resend(world.tenant, number(101), time(70)).await;
    assert!(matches!(resent, Err(StoreError::Damaged(_))));
    world.store.check().await.unwrap();
    world.publish(event(world.tenant, "new", &[])).await;
    let others = world.store.create_resend(world.tenant, number(2_000), time(70)).await;
    assert!(matches!(others, Ok(Resend::Created { .. })), "what stands elsewhere is sent");
    world.store.close().await;
}

#[tokio::test]
async fn a_replay_passes_over_what_was_damaged_and_sends_what_comes_after_it() {
    let world = World::<Directory>::new().await;
    let webhook = world.webhook().await;
    world.ended_events(&webhook, &[500, 500, 500, 500]).await;
    let damage = |column: &str, event: i64| {
        let damage = format!("UPDATE event SET {column} = {} WHERE id = {event}", i64::MIN);
        assert_eq!(world.bench.database().execute(&damage, []).unwrap(), 1);
    };
    damage("received_at", 1);
    damage("number", 3);
    let replay = world.replay(filter(&webhook)).await;
    let made = world.make_all(&replay, 1).await;
    assert_eq!(made.iter().map(|work| work.event.get()).collect::<Vec<_>>(), [2, 4]);
    world.store.close().await;
}

#[tokio::test]
async fn what_somebody_attempts_by_itself_is_not_given_to_the_engine_beside_damage() {
    let (mut world, webhook) = backlog::waiting().await;
    let delivered = world.waiting(webhook, Turn::FIRST, 1).await.works[0].delivery;
    world.store.settle(ended(delivered, 200)).await.unwrap();
    world.store.close().await;
    ruin(&world, "event_data", "{\"text\":\"id-01000\"}");
    world.reopen().await;
    let hook = world.store.directory().webhook(webhook).unwrap();
    let test = world.store.create_test(event(world.tenant, "test", &[&hook])).await.unwrap();
    let resend = world.store.create_resend(world.tenant, number(1), time(10)).await.unwrap();
    let own = [test, resend].map(|made| match made {
        Resend::Created { work, .. } => work.delivery,
        _ => panic!("the webhook is there"),
    });
    let given = async |world: &World<Directory>| {
        let page = world.waiting(webhook, Turn::FIRST, 3_000).await;
        assert!(page.works.iter().all(|work| work.body.is_none()), "they are read one by one");
        own.map(|own| page.works.iter().any(|work| work.delivery == own))
    };
    assert_eq!(given(&world).await, [false; 2]);
    world.reopen().await;
    assert_eq!(given(&world).await, [true; 2], "whoever made them is gone");
    world.store.close().await;
}

#[tokio::test]
async fn what_shares_a_commit_with_one_that_meets_a_damaged_page_is_done() {
    let mut world = delivered(2_000).await;
    ruined(&mut world, "event_data", "{\"text\":\"id-00100\"}").await;
    let mut calls = JoinSet::new();
    for id in 0..40 {
        let (store, tenant) = (Arc::clone(&world.store), world.tenant);
        calls.spawn(async move {
            if id % 4 == 0 {
                store.create_resend(tenant, number(101), time(70)).await.is_err()
            } else {
                store.publish(vec![event(tenant, &id.to_string(), &[])]).await.is_ok()
            }
        });
    }
    assert_eq!(calls.join_all().await, [true; 40]);
    world.store.close().await;
}

#[tokio::test]
async fn what_lies_beside_a_damaged_page_is_kept_and_stops_nothing() {
    for table in ["event_data", "attempt", "delivery"] {
        let mut world = delivered(2_000).await;
        ruined(&mut world, table, "").await;
        assert_eq!(prune(&world, 2).await, [""; 0], "{table}");
        world.store.check().await.unwrap();
        let left = world.bench.count("event");
        assert!((1..1_000).contains(&left), "{table}: {left} are left of 2,000");
        world.store.close().await;
    }
}

#[tokio::test]
async fn events_on_a_damaged_page_are_kept_and_those_behind_it_go() {
    let mut world = delivered(2_000).await;
    ruined(&mut world, "event", "").await;
    assert_eq!(prune(&world, 2).await, [""; 0]);
    world.store.check().await.unwrap();
    // Of the events themselves some cannot be counted.
    let left = world.bench.count("event_data");
    assert!((1..300).contains(&left), "{left} are left of 2,000");
    world.store.close().await;
}

#[tokio::test]
async fn a_walk_passes_over_nothing_but_what_stands_on_damaged_pages() {
    let mut world = delivered(2_000).await;
    let rows = ruined(&mut world, "event", "id-00500").await;
    world.store.close().await;
    let rows = rows + ruin(&world, "event", "id-01500");
    let (sql, before) = (world.bench.database(), all(&world));
    let (mut found, mut after) = (Vec::new(), EventId::new(0));
    loop {
        let old = retention::look(&sql, after, &before, 1, time(10_000)).unwrap();
        if old.ended {
            break;
        }
        after = old.until;
        found.push(after.get());
    }
    assert_eq!(found.len() + rows, 2_000);
    assert_eq!((found[0], after.get()), (1, 2_000));
}

#[tokio::test]
async fn a_walk_waits_before_young_events_also_where_there_is_damage_among_them() {
    // Fewer than end it by themselves.
    let world = delivered(250).await;
    world.store.close().await;
    assert!(ruin(&world, "event", "") > 0);
    let young = [(world.tenant, time(5))].into_iter().collect();
    let (sql, start) = (world.bench.database(), EventId::new(0));
    let old = retention::look(&sql, start, &young, 100, time(10_000)).unwrap();
    assert_eq!((old.until, old.past, old.ended), (start, start, true));
}

#[tokio::test]
async fn a_walk_ends_where_nothing_behind_it_can_be_read_and_what_was_found_goes() {
    let world = delivered(2_000).await;
    world.store.close().await;
    let rows = ruin(&world, "event", "id-01999");
    let (sql, before) = (world.bench.database(), all(&world));
    let old = retention::look(&sql, EventId::new(0), &before, 3_000, time(10_000)).unwrap();
    assert_eq!((old.ended, old.events.len() + rows), (true, 2_000));
}

#[tokio::test]
async fn a_walk_passes_over_nothing_sound_between_damaged_pages() {
    for pattern in ["1101", "11101", "111011", "110101"] {
        let world = delivered(2_000).await;
        world.store.close().await;
        let (file, size, root) = table(&world, "event");
        let mut bytes = std::fs::read(&file).unwrap();
        let (mut pages, mut rows) = (Vec::new(), 0);
        leaves(&bytes, size, root, &mut pages);
        for (page, _) in pages[4..].iter().zip(pattern.bytes()).filter(|(_, kind)| *kind == b'1') {
            rows += ruin_page(&mut bytes, start(*page, size));
        }
        std::fs::write(&file, bytes).unwrap();
        let (sql, before) = (world.bench.database(), all(&world));
        let (mut found, mut after) = (0, EventId::new(0));
        loop {
            let old = retention::look(&sql, after, &before, 1, time(10_000)).unwrap();
            if old.ended {
                break;
            }
            (after, found) = (old.until, found + 1);
        }
        assert_eq!(found + rows, 2_000, "pages ruined as {pattern}");
    }
}

/// Opens the store anew, with runs of idempotency keys of four pages each.
pub(super) async fn with_small_runs(world: &mut World<Directory>) {
    let options = world.bench.options();
    let window = DedupeWindow { age: Duration::from_secs(86_400), keys: 1_000_000, run: 2_000 };
    let opened = open::open(&options, window).unwrap();
    world.store = Arc::new(SqliteStore::start(opened, options).unwrap());
    world.store.apply_tenants(vec![spec("acme")]).await.unwrap();
}

#[tokio::test]
async fn idempotency_keys_on_a_damaged_page_that_are_to_be_deleted_keep_nobody_from_publishing() {
    let mut world = World::<Directory>::new().await;
    world.store.close().await;
    with_small_runs(&mut world).await;
    let mut id = 0;
    while world.bench.count("idempotency_run") < 3 {
        let events = (id..id + 100).map(|id| event(world.tenant, &id.to_string(), &[])).collect();
        world.store.publish(events).await.unwrap();
        id += 100;
    }
    world.store.close().await;
    ruin(&world, "idempotency_chunk", "");
    world.clock.advance(Duration::from_secs(3 * 86_400));
    // A start finds them again.
    for id in ["first", "second"] {
        with_small_runs(&mut world).await;
        world.publish(event(world.tenant, id, &[])).await;
        for _ in 0..10 {
            world.store.check().await.unwrap();
        }
        let left = world.bench.count("idempotency_run");
        assert!((1..3).contains(&left), "{left} are left of three or more");
        world.store.close().await;
    }
}

#[tokio::test]
async fn idempotency_keys_that_cannot_be_written_keep_nobody_from_publishing() {
    let mut world = World::<Directory>::new().await;
    world.store.close().await;
    let failing = "CREATE TRIGGER failing BEFORE INSERT ON idempotency_chunk BEGIN SELECT raise(ABORT, 'malformed'); END";
    world.bench.database().execute_batch(failing).unwrap();
    with_small_runs(&mut world).await;
    for id in 0..60 {
        let events = (id * 100..id * 100 + 100).map(|id| event(world.tenant, &id.to_string(), &[])).collect();
        world.store.publish(events).await.unwrap();
    }
    assert!(matches!(world.publish(event(world.tenant, "5999", &[])).await, Published::Duplicate { .. }));
    world.store.close().await;
}

#[tokio::test]
async fn how_a_webhook_is_doing_keeps_nobody_from_publishing_where_it_cannot_be_written() {
    for table in ["webhook_activity", "webhook_stats"] {
        let failing = format!(
            "CREATE TEMP TRIGGER failing BEFORE INSERT ON main.{table} WHEN new.webhook = 1
             BEGIN SELECT raise(ABORT, 'malformed'); END"
        );
        let world = prepared(&failing).await;
        let (bad, good) = (world.webhook().await, world.webhook().await);
        assert_eq!(bad.id.get(), 1);
        for id in ["1", "2", "3"] {
            for delivery in world.deliver(id, &[&bad, &good]).await {
                world.store.settle(ended(delivery, 200)).await.unwrap();
            }
            world.clock.advance(Duration::from_secs(2));
            world.store.check().await.unwrap();
        }
        assert_eq!((counted(&world, &good).await, counted(&world, &bad).await), (3, 0), "{table}");
        assert_eq!(world.history().await.total, 6);
        world.store.close().await;
    }
}

#[tokio::test]
async fn a_webhook_whose_statistics_could_not_be_written_is_counted_again_from_the_next_start_on() {
    for table in ["webhook_activity", "webhook_stats"] {
        // Once; then it would go well.
        let failing = format!(
            "CREATE TEMP TRIGGER failing BEFORE INSERT ON main.{table}
                WHEN new.webhook = 1 AND (SELECT count(*) FROM main.event) = 1
             BEGIN SELECT raise(ABORT, 'malformed'); END"
        );
        let mut world = prepared(&failing).await;
        let (bad, good) = (world.webhook().await, world.webhook().await);
        for (id, expected) in [("1", [1, 0]), ("2", [2, 0]), ("3", [3, 0]), ("4", [4, 1])] {
            if id == "4" {
                world.reopen().await;
            }
            for delivery in world.deliver(id, &[&good, &bad]).await {
                world.store.settle(ended(delivery, 200)).await.unwrap();
            }
            world.clock.advance(Duration::from_secs(2));
            world.store.check().await.unwrap();
            let found = [counted(&world, &good).await, counted(&world, &bad).await];
            assert_eq!(found, expected, "{table}, event {id}");
        }
        world.store.close().await;
    }
}

/// How many attempts of a webhook have succeeded.
async fn counted(world: &World<Directory>, webhook: &Webhook) -> u64 {
    let stats = world.store.stats(webhook.id, time(0), time(10_000)).await.unwrap();
    stats.iter().map(|(_, stats)| stats.succeeded).sum()
}
