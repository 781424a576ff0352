//! The task that owns the scheduler: it hands it what happens and does what it says.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinError, JoinSet};

use super::Limits;
use super::attempt::{Attempter, Ended, NotMade, Target, local_outcome};
use super::backpressure::Backpressure;
use super::log::About;
use super::scheduler::{Action, Bounds, Depth, GiveBack, Scheduler, Signal, Standing, Verdict, after};
use super::steady::Steady;
use crate::app::ports::Keep;
use crate::causes::causes;
use crate::clock::Clock;
use crate::domain::{
    Attempt, Cause, DeliveryId, DeliveryState, DisabledReason, EndedAttempt, Failure, FailureClass, IdMap,
    Next, Outcome, PublicId, RetryPolicy, Settlement, Tenant, TenantId, Timestamp, Webhook, WebhookId,
    WebhookState, Work,
};
use crate::rng::{Rng, draw_u32};
use crate::storage::{Arrival, Arrivals, StoreError, Update};

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
/// Deliveries of one endpoint in memory; those asked for at a time; and those in memory once there are many in all.
const WINDOW: usize = 2_048;
const PAGE: usize = 256;
const SMALL_WINDOW: usize = 32;
/// How often to look which endpoints hang.
const RECOUNT: Duration = Duration::from_millis(250);
/// How often what is known of endpoints that rest is forgotten.
const SWEEP: Duration = Duration::from_secs(60);

/// What others tell the driver.
pub(super) enum Message {
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
    steady: Steady,
    attempts: JoinSet<Result<Ended, NotMade>>,
    in_flight: HashMap<Id, InFlight>,
    /// Webhooks whose receiver has just answered that it is gone.
    gone: IdMap<WebhookId, Gone>,
    /// How many of a tenant's deliveries were taken in since publishers were last told what waits.
    taken_in: IdMap<TenantId, usize>,
    inbox: mpsc::WeakUnboundedSender<Message>,
    stopping: Option<oneshot::Sender<()>>,
    recounted: Duration,
    swept: Duration,
}

/// When a receiver answered that it is gone, and when its webhook was last changed before.
#[derive(Clone, Copy)]
struct Gone {
    changed_at: Timestamp,
    landed: Duration,
}

/// What must be known of an attempt even if its task dies.
struct InFlight {
    delivery: DeliveryId,
    tenant: Arc<Tenant>,
    webhook: WebhookId,
    number: u32,
    webhook_version: u64,
    /// When the webhook was last changed before. Not every version is a change, and what receivers say counts until one.
    changed_at: Timestamp,
    public_id: PublicId,
    cause: Cause,
    started_at: Timestamp,
    began: Duration,
}

impl InFlight {
    /// What the log calls it.
    fn names(&self) -> (&str, PublicId, i64) {
        (&self.tenant.name, self.public_id, self.delivery.get())
    }
}

impl Driver {
    pub(super) fn new(
        attempter: Arc<Attempter>,
        rng: Arc<dyn Rng>,
        backpressure: Arc<Backpressure>,
        limits: Limits,
        inbox: mpsc::WeakUnboundedSender<Message>,
    ) -> Self {
        let Limits { slots, held, body_bytes, .. } = limits;
        let bounds =
            Bounds { slots, body_bytes, held, window: WINDOW, small_window: SMALL_WINDOW, page: PAGE };
        let mut driver = Self {
            steady: Steady::new(&*attempter.clock),
            recounted: attempter.clock.monotonic(),
            swept: attempter.clock.monotonic(),
            attempter,
            rng,
            backpressure,
            scheduler: Scheduler::new(bounds),
            attempts: JoinSet::new(),
            in_flight: HashMap::new(),
            gone: IdMap::default(),
            taken_in: IdMap::default(),
            inbox,
            stopping: None,
        };
        driver.take_up();
        driver
    }

