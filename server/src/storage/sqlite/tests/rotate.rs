//! Master keys that change, and programs that are stopped while they do.

use std::collections::BTreeMap;

use super::*;
use crate::domain::{NewWebhook, Secrets, WebhookId};
use crate::storage::contract::new_webhook_with_secrets;
use crate::storage::sqlite::rotate::{
    NewKey, RotateError, Rotated, SEALED_COLUMNS, Step, rotate, rotate_by_steps,
};

const ALL_STEPS: [Step; 6] =
    [Step::Filed, Step::Sealed, Step::Committed, Step::OldFiled, Step::InUse, Step::Erased];

/// Values that are sealed in [`sealed`]: one of the first webhook, two each of the next two, one of the last.
const SEALED: u64 = 6;

/// Every secret of every webhook.
type Everything = BTreeMap<WebhookId, Vec<Vec<u8>>>;

fn secrets(store: &SqliteStore, webhooks: &[WebhookId]) -> Everything {
    let of = |id: &WebhookId| {
        let webhook = store.directory().webhook(*id).unwrap();
        let (current, next) = (webhook.secrets.current(), webhook.secrets.next());
        let mut secrets: Vec<Vec<u8>> =
            current.map(|secret| secret.as_bytes().to_vec()).into_iter().collect();
        secrets.extend(next.map(|next| next.secret.as_bytes().to_vec()));
        secrets.extend(webhook.profile.encrypted_headers().map(|header| header.value.reveal().into()));
        (*id, secrets)
    };
    webhooks.iter().map(of).collect()
}

/// A closed store with secrets of all kinds.
async fn sealed() -> (World<Directory>, Vec<WebhookId>, Everything) {
    let world = World::<Directory>::new().await;
    let plain = world.webhook().await;
    let headers = world.store.create_webhook(new_webhook_with_secrets(world.tenant)).await.unwrap();
    let rotating = world.webhook().await;
    let mut next = rotating.next_version(time(140));
    let secret = Secret::new(*b"the secret that is to come").unwrap();
    let rotation = Rotation { secret, activate_at: time(150), retire_at: time(160) };
    next.secrets = next.secrets.rotate(rotation, time(140)).unwrap();
    world.store.update_webhook(next).await.unwrap();
    let deleted = world.webhook().await;
    world.delete(&deleted, 145).await;
    // Sends a secret, and signs with none.
    let unsigned = NewWebhook { secrets: Secrets::default(), ..new_webhook_with_secrets(world.tenant) };
    let unsigned = world.store.create_webhook(unsigned).await.unwrap();
    let ids = vec![plain.id, headers.id, rotating.id, unsigned.id];
    let all = secrets(&world.store, &ids);
    assert_eq!(all.values().map(Vec::len).collect::<Vec<_>>(), [1, 3, 2, 2]);
    world.store.close().await;
    (world, ids, all)
}

