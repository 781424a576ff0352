//! A store in memory: as much of one as the engine uses.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::{Notify, mpsc};

use crate::domain::{
    Attempt, AuditEntry, AuditQuery, AuditRecord, Body, DeliveryId, DeliveryState, Egress, EventId,
    HistoryPage, HistoryQuery, IdMap, IssuedToken, NewEvent, NewReplay, NewWebhook, Next, Number,
    PastAttempt, PublicId, Published, Record, Replay, ReplayFilter, ReplayId, ReplayQuery, RunningReplay,
    Settings, Settlement, Stats, Tenant, TenantId, TenantSpec, Timestamp, TokenHash, User, UserId, Webhook,
    WebhookId, Work,
};
use crate::metrics::Metrics;
use crate::storage::{
    Arrival, Arrivals, AuditLog, Backlog, CancelledReplay, Directory, Happenings, Page, Pruned, ReplayStart,
    Resend, Store, StoreError, Tenancy, Update, Waiting, Walk, Wanted,
};

#[derive(Default)]
pub(super) struct FakeStore {
    directory: Arc<Directory>,
    rows: Mutex<BTreeMap<DeliveryId, Row>>,
    /// Results are taken but not made durable while this is set.
    pub(super) stalled: AtomicBool,
    /// Those that are stalled wait for space.
    pub(super) full: AtomicBool,
    /// Bodies cannot be read while this is set; and how often one was asked for.
    pub(super) unreadable: AtomicBool,
    pub(super) bodies_asked: AtomicUsize,
    /// Of this one the body stands on a page that is damaged.
    pub(super) damaged: Mutex<Option<DeliveryId>>,
    stalled_results: Mutex<Vec<Settlement>>,
    changed: Notify,
    engine: Mutex<Option<mpsc::UnboundedSender<Arrival>>>,
    backlog: Arc<Backlog>,
    metrics: Metrics,
}

#[derive(Clone)]
pub(super) struct Row {
    pub(super) work: Work,
    pub(super) state: DeliveryState,
    pub(super) attempts: Vec<Attempt>,
}

impl FakeStore {
    /// Makes a delivery durable and returns it as publishing would.
    pub(super) fn insert(&self, work: Work) -> Work {
        let row = Row { work: work.clone(), state: DeliveryState::Pending, attempts: Vec::new() };
        assert!(self.rows.lock().unwrap().insert(work.delivery, row).is_none());
        self.backlog.change(&[(work.webhook, (work.tenant, 1))].into_iter().collect());
        work
    }

    /// Tells the engine of what was made.
    pub(super) fn made(&self, works: Vec<Work>) {
        self.tell(Arrival::Made(works));
    }

    fn tell(&self, arrival: Arrival) {
        if let Some(engine) = &*self.engine.lock().unwrap() {
            let _ = engine.send(arrival);
        }
    }

    pub(super) fn row(&self, id: DeliveryId) -> Row {
        self.rows.lock().unwrap()[&id].clone()
    }

    pub(super) fn count(&self, state: DeliveryState) -> usize {
        self.rows.lock().unwrap().values().filter(|row| row.state == state).count()
    }

    /// Waits until what is asked of the rows is so.
    pub(super) async fn until(&self, what: &str, reached: impl Fn(&Self) -> bool) {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if reached(self) {
                    return;
                }
                let _ = tokio::time::timeout(std::time::Duration::from_millis(20), changed).await;
            }
        };
        let waited = tokio::time::timeout(std::time::Duration::from_secs(20), wait).await;
        assert!(waited.is_ok(), "never reached: {what}");
    }

    pub(super) async fn ended(&self, id: DeliveryId) -> Row {
        self.until("the delivery ends", |store| store.row(id).state != DeliveryState::Pending).await;
        self.row(id)
    }

    /// Makes durable again.
    pub(super) fn resume(&self) {
        self.stalled.store(false, Ordering::SeqCst);
        for settlement in core::mem::take(&mut *self.stalled_results.lock().unwrap()) {
            self.apply(settlement);
        }
    }

    fn apply(&self, settlement: Settlement) {
        let mut rows = self.rows.lock().unwrap();
        let row = rows.get_mut(&settlement.delivery).unwrap();
        row.attempts.extend(settlement.attempt);
        if row.state == DeliveryState::Pending {
            match settlement.next {
                Next::Retry { due, tries } => {
                    (row.work.due, row.work.tries) = (due, tries);
                    row.work.attempts_made = u32::try_from(row.attempts.len()).unwrap();
                }
                Next::End(state) => {
                    row.state = state;
                    self.backlog.change(&[(row.work.webhook, (row.work.tenant, -1))].into_iter().collect());
                }
            }
        }
        drop(rows);
        self.changed.notify_waiters();
    }
}

