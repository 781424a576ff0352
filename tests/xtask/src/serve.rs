//! `cargo xtask serve`: everything built, and a demo server.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};
use xshell::cmd;

use crate::output::Output;
use crate::project::Project;
use crate::steps::{Steps, say};
use crate::{npm, pages, setup};

const LISTEN: &str = "127.0.0.1:8080";

/// Builds, then becomes the server. Returns only if that fails.
pub(crate) fn serve(
    project: &Project,
    steps: &mut Steps,
    output: &Output,
    arguments: &[OsString],
) -> Result<()> {
    setup::for_serve(project, steps)?;
    let sh = &project.shell;
    let package = steps.run("npm package", || npm::npm(sh, &project.root))?;
    pages::pages(project, steps)?;
    steps.run("server", || Ok(cmd!(sh, "cargo build --release -p sigpost-server").run()?))?;
    say(&format!("\nThe npm package: npm install {}", package.display()));
    match become_server(project, output, arguments)? {}
}

fn become_server(project: &Project, output: &Output, arguments: &[OsString]) -> Result<Infallible> {
    let mut server = Command::new(project.program("release", "sigpost"));
    server.args(["serve", "--demo"]).args(with_default(arguments)).current_dir(&project.root);
    server.stdout(output.for_child()?);
    say(&format!("$ {server:?}"));
    Err(server.exec()).with_context(|| format!("running {server:?}"))
}

/// The arguments, with the address of the demo unless they name another.
fn with_default(arguments: &[OsString]) -> Vec<OsString> {
    let names_one = arguments.iter().any(|argument| argument.to_string_lossy().starts_with("--listen"));
    let default = if names_one { [].as_slice() } else { &["--listen", LISTEN] };
    default.iter().map(OsString::from).chain(arguments.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_address_takes_the_place_of_the_default() {
        assert_eq!(with_default(&[]), ["--listen", LISTEN]);
        assert_eq!(with_default(&["--data".into(), "d".into()]), ["--listen", LISTEN, "--data", "d"]);
        assert_eq!(with_default(&["--listen=[::1]:1".into()]), ["--listen=[::1]:1"]);
    }
}
