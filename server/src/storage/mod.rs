//! What the rest of the server asks of a store, in the domain's words.
//!
//! Guarantees every backend gives, and the contract suite checks:
//! - A future that resolves to `Ok` after a write means that the write is durable: it survives `kill -9` and power
//!   loss. One that resolves to `Err` means that nothing of it was stored.
//! - The [`Directory`] shows a write before its future resolves, so whoever was told of it also finds it.
//! - A terminal delivery stays as it is. Attempts are only ever added.
//! - Whoever listens is told of what was written after it is durable, and before the write's future resolves.
//! - Reads never wait for writes, nor writes for reads.
//!
//! Not guaranteed: that a write whose future was dropped did not happen. Callers that must act on the outcome run
//! to its end, whatever becomes of the client they act for.

mod audit;
#[cfg(test)]
mod contract;
mod directory;
mod happenings;
pub mod sqlite;
mod tenancy;
mod waiting;

use async_trait::async_trait;

use crate::domain::{
    Body, DeliveryId, EventId, HistoryPage, HistoryQuery, IdMap, NewEvent, NewReplay, NewWebhook, Number,
    PastAttempt, PublicId, Published, Record, Replay, ReplayFilter, ReplayId, ReplayQuery, RunningReplay,
    Settlement, Stats, TenantId, TenantSpec, Timestamp, Webhook, WebhookId, Work,
};
use crate::metrics::Metrics;
use std::collections::HashMap;
use std::sync::Arc;

pub use audit::AuditLog;
pub use directory::{ApiKey, Directory};
pub use happenings::{Happenings, Told};
pub use tenancy::Tenancy;
pub use waiting::{Arrival, Arrivals, Backlog, Page, Waiting, Wanted};

/// A durable store.
#[async_trait]
pub trait Store: Tenancy + AuditLog {
    /// The tenants, webhooks and tokens, in memory.
    fn directory(&self) -> &Arc<Directory>;

    /// What the store counts of its work.
    fn metrics(&self) -> &Metrics;

    /// Makes the tenants of the configuration, and those made by [`Tenancy::create_tenant`], the tenants there are;
    /// where both have one of the same name, the configuration's is it. A tenant that is no longer configured keeps
    /// its rows but disappears from the directory; its pending deliveries wait until it is configured again.
    ///
    /// # Errors
    /// [`StoreError::DialectChanged`] when a tenant is configured with another dialect than it was made with.
    async fn apply_tenants(&self, tenants: Vec<TenantSpec>) -> Result<(), StoreError>;

    /// Makes events durable, with their deliveries, all or none. The answers are in the order of the events; an
    /// event whose idempotency key is known is not stored again, also within one call.
    async fn publish(&self, events: Vec<NewEvent>) -> Result<Vec<Published>, StoreError>;

    /// Records the result of an attempt; resolves when it is durable.
    async fn settle(&self, settlement: Settlement) -> Result<(), StoreError>;

    /// Records the result of an attempt without waiting: it rides on the next commit, which is at most a few
    /// milliseconds away.
    fn settle_later(&self, settlement: Settlement);

    /// How many results given to [`Store::settle_later`] are not durable yet. A crash now would repeat as many
    /// deliveries, so no new attempt is started while there are too many.
    fn unsettled(&self) -> usize;

    /// Whether results given to [`Store::settle_later`] wait for space. They are tried again until there is some; no new
    /// attempt is started meanwhile.
    fn is_full(&self) -> bool;

    /// Stores a webhook and gives it its ids.
    async fn create_webhook(&self, webhook: NewWebhook) -> Result<Arc<Webhook>, StoreError>;

    /// Replaces a webhook by its next version, whose number is one higher.
    async fn update_webhook(&self, webhook: Webhook) -> Result<Update, StoreError>;

    /// Deletes a webhook if this is still its newest version: its secret is erased, its history stays. Up to 1,000 of its
    /// pending deliveries are cancelled at once; if it has more, whoever asks for what waits cancels them.
    async fn delete_webhook(&self, webhook: &Webhook, at: Timestamp) -> Result<Update, StoreError>;

