//! Far more endpoints than the server may have files open.
//!
//! Each endpoint is a host of its own and takes its time, so that as many connections as there are endpoints would be
//! open at once. When the server has run out, others are still served: the API answers, and what could not be sent is sent
//! once the receivers are quick.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::rig::{Rig, Setup};
use super::{Trial, float, float_64};
use crate::load::balance::Balance;
use crate::load::publisher::{Orders, Published, Publisher};
use crate::load::taker::Manner;
use crate::time::{Deadline, now};

/// Endpoints of one tenant, each with a type of its own.
const EACH: usize = 1_000;
/// Longer than the longest wait between two attempts.
const SOON: Duration = Duration::from_secs(100);

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let (tenants, files) = (trial.pick(1, 2), trial.pick(256, 512));
    let setup = Setup { tenants, kinds: EACH as u64, ..Setup::default() };
    let mut rig = Rig::start_as(setup, |launch| launch.after(&format!("ulimit -n {files}")))?;
    for tenant in 0..tenants {
        for kind in 0..EACH {
            rig.webhook(tenant, tenant * EACH + kind, Some(kind as u64))?;
        }
    }
    rig.taker.all_behave(Manner::slow(Duration::from_secs(2)));
    let publishers: Vec<_> = (0..tenants)
        .map(|tenant| {
            let first = (tenant * 1_000_000) as u64;
            let events = trial.pick(2_000, 10_000);
            Publisher::start(rig.server.base(), Orders { events, first, ..rig.orders(tenant) })
        })
        .collect();
    let process = rig.server.process().id();
    let (mut most, mut slowest) = (0, Duration::ZERO);
    for _ in 0..trial.pick(16, 40) {
        std::thread::sleep(Duration::from_millis(250));
        most = most.max(std::fs::read_dir(format!("/proc/{process}/fd"))?.count());
        let asked = now();
        // A connection of its own each time: it has to be accepted.
        let answer = Deadline::after(SOON).poll(|| rig.server.client().get("/healthz").ok());
        answer.context("the server does not answer any more")?;
        slowest = slowest.max(asked.elapsed());
    }
    rig.taker.all_behave(Manner::status(200));
    let began = now();
    let mut published = Vec::new();
    for publisher in publishers {
        published.push(publisher.finish()?);
    }
    let all: u64 = published.iter().map(Published::count).sum();
    rig.drained(all, SOON);
    trial.note("endpoints", float(tenants * EACH), "");
    trial.note("open files at most", float(most), "");
    trial.at_most("an answer of the API, slowest", slowest.as_secs_f64(), " s", 2.0);
    trial.at_most("until all has arrived", began.elapsed().as_secs_f64(), " s", SOON.as_secs_f64());
    let mut sum = Balance::default();
    let arrivals = rig.taker.arrivals(0);
    for (tenant, published) in published.iter().enumerate() {
        published.ensure_sound()?;
        let own: Vec<_> =
            arrivals.iter().filter(|arrival| arrival.endpoint / EACH == tenant).copied().collect();
        let place = |number: u64| tenant * EACH + usize::try_from(number % EACH as u64).unwrap_or(0);
        sum.add(&Balance::of(published, &own, |number| place(number)..place(number) + 1));
        let exhausted = rig.deliveries(tenant, "exhausted", 1_000)?;
        trial.none("exhausted, though no receiver failed", exhausted);
        trial.none("still pending", rig.deliveries(tenant, "pending", 100)?);
    }
    trial.note("refused: 503", float_64(published.iter().map(|published| published.refused).sum()), "");
    trial.reckon(&sum, Some(0));
    rig.ensure_well()
}
