//! One attempt: the body, the headers, the exchange, the record of it.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;

use super::answers::Answers;
use super::signer::{MakeRequestError, Signers};
use super::transport::policy::{Policies, Proof};
use super::transport::{Answer, Keep, Transport};
use super::watch::Watch;
use crate::app::ports;
use crate::causes::causes;
use crate::clock::Clock;
use crate::domain::{
    Attempt, Body, Failure, FailureClass, MessageId, Outcome, Phase, Profile, Tenant, Timestamp,
    TraceContext, Traced, Webhook, Work,
};
use crate::storage::{Store, StoreError};
use crate::traces::Tracer;

/// Whom an attempt concerns: one snapshot, taken when it starts.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) tenant: Arc<Tenant>,
    pub(super) webhook: Arc<Webhook>,
}

/// An attempt that ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) attempt: Attempt,
    /// How long the receiver asks to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// What it was called, if it has a line in the log.
    pub(super) message: Option<MessageId>,
}

impl Ended {
    /// One that a defect of this program has ended.
    pub(super) fn broken(attempt: Attempt) -> Self {
        Self { attempt, retry_after: None, message: None }
    }
}

/// Why an attempt was not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotMade {
    /// The store has no such delivery any more.
    #[error("the delivery has no body any more")]
    NoBody,
    /// The store cannot say.
    #[error("the body could not be read")]
    Store(#[source] StoreError),
    /// It cannot be sent as the webhook and its tenant's settings are: no time changes that.
    #[error("no request can be made for the webhook")]
    Request(#[from] MakeRequestError),
}

/// Makes attempts.
pub(super) struct Attempter {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) transport: Transport,
    pub(super) policies: Policies,
    pub(super) signers: Signers,
    pub(super) watch: Watch,
    pub(super) answers: Answers,
    pub(super) tracer: Option<Tracer>,
}

impl Attempter {
    /// Sends a delivery once. The caller's snapshot counts: what changes meanwhile concerns the next attempt.
    pub(super) async fn attempt(
        &self,
        work: &Work,
        target: &Target,
        keep: ports::Keep,
    ) -> Result<Ended, NotMade> {
        let body = match &work.body {
            Some(body) => body.clone(),
            None => self.load(work).await?,
        };
        let (started_at, began) = (self.clock.now(), self.clock.monotonic());
        let in_flight = self.watch.figures.begin(work, started_at);
        let answer = self.send(work, target, &body, keep, started_at).await?;
        drop(in_flight);
        let duration = self.clock.monotonic().saturating_sub(began);
        let attempt = Attempt {
            number: work.attempts_made.saturating_add(1),
            started_at,
            duration,
            webhook_version: target.webhook.version,
            outcome: answer.outcome,
        };
        if let Some(tracer) = &self.tracer {
            let published = self.published(work).await;
            tracer.attempted(work, &target.tenant, &target.webhook, &attempt, published);
        }
        let message = self.watch.log_attempts.wants(&attempt.outcome).then(|| work.message_id.clone());
        Ok(Ended { attempt, retry_after: answer.retry_after, message })
    }

    /// Where the event was published, or after a restart in which span of its publisher's.
    async fn published(&self, work: &Work) -> Option<TraceContext> {
        match work.trace {
            Traced::By(context) => Some(context),
            Traced::No => None,
            // What cannot be read now is a link less.
            Traced::Unknown => TraceContext::parse(&self.store.traceparent(work.event).await.ok()??),
        }
    }

    async fn load(&self, work: &Work) -> Result<Body, NotMade> {
        self.store.body(work.delivery).await.map_err(NotMade::Store)?.ok_or(NotMade::NoBody)
    }

    async fn send(
        &self,
        work: &Work,
        target: &Target,
        body: &Body,
        keep: ports::Keep,
        now: Timestamp,
    ) -> Result<Answer, MakeRequestError> {
        let policy = match self.policies.of(&target.tenant, proof(&target.webhook.profile)) {
            Ok(policy) => policy,
            Err(error) => {
                let error = causes(&error);
                tracing::error!(
                    tenant = target.tenant.name,
                    error,
                    "the tenant's authorities cannot be loaded"
                );
                return Ok(Answer { outcome: local_outcome(), retry_after: None });
            }
        };
        let body = body.to_bytes();
        let request = self.signers.request(target, &work.message_id, &body, now);
        let request = request.inspect_err(|error| {
            if self.signers.is_to_be_told(target.webhook.id, error) {
                let error = causes(error);
                let webhook = target.webhook.id.get();
                tracing::error!(webhook, error, "no request can be made for the webhook");
            }
        })?;
        let request = request.map(|()| Full::new(body));
        let deadline = target.tenant.settings.timeout;
        let keep = match keep {
            ports::Keep::History => Keep::History,
            ports::Keep::All => Keep::All,
        };
        Ok(self.transport.exchange(&policy, &target.webhook.endpoint, request, keep, deadline).await)
    }
}

/// What a webhook's receiver must prove. Whoever must not be revoked must say who it is.
const fn proof(profile: &Profile) -> Proof {
    match (profile.check_revocation(), profile.verify_tls()) {
        (true, _) => Proof::Unrevoked,
        (false, true) => Proof::Required,
        (false, false) => Proof::Waived,
    }
}

/// The outcome of an attempt that failed for a reason of our own.
pub(super) fn local_outcome() -> Outcome {
    Outcome::Failed(Failure { class: FailureClass::Local, phase: Phase::Connect })
}
