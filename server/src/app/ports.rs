//! What the use-cases need of the delivery engine. The engine implements these; `wiring` connects them.

use core::net::IpAddr;
use core::time::Duration;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};

use crate::domain::{
    Attempt, DeliveryId, EgressPolicy, Tenant, TenantId, Timestamp, Webhook, WebhookId, Work,
};

/// Delivers what the store has; it learns from the store itself what was made.
#[async_trait]
pub trait Dispatcher: Send + Sync + 'static {
    /// Waits until there is room for more runnable work of this tenant, for at most a second: publishing must not
    /// outrun delivering without bound. What others have waiting does not count, nor what waits for receivers that are
    /// slow. The place is held until the admission is dropped, which is to be when the deliveries are durable.
    ///
    /// # Errors
    /// [`Refused`] when there is still no room, or when too much of the tenant is stored.
    async fn admit(&self, tenant: TenantId, deliveries: usize) -> Result<Admission, Refused>;

    /// These deliveries of a webhook are cancelled in the store: they are not attempted any more, unless they are being
    /// attempted already.
    fn withdrawn(&self, webhook: WebhookId, deliveries: Vec<DeliveryId>);

    /// This webhook was changed or deleted: what waits for it must look at it anew.
    fn webhook_changed(&self, webhook: WebhookId);

    /// This tenant is there again: what waits for it is due.
    fn tenant_returned(&self, tenant: TenantId);

    /// How long ago the dispatcher last took a turn. It takes one every second at the least, whether or not there is
    /// anything to do.
    fn silent_for(&self) -> Duration;
}

/// More work is runnable than the engine can hold; try again after `retry_after` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "more deliveries of this tenant are waiting or under way than can be held; try again in {retry_after} s"
)]
pub struct Saturated {
    /// Seconds after which a new try makes sense.
    pub retry_after: u32,
}

/// Why nothing can be published now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// This server is behind.
    #[error(transparent)]
    Saturated(#[from] Saturated),
    /// The tenant has too much that waits for its receivers.
    #[error("{limit} deliveries of this tenant are pending already; try again in {retry_after} s")]
    Backlog {
        /// How many may be.
        limit: u64,
        /// Seconds after which a new try makes sense.
        retry_after: u32,
    },
}

/// A place for deliveries that are being published, given back when it is dropped.
pub struct Admission {
    _place: Box<dyn Send>,
}

impl Admission {
    /// Wraps what gives the place back when it is dropped.
    #[must_use]
    pub fn new(place: impl Send + 'static) -> Self {
        Self { _place: Box::new(place) }
    }
}

/// What the engine has found out.
#[derive(Clone)]
pub enum Finding {
    /// It has switched this webhook off, for the reason that it has now.
    SwitchedOff(Arc<Webhook>),
    /// This webhook has been failing for a while.
    Failing {
        /// Which.
        webhook: WebhookId,
        /// Its first failure since the latest success.
        since: Timestamp,
        /// Failures since then.
        failures: u32,
    },
}

/// Where the engine tells what it finds out, which is little.
#[derive(Clone)]
pub struct Findings(mpsc::UnboundedSender<Finding>);

/// Where that is heard, by one listener at a time.
pub type Heard = Arc<Mutex<mpsc::UnboundedReceiver<Finding>>>;

impl Findings {
    /// Both ends.
    #[must_use]
    pub fn open() -> (Self, Heard) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), Arc::new(Mutex::new(receiver)))
    }

    /// Tells it, if anybody listens.
    pub fn tell(&self, finding: Finding) {
        // Else the server is about to end.
        let _ = self.0.send(finding);
    }
}

/// A place for one exchange, given back when it is dropped.
pub struct Reservation {
    _place: Box<dyn Send>,
}

impl Reservation {
    /// Wraps what gives the place back when it is dropped.
    #[must_use]
    pub fn new(place: impl Send + 'static) -> Self {
        Self { _place: Box::new(place) }
    }
}

/// One exchange to be made: a delivery, and the settings it is made with.
pub struct Exchange {
    /// The tenant, under whose rules it is made.
    pub tenant: Arc<Tenant>,
    /// The webhook: where it goes and what proves it. It need not be stored.
    pub webhook: Arc<Webhook>,
    /// The delivery, body included unless the store has it.
    pub work: Work,
    /// How much of the answer is kept.
    pub keep: Keep,
}

/// How much of an answer's body is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// As much as history holds: 512 bytes of a success, 4 KiB of anything else.
    History,
    /// Up to 64 KiB: somebody looks at it.
    All,
}

/// Makes one exchange now and returns what came of it, or says whether it would. It changes no state: recording is
/// the caller's.
#[async_trait]
pub trait Probe: Send + Sync + 'static {
    /// Holds a place for one exchange of this tenant.
    ///
    /// # Errors
    /// [`Saturated`] when the tenant has as many under way as it may have.
    fn reserve(&self, tenant: TenantId) -> Result<Reservation, Saturated>;

    /// Attempts this delivery, under the deadline of its tenant.
    async fn attempt(&self, exchange: Exchange, reservation: Reservation) -> Attempt;

    /// What history is to hold of an attempt: of an answer beyond what the tenant may keep today, the status alone. To be
    /// asked once of each that is recorded.
    fn to_keep(&self, tenant: &Tenant, attempt: Attempt) -> Attempt;

    /// Whether a connection to this address and port would be opened for a tenant with this policy: the rule that
    /// every connection is held to.
    fn permits(&self, policy: &EgressPolicy, address: IpAddr, port: u16) -> bool;
}
