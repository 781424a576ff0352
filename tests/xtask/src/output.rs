//! Standard output, kept for results.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::process::Stdio;

use anyhow::{Context as _, Result};

/// The standard output that this program was started with.
///
/// Many tools that a command runs talk on theirs, which would end up between the results: from [`take`](Self::take)
/// on, whatever is written to standard output, here or by a child, goes to standard error.
pub(crate) struct Output(File);

impl Output {
    /// Takes standard output away from everybody else.
    pub(crate) fn take() -> Result<Self> {
        let kept = std::io::stdout().as_fd().try_clone_to_owned().context("keeping standard output")?;
        rustix::stdio::dup2_stdout(std::io::stderr()).context("sending standard output to standard error")?;
        Ok(Self(kept.into()))
    }

    /// Prints a line of the result.
    pub(crate) fn line(&self, line: &str) -> Result<()> {
        writeln!(&self.0, "{line}").context("writing to standard output")
    }

    /// The same output for a child whose own output is the result.
    pub(crate) fn for_child(&self) -> Result<Stdio> {
        Ok(self.0.try_clone().context("handing standard output on")?.into())
    }
}
