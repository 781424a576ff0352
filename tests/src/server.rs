//! The real server: the binary `sigpost` with a configuration, in a folder of its own, on a free port.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use sigpost_tests::server::Launch;
//! let mut server = Launch::sigpost("[[tenant]]\nname = \"acme\"\ndialect = \"immuta\"")?.start()?;
//! let answer = server.client().get("/healthz")?;
//! assert_eq!(answer.status, 200);
//! server.kill()?; // a crash …
//! server.restart()?; // … and what it left behind
//! # Ok(())
//! # }
//! ```

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::http::Client;
use crate::process::Process;
use crate::time::Deadline;
use crate::workspace;

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Launch {
    program: PathBuf,
    config: String,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    data: PathBuf,
    prelude: Option<String>,
    limit: Duration,
}

impl Launch {
    /// `sigpost serve` with this configuration (TOML): the binary that `SIGPOST_BIN` names, else the workspace's,
    /// built if it is not up to date.
    ///
    /// # Errors
    /// When the binary cannot be built.
    pub fn sigpost(config: impl Into<String>) -> Result<Self> {
        Ok(Self::program(binary()?, config))
    }

    /// Another program in its place, called with the same arguments.
    #[must_use]
    pub fn program(program: impl Into<PathBuf>, config: impl Into<String>) -> Self {
        let (program, config) = (program.into(), config.into());
        Self {
            program,
            config,
            arguments: Vec::new(),
            environment: Vec::new(),
            data: "data".into(),
            prelude: None,
            limit: Duration::from_secs(20),
        }
    }

    /// One more argument, after those that every server gets.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// One more environment variable.
    #[must_use]
    pub fn environment(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Its data elsewhere than in its own folder.
    #[must_use]
    pub fn data(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data = folder.into();
        self
    }

    /// By a shell that first runs this line, such as `ulimit -n 512`, and then becomes the server.
    #[must_use]
    pub fn after(mut self, line: &str) -> Self {
        self.prelude = Some(line.to_owned());
        self
    }

    /// How long the server may take until it accepts, 20 s unless said otherwise.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts it in a new temporary folder and waits until it accepts.
    ///
    /// # Errors
    /// When it ends, says something else than where it listens, or nothing in time; with its standard error.
    pub fn start(self) -> Result<Server> {
        let folder = TempDir::with_prefix("sigpost-test-").context("making a temporary folder")?;
        std::fs::write(folder.path().join("sigpost.toml"), &self.config)?;
        let (process, base) = self.spawn(folder.path())?;
        Ok(Server { process, base, launch: self, folder })
    }

    fn spawn(&self, folder: &Path) -> Result<(Process, String)> {
        let mut command = match &self.prelude {
            None => Command::new(&self.program),
            Some(line) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("{line} && exec \"$0\" \"$@\"")]).arg(&self.program);
                shell
            }
        };
        command.arg("serve").args(["--listen", "127.0.0.1:0", "--config", "sigpost.toml", "--data"]);
        command.arg(&self.data);
        command.args(&self.arguments).current_dir(folder);
        // Settings of the surroundings are not part of the test.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SIGPOST_") {
                command.env_remove(name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut process = Process::spawn(command, &folder.join("stderr.log"))?;
        let base = process.listening(self.limit)?;
        Ok((process, base))
    }
}

/// A running server. Dropping it kills it and removes its folder.
#[derive(Debug)]
pub struct Server {
    // Declared before the folder: the process ends before its files go.
    process: Process,
    base: String,
    launch: Launch,
    folder: TempDir,
}

impl Server {
    /// Where it listens, such as `http://127.0.0.1:40123`, without a slash at the end. Changes at a restart.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A client of it, without a token.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(&self.base)
    }

    /// A client of its admin listener, where the log says that it is.
    ///
    /// # Errors
    /// When the log does not say so: the configuration names none.
    pub fn apart(&self) -> Result<Client> {
        const TOLD: &str = "health and metrics are served apart";
        // What is logged may be written a moment later.
        let address = Deadline::after(Duration::from_secs(20)).poll(|| {
            let log = self.stderr();
            // The last: a restart names another.
            let line = log.lines().rfind(|line| line.contains(TOLD))?;
            Some(serde_json::from_str::<Value>(line).ok()?["address"].as_str()?.to_owned())
        });
        let address = address.context("the log names no admin listener")?;
        Ok(Client::new(&format!("http://{address}")))
    }

    /// Its folder: `sigpost.toml`, `data/`, `stderr.log`. The working directory of the process.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process, for signals and output.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// All that it wrote to standard error, before restarts too.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.process.stderr()
    }

    /// Ends it as a crash would: `SIGKILL`.
    ///
    /// # Errors
    /// As [`Process::kill`].
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.process.kill()
    }

    /// Ends it in good order: `SIGTERM`.
    ///
    /// # Errors
    /// When it has not ended within `limit`.
    pub fn terminate(&mut self, limit: Duration) -> Result<ExitStatus> {
        self.process.terminate(limit)
    }

    /// Starts it again over the same data, after killing it if it still runs.
    ///
    /// # Errors
    /// As [`Launch::start`].
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        (self.process, self.base) = self.launch.spawn(self.folder.path())?;
        Ok(())
    }

    /// As [`restart`](Self::restart), with another configuration.
    ///
    /// # Errors
    /// As [`Launch::start`].
    pub fn restart_with(&mut self, config: &str) -> Result<()> {
        std::fs::write(self.folder.path().join("sigpost.toml"), config)?;
        self.restart()
    }
}

