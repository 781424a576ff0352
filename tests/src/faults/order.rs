//! In which order a program makes files durable, as a library between it and libc sees it; made of `order.c`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::shim::compile;

/// What a program did to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It was not there before.
    Create(PathBuf),
    /// Also cut.
    Write(PathBuf),
    /// A file, or what names a folder has.
    Sync(PathBuf),
    /// Has another name now.
    Rename(PathBuf, PathBuf),
    /// Has a second name now.
    Link(PathBuf, PathBuf),
    /// Has one name less.
    Unlink(PathBuf),
}

/// The library, and what it has noted.
#[derive(Debug)]
pub struct Order {
    folder: TempDir,
    under: PathBuf,
}

impl Order {
    /// Makes the library. It takes note of what happens below this folder.
    ///
    /// # Errors
    /// When there is no C compiler, no room for the library, or no such folder.
    pub fn under(folder: &Path) -> Result<Self> {
        let under = folder.canonicalize()?;
        let folder = TempDir::with_prefix("sigpost-order-")?;
        compile(folder.path(), "order", include_str!("order.c"))?;
        std::fs::write(folder.path().join("log"), "")?;
        Ok(Self { folder, under })
    }

    /// The environment of a program that is to be watched.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, OsString); 3] {
        let file = |name: &str| self.folder.path().join(name).into_os_string();
        [
            ("LD_PRELOAD", file("order.so")),
            ("ORDER_LOG", file("log")),
            ("ORDER_UNDER", self.under.clone().into_os_string()),
        ]
    }

    /// What was done since this was last asked for. Names are those below the folder.
    ///
    /// # Errors
    /// When the library has noted something else.
    pub fn deeds(&self) -> Result<Vec<Deed>> {
        let log = self.folder.path().join("log");
        let text = std::fs::read_to_string(&log)?;
        std::fs::write(&log, "")?;
        text.lines().map(|line| self.deed(line).with_context(|| line.to_owned())).collect()
    }

    fn deed(&self, line: &str) -> Result<Deed> {
        let mut parts = line.splitn(3, '\t');
        let mut part = || parts.next().context("three parts");
        let (what, path, to) = (part()?, part()?, part()?);
        let name = |path: &str| Path::new(path).strip_prefix(&self.under).map(Path::to_owned);
        let path = name(path)?;
        Ok(match what {
            "create" => Deed::Create(path),
            "write" => Deed::Write(path),
            "sync" => Deed::Sync(path),
            "rename" => Deed::Rename(path, name(to)?),
            "link" => Deed::Link(path, name(to)?),
            "unlink" => Deed::Unlink(path),
            other => bail!("{other} is no deed"),
        })
    }
}
