//! Copying the log into the database, beside the writer.
//!
//! A commit only appends to the log. Copying what the log holds into the database takes hundreds of writes all over it
//! and an fsync of each file; where the commit does it that has made the log too long, as SQLite does by itself, that
//! commit takes several times as long as the others, and those who wait for it are the slowest in a hundred. So a thread
//! with a connection of its own copies, while the writer goes on appending.
//!
//! The log starts anew only when all of it was copied before the next commit, and beside a busy writer that does not come
//! about by itself: once the log is [`LONG`], a commit copies the little that the thread has left.
//!
//! A copy that fails loses nothing: the log holds what it holds, and the next one begins where this one did. Not
//! guaranteed: that the log stays short while somebody reads for long, for what a reader still needs stays in it.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};

use super::open::{OpenError, at};
use crate::causes::causes;
use crate::storage::StoreError;

/// Pages that are worth a copy: 4 MB.
const WORTH: u32 = 500;
/// Pages at which the log should start anew: 32 MB.
pub(super) const LONG: u32 = 4_000;
/// How often what was written meanwhile is copied too. SQLite syncs the database only when it has copied all there is, and
/// what is not synced by then is left to a commit.
const PASSES: u32 = 4;
/// Pages that may be written while the thread copies.
const MEANWHILE: u32 = 100;

/// The thread that copies.
pub(super) struct Checkpointer(JoinHandle<()>);

/// What the commits of a connection do about its log.
struct Trigger {
    wake: SyncSender<()>,
    /// How long the log was when the thread was last woken.
    woken_at: u32,
}

impl Checkpointer {
    /// Starts the thread, and has a connection's commits wake it.
    pub(super) fn beside(sql: &mut Connection, database: &Path) -> Result<Self, OpenError> {
        let own = connect(database)?;
        // One message is enough: whatever comes meanwhile is copied with it.
        let (wake, woken) = sync_channel(1);
        let mut trigger = Trigger { wake, woken_at: 0 };
        sql.wal_hook(Some(move |wal: &mut Wal, pages| {
            trigger.committed(wal, u32::try_from(pages).unwrap_or(0));
            Ok(())
        }))?;
        let thread = std::thread::Builder::new().name("store-copier".into()).spawn(move || run(&own, &woken));
        Ok(Self(at(database, thread)?))
    }

    /// Ends it, and waits for the copy under way.
    pub(super) fn end(self, sql: &mut Connection) -> Result<(), StoreError> {
        // With the hook goes the sender, and then the thread.
        sql.wal_hook(None::<fn(&mut Wal, core::ffi::c_int) -> rusqlite::Result<()>>)?;
        // A panic was reported where it happened.
        let _ = self.0.join();
        Ok(())
    }
}

impl Trigger {
    fn committed(&mut self, wal: &mut Wal, pages: u32) {
        if pages < self.woken_at {
            // The log has started anew.
            self.woken_at = 0;
        }
        let since = pages - self.woken_at;
        if since >= WORTH {
            self.woken_at = pages;
            match self.wake.try_send(()) {
                // It is about to look, or has panicked; then commits do it at last.
                Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
            }
        } else if pages >= LONG && since >= MEANWHILE {
            // Busy, or it failed: the next commit tries again, and what this one has written is durable already.
            let _ = wal.checkpoint();
        }
    }
}

fn connect(database: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sql = Connection::open_with_flags(database, flags)?;
    // The database is synced before the log is written over.
    sql.pragma_update(None, "synchronous", "FULL")?;
    sql.pragma_update(None, "cache_size", 0)?;
    // A connection that has never read does not know that there is a log.
    sql.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(sql)
}

fn run(sql: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        match copy(sql) {
            Ok(()) => {}
            // A commit copies just now.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
            Err(error) => {
                let error = causes(&error);
                tracing::warn!(error, "the log could not be copied into the database; it grows until it can");
            }
        }
    }
}

fn copy(sql: &Connection) -> rusqlite::Result<()> {
    for _ in 0..PASSES {
        let (written, copied) = sql.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE)?;
        if copied >= written {
            break;
        }
    }
    Ok(())
}
