//! The engine over real sockets, with a store in memory and receivers that misbehave.

mod admission;
mod answers;
mod dns;
mod engine;
mod exchange;
mod judging;
mod receiver;
mod revocation;
mod store;
mod tls;
mod watch;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sigpost_core::signature::Secret;

use self::store::FakeStore;
use super::*;
use crate::app::ports::{Findings, Keep};
use crate::clock::SystemClock;
use crate::domain::profile::immuta::{ActionType, Immuta, Parts};
use crate::domain::{
    Body, Cause, DeliveryId, DialectId, Egress, EgressPolicy, Endpoint, EventId, Failure, FailureClass,
    Frame, MessageId, Number, Origin, Outcome, Phase, Profile, PublicId, RetryPolicy, Roles, Secrets,
    Settings, Tenant, TenantId, TenantUid, Timestamp, Traced, User, UserId, Webhook, WebhookState, Work,
};

/// Draws zero, so that no wait is lengthened.
struct NoJitter;

impl Rng for NoJitter {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// The machine's clocks, and as much later as a test wants.
#[derive(Default)]
struct Leaping {
    clock: SystemClock,
    seconds: AtomicU64,
}

impl Leaping {
    /// Lets a minute pass, and with it what is waited for where there is no ladder.
    fn leap(&self) {
        self.seconds.fetch_add(61, Ordering::SeqCst);
    }

    fn leapt(&self) -> Duration {
        Duration::from_secs(self.seconds.load(Ordering::SeqCst))
    }
}

impl Clock for Leaping {
    fn now(&self) -> Timestamp {
        self.clock.now() + self.leapt()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic() + self.leapt()
    }
}

/// What a name resolves to in a test: the answers in turn, the last one for ever.
enum Answer {
    Addresses(Vec<Vec<IpAddr>>),
    Error(ResolveError),
    Never,
    Panic,
}

#[derive(Default)]
struct TestResolver {
    answers: Mutex<HashMap<String, Answer>>,
    asked: AtomicUsize,
}

impl TestResolver {
    fn with(name: &str, answer: Answer) -> Arc<Self> {
        let resolver = Self::default();
        resolver.answers.lock().unwrap().insert(name.to_owned(), answer);
        Arc::new(resolver)
    }
}

#[async_trait]
impl Resolve for TestResolver {
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, ResolveError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let never = match self.answers.lock().unwrap().get_mut(name) {
            None => return Err(ResolveError::NotFound),
            Some(Answer::Error(error)) => return Err(*error),
            Some(Answer::Addresses(answers)) if answers.len() > 1 => return Ok(answers.remove(0)),
            Some(Answer::Addresses(answers)) => return Ok(answers[0].clone()),
            Some(Answer::Panic) => true,
            Some(Answer::Never) => false,
        };
        assert!(!never, "a defect, as a test wants it");
        std::future::pending().await
    }
}

/// What a world is made of; see [`World::start`].
struct Plan {
    egress: Egress,
    settings: Settings,
    resolver: Arc<TestResolver>,
    own_listeners: Vec<SocketAddr>,
    limits: Limits,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

impl Default for Plan {
    /// Loopback is open; a failed delivery is retried once, at once.
    fn default() -> Self {
        let retry = RetryPolicy::new(vec![Duration::ZERO; 2]).unwrap();
        let timeout = Duration::from_secs(2);
        Self {
            egress: egress(&["127.0.0.0/8"]),
            settings: Settings { timeout, retry, ..Settings::default() },
            resolver: Arc::default(),
            own_listeners: Vec::new(),
            limits: Limits::default(),
            clock: Arc::new(SystemClock::new()),
            rng: Arc::new(NoJitter),
        }
    }
}

fn egress(allow: &[&str]) -> Egress {
    let allow = allow.iter().map(|network| network.parse().unwrap()).collect();
    Egress { policy: EgressPolicy::new(allow), ..Egress::default() }
}

fn loopback() -> IpAddr {
    [127, 0, 0, 1].into()
}

/// An engine with its store, and one tenant or more.
struct World {
    store: Arc<FakeStore>,
    engine: Engine,
    dispatcher: Arc<dyn Dispatcher>,
    probe: Arc<dyn Probe>,
    next_webhook: AtomicI64,
    next_delivery: AtomicI64,
}

const TENANT: TenantId = TenantId::new(1);
const SECRET: &str = "it's a secret to everybody";

impl World {
    fn start(plan: Plan) -> Self {
        Self::try_start(plan, Arc::default(), 1).unwrap()
    }

    fn with_loopback() -> Self {
        Self::start(Plan::default())
    }

    /// An engine over this store; deliveries are numbered from `next_delivery`.
    fn try_start(plan: Plan, store: Arc<FakeStore>, next_delivery: i64) -> Result<Self, EngineError> {
        let tenant = tenant(1, plan.egress, plan.settings);
        store.directory().test_set_tenants(vec![Arc::new(tenant)]);
        let parts = EngineParts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            clock: plan.clock,
            rng: plan.rng,
            own_listeners: plan.own_listeners,
            log_attempts: LogAttempts::default(),
            findings: Findings::open().0,
            tracer: None,
        };
        let engine = Engine::start_with(parts, plan.resolver, plan.limits)?;
        let (dispatcher, probe) = (engine.dispatcher(), engine.probe());
        Ok(Self {
            store,
            engine,
            dispatcher,
            probe,
            next_webhook: 1.into(),
            next_delivery: next_delivery.into(),
        })
    }

