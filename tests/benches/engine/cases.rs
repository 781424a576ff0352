//! What is measured.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use sigpost_tests::load::usage;
use sigpost_tests::time::now;

use super::report::{Figure, Report};
use super::rig::{self, Dialect, IMMUTA, Load, NATIVE, Outcome, QLIK, Rig, float};
use super::{Plan, disk};

/// Requests under way at once, where nothing else is said.
const CONNECTIONS: usize = 64;
const WARM_UP: f64 = 1.0;

/// Something that can be measured.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) by_default: bool,
    run: fn(&Bench, &mut Report) -> Result<()>,
}

/// All there is.
pub(crate) const CASES: &[Case] = &[
    Case {
        name: "one-to-one",
        about: "an event a request, for one webhook",
        by_default: true,
        run: one_to_one,
    },
    Case {
        name: "fan-out",
        about: "an event for fifty webhooks, its body shared or framed",
        by_default: true,
        run: fan_out,
    },
    Case { name: "batches", about: "a hundred events a request", by_default: true, run: batches },
    Case {
        name: "latency",
        about: "from publishing to receiving, at 100/s and 1,000/s",
        by_default: true,
        run: latency,
    },
    Case { name: "start", about: "start, recovery after a crash, and stop", by_default: true, run: start },
    Case { name: "answers", about: "one to one, each answered with 64 KiB", by_default: true, run: answers },
    Case { name: "soak", about: "one to one for a minute", by_default: false, run: soak },
];

/// What every case is given.
struct Bench<'a> {
    plan: &'a Plan,
    binary: &'a Path,
    folder: &'a Path,
}

/// Runs what is asked for and shows it.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    let binary = rig::binary()?;
    let folder = tempfile::TempDir::new()?;
    let bench = Bench { plan, binary: &binary, folder: folder.path() };
    let mut report = Report::new();
    for case in &plan.cases {
        report.say(&format!("{}: {}", case.name, case.about));
        (case.run)(&bench, &mut report)?;
    }
    report.publish(plan.out.as_deref())
}

