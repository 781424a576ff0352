//! The delivery engine: what was accepted is sent until it is taken or ends visibly.
//!
//! # Theory
//! Actors: the **scheduler** decides and does nothing; the **driver**, one task, owns it and does what it says; each
//! **attempt** is a task of its own; a **probe** is one exchange made for a caller who waits for it.
//!
//! ```text
//!  store: made, what waits ──▶ ┌────────┐   poll    ┌───────────┐
//!  changed, withdrawn ───────▶ │ driver │ ◀───────▶ │ scheduler │
//!                              └────────┘           └───────────┘
//!                               │  │   ▲ result
//!                               │  ▼   │
//!                               │ attempt: body ▸ signer ▸ egress guard ▸ transport
//!                               └─▶ store: settle_later, ask_waiting
//! ```
//!
//! A delivery goes through the states of [`crate::domain::DeliveryState`]; the store is where they are kept, memory
//! only knows what is to be done next. Of each endpoint it knows the next turns, a bounded number, and that there are
//! more; what an earlier process left is the case in which it knows none of them.
//!
//! Guarantees:
//! - At least once: a durable delivery is attempted until it is delivered, or ends as exhausted, expired or
//!   cancelled. Each delivery has at most one attempt in flight.
//! - Every attempt of a delivery sends the same bytes and the same `webhook-id`, signed anew with the secret that
//!   the webhook has when the attempt starts.
//! - A crash repeats at most the attempts in flight plus [the results that were not yet durable](driver), and these
//!   together are at most 1,024, and 128 that somebody has asked for. While results wait for space none starts.
//! - An endpoint has a bounded window, and a slot that falls free goes to the tenant, then the endpoint, that holds
//!   the fewest. A panic in one attempt is that delivery's failure and nobody else's.
//! - What receivers answer fills the disk no faster than [a budget](answers) for each tenant and day.
//! - Memory is bounded: for bodies, for the deliveries of one endpoint, and for those of all of them.
//! - Publishing is held up (a second at the most, then refused) only by deliveries that this server could not send yet,
//!   never by those whose receiver is slow or fails. What is stored for a tenant is bounded.
//!
//! Not guaranteed: order; that a receiver sees a delivery once (its answer may be lost, we may crash).

mod answers;
mod attempt;
mod backpressure;
mod driver;
mod figures;
mod herald;
mod log;
mod probes;
mod scheduler;
mod signer;
mod steady;
mod transport;
mod watch;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle};

use self::answers::Answers;
use self::attempt::{Attempter, Ended, Target, local_outcome};
use self::backpressure::Backpressure;
use self::driver::{Driver, Message};
use self::log::About;
use self::probes::Probes;
use self::signer::Signers;
use self::transport::Transport;
use self::transport::egress::Guard;
use self::transport::policy::{Policies, Proof};
use self::watch::Watch;
use crate::app::ports::{Admission, Dispatcher, Exchange, Findings, Probe, Refused, Reservation, Saturated};
use crate::clock::Clock;
use crate::domain::{Attempt, DeliveryId, EgressPolicy, Tenant, TenantId, WebhookId};
use crate::metrics::Metrics;
use crate::rng::Rng;
use crate::storage::Store;
use crate::traces::Tracer;

pub use self::log::LogAttempts;
pub use self::transport::policy::{CaFileError, check_authorities};
pub use self::transport::resolver::{Resolve, ResolveError, SystemResolver};

/// How long [`Dispatcher::admit`] waits for room.
const ADMISSION_WAIT: Duration = Duration::from_secs(1);
/// Seconds after which a tenant with too much pending may try again: that takes receivers to come back.
const BACKLOG_WAIT: u32 = 60;
/// How often idle connections are looked through.
const SWEEP: Duration = Duration::from_secs(1);

