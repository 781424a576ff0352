//! The history: records of deliveries after their first attempt.
//!
//! A page is found in two steps inside one read transaction: first which deliveries, by small columns only, then
//! each record with its bytes. So sorting never carries bodies about.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::{AttemptRow, FrameRow, Place, WebhookRow, verified_data};
use crate::domain::{
    Attempt, Body, DeliveryId, HistoryFilter, HistoryOrder, HistoryPage, HistoryQuery, Number, Record,
    SortField, SortOrder, TenantId, UserId, Webhook, WebhookId,
};
use crate::storage::{Directory, StoreError};

/// The records a filter names: after their first attempt, of the webhooks that are wanted, deleted ones included.
macro_rules! records {
    ($select:literal $(, $rest:literal)*) => {
        concat!(
            "SELECT ", $select, " FROM delivery
    WHERE tenant = ?1 AND last_attempt IS NOT NULL
      AND webhook IN (SELECT id FROM webhook WHERE tenant = ?1 AND (owner = ?2 OR (global AND ?3)))
      AND (?4 IS NULL OR ?4 = (SELECT type FROM event WHERE event.id = delivery.event))
      AND (?5 IS NULL OR ?5 = (status BETWEEN 200 AND 299))",
            $($rest),*
        )
    };
}

macro_rules! page {
    ($order:literal) => {
        records!("id", "\n    ORDER BY ", $order, "\n    LIMIT ?6 OFFSET ?7")
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
        (SortField::EventType, SortOrder::Ascending) => {
            page!("(SELECT type FROM event WHERE event.id = delivery.event), number")
        }
        (SortField::EventType, SortOrder::Descending) => {
            page!("(SELECT type FROM event WHERE event.id = delivery.event) DESC, number DESC")
        }
    }
}

/// A record that is shown, by its number.
pub(super) const BY_NUMBER: &str =
    "SELECT id FROM delivery WHERE tenant = ?1 AND number = ?2 AND last_attempt IS NOT NULL";

const RECORD: &str = "
    SELECT delivery.id, delivery.number, delivery.event, delivery.webhook, delivery.created_at,
        delivery.updated_at, delivery.last_attempt, frame_head, frame_cut, frame_tail, frame_checksum,
        event.number AS event_number, event.type, event_data.checksum, event_data.data
    FROM delivery
    JOIN event ON event.id = delivery.event
    JOIN event_data ON event_data.event = delivery.event
    WHERE delivery.id = ?1";

const ATTEMPT: &str = "SELECT * FROM attempt WHERE id = ?1";

const WEBHOOK: &str = "
    SELECT webhook.*, tenant.uid AS uid FROM webhook JOIN tenant ON tenant.id = webhook.tenant
    WHERE webhook.id = ?1";

/// The most bytes of bodies in one page: a thousand records may hold a thousand times a mebibyte.
const MAX_PAGE: usize = 32 * 1024 * 1024;

pub(super) fn history(
    sql: &Connection,
    directory: &Directory,
    query: &HistoryQuery,
) -> Result<HistoryPage, StoreError> {
    let HistoryQuery { filter, order, offset, limit } = query;
    let HistoryFilter { tenant, owned_by, global, event_type, success } = filter;
    let owner = owned_by.as_ref().map(UserId::as_str);
    let total = sql
        .prepare_cached(COUNT)?
        .query_row(params![tenant.get(), owner, global, event_type, success], |row| row.get::<_, i64>(0))?;
    let offset = i64::try_from(*offset).unwrap_or(i64::MAX);
    let mut statement = sql.prepare_cached(page_statement(*order))?;
    let ids = statement
        .query_map(params![tenant.get(), owner, global, event_type, success, limit, offset], |row| {
            row.get(0)
        })?;
    let mut reader = Reader { sql, directory, webhooks: HashMap::new() };
    let (mut records, mut bytes) = (Vec::new(), 0);
    for id in ids {
        let record = reader.record(id?)?;
        bytes += record.request.len();
        if bytes > MAX_PAGE {
            return Err(StoreError::PageTooLarge);
        }
        records.push(record);
    }
    Ok(HistoryPage { total: u64::try_from(total).unwrap_or(0), records })
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

/// Reads records one by one; the webhooks of a page only once each.
struct Reader<'a> {
    sql: &'a Connection,
    directory: &'a Directory,
    webhooks: HashMap<i64, (Arc<Webhook>, bool)>,
}

impl Reader<'_> {
    fn record(&mut self, id: i64) -> Result<Record, StoreError> {
        let row = self.sql.prepare_cached(RECORD)?.query_row([id], RecordRow::read);
        // Its event is only deleted after it.
        let row = row.optional()?.ok_or_else(|| Place::new("delivery", id).column("event"))?;
        let place = Place::new("delivery", id);
        let attempt = self.sql.prepare_cached(ATTEMPT)?.query_row([row.last_attempt], AttemptRow::read);
        let attempt = attempt.optional()?.ok_or_else(|| place.column("last_attempt"))?;
        let (webhook, webhook_deleted) = self.webhook(place, row.webhook)?;
        let data = verified_data(row.event, &row.checksum, row.data)?;
        Ok(Record {
            delivery: DeliveryId::new(id),
            number: place.number("number", row.number)?,
            event_number: Place::new("event", row.event).number("number", row.event_number)?,
            event_type: row.event_type,
            webhook,
            webhook_deleted,
            request: Body { data, frame: row.frame.verified(row.event)? }.to_bytes(),
            attempt: Attempt::try_from(attempt)?,
            created_at: place.time("created_at", row.created_at)?,
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
    created_at: i64,
    updated_at: i64,
    last_attempt: i64,
    frame: FrameRow,
    event_number: i64,
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
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            last_attempt: row.get("last_attempt")?,
            frame: FrameRow::read(row)?,
            event_number: row.get("event_number")?,
            event_type: row.get("type")?,
            checksum: row.get("checksum")?,
            data: row.get("data")?,
        })
    }
}
