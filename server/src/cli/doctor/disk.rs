//! The data directory and the disk below it.

use core::time::Duration;
use std::fs::{File, OpenOptions, ReadDir};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::configuration::open_to_others;
use super::finding::Finding;
use crate::cli::report::mebibytes;
use crate::clock::Clock;
use crate::storage::sqlite::{FreeSpace, LOG_PART, Room};

const DIRECTORY: &str = "data";
const SPACE: &str = "space";
const LATENCY: &str = "latency";

/// With less not even the log beside the database can grow.
const LEAST_TO_WRITE: u64 = 1 << 20;

/// Every publishing waits for one of these: slower, and an event takes longer to acknowledge than most callers like.
const SLOW: Duration = Duration::from_millis(20);
/// No disk that keeps what it is told to keep is faster.
const TOO_FAST: Duration = Duration::from_micros(5);
/// Measured until there are so many, or so long.
const WRITES: usize = 200;
const MEASURED_FOR: Duration = Duration::from_secs(3);

/// Whether the directory and the files in it are their owner's only.
pub(super) fn directory(data: &Path) -> Finding {
    let shown = data.display();
    let entries = match data.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let message = format!("{shown} is not there yet");
            return Finding::warning(
                DIRECTORY,
                message,
                "the first start makes it; or name another with --data",
            );
        }
        Err(error) => {
            let message = format!("{shown} cannot be read: {error}");
            return Finding::problem(DIRECTORY, message, "run this as the user that the server runs as");
        }
    };
    let guarded = match guarded(data, entries) {
        Ok(guarded) => guarded,
        Err(open) => return open,
    };
    match file_system(data) {
        Some(kind @ ("tmpfs" | "ramfs")) => Finding::warning(
            DIRECTORY,
            format!("{shown} is in memory ({kind}): nothing there survives a restart of the machine"),
            "put the data on a disk",
        ),
        Some(kind) => Finding::problem(
            DIRECTORY,
            format!("{shown} is on another machine ({kind}): SQLite's log does not work there"),
            "put the data on a local file system",
        ),
        None => Finding::ok(DIRECTORY, format!("{shown} is there, and {guarded}")),
    }
}

/// What keeps others from reading the files in the directory, or which of them they may read.
fn guarded(data: &Path, entries: ReadDir) -> Result<&'static str, Finding> {
    if open_to_others(data).is_none() {
        return Ok("only its owner may enter it");
    }
    let ours = ["sigpost.", "master.key"];
    let mut open = Vec::new();
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if ours.iter().any(|start| name.starts_with(start)) && open_to_others(&entry.path()).is_some() {
            open.push(name);
        }
    }
    if open.is_empty() {
        return Ok("its files are their owner's only");
    }
    open.sort();
    let shown = data.display();
    let message = format!("others may read what is in {shown}: {}", open.join(", "));
    Err(Finding::problem(DIRECTORY, message, format!("chmod 700 {shown} && chmod 600 {shown}/*")))
}

/// The kind of a file system that data should not be on.
#[cfg(target_os = "linux")]
fn file_system(data: &Path) -> Option<&'static str> {
    // From linux/magic.h and the kernel's file systems.
    let known: [(rustix::fs::FsWord, &str); 6] = [
        (0x0102_1994, "tmpfs"),
        (0x8584_58f6, "ramfs"),
        (0x6969, "NFS"),
        (0x517b, "SMB"),
        (0xfe53_4d42, "SMB"),
        (0xff53_4d42, "CIFS"),
    ];
    let kind = rustix::fs::statfs(data).ok()?.f_type;
    known.iter().find(|(magic, _)| *magic == kind).map(|(_, name)| *name)
}

#[cfg(not(target_os = "linux"))]
fn file_system(_: &Path) -> Option<&'static str> {
    None
}