fn key_in(path: &Path) -> MasterKey {
    MasterKey::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Every sealed value there is.
fn sealed_values(sql: &Connection) -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> =
        vec![sql.query_row("SELECT value FROM meta WHERE name = 'key_check'", [], |row| row.get(0)).unwrap()];
    for (table, column) in SEALED_COLUMNS {
        let mut select =
            sql.prepare(&format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL")).unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        values.extend(rows.map(Result::unwrap));
    }
    values
}

fn holds(directory: &Path, bytes: &[u8]) -> bool {
    let files = directory.read_dir().unwrap().map(|file| file.unwrap());
    let databases = files.filter(|file| file.file_name().to_string_lossy().starts_with("sigpost.db"));
    databases
        .map(|file| std::fs::read(file.path()).unwrap())
        .any(|file| file.windows(bytes.len()).any(|w| w == bytes))
}

/// Opens the store and shows that everything is as it was; then closes it.
async fn opens_with_everything(options: Options, ids: &[WebhookId], all: &Everything, what: &str) {
    let store = SqliteStore::open(options).unwrap_or_else(|error| panic!("{what}: {error}"));
    store.apply_tenants(vec![spec("acme")]).await.unwrap();
    assert_eq!(&secrets(&store, ids), all, "{what}");
    store.close().await;
}

#[tokio::test]
async fn after_a_rotation_the_new_key_opens_everything_and_the_old_one_nothing() {
    let (world, ids, all) = sealed().await;
    let path = world.bench.path.path();
    let key_file = path.join("master.key");
    let old = key_in(&key_file);
    let before = sealed_values(&world.bench.database());
    assert!(before.len() as u64 == SEALED + 1 && before.iter().all(|value| holds(path, value)));

    let options = Options { rng: Arc::new(SeededRng::new(8)), ..world.bench.options() };
    let Rotated { secrets, old: named, new, key_file: at, kept, erased } =
        rotate(&options, NewKey::Drawn).unwrap();
    assert_eq!((secrets, named, at), (SEALED, Some(old.id()), Some(key_file.clone())));
    assert_eq!(key_in(&key_file).id(), new);
    assert!(erased && new != old.id());
    let kept = kept.unwrap();
    assert_eq!(key_in(&kept).id(), old.id());
    for file in [&key_file, &kept] {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    for value in &before {
        assert!(!holds(path, value), "nothing that the old key opens is left in the files");
    }
    opens_with_everything(world.bench.options(), &ids, &all, "the new key").await;
    std::fs::remove_file(&kept).unwrap();
    opens_with_everything(world.bench.options(), &ids, &all, "the new key alone").await;
    let given = Options { master_key: KeySource::Given(old), ..world.bench.options() };
    assert!(matches!(opening(given), OpenError::WrongKey { needed: Some(id), .. } if id == new));
}

#[tokio::test]
async fn what_the_old_key_opens_is_erased_while_another_program_has_the_database_open_unless_it_reads() {
    let (world, ids, all) = sealed().await;
    let path = world.bench.path.path();
    let other = world.bench.database();
    let before = sealed_values(&other);
    let with = |seed| Options { rng: Arc::new(SeededRng::new(seed)), ..world.bench.options() };
    // Nobody copies the log by closing last.
    assert!(rotate(&with(8), NewKey::Drawn).unwrap().erased);
    assert!(before.iter().all(|value| !holds(path, value)));
    let after = sealed_values(&other);
    assert!(after.iter().all(|value| holds(path, value)));

    other.execute_batch("BEGIN; SELECT count(*) FROM webhook").unwrap();
    assert!(!rotate(&with(9), NewKey::Drawn).unwrap().erased, "and that is told");
    assert_eq!(sealed_values(&other), after, "it sees one state of the data");
    other.execute_batch("COMMIT").unwrap();
    drop(other);
    opens_with_everything(world.bench.options(), &ids, &all, "the newest key").await;
    assert!(after.iter().all(|value| !holds(path, value)), "once a server has been started and stopped");
}

#[tokio::test]
async fn every_column_that_holds_something_sealed_is_sealed_anew() {
    let world = World::<Directory>::new().await;
    let sql = world.bench.database();
    let columns = "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
        WHERE m.type = 'table' AND c.name LIKE '%sealed%' ORDER BY c.cid";
    let mut statement = sql.prepare(columns).unwrap();
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut found: Vec<(String, String)> = found.map(Result::unwrap).collect();
    let mut known: Vec<_> =
        SEALED_COLUMNS.iter().map(|(table, column)| ((*table).to_owned(), (*column).to_owned())).collect();
    found.sort();
    known.sort();
    assert_eq!(found, known, "a new sealed column must be added to what `keys rotate` seals anew");
    world.store.close().await;
}

/// The files as they are at a moment: what a machine that loses power then leaves behind.
fn snapshot(from: &Path) -> TempDir {
    let to = TempDir::new().unwrap();
    for file in from.read_dir().unwrap().map(Result::unwrap) {
        // SQLite makes its index of the log anew.
        if file.file_name() != "sigpost.db-shm" {
            std::fs::copy(file.path(), to.path().join(file.file_name())).unwrap();
        }
    }
    to
}

#[tokio::test]
async fn stopped_at_any_step_the_next_start_goes_on_with_the_key_that_fits() {
    let (world, ids, all) = sealed().await;
    let old = key_in(&world.bench.path.path().join("master.key")).id();
    let (mut at, mut new) = (Vec::new(), None);
    let options = Options { rng: Arc::new(SeededRng::new(8)), ..world.bench.options() };
    let rotated = rotate_by_steps(&options, NewKey::Drawn, &mut |step| {
        at.push((step, snapshot(world.bench.path.path()), snapshot(world.bench.path.path())));
    });
    new.replace(rotated.unwrap().new);
    assert_eq!(at.iter().map(|(step, ..)| *step).collect::<Vec<_>>(), ALL_STEPS);
    for (step, start, rotation) in at {
        let committed = !matches!(step, Step::Filed | Step::Sealed);
        let what = format!("a start after {step:?}");
        opens_with_everything(super::options(start.path(), &world.clock), &ids, &all, &what).await;
        let in_use = key_in(&start.path().join("master.key")).id();
        assert_eq!(in_use, if committed { new.unwrap() } else { old }, "{what}");
        opens_with_everything(super::options(start.path(), &world.clock), &ids, &all, &what).await;

        let what = format!("a rotation after {step:?}");
        let options =
            Options { rng: Arc::new(SeededRng::new(9)), ..super::options(rotation.path(), &world.clock) };
        let again = rotate(&options, NewKey::Drawn).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((again.secrets, again.old), (SEALED, Some(in_use)), "{what}");
        assert_eq!(key_in(&rotation.path().join("master.key")).id(), again.new, "{what}");
        assert!(Some(again.new) != new && again.new != old);
        opens_with_everything(super::options(rotation.path(), &world.clock), &ids, &all, &what).await;
    }
}

#[tokio::test]
async fn a_key_that_was_given_is_changed_to_also_when_the_first_try_was_stopped_at_any_step() {
    let (world, ids, all) = sealed().await;
    let mut at = Vec::new();
    let new = MasterKey::new([3; 32]);
    let given = || NewKey::Given(MasterKey::new([3; 32]));
    rotate_by_steps(&world.bench.options(), given(), &mut |step| {
        at.push((step, snapshot(world.bench.path.path())));
    })
    .unwrap();
    assert_eq!(at.len(), ALL_STEPS.len());
    for (step, stopped) in at {
        let what = format!("again after {step:?}");
        let options = options(stopped.path(), &world.clock);
        let again = rotate(&options, given()).unwrap_or_else(|error| panic!("{what}: {error}"));
        let committed = !matches!(step, Step::Filed | Step::Sealed);
        assert_eq!(
            (again.secrets, again.old.is_none()),
            if committed { (0, true) } else { (SEALED, false) },
            "{what}"
        );
        let key_file = stopped.path().join("master.key");
        assert_eq!(key_in(&key_file).id(), new.id(), "{what}");
        assert!(
            !stopped.path().join(format!("master.key.{}", new.id())).exists(),
            "{what}: one copy is enough"
        );
        opens_with_everything(options, &ids, &all, &what).await;
    }
}

#[tokio::test]
async fn a_configured_key_is_changed_by_giving_the_new_one() {
    let (world, ids, all) = sealed().await;
    // From the file that was drawn to one that is named …
    let named = world.bench.path.path().join("named");
    std::fs::rename(world.bench.path.path().join("master.key"), &named).unwrap();
    std::fs::set_permissions(&named, std::fs::Permissions::from_mode(0o640)).unwrap();
    let with = |master_key| Options { master_key, ..world.bench.options() };
    let file = || KeySource::File(named.clone());
    let rotated = rotate(&with(file()), NewKey::Given(MasterKey::new([3; 32]))).unwrap();
    assert_eq!(rotated.key_file.as_deref(), Some(&*named));
    assert_eq!(named.metadata().unwrap().permissions().mode() & 0o777, 0o640, "for whom it was before");
    opens_with_everything(with(file()), &ids, &all, "a named file").await;
    // … and from a key that stands in the configuration itself to another.
    let third = || KeySource::Given(MasterKey::new([3; 32]));
    assert!(matches!(rotate(&with(third()), NewKey::Drawn), Err(RotateError::Nowhere)));
    opens_with_everything(with(third()), &ids, &all, "what was refused changes nothing").await;
    let fourth = || MasterKey::new([4; 32]);
    let files = || world.bench.path.path().read_dir().unwrap().count();
    let before = files();
    let rotated = rotate(&with(third()), NewKey::Given(fourth())).unwrap();
    assert_eq!((rotated.secrets, rotated.key_file, rotated.kept), (SEALED, None, None));
    assert_eq!(files(), before, "a key that was given is not written down");
    opens_with_everything(with(KeySource::Given(fourth())), &ids, &all, "a given key").await;
    assert!(matches!(opening(with(third())), OpenError::WrongKey { .. }));
    // Given again, before the configuration was changed: it was done.
    let again = rotate(&with(third()), NewKey::Given(fourth())).unwrap();
    assert_eq!((again.secrets, again.old), (0, None));
    let wrong = rotate(&with(third()), NewKey::Given(MasterKey::new([5; 32])));
    assert!(matches!(wrong, Err(RotateError::Open(OpenError::WrongKey { .. }))));
}

#[tokio::test]
async fn a_copy_from_before_a_rotation_opens_with_the_key_that_was_kept() {
    let (world, ids, all) = sealed().await;
    let path = world.bench.path.path();
    let older = std::fs::read(path.join("sigpost.db")).unwrap();
    let old = key_in(&path.join("master.key")).id();
    let options = Options { rng: Arc::new(SeededRng::new(8)), ..world.bench.options() };
    let new = rotate(&options, NewKey::Drawn).unwrap().new;
    let newer = std::fs::read(path.join("sigpost.db")).unwrap();
    for (database, key) in [(&older, old), (&newer, new), (&older, old)] {
        std::fs::write(path.join("sigpost.db"), database).unwrap();
        opens_with_everything(world.bench.options(), &ids, &all, "restored").await;
        assert_eq!(key_in(&path.join("master.key")).id(), key);
    }
}

#[tokio::test]
async fn a_running_server_keeps_its_key() {
    let world = World::<Directory>::new().await;
    let before = std::fs::read(world.bench.path.path().join("master.key")).unwrap();
    let error = rotate(&world.bench.options(), NewKey::Drawn).unwrap_err();
    assert!(matches!(error, RotateError::Open(OpenError::InUse { .. })), "{error}");
    assert_eq!(std::fs::read(world.bench.path.path().join("master.key")).unwrap(), before);
    world.store.close().await;
    let nothing = TempDir::new().unwrap();
    let error = rotate(&options(nothing.path(), &world.clock), NewKey::Drawn).unwrap_err();
    assert!(matches!(error, RotateError::NoDatabase(_)), "{error}");
    assert_eq!(nothing.path().read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn a_secret_that_does_not_open_stops_a_rotation_and_nothing_has_changed() {
    let (world, ids, all) = sealed().await;
    let sql = world.bench.database();
    let swap = "UPDATE webhook SET next_secret_sealed = secret_sealed WHERE next_secret_sealed IS NOT NULL";
    let sealed: Vec<u8> =
        sql.query_row("SELECT next_secret_sealed FROM webhook WHERE id = 3", [], |row| row.get(0)).unwrap();
    assert_eq!(sql.execute(swap, []).unwrap(), 1);
    let options = Options { rng: Arc::new(SeededRng::new(8)), ..world.bench.options() };
    let error = rotate(&options, NewKey::Drawn).unwrap_err();
    let place = StoreError::Inconsistent { table: "webhook", column: "next_secret_sealed", row: 3 };
    assert_eq!(error.to_string(), place.to_string());
    sql.execute("UPDATE webhook SET next_secret_sealed = ?1 WHERE id = 3", [sealed]).unwrap();
    drop(sql);
    opens_with_everything(world.bench.options(), &ids, &all, "as before").await;
}
