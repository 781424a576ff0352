//! Copying the log into the database, beside the writer.
//!
//! A commit only appends to the log. Copying what the log holds into the database takes hundreds of writes all over it
//! and an fsync of each file; where the commit does it that has made the log too long, as SQLite does by itself, that
//! commit takes several times as long as the others, and those who wait for it are the slowest in a hundred. So a thread
//! with a connection of its own, the copier, copies while the writer goes on appending.
//!
//! The log starts anew only when all of it was copied before the next commit, and beside a busy writer that does not come
//! about by itself:
//!
//! | pages of the log | what the writer does after a commit |
//! |---|---|
//! | each [`WORTH`] | wakes the copier |
//! | [`LONG`], and the copier was woken since | copies what is left, unless the copier is at it |
//! | [`TOO_LONG`] | waits for the copier, then copies what is left |
//!
//! That comes once everybody is told what was committed: two more syncs would keep those waiting twice as long who had
//! waited for the commit before, too. So only who comes meanwhile waits for it.
//!
//! If a reader holds the log up, a writer that could not copy all leaves it alone until it is a sixteenth longer. Readers
//! that overlap would hold it up for good. So once the log is [`TOO_LONG`] the copier closes their [gates](Gate): new reads
//! wait until those under way have ended, which they do within [a limit](super::reads), the writer copies after each commit,
//! and with the log that has begun anew the gates are opened again. Where that is of no use, because another program reads,
//! they are left open until the log is a sixteenth longer.
//!
//! **An error of the disk here is as fatal as one at a commit.** SQLite takes pages that it has copied for copied although
//! the database is not synced yet. If that sync fails, the kernel may have dropped them, and a second try that succeeds
//! would let the log, which has them, be written over. So after such an error nothing is ever copied again by this
//! process, not even when it closes, and the writer makes no further commit: the next start copies all of the log, also
//! if other programs have had the database open all along.
//!
//! Not guaranteed: that the log stays short while another program reads for long; what a reader may need stays in it.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::time::Duration;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;

use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};

use super::files::with_ending;
use super::open::{OpenError, at};
use super::reads::Gate;
use crate::causes::causes;
use crate::storage::StoreError;

/// Pages that are worth a copy: 4 MB.
const WORTH: u32 = 500;
/// Pages at which the log should start anew, and at which it must: 64 and 128 MB.
pub(super) const LONG: u32 = 8_000;
pub(super) const TOO_LONG: u32 = 16_000;
/// Pages that may be written while the copier copies.
const MEANWHILE: u32 = 100;
/// The writer copies again only once the log has grown by this part of it: to look through a log that a reader holds up costs
/// as much as it is long.
const GROWN: u32 = 16;
/// How often what was written meanwhile is copied too. SQLite syncs the database only when it has copied all there is, and
/// what is not synced by then is left to the writer.
const PASSES: u32 = 4;

/// How long the gates stay closed for commits that have the log begin anew.
const COMMITS_WITHIN: Duration = Duration::from_millis(100);

/// The thread that copies.
pub(super) struct Checkpointer {
    thread: JoinHandle<()>,
    copying: Arc<Copying>,
    wake: SyncSender<()>,
    /// How many pages the log has.
    pages: Arc<AtomicU32>,
    /// How many it had when the copier was last woken, and when the writer last copied.
    woken_at: u32,
    copied_at: u32,
}

/// What everybody reads through who may hold the log up.
pub(super) type Gates = [Gate; 3];

/// Who copies holds the turn until it is known how that went.
#[derive(Default)]
struct Copying {
    turn: Mutex<()>,
    /// The disk has failed.
    failed: AtomicBool,
    /// There was no room for a copy, and none has succeeded since.
    no_room: AtomicBool,
    /// Nobody reads, so that the log can begin anew; cleared once it has.
    nobody_reads: AtomicBool,
}

