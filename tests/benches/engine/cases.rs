//! What is measured.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use sigpost_tests::faults::Shim;
use sigpost_tests::load::usage;
use sigpost_tests::time::now;

use super::metrics::Scrape;
use super::report::{Figure, Report};
use super::rig::{self, Dialect, IMMUTA, Load, NATIVE, Outcome, QLIK, Rig, float};
use super::{Plan, disk, history};

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
    Case {
        name: "slow-disk",
        about: "the same on a disk that needs 3.8 ms more to make anything durable",
        by_default: true,
        run: slow_disk,
    },
    Case { name: "start", about: "start and stop, with nothing to do", by_default: true, run: start },
    Case {
        name: "recovery",
        about: "killed with 100,000 pending, and started again",
        by_default: true,
        run: recovery,
    },
    Case {
        name: "million",
        about: "a million pending for a receiver that hangs",
        by_default: false,
        run: million,
    },
    Case { name: "answers", about: "one to one, each answered with 64 KiB", by_default: true, run: answers },
    Case {
        name: "history",
        about: "publishing beside ten million attempts, and while they are deleted (20 GB, 10 minutes)",
        by_default: false,
        run: |bench, report| history::measure(bench.binary, bench.plan.rounds, bench.folder, report),
    },
    Case { name: "soak", about: "one to one for a minute", by_default: false, run: soak },
];

/// What every case is given.
struct Bench<'a> {
    plan: &'a Plan,
    binary: &'a Path,
    /// A server that writes nothing down.
    without: Option<&'a Path>,
    folder: &'a Path,
}

/// Runs what is asked for and shows it.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    let binary = rig::binary()?;
    let without = rig::without_storage();
    let folder = tempfile::TempDir::new()?;
    let bench = Bench { plan, binary: &binary, without: without.as_deref(), folder: folder.path() };
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

    /// The bare loop, a server that writes nothing down, and the server, by turns; the median of the server's rates with
    /// what stood beside it.
    fn beside_bare(&self, report: &mut Report, name: &str, load: Load, rig: &mut Rig) -> Result<()> {
        let without = self.without.map(|binary| Rig::start(binary, rig.dialect, rig.endpoints, rig.answer));
        let mut without = without.transpose()?;
        let warm_up = Load { seconds: WARM_UP, ..load };
        rig.run(warm_up)?;
        without.as_mut().map(|rig| rig.run(warm_up)).transpose()?;
        let mut rounds = Vec::new();
        for number in 1..=self.plan.rounds {
            let round = Round {
                bare: rig::bare(self.seconds().min(2.0), CONNECTIONS, self.folder)?,
                sync: disk::fdatasync(self.folder)?.0,
                without: without.as_mut().map(|rig| rig.run(load)).transpose()?,
                outcome: rig.run(load)?,
            };
            report.say(&format!(
                "  {name} {number}/{}: {}; {}",
                self.plan.rounds,
                round.value(),
                round.beside()
            ));
            rounds.push(round);
        }
        rounds.sort_by(|one, other| one.outcome.rate().total_cmp(&other.outcome.rate()));
        let middle = &rounds[rounds.len() / 2];
        report.add(Figure {
            name: name.to_owned(),
            value: middle.value(),
            beside: middle.beside(),
            data: rounds.iter().map(Round::json).collect(),
        });
        Ok(())
    }
}

/// What was measured within the same minute.
struct Round {
    /// Requests a second from `load` straight to `recv`.
    bare: f64,
    sync: Duration,
    without: Option<Outcome>,
    outcome: Outcome,
}

impl Round {
    fn value(&self) -> String {
        format!("{:.0}/s", self.outcome.rate())
    }

    fn beside(&self) -> String {
        let Self { bare, sync, without, outcome } = self;
        let rate = outcome.rate();
        let without = without.as_ref().map(Outcome::rate);
        let without = without.map(|other| format!(", {:.2} of {other:.0}/s without storage", rate / other));
        let again = if outcome.duplicates == 0 {
            "none twice".into()
        } else {
            format!("{} twice", outcome.duplicates)
        };
        format!(
            "{:.3} of bare {bare:.0}/s{}, CPU ratio {:.2}, p50 {:.1} p99 {:.1} ms, {:.0} MiB at most, {} refused, {again}, {}",
            rate / bare,
            without.unwrap_or_default(),
            outcome.cpu_ratio(),
            outcome.p50_ms,
            outcome.p99_ms,
            outcome.peak_mib,
            outcome.refused,
            p50(*sync),
        )
    }

