//! A name service that says nothing, and one that lies.
//!
//! In the dark, names are asked for and no answer comes: each attempt may take its share of the deadline and no more, and
//! receivers whose names are known must not notice. Then the light comes back, and everything arrives. A name that turns
//! from an open address to a forbidden one, once or at every question, is never connected to at the forbidden one.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::nameserver::{NameServer, Said, address};
use super::rig::{Rig, Setup};
use super::shim::Shim;
use super::{Trial, float};
use crate::load::balance::Balance;
use crate::load::percentile;
use crate::load::publisher::{Orders, Published, Publisher};
use crate::load::taker::{Arrival, Manner};
use crate::time::Deadline;

/// Endpoints at addresses, which no name service is asked for.
const HEALTHY: usize = 4;
/// Types of events; each in the dark wants one.
const KINDS: u64 = 20;
/// The deadline is 5 s, and half of it is what a name may take.
const BUDGET_MS: f64 = 2_500.0;
const SOON: Duration = Duration::from_secs(90);
/// So many seconds pass at once in the tests, in which all that waits falls due: 30 s to spread what has failed together.
const PASSED: u32 = 40;

/// A server that asks a name server of ours.
fn start(names: &NameServer, setup: Setup) -> Result<(Shim, Rig)> {
    let shim = Shim::new()?;
    shim.ask(names)?;
    let rig = Rig::start_as(setup, |launch| shim.under_names(launch, names))?;
    Ok((shim, rig))
}

pub(super) fn dark(trial: &mut Trial) -> Result<()> {
    let light = address("127.1.0.1")?;
    let names = NameServer::start(|_, _| Said::Silence)?;
    let retry = format!("[{}]", ["\"0s\""; 64].join(", "));
    let retry = Box::leak(retry.into_boxed_str());
    let (shim, rig) = start(&names, Setup { kinds: KINDS, retry, ..Setup::default() })?;
    for endpoint in 0..HEALTHY {
        rig.webhook(0, endpoint, None)?;
    }
    let rate = trial.pick(50, 100);
    let pause = Duration::from_secs(trial.pick(3, 30));
    let before = Publisher::start(rig.server.base(), Orders { rate, ..rig.orders(0) });
    std::thread::sleep(pause);
    let before = before.stop()?;
    before.ensure_sound()?;
    let bright = rig.taker.arrivals(0);

    // A hundred with a window of four each: more of one tenant at once than a few would take all slots it may have until
    // their first attempts end.
    let (port, each) = (rig.port()?, trial.pick(3, 5));
    let dark = each * usize::try_from(KINDS)?;
    for number in 0..dark {
        let url = format!("http://d{number}.dark.test:{port}/w/{}", HEALTHY + number);
        rig.webhook_at(0, &url, Some((number / each) as u64))?;
    }
    let first = before.end();
    let publisher = Publisher::start(rig.server.base(), Orders { rate, first, ..rig.orders(0) });
    std::thread::sleep(pause);
    let published = publisher.stop()?;
    published.ensure_sound()?;
    let arrived = rig.taker.arrivals(bright.len());
    let attempts = attempts(&rig)?;
    trial.note("attempts in the dark looked at", float(attempts.len()), "");
    // As many as a page has.
    ensure!(attempts.len() >= (dark / 2).min(100), "hardly any attempt was made in the dark");
    let odd = attempts.iter().filter(|(class, _)| class != "dns-failed").count();
    let longest = attempts.iter().map(|(_, took)| *took).fold(0.0, f64::max);
    trial.none("attempts in the dark that ended otherwise than dns-failed", odd);
    trial.at_most("longest attempt in the dark", longest, " ms", BUDGET_MS + 500.0);
    let (usual, beside) = (slow(&bright), slow(&arrived));
    trial.note("p99 at healthy endpoints before", usual, " ms");
    // Builds and machines differ, and few are measured in short; an attempt in the dark takes a hundred times as long.
    let most = usual * 1.5 + trial.pick(100.0, 25.0);
    trial.at_most("p99 at healthy endpoints in the dark", beside, " ms", most);

    names.say(move |_, _| Said::Addresses(vec![light], 60));
    let passed = trial.pick(PASSED, 0);
    if passed > 0 {
        // What is in flight in the dark still ends before.
        std::thread::sleep(Duration::from_secs(3));
        shim.pass(passed)?;
    }
    let per = each as u64;
    let all = published.count() * (HEALTHY as u64 + per);
    rig.drained(before.count() * HEALTHY as u64 + all, SOON);
    trial.none("still pending", rig.deliveries(0, "pending", 100)?);
    let arrivals = rig.taker.arrivals(0);
    reckon(trial, &rig, &[before, published], &arrivals, each)
}

fn reckon(
    trial: &mut Trial,
    rig: &Rig,
    published: &[Published; 2],
    arrivals: &[Arrival],
    each: usize,
) -> Result<()> {
    let of = |within: &dyn Fn(&Arrival) -> bool| -> Vec<Arrival> {
        arrivals.iter().copied().filter(|arrival| within(arrival)).collect()
    };
    let [before, published] = published;
    let mut balance = Balance::of(
        before,
        &of(&|arrival| arrival.endpoint < HEALTHY && arrival.number < before.end()),
        |_| 0..HEALTHY,
    );
    balance.add(&Balance::of(
        published,
        &of(&|arrival| arrival.endpoint < HEALTHY && arrival.number >= published.first),
        |_| 0..HEALTHY,
    ));
    balance.add(&Balance::of(published, &of(&|arrival| arrival.endpoint >= HEALTHY), |number| {
        let first = HEALTHY + usize::try_from(number % KINDS).unwrap_or(0) * each;
        first..first + each
    }));
    trial.reckon(&balance, Some(0));
    rig.ensure_well()
}

