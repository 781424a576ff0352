//! Watching what happens, while it happens.
//!
//! A stream tells of what becomes durable after it was opened, as far as its holder's right reaches at that moment. It is
//! bounded: whoever reads too slowly loses the oldest and is told how much. It ends when the server stops, and with the
//! token that it was opened with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::access::{Access, Operation, authorise};
use super::{App, Error, WebhookName};
use crate::causes::causes;
use crate::domain::{
    AttemptEnded, EventId, Happening, Principal, PublicId, TenantId, UserId, WebhookChange, WebhookId,
};
use crate::storage::{Happenings, Told};

/// How many streams one user may have open.
const PER_USER: usize = 16;
/// How many may be open in all: each reads for itself.
const ALL: usize = 512;
/// How many notices are handed out at once.
const BATCH: usize = 64;

/// Asks anew who holds the token that a stream was opened with.
pub type Renew = Arc<dyn Fn() -> Result<Principal, Error> + Send + Sync>;

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// An attempt has ended.
    Attempt {
        /// The delivery it belongs to.
        delivery: PublicId,
        /// Where it went.
        webhook: PublicId,
        /// The event's type.
        event_type: Arc<str>,
        /// What came of it.
        attempt: AttemptEnded,
    },
    /// A webhook is there, another, or gone.
    Webhook {
        /// Which.
        webhook: PublicId,
        /// What became of it.
        change: WebhookChange,
    },
    /// So many things have happened, within reach or not, that nobody can tell any more.
    Lost(u64),
}

/// The streams that are open.
pub(super) struct Streams {
    by_user: Mutex<HashMap<(TenantId, UserId), usize>>,
    closing: watch::Sender<bool>,
}

impl Default for Streams {
    fn default() -> Self {
        Self { by_user: Mutex::default(), closing: watch::Sender::new(false) }
    }
}

impl Streams {
    fn open(this: &Arc<Self>, tenant: TenantId, user: &UserId) -> Result<Place, Error> {
        let key = (tenant, user.clone());
        let mut by_user = this.lock();
        if by_user.get(&key).is_some_and(|open| *open >= PER_USER) {
            return Err(Error::TooManyOpen { what: "streams", limit: PER_USER });
        }
        if by_user.values().sum::<usize>() >= ALL {
            return Err(Error::Crowded { what: "streams", limit: ALL });
        }
        *by_user.entry(key.clone()).or_default() += 1;
        drop(by_user);
        Ok(Place { streams: Arc::clone(this), key })
    }

    /// Counts are changed one by one: after a panic each is a count still.
    fn lock(&self) -> MutexGuard<'_, HashMap<(TenantId, UserId), usize>> {
        self.by_user.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts as an open stream until it is dropped.
struct Place {
    streams: Arc<Streams>,
    key: (TenantId, UserId),
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_user = self.streams.lock();
        if let Some(open) = by_user.get_mut(&self.key) {
            *open = open.saturating_sub(1);
        }
        by_user.retain(|_, open| *open > 0);
    }
}

/// An open stream.
pub struct Stream {
    app: App,
    happenings: Happenings,
    renew: Renew,
    access: Access,
    webhook: Option<WebhookId>,
    /// Taken from `happenings` and not handed out yet.
    told: Vec<Told>,
    closing: watch::Receiver<bool>,
    _place: Place,
}

impl App {
    /// Opens a stream, of one webhook or of all within reach. `renew` is asked again and again whether the token still
    /// gives the right.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::NotFound`]; [`Error::TooManyOpen`] and [`Error::Crowded`].
    pub fn open_stream(
        &self,
        principal: &Principal,
        renew: Renew,
        webhook: Option<WebhookName>,
    ) -> Result<Stream, Error> {
        let access = self.authorise(principal, Operation::Watch)?;
        let webhook = webhook.map(|name| self.webhook_within(&access, name)).transpose()?;
        let user = access.user.as_ref().ok_or(Error::Forbidden { needs: "a user of the tenant" })?;
        let place = Streams::open(&self.streams, access.tenant.id, user)?;
        Ok(Stream {
            app: self.clone(),
            happenings: self.store.listen(),
            renew,
            access,
            webhook: webhook.map(|webhook| webhook.id),
            told: Vec::new(),
            closing: self.streams.closing.subscribe(),
            _place: place,
        })
    }

    /// Ends every stream, those that are opened later too: the server stops.
    pub fn end_streams(&self) {
        self.streams.closing.send_replace(true);
    }
}