    fn json(&self) -> Value {
        let Self { bare, sync, without, outcome } = self;
        json!({
            "bare": bare, "fdatasync_ms": millis(*sync), "run": outcome.json(),
            "without_storage": without.as_ref().map(Outcome::json),
        })
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// What the disk needed, in words.
pub(crate) fn p50(sync: Duration) -> String {
    format!("fdatasync p50 {:.2} ms", millis(sync))
}

/// A run for programs, and what the disk needed.
pub(crate) fn with_sync(outcome: &Outcome, sync: Duration) -> Value {
    let mut data = outcome.json();
    data["fdatasync_ms"] = json!(millis(sync));
    data
}

fn one_to_one(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    let mut rig = bench.rig(NATIVE, 1, 0)?;
    bench.beside_bare(report, "one to one", bench.load(), &mut rig)
}

fn answers(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    let mut rig = bench.rig(NATIVE, 1, 64 << 10)?;
    bench.beside_bare(report, "answers of 64 KiB", bench.load(), &mut rig)
}

fn batches(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    let mut rig = bench.rig(NATIVE, 1, 0)?;
    let load = Load { connections: 4, batch: 100, ..bench.load() };
    bench.beside_bare(report, "batches of 100", load, &mut rig)
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
            beside: format!(
                "CPU ratio {:.2}, {}, p99 {:.2} ms",
                outcome.cpu_ratio(),
                p50(sync),
                millis(slow)
            ),
            data: with_sync(&outcome, sync),
        });
    }
    Ok(())
}

/// A library before the server's libc makes the disk slow.
fn slow_disk(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    let shim = Shim::new()?;
    shim.slow_syncs(3_800_000)?;
    let mut rig = Rig::start_under(bench.binary, NATIVE, 1, 0, |launch| shim.under(launch))?;
    for rate in [100.0, 1_000.0] {
        let load = Load { rate, ..bench.load() };
        rig.run(Load { seconds: WARM_UP, ..load })?;
        let (sync, _) = disk::fdatasync(bench.folder)?;
        let outcome = rig.run(load)?;
        report.add(Figure {
            name: format!("slow disk, at {rate}/s"),
            value: format!("p50 {:.2} p99 {:.2} ms", outcome.p50_ms, outcome.p99_ms),
            beside: format!(
                "3.8 ms more for each fdatasync; CPU ratio {:.2}, without them {}",
                outcome.cpu_ratio(),
                p50(sync)
            ),
            data: with_sync(&outcome, sync),
        });
    }
    Ok(())
}

fn soak(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    let mut rig = bench.rig(NATIVE, 1, 0)?;
    let bare = || rig::bare(2.0, CONNECTIONS, bench.folder);
    let (before, sync_before) = (bare()?, disk::fdatasync(bench.folder)?.0);
    let outcome = rig.run(Load { seconds: 60.0, ..bench.load() })?;
    let (after, sync_after) = (bare()?, disk::fdatasync(bench.folder)?.0);
    // The first second is a part of one, and so is the last.
    let whole = outcome.by_second.get(1..outcome.by_second.len().saturating_sub(1)).unwrap_or_default();
    ensure!(whole.len() >= 10, "it has lasted {} s", outcome.by_second.len());
    let mean = |seconds: &[u64]| float(seconds.iter().sum()) / float(seconds.len() as u64);
    // All of them, none short by what a division leaves over.
    let tenths = (0..10).map(|at| mean(&whole[whole.len() * at / 10..whole.len() * (at + 1) / 10]));
    let tenths: Vec<f64> = tenths.collect();
    let all = mean(whole);
    let off = |tenth: f64| (tenth / all - 1.0) * 100.0;
    let (first, last) = (tenths[0], tenths[9]);
    let slowest = tenths.iter().copied().fold(f64::INFINITY, f64::min);
    let mut data = with_sync(&outcome, sync_before);
    data["fdatasync_after_ms"] = json!(millis(sync_after));
    (data["last_tenth_off_percent"], data["slowest_tenth_off_percent"]) =
        (json!(off(last)), json!(off(slowest)));
    report.add(Figure {
        name: "soak of 60 s".into(),
        value: format!("{:.0}/s", outcome.rate()),
        beside: format!(
            "{first:.0}/s at first, {last:.0}/s in the last tenth ({:+.1} % of the mean), {slowest:.0}/s in the slowest ({:+.1} %); CPU ratio {:.2}; bare {before:.0}/s and {} before, {after:.0}/s and {:.2} ms after",
            off(last),
            off(slowest),
            outcome.cpu_ratio(),
            p50(sync_before),
            millis(sync_after),
        ),
        data,
    });
    Ok(())
}

