//! What the targets of `tests/fuzz` do with the bytes that libFuzzer thinks of: each is a function that panics when a
//! rule of the core is broken. They stand here so that the tests, which need neither nightly nor a fuzzer, keep them
//! working: they hand each its seeds and texts made of them.

mod canonicalize;
mod explain;
mod filter;
mod headers;
mod schemes;
mod seeds;
mod verify;

pub use canonicalize::canonicalize;
pub use explain::explain;
pub use filter::filter;
pub use headers::headers;
pub use verify::verify;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// A target, as libFuzzer knows it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its file in `tests/fuzz/fuzz_targets`.
    pub name: &'static str,
    /// What it does with one input.
    pub run: fn(&[u8]),
    /// Inputs to begin with, from the vectors.
    pub seeds: fn() -> Result<Vec<Vec<u8>>>,
}

impl Target {
    /// Writes the seeds into a folder, a file each, and says how many there are.
    ///
    /// # Errors
    /// When the vectors cannot be read or the folder cannot be written.
    pub fn write_seeds(&self, folder: &Path) -> Result<usize> {
        let seeds = (self.seeds)()?;
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        for (place, seed) in seeds.iter().enumerate() {
            let file = folder.join(format!("vector-{place:04}"));
            fs::write(&file, seed).with_context(|| format!("writing {}", file.display()))?;
        }
        Ok(seeds.len())
    }
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "canonicalize", run: canonicalize, seeds: seeds::documents },
    Target { name: "explain", run: explain, seeds: seeds::questions },
    Target { name: "filter", run: filter, seeds: seeds::filters },
    Target { name: "headers", run: headers, seeds: seeds::requests },
    Target { name: "verify", run: verify, seeds: seeds::messages },
];
