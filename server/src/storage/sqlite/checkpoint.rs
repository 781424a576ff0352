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
//! | pages of the log | what a commit does |
//! |---|---|
//! | each [`WORTH`] | wakes the copier |
//! | [`LONG`], and the copier was woken since | copies what is left, unless the copier is at it |
//! | [`TOO_LONG`] | waits for the copier, then copies what is left |
//!
//! If a reader holds the log up, a commit that could not copy all leaves it alone until it is a sixteenth longer. Readers
//! that overlap would hold it up for good. So once the log is [`TOO_LONG`] the copier closes their [gates](Gate): new reads
//! wait until those under way have ended, which they do within [a limit](super::reads), each commit copies what is left, and
//! with the log that has begun anew the gates are opened again. Where that is of no use, because another program reads, they
//! are left open until the log is a sixteenth longer.
//!
//! **An error of the disk here is as fatal as one at a commit.** SQLite takes pages that it has copied for copied although
//! the database is not synced yet. If that sync fails, the kernel may have dropped them, and a second try that succeeds
//! would let the log, which has them, be written over. So after such an error nothing is ever copied again by this
//! process, not even when it closes, and the writer makes no further commit: the next start copies all of the log, also
//! if other programs have had the database open all along.
//!
//! Not guaranteed: that the log stays short while another program reads for long; what a reader may need stays in it.

use core::sync::atomic::{AtomicBool, Ordering};
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
/// Pages at which the log should start anew, and at which it must: 32 and 128 MB.
pub(super) const LONG: u32 = 4_000;
pub(super) const TOO_LONG: u32 = 16_000;
/// Pages that may be written while the copier copies.
const MEANWHILE: u32 = 100;
/// A commit copies again only once the log has grown by this part of it: to look through a log that a reader holds up costs
/// as much as it is long.
const GROWN: u32 = 16;
/// How often what was written meanwhile is copied too. SQLite syncs the database only when it has copied all there is, and
/// what is not synced by then is left to a commit.
const PASSES: u32 = 4;

/// How long the gates stay closed for commits that let the log begin anew.
const COMMITS_WITHIN: Duration = Duration::from_millis(100);

/// The thread that copies.
pub(super) struct Checkpointer {
    thread: JoinHandle<()>,
    copying: Arc<Copying>,
}

/// What everybody reads through who may hold the log up.
pub(super) type Gates = [Gate; 3];

/// Who copies holds the turn until it is known how that went.
#[derive(Default)]
struct Copying {
    turn: Mutex<()>,
    /// The disk has failed.
    failed: AtomicBool,
    /// Nobody reads, so that the log can begin anew; cleared once it has.
    nobody_reads: AtomicBool,
}

/// What the commits of a connection do about its log.
struct Trigger {
    copying: Arc<Copying>,
    wake: SyncSender<()>,
    /// How long the log was when the copier was last woken, and when a commit last copied.
    woken_at: u32,
    copied_at: u32,
}

impl Checkpointer {
    /// Starts the copier, and has a connection's commits wake it.
    pub(super) fn beside(sql: &mut Connection, database: &Path, gates: Gates) -> Result<Self, OpenError> {
        let own = connect(database)?;
        let copying = Arc::new(Copying::default());
        // One message is enough: whatever comes meanwhile is copied with it.
        let (wake, woken) = sync_channel(1);
        let mut trigger = Trigger { copying: Arc::clone(&copying), wake, woken_at: 0, copied_at: 0 };
        sql.wal_hook(Some(move |wal: &mut Wal, pages| {
            trigger.committed(wal, u32::try_from(pages).unwrap_or(0));
            Ok(())
        }))?;
        // Only when all went well is anything copied when it closes.
        sql.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let thread = std::thread::Builder::new().name("store-copier".into());
        let thread = thread.spawn({
            let copying = Arc::clone(&copying);
            move || run(&own, &copying, &gates, &woken)
        });
        Ok(Self { thread: at(database, thread)?, copying })
    }

    /// Whether the disk has failed while something was copied.
    pub(super) fn has_failed(&self) -> bool {
        self.copying.failed.load(Ordering::Acquire)
    }

    /// Copies what the log holds, on a connection that writes nothing just now.
    pub(super) fn copy_now(&self, sql: &Connection) {
        let turn = self.copying.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.copying.copy(turn, || copy(sql).map(|_| ()));
    }

    /// Ends the copier, and waits for the copy under way. If all is well the log is copied and emptied, unless somebody
    /// reads it.
    pub(super) fn end(self, sql: &mut Connection, well: bool) -> Result<(), StoreError> {
        let failed = !well || self.has_failed();
        // With the hook goes the sender, and then the thread.
        sql.wal_hook(None::<fn(&mut Wal, core::ffi::c_int) -> rusqlite::Result<()>>)?;
        // A panic was reported where it happened.
        let _ = self.thread.join();
        if failed || self.copying.failed.load(Ordering::Acquire) {
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
        let Err(error) = copy() else { return };
        match error.sqlite_error_code() {
            // Another program does it just now.
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {}
            Some(ErrorCode::DiskFull) => {
                tracing::warn!("there is no room to copy the log into the database; it grows until there is");
            }
            _ => {
                self.failed.store(true, Ordering::Release);
                tracing::error!(error = causes(&error), "the log could not be copied into the database");
            }
        }
        drop(turn);
    }
}

impl Trigger {
    fn committed(&mut self, wal: &mut Wal, pages: u32) {
        if pages < self.woken_at.max(self.copied_at) {
            // The log has started anew.
            (self.woken_at, self.copied_at) = (0, 0);
            self.copying.nobody_reads.store(false, Ordering::Release);
        }
        let since = pages - self.woken_at;
        let copying = Arc::clone(&self.copying);
        let turn = if copying.nobody_reads.load(Ordering::Acquire) {
            Some(copying.turn.lock().unwrap_or_else(PoisonError::into_inner))
        } else if pages - self.copied_at < pages / GROWN {
            None
        } else if pages >= TOO_LONG {
            Some(copying.turn.lock().unwrap_or_else(PoisonError::into_inner))
        } else if self.woken_at >= LONG && since >= MEANWHILE {
            copying.turn_if_free()
        } else {
            None
        };
        if let Some(turn) = turn {
            self.copied_at = pages;
            copying.copy(turn, || wal.checkpoint());
        } else if since >= WORTH {
            self.woken_at = pages;
            // Full: it is about to look. Disconnected: it has panicked, and commits do it once the log is long.
            let _ = self.wake.try_send(());
        }
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
    let turn = copying.turn.lock().unwrap_or_else(PoisonError::into_inner);
    copying.copy(turn, || {
        copied = copy(sql)?;
        Ok(())
    });
    copied
}

fn copy(sql: &Connection) -> rusqlite::Result<Copied> {
    let mut last = Copied::default();
    for _ in 0..PASSES {
        let (written, copied) = sql.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE)?;
        let pages = |pages| u32::try_from(pages).unwrap_or(0);
        last = Copied { written: pages(written), copied: pages(copied) };
        if copied >= written {
            break;
        }
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

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
