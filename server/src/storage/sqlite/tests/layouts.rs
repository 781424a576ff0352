//! Databases that earlier programs wrote, one of each layout there was, opened by this one.
//!
//! `written/V<n>.sql` is what a program of layout n had written: rows as it wrote them, in tables as its migrations had
//! made them. All tell the same story, with what each layout added. A migration comes with the next of these files: copy
//! the one before and change it as the program that writes the new layout would have written it. Sealed values and
//! checksums belong to a row's key and its bytes, not to a layout: they can be copied along.

use super::*;
use crate::domain::{
    AuditQuery, Cause, DeliveryId, DialectId, DisabledReason, ReplayQuery, ReplayState, TenantSpec,
    TokenHash, TokenOwner, UserId, WebhookId, WebhookState,
};
use crate::storage::{AuditLog as _, Resend};

/// What the secrets of these databases are sealed with.
const KEY: [u8; 32] = [0x11; 32];

fn layouts() -> Vec<i32> {
    let runner = open::embedded::migrations::runner();
    let mut versions: Vec<_> = runner.get_migrations().iter().map(refinery::Migration::version).collect();
    versions.sort_unstable();
    versions
}

/// The rows that a program of this layout wrote.
pub(super) fn written(layout: i32) -> String {
    let path = format!("{}/src/storage/sqlite/tests/written/V{layout}.sql", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{path}: {error}. A migration comes with a database as its program writes it: see the top of this test")
    })
}

/// A directory with the database that a program of this layout has left.
fn left_by(layout: i32) -> TempDir {
    let directory = TempDir::new().unwrap();
    let mut sql = Connection::open(directory.path().join("sigpost.db")).unwrap();
    let target = refinery::Target::Version(layout);
    open::embedded::migrations::runner().set_target(target).run(&mut sql).unwrap();
    sql.execute_batch(&written(layout)).unwrap_or_else(|error| panic!("layout {layout}: {error}"));
    directory
}

fn with_the_key(directory: &Path, clock: &Arc<MockClock>) -> Options {
    Options { master_key: KeySource::Given(MasterKey::new(KEY)), ..options(directory, clock) }
}

/// Its store, opened by this program.
async fn opened(layout: i32) -> World<Directory> {
    let clock = Arc::new(MockClock::at(time(100)));
    let bench = Directory { path: left_by(layout), clock: Arc::clone(&clock) };
    let store = SqliteStore::open(with_the_key(bench.path.path(), &clock));
    let store = Arc::new(store.unwrap_or_else(|error| panic!("layout {layout}: {error}")));
    let shop = TenantSpec { dialect: DialectId::Qlik, ..spec("shop") };
    store.apply_tenants(vec![spec("acme"), shop]).await.unwrap();
    let tenant = store.directory().tenant_by_name("acme").unwrap().id;
    World::over(bench, clock, store, tenant)
}

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

