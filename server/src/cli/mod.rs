//! The command line: `sigpost COMMAND`. Each command is a file; this one only reads the arguments.
//!
//! Output a program may read goes to stdout, everything for people to stderr. Exit codes: 0 done, 1 no (a signature
//! does not verify, the server could not run), 2 wrong usage.

mod backup;
mod canonicalize;
mod demo;
mod doctor;
mod explain;
mod input;
mod keys;
mod listen;
mod place;
mod report;
mod schemes;
mod serve;
mod sign;
mod token;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::causes::Causes;

/// Signs webhooks, delivers them durably, and proves that they are genuine.
#[derive(Parser)]
#[command(name = "sigpost", version, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  sigpost serve --demo                          a server to try out, with a receiver and lines to paste
  sigpost serve --config sigpost.toml           a server
  sigpost listen --scheme immuta --secret-file s --port 9000
  sigpost token                                 a new token, with its hash for the configuration
  sigpost backup --config sigpost.toml copy.db  a copy of the database, also while the server runs
  sigpost keys rotate --config sigpost.toml     a new master key
  sigpost doctor --config sigpost.toml          is everything in order?
  sigpost sign --scheme immuta --secret-file s < body.json
  sigpost verify --scheme immuta --secret-file s -H 'x-immuta-webhook-signature-sha256: …' < body.json
  sigpost explain --scheme immuta --secret-file s -H 'x-immuta-webhook-signature-sha256: …' < body.json
  sigpost canonicalize < body.json";

// What each is for stands on its arguments: documentation here would hide the rest of that from `--help`.
#[derive(Subcommand)]
enum Command {
    Serve(serve::Serve),
    Listen(listen::Listen),
    Sign(sign::Sign),
    Verify(verify::Verify),
    Explain(explain::Explain),
    Canonicalize(canonicalize::Canonicalize),
    Schemes(schemes::Schemes),
    Token(token::Token),
    Backup(backup::Backup),
    Keys(keys::Keys),
    Doctor(doctor::Doctor),
}

/// Why a command ended without doing what it was asked.
#[derive(Debug)]
enum Failure {
    /// The arguments or the input are wrong: exit 2.
    Usage(String),
    /// It did not work: exit 1.
    Failed(String),
    /// The answer is no, and it has been said: exit 1.
    No,
}

impl Failure {
    /// A failure with its whole chain of causes.
    fn of(error: &(dyn core::error::Error + 'static)) -> Self {
        Self::Failed(Causes(error).to_string())
    }
}

/// Runs the command that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(command) => command.run(),
        Command::Listen(command) => command.run(),
        Command::Sign(command) => command.run(),
        Command::Verify(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Canonicalize(command) => command.run(),
        Command::Schemes(command) => command.run(),
        Command::Token(command) => command.run(),
        Command::Backup(command) => command.run(),
        Command::Keys(command) => command.run(),
        Command::Doctor(command) => command.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::No) => ExitCode::from(1),
        Err(Failure::Failed(message)) => {
            say(&format!("sigpost: {message}"));
            ExitCode::from(1)
        }
        Err(Failure::Usage(message)) => {
            say(&format!("sigpost: {message}"));
            ExitCode::from(2)
        }
    }
}

/// Tells a person something, on stderr. A closed stderr is no reason to stop.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes output on stdout.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| Failure::of(&error))
}

/// An executor for the commands that wait for the network.
fn executor() -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = crate::config::worker_threads() {
        builder.worker_threads(threads);
    }
    builder.enable_all().build().map_err(|error| Failure::of(&error))
}
