//! The task that owns the scheduler: it hands it what happens and does what it says.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinError, JoinSet};

use super::attempt::{Attempter, Ended, NotMade, Target, local_outcome};
use super::scheduler::{Action, GiveBack, Scheduler, Standing, Verdict, after};
use super::{Backpressure, Limits};
use crate::app::ports::Keep;
use crate::clock::Clock;
use crate::domain::{
    Attempt, DeliveryId, DeliveryState, DisabledReason, EndedAttempt, Next, Outcome, Settlement, Tenant,
    TenantId, Timestamp, Webhook, WebhookId, WebhookState, Work,
};
use crate::rng::{Rng, draw_u32};
use crate::storage::Update;

/// No attempt starts while so many results are not durable: a crash would repeat as many deliveries.
const MAX_UNSETTLED: usize = 1_024;
/// How often to look whether that is still so.
const UNSETTLED_POLL: Duration = Duration::from_millis(2);
/// The longest sleep: the wall clock, by which deliveries are due, may be set forward meanwhile.
const MAX_SLEEP: Duration = Duration::from_secs(1);
/// How long a delivery waits when the store could not give its body.
const STORE_RETRY: Duration = Duration::from_secs(5);
/// Messages and results taken in before the scheduler is asked again.
const BATCH: usize = 256;

/// What others tell the driver.
pub(super) enum Message {
    /// These deliveries are new.
    Accepted(Vec<Work>),
    /// These deliveries were pending when recovery looked. Answered when they have been taken in.
    Recovered(Vec<Work>, oneshot::Sender<()>),
    /// These deliveries are cancelled in the store.
    Withdrawn(WebhookId, HashSet<DeliveryId>),
    /// A webhook was changed or deleted.
    Changed(WebhookId),
    /// A tenant is there again.
    Returned(TenantId),
    /// Start nothing more; answer when the last attempt has ended and its result is with the store.
    Stop(oneshot::Sender<()>),
}

/// The task's state.
pub(super) struct Driver {
    attempter: Arc<Attempter>,
    rng: Arc<dyn Rng>,
    backpressure: Arc<Backpressure>,
    scheduler: Scheduler,
    attempts: JoinSet<Result<Ended, NotMade>>,
    in_flight: HashMap<Id, InFlight>,
    /// Webhooks whose receiver has just answered that it is gone.
    gone: HashMap<WebhookId, Gone>,
    /// Cancelled before recovery may have come to them; those of this process were handed over first.
    withdrawn: HashSet<DeliveryId>,
    /// What came while its tenant was not there.
    absent: HashMap<TenantId, Vec<Work>>,
    /// For what happens later to be told.
    inbox: mpsc::WeakUnboundedSender<Message>,
    stopping: Option<oneshot::Sender<()>>,
}

/// When a receiver answered that it is gone, and which version of its webhook it was told.
#[derive(Clone, Copy)]
struct Gone {
    version: u64,
    landed: Duration,
}

/// What must be known of an attempt even if its task dies.
struct InFlight {
    delivery: DeliveryId,
    tenant: Arc<Tenant>,
    webhook: WebhookId,
    number: u32,
    webhook_version: u64,
    counts: bool,
    started_at: Timestamp,
    began: Duration,
}

impl Driver {
    pub(super) fn new(
        attempter: Arc<Attempter>,
        rng: Arc<dyn Rng>,
        backpressure: Arc<Backpressure>,
        limits: Limits,
        inbox: mpsc::WeakUnboundedSender<Message>,
    ) -> Self {
        Self {
            attempter,
            rng,
            backpressure,
            scheduler: Scheduler::new(limits.slots, limits.body_bytes),
            attempts: JoinSet::new(),
            in_flight: HashMap::new(),
            gone: HashMap::new(),
            withdrawn: HashSet::new(),
            absent: HashMap::new(),
            inbox,
            stopping: None,
        }
    }

