//! A child process under watch: its standard output line by line with a deadline, its standard error in a file that
//! is shown when something goes wrong, its end at the latest when the value is dropped.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use rustix::process::{Pid, Signal, kill_process};

use crate::time::Deadline;

/// A running child. Dropping it kills it; dropping it while a test panics also prints its standard error.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    stderr: PathBuf,
}

impl Process {
    /// Starts the command without standard input, its standard error appended to the file `stderr`.
    ///
    /// # Errors
    /// When the program cannot be started or the file cannot be written.
    pub fn spawn(mut command: Command, stderr: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(stderr);
        let file = file.with_context(|| format!("opening {}", stderr.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut child = command.spawn().with_context(|| format!("starting {command:?}"))?;
        let stdout = child.stdout.take().context("standard output is piped")?;
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, lines, stderr: stderr.to_path_buf() })
    }

    /// The next line of standard output.
    ///
    /// # Errors
    /// When it does not come within `limit`, or never will because the process has ended. The error shows standard
    /// error.
    pub fn next_line(&mut self, limit: Duration) -> Result<String> {
        self.lines.recv_timeout(limit).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                anyhow!("no line within {limit:?}; standard error:\n{}", self.stderr())
            }
            RecvTimeoutError::Disconnected => {
                let status =
                    self.wait(Duration::from_secs(5)).map_or("running".to_owned(), |s| s.to_string());
                anyhow!("standard output ended ({status}); standard error:\n{}", self.stderr())
            }
        })
    }

    /// The field `listening` of the one JSON line that a server prints once it accepts.
    ///
    /// # Errors
    /// As [`next_line`](Self::next_line), and when the line is another one.
    pub fn listening(&mut self, limit: Duration) -> Result<String> {
        let line = self.next_line(limit)?;
        let parsed: Option<serde_json::Value> = serde_json::from_str(&line).ok();
        let address = parsed.as_ref().and_then(|line| line["listening"].as_str());
        address.map(str::to_owned).ok_or_else(|| {
            anyhow!("expected a line {{\"listening\":…}}, got {line:?}; standard error:\n{}", self.stderr())
        })
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that it, and its predecessors with the same file, wrote to standard error.
    #[must_use]
    pub fn stderr(&self) -> String {
        std::fs::read(&self.stderr)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Asks it to end in good order (`SIGTERM`) and waits for that.
    ///
    /// # Errors
    /// When it has not ended within `limit`.
    pub fn terminate(&mut self, limit: Duration) -> Result<ExitStatus> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).context("sending SIGTERM")?;
        self.wait(limit)
    }

    /// Ends it without warning (`SIGKILL`), as a crash of the machine would.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.child.kill().context("sending SIGKILL")?;
        self.child.wait().context("waiting for the killed process")
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it has not ended within `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let status = Deadline::after(limit).poll(|| self.child.try_wait().transpose());
        status
            .ok_or_else(|| anyhow!("still running after {limit:?}; standard error:\n{}", self.stderr()))?
            .context("wait")
    }
}

impl Drop for Process {
    #[expect(clippy::print_stderr, reason = "what the child said explains why the test failed")]
    fn drop(&mut self) {
        // Both fail only for a process that has already ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- standard error of process {} ---\n{}---", self.id(), self.stderr());
        }
    }
}
