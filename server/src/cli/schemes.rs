//! `sigpost schemes`.

use clap::Args;
use sigpost_core::signature::Scheme;

use super::{Failure, print};

/// List the signature schemes
///
/// One line each: the name, how the signature is made, what is signed that protects against replays, and the header that
/// carries the signature.
#[derive(Args)]
#[command(after_help = "Examples:\n  sigpost schemes")]
pub(super) struct Schemes {}

impl Schemes {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self {} = self;
        let width = Scheme::presets().iter().map(|scheme| scheme.name().len()).max().unwrap_or_default();
        let lines: String = Scheme::presets()
            .iter()
            .map(|scheme| {
                let (name, header) = (scheme.name(), scheme.signature_header());
                let algorithm = scheme.algorithm().name();
                let replay = scheme.replay().name();
                format!("{name:width$}  {algorithm:11}  {replay:11}  {header}\n")
            })
            .collect();
        print(lines.as_bytes())
    }
}
