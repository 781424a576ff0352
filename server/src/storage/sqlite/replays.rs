//! Replays: what a webhook missed, found by readers and made by the writer, a bounded part at a time.
//!
//! Finding and making are two steps: looking for deliveries passes over those that are not wanted, which the writer has
//! no time for. Nothing can come between the two: a delivery that has ended stays as it is, and the writer moves a
//! replay on only from where the reader began.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params};

use super::rows::{FrameRow, Place, state, state_code, stored};
use super::transaction::{DeliveryRow, Transaction};
use crate::causes::causes;
use crate::domain::{
    Audience, Cause, DeliveryId, DeliveryState, EndStates, EventId, Frame, MessageId, NewReplay, PublicId,
    Replay, ReplayFilter, ReplayId, ReplayQuery, ReplayState, RunningReplay, TenantId, TenantUid, Timestamp,
    Traced, UserId, WebhookId, Work,
};
use crate::storage::{CancelledReplay, ReplayStart, StoreError};

/// How many deliveries are looked at in one step.
const LOOKED_AT: i64 = 20_000;

/// The deliveries that a replay chooses. What has meanwhile reached the webhook otherwise counts as delivered (1).
macro_rules! chosen {
    ($select:literal, $rest:literal) => {
        concat!(
            "SELECT ", $select, " FROM delivery INDEXED BY delivery_number
    WHERE tenant = :tenant AND number > :after AND number <= :upto
      AND webhook = :webhook AND cause = 0 AND state != 0
      AND (:since IS NULL OR created_at >= :since) AND (:until IS NULL OR created_at < :until)
      AND (:any_type OR (SELECT type FROM event WHERE event.id = delivery.event)
            IN (SELECT value FROM json_each(:types)))
      AND CASE
            WHEN state = 1 THEN 1
            WHEN EXISTS (SELECT 1 FROM delivery AS again INDEXED BY delivery_resend WHERE again.cause = 1
                    AND again.event = delivery.event AND again.webhook = delivery.webhook AND again.state = 1)
            THEN 1
            WHEN EXISTS (SELECT 1 FROM delivery AS again INDEXED BY delivery_replayed
                    WHERE again.replay IS NOT NULL AND again.event = delivery.event
                    AND again.webhook = delivery.webhook AND again.state = 1)
            THEN 1
            ELSE state
          END IN (SELECT value FROM json_each(:states))",
            $rest
        )
    };
}

pub(super) const COUNT_CHOSEN: &str = chosen!("count(*)", "");

pub(super) const CHOSEN: &str = chosen!("id, number", "\n    ORDER BY number\n    LIMIT :most");

/// How far one step looks: as far as so many deliveries of the tenant, of whichever webhook.
const STEP_END: &str = "
    SELECT max(number) FROM
        (SELECT number FROM delivery WHERE tenant = ?1 AND number > ?2 AND number <= ?3 ORDER BY number LIMIT ?4)";

const WEBHOOK_LIVES: &str = "SELECT 1 FROM webhook WHERE id = ?1 AND deleted_at IS NULL";

const RUNS: &str = "SELECT 1 FROM replay WHERE webhook = ?1 AND state = 0";

const INSERT: &str = "
    INSERT INTO replay
        (public_id, tenant, webhook, states, since, until, event_types, created_by, created_at, upper_bound, cursor,
         total, created, state, delivered, failed)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, 0, 0, 0, 0)";

/// Only from where the reader began, so that nothing is made twice.
const MOVE_ON: &str = "UPDATE replay SET cursor = ?3 WHERE id = ?1 AND cursor = ?2 AND state = 0";

const COUNT_MADE: &str =
    "UPDATE replay SET created = created + ?2, total = max(total, created + ?2) WHERE id = ?1";

/// What it made is counted for the last time: retention deletes it.
pub(super) const FINISH: &str = "
    UPDATE replay SET state = ?2, finished_at = ?3, total = iif(?2 = 1, created, total),
        delivered = (SELECT count(*) FROM delivery INDEXED BY delivery_replay WHERE replay = ?1 AND state = 1),
        failed = (SELECT count(*) FROM delivery INDEXED BY delivery_replay WHERE replay = ?1 AND state > 1)
    WHERE id = ?1 AND state = 0";

const RUNNING_OF: &str = "SELECT id FROM replay WHERE webhook = ?1 AND state = 0";

pub(super) const WITHDRAW: &str = "
    UPDATE delivery INDEXED BY delivery_replay SET state = 3, due_at = ?2 WHERE replay = ?1 AND state = 0
    RETURNING id, webhook";