/// Whether there is room, with so many bytes free inside the database.
pub(super) fn space(data: &Path, disk: &dyn FreeSpace, reusable: u64, least: u64) -> Finding {
    let room = match disk.available(data) {
        Ok(disk) => Room { disk, reusable },
        Err(error) => {
            let message = format!("nobody can tell how much is free for {}: {error}", data.display());
            return Finding::warning(SPACE, message, "look by yourself: df -h");
        }
    };
    let figures = format!(
        "{} MiB are free on the disk, {} MiB inside the database",
        mebibytes(room.disk),
        mebibytes(room.reusable)
    );
    let (mark, alone) = (mebibytes(least), mebibytes(least / LOG_PART));
    if room.disk < LEAST_TO_WRITE {
        Finding::problem(
            SPACE,
            format!("{figures}: nothing can be written"),
            "free space, or shorten a tenant's `retention`",
        )
    } else if room.is_below(least) {
        let message = format!(
            "{figures}: events are refused below {mark} MiB of both, or {alone} MiB of the disk alone"
        );
        Finding::problem(
            SPACE,
            message,
            "free space, shorten a tenant's `retention`, or lower `min_free_mib`",
        )
    } else if room.is_below(least.saturating_mul(4)) {
        let message = format!(
            "{figures}; below {mark} MiB of both, or {alone} MiB of the disk alone, events are refused"
        );
        Finding::warning(SPACE, message, "free space soon, or shorten a tenant's `retention`")
    } else {
        Finding::ok(SPACE, figures)
    }
}

/// How long the disk takes to make a page durable.
pub(super) fn latency(data: &Path, clock: &dyn Clock) -> Finding {
    let times = match measure(data, clock) {
        Ok(times) => times,
        Err(error) => {
            let message = format!("cannot write to {}: {error}", data.display());
            let remedy =
                "run this as the user that the server runs as; and see whether the disk is full or read-only";
            return Finding::problem(LATENCY, message, remedy);
        }
    };
    let (p50, p99) = (percentile(&times, 50), percentile(&times, 99));
    judged(p50, p99, times.len())
}

fn judged(p50: Duration, p99: Duration, count: usize) -> Finding {
    let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
    let figures =
        format!("fdatasync takes {:.2} ms at p50 and {:.2} ms at p99 (of {count})", millis(p50), millis(p99));
    if p50 > SLOW {
        let remedy =
            "events are acknowledged no faster than that: use a faster disk, or fewer neighbours on it";
        Finding::warning(LATENCY, figures, remedy)
    } else if p50 < TOO_FAST {
        let remedy =
            "no disk is that fast: make sure that it keeps what it says it keeps when the power fails";
        Finding::warning(LATENCY, figures, remedy)
    } else {
        Finding::ok(LATENCY, figures)
    }
}

/// Writes to blocks of a file that are there already, as SQLite does with its log; the times in rising order. The file
/// loses its name before, so that nothing is left of it however this ends.
fn measure(data: &Path, clock: &dyn Clock) -> io::Result<Vec<Duration>> {
    let path = data.join(format!("sigpost.doctor-{}", std::process::id()));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    let mut times = write_often(&file, clock)?;
    times.sort_unstable();
    Ok(times)
}

fn write_often(file: &File, clock: &dyn Clock) -> io::Result<Vec<Duration>> {
    const PAGE: usize = 4_096;
    const PAGES: usize = 64;
    file.write_all_at(&[0; PAGE * PAGES], 0)?;
    file.sync_all()?;
    let (began, mut times) = (clock.monotonic(), Vec::with_capacity(WRITES));
    while times.len() < WRITES && clock.monotonic().saturating_sub(began) < MEASURED_FOR {
        let page = times.len() % PAGES;
        let before = clock.monotonic();
        file.write_all_at(&[0x5a; PAGE], (page * PAGE) as u64)?;
        file.sync_data()?;
        times.push(clock.monotonic().saturating_sub(before));
    }
    Ok(times)
}

