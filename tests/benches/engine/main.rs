//! The engine as a whole: the real binary, a generator of events before it and a receiver of webhooks behind it, all on
//! the cores of this machine. `cargo xtask bench engine`.
//!
//! Three processes, so that each one's processor time can be told from the others': `load` publishes, the server
//! delivers, `recv` receives; this one starts them, reads their clocks and holds what was accepted against what was
//! received, by id. What any figure is worth depends on the machine and on the minute, so each is shown beside the bare
//! loop of the same minute (`load` straight to `recv`) and the disk's `fdatasync`. The server's metrics are read once a
//! second meanwhile, as an operator's are.

mod cases;
mod disk;
mod history;
mod load;
mod metrics;
mod recv;
mod report;
mod rig;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use cases::CASES;

const HELP: &str = "\
The engine as a whole: generator, server and receiver on this machine's cores

Usage: cargo xtask bench engine -- [OPTIONS] [CASE]...

Cases: all but those marked * unless some are named

OPTIONS:
  --seconds N   how long each rate is measured [default: 5]
  --rounds N    how often each rate is measured; the median counts [default: 3]
  --help        this text
";

fn main() -> Result<()> {
    let mut arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("load") => return load::main(&arguments.split_off(1)),
        Some("recv") => return recv::main(&arguments.split_off(1)),
        _ => {}
    }
    let Some(plan) = Plan::parse(arguments)? else {
        return help();
    };
    cases::run(&plan)
}

#[expect(clippy::print_stdout, reason = "the help is the result")]
fn help() -> Result<()> {
    print!("{HELP}\nCases:\n");
    for case in CASES {
        let mark = if case.by_default { " " } else { "*" };
        println!("  {:16}{mark} {}", case.name, case.about);
    }
    Ok(())
}

/// What is to be measured.
pub(crate) struct Plan {
    pub(crate) cases: Vec<&'static cases::Case>,
    pub(crate) seconds: Duration,
    pub(crate) rounds: usize,
    pub(crate) out: Option<PathBuf>,
}

impl Plan {
    /// `None` when help is asked for.
    fn parse(arguments: Vec<String>) -> Result<Option<Self>> {
        let mut plan = Self { cases: Vec::new(), seconds: Duration::from_secs(5), rounds: 3, out: None };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--help" | "-h" => return Ok(None),
                "--seconds" => plan.seconds = Duration::from_secs_f64(value()?.parse().context("--seconds")?),
                "--rounds" => plan.rounds = value()?.parse().context("--rounds")?,
                "--out" => plan.out = Some(value()?.into()),
                name => match CASES.iter().find(|case| case.name == name) {
                    Some(case) => plan.cases.push(case),
                    None => bail!("there is no case `{name}`; `--help` lists them"),
                },
            }
        }
        ensure!(plan.rounds > 0, "--rounds must be at least 1");
        if plan.cases.is_empty() {
            plan.cases = CASES.iter().filter(|case| case.by_default).collect();
        }
        Ok(Some(plan))
    }
}