const ORIGINAL: &str = "
    SELECT delivery.id, delivery.event, frame_head, frame_cut, frame_tail, frame_checksum,
        event.number AS event_number, event.received_at, webhook.number AS webhook_number
    FROM delivery
    JOIN event ON event.id = delivery.event
    JOIN webhook ON webhook.id = delivery.webhook
    WHERE delivery.id = ?1";

const REPLAYS: &str = "
    SELECT replay.*, webhook.public_id AS webhook_id, webhook.owner, webhook.global,
        iif(replay.state = 0, (SELECT count(*) FROM delivery INDEXED BY delivery_replay
            WHERE delivery.replay = replay.id AND delivery.state = 1), replay.delivered) AS delivered_now,
        iif(replay.state = 0, (SELECT count(*) FROM delivery INDEXED BY delivery_replay
            WHERE delivery.replay = replay.id AND delivery.state > 1), replay.failed) AS failed_now
    FROM replay JOIN webhook ON webhook.id = replay.webhook
    WHERE replay.tenant = :tenant
      AND (:owner IS NULL OR (webhook.owner = :owner AND (:owned_global OR NOT webhook.global)))
      AND (:webhook IS NULL OR replay.webhook = :webhook)
      AND (:id IS NULL OR replay.public_id = :id)
      AND (:before IS NULL OR replay.public_id < :before)
    ORDER BY replay.public_id DESC
    LIMIT :limit";

const TENANT_AND_PUBLIC_ID: &str = "SELECT tenant, public_id FROM replay WHERE id = ?1";

pub(super) const RUNNING: &str = "
    SELECT id, tenant, (SELECT count(*) FROM delivery INDEXED BY delivery_replay
        WHERE delivery.replay = replay.id AND delivery.state = 0)
    FROM replay INDEXED BY replay_running WHERE state = 0 ORDER BY id";

const PENDING: &str =
    "SELECT EXISTS (SELECT 1 FROM delivery INDEXED BY delivery_replay WHERE replay = ?1 AND state = 0)";

const POSITION: &str = "SELECT * FROM replay WHERE id = ?1 AND state = 0";

/// What a reader has found for the writer to make.
pub(super) struct Step {
    replay: ReplayId,
    filter: ReplayFilter,
    from: i64,
    /// As far as everything that is wanted is among those found.
    to: i64,
    originals: Vec<i64>,
    finished: bool,
}

/// A filter's parameters.
fn bind<T>(
    filter: &ReplayFilter,
    (after, upto): (i64, i64),
    others: &[(&str, &dyn ToSql)],
    run: impl FnOnce(&[(&str, &dyn ToSql)]) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let ReplayFilter { tenant, webhook, states, since, until, event_types } = filter;
    let (since, until) = (since.map(Timestamp::as_microsecond), until.map(Timestamp::as_microsecond));
    let (tenant, webhook) = (tenant.get(), webhook.get());
    let (states, types, any_type) = (write_states(*states), write_types(event_types), event_types.is_empty());
    let filter: &[(&str, &dyn ToSql)] = named_params! {
        ":tenant": tenant,
        ":webhook": webhook,
        ":states": states,
        ":since": since,
        ":until": until,
        ":types": types,
        ":any_type": any_type,
        ":after": after,
        ":upto": upto,
    };
    run(&[filter, others].concat())
}

fn write_states(states: EndStates) -> String {
    let codes: Vec<_> = states.iter().map(state_code).collect();
    // A list of integers, printed as JSON prints one.
    format!("{codes:?}")
}

fn write_types(types: &[String]) -> String {
    // A list of text always serialises.
    serde_json::to_string(types).expect("text is plain JSON")
}

/// How many deliveries a filter chooses now.
pub(super) fn count(sql: &Connection, filter: &ReplayFilter) -> Result<u64, StoreError> {
    let count: i64 = bind(filter, (0, i64::MAX), &[], |params| {
        Ok(sql.prepare_cached(COUNT_CHOSEN)?.query_row(params, |row| row.get(0))?)
    })?;
    Ok(count.unsigned_abs())
}

