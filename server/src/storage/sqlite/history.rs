//! The history: records of deliveries after their first attempt.
//!
//! A page is found in two steps inside one read transaction: first which deliveries, by small columns only, then
//! each record with its bytes. So sorting never carries bodies about.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params};

use super::rows::{
    AttemptRow, FrameRow, Place, WebhookRow, cause, cause_code, read_headers, state, state_code,
    verified_data,
};
use crate::causes::causes;
use crate::domain::head::Sent;
use crate::domain::{
    Attempt, Body, Cursor, DeliveryId, DeliveryState, HistoryFilter, HistoryOrder, HistoryPage, HistoryQuery,
    MessageId, Number, PastAttempt, Position, PublicId, Record, Scope, SortField, SortOrder, TenantId,
    Timestamp, Webhook, WebhookId,
};
use crate::storage::{Directory, StoreError};

/// The records a filter names: after their first attempt, of the webhooks that are wanted, deleted ones included.
macro_rules! records {
    ($select:literal $(, $rest:literal)*) => {
        concat!(
            "SELECT ", $select, " FROM delivery
    WHERE tenant = :tenant AND last_attempt IS NOT NULL
      AND (:webhook IS NULL OR webhook = :webhook)
      AND (:all OR webhook IN
            (SELECT id FROM webhook WHERE tenant = :tenant
                AND ((owner = :owner AND (:owned_global OR NOT global)) OR (global AND :global))))
      AND (:type IS NULL OR :type = (SELECT type FROM event WHERE event.id = delivery.event))
      AND (:success IS NULL OR :success = (status BETWEEN 200 AND 299))
      AND (:state IS NULL OR state = :state) AND (:cause IS NULL OR cause = :cause)
      AND (:since IS NULL OR created_at >= :since) AND (:until IS NULL OR created_at < :until)",
            $($rest),*
        )
    };
}

macro_rules! page {
    ($order:literal) => {
        records!("id", "\n    ORDER BY ", $order, "\n    LIMIT :limit OFFSET :offset")
    };
}

/// The records behind a place in an order, or from its start.
macro_rules! from {
    ($behind:literal, $order:literal) => {
        records!("id", "\n      AND ", $behind, "\n    ORDER BY ", $order, "\n    LIMIT :limit")
    };
}

pub(super) const COUNT: &str = records!("count(*)");

/// Which deliveries stand on the page. Numbers are unique in a tenant, so every order is a total one.
pub(super) const fn page_statement(order: HistoryOrder) -> &'static str {
    match (order.field, order.order) {
        (SortField::Id, SortOrder::Ascending) => page!("number"),
        (SortField::Id, SortOrder::Descending) => page!("number DESC"),
        (SortField::CreatedAt, SortOrder::Ascending) => page!("created_at, number"),
        (SortField::CreatedAt, SortOrder::Descending) => page!("created_at DESC, number DESC"),
        (SortField::UpdatedAt, SortOrder::Ascending) => page!("updated_at, number"),
        (SortField::UpdatedAt, SortOrder::Descending) => page!("updated_at DESC, number DESC"),
        (SortField::Status, SortOrder::Ascending) => page!("status, number"),
        (SortField::Status, SortOrder::Descending) => page!("status DESC, number DESC"),
        (SortField::Success, SortOrder::Ascending) => page!("status BETWEEN 200 AND 299, number"),
        (SortField::Success, SortOrder::Descending) => page!("status BETWEEN 200 AND 299 DESC, number DESC"),
        (SortField::EventType, SortOrder::Ascending) => {
            page!("(SELECT type FROM event WHERE event.id = delivery.event), number")
        }
        (SortField::EventType, SortOrder::Descending) => {
            page!("(SELECT type FROM event WHERE event.id = delivery.event) DESC, number DESC")
        }
    }
}

/// Which deliveries come behind a place. Other fields than the two that have cursors are sorted by number.
pub(super) const fn from_statement(by_success: bool, order: SortOrder) -> &'static str {
    match (by_success, order) {
        (false, SortOrder::Ascending) => from!("number > coalesce(:number, 0)", "number"),
        (false, SortOrder::Descending) => {
            from!("number < coalesce(:number, 9223372036854775807)", "number DESC")
        }
        (true, SortOrder::Ascending) => from!(
            "(:number IS NULL OR (status BETWEEN 200 AND 299, number) > (:after_success, :number))",
            "status BETWEEN 200 AND 299, number"
        ),
        (true, SortOrder::Descending) => from!(
            "(:number IS NULL OR (status BETWEEN 200 AND 299, number) < (:after_success, :number))",
            "status BETWEEN 200 AND 299 DESC, number DESC"
        ),
    }
}