impl Checkpointer {
    /// Starts the copier beside the connection that writes.
    pub(super) fn beside(sql: &mut Connection, database: &Path, gates: Gates) -> Result<Self, OpenError> {
        let own = connect(database)?;
        let copying = Arc::new(Copying::default());
        // One message is enough: whatever comes meanwhile is copied with it.
        let (wake, woken) = sync_channel(1);
        let pages = Arc::new(AtomicU32::new(0));
        // Instead of SQLite's own, which copies within a commit.
        sql.wal_hook(Some({
            let written = Arc::clone(&pages);
            move |_: &mut Wal, pages| {
                written.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
                Ok(())
            }
        }))?;
        // Only when all went well is anything copied when it closes.
        sql.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let thread = std::thread::Builder::new().name("store-copier".into());
        let thread = thread.spawn({
            let copying = Arc::clone(&copying);
            move || run(&own, &copying, &gates, &woken)
        });
        Ok(Self { thread: at(database, thread)?, copying, wake, pages, woken_at: 0, copied_at: 0 })
    }

    /// Whether the disk has failed while something was copied.
    pub(super) fn has_failed(&self) -> bool {
        self.copying.failed.load(Ordering::Acquire)
    }

    /// Has the log copied, or copies it, on the connection that has just written to it.
    pub(super) fn committed(&mut self, sql: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.woken_at.max(self.copied_at) {
            // The log has started anew.
            (self.woken_at, self.copied_at) = (0, 0);
            self.copying.nobody_reads.store(false, Ordering::Release);
        }
        let since = pages - self.woken_at;
        let copying = Arc::clone(&self.copying);
        let turn = if copying.nobody_reads.load(Ordering::Acquire) {
            Some(copying.turn())
        } else if pages - self.copied_at < pages / GROWN {
            None
        } else if pages >= TOO_LONG {
            Some(copying.turn())
        } else if self.woken_at >= LONG && since >= MEANWHILE {
            copying.turn_if_free()
        } else {
            None
        };
        if let Some(turn) = turn {
            self.copied_at = pages;
            copying.copy(turn, || pass(sql).map(|_| ()));
        } else if since >= WORTH {
            self.woken_at = pages;
            // Full: it is about to look. Disconnected: it has panicked, and the writer copies once the log is long.
            let _ = self.wake.try_send(());
        }
    }

    /// Copies what the log holds, on a connection that writes nothing just now.
    pub(super) fn copy_now(&self, sql: &Connection) {
        self.copying.copy(self.copying.turn(), || pass(sql).map(|_| ()));
    }

    /// Ends the copier, and waits for the copy under way. If all is well the log is copied and emptied, unless somebody
    /// reads it.
    pub(super) fn end(self, sql: &mut Connection, well: bool) -> Result<(), StoreError> {
        let Self { thread, copying, wake, .. } = self;
        // With the sender goes the thread.
        drop(wake);
        // A panic was reported where it happened.
        let _ = thread.join();
        if !well || copying.failed.load(Ordering::Acquire) {
            return Ok(());
        }
        sql.busy_timeout(Duration::ZERO)?;
        sql.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        match sql.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::TRUNCATE) {
            Ok(_) => Ok(()),
            // Another program reads. The log is complete, the next start only reads more.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
            Err(error) => {
                sql.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
                Err(error.into())
            }
        }
    }
}

