//! `cargo xtask faults [NAME]`: what goes wrong, done to the binary as it is shipped, for as long as it takes.

use std::ffi::OsString;

use anyhow::Result;
use clap::Args;
use xshell::cmd;

use crate::output::Output;
use crate::project::Project;
use crate::setup;
use crate::steps::{Steps, say};

/// The program of `tests/src/bin` that does it.
const PROGRAM: &str = "faults";

#[derive(Args)]
pub(crate) struct Choice {
    /// The faults; all of them, one after the other, unless some are named
    names: Vec<String>,
    /// Do as much as the tests do, seconds instead of minutes each
    #[arg(long)]
    short: bool,
    /// Only list them
    #[arg(long, conflicts_with_all = ["names", "short"])]
    list: bool,
}

/// Builds the server, unless `SIGPOST_BIN` names one, and the program, and runs it.
pub(crate) fn faults(project: &Project, steps: &mut Steps, output: &Output, choice: &Choice) -> Result<()> {
    let sh = &project.shell;
    let out = project.target.join("faults");
    sh.create_dir(&out)?;
    steps.run("C compiler", || setup::c_compiler(project))?;
    steps.run("program", || Ok(cmd!(sh, "cargo build --release -p sigpost-tests --bin {PROGRAM}").run()?))?;
    let program = project.program("release", PROGRAM);
    if choice.list {
        return output.line(&cmd!(sh, "{program} --list").read()?);
    }
    let server = match sh.var_os("SIGPOST_BIN") {
        Some(server) => server,
        None => steps.run("server", || {
            cmd!(sh, "cargo build --release -p sigpost-server").run()?;
            Ok(project.program("release", "sigpost").into_os_string())
        })?,
    };
    let arguments = arguments(choice);
    steps.run("faults", || {
        let run = cmd!(sh, "{program} --out {out} {arguments...}").env("SIGPOST_BIN", server);
        let mut run = std::process::Command::from(run);
        let status = run.stdout(output.for_child()?).status()?;
        anyhow::ensure!(status.success(), "a figure was not reached, or a fault could not be tried");
        Ok(())
    })?;
    say(&format!("{}", out.display()));
    Ok(())
}

fn arguments(choice: &Choice) -> Vec<OsString> {
    let short = choice.short.then(|| "--short".into());
    short.into_iter().chain(choice.names.iter().map(Into::into)).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        choice: Choice,
    }

    #[test]
    fn names_are_passed_on_and_a_list_is_of_all() {
        let told = |line: &[&str]| {
            let line = Line::try_parse_from([&["faults"], line].concat()).ok()?;
            Some(arguments(&line.choice).join(" ".as_ref()).into_string().unwrap())
        };
        assert_eq!(told(&[]).as_deref(), Some(""));
        assert_eq!(told(&["kill", "stop"]).as_deref(), Some("kill stop"));
        assert_eq!(told(&["kill", "--short"]).as_deref(), Some("--short kill"));
        assert_eq!(told(&["--list", "kill"]), None);
    }
}