impl Stream {
    /// Waits for the next notices; `None` when the stream is over. Nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Option<Vec<Notice>> {
        loop {
            if self.told.is_empty() {
                let told = tokio::select! {
                    told = self.happenings.next() => told?,
                    () = closed(&mut self.closing) => return None,
                };
                self.take(told);
                while self.told.len() < BATCH
                    && let Some(told) = self.happenings.at_hand()
                {
                    self.take(told);
                }
                continue;
            }
            let events = self.told.iter().filter_map(|told| match told {
                Told::Happening(Happening::Attempt(attempt)) => Some(attempt.event),
                Told::Happening(Happening::Webhook { .. }) | Told::Lost(_) => None,
            });
            let types = match self.app.store.event_types(events.collect()).await {
                Ok(types) => types,
                Err(error) => {
                    let error = causes(&error);
                    tracing::warn!(error, "a stream ends because the store cannot be read");
                    return None;
                }
            };
            if !self.is_allowed() {
                return None;
            }
            let told = core::mem::take(&mut self.told);
            let notices: Vec<_> = told.into_iter().filter_map(|told| self.notice(told, &types)).collect();
            if !notices.is_empty() {
                return Some(notices);
            }
        }
    }

    /// Resolves when the server stops.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut closing = self.closing.clone();
        async move { closed(&mut closing).await }
    }

    /// Whether the token still gives the right; to be asked from time to time while nothing happens.
    pub fn is_allowed(&mut self) -> bool {
        let access = (self.renew)().and_then(|principal| authorise(&principal, Operation::Watch));
        match access {
            Ok(access) => {
                self.access = access;
                true
            }
            Err(_) => false,
        }
    }

    /// Keeps what is within reach.
    fn take(&mut self, told: Told) {
        let within = match &told {
            Told::Happening(Happening::Attempt(attempt)) => self.reached(attempt).is_some(),
            Told::Happening(Happening::Webhook { webhook, change: _ }) => {
                self.wants(webhook.id) && self.access.reaches(webhook)
            }
            Told::Lost(_) => true,
        };
        if within {
            self.told.push(told);
        }
    }

    fn wants(&self, webhook: WebhookId) -> bool {
        self.webhook.is_none_or(|wanted| wanted == webhook)
    }

    /// The webhook of an attempt, if it is within reach and still there.
    fn reached(&self, attempt: &AttemptEnded) -> Option<PublicId> {
        if attempt.tenant != self.access.tenant.id || !self.wants(attempt.webhook) {
            return None;
        }
        let webhook = self.app.store.directory().webhook(attempt.webhook)?;
        self.access.reaches(&webhook).then_some(webhook.public_id)
    }

    fn notice(&self, told: Told, types: &HashMap<EventId, Arc<str>>) -> Option<Notice> {
        Some(match told {
            Told::Lost(lost) => Notice::Lost(lost),
            Told::Happening(Happening::Webhook { webhook, change }) => self
                .access
                .reaches(&webhook)
                .then_some(Notice::Webhook { webhook: webhook.public_id, change })?,
            Told::Happening(Happening::Attempt(attempt)) => Notice::Attempt {
                delivery: PublicId::of_delivery(&self.access.tenant.uid, attempt.delivery, attempt.made_at),
                webhook: self.reached(&attempt)?,
                // Retention may have come in between.
                event_type: Arc::clone(types.get(&attempt.event)?),
                attempt,
            },
        })
    }
}