/// Finds what is to be made next; nothing when there is nothing to do.
pub(super) fn look(sql: &Connection, replay: ReplayId, most: u32) -> Result<Option<Step>, StoreError> {
    let row = sql.prepare_cached(POSITION)?.query_row([replay.get()], PositionRow::read).optional()?;
    let Some(PositionRow { filter, cursor, upper }) = row else { return Ok(None) };
    let filter = filter.try_into_filter()?;
    let step = |to, originals, finished| {
        Ok(Some(Step { replay, filter: filter.clone(), from: cursor, to, originals, finished }))
    };
    if cursor >= upper {
        let pending: bool = sql.prepare_cached(PENDING)?.query_row([replay.get()], |row| row.get(0))?;
        return if pending { Ok(None) } else { step(cursor, Vec::new(), true) };
    }
    if most == 0 {
        return Ok(None);
    }
    let params = [filter.tenant.get(), cursor, upper, LOOKED_AT];
    let end: Option<i64> = sql.prepare_cached(STEP_END)?.query_row(params, |row| row.get(0))?;
    // There is nothing behind: it has come to its end.
    let end = end.unwrap_or(upper);
    let found = bind(&filter, (cursor, end), &[(":most", &most)], |params| {
        let mut statement = sql.prepare_cached(CHOSEN)?;
        let rows = statement.query_map(params, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    })?;
    let all = u32::try_from(found.len()).is_ok_and(|found| found < most);
    let to = found.last().filter(|_| !all).map_or(end, |(_, number)| *number);
    step(to, found.into_iter().map(|(id, _)| id).collect(), false)
}

pub(super) fn running(sql: &Connection) -> Result<Vec<RunningReplay>, StoreError> {
    let mut statement = sql.prepare_cached(RUNNING)?;
    let rows = statement.query_map([], |row| {
        Ok(RunningReplay {
            id: ReplayId::new(row.get(0)?),
            tenant: TenantId::new(row.get(1)?),
            pending: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn one(sql: &Connection, tenant: TenantId, id: PublicId) -> Result<Option<Replay>, StoreError> {
    let query = ReplayQuery { tenant, owned_by: None, webhook: None, before: None, limit: 1 };
    Ok(select(sql, &query, Some(id))?.pop())
}

pub(super) fn page(sql: &Connection, query: &ReplayQuery) -> Result<Vec<Replay>, StoreError> {
    select(sql, query, None)
}

fn select(sql: &Connection, query: &ReplayQuery, id: Option<PublicId>) -> Result<Vec<Replay>, StoreError> {
    let ReplayQuery { tenant, owned_by, webhook, before, limit } = query;
    let bytes = |id: &PublicId| id.as_bytes().to_vec();
    let mut statement = sql.prepare_cached(REPLAYS)?;
    let rows = statement.query_map(
        named_params! {
            ":tenant": tenant.get(),
            ":owner": owned_by.as_ref().map(|owned| owned.by.as_str()),
            ":owned_global": owned_by.as_ref().is_some_and(|owned| owned.global),
            ":webhook": webhook.map(WebhookId::get),
            ":id": id.as_ref().map(bytes),
            ":before": before.as_ref().map(bytes),
            ":limit": limit,
        },
        ReplayRow::read,
    )?;
    rows.map(|row| row?.try_into()).collect()
}

impl Transaction<'_> {
    pub(super) fn create_replay(
        &mut self,
        (new, total): &(NewReplay, u64),
    ) -> Result<ReplayStart, StoreError> {
        let NewReplay { public_id, filter, created_by, created_at } = new;
        let ReplayFilter { tenant, webhook, states, since, until, event_types } = filter;
        let is_there = |statement| {
            let mut statement = self.sql.prepare_cached(statement)?;
            Ok::<_, StoreError>(statement.query_row([webhook.get()], |_| Ok(())).optional()?.is_some())
        };
        if !is_there(WEBHOOK_LIVES)? {
            return Ok(ReplayStart::WebhookDeleted);
        }
        if is_there(RUNS)? {
            return Ok(ReplayStart::Running);
        }
        let upper = self.tenant(*tenant)?.next.delivery.get() - 1;
        self.execute(
            INSERT,
            params![
                public_id.as_bytes(),
                tenant.get(),
                webhook.get(),
                write_states(*states),
                since.map(Timestamp::as_microsecond),
                until.map(Timestamp::as_microsecond),
                write_types(event_types),
                created_by.as_str(),
                stored(*created_at).as_microsecond(),
                upper,
                i64::try_from(*total).unwrap_or(i64::MAX)
            ],
        )?;
        let made = one(self.sql, *tenant, *public_id)?;
        let id = self.sql.last_insert_rowid();
        let made = made.ok_or_else(|| Place::new("replay", id).column("webhook"))?;
        Ok(ReplayStart::Created(Box::new(made)))
    }

    /// Makes what a reader has found, if the replay still stands where it stood then.
    pub(super) fn advance_replay(&mut self, (step, at): &(Step, Timestamp)) -> Result<u32, StoreError> {
        let Step { replay, filter, from, to, originals, finished } = step;
        if *finished {
            self.finish_replay(replay.get(), ReplayState::Done, *at)?;
            return Ok(0);
        }
        if self.execute(MOVE_ON, params![replay.get(), from, to])? == 0 {
            return Ok(0);
        }
        let mut made = 0;
        for original in originals {
            if let Some(work) = self.make_again(*replay, filter, *original, stored(*at))? {
                self.draft.made.push(work);
                made += 1;
            }
        }
        self.execute(COUNT_MADE, params![replay.get(), made])?;
        Ok(made)
    }

    /// Makes a new delivery with the frame of an earlier one. One that retention has deleted meanwhile is passed over,
    /// and so is one that cannot be read: it must not keep those behind it from being sent.
    fn make_again(
        &mut self,
        replay: ReplayId,
        filter: &ReplayFilter,
        original: i64,
        at: Timestamp,
    ) -> Result<Option<Work>, StoreError> {
        let row = self.sql.prepare_cached(ORIGINAL)?.query_row([original], OriginalRow::read).optional()?;
        let Some(row) = row else { return Ok(None) };
        let (webhook, event) = (filter.webhook, row.event);
        let (frame, message_id) = match row.verified(&self.tenant(filter.tenant)?.uid, webhook) {
            Ok(verified) => verified,
            Err(error) => {
                let error = causes(&error);
                tracing::error!(
                    delivery = original,
                    error,
                    "a delivery cannot be read and is not sent again"
                );
                return Ok(None);
            }
        };
        let (delivery, _) = self.insert_delivery(&DeliveryRow {
            tenant: filter.tenant,
            event,
            webhook,
            cause: Cause::Replay,
            state: DeliveryState::Pending,
            at,
            frame: &frame,
            replay: Some(replay),
        })?;
        Ok(Some(Work {
            delivery,
            tenant: filter.tenant,
            webhook,
            event: EventId::new(event),
            message_id,
            cause: Cause::Replay,
            received_at: at,
            attempts_made: 0,
            tries: 0,
            due: at,
            body: None,
            trace: Traced::Unknown,
        }))
    }

    pub(super) fn cancel_replay(
        &mut self,
        (replay, at): &(ReplayId, Timestamp),
    ) -> Result<Option<CancelledReplay>, StoreError> {
        let named = self
            .sql
            .prepare_cached(TENANT_AND_PUBLIC_ID)?
            .query_row([replay.get()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)));
        let Some((tenant, public_id)) = named.optional()? else { return Ok(None) };
        let withdrawn = self.give_up(TenantId::new(tenant), replay.get(), *at)?;
        let public_id = Place::new("replay", replay.get()).public_id("public_id", &public_id)?;
        let now = one(self.sql, TenantId::new(tenant), public_id)?;
        Ok(now.map(|replay| CancelledReplay { replay, withdrawn }))
    }

    /// Gives up what runs for a webhook that is deleted.
    pub(super) fn give_up_replays_of(
        &mut self,
        tenant: TenantId,
        webhook: WebhookId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut statement = self.sql.prepare_cached(RUNNING_OF)?;
        let running: Option<i64> = statement.query_row([webhook.get()], |row| row.get(0)).optional()?;
        running.map_or(Ok(()), |replay| self.give_up(tenant, replay, at).map(drop))
    }

    /// Returns what was pending of it.
    fn give_up(
        &mut self,
        tenant: TenantId,
        replay: i64,
        at: Timestamp,
    ) -> Result<Vec<DeliveryId>, StoreError> {
        let mut statement = self.sql.prepare_cached(WITHDRAW)?;
        let mut rows = statement.query([replay, stored(at).as_microsecond()])?;
        let mut withdrawn = Vec::new();
        while let Some(row) = rows.next()? {
            withdrawn.push(DeliveryId::new(row.get(0)?));
            self.draft.count_pending(tenant, WebhookId::new(row.get(1)?), -1);
        }
        self.finish_replay(replay, ReplayState::Cancelled, at)?;
        Ok(withdrawn)
    }

    fn finish_replay(&self, replay: i64, state: ReplayState, at: Timestamp) -> Result<(), StoreError> {
        self.execute(FINISH, params![replay, replay_state_code(state), stored(at).as_microsecond()])?;
        Ok(())
    }
}

const fn replay_state_code(state: ReplayState) -> i64 {
    match state {
        ReplayState::Running => 0,
        ReplayState::Done => 1,
        ReplayState::Cancelled => 2,
    }
}

struct OriginalRow {
    event: i64,
    frame: FrameRow,
    event_number: i64,
    received_at: i64,
    webhook_number: i64,
}

impl OriginalRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            event: row.get("event")?,
            frame: FrameRow::read(row)?,
            event_number: row.get("event_number")?,
            received_at: row.get("received_at")?,
            webhook_number: row.get("webhook_number")?,
        })
    }

    fn verified(self, tenant: &TenantUid, webhook: WebhookId) -> Result<(Frame, MessageId), StoreError> {
        let place = Place::new("event", self.event);
        let event_number = place.number("number", self.event_number)?;
        let received_at = place.time("received_at", self.received_at)?;
        let webhook_number = Place::new("webhook", webhook.get()).number("number", self.webhook_number)?;
        let message_id = MessageId::derive(tenant, event_number, received_at, webhook_number);
        Ok((self.frame.verified(self.event)?, message_id))
    }
}

