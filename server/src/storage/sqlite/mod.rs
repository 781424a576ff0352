//! The embedded store: SQLite, one file, one writer.
//!
//! ```text
//!  publish, settle, …          settle_later
//!        │ admission (units)        │
//!        ▼                          ▼
//!   ┌─────────────── queue ───────────────┐      ┌────── read-only connections ──────┐
//!   │ commands              results       │      │ history: 4   engine: 4            │
//!   │                                     │      │ retention: 1                      │
//!   └──────────────┬──────────────────────┘      └──────────────▲────────────────────┘
//!                  ▼  drains all that is there                   │ one short transaction each
//!      writer thread: BEGIN … COMMIT ──▶ sigpost.db-wal ──copier──▶ sigpost.db
//!                  │  then directory and counters
//!                  ▼  one message per commit
//!      a task that tells everybody who waits
//! ```
//!
//! **States.** Open, closing (what is there is still written), stopped (closed, or the disk failed at a commit:
//! everything after is [`StoreError::Stopped`], because after a failed fsync nobody can know what the disk keeps).
//!
//! **Guaranteed**, beside what [`Store`] says: a command that fails changes nothing, nor do the others of its batch
//! fail with it; ids and numbers are never given twice, whatever is deleted; bytes that changed on the disk are an
//! error, never a delivery; nobody reads a webhook's secret from the files without the master key; two servers
//! never write to one directory.
//!
//! **Not guaranteed**: that an idempotency key is recognised beyond its window (24 hours or ten million keys) or beyond its
//! event's retention; that bodies and responses are secret at rest; that results which could not be written for a
//! full disk survive a crash (their deliveries are then repeated); that damage of the log is noticed which comes about
//! between a crash and the next start: SQLite takes a page whose checksum is wrong, and all behind it, for never written.
//!
//! What makes it fast: rows are appended in time order and no hot table has a randomly keyed index; results of
//! attempts ride on the commits of others; a commit is as large as the previous one was slow; one wake-up per
//! commit; a [`checkpoint`] does not keep commits waiting.

mod activity;
mod audit;
pub mod backup;
mod checkpoint;
pub mod checksums;
mod command;
mod damage;
mod dedupe;
mod error;
pub mod examine;
mod expired;
mod figures;
mod files;
mod history;
mod key;
pub mod keyfile;
mod management;
mod open;
mod profile;
mod progress;
mod queue;
mod reads;
mod replays;
mod retention;
pub mod rotate;
mod rows;
mod space;
mod state;
mod structure;
mod tenancy;
#[cfg(test)]
mod tests;
mod tokens;
mod transaction;
mod waiting;
mod writer;

use core::sync::atomic::AtomicI64;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use self::checkpoint::Checkpointer;
use self::command::{Command, Job, Named, Question, Told};
use self::dedupe::DedupeWindow;
use self::figures::Figures;
use self::open::Opened;
use self::queue::Queue;
use self::reads::Readers;
use self::space::Watermark;
use self::transaction::Context;
use self::writer::Writer;
use super::happenings::Ear;
use super::{
    Arrival, Arrivals, AuditLog, Backlog, CancelledReplay, Directory, Happenings, Pruned, ReplayStart,
    Resend, Store, StoreError, Tenancy, Update, Walk, Wanted,
};
use crate::causes::causes;
use crate::clock::Clock;
use crate::domain::{
    AuditEntry, AuditQuery, AuditRecord, Body, DeliveryId, Egress, EventId, HistoryPage, HistoryQuery, IdMap,
    IssuedToken, NewEvent, NewReplay, NewWebhook, Number, PastAttempt, PublicId, Published, Record, Replay,
    ReplayFilter, ReplayId, ReplayQuery, RunningReplay, Settings, Settlement, Stats, Tenant, TenantId,
    TenantSpec, Timestamp, TokenHash, User, UserId, Webhook, WebhookId,
};
use crate::metrics::Metrics;
use crate::rng::Rng;

pub use self::key::{KeyId, KeySource, MasterKey, ParseKeyError};
pub use self::open::OpenError;
pub use self::progress::{Progress, Tell};
pub use self::space::{FreeSpace, LOG_PART, Room, SystemFreeSpace};

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// The data directory; it is made (for its owner only) if there is none. It holds `sigpost.db` with SQLite's
    /// `-wal` and `-shm` beside it, `sigpost.lock`, and `master.key` if the key was drawn here.
    pub directory: PathBuf,
    /// The key that seals secrets.
    pub master_key: KeySource,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Draws nonces, keys and tenants' random names.
    pub rng: Arc<dyn Rng>,
    /// Bytes that must be free on the disk: nothing new is accepted while there are fewer; 0: as long as there is any.
    pub min_free: u64,
    /// Tells how many there are.
    pub space: Arc<dyn FreeSpace>,
}