    /// Makes a webhook of the first tenant.
    fn webhook(&self, url: &str) -> Arc<Webhook> {
        self.webhook_of(TENANT, url)
    }

    fn webhook_of(&self, tenant: TenantId, url: &str) -> Arc<Webhook> {
        let id = self.next_webhook.fetch_add(1, Ordering::SeqCst);
        let webhook = Arc::new(webhook(id, tenant, url));
        self.store.directory().test_put_webhook(&webhook);
        webhook
    }

    /// Puts a changed version of a webhook in its place and tells the engine.
    fn change(&self, webhook: &Webhook, change: impl FnOnce(&mut Webhook)) -> Arc<Webhook> {
        let mut changed = webhook.clone();
        changed.version += 1;
        changed.updated_at = SystemClock::new().now();
        change(&mut changed);
        let changed = Arc::new(changed);
        self.store.directory().test_put_webhook(&changed);
        self.dispatcher.webhook_changed(changed.id);
        changed
    }

    /// Makes a durable delivery that the engine has not been told of.
    fn durable(&self, webhook: &Webhook) -> Work {
        let id = self.next_delivery.fetch_add(1, Ordering::SeqCst);
        self.store.insert(work(id, webhook))
    }

    /// Publishes to a webhook.
    fn publish(&self, webhook: &Webhook) -> DeliveryId {
        let work = self.durable(webhook);
        let id = work.delivery;
        self.store.made(vec![work]);
        id
    }

    /// Makes one exchange.
    async fn attempt(&self, work: Work) -> Attempt {
        let directory = self.store.directory();
        let webhook = directory.webhook(work.webhook).unwrap();
        self.attempt_with(work, webhook).await
    }

    /// Makes one exchange with a webhook as it is given.
    async fn attempt_with(&self, work: Work, webhook: Arc<Webhook>) -> Attempt {
        let reservation = self.probe.reserve(work.tenant).unwrap();
        let tenant = self.store.directory().tenant(work.tenant).unwrap();
        let exchange = Exchange { tenant, webhook, work, keep: Keep::History };
        self.probe.attempt(exchange, reservation).await
    }

    /// Makes one exchange with a URL and returns its outcome.
    async fn probe(&self, url: &str) -> Outcome {
        let work = self.durable(&self.webhook(url));
        self.attempt(work).await.outcome
    }
}

fn owner() -> UserId {
    UserId::new("1").unwrap()
}

fn tenant(id: i64, egress: Egress, settings: Settings) -> Tenant {
    Tenant {
        id: TenantId::new(id),
        uid: TenantUid::new([7; 16]),
        name: format!("tenant-{id}"),
        dialect: DialectId::Immuta,
        egress,
        settings,
        users: BTreeMap::from([(
            owner(),
            User {
                id: owner(),
                name: "owner".into(),
                roles: Roles::default(),
                spaces: Vec::new(),
                origin: Origin::File,
            },
        )]),
        origin: Origin::File,
        created_at: None,
    }
}

fn webhook(id: i64, tenant: TenantId, url: &str) -> Webhook {
    let parts = Parts {
        name: "hook".to_owned(),
        global: true,
        notifications: vec!["ALL_NOTIFICATIONS".to_owned()],
        action: ActionType::Triggered,
    };
    Webhook {
        id: WebhookId::new(id),
        number: Number::new(id).unwrap(),
        public_id: PublicId::new(Timestamp::UNIX_EPOCH, [id.to_be_bytes()[7]; 10]),
        tenant,
        owner: owner(),
        endpoint: Endpoint::parse(url).unwrap(),
        created_by: owner(),
        updated_by: owner(),
        secrets: Secrets::new(Some(Secret::new(SECRET).unwrap())),
        secrets_since: 1,
        state: WebhookState::Enabled,
        version: 1,
        profile: Profile::Immuta(Immuta::restore(parts)),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn work(id: i64, webhook: &Webhook) -> Work {
    let number = Number::new(id).unwrap();
    let frame = Frame { head: "".into(), cut: 1, tail: format!(",\"n\":{id}}}").into() };
    // As a store has it: in whole microseconds.
    let now = Timestamp::from_microsecond(SystemClock::new().now().as_microsecond()).unwrap();
    Work {
        delivery: DeliveryId::new(id),
        tenant: webhook.tenant,
        webhook: webhook.id,
        event: EventId::new(id),
        message_id: MessageId::derive(&TenantUid::new([7; 16]), number, now, webhook.number),
        cause: Cause::Event,
        received_at: now,
        attempts_made: 0,
        tries: 0,
        due: now,
        body: Some(Body { data: "{\"text\":\"héllo\"}".into(), frame }),
        trace: Traced::Unknown,
    }
}

fn failed(class: FailureClass, phase: Phase) -> Outcome {
    Outcome::Failed(Failure { class, phase })
}

fn status_of(outcome: &Outcome) -> u16 {
    match outcome {
        Outcome::Response { status, .. } => *status,
        Outcome::Failed(failure) => panic!("{failure:?}"),
    }
}

fn body_of(outcome: &Outcome) -> &[u8] {
    match outcome {
        Outcome::Response { body, .. } => body,
        Outcome::Failed(failure) => panic!("{failure:?}"),
    }
}

/// Runs something and says how long it took.
async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "a test measures real time")]
    let start = Instant::now();
    let output = future.await;
    (output, start.elapsed())
}
