//! The operating system as a test wants it: a library that stands between the server and libc, made of `shim.c` with the
//! machine's C compiler.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::nameserver::NameServer;
use crate::server::Launch;

const SOURCE: &str = include_str!("shim.c");

/// What is to go wrong, in the order in which `shim.c` reads it.
#[derive(Clone, Copy, Debug)]
enum Slot {
    Clock,
    Sync,
    SpaceSet,
    SpaceLeft,
    RefusedWrites,
    RefusedSyncs,
    DnsPort,
    Passed,
    Forgets,
    SyncTakes,
    Slots,
}

/// Which files a disk cannot make durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsynced {
    /// All of the store.
    All = 1,
    /// The database, but its log.
    TheDatabase,
}

/// The library, and what it is told.
#[derive(Debug)]
pub struct Shim {
    folder: TempDir,
    control: File,
}

impl Shim {
    /// Makes the library; nothing goes wrong yet.
    ///
    /// # Errors
    /// When there is no C compiler, or no room for the library.
    pub fn new() -> Result<Self> {
        let folder = TempDir::with_prefix("sigpost-shim-")?;
        compile(folder.path(), "shim", SOURCE)?;
        let control =
            File::options().read(true).write(true).create_new(true).open(folder.path().join("control"))?;
        control.set_len(Slot::Slots as u64 * 8)?;
        Ok(Self { folder, control })
    }

    /// Has a server be started with it.
    #[must_use]
    pub fn under(&self, launch: Launch) -> Launch {
        let file = |name: &str| self.folder.path().join(name);
        launch.environment("LD_PRELOAD", file("shim.so")).environment("SHIM_CONTROL", file("control"))
    }

    /// Files of the database may grow by so many bytes more, or as they like.
    pub(super) fn leave_space(&self, bytes: Option<u32>) -> Result<()> {
        self.set(Slot::SpaceLeft, bytes.map_or(0, i64::from))?;
        self.set(Slot::SpaceSet, i64::from(bytes.is_some()))
    }

    /// How many writes found no space.
    pub(super) fn refused_writes(&self) -> Result<i64> {
        self.get(Slot::RefusedWrites)
    }

    /// The disk cannot make some files durable, or it can.
    pub(super) fn fail_syncs(&self, fail: Option<Unsynced>) -> Result<()> {
        self.set(Slot::Sync, fail.map_or(0, |fail| fail as i64))
    }

    /// From now on what is written to the database, and not synced before a sync of it fails, is gone then.
    pub(super) fn forget_unsynced(&self) -> Result<()> {
        self.set(Slot::Forgets, 1)
    }

    /// How often it could not.
    pub(super) fn refused_syncs(&self) -> Result<i64> {
        self.get(Slot::RefusedSyncs)
    }

    /// The disk needs so many nanoseconds more to make anything durable.
    ///
    /// # Errors
    /// When the library cannot be told.
    pub fn slow_syncs(&self, nanoseconds: i64) -> Result<()> {
        self.set(Slot::SyncTakes, nanoseconds)
    }

    /// Has the wall clock be so many seconds ahead of the right time.
    ///
    /// # Errors
    /// When the library cannot be told.
    pub fn set_clock(&self, seconds: i64) -> Result<()> {
        self.set(Slot::Clock, seconds * 1_000_000_000)
    }

    /// Has every clock go on by so many seconds more, as if they had passed.
    pub(super) fn pass(&self, seconds: u32) -> Result<()> {
        self.set(Slot::Passed, self.get(Slot::Passed)? + i64::from(seconds) * 1_000_000_000)
    }

    /// Has a server be started with it, and ask this name server only.
    pub(super) fn under_names(&self, launch: Launch, names: &NameServer) -> Launch {
        self.under(launch).environment("SHIM_RESOLV_CONF", names.list())
    }

    /// Has questions for names go to this name server.
    pub(super) fn ask(&self, names: &NameServer) -> Result<()> {
        self.set(Slot::DnsPort, names.port().into())
    }

    fn set(&self, slot: Slot, value: i64) -> Result<()> {
        Ok(self.control.write_all_at(&value.to_ne_bytes(), slot as u64 * 8)?)
    }

    fn get(&self, slot: Slot) -> Result<i64> {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, slot as u64 * 8)?;
        Ok(i64::from_ne_bytes(bytes))
    }
}

/// Makes `NAME.so` of C.
pub(super) fn compile(folder: &Path, name: &str, source: &str) -> Result<()> {
    let file = folder.join(name).with_extension("c");
    std::fs::write(&file, source)?;
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut compile = Command::new(&compiler);
    compile.args(["-shared", "-fPIC", "-O2", "-Wall", "-o"]).arg(file.with_extension("so")).arg(&file);
    let compiled = compile.args(["-ldl", "-lpthread"]).output();
    let compiled = compiled.with_context(|| format!("running {compiler:?}, a C compiler"))?;
    ensure!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    Ok(())
}
