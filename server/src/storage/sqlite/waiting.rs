//! What waits for a webhook, read by the writer between two transactions: so the answer belongs to one place in the order
//! of commits, and none of them is lost where a page of the file is damaged. A page of the answer is small, and found by an
//! index that holds nothing but the backlog.
//!
//! **Beside damage** the turns are read from that index alone and then each delivery by itself, without its body, which is
//! read when it is sent: a damaged body is the failure of that attempt. A delivery that cannot be read is passed over, told
//! in the log, and stays pending. Not guaranteed: that what stands behind a damaged page of the index is found.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::is_damage;
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
        event.number AS event_number, event.received_at AS event_received_at, webhook.number AS webhook_number, tenant.uid,
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

/// The same turns, whoever attempts them: read from the index alone.
pub(super) const TURNS: &str = "
    SELECT due_at, id FROM delivery INDEXED BY delivery_waiting
    WHERE state = 0 AND webhook = ?1 AND (due_at, id) >= (?2, ?3)
    ORDER BY due_at, id
    LIMIT ?4";

/// One of [`WAITING`], without what is sent.
const ONE: &str = "
    SELECT delivery.tenant, delivery.webhook, delivery.event, delivery.cause, delivery.attempts, delivery.tries,
        iif(delivery.replay IS NULL, event.received_at, delivery.created_at) AS received_at,
        event.number AS event_number, event.received_at AS event_received_at, webhook.number AS webhook_number, tenant.uid
    FROM delivery
    CROSS JOIN event ON event.id = delivery.event
    CROSS JOIN webhook ON webhook.id = delivery.webhook
    CROSS JOIN tenant ON tenant.id = delivery.tenant
    WHERE delivery.id = ?1 AND (delivery.cause NOT IN (1, 2) OR delivery.id <= ?2)";

/// How many deliveries of each webhook are pending: read from the index alone.
pub(super) const COUNTS: &str = "
    SELECT backlog.webhook, webhook.tenant, backlog.pending
    FROM (SELECT webhook, count(*) AS pending FROM delivery INDEXED BY delivery_waiting WHERE state = 0
        GROUP BY webhook) AS backlog
    CROSS JOIN webhook ON webhook.id = backlog.webhook";

/// Reads what waits. Not to be called within a transaction that is to be committed.
pub(super) fn read(
    sql: &Connection,
    wanted: &Wanted,
    newest_at_open: DeliveryId,
) -> Result<Page, StoreError> {
    match at_once(sql, wanted, newest_at_open) {
        Err(error) if is_damage(&error) => {
            let (webhook, error) = (wanted.webhook.get(), causes(&error));
            tracing::error!(
                webhook,
                error,
                "what waits for a webhook is read one by one, for some of it is damaged"
            );
            one_by_one(sql, wanted, newest_at_open)
        }
        read => read,
    }
}

fn at_once(sql: &Connection, wanted: &Wanted, newest_at_open: DeliveryId) -> Result<Page, StoreError> {
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
            Err(error) => pass_over(turn, &error),
        }
    }
    if read < *limit {
        page.next = None;
    }
    Ok(page)
}

fn one_by_one(sql: &Connection, wanted: &Wanted, newest_at_open: DeliveryId) -> Result<Page, StoreError> {
    let (turns, next) = turns(sql, wanted)?;
    let mut page = Page { works: Vec::with_capacity(turns.len()), next };
    let mut statement = sql.prepare_cached(ONE)?;
    for turn in turns {
        let read = statement
            .query_row([turn.delivery.get(), newest_at_open.get()], |row| Ok(work(row, turn, false)));
        match read.optional().map_err(StoreError::from).and_then(Option::transpose) {
            Ok(work) => page.works.extend(work),
            Err(error) if is_damage(&error) => pass_over(turn, &error),
            Err(error) => return Err(error),
        }
    }
    Ok(page)
}

/// The turns there are, and from where to ask for those that follow.
fn turns(sql: &Connection, wanted: &Wanted) -> Result<(Vec<Turn>, Option<Turn>), StoreError> {
    let Wanted { webhook, from, limit, ticket: _ } = wanted;
    let mut statement = sql.prepare_cached(TURNS)?;
    let from = [from.due.as_microsecond(), from.delivery.get()];
    let rows = statement.query_map(params![webhook.get(), from[0], from[1], limit], |row| {
        let delivery = row.get("id")?;
        let due = Place::new("delivery", delivery).time("due_at", row.get("due_at")?);
        Ok(due.map(|due| Turn { due, delivery: DeliveryId::new(delivery) }))
    })?;
    let (mut turns, mut more) = (Vec::new(), false);
    for turn in rows {
        match turn.map_err(StoreError::from).flatten() {
            Ok(turn) => turns.push(turn),
            Err(error) if turns.is_empty() => return Err(error),
            // What comes before it is given; whoever asks for what follows is told.
            Err(_) => {
                more = true;
                break;
            }
        }
    }
    more |= turns.len() >= *limit as usize;
    let next = turns.last().filter(|_| more).map(|last| last.next());
    Ok((turns, next))
}

/// One row that nobody can read must not keep all those behind it from being delivered.
fn pass_over(turn: Turn, error: &StoreError) {
    let (delivery, error) = (turn.delivery.get(), causes(error));
    tracing::error!(delivery, error, "a pending delivery cannot be read and is left where it is");
}

fn work(row: &Row<'_>, turn: Turn, with_body: bool) -> Result<Work, StoreError> {
    let tenant: i64 = row.get("tenant")?;
    let webhook: i64 = row.get("webhook")?;
    let event: i64 = row.get("event")?;
    let uid = Place::new("tenant", tenant).uid("uid", &row.get::<_, Vec<u8>>("uid")?)?;
    let event_number = Place::new("event", event).number("number", row.get("event_number")?)?;
    let event_received_at = Place::new("event", event).time("received_at", row.get("event_received_at")?)?;
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
        message_id: MessageId::derive(&uid, event_number, event_received_at, webhook_number),
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