/// How much the engine does at a time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Attempts in flight, over all tenants.
    pub slots: usize,
    /// Deliveries of one tenant that wait to be sent before its publishing is held up.
    pub runnable: usize,
    /// Deliveries in memory beyond which each endpoint holds but a few; the others are only in the store.
    pub held: usize,
    /// Deliveries of one tenant that are pending before it can publish no more.
    pub stored: u64,
    /// Bytes of bodies held in memory until their first attempt; the others are read from the store.
    pub body_bytes: usize,
    /// Probes under way at once.
    pub probes: u16,
    /// Connections kept for the next attempt.
    pub idle: usize,
    /// Bytes of answers that history takes of one tenant in a day.
    pub answers: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            slots: 1_024,
            runnable: 1_024,
            held: 65_536,
            stored: 2_000_000,
            body_bytes: 64 * 1024 * 1024,
            probes: 128,
            idle: 1_024,
            // Ten thousand failures with as much as is kept of one.
            answers: 64 * 1024 * 1024,
        }
    }
}

/// What an engine is made of.
pub struct EngineParts {
    /// Where deliveries are kept.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for spreading retries.
    pub rng: Arc<dyn Rng>,
    /// Addresses this server listens at itself: no webhook ever reaches them.
    pub own_listeners: Vec<SocketAddr>,
    /// Which attempts have a line in the log.
    pub log_attempts: LogAttempts,
    /// Where it is told what is found out about webhooks.
    pub findings: Findings,
    /// Makes spans of attempts, if there is anybody to send them to.
    pub tracer: Option<Tracer>,
}

/// Why an engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A tenant's certification authorities cannot be used: the configuration is at fault.
    #[error("tenant {tenant:?} cannot deliver over TLS")]
    CaFile {
        /// The tenant's name.
        tenant: String,
        /// What is wrong with the file.
        #[source]
        source: CaFileError,
    },
    /// Another engine delivers what this store has: this program is at fault.
    #[error("another engine has this store")]
    StoreTaken,
    /// Names cannot be looked up: the system is at fault.
    #[error("the name resolver cannot be set up")]
    Resolver(#[source] Box<dyn core::error::Error + Send + Sync>),
}

/// The driver has panicked, or the task that closes idle connections: this program is at fault. What was under way is attempted again by the next engine.
#[derive(Debug, thiserror::Error)]
#[error("the dispatcher has panicked: nothing is delivered until the server is started again")]
pub struct DriverPanicked;

/// A running engine. Dropping it breaks off what is in flight; [`Engine::shutdown`] does not.
pub struct Engine {
    handle: Arc<Handle>,
    task: Mutex<Option<JoinHandle<()>>>,
    sweeper: AbortHandle,
    /// Nothing is ever sent: it is closed when the sweeper has ended.
    sweeping: tokio::sync::watch::Receiver<()>,
}

/// What the use-cases hold of the engine.
struct Handle {
    attempter: Arc<Attempter>,
    driver: mpsc::UnboundedSender<Message>,
    backpressure: Arc<Backpressure>,
    limits: Limits,
    probes: Arc<Probes>,
}

impl Engine {
    /// Starts delivering within these limits, and takes up what is pending in the store; publishing need not wait for that.
    /// Must be called inside a tokio runtime, after the tenants were given to the store.
    ///
    /// # Errors
    /// [`EngineError`] says whose fault it is.
    pub fn start(parts: EngineParts, limits: Limits) -> Result<Self, EngineError> {
        let resolver = SystemResolver::new().map_err(EngineError::Resolver)?;
        Self::start_with(parts, Arc::new(resolver), limits)
    }