/// A percentile of times in rising order; there is at least one.
fn percentile(times: &[Duration], percent: usize) -> Duration {
    let place = (times.len() * percent).div_ceil(100).max(1) - 1;
    times.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::cli::doctor::finding::Verdict;
    use crate::clock::SystemClock;
    use crate::domain::Timestamp;

    struct Disk(io::Result<u64>);

    impl FreeSpace for Disk {
        fn available(&self, _: &Path) -> io::Result<u64> {
            self.0.as_ref().copied().map_err(|error| error.kind().into())
        }
    }

    #[test]
    fn files_that_others_may_read_are_named_unless_they_may_not_enter_the_directory() {
        let folder = tempfile::tempdir().unwrap();
        let set = |name: &str, mode| {
            let path = folder.path().join(name);
            if !path.exists() {
                std::fs::write(&path, "").unwrap();
            }
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let guarded = || guarded(folder.path(), folder.path().read_dir().unwrap());
        for (name, mode) in [("sigpost.db", 0o600), ("master.key.0a", 0o600), ("somebody's", 0o644)] {
            set(name, mode);
        }
        set("", 0o755);
        assert_eq!(guarded(), Ok("its files are their owner's only"));
        set("sigpost.db", 0o604);
        set("master.key.0a", 0o640);
        let open = guarded().unwrap_err();
        assert!(open.message.ends_with(": master.key.0a, sigpost.db"), "{}", open.message);
        assert_eq!((open.verdict, directory(folder.path())), (Verdict::Problem, open));
        set("", 0o700);
        assert_eq!(guarded(), Ok("only its owner may enter it"));
    }

    #[test]
    fn space_is_judged_by_the_watermark() {
        let mib = 1_024 * 1_024;
        let judged = |free: u64, reusable: u64| {
            space(Path::new("d"), &Disk(Ok(free * mib)), reusable * mib, 256 * mib).verdict
        };
        assert_eq!(judged(255, 0), Verdict::Problem);
        assert_eq!(judged(100, 156), Verdict::Warning);
        assert_eq!(judged(1_023, 0), Verdict::Warning);
        assert_eq!(judged(1_024, 0), Verdict::Ok);
        // The server wants a quarter of it on the disk itself, whatever is free inside the database.
        assert_eq!(judged(63, 10_000), Verdict::Problem);
        assert_eq!(judged(64, 10_000), Verdict::Warning);
        assert_eq!(judged(256, 10_000), Verdict::Ok);
        let unguarded = space(Path::new("d"), &Disk(Ok(mib - 1)), 0, 0);
        assert_eq!(unguarded.verdict, Verdict::Problem, "a watermark of none is no room");
        assert_eq!(space(Path::new("d"), &Disk(Ok(mib)), 0, 0).verdict, Verdict::Ok);
        let unknown = space(Path::new("d"), &Disk(Err(io::ErrorKind::Other.into())), 0, mib);
        assert_eq!(unknown.verdict, Verdict::Warning);
    }

    #[test]
    fn a_disk_is_judged_by_how_long_it_takes() {
        let judged = |p50| judged(p50, Duration::from_millis(30), 200).verdict;
        assert_eq!(judged(Duration::from_millis(21)), Verdict::Warning);
        assert_eq!(judged(Duration::from_millis(4)), Verdict::Ok);
        assert_eq!(judged(Duration::from_micros(1)), Verdict::Warning);
    }

    #[test]
    fn what_was_measured_was_measured_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let times = measure(folder.path(), &SystemClock::new()).unwrap();
        assert!(!times.is_empty() && times.is_sorted());
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        let nowhere = latency(&folder.path().join("nowhere"), &SystemClock::new());
        assert_eq!(nowhere.verdict, Verdict::Problem);
    }

    /// A clock that sees to it, whenever it is asked, that a folder is empty.
    struct Beside(SystemClock, std::path::PathBuf);

    impl Clock for Beside {
        fn now(&self) -> Timestamp {
            self.0.now()
        }

        fn monotonic(&self) -> Duration {
            assert_eq!(self.1.read_dir().unwrap().count(), 0);
            self.0.monotonic()
        }
    }

    #[test]
    fn nothing_is_left_of_a_measurement_that_is_broken_off() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Beside(SystemClock::new(), folder.path().to_owned());
        assert!(!measure(folder.path(), &clock).unwrap().is_empty());
    }

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Duration::from_millis(100));
        assert_eq!(percentile(&times, 99), Duration::from_millis(198));
        assert_eq!(percentile(&times[..1], 99), Duration::from_millis(1));
    }
}
