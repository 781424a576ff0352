//! Writes the names of the mistakes and hints of the core as TypeScript, so that the package's are the core's.

use std::io::{self, Write};

use sigpost_core::signature::{Hint, Mistake};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "// Written by wasm/examples/mistakes.rs from the core's names.")?;
    union(&mut out, "MistakeCode", Mistake::codes())?;
    union(&mut out, "HintCode", Hint::codes())
}

fn union(out: &mut impl Write, name: &str, codes: impl Iterator<Item = &'static str>) -> io::Result<()> {
    writeln!(out, "\nexport type {name} =")?;
    let codes: Vec<String> = codes.map(|code| format!("  | '{code}'")).collect();
    writeln!(out, "{};", codes.join("\n"))
}
