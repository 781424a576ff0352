//! Replays: all that a webhook missed, sent again.
//!
//! A replay is a wish that is stored; what it asks for is made a bounded part at a time by [`App::advance_replays`], which
//! is called again and again as long as the server runs. The rights are those of whoever asks for it, at that moment;
//! from then on it is the tenant's.

use tokio::sync::Notify;

use super::access::Operation;
use super::audit::Entry;
use super::{App, Error, WebhookName};
use crate::causes::causes;
use crate::domain::{
    EndStates, NewReplay, Principal, PublicId, Replay, ReplayFilter, ReplayQuery, ReplayState, RunningReplay,
    TenantId, Timestamp, WebhookId,
};
use crate::storage::{CancelledReplay, ReplayStart, StoreError};

/// How many deliveries of one replay are pending at the most: what is new must not wait behind a million old ones, and
/// what is given up is few.
const PENDING: u32 = 200;

/// How many deliveries become durable at once.
const BATCH: u32 = 100;

/// The longest event type in characters.
const MAX_TYPE_CHARS: usize = 512;

/// The most event types that a replay names.
const MAX_TYPES: usize = 200;

/// What is to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayRequest {
    /// Of which webhook.
    pub webhook: WebhookName,
    /// What ended like this.
    pub states: EndStates,
    /// Only what was made then or later.
    pub since: Option<Timestamp>,
    /// Only what was made before then.
    pub until: Option<Timestamp>,
    /// Only these event types; all if there are none.
    pub event_types: Vec<String>,
}

/// Which replays are listed, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaysRequest {
    /// Only of this webhook.
    pub webhook: Option<WebhookName>,
    /// Only those older than this one.
    pub before: Option<PublicId>,
    /// How many at the most.
    pub limit: u32,
}

/// How soon there will be more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At once.
    Busy,
    /// When some of what was made has ended.
    Waiting,
    /// When somebody asks for a replay; or later, because something is in the way.
    Idle,
}

/// What keeps replays in step.
#[derive(Default)]
pub(super) struct Replaying {
    wanted: Notify,
}

impl App {
    /// How many deliveries a replay would make now.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::NotFound`]; [`Error::Invalid`].
    pub async fn preview_replay(&self, principal: &Principal, request: ReplayRequest) -> Result<u64, Error> {
        let access = self.authorise(principal, Operation::Replay)?;
        let webhook = self.webhook_within(&access, request.webhook)?.id;
        let filter = filter(access.tenant.id, webhook, request)?;
        Ok(self.store.count_replayable(filter).await?)
    }

    /// Begins a replay.
    ///
    /// # Errors
    /// As [`App::preview_replay`]; [`Error::Conflict`] while another one of the webhook runs.
    pub async fn start_replay(&self, principal: &Principal, request: ReplayRequest) -> Result<Replay, Error> {
        let access = self.authorise(principal, Operation::Replay)?;
        let webhook = self.webhook_within(&access, request.webhook)?;
        let (webhook, shown) = (webhook.id, webhook.public_id);
        let created_by = access
            .user
            .ok_or(Error::Forbidden { needs: "a user of the tenant, in whose name it is done" })?;
        let filter = filter(access.tenant.id, webhook, request)?;
        let created_at = self.clock.now();
        let replay = NewReplay { public_id: self.public_id(created_at), filter, created_by, created_at };
        let entry =
            Entry::of(principal, "replay.start").to("replay", &replay.public_id).with("webhook", &shown);
        let app = self.clone();
        self.to_the_end(async move {
            match app.store.create_replay(replay).await? {
                ReplayStart::Created(replay) => {
                    app.replaying.wanted.notify_one();
                    app.auditor().record(entry).await;
                    Ok(*replay)
                }
                ReplayStart::Running => Err(Error::Conflict(
                    "a replay of this webhook is running; cancel it, or wait until it is done".into(),
                )),
                ReplayStart::WebhookDeleted => Err(Error::NotFound("webhook")),
            }
        })
        .await
    }

    /// A page of replays, and whether there are more.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::NotFound`] for a webhook that is not within reach.
    pub async fn list_replays(
        &self,
        principal: &Principal,
        request: ReplaysRequest,
    ) -> Result<(Vec<Replay>, bool), Error> {
        let ReplaysRequest { webhook, before, limit } = request;
        let access = self.authorise(principal, Operation::ReadReplays)?;
        let webhook = webhook.map(|name| self.webhook_within(&access, name)).transpose()?;
        let query = ReplayQuery {
            tenant: access.tenant.id,
            owned_by: access.owned(),
            webhook: webhook.map(|webhook| webhook.id),
            before,
            // One more tells whether there is more.
            limit: limit.saturating_add(1),
        };
        let mut replays = self.store.replays(query).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = replays.len() > limit;
        replays.truncate(limit);
        Ok((replays, more))
    }