    /// Makes a new delivery with the bytes of an earlier one, to be attempted once.
    async fn create_resend(
        &self,
        tenant: TenantId,
        record: Number,
        at: Timestamp,
    ) -> Result<Resend, StoreError>;

    /// Stores an event with its one delivery, which somebody tries a webhook out with, to be attempted once.
    async fn create_test(&self, event: NewEvent) -> Result<Resend, StoreError>;

    /// What is made and asked for from now on; the first caller gets it. Deliveries that somebody attempts by itself
    /// (resends, tests) are not told.
    fn arrivals(&self) -> Option<Arrivals>;

    /// Asks which deliveries of a webhook wait; answered among the [`Arrivals`]. The answer knows of every result given to
    /// [`Store::settle_later`] before. Resends and tests are only part of it if an earlier process left them.
    fn ask_waiting(&self, wanted: Wanted);

    /// How many deliveries are pending.
    fn backlog(&self) -> &Arc<Backlog>;

    /// The body of a delivery.
    async fn body(&self, delivery: DeliveryId) -> Result<Option<Body>, StoreError>;

    /// The `traceparent` that an event came with; `None` without one, or when the event is gone.
    async fn traceparent(&self, event: EventId) -> Result<Option<String>, StoreError>;

    /// A page of the history. Its bodies are 32 MiB together at the most: a page behind a cursor ends before what would
    /// be more.
    ///
    /// # Errors
    /// [`StoreError::PageTooLarge`] when a page at an offset would have more.
    async fn history(&self, query: HistoryQuery) -> Result<HistoryPage, StoreError>;

    /// One record of the history, by its number in the tenant; `None` before its first attempt has ended.
    async fn record(&self, tenant: TenantId, number: Number) -> Result<Option<Record>, StoreError>;

    /// Every attempt of a delivery that has ended, oldest first; empty when the tenant has no such delivery.
    async fn attempts(&self, tenant: TenantId, number: Number) -> Result<Vec<PastAttempt>, StoreError>;

    /// How a webhook did between two points in time, by the steps of [`crate::domain::STATS_STEP`]; steps without
    /// attempts are left out.
    async fn stats(
        &self,
        webhook: WebhookId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(Timestamp, Stats)>, StoreError>;

    /// The types of events; those that are not there (any more) are left out.
    async fn event_types(&self, events: Vec<EventId>) -> Result<HashMap<EventId, Arc<str>>, StoreError>;

    /// Tells what becomes durable, from now on; see [`Happenings`].
    fn listen(&self) -> Happenings;

    /// How many deliveries a replay with this filter would send again.
    async fn count_replayable(&self, filter: ReplayFilter) -> Result<u64, StoreError>;

    /// Stores a replay of what there is now. It makes nothing yet: [`Store::advance_replay`] does.
    async fn create_replay(&self, replay: NewReplay) -> Result<ReplayStart, StoreError>;

    /// Makes up to `most` of the deliveries that a running replay has still to make, and moves it on past them, both or
    /// neither. Returns how many; they are told among the [`Arrivals`], without bodies. A replay that has nothing left to make, and nothing
    /// pending, is done. What is asked of one that does not run does nothing.
    async fn advance_replay(&self, replay: ReplayId, most: u32, at: Timestamp) -> Result<u32, StoreError>;

    /// Gives a replay up: nothing more is made, and what is pending of it is cancelled. One that is over stays as it is.
    /// `None` when there is no such replay.
    async fn cancel_replay(
        &self,
        replay: ReplayId,
        at: Timestamp,
    ) -> Result<Option<CancelledReplay>, StoreError>;

    /// One replay, by the id it is shown by.
    async fn replay(&self, tenant: TenantId, id: PublicId) -> Result<Option<Replay>, StoreError>;

    /// A page of replays, the newest first.
    async fn replays(&self, query: ReplayQuery) -> Result<Vec<Replay>, StoreError>;

    /// All replays that run, of all tenants.
    async fn running_replays(&self) -> Result<Vec<RunningReplay>, StoreError>;

    /// Deletes terminal deliveries that ended before their tenant's time, with their attempts, and events without deliveries
    /// that were made before it: from the old end as much as one short commit can, and `limit` events at most. The deliveries of a
    /// replay that runs stay. What cannot be read stays too, and is told.
    async fn prune(
        &self,
        before: Arc<IdMap<TenantId, Timestamp>>,
        walk: Walk,
        limit: u32,
    ) -> Result<Pruned, StoreError>;

    /// Deletes what else a tenant has from before a time: counts, what old versions of webhooks sent, and replays that were
    /// over by then; `limit` rows of each at most. What cannot be deleted is kept, and told. Returns whether there may be more.
    async fn forget(&self, tenant: TenantId, before: Timestamp, limit: u32) -> Result<bool, StoreError>;

    /// Whether the store still commits.
    async fn check(&self) -> Result<(), StoreError>;

    /// Makes everything given so far durable and stops. Later writes fail with [`StoreError::Stopped`].
    async fn close(&self);
}

/// What became of a wish to change a webhook, or to delete one version of it.
#[derive(Clone)]
pub enum Update {
    /// It is durable.
    Done(Arc<Webhook>),
    /// Somebody else has changed it meanwhile: the change is to be made of the newest version.
    Outdated,
    /// It has been deleted.
    Gone,
}

/// What became of a wish to send once more.
#[derive(Clone)]
pub enum Resend {
    /// It is durable and ready to be attempted, body included. The number is the new record's.
    Created {
        /// The new delivery.
        work: Box<Work>,
        /// Its number in the tenant's history.
        number: Number,
    },
    /// The tenant has no such record.
    NoRecord,
    /// The record is there, but its webhook has been deleted since.
    WebhookDeleted,
}

/// What became of a wish to replay.
#[derive(Clone)]
pub enum ReplayStart {
    /// It is durable and runs.
    Created(Box<Replay>),
    /// Another one of this webhook runs.
    Running,
    /// The webhook has been deleted.
    WebhookDeleted,
}

/// Where a step of retention begins to look for what is old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// At the old end. What was passed over (since its tenant keeps it longer, or it was pending) is looked at again.
    Anew,
    /// Where the last step stopped.
    On,
}

