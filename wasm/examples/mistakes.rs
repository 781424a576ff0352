//! Writes the names of the mistakes and hints of the core as TypeScript, so that the package's are the core's.

use std::io::{self, Write};

use sigpost_core::signature::{Hint, Mistake};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "// Written by wasm/examples/mistakes.rs from the core's names.")?;
    union(&mut out, "MistakeCode", MISTAKE, Mistake::codes())?;
    union(&mut out, "HintCode", HINT, Hint::codes())
}

const MISTAKE: &str = "\
/**
 * The name of a mistake, which never changes.
 *
 * @example
 * ```js
 * import { explain, sign } from 'sigpost';
 *
 * const headers = sign('immuta', 'secret', { body: '{\"n\":1}' });
 * explain('immuta', 'secret', headers, '{ \"n\": 1 }').mistakes[0].code; // 'reserialized'
 * ```
 */";

const HINT: &str = "\
/**
 * The name of a hint, which never changes.
 *
 * @example
 * ```js
 * import { explain, sign } from 'sigpost';
 *
 * const headers = sign('immuta', 'secret', { body: '{\"n\":1}' });
 * explain('immuta', 'secret', headers, '').hints[0].code; // 'empty_body'
 * ```
 */";

/// Writes a union of codes behind its doc comment, whose example the package's tests run.
fn union(
    out: &mut impl Write,
    name: &str,
    comment: &str,
    codes: impl Iterator<Item = &'static str>,
) -> io::Result<()> {
    writeln!(out, "\n{comment}\nexport type {name} =")?;
    let codes: Vec<String> = codes.map(|code| format!("  | '{code}'")).collect();
    writeln!(out, "{};", codes.join("\n"))
}