#[tokio::test]
async fn webhooks_of_every_layout_are_there_with_their_secrets() {
    for layout in layouts() {
        let world = opened(layout).await;
        let webhook = |id| world.store.directory().webhook(WebhookId::new(id));
        let secret = |id| webhook(id).unwrap().secrets.current().unwrap().as_bytes().to_vec();
        assert_eq!(secret(1), b"the first secret", "layout {layout}");
        assert_eq!(secret(3), b"the third secret", "layout {layout}");
        assert_eq!(secret(4), b"the fourth secret", "layout {layout}");
        assert!(webhook(2).is_none(), "layout {layout}: a deleted webhook stays deleted");
        let [first, third, fourth] = [1, 3, 4].map(|id| webhook(id).unwrap());
        assert_eq!((first.tenant, first.number), (world.tenant, number(1)), "layout {layout}");
        assert_eq!(first.endpoint.as_given(), "https://hooks.example.com/1", "layout {layout}");
        assert_eq!(first.state, WebhookState::Enabled, "layout {layout}");
        assert_eq!(fourth.state, WebhookState::Disabled(DisabledReason::Gone), "layout {layout}");
        assert_eq!((&fourth.created_by, &fourth.updated_by), (&user("2"), &user("2")), "layout {layout}");
        // Who made it was not told before layout 5, nor that its secret changes.
        let (maker, coming) = if layout < 5 { ("2", None) } else { ("9", Some(&b"the secret to come"[..])) };
        assert_eq!(first.created_by, user(maker), "layout {layout}");
        assert_eq!(first.secrets.next().map(|next| next.secret.as_bytes()), coming, "layout {layout}");
        let headers: Vec<_> = third
            .profile
            .encrypted_headers()
            .map(|header| (header.name.clone(), header.value.reveal().to_owned()))
            .collect();
        let sealed = [("Authorization".to_owned(), "Bearer 7h3-t0k3n".to_owned())];
        assert_eq!(headers, if layout < 4 { &[][..] } else { &sealed[..] }, "layout {layout}");
        let activity = world.store.directory().activity(WebhookId::new(1));
        assert_eq!(activity.last_success_at, (layout >= 5).then(|| time(16)), "layout {layout}");
        let forgotten = world.store.directory().activity(WebhookId::new(2));
        assert_eq!(forgotten.last_attempt_at, None, "layout {layout}: what a deleted webhook did");
        let stats = world.store.stats(WebhookId::new(1), time(-600), time(600)).await.unwrap();
        let counted: Vec<_> = stats.iter().map(|(_, stats)| (stats.succeeded, stats.failed)).collect();
        assert_eq!(counted, if layout < 5 { &[][..] } else { &[(1, 2)][..] }, "layout {layout}");
        world.store.close().await;
    }
}

