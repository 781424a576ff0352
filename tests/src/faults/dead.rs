//! A tenant all of whose webhooks are dead, beside one with a healthy one.
//!
//! Of the dead, some refuse every connection, some answer 500 at once, and half of them answer 500 when half of the
//! deadline has passed, so that they would hold as many slots as they can get. Without the harm, another tenant has as many
//! webhooks, which are well, and gets as many events.
//!
//! This trial fails where windows begin at 64 and are not narrowed, and no tenant's slots are bounded: in short, the
//! slowest hundredth of the healthy one's deliveries then waits 1.6 s. Where only the windows are so, what bounds a
//! tenant's slots is enough.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use tokio::net::TcpSocket;

use super::Trial;
use super::beside::Phase;
use super::rig::{Rig, Setup};
use crate::load::balance::Balance;
use crate::load::publisher::Orders;
use crate::load::taker::Manner;

/// The tenants: one that is to be compared with, the one with dead webhooks, and whose webhook is well.
const WELL: usize = 0;
const DEAD: usize = 1;
const HEALTHY: usize = 2;
/// Where the healthy one is, and the others from.
const PLACE: usize = 0;
const PLACES: [usize; 2] = [1, 1_001];

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let dead = trial.pick(200, 1_000);
    let (rate, beside) = trial.pick((600, 100), (1_000, 200));
    let seconds = trial.pick(4, 30);
    let rig = Rig::start(Setup { tenants: 3, kinds: dead, timeout: "10s", ..Setup::default() })?;
    let closed = Closed::new()?;
    for kind in 0..dead {
        let place = usize::try_from(kind).unwrap_or(0);
        rig.webhook(WELL, PLACES[WELL] + place, Some(kind))?;
        let own = PLACES[DEAD] + place;
        match kind % 4 {
            0 => drop(rig.webhook_at(DEAD, &closed.url(own), Some(kind))?),
            1 => dies(&rig, own, kind, Manner::status(500))?,
            _ => dies(&rig, own, kind, Manner::Answer { status: 500, headers: "", after: HALF })?,
        }
    }
    rig.webhook(HEALTHY, PLACE, None)?;
    let is_unharmed = |endpoint: usize| endpoint == PLACE;
    let healthy = u64::from(beside) * seconds;
    // The numbers of one tenant's events are nobody else's.
    let orders = |tenant: usize, rate: u32, round: u64| {
        let first = (tenant as u64 * 10 + round) * 1_000_000;
        let events = u64::from(rate) * seconds;
        Orders { connections: 16, rate, events, first, ..rig.orders(tenant) }
    };
    let before = [orders(HEALTHY, beside, 0), orders(WELL, rate, 0)];
    Phase::warm_up(trial, &rig, &before)?;
    let before = Phase::of(&rig, &before, is_unharmed, healthy)?;
    let during = [orders(HEALTHY, beside, 1), orders(DEAD, rate, 1)];
    let during = Phase::of(&rig, &during, is_unharmed, healthy)?;
    trial.note("dead webhooks", super::float_64(dead), "");
    trial.note("events a second for these", f64::from(rate), "");
    trial.note("events a second for the healthy one", f64::from(beside), "");
    trial.note("publishing for these, refused", super::float_64(during.published[1].refused), "");
    trial.compare(&before, &during, 1);
    trial.reckon(&Balance::of(&during.published[0], &during.arrivals, |_| PLACE..PLACE + 1), Some(0));
    rig.ensure_well()
}

/// Half of the deadline.
const HALF: core::time::Duration = core::time::Duration::from_secs(5);

fn dies(rig: &Rig, endpoint: usize, kind: u64, manner: Manner) -> Result<()> {
    rig.taker.behave(endpoint, manner);
    rig.webhook(DEAD, endpoint, Some(kind))?;
    Ok(())
}

/// A port at which nobody listens, and nobody else will.
struct Closed {
    _held: TcpSocket,
    address: SocketAddr,
}

impl Closed {
    fn new() -> Result<Self> {
        let held = TcpSocket::new_v4()?;
        held.bind((Ipv4Addr::UNSPECIFIED, 0).into())?;
        let address = held.local_addr()?;
        Ok(Self { _held: held, address })
    }

    /// A host of its own for each.
    fn url(&self, number: usize) -> String {
        format!("http://127.200.{}.{}:{}/w/{number}", number / 250, number % 250 + 1, self.address.port())
    }
}
