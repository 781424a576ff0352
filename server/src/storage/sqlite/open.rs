//! Opening a store: the directory, its lock, the database, its layout, the key, and what is kept in memory.

use core::ops::ControlFlow;
use core::time::Duration;
use std::collections::HashMap;
use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use super::Options;
use super::activity::{self, Counted};
use super::damage::{Order, each_readable};
use super::dedupe::{Dedupe, DedupeWindow, Key};
use super::files::{self, private};
use super::key::{KEY_FILE, KeyId, KeySource, MasterKey, Sealer, sealed_with};
use super::keyfile;
use super::rows::{Place, WebhookRow};
use super::state::{Numbers, Sequences, State, TenantState};
use super::{checkpoint, tokens, waiting};
use crate::domain::{DeliveryId, EventId, TenantId, Timestamp};
use crate::rng::Rng;
use crate::storage::happenings::Bell;
use crate::storage::{Directory, StoreError};

pub(super) mod embedded {
    refinery::embed_migrations!("src/storage/sqlite/migrations");
}

/// How long a statement waits for another program that has locked the database.
pub(super) const BUSY_PATIENCE: Duration = Duration::from_secs(5);

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file or directory cannot be made, read or written.
    #[error("cannot use {path}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// Another server works on this directory.
    #[error("the data directory {directory} is in use by another sigpost server")]
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// The file system cannot hold SQLite's log: network file systems, mostly.
    #[error(
        "SQLite cannot keep its log (WAL) beside {path}, only {mode:?}: put the data on a local file system"
    )]
    Journal {
        /// The database.
        path: PathBuf,
        /// What SQLite offers instead.
        mode: String,
    },
    /// The database was sealed with a key that is not there.
    #[error(
        "the master key is missing: restore {path}, or give the key by `master_key_file` or `SIGPOST_SERVER__MASTER_KEY`; without it the webhooks' \
         secrets cannot be read"
    )]
    KeyMissing {
        /// Where it is expected.
        path: PathBuf,
    },
    /// The key file holds no key.
    #[error("{path} does not hold a master key: it must be 64 hex digits")]
    KeyInvalid {
        /// The file.
        path: PathBuf,
    },
    /// The secrets were sealed with another key.
    #[error(
        "the master key does not fit the data: the secrets were sealed with another one{}, and this one has the id {given}",
        .needed.map(|id| format!(", whose id is {id}")).unwrap_or_default()
    )]
    WrongKey {
        /// The id of the key there is.
        given: KeyId,
        /// The id of the key that fits, if the data tells.
        needed: Option<KeyId>,
    },
    /// A newer program has brought the database to a layout that this one does not know.
    #[error(
        "the database was written by a newer version of sigpost: it has layout {found}, and this version knows those up to {known}; start that \
         version, or restore a backup from before"
    )]
    Newer {
        /// Its layout.
        found: i32,
        /// The newest that is known.
        known: i32,
    },
    /// The database cannot be brought to the layout of this version.
    #[error("the database layout cannot be brought up to date")]
    Layout(#[source] Box<refinery::Error>),
    /// What is stored cannot be used: see [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

pub(super) fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, OpenError> {
    result.map_err(|source| OpenError::Io { path: path.to_owned(), source })
}

/// What opening yields.
pub(super) struct Opened {
    pub(super) sql: Connection,
    pub(super) database: PathBuf,
    pub(super) lock: File,
    pub(super) sealer: Arc<Sealer>,
    pub(super) state: State,
}

pub(super) fn open(options: &Options, window: DedupeWindow) -> Result<Opened, OpenError> {
    let Options { directory, master_key, clock, rng, min_free: _, space: _ } = options;
    at(directory, DirBuilder::new().recursive(true).mode(0o700).create(directory))?;
    let lock = lock(directory)?;
    let sql = prepare(directory)?;
    let database = files::database(directory);
    let sealer = Arc::new(unlock(&sql, directory, master_key, &**rng)?);
    let state = load(&sql, &sealer, window, clock.now())?;
    Ok(Opened { sql, database, lock, sealer, state })
}

/// Opens the database of a directory that is locked, or makes it, and brings its layout up to date.
pub(super) fn prepare(directory: &Path) -> Result<Connection, OpenError> {
    let database = files::database(directory);
    at(&database, checkpoint::copy_all_again(&database))?;
    let mut sql = connect(&database)?;
    let (found, known) = (layout(&sql)?, known_layout());
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    if found == 0 {
        tell_new(directory, &database);
    }
    embedded::migrations::runner().run(&mut sql).map_err(|error| OpenError::Layout(Box::new(error)))?;
    sync_directory(directory)?;
    Ok(sql)
}

/// A start with nothing stored looks like any other; where there was a database before, as the key says, it may be missing.
fn tell_new(directory: &Path, database: &Path) {
    let database = database.display();
    if directory.join(KEY_FILE).exists() {
        tracing::warn!(
            %database,
            "a new database is made beside a master key that was there already: if there was a database, too, put it back"
        );
    } else {
        tracing::info!(%database, "a new database is made");
    }
}

/// The layout of a database: the number of the last migration; 0 where there was none yet.
pub(super) fn layout(sql: &Connection) -> rusqlite::Result<i32> {
    if !sql.table_exists(Some("main"), "refinery_schema_history")? {
        return Ok(0);
    }
    sql.query_row("SELECT coalesce(max(version), 0) FROM refinery_schema_history", [], |row| row.get(0))
}

/// The layout that this program reads and writes.
pub(super) fn known_layout() -> i32 {
    let runner = embedded::migrations::runner();
    runner.get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0)
}

