//! `kill -9` under load, again and again.
//!
//! The publisher sends whatever was not answered again to the next server, so in the end everything is acknowledged.
//! Receivers take 5 ms, so that at the moment of a kill there are attempts in flight. An arrival of what had
//! arrived before counts against the last kill before it.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::rig::{Rig, Setup};
use super::{Trial, float};
use crate::load::balance::Balance;
use crate::load::marks;
use crate::load::publisher::{Orders, Publisher};
use crate::load::taker::{Arrival, Manner};
use crate::time::{Deadline, now};

/// Results that may be lost in a crash because they are not durable yet.
const UNSETTLED: usize = 1_024;
const ENDPOINTS: usize = 4;
/// How long a server works at most before it is killed.
const LIFE: u64 = 600;
const SOON: Duration = Duration::from_secs(30);

struct Kill {
    at: u64,
    /// Attempts that the receiver had in its hands.
    in_flight: usize,
    back: Duration,
    /// Until something arrived again.
    delivering: Duration,
}

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let mut rig = Rig::start(Setup::default())?;
    rig.taker.all_behave(Manner::slow(Duration::from_millis(5)));
    for endpoint in 0..ENDPOINTS {
        rig.webhook(0, endpoint, None)?;
    }
    let orders = Orders { connections: 16, ..rig.orders(0) };
    let publisher = Publisher::start(rig.server.base(), orders);
    let mut kills = Vec::new();
    for round in 0..trial.pick(10, 200) {
        // Never the same moment twice, and the same ones each time: the golden ratio spreads them.
        let life = LIFE / 10 + round * 618 % LIFE;
        std::thread::sleep(Duration::from_millis(life));
        kills.push(kill(&mut rig, &publisher)?);
        if round % 20 == 19 {
            trial.say(&format!("  killed {} times, {} acknowledged", round + 1, publisher.acknowledged()));
        }
    }
    std::thread::sleep(Duration::from_millis(LIFE));
    let published = publisher.stop()?;
    published.ensure_sound()?;
    rig.drained(published.count() * ENDPOINTS as u64, SOON);
    rig.wait(SOON, |taker| taker.open() == 0);
    let arrivals = rig.taker.arrivals(0);
    let balance = Balance::of(&published, &arrivals, |_| 0..ENDPOINTS);
    trial.note("kills", float(kills.len()), "");
    trial.reckon(&balance, None);
    judge(trial, &kills, &arrivals);
    trial.none("still pending", rig.deliveries(0, "pending", 100)?);
    rig.ensure_well()
}

fn kill(rig: &mut Rig, publisher: &Publisher) -> Result<Kill> {
    let in_flight = rig.taker.open();
    let (at, began) = (marks::now(), now());
    rig.server.restart()?;
    let back = began.elapsed();
    publisher.aim(rig.server.base());
    let before = rig.taker.count();
    let delivering = Deadline::after(SOON).poll(|| (rig.taker.count() > before).then(|| began.elapsed()));
    publisher.ensure_sound()?;
    Ok(Kill { at, in_flight, back, delivering: delivering.context("nothing arrives any more after a kill")? })
}

fn judge(trial: &mut Trial, kills: &[Kill], arrivals: &[Arrival]) {
    let mut seen = HashSet::new();
    let mut again = vec![0_usize; kills.len()];
    let mut before = 0;
    for arrival in arrivals {
        if !seen.insert((arrival.number, arrival.endpoint)) {
            match kills.partition_point(|kill| kill.at <= arrival.at).checked_sub(1) {
                Some(last) => again[last] += 1,
                None => before += 1,
            }
        }
    }
    let over = |(kill, again): (&Kill, &usize)| again.saturating_sub(kill.in_flight + UNSETTLED);
    let over = kills.iter().zip(&again).map(over).max().unwrap_or(0);
    trial.none("received twice before any kill", before);
    trial.note(
        "in flight at a kill, at most",
        float(kills.iter().map(|kill| kill.in_flight).max().unwrap_or(0)),
        "",
    );
    trial.note("received again after one kill, at most", float(again.iter().copied().max().unwrap_or(0)), "");
    trial.none("of these, beyond in flight + 1,024", over);
    let slowest = |of: fn(&Kill) -> Duration| kills.iter().map(of).max().unwrap_or_default().as_secs_f64();
    let middle = |of: fn(&Kill) -> Duration| {
        let mut times: Vec<Duration> = kills.iter().map(of).collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64()
    };
    trial.note("back, median", middle(|kill| kill.back) * 1e3, " ms");
    trial.at_most("back, slowest", slowest(|kill| kill.back) * 1e3, " ms", 5_000.0);
    trial.note("delivering again, median", middle(|kill| kill.delivering) * 1e3, " ms");
    trial.at_most("delivering again, slowest", slowest(|kill| kill.delivering) * 1e3, " ms", 10_000.0);
}
