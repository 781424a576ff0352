//! One transaction of the writer: the hot path, publishing and settling. Management is in [`super::management`].

use core::cell::RefCell;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use super::dedupe::{Key, Unkept};
use super::error::{UnknownTenant, spoils_transaction};
use super::key::Sealer;
use super::rows::{
    OutcomeColumns, Place, cause, cause_code, checksum, frame_checksum, shown_status, state, state_code,
    stored,
};
use super::state::{Draft, State, TenantState, take, take_number};
use crate::clock::Clock;
use crate::domain::{
    Attempt, AttemptEnded, AttemptResult, Body, Cause, DeliveryId, DeliveryState, EndedAttempt, EventId,
    Fingerprint, Frame, MessageId, NewDelivery, NewEvent, Next, Number, PublicId, Published, ReplayId,
    Settlement, TenantId, Timestamp, WebhookId, Work,
};
use crate::rng::Rng;
use crate::storage::StoreError;
use std::sync::Arc;

/// Whether events and results are written down: only the engine's benchmark builds a server that does not.
pub(super) const STORES: bool = !cfg!(feature = "bench-without-storage");

/// What every transaction is given.
pub(super) struct Context {
    pub(super) sealer: Arc<Sealer>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rng: Arc<dyn Rng>,
}

/// An open transaction and the draft of what it changes in memory.
pub(super) struct Transaction<'a> {
    pub(super) sql: &'a Connection,
    pub(super) state: &'a State,
    pub(super) context: &'a Context,
    pub(super) draft: Draft,
    statements: Statements<'a>,
}

/// The statements that a transaction has used: it repeats a few of them for each operation, and finding one here costs a
/// comparison of pointers.
#[derive(Default)]
struct Statements<'a>(RefCell<Vec<(&'static str, CachedStatement<'a>)>>);

impl<'a> Statements<'a> {
    /// `run` uses no other statement of the transaction.
    fn with<T>(
        &self,
        sql: &'a Connection,
        statement: &'static str,
        run: impl FnOnce(&mut CachedStatement<'a>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut used = self.0.borrow_mut();
        let at = match used.iter().position(|(known, _)| core::ptr::eq(*known, statement)) {
            Some(at) => at,
            None => {
                used.push((statement, sql.prepare_cached(statement)?));
                used.len() - 1
            }
        };
        run(&mut used[at].1)
    }
}

/// A delivery to be stored, whatever its cause.
pub(super) struct DeliveryRow<'a> {
    pub(super) tenant: TenantId,
    pub(super) event: i64,
    pub(super) webhook: WebhookId,
    pub(super) cause: Cause,
    pub(super) state: DeliveryState,
    pub(super) at: Timestamp,
    pub(super) frame: &'a Frame,
    /// Which replay makes it.
    pub(super) replay: Option<ReplayId>,
}

const INSERT_EVENT: &str = "
    INSERT INTO event
        (id, tenant, number, received_at, type, source, ce_id, fingerprint, first_delivery, deliveries, attributes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

const INSERT_EVENT_DATA: &str = "INSERT INTO event_data (event, checksum, data) VALUES (?1, ?2, ?3)";

const INSERT_DELIVERY: &str = "
    INSERT INTO delivery
        (id, tenant, number, event, webhook, cause, state, attempts, created_at, due_at,
         frame_head, frame_cut, frame_tail, frame_checksum, replay)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?8, ?9, ?10, ?11, ?12, ?13)";

const EVENT_BY_ID: &str =
    "SELECT tenant, source, ce_id, number, fingerprint, received_at FROM event WHERE id = ?1";

const INSERT_ATTEMPT: &str = "
    INSERT INTO attempt
        (id, delivery, previous, number, started_at, duration_us, webhook_version, status, headers, body,
         failure, phase)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

/// Read first: `RETURNING` would have SQLite fill a table of its own for each row.
const BEFORE_ATTEMPT: &str = "
    SELECT webhook, cause, tenant, event, number, created_at, state, due_at, last_attempt
    FROM delivery WHERE id = ?1";

