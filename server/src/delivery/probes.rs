//! How many single exchanges are under way, and whose.
//!
//! As with slots, no tenant gets a place while it holds as many as are free: one whose receivers all hang leaves half
//! of them to the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::TenantId;

/// The places.
pub(super) struct Probes {
    all: usize,
    taken: Mutex<Taken>,
    given_back: Notify,
}

#[derive(Default)]
struct Taken {
    by_tenant: HashMap<TenantId, usize>,
    total: usize,
    /// Nothing begins any more.
    finished: bool,
}

/// A place that is taken, until it is dropped.
pub(super) struct Place {
    probes: Arc<Probes>,
    tenant: TenantId,
}

impl Probes {
    pub(super) fn new(places: u16) -> Self {
        Self { all: places.into(), taken: Mutex::default(), given_back: Notify::new() }
    }

    /// Takes a place for a tenant, if it may have one more.
    pub(super) fn reserve(probes: &Arc<Self>, tenant: TenantId) -> Option<Place> {
        let mut taken = probes.lock();
        let free = probes.all.saturating_sub(taken.total);
        let held = taken.by_tenant.get(&tenant).copied().unwrap_or_default();
        if taken.finished || held >= free {
            return None;
        }
        taken.total += 1;
        taken.by_tenant.insert(tenant, held + 1);
        Some(Place { probes: Arc::clone(probes), tenant })
    }

    /// Gives no more places, and waits until all are back.
    pub(super) async fn finish(&self) {
        loop {
            let given_back = self.given_back.notified();
            {
                let mut taken = self.lock();
                taken.finished = true;
                if taken.total == 0 {
                    return;
                }
            }
            given_back.await;
        }
    }

    /// Counts are changed one by one: after a panic each is a count still.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.probes.lock();
        taken.total = taken.total.saturating_sub(1);
        if let Some(held) = taken.by_tenant.get_mut(&self.tenant) {
            *held = held.saturating_sub(1);
        }
        taken.by_tenant.retain(|_, held| *held > 0);
        drop(taken);
        self.probes.given_back.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenant_leaves_places_to_the_next() {
        let probes = Arc::new(Probes::new(8));
        let take = |tenant| Probes::reserve(&probes, TenantId::new(tenant));
        let mut first: Vec<_> = std::iter::from_fn(|| take(1)).collect();
        assert_eq!(first.len(), 4);
        let second: Vec<_> = std::iter::from_fn(|| take(2)).collect();
        assert_eq!(second.len(), 2);
        let third = take(3);
        assert!(third.is_some());
        first.pop();
        assert!(take(4).is_some());
        drop((first, second, third));
        assert_eq!(std::iter::from_fn(|| take(1)).collect::<Vec<_>>().len(), 4);
    }

    #[tokio::test]
    async fn finishing_waits_for_those_under_way_and_lets_none_begin() {
        let probes = Arc::new(Probes::new(9));
        let place = Probes::reserve(&probes, TenantId::new(1)).unwrap();
        let finishing = tokio::spawn({
            let probes = Arc::clone(&probes);
            async move { probes.finish().await }
        });
        tokio::task::yield_now().await;
        assert!(!finishing.is_finished());
        assert!(Probes::reserve(&probes, TenantId::new(2)).is_none());
        drop(place);
        finishing.await.unwrap();
    }
}
