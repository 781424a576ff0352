//! What waits to be delivered, as the engine learns of it.
//!
//! The store has every pending delivery; the engine holds those of each webhook whose turns come first. Both speak of
//! the same order, [`Turn`], and of one sequence of commits: the [`Arrivals`] tell what was made and what was asked for
//! in the order in which it was committed. So an answer to [`Store::ask_waiting`](super::Store::ask_waiting) knows of
//! everything that was told before it and of nothing that is told after it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::domain::{IdMap, TenantId, Turn, WebhookId, Work};

/// What the engine is told, in the order of commits.
#[derive(Debug)]
pub enum Arrival {
    /// Deliveries that became durable, bodies included if they were at hand.
    Made(Vec<Work>),
    /// The answer to a question.
    Waiting(Waiting),
}

/// Where arrivals are received.
pub type Arrivals = mpsc::UnboundedReceiver<Arrival>;

/// A question: which deliveries of a webhook wait, from a turn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of which webhook.
    pub webhook: WebhookId,
    /// From which turn on.
    pub from: Turn,
    /// How many at the most.
    pub limit: u32,
    /// Whoever asks knows the answer by it.
    pub ticket: u64,
}

/// The answer.
#[derive(Debug)]
pub struct Waiting {
    /// What was asked.
    pub wanted: Wanted,
    /// What waits, in the order of turns; those that cannot be read are left out. `None` when the store cannot say now.
    pub page: Option<Page>,
}

/// Deliveries that wait.
#[derive(Debug, Default)]
pub struct Page {
    /// In the order of turns, bodies included as far as they were small enough.
    pub works: Vec<Work>,
    /// From where to ask for those that follow; `None` when these are all.
    pub next: Option<Turn>,
}

/// How many deliveries are pending, kept in memory.
#[derive(Debug, Default)]
pub struct Backlog(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    webhooks: BTreeMap<WebhookId, (TenantId, u64)>,
    tenants: IdMap<TenantId, u64>,
    /// Deliveries the engine was told of and has not taken in yet.
    untaken: IdMap<TenantId, usize>,
}

/// How the numbers of pending deliveries change in a transaction.
pub(crate) type Changes = IdMap<WebhookId, (TenantId, i64)>;

impl Backlog {
    /// Pending deliveries of a tenant.
    #[must_use]
    pub fn of(&self, tenant: TenantId) -> u64 {
        self.lock().tenants.get(&tenant).copied().unwrap_or_default()
    }

    /// Pending deliveries of all tenants.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.lock().tenants.values().sum()
    }

    /// The webhooks that have pending deliveries, and whose they are.
    #[must_use]
    pub fn webhooks(&self) -> Vec<(WebhookId, TenantId)> {
        self.lock().webhooks.iter().map(|(webhook, (tenant, _))| (*webhook, *tenant)).collect()
    }

    /// Deliveries of a tenant that the engine was told of and has not taken in yet.
    #[must_use]
    pub fn untaken(&self, tenant: TenantId) -> usize {
        self.lock().untaken.get(&tenant).copied().unwrap_or_default()
    }

    /// The engine is about to be told of these.
    pub(super) fn tell(&self, works: &[Work]) {
        let mut counts = self.lock();
        for work in works {
            *counts.untaken.entry(work.tenant).or_default() += 1;
        }
    }

    /// The engine has taken in so many of some tenants.
    pub fn taken(&self, taken_in: impl ExactSizeIterator<Item = (TenantId, usize)>) {
        if taken_in.len() == 0 {
            return;
        }
        let mut counts = self.lock();
        for (tenant, deliveries) in taken_in {
            let untaken = counts.untaken.entry(tenant).or_default();
            *untaken = untaken.saturating_sub(deliveries);
        }
    }

    /// Takes over what has become durable.
    pub(crate) fn change(&self, changes: &Changes) {
        if changes.is_empty() {
            return;
        }
        let mut counts = self.lock();
        for (webhook, (tenant, change)) in changes {
            let of_webhook = &mut counts.webhooks.entry(*webhook).or_insert((*tenant, 0)).1;
            *of_webhook = of_webhook.saturating_add_signed(*change);
            if *of_webhook == 0 {
                counts.webhooks.remove(webhook);
            }
            let of_tenant = counts.tenants.entry(*tenant).or_default();
            *of_tenant = of_tenant.saturating_add_signed(*change);
        }
    }

    /// Every change under the lock leaves counts; after a panic each is a count still.
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