/// A terminal delivery keeps its state.
const SETTLE_ATTEMPTED: &str = "
    UPDATE delivery
    SET attempts = attempts + 1, last_attempt = ?2, status = ?3, updated_at = ?4, state = ?5, due_at = ?6,
        tries = coalesce(?7, tries)
    WHERE id = ?1";

/// What ends without an attempt keeps in `due_at` when it ended: retention counts from then.
const SETTLE_UNATTEMPTED: &str = "
    UPDATE delivery SET due_at = ?3, tries = coalesce(?4, tries), state = ?2
    WHERE id = ?1 AND state = 0
    RETURNING tenant, webhook";

const SAVE_SEQUENCES: &str =
    "UPDATE sequence SET tenant = ?1, webhook = ?2, event = ?3, delivery = ?4, attempt = ?5 WHERE id = 1";

const SAVE_NUMBERS: &str =
    "UPDATE tenant SET next_webhook = ?2, next_event = ?3, next_delivery = ?4 WHERE id = ?1";

const TOUCH: &str = "INSERT OR REPLACE INTO meta (name, value) VALUES ('checked_at', ?1)";

impl<'a> Transaction<'a> {
    pub(super) fn new(sql: &'a Connection, state: &'a State, context: &'a Context) -> Self {
        Self { sql, state, context, draft: state.draft(), statements: Statements::default() }
    }

    /// Runs a statement whose plan is kept from one transaction to the next.
    pub(super) fn execute(
        &self,
        statement: &'static str,
        params: impl rusqlite::Params,
    ) -> Result<usize, StoreError> {
        Ok(self.statements.with(self.sql, statement, |statement| statement.execute(params))?)
    }

    /// The same for one that yields a row at most.
    fn row<T>(
        &self,
        statement: &'static str,
        params: impl rusqlite::Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        let read = |statement: &mut CachedStatement<'_>| statement.query_row(params, read).optional();
        Ok(self.statements.with(self.sql, statement, read)?)
    }

