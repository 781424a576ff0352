//! SIGTERM under load, again and again.
//!
//! One endpoint in eight never answers and one takes most of the deadline, so there is always something in flight that
//! a stop has to wait for. There is one attempt for each delivery: what times out has ended, and nothing is ever to
//! arrive twice.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::Trial;
use super::rig::{Rig, Setup};
use crate::load::balance::Balance;
use crate::load::publisher::Publisher;
use crate::load::taker::Manner;
use crate::time::now;

const ENDPOINTS: usize = 8;
const DEADLINE: f64 = 2.0;
const SOON: Duration = Duration::from_secs(60);

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let mut rig = Rig::start(Setup { timeout: "2s", retry: "[]", ..Setup::default() })?;
    rig.taker.all_behave(Manner::slow(Duration::from_millis(5)));
    rig.taker.behave(0, Manner::Hang);
    rig.taker.behave(1, Manner::slow(Duration::from_millis(1_500)));
    for endpoint in 0..ENDPOINTS {
        rig.webhook(0, endpoint, None)?;
    }
    let publisher = Publisher::start(rig.server.base(), rig.orders(0));
    let mut slowest = Duration::ZERO;
    for round in 0..trial.pick(2, 20) {
        std::thread::sleep(Duration::from_millis(1_000 + round * 61 % 100 * 10));
        ensure!(rig.taker.open() > 0, "nothing was in flight");
        let began = now();
        let status = rig.server.terminate(Duration::from_secs(30))?;
        let took = began.elapsed();
        slowest = slowest.max(took);
        trial.say(&format!("  stopped in {took:.2?}, {} acknowledged", publisher.acknowledged()));
        ensure!(status.success(), "the server ended with {status}");
        rig.server.restart()?;
        publisher.aim(rig.server.base());
    }
    std::thread::sleep(Duration::from_secs(1));
    let published = publisher.stop()?;
    published.ensure_sound()?;
    rig.taker.all_behave(Manner::status(200));
    let all = rig.drained(published.count() * ENDPOINTS as u64, SOON);
    rig.wait(SOON, |taker| taker.open() == 0);
    let balance = Balance::of(&published, &rig.taker.arrivals(0), |_| 0..ENDPOINTS);
    trial.at_most("from SIGTERM to the end, slowest", slowest.as_secs_f64(), " s", DEADLINE + 2.0);
    trial.reckon(&balance, Some(0));
    ensure!(all, "not everything arrived within {SOON:?} of the last start");
    trial.none("still pending", rig.deliveries(0, "pending", 100)?);
    rig.ensure_well()
}
