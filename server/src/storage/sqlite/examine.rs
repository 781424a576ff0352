//! Looking a database over without changing it, whether or not a server works on it.
//!
//! The connection only reads. Where there is no log, as after a clean stop, it may write all the same, though nothing
//! is ever written by it: SQLite takes the log and its index, which it makes to read at all, away again only if it may.
//! A log that is there stays as it is, also one that a server leaves behind meanwhile: after a crash the next start takes
//! it up. What reads all rows does so in many
//! short transactions, because a long one would keep the log beside the database from beginning anew; only SQLite's own
//! checks are one transaction each. The layout may be an older one: what is looked at has been there since the first.

use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::checksums::{self, Rows, Verified};
use super::files::{database, with_ending};
use super::key::{KeyId, KeySource, Label, MasterKey, Sealer, sealed_with};
use super::open::{self, BUSY_PATIENCE, OpenError};
use super::progress::{Progress, Tell};
use super::rows::{Place, headers_label, next_secret_label, secret_label};
use super::{keyfile, space, structure};
use crate::domain::{TenantUid, Timestamp};
use crate::storage::StoreError;

/// A database, opened to be looked at.
pub struct Examiner {
    sql: Connection,
    log: PathBuf,
}

impl Drop for Examiner {
    fn drop(&mut self) {
        // Whoever closes a database last copies its log and takes it away. That is done here only where nothing is in it:
        // what a failed disk has left is for the next start, which does not trust what was copied before.
        if is_empty(&self.log) {
            let _ = self.sql.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        }
    }
}

fn is_empty(log: &Path) -> bool {
    log.metadata().map_or_else(|error| error.kind() == NotFound, |log| log.len() == 0)
}

/// The database cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the database cannot be read: {0}")]
pub struct ExamineError(Box<dyn core::error::Error + Send + Sync>);

impl From<rusqlite::Error> for ExamineError {
    fn from(error: rusqlite::Error) -> Self {
        Self(Box::new(error))
    }
}

impl From<StoreError> for ExamineError {
    fn from(error: StoreError) -> Self {
        Self(Box::new(error))
    }
}

/// The layout of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What it has.
    pub found: i32,
    /// What this program writes.
    pub known: i32,
}

/// Where the master key is, seen from the database.
pub enum KeyState {
    /// It is the one that everything is sealed with.
    Fits(MasterKey),
    /// It is not, but one that fits is filed in this file, and the next start puts it in use.
    Filed(MasterKey, PathBuf),
    /// The database was never sealed; whatever key there is will do.
    Unsealed,
    /// Everything is sealed with another one.
    Wrong {
        /// The id of the key there is.
        given: KeyId,
        /// The id of the key that fits.
        needed: Option<KeyId>,
    },
    /// There is none.
    Missing {
        /// Where it is expected.
        path: PathBuf,
        /// The id of the key that fits.
        needed: Option<KeyId>,
    },
    /// It cannot be read.
    Unreadable(OpenError),
}