    /// One replay, and how far it is.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn read_replay(&self, principal: &Principal, id: PublicId) -> Result<Replay, Error> {
        self.replay_within(principal, Operation::ReadReplays, id).await
    }

    /// Gives a replay up: what it has not made it never will, and what it has pending is cancelled. One that is over
    /// stays as it is.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn cancel_replay(&self, principal: &Principal, id: PublicId) -> Result<Replay, Error> {
        let found = self.replay_within(principal, Operation::Replay, id).await?;
        let entry = Entry::of(principal, "replay.cancel").to("replay", &id);
        let (app, now) = (self.clone(), self.clock.now());
        self.to_the_end(async move {
            let cancelled = app.store.cancel_replay(found.id, now).await?;
            let CancelledReplay { replay, withdrawn } = cancelled.ok_or(Error::NotFound("replay"))?;
            app.dispatcher.withdrawn(replay.filter.webhook, withdrawn);
            // One that was over already is as it was.
            if found.state == ReplayState::Running {
                app.auditor().record(entry).await;
            }
            Ok(replay)
        })
        .await
    }

    async fn replay_within(
        &self,
        principal: &Principal,
        operation: Operation,
        id: PublicId,
    ) -> Result<Replay, Error> {
        let access = self.authorise(principal, operation)?;
        let found = self.store.replay(access.tenant.id, id).await?;
        let found = found.filter(|replay| access.reaches_owned(&replay.owner, replay.audience));
        found.ok_or(Error::NotFound("replay"))
    }

    /// Takes every running replay a bounded step further: makes some of its deliveries. One
    /// of a tenant that is not configured waits until it is.
    pub async fn advance_replays(&self) -> Pace {
        let running = match self.store.running_replays().await {
            Ok(running) => running,
            Err(error) => {
                let error = causes(&error);
                tracing::warn!(error, "cannot read which replays run");
                return Pace::Idle;
            }
        };
        let mut pace = Pace::Idle;
        for replay in running {
            if self.store.directory().tenant(replay.tenant).is_none() {
                continue;
            }
            pace = match self.advance_replay(replay).await {
                Ok(true) => Pace::Busy,
                Ok(false) if pace == Pace::Idle => Pace::Waiting,
                Ok(false) => pace,
                Err(error) => {
                    let error = causes(&error);
                    tracing::warn!(replay = replay.id.get(), error, "cannot take a replay further");
                    pace
                }
            };
        }
        pace
    }

    /// Resolves when a replay was asked for since the last time.
    pub async fn replay_wanted(&self) {
        self.replaying.wanted.notified().await;
    }

    /// Returns whether there may be more to do at once.
    async fn advance_replay(&self, replay: RunningReplay) -> Result<bool, StoreError> {
        let RunningReplay { id, tenant: _, pending } = replay;
        let most = PENDING.saturating_sub(pending).min(BATCH);
        let made = self.store.advance_replay(id, most, self.clock.now()).await?;
        // With nothing pending and nothing made it has only looked, and looks on; or it is done.
        Ok(made > 0 || pending == 0)
    }
}

fn filter(tenant: TenantId, webhook: WebhookId, request: ReplayRequest) -> Result<ReplayFilter, Error> {
    let ReplayRequest { webhook: _, states, since, until, event_types } = request;
    if states.iter().next().is_none() {
        return Err(Error::invalid("states", "states must name one state at least"));
    }
    if since.zip(until).is_some_and(|(since, until)| since >= until) {
        return Err(Error::invalid("until", "until must be later than since"));
    }
    if event_types.len() > MAX_TYPES {
        let message = format!("event_types must not name more than {MAX_TYPES}");
        return Err(Error::invalid("event_types", message));
    }
    if event_types.iter().any(|name| name.chars().count() > MAX_TYPE_CHARS) {
        let message = format!("event_types must name types of at most {MAX_TYPE_CHARS} characters");
        return Err(Error::invalid("event_types", message));
    }
    Ok(ReplayFilter { tenant, webhook, states, since, until, event_types })
}
