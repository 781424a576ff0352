//! Deliveries that all fail at about the same moment, for one endpoint and for many.
//!
//! The one endpoint answers each of its events 400, so that nothing holds the next one back; of the many each answers 503,
//! twice, which does not make it be left alone yet. The ladder's next step is no wait at all, so that what is seen is the
//! jitter alone: it spreads over 30 s. When all have failed, everybody is well, and the first retry of each delivery is
//! counted by the second in which it comes; in short only for as long as the tests have time for.
//!
//! This trial fails without jitter, and with half of it.

use core::ops::Range;
use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::rig::{Rig, Setup};
use super::{Extent, Trial, float, float_64};
use crate::load::balance::Balance;
use crate::load::publisher::{Orders, Publisher};
use crate::load::taker::{Arrival, Manner};

const PERCENT: f64 = 4.0;
/// Over so many seconds retries are spread.
const SPREAD: f64 = 30.0;
/// Events for each of the many.
const EACH: u64 = 2;
const MANY_EACH: usize = 1_000;
const SOON: Duration = Duration::from_secs(60);

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let (count, tenants, endpoints) = trial.pick((3_000, 1, 600), (10_000, 5, MANY_EACH));
    let rig = Rig::start(Setup { tenants: tenants + 1, ..Setup::default() })?;
    rig.taker.all_behave(Manner::status(503));
    rig.taker.behave(0, Manner::status(400));
    rig.webhook(0, 0, None)?;
    let places = |tenant: usize| (tenant - 1) * MANY_EACH + 1..(tenant - 1) * MANY_EACH + 1 + endpoints;
    for tenant in 1..=tenants {
        for endpoint in places(tenant) {
            rig.webhook(tenant, endpoint, None)?;
        }
    }
    one(trial, &rig, count)?;
    many(trial, &rig, tenants, &places)?;
    rig.ensure_well()
}

fn one(trial: &mut Trial, rig: &Rig, count: u64) -> Result<()> {
    let orders = Orders { events: count, batch: 100, ..rig.orders(0) };
    let published = Publisher::start(rig.server.base(), orders).finish()?;
    published.ensure_sound()?;
    let arrivals = fail_and_return(trial, rig, 0, |endpoint| endpoint == 0, count)?;
    let balance = Balance::of(&published, &arrivals, |_| 0..1);
    judge(trial, "one endpoint", &arrivals, &balance)
}

fn many(trial: &mut Trial, rig: &Rig, tenants: usize, places: &impl Fn(usize) -> Range<usize>) -> Result<()> {
    rig.taker.all_behave(Manner::status(503));
    let from = rig.taker.count();
    let batch = usize::try_from(EACH)?;
    let publishers: Vec<_> = (1..=tenants)
        .map(|tenant| {
            let first = tenant as u64 * 1_000_000;
            let orders = Orders { events: EACH, batch, connections: 1, first, ..rig.orders(tenant) };
            Publisher::start(rig.server.base(), orders)
        })
        .collect();
    let mut published = Vec::new();
    for publisher in publishers {
        published.push(publisher.finish()?);
    }
    let count = EACH * (1..=tenants).map(|tenant| places(tenant).len() as u64).sum::<u64>();
    let arrivals = fail_and_return(trial, rig, from, |endpoint| endpoint > 0, count)?;
    let mut sum = Balance::default();
    for (tenant, published) in (1..).zip(&published) {
        published.ensure_sound()?;
        let own = |arrival: &&Arrival| places(tenant).contains(&arrival.endpoint);
        let own: Vec<_> = arrivals.iter().filter(own).copied().collect();
        sum.add(&Balance::of(published, &own, |_| places(tenant)));
    }
    judge(trial, "many endpoints", &arrivals, &sum)
}

/// Waits until so many deliveries have been tried once, has everybody be well from then on, and waits until they have
/// been tried again, or, in short, a few seconds. What arrived meanwhile at these endpoints, from the nth arrival on.
fn fail_and_return(
    trial: &Trial,
    rig: &Rig,
    from: usize,
    is_one: impl Fn(usize) -> bool,
    count: u64,
) -> Result<Vec<Arrival>> {
    let arrivals = || -> Vec<Arrival> {
        rig.taker.arrivals(from).into_iter().filter(|arrival| is_one(arrival.endpoint)).collect()
    };
    let tried = || {
        let each = arrivals().into_iter().map(|arrival| (arrival.number, arrival.endpoint));
        each.collect::<HashSet<_>>().len() as u64
    };
    ensure!(rig.wait(SOON, |_| tried() >= count), "not everything was tried within {SOON:?}");
    rig.taker.all_behave(Manner::status(200));
    match trial.extent {
        Extent::Short => std::thread::sleep(Duration::from_secs(4)),
        // Who failed twice may be tried a third time.
        Extent::Long => std::thread::sleep(Duration::from_secs(65)),
    }
    Ok(arrivals())
}

fn judge(trial: &mut Trial, whose: &str, arrivals: &[Arrival], balance: &Balance) -> Result<()> {
    ensure!(balance.missing.is_empty(), "not everything was tried: {balance}");
    let count = balance.acknowledged;
    let (mut first, mut second, mut times) = (HashSet::new(), HashSet::new(), Vec::new());
    let (begin, mut failed) = (arrivals.first().map_or(0, |arrival| arrival.at), 0);
    for arrival in arrivals {
        let delivery = (arrival.number, arrival.endpoint);
        if first.insert(delivery) {
            failed = arrival.at;
        } else if second.insert(delivery) {
            times.push(arrival.at);
        }
    }
    let mut by_second = vec![0_usize; 100];
    for time in times {
        let place = usize::try_from((time - begin) / 1_000_000_000)?;
        *by_second.get_mut(place).unwrap_or(&mut 0) += 1;
    }
    let last = by_second.iter().rposition(|count| *count > 0).unwrap_or(0);
    trial.say(&format!("  {whose}: retries in each second: {:?}", &by_second[..=last]));
    let peak = by_second.iter().copied().max().unwrap_or(0);
    let share = float(peak) / float_64(count) * 100.0;
    // Of fewer deliveries a second's share varies more: by four standard deviations once in ten thousand times.
    let chance = 4.0 * (1.0 / (float_64(count) * SPREAD)).sqrt() * 100.0;
    let most = PERCENT + if trial.extent == Extent::Short { chance } else { 0.0 };
    trial.note(&format!("{whose}: failed together"), float_64(count), "");
    trial.note(&format!("{whose}: within"), float_64(failed - begin) / 1e9, " s");
    trial.note(&format!("{whose}: tried again"), float(second.len()), "");
    ensure!(!second.is_empty(), "nothing was tried again");
    trial.at_most(&format!("{whose}: peak second's share"), share, " %", most);
    if trial.extent == Extent::Long {
        let left = first.len() - second.len();
        trial.none(&format!("{whose}: not tried again"), left);
    }
    Ok(())
}
