//! Telling a person how far long work is: a line every few seconds, none if the work is short.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use super::say;
use crate::clock::Clock;
use crate::storage::sqlite::{Progress, Tell};

/// Work that takes less is not long; then a line comes as often.
const EVERY: Duration = Duration::from_secs(2);

/// Something to tell progress to, which says it on stderr.
pub(super) fn on_stderr(clock: Arc<dyn Clock>) -> Tell {
    let last = Mutex::new(clock.monotonic());
    Arc::new(move |progress| {
        let now = clock.monotonic();
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(*last) >= EVERY {
            *last = now;
            say(&line(progress));
        }
    })
}

fn line(progress: Progress) -> String {
    match progress {
        Progress::Copied { done, total } => {
            format!("copied {} of {} MiB{}", mebibytes(done), mebibytes(total), percent(done, total))
        }
        Progress::CheckingStructure => "checking the structure of the database …".to_owned(),
        Progress::CheckingReferences => "checking what rows of the database name …".to_owned(),
        Progress::Verified { done, total } => {
            format!("verified {done} of about {total} rows{}", percent(done, total))
        }
    }
}

/// Bytes as whole mebibytes, rounded up: what is not empty is not shown as nothing.
pub(super) fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_024 * 1_024)
}

fn percent(done: u64, total: u64) -> String {
    // Not 100 before it is: estimates are low at times.
    (done.min(total) * 100).checked_div(total).map_or_else(String::new, |percent| format!(" ({percent} %)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_in_round_figures() {
        let mib = 1_024 * 1_024;
        assert_eq!(line(Progress::Copied { done: mib, total: 3 * mib }), "copied 1 of 3 MiB (33 %)");
        assert_eq!(line(Progress::Copied { done: 0, total: 0 }), "copied 0 of 0 MiB");
        assert_eq!(line(Progress::Verified { done: 7, total: 5 }), "verified 7 of about 5 rows (100 %)");
    }
}