#[tokio::test]
async fn what_was_pending_in_every_layout_is_delivered_with_its_bytes() {
    for layout in layouts() {
        let world = opened(layout).await;
        let pending = world.pending().await;
        let found: Vec<_> = pending
            .iter()
            .map(|work| (work.delivery.get(), work.attempts_made, work.tries, work.due))
            .collect();
        let mut expected = vec![(3, 1, 1, time(311)), (4, 0, 0, time(11)), (5, 0, 0, time(12))];
        if layout >= 6 {
            expected.push((6, 0, 0, time(50)));
        }
        assert_eq!(found, expected, "layout {layout}");
        let bodies = [
            (3, r#"{"text":"two","webhookId":1,"webhookName":"hook"}"#),
            (4, r#"{"text":"two","webhookId":3,"webhookName":"hook"}"#),
            (5, r#"{"specversion":"1.0","id":"c"}"#),
            (6, r#"{"text":"one","webhookId":1,"webhookName":"hook"}"#),
        ];
        for (work, (id, body)) in pending.iter().zip(bodies) {
            assert_eq!(work.delivery, DeliveryId::new(id), "layout {layout}");
            let stored = world.store.body(work.delivery).await.unwrap().unwrap();
            assert_eq!(stored.to_bytes(), body.as_bytes(), "layout {layout}");
            world.store.settle(ended(work.delivery, 200)).await.unwrap();
        }
        assert!(world.pending().await.is_empty(), "layout {layout}");
        assert_eq!(world.record(4).await.unwrap().state, DeliveryState::Delivered, "layout {layout}");
        world.store.close().await;
    }
}

#[tokio::test]
async fn the_history_of_every_layout_is_shown_sent_again_and_forgotten() {
    for layout in layouts() {
        let world = opened(layout).await;
        assert_eq!(numbers(&world.history().await), [1, 3], "layout {layout}");
        let record = world.record(1).await.unwrap();
        assert_eq!((record.state, record.cause), (DeliveryState::Delivered, Cause::Event), "layout {layout}");
        let attempts = world.store.attempts(world.tenant, number(1)).await.unwrap();
        let [first, second] = &attempts[..] else { panic!("layout {layout}: {} attempts", attempts.len()) };
        assert!(matches!(first.attempt.outcome, Outcome::Failed(_)), "layout {layout}");
        let Outcome::Response { status: 200, headers, body } = &second.attempt.outcome else {
            panic!("layout {layout}: it was answered")
        };
        let kept: &[u8] = if layout < 2 { b"" } else { b"server: x\r\n" };
        assert_eq!((&headers.as_bytes()[..], &body[..]), (kept, &b"fine"[..]), "layout {layout}");
        let again = world.store.create_resend(world.tenant, number(1), time(200)).await.unwrap();
        let Resend::Created { work, .. } = again else { panic!("layout {layout}") };
        world.store.settle(ended(work.delivery, 200)).await.unwrap();
        for work in world.pending().await {
            world.store.settle(ended(work.delivery, 200)).await.unwrap();
        }
        let replays =
            ReplayQuery { tenant: world.tenant, owned_by: None, webhook: None, before: None, limit: 10 };
        let replays = world.store.replays(replays).await.unwrap();
        let states: Vec<_> = replays.iter().map(|replay| (replay.state, replay.delivered)).collect();
        assert_eq!(
            states,
            if layout < 6 { &[][..] } else { &[(ReplayState::Running, 1)][..] },
            "layout {layout}"
        );
        // It goes on: there was one more delivery to look at, which has been delivered meanwhile and is sent again.
        for replay in world.store.running_replays().await.unwrap() {
            let more = world.store.advance_replay(replay.id, 100, time(300)).await.unwrap();
            assert_eq!(more, 1, "layout {layout}");
            let [made] = &world.pending().await[..] else { panic!("layout {layout}") };
            world.store.settle(ended(made.delivery, 200)).await.unwrap();
            world.store.advance_replay(replay.id, 100, time(300)).await.unwrap();
        }
        assert!(world.store.running_replays().await.unwrap().is_empty(), "layout {layout}: it is done");
        let shop = world.store.directory().tenant_by_name("shop").unwrap().id;
        let old = vec![(world.tenant, time(1_000)), (shop, time(1_000))];
        assert_eq!(world.prune(old, 100).await, 3, "layout {layout}");
        world.store.close().await;
    }
}

#[tokio::test]
async fn what_was_made_over_the_api_in_every_layout_is_there() {
    for layout in layouts() {
        let world = opened(layout).await;
        let owner = world.store.directory().token(&TokenHash::of("a bearer"), time(100));
        let owned = TokenOwner::User { tenant: world.tenant, user: user("2"), expires_at: Some(time(3_600)) };
        assert_eq!(owner, Some(owned), "layout {layout}");
        let made = world.store.directory().tenant_by_name("made");
        assert_eq!(made.is_some(), layout >= 3, "layout {layout}");
        assert_eq!(made.map(|made| made.users.len()), (layout >= 3).then_some(1), "layout {layout}");
        let log = world.store.audit(AuditQuery { limit: 10, ..AuditQuery::default() }).await.unwrap();
        let operations: Vec<_> = log.iter().map(|record| &*record.entry.operation).collect();
        assert_eq!(operations, if layout < 3 { &[][..] } else { &["tenant.create"][..] }, "layout {layout}");
        world.store.close().await;
    }
}

#[tokio::test]
async fn numbers_of_every_layout_go_on_and_its_keys_are_remembered() {
    for layout in layouts() {
        let world = opened(layout).await;
        let webhook = world.webhook().await;
        assert_eq!((webhook.id, webhook.number), (WebhookId::new(5), number(4)), "layout {layout}");
        let Published::Accepted { number: event, deliveries, .. } =
            world.publish(event(world.tenant, "new", &[&webhook])).await
        else {
            panic!("layout {layout}: it is new")
        };
        let next = if layout < 6 { 6 } else { 7 };
        assert_eq!((event, &deliveries[..]), (number(3), &[DeliveryId::new(next)][..]), "layout {layout}");
        let known = NewEvent { received_at: time(100), ..super::event(world.tenant, "a", &[&webhook]) };
        assert!(matches!(world.publish(known).await, Published::Duplicate { number } if number.get() == 1));
        world.store.settle(ended(deliveries[0], 200)).await.unwrap();
        let record = world.record(if layout < 6 { 5 } else { 6 }).await.unwrap();
        assert_eq!(record.delivery, deliveries[0], "layout {layout}");
        let fresh = opened_again(&world).await;
        assert_eq!(fresh.directory().webhook(webhook.id).unwrap().number, number(4), "layout {layout}");
        fresh.close().await;
    }
}

async fn opened_again(world: &World<Directory>) -> SqliteStore {
    world.store.close().await;
    SqliteStore::open(with_the_key(world.bench.path.path(), &world.clock)).unwrap()
}

#[tokio::test]
async fn a_key_can_be_rotated_in_every_layout() {
    use crate::storage::sqlite::rotate::{NewKey, rotate};
    for layout in layouts() {
        let (directory, clock) = (left_by(layout), Arc::new(MockClock::at(time(100))));
        let new = || MasterKey::new([0x22; 32]);
        let rotated = rotate(&with_the_key(directory.path(), &clock), NewKey::Given(new())).unwrap();
        let secrets = [(1..4, 3), (4..5, 4), (5..i32::MAX, 5)];
        let expected = secrets.iter().find(|(layouts, _)| layouts.contains(&layout)).unwrap().1;
        assert_eq!(rotated.secrets, expected, "layout {layout}");
        let options = Options { master_key: KeySource::Given(new()), ..options(directory.path(), &clock) };
        SqliteStore::open(options).unwrap().close().await;
    }
}

#[test]
fn every_layout_can_be_looked_over_before_it_is_brought_up_to_date() {
    use crate::storage::sqlite::examine::{Examiner, KeyState};
    let quietly: crate::storage::sqlite::Tell = Arc::new(|_| {});
    for layout in layouts() {
        let directory = left_by(layout);
        let mut examiner = Examiner::open(directory.path()).unwrap().unwrap();
        assert_eq!(examiner.layout().unwrap().found, layout);
        assert!(examiner.structure(&quietly).unwrap().is_empty(), "layout {layout}");
        assert_eq!(examiner.references(&quietly).unwrap().first, [""; 0], "layout {layout}");
        let verified = examiner.checksums(&quietly).unwrap();
        let rows = match layout {
            ..6 => 8,
            6..10 => 9,
            // A run of layout 10 is dropped, and not looked at.
            10 => 10,
            11.. => 11,
        };
        assert_eq!((verified.rows, verified.damaged.count), (rows, 0), "layout {layout}");
        let given = KeySource::Given(MasterKey::new(KEY));
        let KeyState::Fits(key) = examiner.key(directory.path(), &given).unwrap() else { panic!("it fits") };
        let secrets = [(1..4, 3), (4..5, 4), (5..i32::MAX, 5)];
        let expected = secrets.iter().find(|(layouts, _)| layouts.contains(&layout)).unwrap().1;
        let (opened, shut) = examiner.secrets(&key).unwrap();
        assert_eq!((opened, shut.count), (expected, 0), "layout {layout}");
        let other = examiner.secrets(&MasterKey::new([9; 32])).unwrap();
        assert_eq!((other.0, other.1.count), (0, expected), "layout {layout}");
    }
}

#[tokio::test]
async fn a_newer_layout_is_named_and_not_touched() {
    let world = World::<Directory>::new().await;
    world.store.create_webhook(new_webhook(world.tenant, "2", false)).await.unwrap();
    world.store.close().await;
    let newer = "INSERT INTO refinery_schema_history
        SELECT 999, 'later', applied_on, checksum FROM refinery_schema_history WHERE version = 1";
    world.bench.database().execute(newer, []).unwrap();
    let before = std::fs::read(world.bench.path.path().join("sigpost.db")).unwrap();
    let error = opening(world.bench.options());
    let known = *layouts().last().unwrap();
    assert!(matches!(error, OpenError::Newer { found: 999, known: k } if k == known), "{error}");
    assert!(error.to_string().contains("start that version, or restore a backup"), "{error}");
    assert_eq!(std::fs::read(world.bench.path.path().join("sigpost.db")).unwrap(), before);
}

#[tokio::test]
async fn a_layout_that_was_changed_afterwards_is_refused() {
    let world = World::<Directory>::new().await;
    world.store.close().await;
    let change = "UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1";
    world.bench.database().execute(change, []).unwrap();
    assert!(matches!(opening(world.bench.options()), OpenError::Layout(_)));
}
