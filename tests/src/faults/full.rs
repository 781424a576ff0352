//! A disk that fills up under load.
//!
//! Twice: once space is freed and the server goes on, once it is killed while the disk is full and started when it is
//! not any more. What it said yes to before, and between, must arrive; to what it could not keep it may not say yes, but
//! has to say that it will be able to later. In short the library between server and libc has no space left; in full it is
//! a small file system besides, which takes root.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::geteuid;
use tempfile::TempDir;

use super::rig::{Rig, Setup};
use super::shim::Shim;
use super::{Extent, Trial, float, float_64};
use crate::load::balance::Balance;
use crate::load::publisher::{Orders, Publisher};
use crate::load::taker::Manner;
use crate::time::{Deadline, now};

const ENDPOINTS: usize = 2;
/// What is left when the disk is said to be full.
const LEFT: u32 = 200_000;
/// What a crash may repeat beyond what was in flight when the disk filled up: results of which nobody knew yet that there is
/// no space for them. No attempt starts from then on. Where attempts go on until as many results wait as may, it is
/// a thousand.
const UNSETTLED: usize = 224;
const SOON: Duration = Duration::from_secs(60);

/// A disk that can be filled.
trait Disk {
    fn fill(&self) -> Result<()>;
    fn free(&self) -> Result<()>;
}

impl Disk for Shim {
    fn fill(&self) -> Result<()> {
        self.leave_space(Some(LEFT))
    }

    fn free(&self) -> Result<()> {
        self.leave_space(None)
    }
}

pub(super) fn run(trial: &mut Trial) -> Result<()> {
    let shim = Shim::new()?;
    let mut rig = Rig::start_as(Setup::default(), |launch| shim.under(launch))?;
    one(trial, &mut rig, &shim)?;
    ensure!(shim.refused_writes()? > 0, "no write was refused");
    if trial.extent == Extent::Long {
        let disk = SmallDisk::mount()?;
        // It is smaller than what is to be left free where nothing is said.
        let mut rig = Rig::start_as(Setup::default(), |launch| {
            launch.data(disk.folder()).environment("SIGPOST_SERVER__MIN_FREE_MIB", "0")
        })?;
        one(trial, &mut rig, &disk)?;
        // Before the disk goes.
        drop(rig);
    }
    Ok(())
}

fn one(trial: &mut Trial, rig: &mut Rig, disk: &impl Disk) -> Result<()> {
    rig.taker.all_behave(Manner::slow(Duration::from_millis(5)));
    for endpoint in 0..ENDPOINTS {
        rig.webhook(0, endpoint, None)?;
    }
    let publisher = Publisher::start(rig.server.base(), Orders { connections: 16, ..rig.orders(0) });
    let process = rig.server.process().id();
    let before = fill(trial, &publisher, disk)?;
    // What is there can be looked at.
    ensure!(
        rig.admin(0).get("/v1/deliveries")?.status == 200,
        "history cannot be read while the disk is full"
    );
    rig.ensure_well()?;
    disk.free()?;
    let (began, full) = (now(), publisher.acknowledged());
    let again =
        Deadline::after(SOON).poll(|| (publisher.acknowledged() > full + 16).then(|| began.elapsed()));
    let again = again.context("nothing is taken any more after space was freed")?;
    ensure!(rig.server.process().id() == process, "another process");
    rig.ensure_well()?;
    trial.note("acknowledged while the disk was full", float_64(full - before), "");
    trial.at_most("from freed space to acknowledging", again.as_secs_f64(), " s", 5.0);
    std::thread::sleep(Duration::from_secs(1));
    let untroubled = rig.taker.count();

    let at_once = rig.taker.open();
    fill(trial, &publisher, disk)?;
    let in_flight = rig.taker.open();
    rig.server.kill()?;
    disk.free()?;
    rig.server.restart()?;
    publisher.aim(rig.server.base());
    std::thread::sleep(Duration::from_secs(1));
    let published = publisher.stop()?;
    published.ensure_sound()?;
    rig.drained(published.count() * ENDPOINTS as u64, SOON);
    rig.wait(SOON, |taker| taker.open() == 0);
    let arrivals = rig.taker.arrivals(0);
    let balance = Balance::of(&published, &arrivals, |_| 0..ENDPOINTS);
    let early = Balance::of(&published, &arrivals[..untroubled], |_| 0..0);
    trial.note("refused: 503", float_64(published.refused), "");
    trial.none("received more than once before the kill", usize::try_from(early.duplicates)?);
    trial.note("in flight before the disk was full", float(at_once), "");
    trial.note("in flight at the kill", float(in_flight), "");
    trial.reckon(&balance, Some((at_once + UNSETTLED) as u64));
    trial.none("still pending", rig.deliveries(0, "pending", 100)?);
    rig.ensure_well()
}

/// Fills the disk and waits until the server has said so to everybody. How many were acknowledged by then.
fn fill(trial: &Trial, publisher: &Publisher, disk: &impl Disk) -> Result<u64> {
    std::thread::sleep(Duration::from_millis(trial.pick(700, 3_000)));
    disk.fill()?;
    let (before, refused) = (publisher.acknowledged(), publisher.refused());
    let full = Deadline::after(SOON).poll(|| {
        publisher
            .ensure_sound()
            .err()
            .map(Err)
            .or_else(|| (publisher.refused() > refused + 50).then_some(Ok(())))
    });
    full.context("nobody is refused although the disk is full")??;
    std::thread::sleep(Duration::from_millis(trial.pick(1_000, 3_000)));
    Ok(before)
}

/// A file system of its own, in a file. It is taken off when this is dropped.
struct SmallDisk {
    folder: TempDir,
}

const SIZE: u64 = 192 << 20;

impl SmallDisk {
    fn mount() -> Result<Self> {
        ensure!(
            geteuid().is_root(),
            "mounting a small file system takes root: run this as root, or in short"
        );
        let folder = TempDir::with_prefix("sigpost-disk-")?;
        let (image, place) = (folder.path().join("image"), folder.path().join("disk"));
        File::create(&image)?.set_len(SIZE)?;
        std::fs::create_dir(&place)?;
        command("mkfs.ext4", &["-q".as_ref(), "-F".as_ref(), image.as_path()])?;
        command("mount", &["-o".as_ref(), "loop".as_ref(), image.as_path(), place.as_path()])?;
        Ok(Self { folder })
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn folder(&self) -> PathBuf {
        self.place().join("data")
    }

    fn ballast(&self) -> PathBuf {
        self.place().join("ballast")
    }
}

fn command(program: &str, arguments: &[&Path]) -> Result<()> {
    let output =
        Command::new(program).args(arguments).output().with_context(|| format!("running {program}"))?;
    ensure!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

impl Disk for SmallDisk {
    fn fill(&self) -> Result<()> {
        let mut ballast = File::create(self.ballast())?;
        // It ends when there is no space left, which is what is wanted.
        let _ = std::io::copy(&mut std::io::repeat(0), &mut ballast);
        Ok(())
    }

    fn free(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.ballast())?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What is left mounted then is seen by whoever removes the folder.
        let _ = command("umount", &[&self.place()]);
    }
}