/// A store in a directory of this machine.
pub struct SqliteStore {
    directory: Arc<Directory>,
    queue: Arc<Queue>,
    readers: Readers,
    /// The engine reads by itself, and so do replays: their attempts must not wait for somebody's long history.
    engine_readers: Readers,
    /// So does retention, which must go on whoever reads.
    retention_reader: Readers,
    backlog: Arc<Backlog>,
    arrivals: Mutex<Option<Arrivals>>,
    watermark: Arc<Watermark>,
    ear: Ear,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    /// The event that retention has come to.
    pruned_until: AtomicI64,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens the store in a directory, or makes one. Blocks while it reads what is kept in memory. The directory
    /// shows webhooks and issued tokens at once, tenants after [`Store::apply_tenants`].
    ///
    /// # Errors
    /// [`OpenError`]: the directory cannot be used or is in use, the key is missing or wrong, or what is stored
    /// cannot be read.
    ///
    /// # Panics
    /// Outside a tokio runtime: one of its tasks tells those who wait.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let opened = open::open(&options, DedupeWindow::default())?;
        Self::start(opened, options)
    }

    fn start(mut opened: Opened, options: Options) -> Result<Self, OpenError> {
        let directory = Arc::clone(&opened.state.directory);
        let backlog = Arc::clone(&opened.state.backlog);
        let ear = opened.state.bell.ear();
        let queue = Arc::new(Queue::new());
        let figures = Figures::new();
        figures.look_at(&opened.database, &queue, &options.space);
        figures.hold(&opened.state.dedupe, options.clock.now());
        let metrics = figures.metrics.clone();
        let readers = Readers::limited(opened.database.clone(), Arc::clone(&options.clock));
        let engine_readers = Readers::new(opened.database.clone());
        let retention_reader = Readers::new(opened.database.clone());
        // The engine's last, so that it hardly waits.
        let gates = [readers.gate(), retention_reader.gate(), engine_readers.gate()];
        let checkpointer = Checkpointer::beside(&mut opened.sql, &opened.database, gates)?;
        let watermark = Arc::new(Watermark::new(
            options.directory.clone(),
            options.min_free,
            options.space,
            Arc::clone(&options.clock),
        ));
        let clock = Arc::clone(&options.clock);
        let (finished, told) = mpsc::unbounded_channel();
        let (announcer, arrivals) = mpsc::unbounded_channel();
        tokio::spawn(tell(told, announcer, Arc::clone(&backlog)));
        let writer = Writer {
            sql: opened.sql,
            state: opened.state,
            context: Context { sealer: opened.sealer, clock: options.clock, rng: options.rng },
            queue: Arc::clone(&queue),
            finished,
            settled: 0,
            last_commit: core::time::Duration::ZERO,
            figures,
            checkpointer,
            locked: false,
            lock: opened.lock,
        };
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || writer.run());
        let thread = thread.map_err(|source| OpenError::Io { path: options.directory, source })?;
        Ok(Self {
            directory,
            queue,
            readers,
            engine_readers,
            retention_reader,
            backlog,
            arrivals: Mutex::new(Some(arrivals)),
            watermark,
            ear,
            metrics,
            clock,
            pruned_until: AtomicI64::new(0),
            writer: Mutex::new(Some(thread)),
        })
    }

    /// Gives the writer a command that rides on somebody else's commit, and waits for its answer.
    async fn patiently<I, O: Send + 'static>(
        &self,
        input: I,
        command: impl FnOnce(Job<I, O>) -> Command,
    ) -> Result<O, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue.push_patient(command(Job::new(input, reply, None)))?;
        answer.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// Waits for room, gives the writer a command and waits for its answer.
    async fn call<I, O: Send + 'static>(
        &self,
        bytes: usize,
        input: I,
        command: impl FnOnce(Job<I, O>) -> Command,
    ) -> Result<O, StoreError> {
        let admitted = self.queue.admit(bytes).await?;
        let (reply, answer) = oneshot::channel();
        self.queue
            .push(admitted, |permit: Option<OwnedSemaphorePermit>| command(Job::new(input, reply, permit)))?;
        // The writer answers everything it took unless it panicked.
        answer.await.unwrap_or(Err(StoreError::Stopped))
    }
}