/// The latest attempts of deliveries that wait: class and milliseconds.
fn attempts(rig: &Rig) -> Result<Vec<(String, f64)>> {
    let found = Deadline::after(Duration::from_secs(5)).poll(|| {
        let page = rig.admin(0).get("/v1/deliveries?limit=100&state=pending").ok()?.json().ok()?;
        let all = page["deliveries"].as_array()?.iter();
        let attempts: Vec<_> = all.filter_map(attempt).collect();
        (attempts.len() >= 40).then_some(attempts)
    });
    found.context("no failed attempts are in the history")
}

fn attempt(delivery: &Value) -> Option<(String, f64)> {
    let class = delivery["failure"]["class"].as_str()?;
    Some((class.to_owned(), delivery["duration_ms"].as_f64()?))
}

/// The p99 of how long events took, in milliseconds.
fn slow(arrivals: &[Arrival]) -> f64 {
    let mut waits: Vec<u32> =
        arrivals.iter().filter(|arrival| arrival.endpoint < HEALTHY).map(|arrival| arrival.wait).collect();
    waits.sort_unstable();
    f64::from(percentile(&waits, 99)) / 1_000.0
}

/// As many webhooks for one name.
const SAME: usize = 30;

/// What is asked only once, and what turns.
pub(super) fn turning(trial: &mut Trial) -> Result<()> {
    let open = address("127.1.0.1")?;
    let forbidden: Vec<IpAddr> =
        ["127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
            .map(address)
            .into_iter()
            .collect::<Result<_>>()?;
    let second = Duration::from_secs(1);
    let names = NameServer::start(move |name, nth| {
        let bad = forbidden[nth / 2 % forbidden.len()];
        match name {
            "slow.test" => Said::After(second, Box::new(Said::Addresses(vec![open], 60))),
            "missing.test" => Said::NoName,
            // Two questions are one look at the name: one for each kind of addresses.
            "turns.test" if nth < 2 => Said::Addresses(vec![open], 0),
            "turns.test" => Said::Addresses(vec![bad], 0),
            "mixes.test" => Said::Addresses(vec![open, bad], 0),
            "flips.test" if nth / 2 % 2 == 0 => Said::Addresses(vec![open], 0),
            "flips.test" => Said::Addresses(vec![bad], 0),
            _ => Said::Silence,
        }
    })?;
    let (_shim, rig) =
        start(&names, Setup { retry: "[]", kinds: 5, allow: "127.1.0.0/16", ..Setup::default() })?;
    // Each request has a connection of its own, so that each looks at the name.
    let manner = Manner::Answer { status: 200, headers: "connection: close\r\n", after: Duration::ZERO };
    rig.taker.all_behave(manner);
    let port = rig.port()?;
    let hosts = ["slow.test", "missing.test", "turns.test", "mixes.test", "flips.test"];
    for (kind, host) in hosts.iter().enumerate() {
        let count = if kind < 2 { SAME } else { 1 };
        for number in 0..count {
            let url = format!("http://{host}:{port}/w/{}", kind * 100 + number);
            rig.webhook_at(0, &url, Some(kind as u64))?;
        }
    }
    // Only 127.1.0.0/16 is open in this trial.
    let events = trial.pick(100, 2_000);
    let orders = Orders { events, rate: 50, ..rig.orders(0) };
    let published = Publisher::start(rig.server.base(), orders).finish()?;
    published.ensure_sound()?;
    // What was never attempted is not in the history yet.
    let one = usize::try_from(events)? / hosts.len();
    let at = |arrivals: &[Arrival], kind: usize| {
        arrivals.iter().filter(|arrival| arrival.endpoint / 100 == kind).count()
    };
    rig.wait(SOON, |taker| at(&taker.arrivals(0), 0) >= one * SAME);
    let settled = Deadline::after(SOON).poll(|| (rig.deliveries(0, "pending", 1).ok()? == 0).then_some(()));
    ensure!(settled.is_some(), "deliveries stay pending");
    let arrivals = rig.taker.arrivals(0);
    let at = |kind: usize| at(&arrivals, kind);
    trial.none("lost of those for a slow name", one * SAME - at(0));
    // Each kind once, once more whenever an answer takes its time, and every ten seconds that there is none of the other
    // kind; 240 if the first attempts asked each for itself.
    let looks = trial.pick(8.0, 20.0);
    trial.at_most("questions for it", float(names.asked("slow.test")), "", looks);
    let looks = trial.pick(6.0, 20.0);
    trial.at_most("questions for a name that is not there", float(names.asked("missing.test")), "", looks);
    trial.none("arrivals after a name had turned", at(2) - 1);
    trial.none("arrivals at a name of both kinds", at(3));
    trial.note("looks at names that turn", float(names.asked("turns.test") / 2), "");
    trial.note("arrivals at a name that flips, at its open address", float(at(4)), "");
    trial.none("connections beside those", rig.taker.connections() - arrivals.len());
    rig.ensure_well()
}
