//! The canonicaliser against Node for as long as one likes. `cargo xtask fuzz` builds it, optimised, and runs it:
//!
//! ```text
//! differential-fuzz --seconds N|--documents N --seed S
//! ```

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use signal_hook::consts::{SIGINT, SIGTERM};
use sigpost_core::json::canonicalize;
use sigpost_tests::fuzz::differential::{Outcome, Plan, Tally, run};
use sigpost_tests::time::{Deadline, now};

/// How often it says how far it is.
const REPORT: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    match fuzz() {
        Ok(agreed) => ExitCode::from(u8::from(!agreed)),
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Runs; true when both agreed on every document.
fn fuzz() -> Result<bool> {
    let (plan, limit) = arguments()?;
    let interrupted = interruption()?;
    say(&format!("documents from seed {} to {} Nodes; Ctrl-C ends it", plan.seed, plan.nodes));
    let start = now();
    let speed = |tally: &Tally| format!("{:.0} a second", per_second(tally.documents(), start.elapsed()));
    let deadline = limit.map(Deadline::after);
    let mut report = Deadline::after(REPORT);
    let Outcome { tally, mismatch } = run(plan, canonicalize, |tally| {
        if report.has_passed() {
            say(&format!("{tally}, {}", speed(tally)));
            report = Deadline::after(REPORT);
        }
        !interrupted.load(Ordering::Relaxed) && !deadline.is_some_and(Deadline::has_passed)
    })?;
    let mut output = std::io::stdout().lock();
    if let Some(mismatch) = &mismatch {
        writeln!(output, "{mismatch}")?;
    }
    writeln!(output, "{tally}, {}, seed {}", speed(&tally), plan.seed)?;
    Ok(mismatch.is_none())
}

/// What to run, and how long at most.
fn arguments() -> Result<(Plan, Option<Duration>)> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [unit, amount, "--seed", seed] = arguments[..] else {
        bail!("--seconds N or --documents N, then --seed S; `cargo xtask fuzz` is easier");
    };
    let amount: u64 = amount.parse().with_context(|| format!("{unit} {amount}"))?;
    let (documents, limit) = match unit {
        "--seconds" => (u64::MAX, Some(Duration::from_secs(amount))),
        "--documents" => (amount, None),
        _ => bail!("{unit}: neither --seconds nor --documents"),
    };
    let seed = seed.parse().with_context(|| format!("--seed {seed}"))?;
    // Making the documents takes about as long as answering: a pair of threads keeps a pair of processors busy.
    let nodes = std::thread::available_parallelism()?.get();
    Ok((Plan { seed, documents, nodes }, limit))
}

/// Becomes true at the first Ctrl-C; the second ends the program at once.
fn interruption() -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&interrupted))?;
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    Ok(interrupted)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn per_second(documents: u64, time: Duration) -> f64 {
    documents as f64 / time.as_secs_f64()
}

#[expect(clippy::print_stderr, reason = "a command line tool talks to its user there")]
fn say(text: &str) {
    eprintln!("{text}");
}