fn start(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    let mut rig = bench.rig(NATIVE, 1, 0)?;
    rig.run(Load { events: 1_000, ..bench.load() })?;
    let (rss, _) = usage::memory(rig.server.process().id())?;
    // Nobody publishes or receives anything from here on, so there is nothing to hold processor time against.
    let (sync, _) = disk::fdatasync(bench.folder)?;
    let mut figure = |name: &str, value: String| {
        report.add(Figure {
            name: name.into(),
            value: value.clone(),
            beside: p50(sync),
            data: json!({ "value": value, "fdatasync_ms": millis(sync) }),
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

/// Events of which none is delivered: their receiver hangs. The processor time of publishing them.
fn pile_up(bench: &Bench<'_>, rig: &mut Rig, events: u64) -> Result<f64> {
    rig.recv.hang(true)?;
    let load = Load { connections: 4, batch: 100, seconds: 3_600.0, events, ..bench.load() };
    let (accepted, cpu) = rig.publish(load)?;
    ensure!(accepted == events, "{accepted} of {events} were accepted");
    let arrived = rig.recv.total()?;
    ensure!(arrived == 0, "{arrived} are not pending, they have arrived");
    Ok(cpu)
}

fn recovery(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    const PENDING: u64 = 100_000;
    let mut rig = bench.rig(NATIVE, 1, 0)?;
    pile_up(bench, &mut rig, PENDING)?;
    rig.server.kill()?;
    rig.recv.hang(false)?;
    let (sync, _) = disk::fdatasync(bench.folder)?;
    let recv_before = rig.recv.cpu()?;
    let began = now();
    rig.server.restart()?;
    let listening = began.elapsed();
    while rig.recv.total()? == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let first = began.elapsed();
    let scrape = Scrape::start(&rig.server)?;
    rig.drained(PENDING)?;
    let all = began.elapsed();
    scrape.stop()?;
    let (server, recv) = rig.cpu()?;
    let ratio = server / (recv - recv_before);
    report.add(Figure {
        name: format!("recovery, {PENDING} pending"),
        value: format!("{:.0} ms", millis(first)),
        beside: format!(
            "until the first delivery; accepting after {:.0} ms, all delivered after {:.1} s; CPU ratio {ratio:.2}, with no generator, {}",
            millis(listening),
            all.as_secs_f64(),
            p50(sync)
        ),
        data: json!({
            "listening_ms": millis(listening), "first_ms": millis(first), "all_ms": millis(all),
            "cpu_ratio": ratio, "fdatasync_ms": millis(sync),
        }),
    });
    Ok(())
}

fn million(bench: &Bench<'_>, report: &mut Report) -> Result<()> {
    const PENDING: u64 = 1_000_000;
    let mut rig = bench.rig(NATIVE, 1, 0)?;
    let (sync, _) = disk::fdatasync(bench.folder)?;
    let (began, before) = (now(), rig.cpu()?);
    let load_cpu = pile_up(bench, &mut rig, PENDING)?;
    let rate = float(PENDING) / began.elapsed().as_secs_f64();
    let after = rig.cpu()?;
    let ratio = (after.0 - before.0) / (after.1 - before.1 + load_cpu);
    std::thread::sleep(Duration::from_secs(5));
    let (rss, peak) = usage::memory(rig.server.process().id())?;
    report.add(Figure {
        name: "memory, a million pending".into(),
        value: format!("{rss:.0} MiB"),
        beside: format!(
            "{peak:.0} MiB at most, published at {rate:.0}/s; CPU ratio {ratio:.2} until then, {}",
            p50(sync)
        ),
        data: json!({
            "rss_mib": rss, "peak_mib": peak, "rate": rate,
            "cpu_ratio": ratio, "fdatasync_ms": millis(sync),
        }),
    });
    Ok(())
}
