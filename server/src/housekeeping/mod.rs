//! What has expired is deleted, for as long as the server runs: history, what else is kept as long, the old end of the
//! audit log, secrets that are retired. Each has a loop of its own, for one that has much to do, or cannot, must not keep
//! the others waiting.
//!
//! What is deleted is gone, and a wall clock that is days ahead makes all history old. So nothing is deleted while it has
//! run ahead of the time that has passed, until it has stayed so for an hour: then it was set right, or the machine slept.

use core::future::Future;
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::App;
use crate::causes::causes;
use crate::clock::Clock;
use crate::domain::{IdMap, Tenant, TenantId, Timestamp};
use crate::storage::{Pruned, Store, StoreError, Walk};
use crate::wiring::for_ever;

/// How often what has expired is looked for.
const EVERY: Duration = if cfg!(test) { Duration::from_millis(20) } else { Duration::from_secs(60) };
/// And counts, versions and replays: for that all webhooks are looked through.
const FORGET_EVERY: Duration = if cfg!(test) { EVERY } else { Duration::from_secs(10 * 60) };
/// How often history is walked from its old end, for what was passed over before.
const WALK_ANEW_EVERY: Duration = Duration::from_secs(60 * 60);
/// How many events one step deletes at most and what lies between two, so that hardly anybody who publishes notices.
const PRUNE_STEP: (u32, Duration) = (8, Duration::from_millis(5));
/// And after so long, for by then history grows faster than it goes.
const PRUNE_LONG_STEP: (u32, Duration) = (64, Duration::from_millis(1));
const PRUNE_BEHIND: Duration = Duration::from_secs(60 * 60);
/// How many rows of each other kind one step deletes at most, and what lies between two.
const FORGET_STEP: (u32, Duration) = (32, Duration::from_millis(5));
const AUDIT_STEP: (u32, Duration) = (128, Duration::from_millis(5));
/// How long what tenants keep is taken for what it was.
const CUTS_FRESH: Duration = Duration::from_millis(100);
/// How long the audit log is kept.
const AUDIT_RETENTION: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How far ahead of the time that has passed the wall clock may be, and how long it must be before it is believed.
const AHEAD: Duration = Duration::from_secs(60 * 60);

/// Before when what a tenant has is old.
type Cuts = Arc<IdMap<TenantId, Timestamp>>;

/// Keeps house as long as the server runs.
pub(crate) async fn keep(store: Arc<dyn Store>, app: App, clock: Arc<dyn Clock>) {
    let house = Arc::new(House { wall: Wall::new(&*clock), store, app, clock });
    tokio::join!(
        for_ever("retention", || history(Arc::clone(&house))),
        for_ever("retention of counts", || counts(Arc::clone(&house))),
        for_ever("retention of the audit log", || audit(Arc::clone(&house))),
        for_ever("retired secrets", || secrets(Arc::clone(&house))),
    );
}

struct House {
    store: Arc<dyn Store>,
    app: App,
    clock: Arc<dyn Clock>,
    wall: Wall,
}

impl House {
    /// The time, if it can be believed.
    fn now(&self) -> Option<Timestamp> {
        self.wall.now(&*self.clock)
    }

    /// Before when each tenant's history is older than it keeps it.
    fn cuts(&self) -> Option<Cuts> {
        let now = self.now()?;
        let tenants = self.store.directory().tenants();
        let cut = |tenant: &Arc<Tenant>| Some((tenant.id, cut_of(tenant, now)?));
        Some(Arc::new(tenants.iter().filter_map(cut).collect()))
    }

    /// Before when a tenant's is, if it is still there.
    fn cut(&self, tenant: TenantId) -> Option<Timestamp> {
        cut_of(&*self.store.directory().tenant(tenant)?, self.now()?)
    }
}

fn cut_of(tenant: &Tenant, now: Timestamp) -> Option<Timestamp> {
    now.checked_sub(tenant.settings.retention).ok()
}

/// Ticks at once and then every so often, never twice at once for a tick that was missed.
fn every(period: Duration) -> tokio::time::Interval {
    let mut every = tokio::time::interval(period);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    every
}

async fn history(house: Arc<House>) {
    let (mut every, mut walks) = (every(EVERY), Walks::default());
    loop {
        every.tick().await;
        let prune = |cuts, walk, limit| house.store.prune(cuts, walk, limit);
        walks.round(&*house.clock, || house.cuts(), prune).await;
    }
}

/// Walks along history, one round after the other.
#[derive(Default)]
struct Walks {
    /// When the last one began at the old end.
    anew_at: Option<Duration>,
}

