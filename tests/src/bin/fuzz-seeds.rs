//! Writes what the fuzzers of `tests/fuzz` begin with, from the vectors, into the folders where cargo-fuzz looks.

use std::io::Write as _;

use anyhow::Result;
use sigpost_tests::fuzz::targets::TARGETS;
use sigpost_tests::workspace;

fn main() -> Result<()> {
    for target in TARGETS {
        let folder = workspace::root().join("tests/fuzz/corpus").join(target.name);
        let count = target.write_seeds(&folder)?;
        writeln!(std::io::stdout(), "{count:5} seeds in {}", folder.display())?;
    }
    Ok(())
}
