//! The use-cases: what a principal can do, in the domain's words. Each file is one of them.
//!
//! Every use-case authorises first ([`access`]), so that no API is a way round a right, and answers with one
//! [`Error`] that each dialect renders in its own form. Nothing here knows HTTP or SQL.
//!
//! A use-case that has begun to write runs to its end even if the client hangs up: otherwise a webhook could be changed
//! and the engine never told (see [`App::to_the_end`]). Publishing needs no such care: the store tells the engine.

pub mod access;
mod audit;
mod authenticate;
mod change;
mod error;
mod event_types;
mod figures;
mod history;
mod operational;
pub mod ports;
mod publish;
mod readiness;
mod replays;
mod resend;
mod secrets;
mod stats;
mod stream;
mod tenants;
mod test;
mod test_limit;
mod tokens;
mod users;
mod visits;
mod webhooks;

use std::sync::Arc;

pub use audit::{AuditPage, AuditRequest};
pub use change::{Change, Precondition, SecretChange};
pub use error::Error;
pub use history::{DeliveriesRequest, HistoryRequest, RecordName, cursor};
pub use publish::Receipt;
pub use readiness::NotReady;
pub use replays::{Pace, ReplayRequest, ReplaysRequest};
pub use secrets::{Rotate, Rotated};
pub use stats::Chart;
pub use stream::{Notice, Renew, Stream};
pub use tenants::{TenantChange, TenantDraft};
pub use tokens::{Lifetime, NewToken, TokenDraft};
pub use users::UserChange;
pub use webhooks::{Created, DraftSecret, WebhookDraft, WebhookName};

use crate::clock::Clock;
use crate::domain::{PublicId, Timestamp};
use crate::metrics::Metrics;
use crate::rng::Rng;
use crate::storage::Store;
use crate::traces::Tracer;
use figures::Figures;
use ports::{Dispatcher, Probe};
use readiness::Readiness;
use replays::Replaying;
use stream::Streams;
use test_limit::TestLimit;
use visits::Visits;

/// The use-cases and what they work with. Cheap to clone, which is done several times a request.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] shares with its clones. Its fields are for the use-cases alone.
#[derive(Clone)]
pub struct Parts {
    store: Arc<dyn Store>,
    dispatcher: Arc<dyn Dispatcher>,
    probe: Arc<dyn Probe>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    readiness: Arc<Readiness>,
    figures: Arc<Figures>,
    tracer: Option<Tracer>,
    public_url: Arc<str>,
    /// Held while something is made of which there may only be so many, and while tenants, users or tokens change: what
    /// was looked at still holds when it is written.
    creating: Arc<tokio::sync::Mutex<()>>,
    /// Held while a change is made anew because somebody else's came first.
    changing: Arc<tokio::sync::Mutex<()>>,
    replaying: Arc<Replaying>,
    streams: Arc<Streams>,
    visits: Arc<Visits>,
    /// How often each user may try webhooks out; without it, as often as they like.
    test_limit: Option<Arc<TestLimit>>,
}

impl core::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Connects the use-cases with a store and an engine; `public_url` is where users find the server.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        dispatcher: Arc<dyn Dispatcher>,
        probe: Arc<dyn Probe>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        public_url: &str,
    ) -> Self {
        Self(Arc::new(Parts {
            store,
            dispatcher,
            probe,
            clock,
            rng,
            readiness: Arc::default(),
            figures: Arc::default(),
            tracer: None,
            public_url: public_url.trim_end_matches('/').into(),
            creating: Arc::default(),
            changing: Arc::default(),
            replaying: Arc::default(),
            streams: Arc::default(),
            visits: Arc::default(),
            test_limit: None,
        }))
    }

    /// The same, but a user may try webhooks out only so often.
    #[must_use]
    pub fn limiting_tests(self) -> Self {
        Self(Arc::new(Parts { test_limit: Some(Arc::default()), ..Parts::clone(&self) }))
    }

    /// The same, with spans of what is published, if there is anybody to send them to.
    #[must_use]
    pub fn traced(self, tracer: Option<Tracer>) -> Self {
        Self(Arc::new(Parts { tracer, ..Parts::clone(&self) }))
    }

    /// Where the server is found by those who use it, without a slash at the end: what absolute links begin with. It is
    /// configured, never taken from a request.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// What the use-cases count.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.figures.metrics
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether this server is ready: the dispatcher takes its turns, and the store commits, or did so within the last
    /// second.
    ///
    /// # Errors
    /// [`NotReady`] says what stands still.
    pub async fn check(&self) -> Result<(), NotReady> {
        readiness::dispatcher(self.dispatcher.silent_for())?;
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        let check = async move { store.check().await.map_err(Error::from) };
        Arc::clone(&self.readiness).ask(move || clock.monotonic(), check).await
    }

    /// A public id that nobody has.
    fn public_id(&self, now: Timestamp) -> PublicId {
        let mut random = [0; 10];
        self.rng.fill(&mut random);
        PublicId::new(now, random)
    }

    /// A name for one answer, by which whoever got it can be helped: 32 hex digits that nothing else has.
    #[must_use]
    pub fn trace_id(&self) -> String {
        let mut random = [0; 16];
        self.rng.fill(&mut random);
        hex::encode(random)
    }

    /// Runs a use-case in a task of its own and waits for it. Dropping the returned future, as a server does when
    /// its client hangs up, does not stop the task.
    async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        match tokio::spawn(work).await {
            Ok(result) => result,
            Err(failure) => {
                tracing::error!(panicked = failure.is_panic(), "a use-case did not end");
                Err(Error::Internal)
            }
        }
    }
}