impl Walks {
    /// Goes on until nothing is old any more.
    async fn round<F>(
        &mut self,
        clock: &dyn Clock,
        cuts: impl Fn() -> Option<Cuts>,
        prune: impl Fn(Cuts, Walk, u32) -> F,
    ) where
        F: Future<Output = Result<Pruned, StoreError>>,
    {
        let began = clock.monotonic();
        let is_due = self.anew_at.is_none_or(|at| began.saturating_sub(at) >= WALK_ANEW_EVERY);
        let mut walk = if is_due { Walk::Anew } else { Walk::On };
        let (mut before, mut cut_at) = (cuts(), began);
        while let Some(old) = before.clone() {
            let behind = clock.monotonic().saturating_sub(began) >= PRUNE_BEHIND;
            let (limit, rest) = if behind { PRUNE_LONG_STEP } else { PRUNE_STEP };
            let pruned = prune(old, walk, limit).await;
            // Past what is damaged the store goes on; from the old end it would be met again.
            let begun = matches!(pruned, Ok(_) | Err(StoreError::Damaged(_)));
            if begun && walk == Walk::Anew {
                (walk, self.anew_at) = (Walk::On, Some(began));
            }
            if !left("history", pruned.map(|pruned| pruned.more)) {
                break;
            }
            tokio::time::sleep(rest).await;
            // There may be much to delete, and a tenant that is to keep more from now on.
            if clock.monotonic().saturating_sub(cut_at) >= CUTS_FRESH {
                (before, cut_at) = (cuts(), clock.monotonic());
            }
        }
    }
}

async fn counts(house: Arc<House>) {
    let (mut every, (limit, rest)) = (every(FORGET_EVERY), FORGET_STEP);
    loop {
        every.tick().await;
        for tenant in house.store.directory().tenants() {
            // Asked for anew at each step, as what history is deleted before.
            while let Some(before) = house.cut(tenant.id) {
                if !left("counts and replays", house.store.forget(tenant.id, before, limit).await) {
                    break;
                }
                tokio::time::sleep(rest).await;
            }
        }
    }
}

async fn audit(house: Arc<House>) {
    let (mut every, (limit, rest)) = (every(EVERY), AUDIT_STEP);
    let whole = |deleted| deleted >= u64::from(limit);
    loop {
        every.tick().await;
        let Some(before) = house.now().and_then(|now| now.checked_sub(AUDIT_RETENTION).ok()) else {
            continue;
        };
        while left("the audit log", house.store.prune_audit(before, limit).await.map(whole)) {
            tokio::time::sleep(rest).await;
        }
    }
}

async fn secrets(house: Arc<House>) {
    let mut every = every(EVERY);
    loop {
        every.tick().await;
        if house.now().is_none() {
            continue;
        }
        if let Err(error) = house.app.erase_retired_secrets().await {
            tracing::warn!(error = causes(&error), "cannot erase retired secrets");
        }
    }
}

/// Whether there may be more to delete.
fn left(what: &str, more: Result<bool, StoreError>) -> bool {
    more.unwrap_or_else(|error| {
        let error = causes(&error);
        tracing::warn!(error, what, "cannot delete what has expired");
        false
    })
}

/// The wall clock, beside the time that has passed.
struct Wall {
    seen: Mutex<Seen>,
}

struct Seen {
    /// What the wall clock showed when it was last believed anew, in microseconds, less the time that had passed by then.
    offset: i128,
    /// Since when it has been too far ahead.
    ahead_since: Option<Duration>,
}

impl Wall {
    fn new(clock: &dyn Clock) -> Self {
        let offset = offset(clock.now(), clock.monotonic());
        Self { seen: Mutex::new(Seen { offset, ahead_since: None }) }
    }

    /// What it shows, if that can be believed.
    fn now(&self, clock: &dyn Clock) -> Option<Timestamp> {
        let (now, passed) = (clock.now(), clock.monotonic());
        let (offset, allowed) = (offset(now, passed), i128::try_from(AHEAD.as_micros()).unwrap_or(i128::MAX));
        // After a panic it is as whole as before.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = offset - seen.offset;
        if ahead <= allowed {
            seen.ahead_since = None;
            if ahead < -allowed {
                // It was ahead and is right again; from here on it must not run ahead either.
                seen.offset = offset;
            }
            return Some(now);
        }
        let since = *seen.ahead_since.get_or_insert_with(|| {
            let seconds = i64::try_from(ahead / 1_000_000).unwrap_or(i64::MAX);
            tracing::warn!(
                seconds,
                "the wall clock has run ahead: nothing that has expired is deleted until it has been so for an hour"
            );
            passed
        });
        if passed.saturating_sub(since) < AHEAD {
            return None;
        }
        *seen = Seen { offset, ahead_since: None };
        Some(now)
    }
}

fn offset(now: Timestamp, passed: Duration) -> i128 {
    i128::from(now.as_microsecond()) - i128::try_from(passed.as_micros()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests;
