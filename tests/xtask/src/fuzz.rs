//! `cargo xtask fuzz`: the canonicaliser against Node, on random documents, for as long as one likes.

use std::convert::Infallible;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use clap::{Args, value_parser};
use xshell::cmd;

use crate::output::Output;
use crate::project::Project;
use crate::setup;
use crate::steps::{Steps, say};

/// The program of `tests/src/bin` that does it.
const PROGRAM: &str = "differential-fuzz";
const SECONDS: u64 = 60;
/// In seconds. Time cannot be counted on from now without end.
const YEAR: u64 = 31_536_000;

#[derive(Args)]
pub(crate) struct Extent {
    /// For how long, at most a year; a minute unless told otherwise
    #[arg(long, value_name = "N", conflicts_with = "documents", value_parser = value_parser!(u64).range(1..=YEAR))]
    seconds: Option<u64>,
    /// How many documents
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    documents: Option<u64>,
    /// The seed of the first document; the next ones count up from it. A new one each time unless told otherwise
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

/// Builds the program as what is shipped is built, and becomes it. Returns only if that fails.
pub(crate) fn fuzz(project: &Project, steps: &mut Steps, output: &Output, extent: &Extent) -> Result<()> {
    setup::for_fuzz(project, steps)?;
    let sh = &project.shell;
    steps.run("fuzz", || Ok(cmd!(sh, "cargo build --release -p sigpost-tests --bin {PROGRAM}").run()?))?;
    match become_fuzz(project, output, extent)? {}
}

fn become_fuzz(project: &Project, output: &Output, extent: &Extent) -> Result<Infallible> {
    let mut program = Command::new(project.program("release", PROGRAM));
    program.args(arguments(extent, new_seed)).current_dir(&project.root).stdout(output.for_child()?);
    say(&format!("$ {program:?}"));
    Err(program.exec()).with_context(|| format!("running {program:?}"))
}

/// What the program is told: everything, so that the line that is shown brings the same run back.
fn arguments(extent: &Extent, new_seed: impl FnOnce() -> u64) -> [String; 4] {
    let (unit, amount) = match extent.documents {
        Some(documents) => ("--documents", documents),
        None => ("--seconds", extent.seconds.unwrap_or(SECONDS)),
    };
    let seed = extent.seed.unwrap_or_else(new_seed);
    [unit.to_owned(), amount.to_string(), "--seed".to_owned(), seed.to_string()]
}

/// Another one each time, and so far from the last that runs do not overlap.
#[expect(
    clippy::disallowed_methods,
    reason = "any number will do, and the time is one that was not used before"
)]
fn new_seed() -> u64 {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    time.as_secs() << 30 | u64::from(time.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        extent: Extent,
    }

    fn told(line: &[&str]) -> Option<String> {
        let line = Line::try_parse_from([&["fuzz"], line].concat()).ok()?;
        Some(arguments(&line.extent, || 7).join(" "))
    }

    #[test]
    fn the_program_is_told_the_extent_and_the_seed() {
        assert_eq!(told(&[]).as_deref(), Some("--seconds 60 --seed 7"));
        assert_eq!(told(&["--seconds", "5", "--seed", "3"]).as_deref(), Some("--seconds 5 --seed 3"));
        assert_eq!(told(&["--documents", "1"]).as_deref(), Some("--documents 1 --seed 7"));
        assert_eq!(told(&["--documents", "1", "--seconds", "1"]), None);
    }

    #[test]
    fn nothing_and_more_than_a_year_are_no_extent() {
        assert!(
            told(&["--seconds", "31536000"]).is_some()
                && told(&["--documents", &u64::MAX.to_string()]).is_some()
        );
        for (unit, amount) in [
            ("--seconds", "0"),
            ("--seconds", "31536001"),
            ("--seconds", "18446744073709551615"),
            ("--documents", "0"),
        ] {
            assert_eq!(told(&[unit, amount]), None, "{unit} {amount}");
        }
    }
}
