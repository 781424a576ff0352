//! A copy of the database, made while a server works on it.
//!
//! SQLite offers two ways, and both read one snapshot without keeping the writer waiting:
//!
//! - `VACUUM INTO` writes every table and index anew. The copy is smaller and holds nothing that was deleted. But it sorts
//!   and inserts row by row, several times slower than a disk copies, needs room for sorting, and says nothing about how
//!   far it is.
//! - The backup API copies pages. It is as fast as the disk, needs no memory, and can stop after any page to say how far
//!   it is.
//!
//! Here it is the backup API: as long as a snapshot is held the log (WAL) beside the database cannot begin anew and grows
//! by all that is published meanwhile, so the faster way is the safer one. Between its steps it would let its snapshot go,
//! and begin from the start whenever another process has written in between. So the reading connection keeps one
//! transaction open from before the first page until after the last: the copy is the database of one moment, and
//! everything whose commit was answered before that moment is in it.
//!
//! **Guaranteed**: the copy has its name only when it is whole, on the disk, and its structure is in order; what has the
//! name already stays as it is. Rows that do not fit their checksums are told, and the copy is kept: without them it is
//! still the newest there is. **Not guaranteed**: that what was acknowledged while the copy was made is in it. The master key is not:
//! it is no part of the database.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, ffi};

use super::checksums::{self, Rows};
use super::files::{database, parent, private, sync_directory, with_ending};
use super::open::BUSY_PATIENCE;
use super::progress::{Progress, Tell};
use super::structure;

/// Pages between two looks at how far it is: 4 MiB of a database that was made with the pages of today.
const STEP_PAGES: i32 = 512;

/// A copy that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// How large it is.
    pub bytes: u64,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nothing is there to copy.
    #[error("there is no database in {}: name the data directory with --data or --config", .0.display())]
    NoDatabase(PathBuf),
    /// The name is taken.
    #[error("{} is there already, and backups never overwrite: choose another name", .0.display())]
    Exists(PathBuf),
    /// Another process writes a copy of the same name.
    #[error("another backup is being written to {}", .0.display())]
    Busy(PathBuf),
    /// A file or folder cannot be made or written.
    #[error("cannot write {}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// The database cannot be read, or the copy not be written.
    #[error("cannot copy {} to {}", from.display(), to.display())]
    Copy {
        /// The database.
        from: PathBuf,
        /// The copy.
        to: PathBuf,
        /// What SQLite says.
        #[source]
        source: Box<dyn core::error::Error + Send + Sync>,
    },
    /// The copy is not in order.
    #[error(
        "the copy is damaged and was not kept: {0}; either the disk it was written to is failing or the database is damaged itself: `sigpost doctor` \
         tells"
    )]
    Damaged(String),
    /// The copy is there and can be restored, but bodies, frames or idempotency keys in it are damaged.
    #[error(
        "{} is a whole copy of the database, but rows in it do not fit their checksums, most likely there as here: {damaged}; keep \
         the copies made before, and see `sigpost doctor`", copy.display()
    )]
    Rows {
        /// The copy.
        copy: PathBuf,
        /// Which rows.
        damaged: Rows,
    },
}

/// Copies the database of a data directory, whether or not a server works on it, to a file that must not be there yet.
///
/// # Errors
/// [`BackupError`] says what was in the way; then there is no copy, but with [`BackupError::Rows`].
pub fn copy(directory: &Path, destination: &Path, tell: &Tell) -> Result<Copied, BackupError> {
    let from = database(directory);
    if !from.is_file() {
        return Err(BackupError::NoDatabase(directory.to_owned()));
    }
    // The name may be a link that leads nowhere.
    if destination.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(destination.to_owned()));
    }
    let draft = Draft::begin(destination)?;
    let failed = |source: rusqlite::Error| BackupError::Copy {
        from: from.clone(),
        to: destination.to_owned(),
        source: source.into(),
    };
    copy_pages(&from, &draft.path, tell).map_err(failed)?;
    let bytes = draft.sync()?;
    tell(Progress::CheckingStructure);
    let mut sql = structure::open_file(&draft.path).map_err(failed)?;
    let problems = structure::of_database(&mut sql, tell).map_err(failed)?;
    if let Some(first) = problems.into_iter().next() {
        return Err(BackupError::Damaged(first));
    }
    let damaged = checksums::verify(&sql, tell).map_err(failed)?.damaged;
    drop(sql);
    draft.name()?;
    if damaged.count > 0 {
        return Err(BackupError::Rows { copy: destination.to_owned(), damaged });
    }
    Ok(Copied { bytes })
}

fn copy_pages(from: &Path, to: &Path, tell: &Tell) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    source.busy_timeout(BUSY_PATIENCE)?;
    let snapshot = source.unchecked_transaction()?;
    // A transaction begins with the first read.
    let page: u32 = snapshot.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let mut copy = Connection::open_with_flags(to, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // An unfinished copy is thrown away and a finished one synchronised as a whole: nothing is to be undone.
    copy.query_row("PRAGMA journal_mode = OFF", [], |_| Ok(()))?;
    copy.pragma_update(None, "synchronous", "OFF")?;
    let backup = Backup::new(&snapshot, &mut copy)?;
    loop {
        let step = backup.step(STEP_PAGES)?;
        let progress = backup.progress();
        let bytes = |pages: i32| u64::try_from(pages).unwrap_or(0) * u64::from(page);
        tell(Progress::Copied {
            done: bytes(progress.pagecount - progress.remaining),
            total: bytes(progress.pagecount),
        });
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            // Another program works on the copy, which is nobody's business.
            _ => return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)),
        }
    }
    drop(backup);
    copy.close().map_err(|(_, error)| error)
}

/// The copy before it has its name. It is removed unless it gets it.
struct Draft<'a> {
    destination: &'a Path,
    path: PathBuf,
    file: File,
    named: bool,
}

impl<'a> Draft<'a> {
    /// Begins `DESTINATION.partial`, in place of what an interrupted backup has left there.
    fn begin(destination: &'a Path) -> Result<Self, BackupError> {
        let path = with_ending(destination, ".partial");
        let at = |source| BackupError::Io { path: path.clone(), source };
        let file = private().create(true).write(true).truncate(false).open(&path).map_err(at)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BackupError::Busy(destination.to_owned())),
            Err(TryLockError::Error(source)) => return Err(at(source)),
        }
        file.set_len(0).map_err(at)?;
        Ok(Self { destination, path, file, named: false })
    }

    /// Makes it durable; how large it is.
    fn sync(&self) -> Result<u64, BackupError> {
        let size = self.file.sync_all().and_then(|()| self.file.metadata());
        size.map(|file| file.len()).map_err(|source| BackupError::Io { path: self.path.clone(), source })
    }

    /// Gives it its name, durably, unless something has that by now.
    fn name(mut self) -> Result<(), BackupError> {
        let at = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(self.destination.to_owned()),
            _ => BackupError::Io { path: self.destination.to_owned(), source },
        };
        rename_to_new(&self.path, self.destination).map_err(at)?;
        self.named = true;
        let folder = parent(self.destination);
        sync_directory(folder).map_err(|source| BackupError::Io { path: folder.to_owned(), source })
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.named {
            // What stays is in nobody's way: the next backup of this name begins it anew.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Renames a file, but never over another one.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Some file systems have no second names, and can do it at once.
        Err(_) => {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
        }
    }
}