async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone: the server is too.
    let _ = closing.wait_for(|closing| *closing).await;
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::collections::BTreeMap;

    use tempfile::TempDir;

    use super::*;
    use crate::app::{DraftSecret, WebhookDraft};
    use crate::clock::{Clock as _, MockClock};
    use crate::domain::profile::native::{Native, Parts};
    use crate::domain::{
        DialectId, Egress, Endpoint, IssuedToken, Origin, Profile, Role, Settings, TenantSpec, Timestamp,
        TokenHash, User, Webhook,
    };
    use crate::rng::SeededRng;
    use crate::storage::Store;
    use crate::storage::sqlite::{KeySource, Options, SqliteStore, SystemFreeSpace};
    use crate::tests::Idle;

    struct World {
        app: App,
        clock: Arc<MockClock>,
        tenant: TenantId,
        _directory: TempDir,
    }

    fn admin() -> UserId {
        UserId::new("1").unwrap()
    }

    impl World {
        async fn new() -> Self {
            let clock = Arc::new(MockClock::at(Timestamp::UNIX_EPOCH));
            let directory = TempDir::new().unwrap();
            let options = Options {
                directory: directory.path().to_owned(),
                master_key: KeySource::Generated,
                clock: Arc::clone(&clock) as _,
                rng: Arc::new(SeededRng::new(1)),
                min_free: 0,
                space: Arc::new(SystemFreeSpace),
            };
            let store = Arc::new(SqliteStore::open(options).unwrap());
            let roles = [Role::Admin].into_iter().collect();
            let user =
                User { id: admin(), name: String::new(), roles, spaces: Vec::new(), origin: Origin::File };
            let spec = TenantSpec {
                name: "acme".into(),
                dialect: DialectId::Native,
                egress: Egress::default(),
                settings: Settings::default(),
                users: BTreeMap::from([(admin(), user)]),
            };
            store.apply_tenants(vec![spec]).await.unwrap();
            let tenant = store.directory().tenant_by_name("acme").unwrap().id;
            let (clock_too, rng) = (Arc::clone(&clock) as _, Arc::new(SeededRng::new(2)));
            let app = App::new(
                store,
                Arc::new(Idle::default()),
                Arc::new(Idle::default()),
                clock_too,
                rng,
                "http://a.example",
            );
            Self { app, clock, tenant, _directory: directory }
        }

        /// Hands out a token that is valid for so long.
        async fn token(&self, text: &'static str, valid: Duration) -> Renew {
            let issued_at = self.clock.now();
            let expires_at = issued_at.checked_add(valid).unwrap();
            let (hash, tenant, user) = (TokenHash::of(text), self.tenant, admin());
            let token = IssuedToken {
                hash,
                public_id: self.app.public_id(issued_at),
                tenant,
                user,
                name: text.to_owned(),
                exchanged_for: None,
                issued_at,
                expires_at: Some(expires_at),
            };
            self.app.store.issue_token(token).await.unwrap();
            let app = self.app.clone();
            Arc::new(move || app.authenticate(text, None))
        }

        fn open(&self, renew: &Renew) -> Result<Stream, Error> {
            self.app.open_stream(&renew()?, Arc::clone(renew), None)
        }

        async fn webhook(&self, renew: &Renew) -> Arc<Webhook> {
            let parts = Parts { name: String::new(), event_types: vec!["*".into()] };
            let draft = WebhookDraft {
                endpoint: Endpoint::parse("https://hooks.example.com/").unwrap(),
                secret: DraftSecret::None,
                profile: Profile::Native(Native::new(parts, &Settings::default()).unwrap()),
                enabled: true,
                owner: None,
            };
            self.app.create_webhook(&renew().unwrap(), draft).await.unwrap().webhook
        }
    }

    #[tokio::test]
    async fn a_stream_ends_with_the_token_it_was_opened_with() {
        let world = World::new().await;
        let hour = world.token("an hour", Duration::from_secs(3_600)).await;
        let minute = world.token("a minute", Duration::from_secs(60)).await;
        let mut long = world.open(&hour).unwrap();
        let mut short = world.open(&minute).unwrap();
        let webhook = world.webhook(&hour).await.public_id;
        let created = [Notice::Webhook { webhook, change: WebhookChange::Created }];
        for stream in [&mut long, &mut short] {
            assert!(stream.is_allowed());
            assert_eq!(stream.next().await.unwrap(), created);
        }
        world.clock.advance(Duration::from_secs(60));
        assert!(long.is_allowed() && !short.is_allowed(), "which a heartbeat finds");
        let webhook = world.webhook(&hour).await.public_id;
        assert_eq!(short.next().await, None, "and nothing more is told");
        let created = [Notice::Webhook { webhook, change: WebhookChange::Created }];
        assert_eq!(long.next().await.unwrap(), created);
    }

    #[tokio::test]
    async fn a_stream_ends_when_the_server_stops_and_none_begins() {
        let world = World::new().await;
        let token = world.token("t", Duration::from_secs(60)).await;
        let mut open = world.open(&token).unwrap();
        let waiting = tokio::spawn(async move { open.next().await.is_none() });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        world.app.end_streams();
        assert!(waiting.await.unwrap());
        let mut late = world.open(&token).unwrap();
        late.stopped().await;
        assert_eq!(late.next().await, None);
        let mut last = world.open(&token).unwrap();
        world.app.store.close().await;
        assert_eq!(last.next().await, None);
    }

    #[tokio::test]
    async fn there_are_so_many_streams_a_user_and_in_all() {
        let world = World::new().await;
        let token = world.token("t", Duration::from_secs(60)).await;
        let mut open: Vec<_> = (0..PER_USER).map(|_| world.open(&token).unwrap()).collect();
        let limit = PER_USER;
        assert_eq!(world.open(&token).err(), Some(Error::TooManyOpen { what: "streams", limit }));
        open.pop();
        open.push(world.open(&token).unwrap());
        let streams = &world.app.streams;
        let user = |number: usize| UserId::new(&format!("user-{number}")).unwrap();
        let places: Vec<_> = (PER_USER..ALL)
            .map(|number| Streams::open(streams, world.tenant, &user(number)).unwrap())
            .collect();
        let refused = Streams::open(streams, world.tenant, &user(0)).err();
        assert_eq!(refused, Some(Error::Crowded { what: "streams", limit: ALL }));
        drop((open, places));
        assert!(streams.lock().is_empty());
    }
}
