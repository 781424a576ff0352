//! The npm package.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use xshell::Shell;

/// Builds the npm package and returns the folder that `npm install FOLDER` takes.
pub(crate) fn npm(_: &Shell, root: &Path) -> Result<PathBuf> {
    bail!("there is no npm package in {}", root.join("wasm/js").display())
}