impl Bench<'_> {
    fn seconds(&self) -> f64 {
        self.plan.seconds.as_secs_f64()
    }

    fn rig(&self, dialect: Dialect, endpoints: usize, answer: usize) -> Result<Rig> {
        Rig::start(self.binary, dialect, endpoints, answer)
    }

    fn load(&self) -> Load {
        Load { connections: CONNECTIONS, batch: 1, seconds: self.seconds(), rate: 0.0, events: 0 }
    }

    /// The bare loop and the server by turns; the medians.
    fn beside_bare(&self, report: &mut Report, name: &str, load: Load, rig: &mut Rig) -> Result<Outcome> {
        rig.run(Load { seconds: WARM_UP, ..load })?;
        let mut rounds = Vec::new();
        for round in 0..self.plan.rounds {
            let bare = rig::bare(self.seconds().min(2.0), CONNECTIONS, self.folder)?;
            let (sync, _) = disk::fdatasync(self.folder)?;
            let outcome = rig.run(load)?;
            report.say(&format!(
                "  {name} {}/{}: {:.0}/s, {:.3} of the bare {bare:.0}/s; fdatasync {:.2} ms; CPU ratio {:.2}; p50 {:.1} p99 {:.1} ms; {} refused, {} twice",
                round + 1,
                self.plan.rounds,
                outcome.rate(),
                outcome.rate() / bare,
                millis(sync),
                outcome.cpu_ratio(),
                outcome.p50_ms,
                outcome.p99_ms,
                outcome.refused,
                outcome.duplicates,
            ));
            rounds.push((bare, sync, outcome));
        }
        rounds.sort_by(|one, other| one.2.rate().total_cmp(&other.2.rate()));
        let all: Vec<Value> = rounds
            .iter()
            .map(|(bare, sync, outcome)| json!({ "bare": bare, "fdatasync_ms": millis(*sync), "run": outcome.json() }))
            .collect();
        let (bare, sync, middle) = rounds.swap_remove(rounds.len() / 2);
        report.add(Figure {
            name: name.to_owned(),
            value: format!("{:.0}/s", middle.rate()),
            beside: format!(
                "{:.3} of bare {bare:.0}/s, CPU ratio {:.2}, {:.1} MiB at most, fdatasync {:.2} ms",
                middle.rate() / bare,
                middle.cpu_ratio(),
                middle.peak_mib,
                millis(sync)
            ),
            data: Value::Array(all),
        });
        Ok(middle)
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn one_to_one(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    let mut rig = bench.rig(NATIVE, 1, 0)?;
    bench.beside_bare(report, "one to one", bench.load(), &mut rig).map(drop)
}

fn answers(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    let mut rig = bench.rig(NATIVE, 1, 64 << 10)?;
    bench.beside_bare(report, "answers of 64 KiB", bench.load(), &mut rig).map(drop)
}

fn batches(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    let mut rig = bench.rig(NATIVE, 1, 0)?;
    let load = Load { connections: 4, batch: 100, ..bench.load() };
    bench.beside_bare(report, "batches of 100", load, &mut rig).map(drop)
}

fn fan_out(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    for (name, dialect) in [("fan-out, shared", QLIK), ("fan-out, framed", IMMUTA)] {
        let mut rig = bench.rig(dialect, 50, 0)?;
        let load = Load { connections: 16, ..bench.load() };
        bench.beside_bare(report, name, load, &mut rig)?;
    }
    Ok(())
}

fn latency(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    let mut rig = bench.rig(NATIVE, 1, 0)?;
    for rate in [100.0, 1_000.0] {
        let load = Load { rate, ..bench.load() };
        rig.run(Load { seconds: WARM_UP, ..load })?;
        let (sync, slow) = disk::fdatasync(bench.folder)?;
        let outcome = rig.run(load)?;
        report.add(Figure {
            name: format!("publish to receive at {rate}/s"),
            value: format!("p50 {:.2} p99 {:.2} ms", outcome.p50_ms, outcome.p99_ms),
            beside: format!("fdatasync p50 {:.2} p99 {:.2} ms", millis(sync), millis(slow)),
            data: outcome.json(),
        });
    }
    Ok(())
}

fn soak(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    let mut rig = bench.rig(NATIVE, 1, 0)?;
    let outcome = rig.run(Load { seconds: 60.0, ..bench.load() })?;
    let tenth = outcome.by_second.len().div_ceil(10).max(1);
    let mean = |seconds: &[u64]| float(seconds.iter().sum()) / float(seconds.len() as u64);
    // The first second is a part of one, and so is the last.
    let whole = &outcome.by_second[1..outcome.by_second.len() - 1];
    let tenths: Vec<f64> = whole.chunks(tenth).map(mean).collect();
    let (first, last) = (tenths[0], tenths[tenths.len() - 1]);
    let slowest = tenths.iter().copied().fold(f64::INFINITY, f64::min);
    report.add(Figure {
        name: "soak of 60 s".into(),
        value: format!("{:.0}/s", outcome.rate()),
        beside: format!("{first:.0}/s at first, {last:.0}/s at last, {slowest:.0}/s in the slowest tenth"),
        data: outcome.json(),
    });
    Ok(())
}

fn start(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    let mut rig = bench.rig(NATIVE, 1, 0)?;
    rig.run(Load { events: 1_000, ..bench.load() })?;
    let (rss, _) = usage::memory(rig.server.process().id())?;
    let mut figure = |name: &str, value: String| {
        report.add(Figure {
            name: name.into(),
            value: value.clone(),
            beside: String::new(),
            data: json!(value),
        });
    };
    figure("memory, idle", format!("{rss:.1} MiB"));
    std::thread::sleep(Duration::from_secs(1));
    let began = now();
    rig.server.terminate(Duration::from_secs(30))?;
    figure("stop, idle", format!("{:.0} ms", millis(began.elapsed())));
    let began = now();
    rig.server.restart()?;
    figure("start", format!("{:.0} ms", millis(began.elapsed())));
    Ok(())
}
