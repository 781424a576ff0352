//! `sigpost schemes`.

use clap::Args;
use sigpost_core::signature::Scheme;

use super::{Failure, print};

/// List the signature schemes
///
/// One line each: the name, the header that carries the signature, and how it is made.
#[derive(Args)]
pub(super) struct Schemes {}

impl Schemes {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self {} = self;
        let width = Scheme::presets().iter().map(|scheme| scheme.name().len()).max().unwrap_or_default();
        let lines: String = Scheme::presets()
            .iter()
            .map(|scheme| {
                let (name, header) = (scheme.name(), scheme.signature_header());
                format!("{name:width$}  {header}  {:?}\n", scheme.algorithm())
            })
            .collect();
        print(lines.as_bytes())
    }
}
