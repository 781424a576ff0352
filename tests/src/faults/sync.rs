//! A disk that fails to make something durable, under load.
//!
//! After a failed fsync nobody can know what the disk has kept, even when the next one succeeds. So the first has to be
//! the end: no more acknowledgements, an error in the log, and a process that exits, so that whoever watches it starts it
//! anew, which reads what is really there. It is the end also where only the database fails and not the log that every
//! commit waits for: what was copied from the log and not synced may be gone, and the log is all that has it. That is so
//! too while another program has the database open, for then SQLite does not forget by itself what it took for copied.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rusqlite::{Connection, OpenFlags};

use super::rig::{Rig, Setup};
use super::shim::{Shim, Unsynced};
use super::{Trial, float, float_64};
use crate::load::balance::Balance;
use crate::load::publisher::{Orders, Publisher};
use crate::load::taker::Manner;
use crate::time::{Deadline, now};

const ENDPOINTS: usize = 2;
/// Results that may be lost because they are not durable yet.
const UNSETTLED: usize = 1_024;
const SOON: Duration = Duration::from_secs(60);
/// The store is asked every ten seconds whether it stands; then what is in flight gets its deadline, of five.
const MOST: f64 = 10.0 + 5.0 + 2.0;

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let shim = Shim::new()?;
    let mut rig = Rig::start_as(Setup::default(), |launch| shim.under(launch))?;
    rig.taker.all_behave(Manner::slow(Duration::from_millis(5)));
    for endpoint in 0..ENDPOINTS {
        rig.webhook(0, endpoint, None)?;
    }
    let publisher = Publisher::start(rig.server.base(), Orders { connections: 16, ..rig.orders(0) });
    shim.forget_unsynced()?;
    let database = rig.server.folder().join("data/sigpost.db");
    let rounds = trial.pick(2, 12);
    let (mut slowest, mut late, mut again) = (0.0_f64, 0, 0);
    let mut others = None;
    for round in 0..rounds {
        std::thread::sleep(Duration::from_millis(700 + round * 61));
        let which = if round % 2 == 0 { Unsynced::All } else { Unsynced::TheDatabase };
        let other = if round % 3 > 0 { Some(look_into(&database)?) } else { None };
        let end = fail(&mut rig, &publisher, &shim, which, round % 4 < 2)?;
        trial.say(&format!(
            "  {which:?}: ended after {:.1} s, {} acknowledged",
            end.seconds,
            publisher.acknowledged()
        ));
        slowest = slowest.max(end.seconds);
        late += end.late;
        again += end.in_flight + UNSETTLED;
        rig.server.restart()?;
        publisher.aim(rig.server.base());
        // Until the log that the failure has left was written over.
        others = other;
    }
    std::thread::sleep(Duration::from_secs(2));
    let published = publisher.stop()?;
    drop(others);
    published.ensure_sound()?;
    rig.drained(published.count() * ENDPOINTS as u64, SOON);
    rig.wait(SOON, |taker| taker.open() == 0);
    let balance = Balance::of(&published, &rig.taker.arrivals(0), |_| 0..ENDPOINTS);
    trial.note("failed disks", float_64(rounds), "");
    trial.at_most("acknowledged afterwards", float_64(late), "", 0.0);
    trial.at_most("until the process has ended, slowest", slowest, " s", MOST);
    trial.reckon(&balance, Some(again as u64));
    trial.none("still pending", rig.deliveries(0, "pending", 100)?);
    trial.none(
        "ends without an error in the log",
        usize::from(!rig.server.stderr().contains("the store has stopped")),
    );
    trial.note("in flight + 1,024, over all", float(again), "");
    rig.ensure_well()?;
    // What was delivered at once is not missed by anybody: it is counted where it is kept.
    let database = look_into(&database)?;
    let stored: i64 = database.query_row("SELECT count(*) FROM event", [], |row| row.get(0))?;
    trial.none(
        "acknowledged and not stored",
        published.count().saturating_sub(u64::try_from(stored)?).try_into()?,
    );
    let structure: String = database.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    ensure!(structure == "ok", "{structure}");
    Ok(())
}

/// Has a database open, as a monitor or a shell, and is not reading it just now.
fn look_into(database: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let other = Connection::open_with_flags(database, flags)?;
    other.busy_timeout(Duration::from_secs(5))?;
    other.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(other)
}

struct End {
    seconds: f64,
    /// Acknowledgements after the first failure.
    late: u64,
    in_flight: usize,
}

/// Lets the disk fail, once or for good, and waits for the end of the process.
fn fail(rig: &mut Rig, publisher: &Publisher, shim: &Shim, which: Unsynced, once: bool) -> Result<End> {
    let failed = shim.refused_syncs()?;
    shim.fail_syncs(Some(which))?;
    let failing = Deadline::after(SOON).poll(|| (shim.refused_syncs().ok()? > failed).then_some(()));
    failing.context("nothing was made durable at all")?;
    let began = now();
    if once {
        shim.fail_syncs(None)?;
    }
    // What was durable before may have been on its way to the publisher.
    std::thread::sleep(Duration::from_millis(200));
    let (acknowledged, in_flight) = (publisher.acknowledged(), rig.taker.open());
    let status = rig.server.process().wait(SOON)?;
    ensure!(!status.success(), "the server ended as if all was well");
    shim.fail_syncs(None)?;
    let late = publisher.acknowledged() - acknowledged;
    Ok(End { seconds: began.elapsed().as_secs_f64(), late, in_flight })
}