    /// Runs something that may fail alone. The outer error says that the whole transaction is lost.
    pub(super) fn savepoint<T>(
        &mut self,
        run: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<Result<T, StoreError>, StoreError> {
        let draft = self.draft.clone();
        self.execute("SAVEPOINT command", [])?;
        let result = run(self);
        if let Err(error) = &result {
            self.draft = draft;
            // SQLite has rolled everything back, as it may when the disk is full, or will at the commit.
            if self.sql.is_autocommit() || spoils_transaction(error) {
                return result.map(Ok);
            }
            self.execute("ROLLBACK TO command", [])?;
        }
        self.execute("RELEASE command", [])?;
        Ok(result)
    }

    pub(super) fn tenant(&self, id: TenantId) -> Result<TenantState, StoreError> {
        let known = self.draft.tenants.get(&id).or_else(|| self.state.tenants.get(&id));
        known.copied().ok_or_else(|| UnknownTenant(id.get()).into())
    }

    pub(super) fn publish(&mut self, events: &[NewEvent]) -> Result<Vec<Published>, StoreError> {
        events
            .iter()
            .map(|event| {
                let published = self.publish_one(event, Cause::Event)?;
                self.announce(event, &published)?;
                Ok(published)
            })
            .collect()
    }

    /// Has the engine told of an event's deliveries when they are durable.
    fn announce(&mut self, event: &NewEvent, published: &Published) -> Result<(), StoreError> {
        let Published::Accepted { event: id, number, deliveries, first } = published else { return Ok(()) };
        let uid = self.tenant(event.tenant)?.uid;
        let at = stored(event.received_at);
        let mut record = *first;
        for (NewDelivery { webhook, frame }, delivery) in event.deliveries.iter().zip(deliveries) {
            let frame = frame.frame(PublicId::of_delivery(&uid, record, event.received_at));
            record = record.next();
            if self.draft.deleted.contains(webhook) {
                continue;
            }
            // A webhook deleted since the event was matched gets nothing.
            let Some(target) = self.state.directory.webhook(*webhook) else { continue };
            self.draft.made.push(Work {
                delivery: *delivery,
                tenant: event.tenant,
                webhook: *webhook,
                event: *id,
                message_id: MessageId::derive(&uid, *number, at, target.number),
                cause: Cause::Event,
                received_at: at,
                attempts_made: 0,
                tries: 0,
                due: at,
                body: Some(Body { data: event.data.clone(), frame }),
                trace: event.trace,
            });
        }
        Ok(())
    }

    pub(super) fn publish_one(&mut self, event: &NewEvent, cause: Cause) -> Result<Published, StoreError> {
        let mut tenant = self.tenant(event.tenant)?;
        let key = Key::of(&tenant.uid, &event.source, &event.id);
        if let Some(known) = self.accepted_before(key, event)? {
            return Ok(known);
        }
        let id = take(&mut self.draft.sequences.event);
        let number = take_number(&mut tenant.next.event);
        self.draft.tenants.insert(event.tenant, tenant);
        self.insert_event(id, number, event)?;
        let mut deliveries = Vec::with_capacity(event.deliveries.len());
        let first = tenant.next.delivery;
        for NewDelivery { webhook, frame } in &event.deliveries {
            let record = self.tenant(event.tenant)?.next.delivery;
            let frame = frame.frame(PublicId::of_delivery(&tenant.uid, record, event.received_at));
            // A webhook deleted since the event was matched: the delivery is there, and over.
            let state = if self.exists(*webhook) { DeliveryState::Pending } else { DeliveryState::Cancelled };
            let row = DeliveryRow {
                tenant: event.tenant,
                event: id,
                webhook: *webhook,
                cause,
                state,
                at: event.received_at,
                frame: &frame,
                replay: None,
            };
            deliveries.push(self.insert_delivery(&row)?.0);
        }
        let id = EventId::new(id);
        self.draft.keys.push((key, id, event.received_at));
        self.draft.taken.insert(key, id);
        Ok(Published::Accepted { event: id, number, deliveries, first })
    }

    /// What a repeated event is answered, or `None` when it is new. An event that retention has deleted, that
    /// is older than the window, or that only shares the digest of the key, is no repetition.
    fn accepted_before(&self, key: Key, event: &NewEvent) -> Result<Option<Published>, StoreError> {
        let known = match self.draft.taken.get(&key) {
            Some(known) => Some(*known),
            None => self.state.dedupe.get(self.sql, key)?,
        };
        let Some(known) = known else { return Ok(None) };
        let start = self.state.dedupe.start(self.context.clock.now()).as_microsecond();
        let row = self.row(EVENT_BY_ID, [known.get()], |row| {
            let same_key = row.get_ref(5)?.as_i64()? >= start
                && row.get_ref(0)?.as_i64()? == event.tenant.get()
                && row.get_ref(1)?.as_str()? == event.source
                && row.get_ref(2)?.as_str()? == event.id;
            let Fingerprint(fingerprint) = &event.fingerprint;
            Ok((same_key, row.get::<_, i64>(3)?, row.get_ref(4)?.as_blob()? == fingerprint))
        });
        Ok(match row? {
            Some((true, number, true)) => Some(Published::Duplicate {
                number: Place::new("event", known.get()).number("number", number)?,
            }),
            Some((true, _, false)) => Some(Published::Conflict),
            Some((false, ..)) | None => None,
        })
    }

    /// Whether an attempt was made of the webhook as it is now: what an older one meets says nothing of this one.
    fn is_of_now(&self, webhook: WebhookId, attempt: &Attempt) -> bool {
        self.state.directory.webhook(webhook).is_some_and(|now| now.version == attempt.webhook_version)
    }

    pub(super) fn exists(&self, webhook: WebhookId) -> bool {
        !self.draft.deleted.contains(&webhook) && self.state.directory.webhook(webhook).is_some()
    }

    fn insert_event(&self, id: i64, number: Number, event: &NewEvent) -> Result<(), StoreError> {
        let NewEvent {
            tenant,
            source,
            id: ce_id,
            event_type,
            attributes,
            data,
            fingerprint: Fingerprint(fingerprint),
            received_at,
            deliveries,
            trace: _,
        } = event;
        if !STORES {
            return Ok(());
        }
        self.execute(
            INSERT_EVENT,
            params![
                id,
                tenant.get(),
                number.get(),
                received_at.as_microsecond(),
                event_type,
                source,
                ce_id,
                fingerprint,
                self.draft.sequences.delivery,
                i64::try_from(deliveries.len()).unwrap_or(i64::MAX),
                attributes
            ],
        )?;
        self.execute(INSERT_EVENT_DATA, params![id, checksum("event_data", id, &[data]), &data[..]])?;
        Ok(())
    }

    pub(super) fn insert_delivery(
        &mut self,
        delivery: &DeliveryRow<'_>,
    ) -> Result<(DeliveryId, Number), StoreError> {
        let DeliveryRow { tenant, event, webhook, cause, state, at, frame, replay } = delivery;
        let mut owner = self.tenant(*tenant)?;
        let number = take_number(&mut owner.next.delivery);
        self.draft.tenants.insert(*tenant, owner);
        let id = take(&mut self.draft.sequences.delivery);
        if !STORES {
            return Ok((DeliveryId::new(id), number));
        }
        if *state == DeliveryState::Pending {
            self.draft.count_pending(*tenant, *webhook, 1);
        }
        self.execute(
            INSERT_DELIVERY,
            params![
                id,
                tenant.get(),
                number.get(),
                event,
                webhook.get(),
                cause_code(*cause),
                state_code(*state),
                at.as_microsecond(),
                (!frame.head.is_empty()).then_some(&frame.head[..]),
                frame.cut,
                (!frame.tail.is_empty()).then_some(&frame.tail[..]),
                frame_checksum(id, *event, frame),
                replay.map(ReplayId::get)
            ],
        )?;
        Ok((DeliveryId::new(id), number))
    }

    pub(super) fn settle(&mut self, settlement: &Settlement) -> Result<(), StoreError> {
        let Settlement { delivery, attempt, next } = settlement;
        if !STORES {
            return Ok(());
        }
        let (state, due, tries) = match next {
            Next::Retry { due, tries } => (DeliveryState::Pending, Some(due.as_microsecond()), Some(tries)),
            Next::End(state) => (*state, None, None),
        };
        let Some(attempt) = attempt else {
            let due = due.unwrap_or_else(|| stored(self.context.clock.now()).as_microsecond());
            let params = params![delivery.get(), state_code(state), due, tries];
            let whose = self.row(SETTLE_UNATTEMPTED, params, |row| {
                Ok((TenantId::new(row.get(0)?), WebhookId::new(row.get(1)?)))
            })?;
            if let Some((tenant, webhook)) = whose.filter(|_| state != DeliveryState::Pending) {
                self.draft.count_pending(tenant, webhook, -1);
            }
            return Ok(());
        };
        let before = self.row(BEFORE_ATTEMPT, [delivery.get()], Before::read)?;
        // Its history may have been deleted: then nothing is recorded.
        let Some(mut row) = before else { return Ok(()) };
        let id = take(&mut self.draft.sequences.attempt);
        self.insert_attempt(id, *delivery, row.last_attempt, attempt)?;
        let pending = row.state == state_code(DeliveryState::Pending);
        if pending {
            (row.state, row.due_at) = (state_code(state), due.unwrap_or(row.due_at));
        }
        let ended = attempt.started_at.checked_add(attempt.duration).unwrap_or(attempt.started_at);
        let status = shown_status(&attempt.outcome);
        let at = ended.as_microsecond();
        self.execute(
            SETTLE_ATTEMPTED,
            params![delivery.get(), id, status, at, row.state, row.due_at, tries],
        )?;
        let told = row.told(Place::new("delivery", delivery.get()), attempt, stored(ended))?;
        let AttemptEnded { tenant, webhook, at, duration, cause, .. } = told;
        if pending && state != DeliveryState::Pending {
            self.draft.count_pending(tenant, webhook, -1);
        }
        let success = attempt.outcome.is_success();
        let counts = cause.counts() && !attempt.outcome.is_ours() && self.is_of_now(webhook, attempt);
        self.draft.ended.push(EndedAttempt { webhook, at, duration, success, counts });
        // Whether anybody listens is only asked when it is durable: somebody may begin to in between.
        self.draft.told.push(told);
        Ok(())
    }

    fn insert_attempt(
        &self,
        id: i64,
        delivery: DeliveryId,
        previous: Option<i64>,
        attempt: &Attempt,
    ) -> Result<(), StoreError> {
        let Attempt { number, started_at, duration, webhook_version, outcome } = attempt;
        let OutcomeColumns { status, headers, body, failure, phase } = outcome.into();
        self.execute(
            INSERT_ATTEMPT,
            params![
                id,
                delivery.get(),
                previous,
                number,
                started_at.as_microsecond(),
                i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
                i64::try_from(*webhook_version).unwrap_or(i64::MAX),
                status,
                headers,
                body,
                failure,
                phase
            ],
        )?;
        Ok(())
    }

    /// Writes something small, so that its commit tells whether commits work.
    pub(super) fn touch(&mut self) -> Result<(), StoreError> {
        let now = stored(self.context.clock.now()).as_microsecond();
        self.execute(TOUCH, [now.to_be_bytes()])?;
        Ok(())
    }

    /// Writes a bounded part of the older idempotency keys, if some are to be written.
    pub(super) fn keep_keys(&mut self) -> Result<(), Unkept> {
        self.draft.kept = self.state.dedupe.keep(self.sql, self.context.clock.now())?;
        Ok(())
    }

    /// Writes the counters that moved: the last thing before the commit.
    pub(super) fn save_counters(&mut self) -> Result<(), StoreError> {
        let next = self.draft.sequences;
        if next != self.state.sequences {
            let params = [next.tenant, next.webhook, next.event, next.delivery, next.attempt];
            self.execute(SAVE_SEQUENCES, params)?;
        }
        for (id, TenantState { uid: _, next }) in &self.draft.tenants {
            let params = [id.get(), next.webhook.get(), next.event.get(), next.delivery.get()];
            self.execute(SAVE_NUMBERS, params)?;
        }
        Ok(())
    }
}

/// A delivery as an attempt finds it, and then as it leaves it.
struct Before {
    webhook: i64,
    cause: i64,
    tenant: i64,
    event: i64,
    number: i64,
    created_at: i64,
    state: i64,
    due_at: i64,
    last_attempt: Option<i64>,
}

impl Before {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            webhook: row.get(0)?,
            cause: row.get(1)?,
            tenant: row.get(2)?,
            event: row.get(3)?,
            number: row.get(4)?,
            created_at: row.get(5)?,
            state: row.get(6)?,
            due_at: row.get(7)?,
            last_attempt: row.get(8)?,
        })
    }

    fn told(self, place: Place, attempt: &Attempt, at: Timestamp) -> Result<AttemptEnded, StoreError> {
        let state = state(place, self.state)?;
        let due = (state == DeliveryState::Pending).then(|| place.time("due_at", self.due_at)).transpose()?;
        Ok(AttemptEnded {
            tenant: TenantId::new(self.tenant),
            webhook: WebhookId::new(self.webhook),
            event: EventId::new(self.event),
            delivery: place.number("number", self.number)?,
            made_at: place.time("created_at", self.created_at)?,
            cause: cause(place, self.cause)?,
            state,
            attempt: attempt.number,
            result: AttemptResult::from(&attempt.outcome),
            at,
            duration: attempt.duration,
            next_attempt_at: due,
        })
    }
}
