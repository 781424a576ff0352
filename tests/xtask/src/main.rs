//! The project's commands: `cargo xtask serve | test | npm | bench | faults | fuzz | lint`.
//!
//! Each command sets up what it needs, announces its steps on standard error, and stops at the first that fails.
//! Standard output carries results only: the folder that `npm` built, the tables of `bench` and `faults`, what `fuzz` found,
//! the server's own line.

mod bench;
mod faults;
mod fuzz;
mod lint;
mod npm;
mod output;
mod pages;
mod panics;
mod project;
mod serve;
mod setup;
mod steps;
mod test;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use output::Output;
use project::Project;
use steps::{Steps, say};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The project's commands", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  cargo xtask serve                              # a demo server on http://127.0.0.1:8080
  cargo xtask serve -- --listen 127.0.0.1:8081   # the same, elsewhere on this machine
  cargo xtask test                               # every test; what .ci/run calls
  cargo xtask npm                                # builds the npm package; `npm install` the folder it prints last
  cargo xtask bench                              # which benchmarks there are
  cargo xtask bench core                         # run one
  cargo xtask faults kill                        # kill -9 under load, 200 times
  cargo xtask fuzz --seconds 600                 # the canonicaliser against Node, for ten minutes";

const BENCH_EXAMPLES: &str = "Examples:
  cargo xtask bench               # the names
  cargo xtask bench core
  cargo xtask bench npm           # the package beside those of others
  cargo xtask bench npm -- --help
  cargo xtask bench engine        # the server between a generator and a receiver; see --help for its cases
  cargo xtask bench engine -- one-to-one soak --rounds 5";

const FAULTS_EXAMPLES: &str = "Examples:
  cargo xtask faults --list         # the names, and what is done
  cargo xtask faults                # all, which takes an hour or so
  cargo xtask faults kill stop
  cargo xtask faults --short        # as the tests do them, on the optimised binary
  SIGPOST_BIN=./sigpost cargo xtask faults kill   # another binary";

const FUZZ_EXAMPLES: &str = "Examples:
  cargo xtask fuzz                                # a minute of documents never tried before
  cargo xtask fuzz --seconds 3600
  cargo xtask fuzz --documents 2000000 --seed 7   # the same ones each time
  cargo xtask fuzz --documents 1 --seed 123       # the one that a mismatch named";

#[derive(Subcommand)]
enum Command {
    /// Build everything and run a demo server on port 8080 of this machine
    #[command(after_help = "Examples:\n  cargo xtask serve\n  cargo xtask serve -- --listen 127.0.0.1:8081")]
    Serve {
        /// Further arguments for `sigpost serve`
        #[arg(last = true, value_name = "ARGUMENTS")]
        arguments: Vec<OsString>,
    },
    /// Set up, then run every check and every test there is
    #[command(
        after_help = "Examples:\n  cargo xtask test\n  cargo nextest run -p sigpost-core   # one package, once set up"
    )]
    Test,
    /// Build the npm package; the last line printed is the folder that `npm install FOLDER` takes
    #[command(
        after_help = "Examples:\n  folder=$(cargo xtask npm | tail -n 1)\n  cd ../my-receiver && npm install \"$folder\""
    )]
    Npm,
    /// Run a benchmark: a table on standard output, JSON in target/bench/NAME.json
    #[command(after_help = BENCH_EXAMPLES)]
    Bench {
        /// The benchmark; without it, the names are listed
        name: Option<String>,
        /// Further arguments for the benchmarks `npm` and `engine`
        #[arg(last = true, value_name = "ARGUMENTS")]
        arguments: Vec<OsString>,
    },
    /// Do harm to the running server: a table on standard output, JSON in target/faults/NAME.json
    ///
    /// Crashes, full disks, hanging and hostile receivers, jumping clocks: each with figures that have to be reached and the
    /// reckoning of what was acknowledged and what arrived. Progress is on standard error. Exit code 1 when a figure was
    /// not reached.
    #[command(after_help = FAULTS_EXAMPLES)]
    Faults(faults::Choice),
    /// Hold the canonicaliser against Node 20 or 22 on random documents, until they disagree
    ///
    /// Progress is on standard error; standard output gets one line with the figures or, with exit code 1, the document
    /// that the two disagree on: as base64, with both answers, and with the seed that brings it back. Ctrl-C ends it
    /// and counts as agreement.
    #[command(after_help = FUZZ_EXAMPLES)]
    Fuzz(fuzz::Extent),
    /// Format, clippy, rustdoc, and the licences, bans and sources of dependencies
    #[command(after_help = "Examples:\n  cargo xtask lint")]
    Lint,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The causes in one line; a backtrace through this program would help nobody.
            say(&format!("\nerror: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    let output = Output::take()?;
    let project = Project::find()?;
    let mut steps = Steps::start();
    match command {
        Command::Serve { arguments } => serve::serve(&project, &mut steps, &output, &arguments),
        Command::Test => test::test(&project, &mut steps),
        Command::Npm => {
            setup::for_npm(&project, &mut steps)?;
            let folder = steps.run("npm package", || npm::npm(&project.shell, &project.root))?;
            output.line(&folder.display().to_string())
        }
        Command::Bench { name, arguments } => {
            bench::bench(&project, &mut steps, &output, name.as_deref(), &arguments)
        }
        Command::Faults(choice) => faults::faults(&project, &mut steps, &output, &choice),
        Command::Fuzz(extent) => fuzz::fuzz(&project, &mut steps, &output, &extent),
        Command::Lint => lint::lint(&project, &mut steps),
    }
}