impl Drop for SqliteStore {
    /// What was given is still written, behind the caller's back; [`Store::close`] waits for it.
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Tells the engine, then those who waited for a commit, a commit at a time.
async fn tell(
    mut finished: mpsc::UnboundedReceiver<Told>,
    engine: mpsc::UnboundedSender<Arrival>,
    backlog: Arc<Backlog>,
) {
    while let Some(Told { arrivals, wakes }) = finished.recv().await {
        for arrival in arrivals {
            if let Arrival::Made(works) = &arrival {
                backlog.tell(works);
            }
            // Without an engine what was made stays pending.
            let _ = engine.send(arrival);
        }
        for wake in wakes {
            wake();
        }
    }
}

/// What an event weighs while it waits, in bytes; the parts of fixed size are rounded up generously.
fn weight(event: &NewEvent) -> usize {
    let frames: usize = event.deliveries.iter().map(|new| 128 + new.frame.len()).sum();
    256 + event.source.len()
        + event.id.len()
        + event.event_type.len()
        + event.attributes.len()
        + event.data.len()
        + frames
}

#[async_trait]
impl Store for SqliteStore {
    fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn arrivals(&self) -> Option<Arrivals> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn ask_waiting(&self, wanted: Wanted) {
        // After the store has stopped nobody needs the answer.
        let _ = self.queue.push_behind_results(|after_results| {
            Command::Waiting(Box::new(Question { wanted, after_results, page: None }))
        });
    }

    fn backlog(&self) -> &Arc<Backlog> {
        &self.backlog
    }

    async fn apply_tenants(&self, tenants: Vec<TenantSpec>) -> Result<(), StoreError> {
        self.call(0, tenants, Command::ApplyTenants).await
    }

