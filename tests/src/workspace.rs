//! Where things are: the root of the workspace, the folder that builds go to, the packages.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, MetadataCommand};

/// The root of the repository, where `Cargo.toml` of the workspace stands.
#[must_use]
pub fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// What cargo says of the workspace, dependencies from elsewhere left out. Reads no network.
///
/// # Errors
/// When cargo cannot be run or refuses the workspace.
pub fn metadata() -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.current_dir(root()).no_deps().exec().context("running `cargo metadata`")
}

/// The folder that builds go to, wherever `CARGO_TARGET_DIR` or a configuration puts it.
///
/// # Errors
/// As [`metadata`].
pub fn target_directory() -> Result<PathBuf> {
    Ok(metadata()?.target_directory.into_std_path_buf())
}
