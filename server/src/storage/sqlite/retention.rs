//! Retention: history that is old enough is deleted from the old end, in steps that nobody who publishes notices.
//!
//! A step has two sides. A reader walks along the events, from where the last step stopped, and says which are older than
//! their tenant keeps them. It also reads what goes with them: whatever is that old has long left the memory of the
//! machine, and a writer that waits for the disk keeps everybody waiting. Then the writer looks at each of them again,
//! for one may have been sent anew meanwhile, and deletes of it what is over. It does so with the next commit that somebody
//! else waits for; only if none comes for a while it makes one for that alone.
//!
//! Where the walk stands is not stored. It begins anew at the old end when it has come to what is kept, and at each start.
//! What was stamped by a clock that was ahead is no sign that all behind it is younger: the walk passes it over.

use rusqlite::{Connection, OptionalExtension, Row};

use super::command::Prune;
use super::rows::Place;
use super::transaction::Transaction;
use crate::domain::{EventId, IdMap, TenantId, Timestamp};
use crate::storage::{Pruned, StoreError};

/// A step deletes hardly more rows than so many for each event it may delete: the event, its data, a delivery and an
/// attempt. Of an event with more it deletes a part.
const ROWS_AN_EVENT: usize = 4;
/// Events that one step looks at.
const PRUNE_READS: u32 = 256;

const EVENTS_AFTER: &str = "
    SELECT id, tenant, received_at, first_delivery, deliveries FROM event WHERE id > ?1 ORDER BY id LIMIT ?2";

/// An event's own deliveries lie together; resends and replays are found by their indexes. Those of a replay that runs
/// are not over: its progress counts them.
const DELIVERIES_OF_EVENT: &str = "
    SELECT id, state, created_at, last_attempt FROM delivery WHERE id >= ?2 AND id < ?2 + ?3 AND event = ?1
    UNION ALL
    SELECT id, state, created_at, last_attempt FROM delivery INDEXED BY delivery_resend
    WHERE cause = 1 AND event = ?1
    UNION ALL
    SELECT id, iif(EXISTS (SELECT 1 FROM replay WHERE replay.id = delivery.replay AND replay.state = 0), 0, state),
        created_at, last_attempt FROM delivery INDEXED BY delivery_replayed
    WHERE replay IS NOT NULL AND event = ?1";

/// Its entry in the index, which is deleted with it.
const ENTRY_OF_DELIVERY: &str = "
    SELECT entry.number FROM delivery
    JOIN delivery AS entry INDEXED BY delivery_number
        ON entry.tenant = delivery.tenant AND entry.number = delivery.number
    WHERE delivery.id = ?1";

const PREVIOUS_ATTEMPT: &str = "SELECT previous FROM attempt WHERE id = ?1";
const DATA_OF_EVENT: &str = "SELECT checksum FROM event_data WHERE event = ?1";

const DELETE_ATTEMPT: &str = "DELETE FROM attempt WHERE id = ?1";
const DELETE_DELIVERY: &str = "DELETE FROM delivery WHERE id = ?1";
const DELETE_EVENT: &str = "DELETE FROM event WHERE id = ?1";
const DELETE_EVENT_DATA: &str = "DELETE FROM event_data WHERE event = ?1";

/// What a reader has found for the writer to delete.
#[derive(Debug)]
pub(super) struct Old {
    events: Vec<OldEvent>,
    /// How many rows may go.
    rows: usize,
    /// The last event that was looked at.
    pub(super) until: EventId,
    /// Whether nothing behind it is old enough.
    ended: bool,
}

/// An event that is older than its tenant keeps events.
#[derive(Debug)]
struct OldEvent {
    event: EventRow,
    /// What was made before is old.
    cut: i64,
}

#[derive(Debug)]
struct EventRow {
    id: i64,
    tenant: i64,
    received_at: i64,
    first_delivery: i64,
    deliveries: i64,
}

/// A delivery of an event.
struct DeliveryRow {
    id: i64,
    state: i64,
    created_at: i64,
    last_attempt: Option<i64>,
}

impl EventRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            tenant: row.get("tenant")?,
            received_at: row.get("received_at")?,
            first_delivery: row.get("first_delivery")?,
            deliveries: row.get("deliveries")?,
        })
    }

    /// Shows its deliveries one by one, for as long as they are wanted.
    fn each_delivery(
        &self,
        sql: &Connection,
        mut wanted: impl FnMut(DeliveryRow) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = sql.prepare_cached(DELIVERIES_OF_EVENT)?;
        let mut rows = statement.query([self.id, self.first_delivery, self.deliveries])?;
        while let Some(row) = rows.next()? {
            if !wanted(DeliveryRow::read(row)?)? {
                break;
            }
        }
        Ok(())
    }
}

impl DeliveryRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            state: row.get("state")?,
            created_at: row.get("created_at")?,
            last_attempt: row.get("last_attempt")?,
        })
    }

    /// Its attempts, the last one first.
    fn attempts(&self, sql: &Connection) -> Result<Vec<i64>, StoreError> {
        let (mut attempts, mut next) = (Vec::new(), self.last_attempt);
        while let Some(id) = next {
            attempts.push(id);
            let previous = sql.prepare_cached(PREVIOUS_ATTEMPT)?.query_row([id], |row| row.get(0));
            next = previous.optional()?.flatten();
            if next.is_some_and(|previous: i64| previous >= id) {
                // Only damage makes a circle, and it would never end.
                return Err(Place::new("attempt", id).column("previous"));
            }
        }
        Ok(attempts)
    }
}

