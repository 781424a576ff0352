//! What waits for a webhook, read by the writer between what it writes: so the answer belongs to one place in the order
//! of commits. A page is small, and found by an index that holds nothing but the backlog.

use rusqlite::{Connection, Row, params};

use super::rows::{FrameRow, Place, cause, verified_data};
use crate::causes::causes;
use crate::domain::{Body, DeliveryId, EventId, MessageId, TenantId, Traced, Turn, WebhookId, Work};
use crate::storage::waiting::Changes;
use crate::storage::{Backlog, Page, StoreError, Wanted};

/// Bodies of a page, in bytes: what is beyond that is read when it is sent.
const BODY_BYTES: usize = 1024 * 1024;

/// In the order of turns. Of what somebody attempts by itself (1 and 2: resends, tests) only what an earlier process left.
pub(super) const WAITING: &str = "
    SELECT delivery.id, delivery.tenant, delivery.webhook, delivery.event, delivery.cause, delivery.attempts,
        delivery.tries, delivery.due_at, frame_head, frame_cut, frame_tail, frame_checksum,
        iif(delivery.replay IS NULL, event.received_at, delivery.created_at) AS received_at,
        event.number AS event_number, webhook.number AS webhook_number, tenant.uid,
        event_data.checksum, event_data.data
    FROM delivery INDEXED BY delivery_waiting
    CROSS JOIN event ON event.id = delivery.event
    CROSS JOIN event_data ON event_data.event = delivery.event
    CROSS JOIN webhook ON webhook.id = delivery.webhook
    CROSS JOIN tenant ON tenant.id = delivery.tenant
    WHERE delivery.state = 0 AND delivery.webhook = ?1 AND (delivery.due_at, delivery.id) >= (?2, ?3)
        AND (delivery.cause NOT IN (1, 2) OR delivery.id <= ?4)
    ORDER BY delivery.due_at, delivery.id
    LIMIT ?5";

/// How many deliveries of each webhook are pending: read from the index alone.
pub(super) const COUNTS: &str = "
    SELECT backlog.webhook, webhook.tenant, backlog.pending
    FROM (SELECT webhook, count(*) AS pending FROM delivery INDEXED BY delivery_waiting WHERE state = 0
        GROUP BY webhook) AS backlog
    CROSS JOIN webhook ON webhook.id = backlog.webhook";

pub(super) fn read(
    sql: &Connection,
    wanted: &Wanted,
    newest_at_open: DeliveryId,
) -> Result<Page, StoreError> {
    let Wanted { webhook, from, limit, ticket: _ } = wanted;
    let mut statement = sql.prepare_cached(WAITING)?;
    let from = [from.due.as_microsecond(), from.delivery.get()];
    let mut rows = statement.query(params![webhook.get(), from[0], from[1], newest_at_open.get(), limit])?;
    let mut page = Page::default();
    let (mut read, mut bytes) = (0, 0);
    while let Some(row) = rows.next()? {
        read += 1;
        let place = Place::new("delivery", row.get("id")?);
        let due = place.time("due_at", row.get("due_at")?)?;
        let turn = Turn { due, delivery: DeliveryId::new(row.get("id")?) };
        page.next = Some(turn.next());
        match work(row, turn, bytes < BODY_BYTES) {
            Ok(work) => {
                bytes += work.body.as_ref().map_or(0, |body| body.data.len());
                page.works.push(work);
            }
            // One row that nobody can read must not keep all those behind it from being delivered.
            Err(error) => {
                let error = causes(&error);
                tracing::error!(error, "a pending delivery cannot be read and is left where it is");
            }
        }
    }
    if read < *limit {
        page.next = None;
    }
    Ok(page)
}

fn work(row: &Row<'_>, turn: Turn, with_body: bool) -> Result<Work, StoreError> {
    let tenant: i64 = row.get("tenant")?;
    let webhook: i64 = row.get("webhook")?;
    let event: i64 = row.get("event")?;
    let uid = Place::new("tenant", tenant).uid("uid", &row.get::<_, Vec<u8>>("uid")?)?;
    let event_number = Place::new("event", event).number("number", row.get("event_number")?)?;
    let webhook_number = Place::new("webhook", webhook).number("number", row.get("webhook_number")?)?;
    let place = Place::new("delivery", turn.delivery.get());
    let body = if with_body {
        let sum: Vec<u8> = row.get("checksum")?;
        let (data, frame) = (row.get("data")?, FrameRow::read(row)?);
        // Damage is found again by the attempt, whose failure it is: here the delivery would be passed over in silence.
        verified_data(event, &sum, data)
            .and_then(|data| Ok(Body { data, frame: frame.verified(event)? }))
            .ok()
    } else {
        None
    };
    Ok(Work {
        delivery: turn.delivery,
        tenant: TenantId::new(tenant),
        webhook: WebhookId::new(webhook),
        event: EventId::new(event),
        message_id: MessageId::derive(&uid, event_number, webhook_number),
        cause: cause(place, row.get("cause")?)?,
        received_at: Place::new("event", event).time("received_at", row.get("received_at")?)?,
        attempts_made: place.unsigned("attempts", row.get("attempts")?)?,
        tries: place.unsigned("tries", row.get("tries")?)?,
        due: turn.due,
        body,
        trace: Traced::Unknown,
    })
}

/// Counts what is pending.
pub(super) fn count(sql: &Connection) -> Result<Backlog, StoreError> {
    let mut statement = sql.prepare(COUNTS)?;
    let counts = statement
        .query_map([], |row| Ok((WebhookId::new(row.get(0)?), (TenantId::new(row.get(1)?), row.get(2)?))))?;
    let counts = counts.collect::<Result<Changes, _>>()?;
    let backlog = Backlog::default();
    backlog.change(&counts);
    Ok(backlog)
}