impl Copying {
    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn_if_free(&self) -> Option<MutexGuard<'_, ()>> {
        match self.turn.try_lock() {
            Ok(turn) => Some(turn),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Copies in turn, and takes in how that went.
    fn copy(&self, turn: MutexGuard<'_, ()>, copy: impl FnOnce() -> rusqlite::Result<()>) {
        if self.failed.load(Ordering::Acquire) {
            return;
        }
        let Err(error) = copy() else {
            self.no_room.store(false, Ordering::Release);
            return;
        };
        match error.sqlite_error_code() {
            // Another program does it just now.
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {}
            // Told once: it is tried several times a second, and what is told may be written to the same disk.
            Some(ErrorCode::DiskFull) => {
                if !self.no_room.swap(true, Ordering::AcqRel) {
                    tracing::warn!(
                        "there is no room to copy the log into the database; it grows until there is"
                    );
                }
            }
            _ => {
                self.failed.store(true, Ordering::Release);
                tracing::error!(error = causes(&error), "the log could not be copied into the database");
            }
        }
        drop(turn);
    }
}

/// Where a log's index has how many of its pages were copied, and how long that is (4 bytes, in the order of the machine).
/// <https://sqlite.org/walformat.html#the_wal_index_file_format>
pub(super) const COPIED: core::ops::Range<u64> = 96..100;

/// Has all of the log copied again, whatever an earlier process has said that it had copied. Nobody may write meanwhile.
///
/// SQLite makes the index anew when the first program opens the database. If another has it open, a monitor or a shell that
/// only reads, the index stays the one of a process whose disk may have failed.
pub(super) fn copy_all_again(database: &Path) -> std::io::Result<()> {
    let index = match File::options().write(true).open(with_ending(database, "-shm")) {
        Ok(index) => index,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if index.metadata()?.len() >= COPIED.end {
        index.write_all_at(&[0; 4], COPIED.start)?;
    }
    Ok(())
}

fn connect(database: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sql = Connection::open_with_flags(database, flags)?;
    // The database is synced before the log is written over.
    sql.pragma_update(None, "synchronous", "FULL")?;
    sql.pragma_update(None, "cache_size", 0)?;
    sql.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // A connection that has never read does not know that there is a log.
    sql.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(sql)
}

fn run(sql: &Connection, copying: &Copying, gates: &Gates, woken: &Receiver<()>) {
    let mut closing = Closing::default();
    while woken.recv().is_ok() {
        let Copied { written, .. } = copy_in_turn(sql, copying);
        if closing.is_worth(written) {
            closing.failed_at = if begin_anew(sql, copying, gates) { 0 } else { written };
        }
    }
}

/// When to close the gates.
#[derive(Default)]
struct Closing {
    /// How long the log was when that was of no use; 0 if it was.
    failed_at: u32,
}

impl Closing {
    fn is_worth(&mut self, pages: u32) -> bool {
        if pages < self.failed_at {
            self.failed_at = 0;
        }
        pages >= TOO_LONG && pages - self.failed_at >= pages / GROWN
    }
}

/// Has the log begin anew while nobody reads. Returns whether anything came of it: not if another program reads.
fn begin_anew(sql: &Connection, copying: &Copying, [history, retention, engine]: &Gates) -> bool {
    let _closed = (history.close(), retention.close());
    // While those have ended much may have been written, and the engine is to wait for a moment only.
    copy_in_turn(sql, copying);
    let _engine = engine.close();
    copying.nobody_reads.store(true, Ordering::Release);
    let Copied { written, copied } = copy_in_turn(sql, copying);
    // Now it is for the commits. If there are none all is copied, and whoever reads from now on needs no log.
    for _ in 0..COMMITS_WITHIN.as_millis() {
        let begun = !copying.nobody_reads.load(Ordering::Acquire);
        if begun || copied < written || copying.failed.load(Ordering::Acquire) {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    copying.nobody_reads.store(false, Ordering::Release);
    copied >= written
}

/// How many pages the log had, and how many of them were copied.
#[derive(Clone, Copy, Default)]
struct Copied {
    written: u32,
    copied: u32,
}

fn copy_in_turn(sql: &Connection, copying: &Copying) -> Copied {
    let mut copied = Copied::default();
    copying.copy(copying.turn(), || {
        copied = copy(sql)?;
        Ok(())
    });
    copied
}

fn copy(sql: &Connection) -> rusqlite::Result<Copied> {
    let mut last = Copied::default();
    for _ in 0..PASSES {
        last = pass(sql)?;
        if last.copied >= last.written {
            break;
        }
    }
    Ok(last)
}

/// Copies what the log holds now, as far as readers let it.
fn pass(sql: &Connection) -> rusqlite::Result<Copied> {
    let (written, copied) = sql.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE)?;
    let pages = |pages| u32::try_from(pages).unwrap_or(0);
    Ok(Copied { written: pages(written), copied: pages(copied) })
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;
    use tempfile::TempDir;

    use super::*;
    use crate::storage::sqlite::open;

    /// A database whose log holds something, and its copier.
    fn written() -> (TempDir, Connection, Checkpointer) {
        let directory = TempDir::new().unwrap();
        let mut sql = open::prepare(directory.path()).unwrap();
        let database = directory.path().join("sigpost.db");
        let checkpointer = Checkpointer::beside(&mut sql, &database, Gates::default()).unwrap();
        sql.execute_batch("CREATE TABLE proof (text)").unwrap();
        sql.execute("INSERT INTO proof (text) VALUES (?1)", [PROOF]).unwrap();
        (directory, sql, checkpointer)
    }

    const PROOF: &str = "this is in the log and nowhere else";

    fn holds(directory: &TempDir, name: &str) -> bool {
        let file = std::fs::read(directory.path().join(name)).unwrap_or_default();
        file.windows(PROOF.len()).any(|window| window == PROOF.as_bytes())
    }

    fn failure(code: core::ffi::c_int) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn both_who_write_and_who_copies_sync_what_they_have_written() {
        let (directory, sql, checkpointer) = written();
        let copier = connect(&directory.path().join("sigpost.db")).unwrap();
        for sql in [&sql, &copier] {
            let full = sql.query_row("PRAGMA synchronous", [], |row| row.get::<_, i32>(0)).unwrap();
            assert_eq!(full, 2);
            assert!(sql.db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE).unwrap());
        }
        drop(copier);
        let mut sql = sql;
        checkpointer.end(&mut sql, true).unwrap();
    }

    #[test]
    fn what_the_log_holds_is_copied_in_the_end_but_not_once_the_disk_has_failed() {
        for (well, copies, kept) in [(true, true, true), (false, true, false), (true, false, false)] {
            let (directory, mut sql, checkpointer) = written();
            if !copies {
                checkpointer
                    .copying
                    .copy(checkpointer.copying.turn(), || Err(failure(ffi::SQLITE_IOERR_FSYNC)));
                assert!(checkpointer.has_failed());
                checkpointer.copy_now(&sql);
            }
            assert!(holds(&directory, "sigpost.db-wal") && !holds(&directory, "sigpost.db"));
            checkpointer.end(&mut sql, well).unwrap();
            drop(sql);
            assert_eq!(holds(&directory, "sigpost.db"), kept, "well: {well}, copies: {copies}");
            assert_eq!(holds(&directory, "sigpost.db-wal"), !kept);
        }
    }

    #[test]
    fn a_disk_that_is_full_or_a_database_that_another_copies_is_no_failure_of_the_disk() {
        let (_directory, mut sql, checkpointer) = written();
        for (code, fatal) in [
            (ffi::SQLITE_BUSY, false),
            (ffi::SQLITE_LOCKED, false),
            (ffi::SQLITE_FULL, false),
            (ffi::SQLITE_IOERR_WRITE, true),
        ] {
            checkpointer.copying.copy(checkpointer.copying.turn(), || Err(failure(code)));
            assert_eq!(checkpointer.has_failed(), fatal, "{code}");
        }
        checkpointer.end(&mut sql, true).unwrap();
    }

    #[test]
    fn that_there_is_no_room_for_a_copy_is_told_once_until_there_was() {
        let written = tempfile::NamedTempFile::new().unwrap();
        let log = tracing_subscriber::fmt().with_writer(written.reopen().unwrap()).finish();
        let copying = Copying::default();
        let told = |copies: &[bool]| {
            for fits in copies {
                copying.copy(copying.turn(), || if *fits { Ok(()) } else { Err(failure(ffi::SQLITE_FULL)) });
            }
            std::fs::read_to_string(written.path()).unwrap().matches("there is no room").count()
        };
        tracing::subscriber::with_default(log, || {
            assert_eq!(told(&[false, false, false]), 1);
            assert_eq!(told(&[true, false, false]), 2);
        });
    }

    #[test]
    fn gates_that_were_closed_in_vain_are_closed_again_only_once_the_log_has_grown_or_begun_anew() {
        let mut closing = Closing::default();
        let mut worth = |pages| closing.is_worth(pages);
        assert_eq!([worth(TOO_LONG - 1), worth(TOO_LONG)], [false, true]);
        closing.failed_at = TOO_LONG;
        let mut worth = |pages| closing.is_worth(pages);
        assert_eq!([worth(TOO_LONG), worth(TOO_LONG + 500), worth(TOO_LONG + 1_100)], [false, false, true]);
        assert_eq!([worth(600), worth(TOO_LONG + 500)], [false, true]);
    }
}
