//! Faults, one after the other. `cargo xtask faults` builds it and runs it:
//!
//! ```text
//! faults --out FOLDER [--short] [NAME]...
//! faults --list
//! ```

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use sigpost_tests::faults::{self, Extent, FAULTS, Fault};

fn main() -> ExitCode {
    match run() {
        Ok(met) => ExitCode::from(u8::from(!met)),
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// What to do.
struct Plan {
    faults: Vec<&'static Fault>,
    extent: Extent,
    out: PathBuf,
}

/// Runs them all, whatever becomes of one; true when all figures were met.
fn run() -> Result<bool> {
    let mut output = std::io::stdout().lock();
    if std::env::args().skip(1).eq(["--list"]) {
        for Fault { name, about, .. } in FAULTS {
            writeln!(output, "{name:14} {about}")?;
        }
        return Ok(true);
    }
    let plan = arguments(std::env::args().skip(1))?;
    let mut all_met = true;
    for fault in plan.faults {
        say(&format!("{}: {}", fault.name, fault.about));
        match fault.run(plan.extent, say) {
            Ok(trial) => {
                all_met &= trial.is_met();
                write!(output, "{}", trial.table())?;
                keep(&plan.out, fault.name, &trial.json())?;
            }
            Err(error) => {
                all_met = false;
                writeln!(output, "{:14} FAILED: {error:#}", fault.name)?;
            }
        }
    }
    Ok(all_met)
}

fn arguments(mut arguments: impl Iterator<Item = String>) -> Result<Plan> {
    let mut plan = Plan { faults: Vec::new(), extent: Extent::Long, out: PathBuf::from(".") };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--short" => plan.extent = Extent::Short,
            "--out" => plan.out = arguments.next().context("--out needs a folder")?.into(),
            name => plan.faults.push(faults::find(name)?),
        }
    }
    if plan.faults.is_empty() {
        plan.faults = FAULTS.iter().collect();
    }
    Ok(plan)
}

fn keep(folder: &Path, name: &str, trial: &serde_json::Value) -> Result<()> {
    let path = folder.join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(trial)?;
    std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
}

#[expect(clippy::print_stderr, reason = "it takes minutes: this is its progress")]
fn say(text: &str) {
    eprintln!("{text}");
}
