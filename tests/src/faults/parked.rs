//! A heap of deliveries for one endpoint that hangs.
//!
//! Memory holds the next few of them, the store has them all. Others, of the same tenant and of another one, are to notice
//! nothing of it, neither is publishing. What is piled up for a tenant is bounded all the same: in the long trial further
//! endpoints that hang bring it to its limit, and then it is refused, and nobody else.
//!
//! This trial fails where what waits for an endpoint that hangs counts as this server's own delay: publishing is refused
//! again and again.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::beside::Phase;
use super::rig::{KIND, Rig, Setup};
use super::{Extent, Trial, float_64};
use crate::http::Client;
use crate::load::balance::Balance;
use crate::load::events::kind_of;
use crate::load::publisher::{Orders, Publisher};
use crate::load::taker::Manner;
use crate::load::usage;
use crate::time::Deadline;

/// Where what is piled up goes, and the types of events: for the heap, for the neighbour, for the hill beside the heap.
const HEAP: usize = 0;
const KINDS: u64 = 3;
/// The two that are not harmed: one of the same tenant, one of another.
const NEIGHBOUR: usize = 1;
const STRANGER: usize = 2;
/// As many deliveries as a tenant may have pending.
const LIMIT: u64 = 2_000_000;
/// Endpoints of the hill.
const HILL: usize = 20;
const MEBIBYTES: f64 = 200.0;
/// After so many refusals there is nothing to be hoped for.
const PATIENCE: u64 = 100;

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let heap = trial.pick(30_000, 1_000_000);
    let (rate, seconds) = (200, trial.pick(2, 30));
    let mut rig = Rig::start(Setup { tenants: 2, kinds: KINDS, timeout: "10s", ..Setup::default() })?;
    let server = rig.server.process().id();
    rig.taker.behave(HEAP, Manner::Hang);
    rig.webhook(0, HEAP, Some(0))?;
    rig.webhook(0, NEIGHBOUR, Some(1))?;
    rig.webhook(1, STRANGER, None)?;
    let is_unharmed = |endpoint: usize| endpoint == NEIGHBOUR || endpoint == STRANGER;
    let events = u64::from(rate) * seconds;
    let of_kind = |tenant, kind: u64, first| Orders {
        kind: kind_of(KIND, KINDS, kind),
        kinds: 1,
        first,
        ..rig.orders(tenant)
    };
    let light = |round: u64| {
        let first = round * 10_000_000;
        [(0, first), (1, first + 1_000_000)].map(|(tenant, first)| Orders {
            rate,
            events,
            ..of_kind(tenant, 1, first)
        })
    };
    Phase::warm_up(trial, &rig, &light(1))?;
    let before = Phase::of(&rig, &light(1), is_unharmed, 2 * events)?;
    let idle = usage::memory(server)?.0;
    let piling = Publisher::start(rig.server.base(), Orders { events: heap, batch: 100, ..of_kind(0, 0, 0) });
    let is_over = || piling.acknowledged() >= heap || piling.refused() > PATIENCE;
    Deadline::after(Duration::from_secs(300)).poll(|| is_over().then_some(()));
    ensure!(piling.acknowledged() >= heap, "piling up does not go on: refused {} times", piling.refused());
    let piled = piling.finish()?;
    piled.ensure_sound()?;
    let during = Phase::of(&rig, &light(2), is_unharmed, 2 * events)?;
    let (now, peak) = usage::memory(server)?;
    trial.note("parked on one endpoint", float_64(piled.count()), "");
    trial.none("piling up, refused", usize::try_from(piled.refused)?);
    trial.note("memory before", idle, " MiB");
    trial.note("memory", now, " MiB");
    trial.at_most("memory at most", peak, " MiB", MEBIBYTES);
    trial.compare(&before, &during, 2);
    for (published, place) in during.published.iter().zip([NEIGHBOUR, STRANGER]) {
        let own: Vec<_> = during.arrivals.iter().filter(|one| one.endpoint == place).copied().collect();
        trial.reckon(&Balance::of(published, &own, |_| place..place + 1), Some(0));
    }
    if trial.extent == Extent::Long {
        to_the_limit(trial, &rig, server, heap)?;
    }
    rig.ensure_well()
}

/// Piles up more until the tenant is at its limit.
fn to_the_limit(trial: &mut Trial, rig: &Rig, server: u32, heap: u64) -> Result<()> {
    for endpoint in 10..10 + HILL {
        rig.taker.behave(endpoint, Manner::Hang);
        rig.webhook(0, endpoint, Some(2))?;
    }
    let admin = rig.admin(0);
    let event = |kind: u64, id: &str| {
        json!({
            "specversion": "1.0", "id": id, "source": "/load", "type": kind_of(KIND, KINDS, kind),
            "data": { "text": "one more" },
        })
    };
    let publish = |client: &Client, kind, id: &str| {
        let headers = [("content-type", "application/cloudevents+json")];
        client.send("POST", "/v1/events", &headers, event(kind, id).to_string().as_bytes())
    };
    // As many as fit, and no whole request more.
    let events = (LIMIT - heap - 10_000) / HILL as u64;
    let orders = Orders {
        kind: kind_of(KIND, KINDS, 2),
        kinds: 1,
        first: 100_000_000,
        events,
        batch: 10,
        ..rig.orders(0)
    };
    let hill = Publisher::start(rig.server.base(), orders).finish()?;
    hill.ensure_sound()?;
    trial.note("pending with the hill beside it", float_64(heap + hill.count() * HILL as u64), "");
    trial.note("piling that up, refused", float_64(hill.refused), "");
    let mut more = 0;
    let refused = loop {
        let answer = publish(&admin, 2, &format!("one-more-{more}"))?;
        match answer.status {
            202 => more += 1,
            503 => std::thread::sleep(Duration::from_millis(100)),
            _ => break answer,
        }
        ensure!(more < 1_000, "nothing is refused beyond the limit");
    };
    let pending = heap + (hill.count() + more) * HILL as u64;
    trial.note("pending at the first refusal", float_64(pending), "");
    trial.none("beyond the limit", usize::try_from(pending.saturating_sub(LIMIT))?);
    trial.none("answers beyond it that are not 429", usize::from(refused.status != 429));
    let wait = refused.headers.iter().find(|(name, _)| name == "retry-after");
    let wait: f64 = wait.context("a refusal says when to come back")?.1.parse()?;
    trial.note("told to come back in", wait, " s");
    let other = publish(&rig.admin(1), 1, "anothers")?;
    trial.none("another tenant's events, refused", usize::from(other.status != 202));
    trial.note("memory at the limit", usage::memory(server)?.0, " MiB");
    Ok(())
}
