//! Puts a server together: opens the store, applies the configuration, starts the engine, connects the use-cases
//! and serves; and takes it apart again in the order that loses nothing.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::app::ports::{Findings, Heard};
use crate::app::{App, Pace};
use crate::causes::causes;
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, TokenHolder};
use crate::delivery::{DriverPanicked, Engine, EngineError, EngineParts};
use crate::domain::{TenantSpec, TokenHash, TokenOwner};
use crate::files::Connections;
use crate::housekeeping;
use crate::http::{self, Front, Limits};
use crate::metrics::Metrics;
use crate::rng::{Rng, SystemRng};
use crate::storage::sqlite::{OpenError, Options, SqliteStore, SystemFreeSpace};
use crate::storage::{Directory, Store, StoreError};
use crate::traces::{Tracer, TracerError};

/// How often it is made durable when tokens were last used.
const SAVE_TOKEN_USES_EVERY: Duration = Duration::from_secs(60);
/// How soon replays are taken a step further when there is more to do at once, when some of what they have made has to
/// end first, and when none runs.
const REPLAY_BUSY: Duration = Duration::from_millis(20);
const REPLAY_WAITING: Duration = Duration::from_millis(250);
const REPLAY_IDLE: Duration = Duration::from_secs(5);
/// How long a background task stays away when it has panicked.
const BEGIN_AGAIN: Duration = if cfg!(test) { Duration::from_millis(5) } else { Duration::from_secs(5) };
/// How often it is asked whether the store still commits.
const CHECK_EVERY: Duration = Duration::from_secs(10);
/// How long a stop waits for traces to be sent.
const FLUSH: Duration = Duration::from_millis(500);
/// What a stop may take beyond the longest exchange.
const GRACE: Duration = Duration::from_secs(1);