impl Examiner {
    /// Opens the database of a data directory; none, if there is none.
    ///
    /// # Errors
    /// [`ExamineError`] when SQLite cannot open it.
    pub fn open(directory: &Path) -> Result<Option<Self>, ExamineError> {
        let path = database(directory);
        if !path.is_file() {
            return Ok(None);
        }
        let log = with_ending(&path, "-wal");
        let clean = is_empty(&log);
        // A file that this user may not write is opened to be read by either.
        let access = if clean { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        let sql = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        sql.busy_timeout(BUSY_PATIENCE)?;
        sql.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        sql.pragma_update(None, "query_only", true)?;
        // Opening reads nothing yet.
        sql.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(Some(Self { sql, log }))
    }

    /// Its layout.
    ///
    /// # Errors
    /// [`ExamineError`].
    pub fn layout(&self) -> Result<Layout, ExamineError> {
        Ok(Layout { found: open::layout(&self.sql)?, known: open::known_layout() })
    }

    /// What SQLite finds wrong with its structure; nothing, if it is in order.
    ///
    /// # Errors
    /// [`ExamineError`].
    pub fn structure(&mut self, tell: &Tell) -> Result<Vec<String>, ExamineError> {
        Ok(structure::of_database(&mut self.sql, tell)?)
    }

    /// Rows that name others which are not there.
    ///
    /// # Errors
    /// [`ExamineError`].
    pub fn references(&mut self, tell: &Tell) -> Result<Rows, ExamineError> {
        let told = Arc::clone(tell);
        structure::telling(
            &mut self.sql,
            move || told(Progress::CheckingReferences),
            |sql| {
                let mut missing = Rows::default();
                for reference in REFERENCES {
                    for row in sql.prepare(&reference.query())?.query_map([], |row| row.get::<_, i64>(0))? {
                        let row = row?;
                        missing.add(|| reference.told(row));
                    }
                }
                for sequence in SEQUENCES {
                    if sql.query_row(sequence.query, [], |row| row.get(0))? {
                        missing.add(|| {
                            format!("sequence.{}: less than what was given already", sequence.column)
                        });
                    }
                }
                Ok(missing)
            },
        )
        .map_err(ExamineError::from)
    }

    /// Compares everything that has a checksum with it.
    ///
    /// # Errors
    /// [`ExamineError`].
    pub fn checksums(&self, tell: &Tell) -> Result<Verified, ExamineError> {
        Ok(checksums::verify(&self.sql, tell)?)
    }

    /// The time of the newest event or attempt.
    ///
    /// # Errors
    /// [`ExamineError`].
    pub fn newest(&self) -> Result<Option<Timestamp>, ExamineError> {
        let mut newest = None;
        for query in [NEWEST_EVENT, NEWEST_ATTEMPT] {
            let micros: Option<i64> = self.sql.query_row(query, [], |row| row.get(0))?;
            newest = newest.max(micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()));
        }
        Ok(newest)
    }

    /// The dialect that the tenant of a name was made with; none, if it is not there yet.
    ///
    /// # Errors
    /// [`ExamineError`].
    pub fn dialect(&self, tenant: &str) -> Result<Option<String>, ExamineError> {
        let query = "SELECT dialect FROM tenant WHERE name = ?1";
        Ok(self.sql.query_row(query, [tenant], |row| row.get(0)).optional()?)
    }

    /// Bytes of the database that hold nothing.
    ///
    /// # Errors
    /// [`ExamineError`].
    pub fn reusable(&self) -> Result<u64, ExamineError> {
        Ok(space::reusable(&self.sql)?)
    }

    /// Whether the master key fits.
    ///
    /// # Errors
    /// [`ExamineError`].
    pub fn key(&self, directory: &Path, source: &KeySource) -> Result<KeyState, ExamineError> {
        let check: Option<Vec<u8>> = match self.layout()?.found {
            0 => None,
            _ => self.sql.query_row(open::KEY_CHECK, [], |row| row.get(0)).optional()?,
        };
        let Some(check) = check else { return Ok(KeyState::Unsealed) };
        let needed = sealed_with(&check);
        let fits = |key: &MasterKey| Sealer::new(key).fits(&check);
        let path = match source.file(directory) {
            Ok(path) => path,
            Err(key) if fits(key) => return Ok(KeyState::Fits(key.clone())),
            Err(key) => return Ok(KeyState::Wrong { given: key.id(), needed }),
        };
        let in_use = match keyfile::read(&path) {
            Ok(Some(key)) if fits(&key) => return Ok(KeyState::Fits(key)),
            Ok(in_use) => in_use,
            Err(error) => return Ok(KeyState::Unreadable(error)),
        };
        if let Some(filed) = needed.map(|id| keyfile::filed(&path, id))
            && let Ok(Some(key)) = keyfile::read(&filed)
            && fits(&key)
        {
            return Ok(KeyState::Filed(key, filed));
        }
        Ok(match in_use {
            Some(key) => KeyState::Wrong { given: key.id(), needed },
            None => KeyState::Missing { path, needed },
        })
    }

