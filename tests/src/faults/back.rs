//! An endpoint that was away comes back to a long queue.
//!
//! Of what it was sent while away nothing counts: what is reckoned arrived once it was back. The second it is back begins
//! with the probe that finds it well. In short it says itself how long it wants to be left alone, so that the probe comes
//! soon; the one delivery that was attempted before then waits for its own turn, up to 30 s later, and is left out.
//!
//! This trial fails with a gate that forgets its slow start: in short, all 2,500 arrive in the first second.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::rig::{Rig, Setup};
use super::{Extent, Trial, float, float_64};
use crate::load::balance::Balance;
use crate::load::publisher::{Orders, Publisher};
use crate::load::taker::{Arrival, Manner};
use crate::time::Deadline;

const FIRST: usize = 10;
/// Numbers from here on are of the event that shows the server that the endpoint is away.
const HERALD: u64 = 1_000_000;
/// Longer than the longest wait between two attempts and a slow start together.
const SOON: Duration = Duration::from_secs(100);

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let rig = Rig::start(Setup::default())?;
    let headers = trial.pick("retry-after: 3\r\n", "");
    rig.taker.all_behave(Manner::Answer { status: 503, headers, after: Duration::ZERO });
    rig.webhook(0, 0, None)?;
    let herald = Orders { events: 1, connections: 1, first: HERALD, ..rig.orders(0) };
    Publisher::start(rig.server.base(), herald).finish()?.ensure_sound()?;
    let told = Deadline::after(SOON).poll(|| (rig.taker.count() > 0 && rig.taker.open() == 0).then_some(()));
    told.context("the endpoint is not tried")?;
    let orders = Orders { events: trial.pick(2_500, 50_000), batch: 100, ..rig.orders(0) };
    let published = Publisher::start(rig.server.base(), orders).finish()?;
    published.ensure_sound()?;
    // While away it is tried again and again, and left alone the longer.
    std::thread::sleep(trial.pick(Duration::ZERO, Duration::from_secs(20)));
    let from = rig.taker.count();
    rig.taker.all_behave(Manner::status(200));
    let of_these = |arrival: &Arrival| trial.extent == Extent::Long || arrival.number < HERALD;
    let all = published.count() + u64::from(trial.extent == Extent::Long);
    let settled =
        rig.wait(SOON, |taker| taker.arrivals(from).iter().filter(|one| of_these(one)).count() as u64 >= all);
    let arrivals: Vec<Arrival> = rig.taker.arrivals(from).into_iter().filter(of_these).collect();
    let queued: Vec<Arrival> = arrivals.iter().filter(|arrival| arrival.number < HERALD).copied().collect();
    let by_second = by_second(&arrivals);
    trial.say(&format!("  requests in each second: {by_second:?}"));
    trial.note("queued", float_64(published.count()), "");
    trial.note("tried while away", float(from), "");
    trial.note("until all had arrived", float(by_second.len()), " s");
    trial.at_most("requests in the first second", float(by_second.first().copied().unwrap_or(0)), "", 10.0);
    trial.at_most("of twice as many each second, at most", worst(&by_second), " %", trial.pick(110.0, 101.0));
    trial.reckon(&Balance::of(&published, &queued, |_| 0..1), Some(0));
    trial.note("refused", float_64(published.refused), "");
    ensure!(settled, "not everything arrived within {SOON:?} of the return");
    rig.ensure_well()
}

/// How many arrived in each second from the first arrival on.
fn by_second(arrivals: &[Arrival]) -> Vec<usize> {
    let mut seconds = Vec::new();
    let begin = arrivals.first().map_or(0, |arrival| arrival.at);
    for arrival in arrivals {
        let second = usize::try_from((arrival.at - begin) / 1_000_000_000).unwrap_or(usize::MAX);
        if second >= seconds.len() {
            seconds.resize(second + 1, 0);
        }
        seconds[second] += 1;
    }
    seconds
}

/// The most that a second had of what doubling allows it, in percent.
fn worst(by_second: &[usize]) -> f64 {
    let allowed = (0..).map(|second| float(FIRST << second));
    by_second.iter().zip(allowed).map(|(count, most)| float(*count) / most * 100.0).fold(0.0, f64::max)
}
