use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::Source;

/// The files of the project as git sees them: tracked ones, and new ones that no ignore rule covers.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
    paths: Vec<String>,
}

impl Tree {
    /// Lists the files of the repository at `root`, without those deleted in the working tree.
    ///
    /// # Errors
    /// When git is missing, or `root` is not a repository that git is willing to read.
    pub fn read(root: &Path) -> Result<Self> {
        let output = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"])
            .current_dir(root)
            .output()
            .context("running `git ls-files`: install git")?;
        ensure!(
            output.status.success(),
            "`git ls-files` in {}: {}",
            root.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        let listing = String::from_utf8(output.stdout).context("a file name that is not UTF-8")?;
        let paths = listing.split_terminator('\0').filter(|path| root.join(path).is_file());
        Ok(Self { root: root.to_path_buf(), paths: paths.map(str::to_owned).collect() })
    }

    /// Every path, from the root, with `/` between folders.
    #[must_use]
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// Every file that holds UTF-8 text.
    ///
    /// # Errors
    /// When a listed file cannot be read.
    pub fn sources(&self) -> Result<Vec<Source>> {
        let mut sources = Vec::new();
        for path in &self.paths {
            let bytes = std::fs::read(self.root.join(path)).with_context(|| format!("reading {path}"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                sources.push(Source::new(path, text));
            }
        }
        Ok(sources)
    }
}