/// Looks for what one step may delete: of so many events at the most.
pub(super) fn look(
    sql: &Connection,
    after: EventId,
    before: &IdMap<TenantId, Timestamp>,
    limit: u32,
    now: Timestamp,
) -> Result<Old, StoreError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let most = limit.saturating_mul(ROWS_AN_EVENT);
    // From here on no tenant's history is old enough: events lie in the order of their time.
    let newest_cut = before.values().max().map_or(i64::MIN, |cut| cut.as_microsecond());
    let mut statement = sql.prepare_cached(EVENTS_AFTER)?;
    let mut events = statement.query([after.get(), i64::from(PRUNE_READS)])?;
    let mut old = Old { events: Vec::new(), rows: most, until: after, ended: false };
    let (mut looked, mut rows) = (0, 0);
    while old.events.len() < limit && rows < most {
        let Some(row) = events.next()? else {
            old.ended = looked < PRUNE_READS;
            break;
        };
        looked += 1;
        let event = EventRow::read(row)?;
        let (id, received_at) = (EventId::new(event.id), event.received_at);
        let cut = before.get(&TenantId::new(event.tenant)).map(|cut| cut.as_microsecond());
        match cut.filter(|cut| received_at < *cut) {
            Some(cut) => {
                rows += read_through(sql, &event, most)?;
                old.events.push(OldEvent { event, cut });
            }
            // Another tenant's behind it may be old enough: one keeps its history longer than the other.
            None if received_at < newest_cut || received_at > now.as_microsecond() => {}
            None => {
                old.ended = true;
                break;
            }
        }
        old.until = id;
    }
    Ok(old)
}

/// Reads what goes with an event and may be deleted with it in one step, for the sake of having read it. Returns how many
/// rows that is.
fn read_through(sql: &Connection, event: &EventRow, most: usize) -> Result<usize, StoreError> {
    let ignore = |_: &Row<'_>| Ok(());
    let data = sql.prepare_cached(DATA_OF_EVENT)?.query_row([event.id], ignore).optional()?;
    let mut rows = 1 + data.iter().len();
    event.each_delivery(sql, |delivery| {
        rows += 1 + delivery.attempts(sql)?.len();
        sql.prepare_cached(ENTRY_OF_DELIVERY)?.query_row([delivery.id], ignore).optional()?;
        Ok(rows < most)
    })?;
    Ok(rows)
}

/// What a step has come to.
pub(super) struct Step {
    pub(super) pruned: Pruned,
    /// Where the walk goes on, if there is more.
    pub(super) until: EventId,
}

/// What became of an event.
enum Fate {
    Deleted,
    /// Some of it is not over or not old, or it was gone before.
    Kept,
    /// There is more of it to delete.
    Begun,
}

impl Transaction<'_> {
    /// Deletes what a reader has found, and with the last of it what else is older than its tenant keeps it.
    pub(super) fn prune(&mut self, prune: &Prune) -> Result<Step, StoreError> {
        let Prune { old, before } = prune;
        let (mut deleted, mut left) = (0, old.rows);
        for old in &old.events {
            let fate = if left > 0 { self.prune_event(old, &mut left)? } else { Fate::Begun };
            match fate {
                Fate::Deleted => deleted += 1,
                Fate::Kept => {}
                Fate::Begun => {
                    let until = EventId::new(old.event.id - 1);
                    return Ok(Step { pruned: Pruned { events: deleted, more: true }, until });
                }
            }
        }
        let mut more = !old.ended;
        if old.ended {
            for (tenant, cut) in &**before {
                let (tenant, cut) = (tenant.get(), cut.as_microsecond());
                more |= self.forget_counts(tenant, cut, old.rows)? >= old.rows;
                self.forget_replays(tenant, cut)?;
            }
        }
        Ok(Step { pruned: Pruned { events: deleted, more }, until: old.until })
    }

    /// Deletes the terminal old deliveries of an event while any row may go, and the event when none is left.
    fn prune_event(&self, old: &OldEvent, left: &mut usize) -> Result<Fate, StoreError> {
        let OldEvent { event, cut } = old;
        let (mut over, mut kept, mut begun) = (Vec::new(), false, false);
        event.each_delivery(self.sql, |delivery| {
            if delivery.state == 0 || delivery.created_at >= *cut {
                kept = true;
            } else if over.len() < *left {
                over.push(delivery);
            } else {
                begun = true;
            }
            Ok(!begun)
        })?;
        let mut over = over.into_iter();
        for delivery in over.by_ref() {
            for attempt in delivery.attempts(self.sql)? {
                self.delete(DELETE_ATTEMPT, attempt, left)?;
            }
            self.delete(DELETE_DELIVERY, delivery.id, left)?;
            if *left == 0 {
                break;
            }
        }
        if begun || over.next().is_some() {
            return Ok(Fate::Begun);
        }
        if kept {
            return Ok(Fate::Kept);
        }
        self.delete(DELETE_EVENT_DATA, event.id, left)?;
        let deleted = self.delete(DELETE_EVENT, event.id, left)?;
        Ok(if deleted { Fate::Deleted } else { Fate::Kept })
    }

    /// Deletes a row, of so many that may go. Returns whether it was there.
    fn delete(&self, statement: &'static str, row: i64, left: &mut usize) -> Result<bool, StoreError> {
        let gone = self.execute(statement, [row])?;
        *left = left.saturating_sub(gone);
        Ok(gone > 0)
    }
}
