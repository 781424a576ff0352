//! How many connections there may be at once, given how many files may be open: each is one.
//!
//! A process that runs out of files cannot accept, cannot connect, and cannot tell its own trouble from its receivers'.
//! So what there is is shared out beforehand, and whoever finds no connection waits for one.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::causes::causes;
use crate::delivery;

/// The most open files that are asked for; more than all that follows can need.
const OPEN_FILES: u64 = 65_536;
/// Kept for the database and whoever reads it, listeners, logs, and what the libraries hold open.
const KEPT: u64 = 96;

/// Connections that may be open at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Connections {
    /// From clients, on the main listener.
    pub(crate) incoming: usize,
    /// From clients, on the admin listener.
    pub(crate) admin: usize,
    /// To receivers, by attempts under way. One that looks a name up may have two sockets open for it.
    attempts: usize,
    /// To receivers, kept for the next attempt.
    idle: usize,
    /// To receivers, by tests and the like. They look names up too.
    probes: u16,
}

impl Connections {
    /// Where files are plenty.
    const ALL: Self = Self { incoming: 4_096, admin: 256, attempts: 1_024, idle: 1_024, probes: 128 };

    /// As many as this process has files for.
    pub(crate) fn now() -> Self {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(OPEN_FILES);
        let connections = Self::within(files);
        if connections != Self::ALL {
            tracing::warn!(
                files,
                ?connections,
                "few files may be open, so there are fewer connections at once: raise the limit (ulimit -n)"
            );
        }
        connections
    }

    /// The shares add up to what is left of so many files.
    fn within(files: u64) -> Self {
        let left = usize::try_from(files.saturating_sub(KEPT)).unwrap_or(usize::MAX).max(48);
        let share = |most: usize, part: usize| most.min(left / part);
        Self {
            incoming: share(Self::ALL.incoming, 3),
            admin: share(Self::ALL.admin, 16),
            attempts: share(Self::ALL.attempts, 5),
            idle: share(Self::ALL.idle, 8),
            probes: Self::ALL.probes.min(u16::try_from(left / 40).unwrap_or(u16::MAX)),
        }
    }

    /// What that leaves to the engine.
    pub(crate) fn engine(self) -> delivery::Limits {
        let Self { attempts, idle, probes, .. } = self;
        delivery::Limits { slots: attempts, idle, probes, ..delivery::Limits::default() }
    }
}

/// Shells hand out 1,024 files for the sake of programs that cannot count further, and let those that can ask for more.
pub(crate) fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(OPEN_FILES, |maximum| maximum.min(OPEN_FILES));
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(wanted);
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(error = causes(&error), wanted, "cannot raise the limit of open files");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_never_exceed_what_there_is_and_nobody_goes_without() {
        for files in [0, 64, 200, 256, 512, 1_024, 4_096, 20_000, OPEN_FILES, u64::MAX] {
            let Connections { incoming, admin, attempts, idle, probes } = Connections::within(files);
            let most = incoming + admin + 2 * attempts + idle + 2 * usize::from(probes);
            assert!(files < 200 || most as u64 + KEPT <= files, "{files}: {most}");
            for share in [incoming, admin, attempts, idle, probes.into()] {
                assert!(share > 0, "{files}");
            }
        }
        assert_eq!(Connections::within(OPEN_FILES), Connections::ALL);
        let limits = Connections::ALL.engine();
        let usual = delivery::Limits::default();
        assert_eq!((limits.slots, limits.idle, limits.probes), (usual.slots, usual.idle, usual.probes));
    }
}