/// Takes the directory for this process; the operating system frees it when the process ends, however it ends.
pub(super) fn lock(directory: &Path) -> Result<File, OpenError> {
    let path = directory.join("sigpost.lock");
    let file = at(&path, private().create(true).write(true).truncate(false).open(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { directory: directory.to_owned() }),
        Err(TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}

/// Makes a new file's name durable.
fn sync_directory(directory: &Path) -> Result<(), OpenError> {
    at(directory, files::sync_directory(directory))
}

fn connect(database: &Path) -> Result<Connection, OpenError> {
    // Made here so that it is private from the first moment; SQLite gives its log the same rights.
    at(database, private().create(true).append(true).open(database))?;
    let sql = Connection::open(database)?;
    sql.busy_timeout(BUSY_PATIENCE)?;
    sql.set_prepared_statement_cache_capacity(64);
    // Of a new database: fewer and larger writes than with SQLite's 4,096 bytes.
    sql.pragma_update(None, "page_size", 8_192)?;
    let mode = sql.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
    if mode != "wal" {
        // Without it readers and the writer would wait for each other.
        return Err(OpenError::Journal { path: database.to_owned(), mode });
    }
    sql.pragma_update(None, "synchronous", "FULL")?;
    // Longer than the log mostly gets: one that is cut must grow again, which makes commits wait for more of the disk.
    sql.pragma_update(None, "journal_size_limit", 96 * 1_024 * 1_024)?; // bytes
    sql.pragma_update(None, "cache_size", -16 * 1_024)?; // KiB
    sql.pragma_update(None, "temp_store", "MEMORY")?;
    sql.pragma_update(None, "trusted_schema", false)?;
    // Overwrites what is deleted (a secret, most of all) where that costs no further write.
    sql.query_row("PRAGMA secure_delete = FAST", [], |_| Ok(()))?;
    Ok(sql)
}

pub(super) const KEY_CHECK: &str = "SELECT value FROM meta WHERE name = 'key_check'";
pub(super) const SAVE_KEY_CHECK: &str = "INSERT INTO meta (name, value) VALUES ('key_check', ?1) ON CONFLICT DO UPDATE SET value = excluded.value";

/// Gets the master key and makes sure that it is this store's.
pub(super) fn unlock(
    sql: &Connection,
    directory: &Path,
    source: &KeySource,
    rng: &dyn Rng,
) -> Result<Sealer, OpenError> {
    let check: Option<Vec<u8>> = sql.query_row(KEY_CHECK, [], |row| row.get(0)).optional()?;
    let key = match source.file(directory) {
        Ok(path) => match keyfile::fitting(&path, check.as_deref())? {
            Some(key) => key,
            None if check.is_none() && matches!(source, KeySource::Generated) => {
                // The key is durable before anything is sealed with it.
                let key = MasterKey::draw(rng);
                keyfile::write(&path, &key, &path)?;
                key
            }
            None => return Err(OpenError::KeyMissing { path }),
        },
        Err(key) => key.clone(),
    };
    let sealer = Sealer::new(&key);
    match check {
        Some(check) if sealer.fits(&check) => {}
        Some(check) => return Err(OpenError::WrongKey { given: key.id(), needed: sealed_with(&check) }),
        None => {
            sql.execute(SAVE_KEY_CHECK, [sealer.key_check(rng)])?;
        }
    }
    Ok(sealer)
}

const SEQUENCES: &str = "SELECT tenant, webhook, event, delivery, attempt FROM sequence WHERE id = 1";
const TENANTS: &str = "SELECT id, uid, next_webhook, next_event, next_delivery FROM tenant";
const LIVING_WEBHOOKS: &str = "
    SELECT webhook.*, tenant.uid AS uid FROM webhook JOIN tenant ON tenant.id = webhook.tenant
    WHERE deleted_at IS NULL";

/// The newest events, newest first: small columns only.
const RECENT_EVENTS: &str = "
    SELECT id, tenant, received_at, source, ce_id FROM event WHERE id >= ?1 AND id <= ?2 ORDER BY id DESC";

/// So many events in a row that are older than the window are its end; a few are not, for a clock that was behind has
/// stamped them too early.
const PAST_WINDOW: u32 = 500;

/// Reads what the writer keeps in memory.
fn load(
    sql: &Connection,
    sealer: &Sealer,
    window: DedupeWindow,
    now: Timestamp,
) -> Result<State, StoreError> {
    let sequences = sql.query_row(SEQUENCES, [], |row| {
        Ok(Sequences {
            tenant: row.get("tenant")?,
            webhook: row.get("webhook")?,
            event: row.get("event")?,
            delivery: row.get("delivery")?,
            attempt: row.get("attempt")?,
        })
    })?;
    let tenants = load_tenants(sql)?;
    let directory = Arc::new(Directory::default());
    for row in sql.prepare(LIVING_WEBHOOKS)?.query_map([], WebhookRow::read)? {
        directory.put_webhook(&Arc::new(row?.opened(sealer)?));
    }
    tokens::load(sql, &directory, now)?;
    let dedupe = load_dedupe(sql, &tenants, sequences.event, window, now)?;
    activity::load(sql, &directory)?;
    let counted = Counted::default();
    let bell = Bell::default();
    let backlog = Arc::new(waiting::count(sql)?);
    let newest_at_open = DeliveryId::new(sequences.delivery - 1);
    Ok(State { sequences, tenants, dedupe, directory, counted, bell, backlog, newest_at_open })
}

fn load_tenants(sql: &Connection) -> Result<HashMap<TenantId, TenantState>, StoreError> {
    let mut statement = sql.prepare(TENANTS)?;
    let mut rows = statement.query([])?;
    let mut tenants = HashMap::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
        let place = Place::new("tenant", id);
        let next = Numbers {
            webhook: place.number("next_webhook", row.get("next_webhook")?)?,
            event: place.number("next_event", row.get("next_event")?)?,
            delivery: place.number("next_delivery", row.get("next_delivery")?)?,
        };
        let uid = place.uid("uid", &row.get::<_, Vec<u8>>("uid")?)?;
        tenants.insert(TenantId::new(id), TenantState { uid, next });
    }
    Ok(tenants)
}

/// Reads back from the newest event to those in runs, or until the window has ended, then remembers them in the order of
/// acceptance. What cannot be read is not recognised when it is published again, which is less harm than no server.
fn load_dedupe(
    sql: &Connection,
    tenants: &HashMap<TenantId, TenantState>,
    next_event: i64,
    window: DedupeWindow,
    now: Timestamp,
) -> Result<Dedupe, StoreError> {
    let mut dedupe = Dedupe::open(window, sql)?;
    let start = dedupe.start(now).as_microsecond();
    let ids = dedupe.last_event().get() + 1..=next_event - 1;
    let (mut recent, mut looked, mut past) = (Vec::new(), 0, 0);
    let unread = each_readable(sql, RECENT_EVENTS, Order::Descending, ids, |row| {
        let (id, tenant, received_at): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        looked += 1;
        if received_at < start {
            past += 1;
        } else {
            past = 0;
            let place = Place::new("event", id);
            let tenant = tenants.get(&TenantId::new(tenant)).ok_or_else(|| place.column("tenant"))?;
            let text = |column| row.get_ref(column).and_then(|text| Ok(text.as_str()?));
            let key = Key::of(&tenant.uid, text(3)?, text(4)?);
            recent.push((key, EventId::new(id), place.time("received_at", received_at)?));
        }
        let ended = past == PAST_WINDOW || looked >= dedupe.capacity();
        Ok(if ended { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    if let Some(unread) = unread {
        unread.tell("recent events cannot be read; those are not recognised when they are published again");
    }
    for (key, event, received) in recent.into_iter().rev() {
        dedupe.insert(key, event, received);
    }
    Ok(dedupe)
}