    /// How many secrets a key opens, and the webhooks with one that it does not.
    ///
    /// # Errors
    /// [`ExamineError`].
    pub fn secrets(&self, key: &MasterKey) -> Result<(u64, Rows), ExamineError> {
        let sealer = Sealer::new(key);
        let (mut opened, mut shut) = (0, Rows::default());
        for (column, label) in [
            ("secret_sealed", secret_label as fn(&TenantUid, i64) -> Label<'_>),
            ("encrypted_headers_sealed", headers_label),
            ("next_secret_sealed", next_secret_label),
        ] {
            // Older layouts have fewer.
            if !self.sql.column_exists(Some("main"), "webhook", column)? {
                continue;
            }
            let query = format!(
                "SELECT webhook.id, tenant.uid, {column} FROM webhook JOIN tenant ON tenant.id = webhook.tenant
                 WHERE {column} IS NOT NULL"
            );
            let mut statement = self.sql.prepare(&query)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (id, uid, sealed): (i64, Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
                let uid = Place::new("webhook", id).uid("uid", &uid);
                match uid {
                    Ok(uid) if sealer.open(label(&uid, id), &sealed).is_ok() => opened += 1,
                    _ => shut.add(|| format!("webhook {id} ({column})")),
                }
            }
        }
        Ok((opened, shut))
    }
}

/// A column that names rows of another table.
struct Reference {
    table: &'static str,
    key: &'static str,
    column: &'static str,
    target: &'static str,
    target_key: &'static str,
}

const fn reference(
    table: &'static str,
    key: &'static str,
    column: &'static str,
    target: &'static str,
    target_key: &'static str,
) -> Reference {
    Reference { table, key, column, target, target_key }
}

/// The schema declares none of them, for the sake of speed; the program keeps them.
const REFERENCES: [Reference; 10] = [
    reference("webhook", "id", "tenant", "tenant", "id"),
    reference("event", "id", "tenant", "tenant", "id"),
    reference("event", "id", "id", "event_data", "event"),
    reference("event_data", "event", "event", "event", "id"),
    reference("delivery", "id", "tenant", "tenant", "id"),
    reference("delivery", "id", "webhook", "webhook", "id"),
    reference("delivery", "id", "event", "event", "id"),
    reference("delivery", "id", "last_attempt", "attempt", "id"),
    reference("attempt", "id", "delivery", "delivery", "id"),
    reference("attempt", "id", "previous", "attempt", "id"),
];

impl Reference {
    fn query(&self) -> String {
        let Self { table, key, column, target, target_key } = self;
        format!(
            "SELECT {key} FROM {table} WHERE {column} IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM {target} AS target WHERE target.{target_key} = {table}.{column})"
        )
    }

    fn told(&self, row: i64) -> String {
        let Self { table, column, target, .. } = self;
        format!("{table} {row}: no {target} that its {column} names")
    }
}

/// A number that is given next, which must be beyond those that were given.
struct Sequence {
    column: &'static str,
    query: &'static str,
}

const SEQUENCES: [Sequence; 5] = [
    Sequence {
        column: "tenant",
        query: "SELECT tenant <= (SELECT coalesce(max(id), 0) FROM tenant) FROM sequence",
    },
    Sequence {
        column: "webhook",
        query: "SELECT webhook <= (SELECT coalesce(max(id), 0) FROM webhook) FROM sequence",
    },
    Sequence {
        column: "event",
        query: "SELECT event <= (SELECT coalesce(max(id), 0) FROM event) FROM sequence",
    },
    Sequence {
        column: "delivery",
        query: "SELECT delivery <= (SELECT coalesce(max(id), 0) FROM delivery) FROM sequence",
    },
    Sequence {
        column: "attempt",
        query: "SELECT attempt <= (SELECT coalesce(max(id), 0) FROM attempt) FROM sequence",
    },
];

// Not those of the last rows: after a clock that ran ahead was set right, these are older than what came before.
const NEWEST_EVENT: &str = "SELECT max(received_at) FROM event";
const NEWEST_ATTEMPT: &str = "SELECT max(started_at) FROM attempt";
