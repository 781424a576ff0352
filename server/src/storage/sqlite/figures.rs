//! What the store lets others see of itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::dedupe::Dedupe;
use super::queue::Queue;
use super::space::FreeSpace;
use crate::domain::Timestamp;
use crate::metrics::{Histogram, IntGauge, Metrics};

/// A disk that takes 4 ms stands in the middle.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 2.5, 5.0];
/// One is a publisher alone; a transaction holds a few thousand at the most.
const OPERATIONS: [f64; 13] =
    [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0, 4_096.0];

/// More results than could ever be in memory.
const NO_END: usize = usize::MAX / 4;

/// Figures of a store, which its writer keeps up to date: a few additions a commit.
pub(super) struct Figures {
    pub(super) metrics: Metrics,
    seconds: Histogram,
    operations: Histogram,
    keys: IntGauge,
    window: IntGauge,
}

/// What a transaction has made durable.
#[derive(Clone, Copy)]
pub(super) struct Committed {
    /// Events, results of attempts and other commands together.
    pub(super) operations: usize,
    /// From its beginning to the end of the commit.
    pub(super) took: Duration,
}

impl Figures {
    pub(super) fn new() -> Self {
        let metrics = Metrics::default();
        Self {
            seconds: metrics.histogram(
                "sigpost_store_commit_seconds",
                "How long transactions took, from their beginning until they were durable.",
                &SECONDS,
            ),
            operations: metrics.histogram(
                "sigpost_store_commit_operations",
                "How many events, results of attempts and other commands became durable with one commit.",
                &OPERATIONS,
            ),
            keys: metrics.gauge(
                "sigpost_dedupe_keys",
                "Idempotency keys that are held: published again, their events are duplicates.",
            ),
            window: metrics.gauge(
                "sigpost_dedupe_window_seconds",
                "How far back an event that is published again is known: less than a day when there are too many keys.",
            ),
            metrics,
        }
    }

    /// What only this store's own parts can tell.
    pub(super) fn look_at(&self, database: &Path, queue: &Arc<Queue>, space: &Arc<dyn FreeSpace>) {
        let queue = Arc::clone(queue);
        self.metrics.computed(
            "sigpost_store_unsettled_results",
            "Results of attempts that are not durable yet: a crash would repeat these attempts.",
            // After the store has stopped there is no such number.
            move || Some(queue.unsettled()).filter(|unsettled| *unsettled < NO_END).map(in_full),
        );
        let space = Arc::clone(space);
        let folder = database.parent().unwrap_or(Path::new("")).to_owned();
        self.metrics.computed(
            "sigpost_store_free_bytes",
            "Room on the file system of the data directory, for this program.",
            move || space.available(&folder).ok().map(bytes),
        );
        let files = ["", "-wal"].map(|suffix| {
            let mut file = database.as_os_str().to_owned();
            file.push(suffix);
            PathBuf::from(file)
        });
        self.metrics.computed("sigpost_store_size_bytes", "Size of the database with its log.", move || {
            Some(size(&files))
        });
    }

    /// A transaction is durable, and these are the keys that are held now.
    pub(super) fn committed(&self, committed: Committed, dedupe: &Dedupe, now: Timestamp) {
        let Committed { operations, took } = committed;
        self.seconds.observe(took.as_secs_f64());
        self.operations.observe(in_full(operations));
        self.hold(dedupe, now);
    }

    /// These keys are held.
    pub(super) fn hold(&self, dedupe: &Dedupe, now: Timestamp) {
        self.keys.set(whole(dedupe.extent().keys));
        self.window.set(i64::try_from(dedupe.reach(now).as_secs()).unwrap_or(i64::MAX));
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts of what is held in memory are far below 2^53")]
fn in_full(count: usize) -> f64 {
    count as f64
}

fn size(files: &[PathBuf]) -> f64 {
    bytes(files.iter().filter_map(|path| Some(path.metadata().ok()?.len())).sum())
}

#[expect(clippy::cast_precision_loss, reason = "nobody needs to know more than 15 digits of it")]
fn bytes(count: u64) -> f64 {
    count as f64
}
