//! Where the project is, where its builds go, and a shell that stands at its root.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, MetadataCommand};
use xshell::Shell;

/// The project that a command works on.
pub(crate) struct Project {
    /// The root of the repository.
    pub(crate) root: PathBuf,
    /// The folder that builds go to, wherever `CARGO_TARGET_DIR` or a configuration puts it.
    pub(crate) target: PathBuf,
    /// The packages of the workspace.
    pub(crate) metadata: Metadata,
    /// A shell at the root.
    pub(crate) shell: Shell,
}

impl Project {
    /// Asks cargo.
    pub(crate) fn find() -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let metadata = MetadataCommand::new().current_dir(here).no_deps().exec().context("cargo metadata")?;
        let root = metadata.workspace_root.clone().into_std_path_buf();
        let target = metadata.target_directory.clone().into_std_path_buf();
        let shell = Shell::new().context("opening a shell")?;
        shell.change_dir(&root);
        Ok(Self { root, target, metadata, shell })
    }

    /// A program that cargo builds, by the folder of its profile (`debug`, `release`).
    pub(crate) fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// Every file below `folder` (from the root) whose path satisfies `wanted`, in order. What others made
    /// (`node_modules`, builds, hidden folders) is not looked at; a folder that is not there has no files.
    pub(crate) fn files(&self, folder: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut open = vec![self.root.join(folder)];
        while let Some(folder) = open.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for entry in entries {
                let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
                let name =
                    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                if path.is_dir()
                    && !name.starts_with('.')
                    && !["node_modules", "target", "dist"].contains(&name.as_str())
                {
                    open.push(path);
                } else if path.is_file() && wanted(&name) {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}