    /// Runs until it is told to stop, or until nobody can tell it anything any more.
    pub(super) async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Message>, mut arrivals: Arrivals) {
        let mut messages = Vec::with_capacity(BATCH);
        let mut arrived = Vec::with_capacity(BATCH);
        // What was taken up waits for nobody to say anything.
        self.act();
        loop {
            if self.attempter.watch.beat() {
                let store = &self.attempter.store;
                let under_way = self.scheduler.in_flight().saturating_add(store.unsettled());
                self.attempter.watch.show(self.scheduler.depth(), under_way, store.backlog().total());
            }
            let sleep = tokio::time::sleep(self.next_sleep());
            tokio::select! {
                received = inbox.recv_many(&mut messages, BATCH) => if received == 0 { return },
                // A store that has stopped tells nothing more, and is no reason to stop what is in flight.
                Some(arrival) = arrivals.recv() => arrived.push(arrival),
                Some(result) = self.attempts.join_next_with_id() => self.landed(result),
                () = sleep => {}
            }
            // Before the messages: what is withdrawn was made before.
            while let Ok(arrival) = arrivals.try_recv() {
                arrived.push(arrival);
            }
            for arrival in arrived.drain(..) {
                self.arrive(arrival);
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

    fn now(&mut self) -> Timestamp {
        let now = self.steady.now(&*self.attempter.clock);
        self.scheduler.set_ahead(self.steady.ahead());
        now
    }

    /// How long nothing will happen unless somebody says so.
    fn next_sleep(&mut self) -> Duration {
        if self.stopping.is_none() && self.scheduler.has_startable() {
            return UNSETTLED_POLL;
        }
        // Whoever waits for room waits for an endpoint to be seen to hang.
        let longest = if self.scheduler.is_behind() { RECOUNT } else { MAX_SLEEP };
        let Some(due) = self.scheduler.next_wakeup() else { return longest };
        let now = self.now();
        let wait = Duration::try_from(due.duration_since(now)).unwrap_or_default();
        wait.min(longest)
    }

    /// Takes up what earlier processes have left, and what was made since the store was opened.
    fn take_up(&mut self) {
        let now = self.now();
        for (webhook, tenant) in self.attempter.store.backlog().webhooks() {
            let standing = self.standing(webhook);
            self.scheduler.take_up(webhook, tenant, standing, now);
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        let now = self.now();
        match arrival {
            Arrival::Made(works) => {
                let directory = Arc::clone(self.attempter.store.directory());
                for work in works {
                    *self.taken_in.entry(work.tenant).or_default() += 1;
                    let standing = self.standing(work.webhook);
                    match directory.tenant(work.tenant) {
                        Some(tenant) => {
                            self.scheduler.accept(work, standing, &tenant.settings.retry, now);
                        }
                        None => self.scheduler.accept(work, standing, &RetryPolicy::default(), now),
                    }
                }
            }
            Arrival::Waiting(answer) => {
                let directory = Arc::clone(self.attempter.store.directory());
                let tenant = answer.page.as_ref().and_then(|page| page.works.first()).map(|work| work.tenant);
                let tenant = tenant.and_then(|tenant| directory.tenant(tenant));
                let policy = tenant.as_ref().map(|tenant| &tenant.settings.retry);
                let (none, page) = (RetryPolicy::default(), answer.page);
                self.scheduler.answered(&answer.wanted, page, policy.unwrap_or(&none), now);
            }
        }
    }

    fn take_in(&mut self, message: Message) {
        match message {
            Message::Withdrawn(webhook, deliveries) => self.scheduler.withdraw(webhook, &deliveries),
            Message::Changed(webhook) => self.changed(webhook),
            Message::Returned(tenant) => {
                for webhook in self.attempter.store.directory().webhooks_of(tenant) {
                    self.changed(webhook.id);
                }
            }
            Message::Stop(stopped) => self.stopping = Some(stopped),
        }
    }

    fn changed(&mut self, webhook: WebhookId) {
        let unmade = self.attempter.signers.forget(webhook);
        let (standing, now) = (self.standing(webhook), self.now());
        let changed_at = self.attempter.store.directory().webhook(webhook).map(|webhook| webhook.updated_at);
        if self.gone.get(&webhook).is_some_and(|first| Some(first.changed_at) != changed_at) {
            self.gone.remove(&webhook);
        }
        // Where no request could be made, and its tenant's settings have changed, nothing is known of its receiver either.
        let known_since = changed_at.filter(|_| !unmade);
        self.scheduler.webhook_changed(webhook, known_since, standing, now);
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
        let (now, monotonic) = (self.now(), self.clock().monotonic());
        if monotonic.saturating_sub(self.recounted) >= RECOUNT {
            self.recounted = monotonic;
            self.scheduler.recount(now);
        }
        if monotonic.saturating_sub(self.swept) >= SWEEP {
            self.swept = monotonic;
            self.scheduler.sweep(now);
            let Depth { ready, held, parked_endpoints, oldest, runnable } = self.scheduler.depth();
            let oldest = oldest.map(tracing::field::display);
            tracing::debug!(ready, held, parked_endpoints, oldest, runnable, "what waits");
        }
        loop {
            let room = self.room();
            let actions = self.scheduler.poll(now, room);
            if actions.is_empty() {
                break;
            }
            for action in actions {
                match action {
                    Action::End(delivery, webhook, state) => self.end(delivery, webhook, state),
                    Action::Start(work) => self.start(*work, now),
                    Action::Ask(wanted) => self.attempter.store.ask_waiting(wanted),
                }
            }
        }
        let (taken_in, backlog) = (&mut self.taken_in, self.attempter.store.backlog());
        self.backpressure.set_runnable(self.scheduler.runnable(), || backlog.taken(taken_in.drain()));
    }

    fn end(&self, delivery: DeliveryId, webhook: WebhookId, state: DeliveryState) {
        if state == DeliveryState::Expired {
            let directory = self.attempter.store.directory();
            let webhook = directory.webhook(webhook);
            let tenant = webhook.as_ref().and_then(|webhook| directory.tenant(webhook.tenant));
            tracing::warn!(
                tenant = tenant.as_ref().map(|tenant| &*tenant.name),
                webhook = webhook.as_ref().map(|webhook| tracing::field::display(webhook.public_id)),
                delivery = delivery.get(),
                "a delivery grew too old before it could be sent"
            );
        }
        self.attempter.store.settle_later(Settlement { delivery, attempt: None, next: Next::End(state) });
    }

    /// How many attempts may start. Those in flight become results too.
    fn room(&self) -> usize {
        if self.stopping.is_some() || self.attempter.store.is_full() {
            return 0;
        }
        let unsettled = self.attempter.store.unsettled();
        MAX_UNSETTLED.saturating_sub(unsettled).saturating_sub(self.scheduler.in_flight())
    }

    fn start(&mut self, work: Work, now: Timestamp) {
        let directory = self.attempter.store.directory();
        let Some(webhook) = directory.webhook(work.webhook) else {
            return self.scheduler.give_back(work.delivery, GiveBack::Gone, now);
        };
        let tenant = directory.tenant(work.tenant);
        let Some(tenant) = tenant.filter(|_| webhook.state == WebhookState::Enabled) else {
            // Told so by the directory before the message arrived: the delivery is parked.
            let changed_at = Some(webhook.updated_at);
            self.scheduler.webhook_changed(work.webhook, changed_at, Standing::Disabled, now);
            return self.scheduler.give_back(work.delivery, GiveBack::Until(now), now);
        };
        if !self.scheduler.attempted_as_of(work.delivery, webhook.updated_at) {
            // Changed before the message arrived: it starts again as what it is made with.
            return self.scheduler.give_back(work.delivery, GiveBack::Until(now), now);
        }
        let in_flight = InFlight {
            delivery: work.delivery,
            tenant: Arc::clone(&tenant),
            webhook: work.webhook,
            number: work.attempts_made.saturating_add(1),
            webhook_version: webhook.version,
            changed_at: webhook.updated_at,
            public_id: webhook.public_id,
            cause: work.cause,
            started_at: self.clock().now(),
            began: self.clock().monotonic(),
        };
        let attempter = Arc::clone(&self.attempter);
        let target = Target { tenant, webhook };
        // In a box of its own, for spawning moves a future several times, and this one is large.
        let attempt = async move { Box::pin(attempter.attempt(&work, &target, Keep::History)).await };
        let task = self.attempts.spawn(attempt);
        self.in_flight.insert(task.id(), in_flight);
    }

    /// An attempt's task has ended, one way or another.
    fn landed(&mut self, result: Result<(Id, Result<Ended, NotMade>), JoinError>) {
        let id = match &result {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let Some(flight) = self.in_flight.remove(&id) else { return };
        let now = self.now();
        match result {
            Ok((_, Ok(ended))) => {
                let signal = signal(&ended.attempt.outcome);
                self.settle(&flight, ended, signal, now);
            }
            // It can never be sent: that is this delivery's failure, and must not hold up those behind it.
            Ok((
                _,
                Err(NotMade::Store(error @ (StoreError::Inconsistent { .. } | StoreError::Damaged(_)))),
            )) => {
                let (tenant, webhook, delivery) = flight.names();
                tracing::error!(tenant, %webhook, delivery, error = causes(&error), "a delivery cannot be read");
                self.failed_here(&flight, Signal::Nothing, now);
            }
            // The log has it already. What goes for the next as well leaves the webhook alone, as when its receiver fails.
            Ok((_, Err(NotMade::Request(error)))) => {
                let only_here = error.is_of_the_delivery();
                let signal = if only_here { Signal::Nothing } else { Signal::Trouble };
                self.failed_here(&flight, signal, now);
            }
            Ok((_, Err(NotMade::NoBody))) => {
                self.scheduler.give_back(flight.delivery, GiveBack::Gone, now);
            }
            Ok((_, Err(error @ NotMade::Store(_)))) => {
                let (tenant, webhook, delivery) = flight.names();
                tracing::error!(tenant, %webhook, delivery, error = causes(&error), "a delivery is put off");
                let until = GiveBack::Until(after(now, STORE_RETRY));
                self.scheduler.give_back(flight.delivery, until, now);
            }
            // A defect of this program, which one delivery has met: it is that delivery's failure and nobody else's.
            Err(_) => {
                let (tenant, webhook, delivery) = flight.names();
                tracing::error!(tenant, %webhook, delivery, "an attempt panicked");
                self.failed_here(&flight, Signal::Nothing, now);
            }
        }
    }

    /// An attempt failed for a reason that lies here and in its delivery or its webhook. It uses up the ladder: it would
    /// never end.
    fn failed_here(&mut self, flight: &InFlight, signal: Signal, now: Timestamp) {
        let attempt = Attempt {
            number: flight.number,
            started_at: flight.started_at,
            duration: self.clock().monotonic().saturating_sub(flight.began),
            webhook_version: flight.webhook_version,
            outcome: local_outcome(),
        };
        self.settle(flight, Ended::broken(attempt), signal, now);
    }

    /// Decides what becomes of a delivery after an attempt and gives the result to the store.
    fn settle(&mut self, flight: &InFlight, ended: Ended, signal: Signal, now: Timestamp) {
        let verdict = Verdict { signal, retry_after: ended.retry_after };
        // Only what has failed waits for a time that is drawn.
        let draw = if ended.attempt.outcome.is_success() { 0 } else { draw_u32(&*self.rng) };
        let retry = &flight.tenant.settings.retry;
        let Some(next) = self.scheduler.finished(flight.delivery, verdict, retry, draw, now) else { return };
        let InFlight { delivery, public_id: webhook, cause, .. } = *flight;
        let about = About { tenant: &flight.tenant, webhook, delivery, cause };
        self.attempter.watch.tell(about, &ended, Some(next));
        let attempt = ended.attempt;
        if let Some(reason) = self.judge(flight, &attempt) {
            self.switch_off(flight, reason, now);
        }
        let kept = self.attempter.answers.to_keep(&flight.tenant, attempt);
        self.attempter.store.settle_later(Settlement { delivery, attempt: Some(kept), next });
    }

    /// Whether going on with a webhook is of no use, after this attempt.
    fn judge(&mut self, flight: &InFlight, attempt: &Attempt) -> Option<DisabledReason> {
        let webhook = flight.webhook;
        if !flight.cause.counts() || attempt.outcome.is_ours() {
            return None;
        }
        let changed = |now: Arc<Webhook>| now.updated_at != flight.changed_at;
        if self.attempter.store.directory().webhook(webhook).is_none_or(changed) {
            // It was another receiver's, and neither blames nor excuses this one.
            return None;
        }
        // The first may be a mishap, as when a receiver is being replaced.
        let gone = matches!(attempt.outcome, Outcome::Response { status: 410, .. });
        if gone {
            let changed_at = flight.changed_at;
            match self.gone.get(&webhook).filter(|first| first.changed_at == changed_at) {
                None => {
                    let landed = self.clock().monotonic();
                    self.gone.insert(webhook, Gone { changed_at, landed });
                }
                // One that was under way already is the same mishap; one that was not is the probe after the pause that
                // the first one made.
                Some(first) if flight.began < first.landed => {}
                Some(_) => return Some(DisabledReason::Gone),
            }
        } else {
            self.gone.remove(&webhook);
        }
        let at = after(attempt.started_at, attempt.duration);
        let mut activity = self.attempter.store.directory().activity(webhook);
        let success = attempt.outcome.is_success();
        activity.learn(&EndedAttempt { webhook, at, duration: attempt.duration, success, counts: true });
        self.attempter.watch.herald.look(webhook, &activity, at);
        activity.is_hopeless(at).then_some(DisabledReason::Failing)
    }

    /// Switches a webhook off, unless it is not the one any more that was attempted. What waits for it stays parked.
    fn switch_off(&self, flight: &InFlight, reason: DisabledReason, now: Timestamp) {
        let current = self.attempter.store.directory().webhook(flight.webhook);
        let same = |webhook: &Arc<Webhook>| {
            webhook.updated_at == flight.changed_at && webhook.state == WebhookState::Enabled
        };
        let Some(current) = current.filter(same) else { return };
        let next = Webhook { state: WebhookState::Disabled(reason), ..current.next_version(now) };
        let (attempter, inbox) = (Arc::clone(&self.attempter), self.inbox.clone());
        let (tenant, webhook, id) = (flight.tenant.name.clone(), flight.webhook, flight.public_id);
        tokio::spawn(async move {
            match attempter.store.update_webhook(next).await {
                Ok(Update::Done(switched_off)) => {
                    attempter.watch.figures.switched_off(reason);
                    attempter.watch.herald.switched_off(switched_off);
                    tracing::warn!(tenant, webhook = %id, ?reason, "a webhook was switched off");
                    if let Some(inbox) = inbox.upgrade() {
                        // After shutdown nothing waits any more.
                        let _ = inbox.send(Message::Changed(webhook));
                    }
                }
                // Somebody has changed it meanwhile, so it is judged anew.
                Ok(Update::Outdated | Update::Gone) => {}
                Err(error) => {
                    let error = causes(&error);
                    tracing::error!(tenant, webhook = %id, error, "a webhook cannot be switched off");
                }
            }
        });
    }
}

/// What an attempt says of the endpoint.
fn signal(outcome: &Outcome) -> Signal {
    match outcome {
        Outcome::Response { status: 200..=299, .. } => Signal::Success,
        Outcome::Response { status: 410, .. } => Signal::Gone,
        // Request Timeout, Too Early, Too Many Requests: it would take it at another time.
        Outcome::Response { status: 408 | 425 | 429 | 500..=599, .. } => Signal::Trouble,
        Outcome::Response { .. } => Signal::Refused,
        Outcome::Failed(Failure { class: FailureClass::Local, .. }) => Signal::Ours,
        Outcome::Failed(_) => Signal::Trouble,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Phase, ResponseHeaders};

    #[test]
    fn an_endpoint_is_slowed_down_by_what_may_pass_and_not_by_what_it_refuses() {
        for (said, statuses) in [
            (Signal::Success, &[200, 204, 299][..]),
            (Signal::Gone, &[410]),
            (Signal::Trouble, &[408, 425, 429, 500, 503, 599]),
            (Signal::Refused, &[199, 301, 400, 404, 407, 409, 411, 424, 426, 428, 430, 499, 600]),
        ] {
            for status in statuses {
                let (headers, body) = (ResponseHeaders::EMPTY, "".into());
                let answer = Outcome::Response { status: *status, headers, body };
                assert_eq!(signal(&answer), said, "{status}");
            }
        }
        for class in FailureClass::ALL {
            let ours = class == FailureClass::Local;
            let expected = if ours { Signal::Ours } else { Signal::Trouble };
            assert_eq!(signal(&Outcome::Failed(Failure { class, phase: Phase::Connect })), expected);
        }
    }
}
