//! `sigpost canonicalize`.

use clap::Args;
use sigpost_core::json::{self, Limits};

use super::input::stdin_within;
use super::{Failure, print};

/// Write JSON from stdin as JavaScript's JSON.stringify would
///
/// Writes exactly the bytes of JSON.stringify(JSON.parse(input)), without a newline. Input that JSON.parse refuses
/// is refused with the place and the reason, and exit code 1.
#[derive(Args)]
#[command(after_help = "Examples:\n  sigpost canonicalize < body.json | sha256sum")]
pub(super) struct Canonicalize {}

impl Canonicalize {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self {} = self;
        let limits = Limits::default();
        let input = stdin_within(limits.max_bytes)?;
        print(&json::canonicalize_with(&input, limits).map_err(|error| Failure::of(&error))?)
    }
}