    async fn publish(&self, events: Vec<NewEvent>) -> Result<Vec<Published>, StoreError> {
        self.watermark.admit(&self.engine_readers).await?;
        let bytes = events.iter().map(weight).sum();
        self.call(bytes, events, Command::Publish).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<(), StoreError> {
        self.call(0, settlement, Command::Settle).await
    }

    fn settle_later(&self, settlement: Settlement) {
        self.queue.push_result(settlement);
    }

    fn unsettled(&self) -> usize {
        self.queue.unsettled()
    }

    fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    async fn create_webhook(&self, webhook: NewWebhook) -> Result<Arc<Webhook>, StoreError> {
        self.call(0, Box::new(webhook), Command::CreateWebhook).await
    }

    async fn update_webhook(&self, webhook: Webhook) -> Result<Update, StoreError> {
        self.call(0, Arc::new(webhook), Command::UpdateWebhook).await
    }

    async fn delete_webhook(&self, webhook: &Webhook, at: Timestamp) -> Result<Update, StoreError> {
        let named = Named { tenant: webhook.tenant, number: webhook.number, at };
        self.call(0, (named, webhook.version), Command::DeleteWebhook).await
    }

    async fn create_resend(
        &self,
        tenant: TenantId,
        record: Number,
        at: Timestamp,
    ) -> Result<Resend, StoreError> {
        self.call(0, Named { tenant, number: record, at }, Command::CreateResend).await
    }

    async fn create_test(&self, event: NewEvent) -> Result<Resend, StoreError> {
        self.watermark.admit(&self.engine_readers).await?;
        self.call(weight(&event), event, Command::CreateTest).await
    }

    async fn body(&self, delivery: DeliveryId) -> Result<Option<Body>, StoreError> {
        self.engine_readers.read(move |sql| reads::body(sql, delivery)).await
    }

    async fn traceparent(&self, event: EventId) -> Result<Option<String>, StoreError> {
        self.engine_readers.read(move |sql| reads::traceparent(sql, event)).await
    }

    async fn history(&self, query: HistoryQuery) -> Result<HistoryPage, StoreError> {
        let directory = Arc::clone(&self.directory);
        self.readers.read_of(query.filter.tenant, move |sql| history::history(sql, &directory, &query)).await
    }

    async fn record(&self, tenant: TenantId, number: Number) -> Result<Option<Record>, StoreError> {
        let directory = Arc::clone(&self.directory);
        self.readers.read_of(tenant, move |sql| history::record(sql, &directory, tenant, number)).await
    }

    async fn attempts(&self, tenant: TenantId, number: Number) -> Result<Vec<PastAttempt>, StoreError> {
        self.readers.read_of(tenant, move |sql| history::attempts(sql, tenant, number)).await
    }

    async fn stats(
        &self,
        webhook: WebhookId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(Timestamp, Stats)>, StoreError> {
        if let Err(error) = self.call(0, (), Command::SaveCounts).await {
            // What is on the disk can be read all the same; the last second is missing.
            let error = causes(&error);
            tracing::warn!(error, "statistics cannot be brought up to date");
        }
        self.readers.read(move |sql| activity::stats(sql, webhook, since, until)).await
    }

    async fn event_types(&self, events: Vec<EventId>) -> Result<HashMap<EventId, Arc<str>>, StoreError> {
        self.readers.read(move |sql| reads::event_types(sql, &events)).await
    }

    fn listen(&self) -> Happenings {
        self.ear.listen()
    }

    async fn count_replayable(&self, filter: ReplayFilter) -> Result<u64, StoreError> {
        self.readers.read_of(filter.tenant, move |sql| replays::count(sql, &filter)).await
    }

    async fn create_replay(&self, replay: NewReplay) -> Result<ReplayStart, StoreError> {
        let total = match self.count_replayable(replay.filter.clone()).await {
            // It says in the end how many there were.
            Err(StoreError::TookTooLong) => 0,
            counted => counted?,
        };
        self.call(0, (replay, total), Command::CreateReplay).await
    }

    async fn advance_replay(&self, replay: ReplayId, most: u32, at: Timestamp) -> Result<u32, StoreError> {
        self.watermark.admit(&self.engine_readers).await?;
        match self.engine_readers.read(move |sql| replays::look(sql, replay, most)).await? {
            Some(step) => self.call(0, (step, at), Command::AdvanceReplay).await,
            None => Ok(0),
        }
    }

    async fn cancel_replay(
        &self,
        replay: ReplayId,
        at: Timestamp,
    ) -> Result<Option<CancelledReplay>, StoreError> {
        self.call(0, (replay, at), Command::CancelReplay).await
    }

    async fn replay(&self, tenant: TenantId, id: PublicId) -> Result<Option<Replay>, StoreError> {
        self.readers.read_of(tenant, move |sql| replays::one(sql, tenant, id)).await
    }

    async fn replays(&self, query: ReplayQuery) -> Result<Vec<Replay>, StoreError> {
        self.readers.read_of(query.tenant, move |sql| replays::page(sql, &query)).await
    }

    async fn running_replays(&self) -> Result<Vec<RunningReplay>, StoreError> {
        self.engine_readers.read(replays::running).await
    }

    async fn prune(
        &self,
        before: Arc<IdMap<TenantId, Timestamp>>,
        walk: Walk,
        limit: u32,
    ) -> Result<Pruned, StoreError> {
        self.retain(before, walk, limit).await
    }

    async fn forget(&self, tenant: TenantId, before: Timestamp, limit: u32) -> Result<bool, StoreError> {
        self.forget_expired(tenant, before, limit).await
    }

    /// Ahead of all that waits: a store with much to do still commits.
    async fn check(&self) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue.push_first(Command::Check(Job::new((), reply, None)))?;
        answer.await.unwrap_or(Err(StoreError::Stopped))
    }

    async fn close(&self) {
        // Twice: what the first commit settles is counted then, and written by the second. Without space, or when the
        // store has stopped, only the last second of counts is lost.
        for _ in 0..2 {
            let _ = self.call(0, (), Command::SaveCounts).await;
        }
        self.engine_readers.close().await;
        self.retention_reader.close().await;
        self.readers.close().await;
        self.queue.close();
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of the writer has been reported where it happened.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

#[async_trait]
impl Tenancy for SqliteStore {
    async fn create_tenant(
        &self,
        tenant: TenantSpec,
        at: Timestamp,
    ) -> Result<Option<Arc<Tenant>>, StoreError> {
        self.call(0, (tenant, at), Command::CreateTenant).await
    }

    async fn update_tenant(
        &self,
        tenant: TenantId,
        egress: Egress,
        settings: Settings,
    ) -> Result<bool, StoreError> {
        self.call(0, (tenant, egress, settings), Command::UpdateTenant).await
    }

    async fn delete_tenant(&self, tenant: TenantId, at: Timestamp) -> Result<bool, StoreError> {
        self.call(0, (tenant, at), Command::DeleteTenant).await
    }

    async fn create_user(&self, tenant: TenantId, user: User) -> Result<bool, StoreError> {
        self.call(0, (tenant, user), Command::CreateUser).await
    }

    async fn update_user(&self, tenant: TenantId, user: User) -> Result<bool, StoreError> {
        self.call(0, (tenant, user), Command::UpdateUser).await
    }

    async fn delete_user(&self, tenant: TenantId, user: UserId) -> Result<bool, StoreError> {
        self.call(0, (tenant, user), Command::DeleteUser).await
    }

    async fn issue_token(&self, token: IssuedToken) -> Result<(), StoreError> {
        self.call(0, token, Command::IssueToken).await
    }

    async fn revoke_token(&self, tenant: TenantId, id: PublicId) -> Result<bool, StoreError> {
        self.call(0, (tenant, id), Command::RevokeToken).await
    }

    async fn save_token_uses(&self, uses: Vec<(TokenHash, Timestamp)>) -> Result<(), StoreError> {
        self.call(0, uses, Command::SaveTokenUses).await
    }
}

#[async_trait]
impl AuditLog for SqliteStore {
    async fn record_audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.call(0, entry, Command::RecordAudit).await
    }

    async fn audit(&self, query: AuditQuery) -> Result<Vec<AuditRecord>, StoreError> {
        self.readers.read(move |sql| audit::read(sql, &query)).await
    }

    async fn prune_audit(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.call(0, (before, limit), Command::PruneAudit).await
    }
}