/// Where a replay stands among the deliveries.
struct PositionRow {
    filter: FilterRow,
    cursor: i64,
    upper: i64,
}

impl PositionRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { filter: FilterRow::read(row)?, cursor: row.get("cursor")?, upper: row.get("upper_bound")? })
    }
}

struct FilterRow {
    replay: i64,
    tenant: i64,
    webhook: i64,
    states: String,
    since: Option<i64>,
    until: Option<i64>,
    event_types: String,
}

impl FilterRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            replay: row.get("id")?,
            tenant: row.get("tenant")?,
            webhook: row.get("webhook")?,
            states: row.get("states")?,
            since: row.get("since")?,
            until: row.get("until")?,
            event_types: row.get("event_types")?,
        })
    }

    fn try_into_filter(self) -> Result<ReplayFilter, StoreError> {
        let place = Place::new("replay", self.replay);
        let codes: Vec<i64> = serde_json::from_str(&self.states).map_err(|_| place.column("states"))?;
        let states = codes.into_iter().map(|code| state(place, code).map_err(|_| place.column("states")));
        let time = |column, micros: Option<i64>| micros.map(|at| place.time(column, at)).transpose();
        Ok(ReplayFilter {
            tenant: TenantId::new(self.tenant),
            webhook: WebhookId::new(self.webhook),
            states: states.collect::<Result<_, _>>()?,
            since: time("since", self.since)?,
            until: time("until", self.until)?,
            event_types: serde_json::from_str(&self.event_types).map_err(|_| place.column("event_types"))?,
        })
    }
}

