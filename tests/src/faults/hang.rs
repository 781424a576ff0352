//! One endpoint in ten takes what it gets and never answers.
//!
//! Each attempt there holds its slot until it times out, 10 s later. An endpoint has a window of four, then two, then one,
//! and is left alone after that, so that all of them together hold fewer slots than their tenant may have. Without that
//! they would soon hold all of these, and the tenant's other endpoints would get nothing until the first time out.
//!
//! So they do with windows that begin at 64 and are not narrowed, which is how this trial is known to be able to fail: in
//! short, the slowest hundredth of the others' deliveries then waits 7 s, and three fifths of the throughput are lost.
//! In full it also fails where windows grow by every success, whether they are needed or not.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::beside::Phase;
use super::rig::{Rig, Setup};
use super::{Trial, float};
use crate::load::balance::Balance;
use crate::load::publisher::Orders;
use crate::load::taker::Manner;
use crate::time::Deadline;

/// Longer than the longest wait between two attempts, twice.
const SOON: Duration = Duration::from_secs(120);

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    // In short a larger share hangs: there is no time for as many slots to be taken otherwise.
    let (endpoints, hanging) = trial.pick((100, 30), (1_000, 100));
    let (rate, seconds) = trial.pick((600, 4), (2_000, 30));
    let rig = Rig::start(Setup { kinds: endpoints, timeout: "10s", ..Setup::default() })?;
    let place = |number: u64| usize::try_from(number % endpoints).unwrap_or(0);
    for kind in 0..endpoints {
        rig.webhook(0, place(kind), Some(kind))?;
    }
    let is_unharmed = |endpoint: usize| endpoint >= hanging;
    let events = u64::from(rate) * seconds;
    let orders = |first| Orders { connections: 32, rate, events, first, ..rig.orders(0) };
    let healthy = (0..events).filter(|number| is_unharmed(place(*number))).count() as u64;
    let warm = Phase::warm_up(trial, &rig, &[orders(0)])?;
    let before = Phase::of(&rig, &[orders(0)], is_unharmed, healthy)?;
    for endpoint in 0..hanging {
        rig.taker.behave(endpoint, Manner::Hang);
    }
    let first = events.next_multiple_of(endpoints);
    let during = Phase::of(&rig, &[orders(first)], is_unharmed, healthy)?;
    trial.note("endpoints", float(place(endpoints - 1) + 1), "");
    trial.note("of these, hanging", float(hanging), "");
    trial.note("attempts that hang at the end", float(rig.taker.open()), "");
    trial.note("deliveries a second, without the harm", before.rate(), "");
    trial.note("deliveries a second", during.rate(), "");
    let loss = (1.0 - during.rate() / before.rate()) * 100.0;
    trial.at_most("loss of throughput", loss.max(0.0), " %", trial.pick(20.0, 10.0));
    trial.compare(&before, &during, 1);
    let published = &during.published[0];
    let wants = |number| if is_unharmed(place(number)) { place(number)..place(number) + 1 } else { 0..0 };
    trial.reckon(&Balance::of(published, &during.arrivals, wants), Some(0));
    if trial.pick(false, true) {
        rig.taker.all_behave(Manner::status(200));
        let all = published.count() + before.published[0].count() + warm;
        ensure!(rig.drained(all, SOON), "not everything arrived within {SOON:?} of the last hang");
        let none_left = || rig.deliveries(0, "pending", 1).ok().filter(|count| *count == 0);
        let settled = Deadline::after(SOON).poll(none_left);
        trial.none("still pending", usize::from(settled.is_none()));
        trial.none("exhausted", rig.deliveries(0, "exhausted", 1_000)?);
    }
    rig.ensure_well()
}
