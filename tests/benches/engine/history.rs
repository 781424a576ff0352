//! Publishing beside a long history, and while it is deleted.
//!
//! The history is made as any other is, by publishing and delivering. That it has grown too old is a matter of the clock
//! alone, which a library before the server's libc sets ahead.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use sigpost_tests::faults::Shim;
use sigpost_tests::time::now;

use super::cases::{p50, with_sync};
use super::disk;
use super::report::{Figure, Report};
use super::rig::{Load, NATIVE, Outcome, Rig, TOKEN, float};

const ATTEMPTS: u64 = 10_000_000;
/// Longer than a tenant keeps history when nothing is said.
const DAYS: i64 = 8;
/// Of events, while publishing is measured.
const RATE: f64 = 1_000.0;
const SECONDS: f64 = 20.0;

/// Measures publishing with nothing behind it, with ten million attempts behind it, and while those are deleted.
/// Each is measured so many times, and the median counts.
pub(crate) fn measure(binary: &Path, rounds: usize, folder: &Path, report: &mut Report) -> Result<()> {
    let shim = Shim::new()?;
    let mut rig = Rig::start_under(binary, NATIVE, 1, 0, |launch| shim.under(launch))?;
    let quiet = Load { connections: 64, batch: 1, seconds: SECONDS, rate: RATE, events: 0 };
    rig.run(Load { seconds: 2.0, ..quiet })?;
    let quietly = |rig: &mut Rig, report: &mut Report, what: &str| -> Result<Measured> {
        let mut outcomes = Vec::new();
        for round in 1..=rounds {
            let (sync, _) = disk::fdatasync(folder)?;
            let outcome = rig.run(quiet)?;
            report.say(&format!(
                "  {what} {round}/{rounds}: p99 {:.2} ms, CPU ratio {:.2}, {}",
                outcome.answered_p99_ms,
                outcome.cpu_ratio(),
                p50(sync)
            ));
            outcomes.push(Measured { outcome, sync });
        }
        outcomes.sort_by(|one, other| one.outcome.answered_p99_ms.total_cmp(&other.outcome.answered_p99_ms));
        Ok(outcomes.swap_remove(rounds / 2))
    };
    let empty = quietly(&mut rig, report, "empty")?;
    tell(report, "empty", &empty, &empty);

    let began = now();
    for part in 1..=10 {
        let fill = Load { connections: 4, batch: 100, seconds: 3_600.0, rate: 0.0, events: ATTEMPTS / 10 };
        let filled = rig.run(fill)?;
        report.say(&format!("  {}0 % of the history, at {:.0}/s", part, filled.rate()));
    }
    report.say(&format!("  filled within {:.0} s", began.elapsed().as_secs_f64()));
    // What the filling has left to be written is not what is measured.
    rustix::fs::sync();
    let full = quietly(&mut rig, report, "full")?;
    tell(report, "full", &full, &empty);

    rig.server.terminate(Duration::from_secs(60))?;
    shim.set_clock(DAYS * 24 * 60 * 60)?;
    rig.server.restart()?;
    // As the empty one before it was measured: the first second after a start is not it.
    rig.run(Load { seconds: 2.0, ..quiet })?;
    let (began, before) = (now(), oldest(&rig)?);
    let deleting = quietly(&mut rig, report, "being deleted")?;
    let gone = oldest(&rig)?.saturating_sub(before);
    let took = began.elapsed().as_secs_f64();
    ensure!(gone > 0, "nothing was deleted meanwhile");
    ensure!(gone < ATTEMPTS - before, "all was deleted before publishing was measured beside it");
    tell(report, "being deleted", &deleting, &empty);
    report.add(Figure {
        name: "history deleted".into(),
        value: format!("{:.0}/s", float(gone) / took),
        beside: format!("{gone} events and their attempts in {took:.0} s"),
        data: json!({ "events": gone, "seconds": took }),
    });
    Ok(())
}

/// A run, and what the disk needed just before.
struct Measured {
    outcome: Outcome,
    sync: Duration,
}

fn tell(report: &mut Report, what: &str, measured: &Measured, empty: &Measured) {
    let Measured { outcome, sync } = measured;
    report.add(Figure {
        name: format!("publishing, history {what}"),
        value: format!("p99 {:.2} ms", outcome.answered_p99_ms),
        beside: format!(
            "{:.2} of an empty one; received p50 {:.2} p99 {:.2} ms, {:.0} MiB at most, CPU ratio {:.2}, {}",
            outcome.answered_p99_ms / empty.outcome.answered_p99_ms,
            outcome.p50_ms,
            outcome.p99_ms,
            outcome.peak_mib,
            outcome.cpu_ratio(),
            p50(*sync)
        ),
        data: with_sync(outcome, *sync),
    });
}

/// The number of the oldest event there is.
fn oldest(rig: &Rig) -> Result<u64> {
    let answer = rig.server.client().with_token(TOKEN).get("/v1/deliveries?order=asc&limit=1")?;
    let page = answer.json()?;
    let delivery = page["deliveries"].get(0).with_context(|| format!("no delivery in {page}"))?;
    let number = delivery["event"]["id"].as_str().context("an event has an id")?;
    number.parse().with_context(|| format!("{number} is no number of an event"))
}