struct ReplayRow {
    filter: FilterRow,
    public_id: Vec<u8>,
    webhook_id: Vec<u8>,
    owner: String,
    global: bool,
    created_by: String,
    created_at: i64,
    state: i64,
    total: i64,
    created: i64,
    delivered: i64,
    failed: i64,
    finished_at: Option<i64>,
}

impl ReplayRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            filter: FilterRow::read(row)?,
            public_id: row.get("public_id")?,
            webhook_id: row.get("webhook_id")?,
            owner: row.get("owner")?,
            global: row.get("global")?,
            created_by: row.get("created_by")?,
            created_at: row.get("created_at")?,
            state: row.get("state")?,
            total: row.get("total")?,
            created: row.get("created")?,
            delivered: row.get("delivered_now")?,
            failed: row.get("failed_now")?,
            finished_at: row.get("finished_at")?,
        })
    }
}

impl TryFrom<ReplayRow> for Replay {
    type Error = StoreError;

    fn try_from(row: ReplayRow) -> Result<Self, StoreError> {
        let id = row.filter.replay;
        let place = Place::new("replay", id);
        let user = |column, id: &str| UserId::new(id).ok_or_else(|| place.column(column));
        let known = ReplayState::ALL.into_iter().find(|state| replay_state_code(*state) == row.state);
        Ok(Self {
            id: ReplayId::new(id),
            public_id: place.public_id("public_id", &row.public_id)?,
            webhook: place.public_id("webhook", &row.webhook_id)?,
            owner: user("webhook", &row.owner)?,
            audience: if row.global { Audience::Tenant } else { Audience::Owner },
            filter: row.filter.try_into_filter()?,
            created_by: user("created_by", &row.created_by)?,
            created_at: place.time("created_at", row.created_at)?,
            state: known.ok_or_else(|| place.column("state"))?,
            total: place.unsigned("total", row.total)?,
            created: place.unsigned("created", row.created)?,
            delivered: place.unsigned("delivered", row.delivered)?,
            failed: place.unsigned("failed", row.failed)?,
            finished_at: row.finished_at.map(|at| place.time("finished_at", at)).transpose()?,
        })
    }
}