/// A server that is ready to serve.
pub struct Server {
    heard: Heard,
    tracer: Option<Tracer>,
    app: App,
    store: Arc<dyn Store>,
    engine: Engine,
    clock: Arc<dyn Clock>,
    listener: TcpListener,
    admin: Option<TcpListener>,
    connections: Connections,
    rate_limit: bool,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error("cannot open the store")]
    Open(#[from] OpenError),
    /// The configuration does not fit the data.
    #[error("cannot apply the configuration")]
    Apply(#[from] StoreError),
    /// The engine cannot start.
    #[error("cannot start delivering")]
    Engine(#[from] EngineError),
    /// Traces cannot be sent.
    #[error("cannot send traces to [server] otlp_endpoint")]
    Traces(#[from] TracerError),
    /// The listener does not say where it listens.
    #[error("cannot tell which address the server listens on")]
    Address(#[source] std::io::Error),
    /// The admin listener's address cannot be used.
    #[error("cannot listen on the admin address {address}")]
    Admin {
        /// The address.
        address: core::net::SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// Why a server did not go on until it was told to stop, or did not stop well. What it has acknowledged is in the store,
/// and a server that is started again goes on with it.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Nothing could be made durable any more.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing was delivered any more.
    #[error(transparent)]
    Engine(#[from] DriverPanicked),
    /// Nobody was answered any more, by the main listener or the admin's.
    #[error("a listener has ended: nobody is answered there until the server is started again")]
    Listener,
}

impl Server {
    /// Opens everything and starts delivering what an earlier run left; serves nothing yet.
    ///
    /// # Errors
    /// [`StartError`] names what is in the way.
    pub async fn start(config: Config, listener: TcpListener) -> Result<Self, StartError> {
        Self::start_with(config, listener, Arc::new(SystemClock::new()), Arc::new(SystemRng)).await
    }

    /// Starts with a clock and randomness of the caller's choice.
    pub(crate) async fn start_with(
        config: Config,
        listener: TcpListener,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, StartError> {
        let Config { server, tenants, tokens, sources: _ } = config;
        let store = open(&server, tenants, tokens, &clock, &rng).await?;
        let admin = match server.admin_listen {
            None => None,
            Some(address) => Some(
                TcpListener::bind(address).await.map_err(|source| StartError::Admin { address, source })?,
            ),
        };
        let address = listener.local_addr().map_err(StartError::Address)?;
        let mut own_listeners = vec![address];
        if let Some(admin) = &admin {
            own_listeners.push(admin.local_addr().map_err(StartError::Address)?);
        }
        let tracer = server.traces.as_ref().map(|collector| Tracer::start(collector, Arc::clone(&clock)));
        let tracer = tracer.transpose()?;
        let (findings, heard) = Findings::open();
        let parts = EngineParts {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            rng: Arc::clone(&rng),
            own_listeners,
            log_attempts: server.log_attempts,
            tracer: tracer.clone(),
            findings,
        };
        let connections = Connections::now();
        let engine = Engine::start(parts, connections.engine())?;
        let public_url = match &server.public_url {
            Some(url) => url.to_string(),
            // Off loopback it is required.
            None => format!("http://{address}"),
        };
        let (dispatcher, probe) = (engine.dispatcher(), engine.probe());
        let app = App::new(Arc::clone(&store), dispatcher, probe, Arc::clone(&clock), rng, &public_url);
        let app = if server.rate_limit { app.limiting_tests() } else { app };
        let app = app.traced(tracer.clone());
        let rate_limit = server.rate_limit;
        Ok(Self { heard, tracer, app, store, engine, clock, listener, admin, connections, rate_limit })
    }

    /// Where the admin listener listens, if there is one.
    #[must_use]
    pub fn admin_address(&self) -> Option<core::net::SocketAddr> {
        self.admin.as_ref()?.local_addr().ok()
    }

    /// Whether there is any tenant, of the configuration or made through the API.
    #[must_use]
    pub fn has_tenants(&self) -> bool {
        !self.store.directory().tenants().is_empty()
    }

    /// Serves until `shutdown` resolves, or the store has stopped because the disk failed, or the engine or a listener has
    /// because of a defect: what can be acknowledged is to be delivered too, and a process that answers nobody is of no
    /// use. Then it takes nothing new, finishes what is in flight, makes every result durable, and returns; what was not
    /// attempted yet stays pending in the store.
    ///
    /// # Errors
    /// [`RunError`] when the store, the engine or a listener has stopped working meanwhile.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
        let Self { heard, tracer, app, store, engine, clock, listener, admin, connections, rate_limit } =
            self;
        // Asked for at the end: tenants come and change while the server runs.
        let directory = Arc::clone(store.directory());
        let grace = move || longest_exchange(&directory) + GRACE;
        let (stop, stopped) = tokio::sync::watch::channel(());
        let wait = |mut stopped: tokio::sync::watch::Receiver<()>| async move {
            // An error means that the sender is gone, which is a stop too.
            let _ = stopped.changed().await;
        };
        let mut tasks = tokio::task::JoinSet::new();
        let front = Front::main(app.clone(), rate_limit.then(|| Limits::new(Arc::clone(&clock))));
        let (housekeeping, streams) = (app.clone(), app.clone());
        let hearing = app.clone();
        let hear = move || hear(hearing.clone(), Arc::clone(&heard));
        let hearing = tokio::spawn(for_ever("news", hear));
        let replaying = app.clone();
        let replaying = tokio::spawn(for_ever("replays", move || replay(replaying.clone())));
        tasks.spawn(http::serve(listener, front, connections.incoming, wait(stopped.clone()), grace.clone()));
        if let Some(admin) = admin {
            let mut figures = vec![
                about_this_program(),
                store.metrics().clone(),
                engine.metrics().clone(),
                app.metrics().clone(),
            ];
            figures.extend(tracer.as_ref().map(|tracer| tracer.metrics().clone()));
            let front = Front::admin(app, figures);
            let serving = serve_apart(admin, front, connections.admin, wait(stopped.clone()));
            tasks.spawn_blocking(serving);
        }
        let (pruned, saved) = (Arc::clone(&store), Arc::clone(&store));
        let pruning = tokio::spawn(housekeeping::keep(pruned, housekeeping, clock));
        let saving = tokio::spawn(for_ever("token uses", move || save_token_uses(Arc::clone(&saved))));
        let mut listening = true;
        tokio::select! {
            () = shutdown => (),
            () = failure(&*store) => (),
            () = engine.ended() => tracing::error!("the dispatcher has panicked, so the server ends"),
            // None ends before it is told to.
            Some(_) = tasks.join_next() => {
                tracing::error!("a listener has ended, so the server does");
                listening = false;
            }
        }
        // They would go on for ever.
        streams.end_streams();
        drop(stop);
        drop(stopped);
        pruning.abort();
        saving.abort();
        // What it has made and not handed over is taken up by the next start.
        replaying.abort();
        // Side by side: what a request publishes meanwhile is durable and stays pending.
        let answered = async { while tasks.join_next().await.is_some() {} };
        let ((), delivered) = tokio::join!(answered, engine.shutdown(grace()));
        // What it has not come to tell is told by the next start.
        hearing.abort();
        if let Some(tracer) = tracer {
            tracer.stop(FLUSH).await;
        }
        save_uses(&*store).await;
        let healthy = store.check().await;
        store.close().await;
        healthy?;
        delivered?;
        if listening { Ok(()) } else { Err(RunError::Listener) }
    }
}

fn about_this_program() -> Metrics {
    let metrics = Metrics::default();
    let version = [env!("CARGO_PKG_VERSION")];
    metrics
        .computed_by("sigpost_build_info", "Which program this is; always 1.", "version", version, || [1.0]);
    metrics
}

/// Serves the admin listener on an executor of its own, in the thread that this is called in: whoever asks how this
/// server is doing gets an answer even if everything else stands still.
fn serve_apart(
    listener: TcpListener,
    front: Front,
    connections: usize,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> impl FnOnce() + Send + 'static {
    move || {
        let serve = || {
            let executor = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            // It belongs to the executor it was made on.
            let listener = listener.into_std()?;
            executor.block_on(async {
                http::serve(TcpListener::from_std(listener)?, front, connections, stopped, || GRACE).await;
                Ok(())
            })
        };
        if let Err::<(), std::io::Error>(error) = serve() {
            let error = causes(&error);
            tracing::error!(error, "the admin listener cannot be served");
        }
    }
}

async fn open(
    server: &config::Server,
    tenants: Vec<TenantSpec>,
    tokens: HashMap<TokenHash, TokenHolder>,
    clock: &Arc<dyn Clock>,
    rng: &Arc<dyn Rng>,
) -> Result<Arc<dyn Store>, StartError> {
    let options = Options {
        directory: server.data.clone(),
        master_key: server.master_key.clone(),
        clock: Arc::clone(clock),
        rng: Arc::clone(rng),
        min_free: server.min_free,
        space: Arc::new(SystemFreeSpace),
    };
    let store = SqliteStore::open(options)?;
    store.apply_tenants(tenants).await?;
    store.directory().set_configured_tokens(owners(store.directory(), tokens));
    Ok(Arc::new(store))
}

/// Tokens are configured by names; the store has given the tenants their ids by now.
fn owners(directory: &Directory, tokens: HashMap<TokenHash, TokenHolder>) -> HashMap<TokenHash, TokenOwner> {
    let owner = |holder| match holder {
        TokenHolder::Operator(name) => Some(TokenOwner::Operator(name)),
        TokenHolder::User { tenant, user } => directory
            .tenant_by_name(&tenant)
            .map(|tenant| TokenOwner::User { tenant: tenant.id, user, expires_at: None }),
    };
    tokens.into_iter().filter_map(|(hash, holder)| Some((hash, owner(holder)?))).collect()
}

/// Resolves when the store has stopped: nothing can be acknowledged any more, and a new process may find the disk
/// well again.
async fn failure(store: &dyn Store) {
    loop {
        tokio::time::sleep(CHECK_EVERY).await;
        if matches!(store.check().await, Err(StoreError::Stopped)) {
            return;
        }
    }
}

fn longest_exchange(directory: &Directory) -> Duration {
    directory.tenants().iter().map(|tenant| tenant.settings.timeout).max().unwrap_or_default()
}

/// Runs what is to go on as long as the server does, and begins it again if it panics.
pub(crate) async fn for_ever<F>(what: &'static str, run: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        // A set, because it is aborted together with this.
        let mut task = tokio::task::JoinSet::new();
        task.spawn(run());
        if let Some(Err(failure)) = task.join_next().await {
            let failure = causes(&failure);
            tracing::error!(what, failure, "a background task has ended and is begun again");
        }
        tokio::time::sleep(BEGIN_AGAIN).await;
    }
}

/// Tells and records what the engine finds out.
async fn hear(app: App, heard: Heard) {
    app.hear(heard).await;
}

/// Takes replays further, a step at a time, as long as the server runs.
async fn replay(app: App) {
    loop {
        let pause = match app.advance_replays().await {
            Pace::Busy => REPLAY_BUSY,
            Pace::Waiting => REPLAY_WAITING,
            Pace::Idle => REPLAY_IDLE,
        };
        // Whichever comes first.
        let _ = tokio::time::timeout(pause, app.replay_wanted()).await;
    }
}

/// Makes durable when tokens were last used, for each token once a minute at the most.
async fn save_token_uses(store: Arc<dyn Store>) {
    loop {
        tokio::time::sleep(SAVE_TOKEN_USES_EVERY).await;
        save_uses(&*store).await;
    }
}

async fn save_uses(store: &dyn Store) {
    let uses = store.directory().unsaved_token_uses();
    if uses.is_empty() {
        return;
    }
    if let Err(error) = store.save_token_uses(uses).await {
        let error = causes(&error);
        tracing::warn!(error, "cannot store when tokens were last used");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::config::Overrides;

    /// How a server ends that is not told to, with this change of how many connections it takes.
    async fn ended(change: impl FnOnce(&mut Connections)) -> Result<(), RunError> {
        let directory = tempfile::tempdir().unwrap();
        let toml = "server.admin_listen = \"127.0.0.1:0\"";
        let config = Config::parse(toml, directory.path(), Overrides::default()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut server = Server::start(config, listener).await.unwrap();
        change(&mut server.connections);
        let ended = server.run_until(core::future::pending());
        tokio::time::timeout(Duration::from_secs(8), ended).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_listener_that_panics_ends_the_server_with_a_failure() {
        // No semaphore can count so many, which panics.
        const TOO_MANY: usize = usize::MAX;
        let main = ended(|connections| connections.incoming = TOO_MANY).await;
        assert!(matches!(main, Err(RunError::Listener)), "{main:?}");
        let admin = ended(|connections| connections.admin = TOO_MANY).await;
        assert!(matches!(admin, Err(RunError::Listener)), "{admin:?}");
    }

    #[tokio::test]
    async fn a_background_task_that_panics_is_begun_again_and_ends_when_it_is_told_to() {
        let begun = Arc::new(AtomicU32::new(0));
        let (count, alive) = (Arc::clone(&begun), Arc::new(()));
        let held = Arc::downgrade(&alive);
        let run = move || {
            let (nth, alive) = (count.fetch_add(1, Ordering::Relaxed), Arc::clone(&alive));
            async move {
                assert!(nth > 1, "a bug");
                std::future::pending::<()>().await;
                drop(alive);
            }
        };
        let task = tokio::spawn(for_ever("a test", run));
        while begun.load(Ordering::Relaxed) < 3 {
            tokio::time::sleep(BEGIN_AGAIN).await;
        }
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        // Nothing goes on behind its back.
        while held.strong_count() > 0 {
            tokio::time::sleep(BEGIN_AGAIN).await;
        }
        assert_eq!(begun.load(Ordering::Relaxed), 3);
    }
}