/// A record that is shown, by its number.
pub(super) const BY_NUMBER: &str =
    "SELECT id FROM delivery WHERE tenant = ?1 AND number = ?2 AND last_attempt IS NOT NULL";

const RECORD: &str = "
    SELECT delivery.id, delivery.number, delivery.event, delivery.webhook, delivery.cause, delivery.state,
        delivery.attempts, delivery.due_at, delivery.created_at, delivery.updated_at, delivery.last_attempt,
        frame_head, frame_cut, frame_tail, frame_checksum,
        event.number AS event_number, event.received_at AS event_received_at, event.source AS event_source, event.ce_id, event.type,
        event_data.checksum, event_data.data, webhook.number AS webhook_number, tenant.uid
    FROM delivery
    JOIN event ON event.id = delivery.event
    JOIN event_data ON event_data.event = delivery.event
    JOIN webhook ON webhook.id = delivery.webhook
    JOIN tenant ON tenant.id = delivery.tenant
    WHERE delivery.id = ?1";

const SENT: &str = "SELECT url, headers, signed FROM webhook_version WHERE webhook = ?1 AND version = ?2";

const LAST_ATTEMPT: &str = "SELECT webhook, last_attempt FROM delivery WHERE tenant = ?1 AND number = ?2 AND last_attempt IS NOT NULL";

const PREVIOUS: &str = "SELECT previous FROM attempt WHERE id = ?1";

const ATTEMPT: &str = "SELECT * FROM attempt WHERE id = ?1";

const WEBHOOK: &str = "
    SELECT webhook.*, tenant.uid AS uid FROM webhook JOIN tenant ON tenant.id = webhook.tenant
    WHERE webhook.id = ?1";

/// The most bytes of bodies in one page: a thousand records may hold a thousand times a mebibyte.
const MAX_PAGE: usize = 32 * 1024 * 1024;

/// The most attempts of one delivery that are told: a ladder has far fewer.
const MAX_ATTEMPTS: usize = 1_000;

pub(super) fn history(
    sql: &Connection,
    directory: &Directory,
    query: &HistoryQuery,
) -> Result<HistoryPage, StoreError> {
    let HistoryQuery { filter, order, position, limit } = query;
    let mut reader = Reader { sql, directory, webhooks: HashMap::new() };
    match *position {
        Position::Offset(offset) => {
            let total = bind(filter, &[], |params| {
                Ok(sql.prepare_cached(COUNT)?.query_row(params, |row| row.get::<_, i64>(0))?)
            })?;
            let offset = i64::try_from(offset).unwrap_or(i64::MAX);
            let page: [(&str, &dyn ToSql); 2] = [(":limit", limit), (":offset", &offset)];
            let ids = bind(filter, &page, |params| ids(sql, page_statement(*order), params))?;
            let records = reader.records(&ids)?;
            if records.len() < ids.len() {
                // Whoever counts records would miss those that are left out.
                return Err(StoreError::PageTooLarge);
            }
            let total = u64::try_from(total).unwrap_or(0);
            let more = u64::try_from(offset).unwrap_or(0).saturating_add(ids.len() as u64) < total;
            Ok(HistoryPage { total, records, more })
        }
        Position::After(cursor) => reader.behind(filter, *order, cursor, *limit, false),
        Position::Before(cursor) => {
            let order = order.reversed();
            reader.behind(filter, order, Some(cursor), *limit, true)
        }
    }
}

/// Hands a filter's parameters, and others, to whoever runs a statement.
fn bind<T>(
    filter: &HistoryFilter,
    others: &[(&str, &dyn ToSql)],
    run: impl FnOnce(&[(&str, &dyn ToSql)]) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let HistoryFilter { tenant, scope, event_type, success, state, cause, since, until } = filter;
    let (all, owned, global, webhook) = match scope {
        Scope::Tenant => (true, None, false, None),
        Scope::Shares { owned_by, global } => (false, owned_by.as_ref(), *global, None),
        Scope::Webhook(webhook) => (true, None, false, Some(webhook.get())),
    };
    let (state, cause) = (state.map(state_code), cause.map(cause_code));
    let (since, until) = (since.map(Timestamp::as_microsecond), until.map(Timestamp::as_microsecond));
    let tenant = tenant.get();
    let filter: &[(&str, &dyn ToSql)] = named_params! {
        ":tenant": tenant,
        ":webhook": webhook,
        ":all": all,
        ":owner": owned.map(|owned| owned.by.as_str()),
        ":owned_global": owned.is_some_and(|owned| owned.global),
        ":global": global,
        ":type": event_type,
        ":success": success,
        ":state": state,
        ":cause": cause,
        ":since": since,
        ":until": until,
    };
    run(&[filter, others].concat())
}