    /// Runs until it is told to stop, or until nobody can tell it anything any more.
    pub(super) async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Message>) {
        let mut messages = Vec::with_capacity(BATCH);
        loop {
            let sleep = tokio::time::sleep(self.next_sleep());
            tokio::select! {
                received = inbox.recv_many(&mut messages, BATCH) => if received == 0 { return },
                Some(result) = self.attempts.join_next_with_id() => self.landed(result),
                () = sleep => {}
            }
            for message in messages.drain(..) {
                self.take_in(message);
            }
            for _ in 0..BATCH {
                let Some(result) = self.attempts.try_join_next_with_id() else { break };
                self.landed(result);
            }
            self.act();
            if self.attempts.is_empty()
                && let Some(stopped) = self.stopping.take()
            {
                // Who asked may have stopped waiting.
                let _ = stopped.send(());
                return;
            }
        }
    }

    fn clock(&self) -> &dyn Clock {
        &*self.attempter.clock
    }

    /// How long nothing will happen unless somebody says so.
    fn next_sleep(&self) -> Duration {
        if self.stopping.is_none() && self.scheduler.has_startable() {
            return UNSETTLED_POLL;
        }
        let Some(due) = self.scheduler.next_wakeup() else { return MAX_SLEEP };
        let wait = Duration::try_from(due.duration_since(self.clock().now())).unwrap_or_default();
        wait.min(MAX_SLEEP)
    }

    fn take_in(&mut self, message: Message) {
        match message {
            Message::Accepted(works) => {
                self.backpressure.read(&works);
                for work in works {
                    self.accept(work);
                }
            }
            Message::Recovered(works, taken) => {
                for work in works {
                    if !self.withdrawn.remove(&work.delivery) {
                        self.accept(work);
                    }
                }
                // Recovery waits for this unless the runtime is being torn down.
                let _ = taken.send(());
            }
            Message::Withdrawn(webhook, deliveries) => {
                self.scheduler.withdraw(webhook, &deliveries);
                let newest = self.attempter.store.newest_at_open();
                self.withdrawn.extend(deliveries.into_iter().filter(|id| Some(*id) <= newest));
            }
            Message::Changed(webhook) => {
                self.attempter.signers.forget(webhook);
                self.gone.remove(&webhook);
                let standing = self.standing(webhook);
                self.scheduler.webhook_changed(webhook, standing, self.attempter.clock.now());
            }
            Message::Returned(tenant) => {
                for work in self.absent.remove(&tenant).unwrap_or_default() {
                    self.accept(work);
                }
            }
            Message::Stop(stopped) => self.stopping = Some(stopped),
        }
    }

    /// Hands a pending delivery to the scheduler, or keeps it until its tenant is there.
    fn accept(&mut self, work: Work) {
        let Some(tenant) = self.attempter.store.directory().tenant(work.tenant) else {
            return self.absent.entry(work.tenant).or_default().push(Work { body: None, ..work });
        };
        let standing = self.standing(work.webhook);
        let now = self.attempter.clock.now();
        self.scheduler.accept(work, standing, &tenant.settings.retry, now);
    }

    fn standing(&self, webhook: WebhookId) -> Standing {
        let directory = self.attempter.store.directory();
        let Some(webhook) = directory.webhook(webhook) else { return Standing::Gone };
        // A user who was taken out of the configuration receives nothing until it is back.
        let has_owner = directory.tenant(webhook.tenant).is_some_and(|tenant| tenant.has(&webhook.owner));
        match webhook.state {
            WebhookState::Enabled if has_owner => Standing::Enabled,
            WebhookState::Enabled | WebhookState::Disabled(_) => Standing::Disabled,
        }
    }

    /// Does what the scheduler says is to be done now, and tells those who wait for room.
    fn act(&mut self) {
        loop {
            let actions = self.scheduler.poll(self.clock().now(), self.room());
            if actions.is_empty() {
                break;
            }
            for action in actions {
                match action {
                    Action::End(delivery, state) => {
                        if state == DeliveryState::Expired {
                            tracing::warn!(
                                delivery = delivery.get(),
                                "a delivery grew too old before it could be sent"
                            );
                        }
                        let next = Next::End(state);
                        self.attempter.store.settle_later(Settlement { delivery, attempt: None, next });
                    }
                    Action::Start(work) => self.start(*work),
                }
            }
        }
        self.backpressure.set_runnable(self.scheduler.runnable());
    }

    /// How many attempts may start. Those in flight become results too.
    fn room(&self) -> usize {
        if self.stopping.is_some() {
            return 0;
        }
        let unsettled = self.attempter.store.unsettled();
        MAX_UNSETTLED.saturating_sub(unsettled).saturating_sub(self.scheduler.in_flight())
    }

    fn start(&mut self, work: Work) {
        let directory = self.attempter.store.directory();
        let now = self.attempter.clock.now();
        let Some(tenant) = directory.tenant(work.tenant) else {
            self.scheduler.give_back(work.delivery, GiveBack::Forget, now);
            return self.accept(work);
        };
        let Some(webhook) = directory.webhook(work.webhook) else {
            return self.scheduler.give_back(work.delivery, GiveBack::Gone, now);
        };
        if webhook.state != WebhookState::Enabled {
            // Told so by the directory before the message arrived: the delivery is parked.
            self.scheduler.webhook_changed(work.webhook, Standing::Disabled, now);
            return self.scheduler.give_back(work.delivery, GiveBack::Until(now), now);
        }
        let in_flight = InFlight {
            delivery: work.delivery,
            tenant: Arc::clone(&tenant),
            webhook: work.webhook,
            number: work.attempts_made.saturating_add(1),
            webhook_version: webhook.version,
            counts: work.cause.counts(),
            started_at: now,
            began: self.clock().monotonic(),
        };
        let attempter = Arc::clone(&self.attempter);
        let target = Target { tenant, webhook };
        let task = self.attempts.spawn(async move { attempter.attempt(&work, &target, Keep::History).await });
        self.in_flight.insert(task.id(), in_flight);
    }

    /// An attempt's task has ended, one way or another.
    fn landed(&mut self, result: Result<(Id, Result<Ended, NotMade>), JoinError>) {
        let id = match &result {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let Some(flight) = self.in_flight.remove(&id) else { return };
        let now = self.clock().now();
        match result {
            Ok((_, Ok(ended))) => self.settle(&flight, ended, now),
            Ok((_, Err(NotMade::NoBody))) => {
                self.scheduler.give_back(flight.delivery, GiveBack::Gone, now);
            }
            Ok((_, Err(error @ NotMade::Store(_)))) => {
                let error: &dyn core::error::Error = &error;
                tracing::error!(delivery = flight.delivery.get(), error, "a delivery is put off");
                let until = GiveBack::Until(after(now, STORE_RETRY));
                self.scheduler.give_back(flight.delivery, until, now);
            }
            // A defect of this program, which one delivery has met: it is that delivery's failure and nobody else's.
            Err(_) => {
                let attempt = Attempt {
                    number: flight.number,
                    started_at: flight.started_at,
                    duration: self.clock().monotonic().saturating_sub(flight.began),
                    webhook_version: flight.webhook_version,
                    outcome: local_outcome(),
                };
                tracing::error!(delivery = flight.delivery.get(), "an attempt panicked");
                self.settle(&flight, Ended { attempt, retry_after: None }, now);
            }
        }
    }

    /// Decides what becomes of a delivery after an attempt and gives the result to the store.
    fn settle(&mut self, flight: &InFlight, ended: Ended, now: Timestamp) {
        let Ended { attempt, retry_after } = ended;
        let verdict = Verdict { success: attempt.outcome.is_success(), retry_after };
        let draw = draw_u32(&*self.rng);
        let retry = &flight.tenant.settings.retry;
        let Some(next) = self.scheduler.finished(flight.delivery, verdict, retry, draw, now) else { return };
        if !verdict.success {
            log_failure(flight, &attempt, next);
        }
        if let Some(reason) = self.judge(flight, &attempt) {
            self.switch_off(flight, reason, now);
        }
        let delivery = flight.delivery;
        self.attempter.store.settle_later(Settlement { delivery, attempt: Some(attempt), next });
    }

    /// Whether going on with a webhook is of no use, after this attempt.
    fn judge(&mut self, flight: &InFlight, attempt: &Attempt) -> Option<DisabledReason> {
        let webhook = flight.webhook;
        if !flight.counts || attempt.outcome.is_ours() {
            return None;
        }
        let success = attempt.outcome.is_success();
        // The first may be a mishap, as when a receiver is being replaced.
        let gone = matches!(attempt.outcome, Outcome::Response { status: 410, .. });
        if gone {
            let version = flight.webhook_version;
            match self.gone.get(&webhook).filter(|first| first.version == version) {
                None => {
                    let landed = self.clock().monotonic();
                    self.gone.insert(webhook, Gone { version, landed });
                }
                // One that was under way already is the same mishap.
                Some(first) if flight.began < first.landed => {}
                Some(_) => return Some(DisabledReason::Gone),
            }
        } else {
            self.gone.remove(&webhook);
        }
        let at = after(attempt.started_at, attempt.duration);
        let mut activity = self.attempter.store.directory().activity(webhook);
        activity.learn(&EndedAttempt { webhook, at, duration: attempt.duration, success, counts: true });
        activity.is_hopeless(at).then_some(DisabledReason::Failing)
    }

    /// Switches a webhook off, unless it is not the one any more that was attempted. What waits for it stays parked.
    fn switch_off(&self, flight: &InFlight, reason: DisabledReason, now: Timestamp) {
        let current = self.attempter.store.directory().webhook(flight.webhook);
        let same = |webhook: &Arc<Webhook>| {
            webhook.version == flight.webhook_version && webhook.state == WebhookState::Enabled
        };
        let Some(current) = current.filter(same) else { return };
        let next = Webhook { state: WebhookState::Disabled(reason), ..current.next_version(now) };
        let (store, inbox) = (Arc::clone(&self.attempter.store), self.inbox.clone());
        let (tenant, webhook) = (flight.tenant.name.clone(), flight.webhook);
        tokio::spawn(async move {
            match store.update_webhook(next).await {
                Ok(Update::Done(_)) => {
                    tracing::warn!(tenant, webhook = webhook.get(), ?reason, "a webhook was switched off");
                    if let Some(inbox) = inbox.upgrade() {
                        // After shutdown nothing waits any more.
                        let _ = inbox.send(Message::Changed(webhook));
                    }
                }
                // Somebody has changed it meanwhile, so it is judged anew.
                Ok(Update::Outdated | Update::Gone) => {}
                Err(error) => {
                    let error: &dyn core::error::Error = &error;
                    tracing::error!(
                        tenant,
                        webhook = webhook.get(),
                        error,
                        "a webhook cannot be switched off"
                    );
                }
            }
        });
    }
}

/// One line for each attempt that failed: whose it was and why, nothing that could be a secret.
fn log_failure(flight: &InFlight, attempt: &Attempt, next: Next) {
    let (status, class) = match &attempt.outcome {
        Outcome::Response { status, .. } => (Some(*status), None),
        Outcome::Failed(failure) => (None, Some(failure)),
    };
    let (due, ended) = match next {
        Next::Retry { due } => (Some(due), None),
        Next::End(state) => (None, Some(state)),
    };
    tracing::warn!(
        tenant = flight.tenant.name,
        webhook = flight.webhook.get(),
        delivery = flight.delivery.get(),
        attempt = attempt.number,
        status,
        class = class.map(|failure| tracing::field::debug(failure.class)),
        phase = class.map(|failure| tracing::field::debug(failure.phase)),
        millis = u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
        next_attempt = due.map(tracing::field::display),
        ended = ended.map(|state: DeliveryState| tracing::field::debug(state)),
        "attempt failed"
    );
}
