//! A wall clock that jumps an hour ahead and back under load, while retries wait for their time.
//!
//! Receivers that fail have retries due within half a minute. Ahead, all of them are due at once, which must not come
//! down on the receivers; back, they are due in an hour, which nobody may wait for. Others must not notice.

use std::time::Duration;

use anyhow::Result;

use super::rig::{Rig, Setup};
use super::shim::Shim;
use super::{Trial, float};
use crate::load::balance::Balance;
use crate::load::marks;
use crate::load::publisher::{Orders, Published, Publisher};
use crate::load::taker::{Arrival, Manner};
use crate::time::now;

const ENDPOINTS: usize = 6;
/// The endpoints before this one fail until the end.
const FAILING: usize = 3;
const HOUR: i64 = 3_600;
/// The longest wait between two attempts is 30 s, whatever the clock says.
const STALL: f64 = 60.0;
const SOON: Duration = Duration::from_secs(75);
/// So many seconds pass at once in the tests, in which all that waits falls due: 30 s to spread what has failed together,
/// and 5 s of a ladder.
const PASSED: u32 = 40;
/// As many requests as a receiver that fails may see in a second.
const STORM: usize = 20;

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let shim = Shim::new()?;
    // Steps enough for all there is to fail meanwhile.
    let retry = format!("[{}]", ["\"0s\""; 64].join(", "));
    let retry = Box::leak(retry.into_boxed_str());
    let rig = Rig::start_as(Setup { retry, ..Setup::default() }, |launch| shim.under(launch))?;
    for endpoint in 0..ENDPOINTS {
        if endpoint < FAILING {
            rig.taker.behave(endpoint, Manner::status(500));
        }
        rig.webhook(0, endpoint, None)?;
    }
    let rate = trial.pick(40, 100);
    let publisher = Publisher::start(rig.server.base(), Orders { rate, ..rig.orders(0) });
    let pause = Duration::from_secs(trial.pick(1, 20));
    std::thread::sleep(pause);
    let mut jumps = Vec::new();
    for offset in [HOUR, 0, -HOUR, 0] {
        jumps.push(marks::now());
        shim.set_clock(offset)?;
        std::thread::sleep(pause);
    }
    let published = publisher.stop()?;
    published.ensure_sound()?;
    let before = rig.taker.arrivals(0);
    let peak = (0..FAILING).map(|endpoint| busiest(&before, endpoint, jumps[0])).max().unwrap_or(0);
    let gap = (FAILING..ENDPOINTS).map(|endpoint| longest_gap(&before, endpoint)).max().unwrap_or_default();
    trial.note("acknowledged by then", float(published.acknowledged.len()), "");
    trial.at_most("busiest second at a receiver that fails", float(peak), "", float(STORM));
    trial.at_most("longest silence at one that does not", gap.as_secs_f64(), " s", 2.0);
    trial.at_most("longest silence of publishing", published.longest_gap.as_secs_f64(), " s", 2.0);

    shim.set_clock(-HOUR)?;
    let settled = mended(trial, &shim, &rig, published.count())?;
    trial.at_most("an hour back: until all has arrived", settled, " s", STALL);
    reckon(trial, &rig, &published)
}

/// The clock is an hour behind when the server starts again: what is due stands in the store.
pub(super) fn restarted(trial: &mut Trial) -> Result<()> {
    let shim = Shim::new()?;
    let mut rig = Rig::start_as(Setup { retry: "[\"0s\", \"5s\", \"5s\"]", ..Setup::default() }, |launch| {
        shim.under(launch)
    })?;
    rig.taker.all_behave(Manner::status(500));
    for endpoint in 0..ENDPOINTS {
        rig.webhook(0, endpoint, None)?;
    }
    let orders = Orders { events: 20, ..rig.orders(0) };
    let published = Publisher::start(rig.server.base(), orders).finish()?;
    rig.wait(SOON, |taker| taker.count() >= ENDPOINTS);
    rig.server.kill()?;
    shim.set_clock(-HOUR)?;
    rig.server.restart()?;
    let settled = mended(trial, &shim, &rig, published.count())?;
    trial.at_most("an hour back over a restart: until all has arrived", settled, " s", STALL);
    reckon(trial, &rig, &published)
}

fn reckon(trial: &mut Trial, rig: &Rig, published: &Published) -> Result<()> {
    let balance = Balance::of(published, &rig.taker.arrivals(0), |_| 0..ENDPOINTS);
    trial.reckon(&balance, None);
    trial.none("still pending", rig.deliveries(0, "pending", 100)?);
    rig.ensure_well()
}

/// Has all receivers answer well, and says how many seconds it takes until everything has arrived and is settled.
fn mended(trial: &Trial, shim: &Shim, rig: &Rig, events: u64) -> Result<f64> {
    rig.taker.all_behave(Manner::status(200));
    let began = now();
    let passed = trial.pick(PASSED, 0);
    if passed > 0 {
        // What waits in the store is asked for meanwhile.
        std::thread::sleep(Duration::from_secs(2));
        shim.pass(passed)?;
    }
    // What was never attempted is not in the history yet, and what has arrived may have been refused then.
    rig.drained(events * ENDPOINTS as u64, SOON);
    while rig.deliveries(0, "pending", 1)? > 0 && began.elapsed() < SOON {
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(began.elapsed().as_secs_f64() + f64::from(passed))
}

/// The most that arrived at an endpoint in any second since then.
fn busiest(arrivals: &[Arrival], endpoint: usize, since: u64) -> usize {
    let times: Vec<u64> = times(arrivals, endpoint).filter(|at| *at >= since).collect();
    let within =
        |(index, at): (usize, &u64)| times[index..].partition_point(|other| *other < at + 1_000_000_000);
    times.iter().enumerate().map(within).max().unwrap_or(0)
}

fn longest_gap(arrivals: &[Arrival], endpoint: usize) -> Duration {
    let times: Vec<u64> = times(arrivals, endpoint).collect();
    Duration::from_nanos(times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(u64::MAX))
}

fn times(arrivals: &[Arrival], endpoint: usize) -> impl Iterator<Item = u64> {
    arrivals.iter().filter(move |arrival| arrival.endpoint == endpoint).map(|arrival| arrival.at)
}