fn ids(
    sql: &Connection,
    statement: &'static str,
    params: &[(&str, &dyn ToSql)],
) -> Result<Vec<i64>, StoreError> {
    let mut statement = sql.prepare_cached(statement)?;
    let ids = statement.query_map(params, |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

pub(super) fn record(
    sql: &Connection,
    directory: &Directory,
    tenant: TenantId,
    number: Number,
) -> Result<Option<Record>, StoreError> {
    let mut statement = sql.prepare_cached(BY_NUMBER)?;
    let id = statement.query_row([tenant.get(), number.get()], |row| row.get(0)).optional()?;
    id.map(|id| Reader { sql, directory, webhooks: HashMap::new() }.record(id)).transpose()
}

/// Every attempt of a delivery, oldest first.
pub(super) fn attempts(
    sql: &Connection,
    tenant: TenantId,
    number: Number,
) -> Result<Vec<PastAttempt>, StoreError> {
    let mut statement = sql.prepare_cached(LAST_ATTEMPT)?;
    let found = statement.query_row([tenant.get(), number.get()], |row| Ok((row.get(0)?, row.get(1)?)));
    let Some((webhook, last)): Option<(i64, i64)> = found.optional()? else { return Ok(Vec::new()) };
    let (mut next, mut attempts) = (Some(last), Vec::new());
    while let Some(id) = next.filter(|_| attempts.len() < MAX_ATTEMPTS) {
        let row = sql.prepare_cached(ATTEMPT)?.query_row([id], AttemptRow::read).optional()?;
        let attempt = Attempt::try_from(row.ok_or_else(|| Place::new("attempt", id).column("id"))?)?;
        let sent = sent(sql, webhook, attempt.webhook_version)?;
        attempts.push(PastAttempt { attempt, sent });
        next = sql.prepare_cached(PREVIOUS)?.query_row([id], |row| row.get(0))?;
    }
    attempts.reverse();
    Ok(attempts)
}

fn sent(sql: &Connection, webhook: i64, version: u64) -> Result<Option<Sent>, StoreError> {
    let version = i64::try_from(version).unwrap_or(i64::MAX);
    let mut statement = sql.prepare_cached(SENT)?;
    let row = statement.query_row([webhook, version], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?))
    });
    let Some((url, headers, signed)) = row.optional()? else { return Ok(None) };
    let headers = read_headers(Place::new("webhook_version", webhook), &headers)?;
    Ok(Some(Sent { url, headers, signed }))
}

/// What was sent, if it is still what was stored. One that was damaged must not hide those beside it.
fn undamaged(event: i64, checksum: &[u8], data: Vec<u8>, frame: FrameRow) -> Option<Bytes> {
    let body = verified_data(event, checksum, data)
        .and_then(|data| Ok(Body { data, frame: frame.verified(event)? }.to_bytes()));
    body.inspect_err(|error| {
        let error = causes(error);
        tracing::error!(error, "what was sent has been damaged on the disk and is not shown");
    })
    .ok()
}

/// Reads records one by one; the webhooks of a page only once each.
struct Reader<'a> {
    sql: &'a Connection,
    directory: &'a Directory,
    webhooks: HashMap<i64, (Arc<Webhook>, bool)>,
}

