//! How others fare: the same load before the harm and during it, in the same run and from the same publishers.

use core::time::Duration;

use anyhow::Result;

use super::rig::Rig;
use super::{Extent, Trial, float_64};
use crate::load::percentile;
use crate::load::publisher::{Orders, Published, Publisher};
use crate::load::taker::Arrival;
use crate::time::Deadline;

/// How much slower the slowest hundredth may be than without the harm.
const SLOWER: f64 = 1.5;
/// What a busy machine may add to that in a short trial, in milliseconds. An engine that lets one endpoint keep others
/// waiting does so until an attempt times out: for seconds.
const NOISE: f64 = 100.0;
/// How long no event may be acknowledged at all, in seconds: publishing never stops.
const SILENCE: f64 = 2.0;
/// How far behind the numbers of a phase those of its warm-up are. A round number, so that they are of the same kinds.
const ELSEWHERE: u64 = 500_000;
/// How long what is unharmed is waited for at the end of a phase.
const PATIENCE: Duration = Duration::from_secs(20);

/// A while under load.
pub(super) struct Phase {
    /// What became of each of the orders.
    pub(super) published: Vec<Published>,
    /// What came to the endpoints that are not harmed.
    pub(super) arrivals: Vec<Arrival>,
}

impl Phase {
    /// Publishes all this at once, and waits until the endpoints that are not harmed have got what they are to get, as
    /// many deliveries as `expected` says, if that does not take for ever.
    pub(super) fn of(
        rig: &Rig,
        orders: &[Orders],
        is_unharmed: impl Fn(usize) -> bool,
        expected: u64,
    ) -> Result<Self> {
        let (mut from, mut arrivals) = (rig.taker.count(), Vec::new());
        let publishers: Vec<_> =
            orders.iter().map(|orders| Publisher::start(rig.server.base(), orders.clone())).collect();
        let published = publishers.into_iter().map(Publisher::finish).collect::<Result<Vec<_>>>()?;
        Deadline::after(PATIENCE).poll(|| {
            let new = rig.taker.arrivals(from);
            from += new.len();
            arrivals.extend(new.into_iter().filter(|arrival| is_unharmed(arrival.endpoint)));
            (arrivals.len() as u64 >= expected).then_some(())
        });
        for published in &published {
            published.ensure_sound()?;
        }
        Ok(Self { published, arrivals })
    }

    /// Has the server bear the same for a while. The first seconds after a start are slower, for the log beside the database
    /// grows from nothing: whoever compared with them would allow for too much.
    /// Returns how many events that were.
    pub(super) fn warm_up(trial: &Trial, rig: &Rig, orders: &[Orders]) -> Result<u64> {
        let seconds = trial.pick(1, 10);
        let orders = orders.iter().map(|orders| Orders {
            events: u64::from(orders.rate) * seconds,
            first: orders.first + ELSEWHERE,
            ..orders.clone()
        });
        let orders: Vec<_> = orders.collect();
        let all = orders.iter().map(|orders| orders.events).sum();
        Self::of(rig, &orders, |_| true, all)?;
        Ok(all)
    }

    /// From sending to the server to arriving, in milliseconds, for so many of a hundred.
    pub(super) fn wait(&self, percent: usize) -> f64 {
        let mut waits: Vec<u32> = self.arrivals.iter().map(|arrival| arrival.wait).collect();
        waits.sort_unstable();
        f64::from(percentile(&waits, percent)) / 1e3
    }

    /// Arrivals a second, from the first to the last.
    pub(super) fn rate(&self) -> f64 {
        let times = self.arrivals.iter().map(|arrival| arrival.at);
        let span = times.clone().max().unwrap_or(0).saturating_sub(times.min().unwrap_or(0));
        float_64(self.arrivals.len() as u64) / (float_64(span) / 1e9).max(1e-9)
    }

    /// From asking to the acknowledgement, in milliseconds, for so many of a hundred, of the slowest of these publishers.
    fn acknowledged_in(&self, publishers: usize, percent: usize) -> f64 {
        let waits = self.published[..publishers].iter().map(|published| published.wait(percent));
        f64::from(waits.max().unwrap_or(0)) / 1e3
    }
}

impl Trial {
    /// What others had to bear, and the first so many publishers, which are not to notice anything.
    pub(super) fn compare(&mut self, before: &Phase, during: &Phase, publishers: usize) {
        let noise = if self.extent == Extent::Short { NOISE } else { 0.0 };
        self.note("others' p50, without the harm", before.wait(50), " ms");
        self.note("others' p50", during.wait(50), " ms");
        self.note("others' p99, without the harm", before.wait(99), " ms");
        self.at_most("others' p99", during.wait(99), " ms", before.wait(99) * SLOWER + noise);
        self.note("publishing p99, without the harm", before.acknowledged_in(publishers, 99), " ms");
        self.note("publishing p99", during.acknowledged_in(publishers, 99), " ms");
        let gaps = during.published[..publishers].iter().map(|published| published.longest_gap);
        let silence = gaps.max().unwrap_or_default().as_secs_f64();
        self.at_most("longest silence of publishing", silence, " s", SILENCE);
        let refused: u64 = during.published[..publishers].iter().map(|published| published.refused).sum();
        self.none("publishing, refused", usize::try_from(refused).unwrap_or(usize::MAX));
    }
}