/// The binary under test: the one that `SIGPOST_BIN` names, else the workspace's, built if it is not up to date.
///
/// Building here asks for the whole workspace's features, as `cargo xtask test` does: nothing is compiled twice.
///
/// # Errors
/// When there is no such file, or the binary cannot be built.
pub fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("SIGPOST_BIN") {
        let path = PathBuf::from(path);
        ensure!(path.is_file(), "SIGPOST_BIN names {}, which is no file", path.display());
        return Ok(path);
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--workspace", "--bin", "sigpost"]).current_dir(workspace::root());
    let status = cargo.status().context("running cargo; or set SIGPOST_BIN to a built binary")?;
    ensure!(status.success(), "{cargo:?} failed: {status}");
    let name = format!("sigpost{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::target_directory()?.join("debug").join(name))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A program that stands in for the binary, so that the harness is tested without it.
    fn script(folder: &TempDir, text: &str) -> Launch {
        let path = folder.path().join("program");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Launch::program(path, "[server]\n")
    }

    #[test]
    fn a_server_that_fails_early_shows_its_standard_error() {
        let folder = TempDir::new().unwrap();
        let error = script(&folder, "echo 'no such tenant' >&2; exit 3").start().unwrap_err().to_string();
        assert!(error.contains("no such tenant") && error.contains('3'), "{error}");
    }

    #[test]
    fn a_server_that_says_nothing_is_given_up() {
        let folder = TempDir::new().unwrap();
        let launch = script(&folder, "echo thinking >&2; exec sleep 60").within(Duration::from_millis(300));
        let error = launch.start().unwrap_err().to_string();
        assert!(error.contains("no line within 300ms") && error.contains("thinking"), "{error}");
    }

    #[test]
    fn a_server_that_prints_something_else_is_refused() {
        let folder = TempDir::new().unwrap();
        let error = script(&folder, "echo ready; exec sleep 60").start().unwrap_err().to_string();
        assert!(error.contains("\"ready\""), "{error}");
    }

    #[test]
    fn a_server_restarts_over_the_same_folder() {
        let folder = TempDir::new().unwrap();
        let text = r#"echo "$@ $EXTRA" >> runs; echo "{\"listening\":\"http://127.0.0.1:$(wc -l < runs)\"}"; exec sleep 60"#;
        let mut server = script(&folder, text).argument("--demo").environment("EXTRA", "e").start().unwrap();
        assert_eq!(server.base(), "http://127.0.0.1:1");
        server.restart().unwrap();
        assert_eq!(server.base(), "http://127.0.0.1:2");
        let runs = std::fs::read_to_string(server.folder().join("runs")).unwrap();
        let line = "serve --listen 127.0.0.1:0 --config sigpost.toml --data data --demo e\n";
        assert_eq!(runs, line.repeat(2));
    }

    #[test]
    fn a_server_is_started_within_limits_by_a_shell_that_becomes_it() {
        let folder = TempDir::new().unwrap();
        let text = r#"ulimit -n > files; echo "{\"listening\":\"http://127.0.0.1:$$\"}"; exec sleep 60"#;
        let mut server = script(&folder, text).after("ulimit -n 99").start().unwrap();
        let base = format!("http://127.0.0.1:{}", server.process().id());
        assert_eq!(server.base(), base);
        assert_eq!(std::fs::read_to_string(server.folder().join("files")).unwrap(), "99\n");
    }

    #[test]
    fn terminate_reports_the_status_and_a_deaf_server_is_named() {
        let folder = TempDir::new().unwrap();
        let start = "echo '{\"listening\":\"http://127.0.0.1:1\"}'";
        let loop_ = "while :; do sleep 0.05; done";
        let mut server = script(&folder, &format!("trap 'exit 7' TERM; {start}; {loop_}")).start().unwrap();
        assert_eq!(server.terminate(Duration::from_secs(10)).unwrap().code(), Some(7));
        let mut deaf = script(&folder, &format!("trap '' TERM; {start}; {loop_}")).start().unwrap();
        assert!(
            deaf.terminate(Duration::from_millis(200)).unwrap_err().to_string().contains("still running")
        );
    }

    #[test]
    fn a_dropped_server_is_gone_with_its_folder() {
        let folder = TempDir::new().unwrap();
        let text = "echo '{\"listening\":\"http://127.0.0.1:1\"}'; exec sleep 60";
        let mut server = script(&folder, text).start().unwrap();
        let (id, path) = (server.process().id(), server.folder().to_path_buf());
        drop(server);
        assert!(!path.exists());
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }
}