impl Reader<'_> {
    /// The records with these ids, up to the first whose body is too much to be held with those before it.
    fn records(&mut self, ids: &[i64]) -> Result<Vec<Record>, StoreError> {
        let mut bytes = 0;
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            let record = self.record(*id)?;
            bytes += record.request.as_ref().map_or(0, Bytes::len);
            if bytes > MAX_PAGE && !records.is_empty() {
                break;
            }
            records.push(record);
        }
        Ok(records)
    }

    /// The page behind a place; turned around if the order is not the one that was asked for but its reverse.
    fn behind(
        &mut self,
        filter: &HistoryFilter,
        order: HistoryOrder,
        cursor: Option<Cursor>,
        limit: u32,
        turn: bool,
    ) -> Result<HistoryPage, StoreError> {
        let statement = from_statement(order.field == SortField::Success, order.order);
        let (number, success) = (cursor.map(|at| at.number.get()), cursor.map(|at| at.success));
        // One more tells whether there is more.
        let wanted = i64::from(limit) + 1;
        let mut place: Vec<(&str, &dyn ToSql)> = vec![(":limit", &wanted), (":number", &number)];
        if order.field == SortField::Success {
            place.push((":after_success", &success));
        }
        let mut ids = bind(filter, &place, |params| ids(self.sql, statement, params))?;
        let found = ids.len();
        ids.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        // What is left out stands on the page behind.
        let mut records = self.records(&ids)?;
        let more = records.len() < found;
        if turn {
            records.reverse();
        }
        Ok(HistoryPage { total: 0, records, more })
    }

    fn record(&mut self, id: i64) -> Result<Record, StoreError> {
        let row = self.sql.prepare_cached(RECORD)?.query_row([id], RecordRow::read);
        // Its event is only deleted after it.
        let row = row.optional()?.ok_or_else(|| Place::new("delivery", id).column("event"))?;
        let place = Place::new("delivery", id);
        let attempt = self.sql.prepare_cached(ATTEMPT)?.query_row([row.last_attempt], AttemptRow::read);
        let attempt = attempt.optional()?.ok_or_else(|| place.column("last_attempt"))?;
        let (webhook, webhook_deleted) = self.webhook(place, row.webhook)?;
        let request = undamaged(row.event, &row.checksum, row.data, row.frame);
        let uid = Place::new("webhook", row.webhook).uid("uid", &row.uid)?;
        let (number, state) = (place.number("number", row.number)?, state(place, row.state)?);
        let event_number = Place::new("event", row.event).number("number", row.event_number)?;
        let received_at = Place::new("event", row.event).time("received_at", row.event_received_at)?;
        let webhook_number = Place::new("webhook", row.webhook).number("number", row.webhook_number)?;
        let (created_at, attempt) = (place.time("created_at", row.created_at)?, Attempt::try_from(attempt)?);
        let due = (state == DeliveryState::Pending).then(|| place.time("due_at", row.due_at)).transpose()?;
        Ok(Record {
            delivery: DeliveryId::new(id),
            public_id: PublicId::of_delivery(&uid, number, created_at),
            number,
            event_number,
            event_source: row.event_source,
            event_id: row.event_id,
            event_type: row.event_type,
            message_id: MessageId::derive(&uid, event_number, received_at, webhook_number),
            cause: cause(place, row.cause)?,
            state,
            attempts: place.unsigned("attempts", row.attempts)?,
            next_attempt_at: due,
            webhook,
            webhook_deleted,
            request,
            sent: sent(self.sql, row.webhook, attempt.webhook_version)?,
            attempt,
            created_at,
            updated_at: place.time("updated_at", row.updated_at)?,
        })
    }

    /// The webhook and whether it was deleted. Living ones come from the directory, so no secret is unsealed here.
    fn webhook(&mut self, place: Place, id: i64) -> Result<(Arc<Webhook>, bool), StoreError> {
        let entry = match self.webhooks.entry(id) {
            Entry::Occupied(entry) => return Ok(entry.get().clone()),
            Entry::Vacant(entry) => entry,
        };
        if let Some(living) = self.directory.webhook(WebhookId::new(id)) {
            return Ok(entry.insert((living, false)).clone());
        }
        let row = self.sql.prepare_cached(WEBHOOK)?.query_row([id], WebhookRow::read).optional()?;
        let deleted = row.ok_or_else(|| place.column("webhook"))?.without_secret()?;
        Ok(entry.insert((Arc::new(deleted), true)).clone())
    }
}

struct RecordRow {
    number: i64,
    event: i64,
    webhook: i64,
    webhook_number: i64,
    uid: Vec<u8>,
    cause: i64,
    state: i64,
    attempts: i64,
    due_at: i64,
    created_at: i64,
    updated_at: i64,
    last_attempt: i64,
    frame: FrameRow,
    event_number: i64,
    event_received_at: i64,
    event_source: String,
    event_id: String,
    event_type: String,
    checksum: Vec<u8>,
    data: Vec<u8>,
}

impl RecordRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get("number")?,
            event: row.get("event")?,
            webhook: row.get("webhook")?,
            webhook_number: row.get("webhook_number")?,
            uid: row.get("uid")?,
            cause: row.get("cause")?,
            state: row.get("state")?,
            attempts: row.get("attempts")?,
            due_at: row.get("due_at")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            last_attempt: row.get("last_attempt")?,
            frame: FrameRow::read(row)?,
            event_number: row.get("event_number")?,
            event_received_at: row.get("event_received_at")?,
            event_source: row.get("event_source")?,
            event_id: row.get("ce_id")?,
            event_type: row.get("type")?,
            checksum: row.get("checksum")?,
            data: row.get("data")?,
        })
    }
}
