//! The steps of a command: announced on standard error as they begin, timed, listed at the end.

use std::time::Instant;

use anyhow::{Context as _, Result};

/// The steps taken until now.
pub(crate) struct Steps {
    start: Instant,
    done: Vec<(String, f64)>,
}

impl Steps {
    /// Starts the clock.
    pub(crate) fn start() -> Self {
        Self { start: now(), done: Vec::new() }
    }

    /// Takes one step. An error names it.
    pub(crate) fn run<T>(&mut self, name: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        say(&format!("\n── {name} (after {:.0} s)", self.start.elapsed().as_secs_f64()));
        let start = now();
        let outcome = step();
        let seconds = start.elapsed().as_secs_f64();
        let verb = if outcome.is_ok() { "done" } else { "FAILED" };
        say(&format!("── {name}: {verb} in {seconds:.1} s"));
        self.done.push((name.to_owned(), seconds));
        outcome.with_context(|| format!("step `{name}` failed"))
    }

    /// Prints every step with its time, and the sum.
    pub(crate) fn summary(&self) {
        let width = self.done.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(5);
        say(&format!("\n{:width$}  seconds", "step"));
        for (name, seconds) in &self.done {
            say(&format!("{name:width$}  {seconds:7.1}"));
        }
        say(&format!("{:width$}  {:7.1}", "total", self.start.elapsed().as_secs_f64()));
    }
}

/// Tells the user something that is no result.
#[expect(clippy::print_stderr, reason = "a command line tool talks to its user there")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "a command line tool times its own steps: this is its one clock"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn a_failed_step_is_named_and_its_cause_is_kept() {
        let mut steps = Steps::start();
        let error =
            steps.run("clippy", || -> Result<()> { bail!("`cargo clippy` exited with 101") }).unwrap_err();
        assert_eq!(format!("{error:#}"), "step `clippy` failed: `cargo clippy` exited with 101");
    }
}