    /// Starts with a resolver of the caller's choice.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub fn start_with(
        parts: EngineParts,
        resolver: Arc<dyn Resolve>,
        limits: Limits,
    ) -> Result<Self, EngineError> {
        let EngineParts { store, clock, rng, own_listeners, log_attempts, findings, tracer } = parts;
        let policies = Policies::new();
        for tenant in store.directory().tenants() {
            let checked = policies.of(&tenant, Proof::Required);
            checked.map_err(|source| EngineError::CaFile { tenant: tenant.name.clone(), source })?;
        }
        let transport = Transport::new(resolver, Guard::new(own_listeners), Arc::clone(&clock), limits.idle);
        let signers = Signers::default();
        let watch = Watch::new(Arc::clone(&clock), log_attempts, findings);
        let answers = Answers::new(Arc::clone(&clock), limits.answers);
        let attempter = Arc::new(Attempter {
            store: Arc::clone(&store),
            clock,
            transport,
            policies,
            signers,
            watch,
            answers,
            tracer,
        });
        let backpressure = Arc::new(Backpressure::default());
        let (sender, inbox) = mpsc::unbounded_channel();
        let (attempts, backlog) = (Arc::clone(&attempter), Arc::clone(&backpressure));
        let driver = Driver::new(attempts, rng, backlog, limits, sender.downgrade());
        let arrivals = store.arrivals().ok_or(EngineError::StoreTaken)?;
        let task = tokio::spawn(driver.run(inbox, arrivals));
        let (alive, sweeping) = tokio::sync::watch::channel(());
        let sweep = sweep(Arc::clone(&attempter), Arc::clone(&backpressure), alive);
        let sweeper = tokio::spawn(sweep).abort_handle();
        let handle = Handle {
            attempter,
            driver: sender,
            backpressure,
            limits,
            probes: Arc::new(Probes::new(limits.probes)),
        };
        Ok(Self { handle: Arc::new(handle), task: Mutex::new(Some(task)), sweeper, sweeping })
    }

    /// Where accepted events go.
    #[must_use]
    pub fn dispatcher(&self) -> Arc<dyn Dispatcher> {
        Arc::clone(&self.handle) as Arc<dyn Dispatcher>
    }

    /// What the engine counts of its work.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.handle.attempter.watch.metrics
    }

    /// What makes single exchanges.
    #[must_use]
    pub fn probe(&self) -> Arc<dyn Probe> {
        Arc::clone(&self.handle) as Arc<dyn Probe>
    }

    /// Resolves when the driver has ended, though nobody has told it to: nothing is delivered any more; or what it cannot
    /// do without for long.
    pub async fn ended(&self) {
        let mut sweeping = self.sweeping.clone();
        tokio::select! {
            () = self.handle.driver.closed() => {}
            _ = sweeping.changed() => {}
        }
    }

    /// Starts no more attempts and waits until those in flight have ended and their results are with the store, but
    /// no longer than the deadline; what is in flight then is broken off. Whatever has not ended stays pending in
    /// the store. The store is to be closed afterwards.
    ///
    /// # Errors
    /// [`DriverPanicked`], then or before.
    pub async fn shutdown(&self, deadline: Duration) -> Result<(), DriverPanicked> {
        let Some(task) = self.task.lock().await.take() else { return Ok(()) };
        let finished = tokio::time::timeout(deadline, self.handle.finish()).await;
        if finished.is_err() {
            tracing::warn!("attempts were broken off at shutdown; they are made again at the next start");
            task.abort();
        }
        let ended = task.await;
        let swept = self.sweeper.is_finished();
        self.sweeper.abort();
        match ended {
            _ if swept => Err(DriverPanicked),
            Err(error) if error.is_panic() => Err(DriverPanicked),
            // A cancelled task is what was asked for.
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.sweeper.abort();
        if let Some(task) = self.task.get_mut() {
            task.abort();
        }
    }
}

/// Forgets what is not needed any more as long as the engine runs; `_alive` tells by its end that this has ended.
async fn sweep(
    attempter: Arc<Attempter>,
    backpressure: Arc<Backpressure>,
    _alive: tokio::sync::watch::Sender<()>,
) {
    loop {
        tokio::time::sleep(SWEEP).await;
        attempter.transport.sweep();
        forget_deleted(&attempter, &backpressure);
    }
}

/// Forgets tenants and webhooks that are no more. One may come back, which costs what it cost before.
fn forget_deleted(attempter: &Attempter, backpressure: &Backpressure) {
    let directory = attempter.store.directory();
    let is_there = |tenant| directory.tenant(tenant).is_some();
    attempter.policies.retain(is_there);
    backpressure.retain(is_there);
    // An attempt that was under way when its webhook was deleted may have brought it back.
    attempter.signers.retain(|webhook| directory.webhook(webhook).is_some());
}