#[async_trait]
impl Store for FakeStore {
    fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn arrivals(&self) -> Option<Arrivals> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.engine.lock().unwrap() = Some(sender);
        Some(receiver)
    }

    fn ask_waiting(&self, wanted: Wanted) {
        let rows = self.rows.lock().unwrap();
        let pending = rows.values().filter(|row| row.state == DeliveryState::Pending);
        let works = pending.map(|row| Work { body: None, ..row.work.clone() });
        let works = works.filter(|work| work.webhook == wanted.webhook && work.turn() >= wanted.from);
        let mut works: Vec<Work> = works.collect();
        works.sort_by_key(Work::turn);
        works.truncate(usize::try_from(wanted.limit).unwrap());
        let full = works.len() == usize::try_from(wanted.limit).unwrap();
        let next = works.last().map(|work| work.turn().next()).filter(|_| full);
        self.tell(Arrival::Waiting(Waiting { wanted, page: Some(Page { works, next }) }));
    }

    fn backlog(&self) -> &Arc<Backlog> {
        &self.backlog
    }

    async fn apply_tenants(&self, _: Vec<TenantSpec>) -> Result<(), StoreError> {
        Err(StoreError::Stopped)
    }

    async fn publish(&self, _: Vec<NewEvent>) -> Result<Vec<Published>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn settle(&self, settlement: Settlement) -> Result<(), StoreError> {
        self.apply(settlement);
        Ok(())
    }

    fn settle_later(&self, settlement: Settlement) {
        if self.stalled.load(Ordering::SeqCst) {
            self.stalled_results.lock().unwrap().push(settlement);
        } else {
            self.apply(settlement);
        }
    }

    fn unsettled(&self) -> usize {
        self.stalled_results.lock().unwrap().len()
    }

    fn is_full(&self) -> bool {
        self.full.load(Ordering::SeqCst)
    }

    async fn create_webhook(&self, _: NewWebhook) -> Result<Arc<Webhook>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn update_webhook(&self, webhook: Webhook) -> Result<Update, StoreError> {
        let known = self.directory.webhook(webhook.id);
        if known.is_none_or(|known| known.version + 1 != webhook.version) {
            return Ok(Update::Outdated);
        }
        let webhook = Arc::new(webhook);
        self.directory.test_put_webhook(&webhook);
        self.changed.notify_waiters();
        Ok(Update::Done(webhook))
    }

    async fn delete_webhook(&self, _: &Webhook, _: Timestamp) -> Result<Update, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn create_resend(&self, _: TenantId, _: Number, _: Timestamp) -> Result<Resend, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn create_test(&self, _: NewEvent) -> Result<Resend, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn body(&self, delivery: DeliveryId) -> Result<Option<Body>, StoreError> {
        self.bodies_asked.fetch_add(1, Ordering::SeqCst);
        if self.unreadable.load(Ordering::SeqCst) {
            return Err(StoreError::Stopped);
        }
        if *self.damaged.lock().unwrap() == Some(delivery) {
            return Err(StoreError::Damaged("a page".into()));
        }
        Ok(self.rows.lock().unwrap().get(&delivery).and_then(|row| row.work.body.clone()))
    }

    async fn traceparent(&self, _: EventId) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    async fn history(&self, _: HistoryQuery) -> Result<HistoryPage, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn record(&self, _: TenantId, _: Number) -> Result<Option<Record>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn attempts(&self, _: TenantId, _: Number) -> Result<Vec<PastAttempt>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn stats(
        &self,
        _: WebhookId,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<Vec<(Timestamp, Stats)>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn event_types(&self, _: Vec<EventId>) -> Result<HashMap<EventId, Arc<str>>, StoreError> {
        Err(StoreError::Stopped)
    }

    fn listen(&self) -> Happenings {
        Happenings::none()
    }

    async fn count_replayable(&self, _: ReplayFilter) -> Result<u64, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn create_replay(&self, _: NewReplay) -> Result<ReplayStart, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn advance_replay(&self, _: ReplayId, _: u32, _: Timestamp) -> Result<u32, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn cancel_replay(&self, _: ReplayId, _: Timestamp) -> Result<Option<CancelledReplay>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn replay(&self, _: TenantId, _: PublicId) -> Result<Option<Replay>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn replays(&self, _: ReplayQuery) -> Result<Vec<Replay>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn running_replays(&self) -> Result<Vec<RunningReplay>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn forget(&self, _: TenantId, _: Timestamp, _: u32) -> Result<bool, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn prune(&self, _: Arc<IdMap<TenantId, Timestamp>>, _: Walk, _: u32) -> Result<Pruned, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn close(&self) {}
}

/// The engine asks for none of it.
#[async_trait]
impl Tenancy for FakeStore {
    async fn create_tenant(&self, _: TenantSpec, _: Timestamp) -> Result<Option<Arc<Tenant>>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn update_tenant(&self, _: TenantId, _: Egress, _: Settings) -> Result<bool, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn delete_tenant(&self, _: TenantId, _: Timestamp) -> Result<bool, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn create_user(&self, _: TenantId, _: User) -> Result<bool, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn update_user(&self, _: TenantId, _: User) -> Result<bool, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn delete_user(&self, _: TenantId, _: UserId) -> Result<bool, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn issue_token(&self, _: IssuedToken) -> Result<(), StoreError> {
        Err(StoreError::Stopped)
    }

    async fn revoke_token(&self, _: TenantId, _: PublicId) -> Result<bool, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn save_token_uses(&self, _: Vec<(TokenHash, Timestamp)>) -> Result<(), StoreError> {
        Err(StoreError::Stopped)
    }
}

/// The engine asks for none of it.
#[async_trait]
impl AuditLog for FakeStore {
    async fn record_audit(&self, _: AuditEntry) -> Result<(), StoreError> {
        Err(StoreError::Stopped)
    }

    async fn audit(&self, _: AuditQuery) -> Result<Vec<AuditRecord>, StoreError> {
        Err(StoreError::Stopped)
    }

    async fn prune_audit(&self, _: Timestamp, _: u32) -> Result<u64, StoreError> {
        Err(StoreError::Stopped)
    }
}
