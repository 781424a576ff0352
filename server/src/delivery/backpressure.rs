//! How far delivering is behind, tenant by tenant: what holds up publishing.
//!
//! Whoever may go on is woken alone, and wakes the next when there is room left: of a hundred that wait not all are woken
//! whenever one may go on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::{IdMap, TenantId};

/// What waits to be sent, and what is about to.
#[derive(Default)]
pub(super) struct Backpressure {
    tenants: Mutex<IdMap<TenantId, Counts>>,
}

#[derive(Default)]
struct Counts {
    /// Deliveries the scheduler holds that wait to be sent.
    runnable: usize,
    /// Deliveries that are being published.
    coming: usize,
    waiters: Arc<Notify>,
}

impl Backpressure {
    /// Waits until less than `limit` waits of a tenant, and takes a place for deliveries that are about to come.
    /// `untaken` tells how many there are that the scheduler has not heard of yet.
    pub(super) async fn admit(
        self: &Arc<Self>,
        tenant: TenantId,
        deliveries: usize,
        limit: usize,
        untaken: impl Fn() -> usize,
    ) -> Coming {
        loop {
            let waiters = match self.try_admit(tenant, deliveries, limit, &untaken) {
                Ok(coming) => return coming,
                Err(waiters) => waiters,
            };
            waiters.notified().await;
        }
    }

    fn try_admit(
        self: &Arc<Self>,
        tenant: TenantId,
        deliveries: usize,
        limit: usize,
        untaken: impl Fn() -> usize,
    ) -> Result<Coming, Arc<Notify>> {
        let mut tenants = self.lock();
        let counts = tenants.entry(tenant).or_default();
        let waiting = counts.runnable.saturating_add(counts.coming).saturating_add(untaken());
        if waiting >= limit {
            return Err(Arc::clone(&counts.waiters));
        }
        counts.coming += deliveries;
        if waiting.saturating_add(deliveries) < limit {
            counts.waiters.notify_one();
        }
        Ok(Coming { of: Arc::clone(self), tenant, deliveries })
    }

    /// Takes in how many deliveries of some tenants wait to be sent. `taken` has those forgotten that `untaken` told of and
    /// that are among them now: nobody sees them nowhere, or twice.
    pub(super) fn set_runnable(
        &self,
        changed: impl Iterator<Item = (TenantId, usize)>,
        taken: impl FnOnce(),
    ) {
        let mut tenants = self.lock();
        taken();
        for (tenant, runnable) in changed {
            let counts = tenants.entry(tenant).or_default();
            counts.runnable = runnable;
            // Fewer may wait, or some that were on their way turned out not to count.
            counts.waiters.notify_one();
        }
    }

    /// Forgets all but these tenants, and those of whom something is counted or waited for.
    pub(super) fn retain(&self, stays: impl Fn(TenantId) -> bool) {
        self.lock().retain(|tenant, counts| {
            let waited_for = Arc::strong_count(&counts.waiters) > 1;
            stays(*tenant) || counts.runnable > 0 || counts.coming > 0 || waited_for
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Counts are changed one by one: after a panic each is a count still.
    fn lock(&self) -> MutexGuard<'_, IdMap<TenantId, Counts>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Deliveries that are being published, until they are the engine's, or are not published after all.
pub(super) struct Coming {
    of: Arc<Backpressure>,
    tenant: TenantId,
    deliveries: usize,
}

impl Drop for Coming {
    fn drop(&mut self) {
        if let Some(counts) = self.of.lock().get_mut(&self.tenant) {
            counts.coming = counts.coming.saturating_sub(self.deliveries);
            counts.waiters.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicUsize, Ordering};
    use core::time::Duration;

    use super::*;

    #[test]
    fn whoever_asks_while_deliveries_are_taken_in_sees_them_once() {
        let tenant = TenantId::new(1);
        // Ten: nowhere they would leave room below ten, and twice none below fifteen.
        for (limit, admitted) in [(10, false), (11, true), (15, true)] {
            let (backpressure, untaken) = (Arc::new(Backpressure::default()), AtomicUsize::new(10));
            std::thread::scope(|scope| {
                let (asked, answer) = std::sync::mpsc::channel();
                let (there, untaken) = (&backpressure, &untaken);
                backpressure.set_runnable([(tenant, 10)].into_iter(), || {
                    scope.spawn(move || {
                        let admission = there.try_admit(tenant, 1, limit, || untaken.load(Ordering::SeqCst));
                        asked.send(admission.is_ok()).unwrap();
                    });
                    std::thread::sleep(Duration::from_millis(20));
                    untaken.store(0, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(20));
                });
                assert_eq!(answer.recv().unwrap(), admitted, "{limit}");
            });
        }
    }
}