#[async_trait]
impl Dispatcher for Handle {
    async fn admit(&self, tenant: TenantId, deliveries: usize) -> Result<Admission, Refused> {
        let Limits { runnable, stored, .. } = self.limits;
        let backlog = self.attempter.store.backlog();
        let pending = backlog.of(tenant);
        if deliveries > 0 && pending.saturating_add(deliveries as u64) > stored {
            return Err(Refused::Backlog { limit: stored, retry_after: BACKLOG_WAIT });
        }
        let room = self.backpressure.admit(tenant, deliveries, runnable, || backlog.untaken(tenant));
        let coming = tokio::time::timeout(ADMISSION_WAIT, room).await;
        Ok(Admission::new(coming.map_err(|_| Saturated { retry_after: 1 })?))
    }

    fn withdrawn(&self, webhook: WebhookId, deliveries: Vec<DeliveryId>) {
        // After shutdown nothing waits any more.
        let _ = self.driver.send(Message::Withdrawn(webhook, deliveries.into_iter().collect()));
    }

    fn webhook_changed(&self, webhook: WebhookId) {
        // After shutdown nothing waits any more.
        let _ = self.driver.send(Message::Changed(webhook));
    }

    fn silent_for(&self) -> Duration {
        self.attempter.watch.silent_for()
    }

    fn tenant_returned(&self, tenant: TenantId) {
        // After shutdown nobody listens: the deliveries stay pending in the store.
        let _ = self.driver.send(Message::Returned(tenant));
    }
}

#[async_trait]
impl Probe for Handle {
    fn reserve(&self, tenant: TenantId) -> Result<Reservation, Saturated> {
        let place = Probes::reserve(&self.probes, tenant).ok_or(Saturated { retry_after: 1 })?;
        Ok(Reservation::new(place))
    }

    async fn attempt(&self, exchange: Exchange, reservation: Reservation) -> Attempt {
        let (started_at, began) = (self.attempter.clock.now(), self.attempter.clock.monotonic());
        let (number, version) = (exchange.work.attempts_made.saturating_add(1), exchange.webhook.version);
        let (tenant, webhook) = (Arc::clone(&exchange.tenant), exchange.webhook.public_id);
        let (delivery, cause) = (exchange.work.delivery, exchange.work.cause);
        let ended = self.probe(exchange, reservation).await.unwrap_or_else(|| {
            Ended::broken(Attempt {
                number,
                started_at,
                duration: self.attempter.clock.monotonic().saturating_sub(began),
                webhook_version: version,
                outcome: local_outcome(),
            })
        });
        let about = About { tenant: &tenant, webhook, delivery, cause };
        self.attempter.watch.tell(about, &ended, None);
        ended.attempt
    }

    fn to_keep(&self, tenant: &Tenant, attempt: Attempt) -> Attempt {
        self.attempter.answers.to_keep(tenant, attempt)
    }

    fn permits(&self, policy: &EgressPolicy, address: IpAddr, port: u16) -> bool {
        self.attempter.transport.permits(policy, address, port)
    }
}

impl Handle {
    /// Waits until nothing is in flight; nothing is started any more.
    async fn finish(&self) {
        let (stopped, stops) = oneshot::channel();
        if self.driver.send(Message::Stop(stopped)).is_ok() {
            // An error means that the driver has ended already.
            let _ = stops.await;
        }
        self.probes.finish().await;
    }

    /// Makes one attempt in a task of its own, so that a panic in it does not reach the caller. `None` when it could
    /// not be made for a reason of ours.
    async fn probe(&self, exchange: Exchange, reservation: Reservation) -> Option<Ended> {
        let Exchange { tenant, webhook, work, keep } = exchange;
        let attempter = Arc::clone(&self.attempter);
        let task = tokio::spawn(async move {
            let _reservation = reservation;
            attempter.attempt(&work, &Target { tenant, webhook }, keep).await
        });
        task.await.ok()?.ok()
    }
}