/// What a step of retention has deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// How many events.
    pub events: u64,
    /// Whether there may be more to delete now; otherwise it has come to the young end.
    pub more: bool,
}

/// A replay that was given up, or was over before.
#[derive(Clone)]
pub struct CancelledReplay {
    /// How it stands now.
    pub replay: Replay,
    /// What was pending of it and is not any more.
    pub withdrawn: Vec<DeliveryId>,
}

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too much is waiting to be written; try again in a moment.
    #[error("the store has more to write than it can take at the moment")]
    Overloaded,
    /// Another program holds the database's write lock, for longer than is waited for it.
    #[error("another program keeps the database from being written")]
    Locked,
    /// The disk has no room for more events, or less than is to be left for the rest. Reading still works; results of attempts wait for space.
    #[error("the disk is full: nothing new is accepted until space is freed")]
    DiskFull,
    /// The records of a page are more than can be held at once; a smaller page is asked for.
    #[error("the records of this page are larger than 32 MiB together; ask for fewer at a time")]
    PageTooLarge,
    /// A read was ended so that others have their turn; a narrower one is asked for.
    #[error(
        "this looks through more history than can be read within 10 s; ask for less: one webhook, or fewer filters"
    )]
    TookTooLong,
    /// The store was closed, or a write to the disk failed, after which nothing can be trusted to be durable.
    #[error("the store has stopped")]
    Stopped,
    /// A tenant was configured with another dialect than it was made with.
    #[error("tenant {tenant:?} speaks {stored}; a tenant's dialect cannot be changed, use a new name")]
    DialectChanged {
        /// The tenant's name.
        tenant: String,
        /// The dialect it was made with.
        stored: String,
    },
    /// A row holds what no version of this program writes.
    #[error("inconsistent data in {table}.{column}, row {row}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: i64,
    },
    /// A page of the database is not what was written there, and stays so.
    #[error("the database is damaged: `sigpost doctor` tells what")]
    Damaged(#[source] Box<dyn core::error::Error + Send + Sync>),
    /// The backend failed.
    #[error("the database failed")]
    Backend(#[source] Box<dyn core::error::Error + Send + Sync>),
}
