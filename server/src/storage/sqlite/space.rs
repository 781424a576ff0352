//! Room on the disk: intake ends before the disk does.
//!
//! When a disk is full, an event that was accepted cannot be settled: the results of its attempts find no room, and a crash
//! repeats them. So nothing new is accepted from a watermark on, while there is still room for results, management and
//! retention, which go on. Two things are room: what the file system has, and the pages of the database that deletions
//! have left, which are used again before the file grows; a part of the first there must always be, for the log.
//!
//! It is looked at once a second, by whoever wants to publish then: nothing runs by itself, and what is accepted in a
//! second is little beside the watermark. Intake begins again when there is an eighth more than the watermark, so that
//! it does not begin and end with every event. If the disk fills up nevertheless, by others or in that second, SQLite says so
//! and the writer refuses by itself.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::reads::Readers;
use crate::causes::causes;
use crate::clock::Clock;
use crate::storage::StoreError;

/// How long a look is good for.
const FRESH: Duration = Duration::from_secs(1);
/// The part of the watermark that must be the file system's, for the log: 64 MiB where nothing else is configured, what it
/// mostly grows to.
pub const LOG_PART: u64 = 4;
/// The part of the watermark by which there must be more before intake begins again.
const MARGIN_PART: u64 = 8;

/// Tells how much room there is.
pub trait FreeSpace: Send + Sync + 'static {
    /// Bytes that this process may still write to the file system of a directory.
    ///
    /// # Errors
    /// What the operating system says.
    fn available(&self, directory: &Path) -> io::Result<u64>;
}

/// The file systems of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemFreeSpace;

impl FreeSpace for SystemFreeSpace {
    fn available(&self, directory: &Path) -> io::Result<u64> {
        let system = rustix::fs::statvfs(directory)?;
        Ok(system.f_bavail.saturating_mul(system.f_frsize))
    }
}

/// Room that was found.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Bytes of the file system.
    pub disk: u64,
    /// Bytes inside the database.
    pub reusable: u64,
}

impl Room {
    /// Whether it is too little, of so many bytes that there must be.
    #[must_use]
    pub const fn is_below(self, needed: u64) -> bool {
        self.disk.saturating_add(self.reusable) < needed || self.disk < needed / LOG_PART
    }
}

/// Whether there is room for something new.
pub(super) struct Watermark {
    directory: PathBuf,
    least: u64,
    disk: Arc<dyn FreeSpace>,
    clock: Arc<dyn Clock>,
    /// The (monotonic) time from which on a look is too old, in milliseconds.
    stale_from: AtomicU64,
    low: AtomicBool,
}

impl Watermark {
    /// At so many bytes; at zero there is always room.
    pub(super) fn new(
        directory: PathBuf,
        least: u64,
        disk: Arc<dyn FreeSpace>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { directory, least, disk, clock, stale_from: AtomicU64::new(0), low: AtomicBool::new(false) }
    }

    /// Refuses while there is too little.
    pub(super) async fn admit(self: &Arc<Self>, readers: &Readers) -> Result<(), StoreError> {
        if self.least == 0 {
            return Ok(());
        }
        if self.takes_the_look() {
            let this = Arc::clone(self);
            readers.read(move |sql| this.look(sql)).await?;
        }
        if self.low.load(Ordering::Acquire) { Err(StoreError::DiskFull) } else { Ok(()) }
    }

    /// Whether the last look is too old, and the caller is the one to take the next.
    fn takes_the_look(&self) -> bool {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let now = millis(self.clock.monotonic());
        let stale_from = self.stale_from.load(Ordering::Acquire);
        let next = now.saturating_add(millis(FRESH));
        let exchange =
            |from| self.stale_from.compare_exchange(from, next, Ordering::AcqRel, Ordering::Acquire);
        now >= stale_from && exchange(stale_from).is_ok()
    }

    fn look(&self, sql: &Connection) -> Result<(), StoreError> {
        let disk = match self.disk.available(&self.directory) {
            Ok(disk) => disk,
            Err(error) => {
                let error = causes(&error);
                // What is not known keeps nobody away: if there is no room, SQLite says so.
                tracing::warn!(error, "cannot tell how much room there is for data");
                return Ok(());
            }
        };
        let room = Room { disk, reusable: reusable(sql)? };
        let was_low = self.low.load(Ordering::Acquire);
        let needed = self.least.saturating_add(if was_low { self.least / MARGIN_PART } else { 0 });
        let low = room.is_below(needed);
        self.low.store(low, Ordering::Release);
        let Room { disk, reusable } = room;
        match (was_low, low) {
            (false, true) => tracing::error!(
                disk,
                reusable,
                needed,
                "there is too little room on the disk: nothing new is accepted until space is freed"
            ),
            (true, false) => tracing::info!(disk, reusable, "there is room again: events are accepted"),
            (false, false) | (true, true) => {}
        }
        Ok(())
    }
}

/// Bytes of the database that hold nothing.
pub(super) fn reusable(sql: &Connection) -> Result<u64, StoreError> {
    let count = |pragma| sql.query_row(pragma, [], |row| row.get::<_, u32>(0)).map(u64::from);
    Ok(count("PRAGMA freelist_count")? * count("PRAGMA page_size")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_what_the_disk_has_and_what_the_database_has_left_but_never_that_alone() {
        let below = |disk, reusable| Room { disk, reusable }.is_below(1_600);
        assert!(!below(1_600, 0) && below(1_599, 0));
        assert!(!below(600, 1_000) && below(600, 999));
        assert!(!below(400, 1_200) && below(399, u64::MAX));
    }

    #[test]
    fn the_file_system_of_this_machine_has_room_and_one_that_is_not_there_is_an_error() {
        assert!(SystemFreeSpace.available(Path::new(".")).unwrap() > 0);
        assert!(SystemFreeSpace.available(Path::new("/no/such/place")).is_err());
    }
}
