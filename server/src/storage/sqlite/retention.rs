//! Retention: history that is old enough is deleted from the old end, in steps that nobody who publishes notices.
//!
//! A step has two sides. A reader walks along the events, from where the last step stopped, and finds what may be deleted:
//! deliveries that ended before the time their tenant keeps, and events of which no delivery is left. (An end counts, for
//! one that comes after days of attempts is to be seen as long as any other.) It also reads what goes with them: whatever is that old has long left the memory of the machine, and a writer that waits for the disk keeps
//! everybody waiting. Then the writer looks at each of them again, for an event may have been sent anew meanwhile, and
//! deletes what is still over. It does so with the next commit that somebody else waits for; only if none comes for a
//! while it makes one for that alone. Where the reader finds nothing, the writer is not asked.
//!
//! A walk ends where nothing is old any more: at a run of young events, for a single one may be old and stamped by a clock
//! that was ahead. The next walk goes on from there, before that run, as that is what becomes old next. What a walk has
//! passed over (of a tenant that keeps longer, pending, or damaged) is found by a walk that begins anew at the old end,
//! which whoever asks for steps wishes now and then. Where the walk stands is not stored.
//!
//! What is damaged is told and kept, and the walk goes on behind it.

use core::sync::atomic::Ordering;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};

use super::SqliteStore;
use super::command::Command;
use super::damage::behind_damage;
use super::error::is_damage;
use super::rows::Place;
use super::transaction::Transaction;
use crate::causes::causes;
use crate::domain::{EventId, IdMap, TenantId, Timestamp};
use crate::storage::{Pruned, StoreError, Walk};

/// A step deletes hardly more rows than so many for each event it may delete: the event, its data, a delivery and an
/// attempt. Of an event with more it deletes a part.
const ROWS_AN_EVENT: usize = 4;
/// And of a delivery with more attempts than so many, so many of the oldest.
const ATTEMPTS_AT_ONCE: usize = 32;
/// Events and deliveries that a reader looks at in one step.
const LOOKED_AT: usize = 4_096;
/// So many young events in a row are the end of what is old.
pub(super) const YOUNG_RUN: u32 = 300;

const NEXT_EVENT: &str = "
    SELECT id, tenant, received_at, first_delivery, deliveries FROM event WHERE id >= ?1 ORDER BY id LIMIT 1";

/// What is told of a delivery. One that runs in a replay is not over: its progress counts it. Of one that ended as
/// cancelled (3) or expired (4), which takes no attempt, `due_at` is when it did.
macro_rules! deliveries {
    ($($part:literal)*) => {
        concat!($(
            "SELECT id, iif(EXISTS (SELECT 1 FROM replay WHERE replay.id = delivery.replay AND replay.state = 0), 0, state)
                AS state,
                max(created_at, coalesce(updated_at, created_at), iif(state > 2, due_at, created_at)) AS ended_at,
                last_attempt
            FROM delivery ", $part,
        )*)
    };
}

/// An event's own deliveries lie together; resends and replays are found by their indexes.
const DELIVERIES_OF_EVENT: &str = deliveries!(
    "WHERE id >= ?2 AND id < ?2 + ?3 AND event = ?1 UNION ALL "
    "INDEXED BY delivery_resend WHERE cause = 1 AND event = ?1 UNION ALL "
    "INDEXED BY delivery_replayed WHERE replay IS NOT NULL AND event = ?1"
);

const DELIVERY: &str = deliveries!("WHERE id = ?1");

/// Its entry in the index, which is deleted with it.
const ENTRY_OF_DELIVERY: &str = "
    SELECT entry.number FROM delivery
    JOIN delivery AS entry INDEXED BY delivery_number
        ON entry.tenant = delivery.tenant AND entry.number = delivery.number
    WHERE delivery.id = ?1";

const PREVIOUS_ATTEMPT: &str = "SELECT previous FROM attempt WHERE id = ?1";
const DATA_OF_EVENT: &str = "SELECT checksum FROM event_data WHERE event = ?1";

const END_ATTEMPTS_WITH: &str = "UPDATE attempt SET previous = NULL WHERE id = ?1";
const DELETE_ATTEMPT: &str = "DELETE FROM attempt WHERE id = ?1";
const DELETE_DELIVERY: &str = "DELETE FROM delivery WHERE id = ?1";
const DELETE_EVENT: &str = "DELETE FROM event WHERE id = ?1";
const DELETE_EVENT_DATA: &str = "DELETE FROM event_data WHERE event = ?1";

/// What a reader has found for the writer to delete.
#[derive(Debug)]
pub(super) struct Old {
    pub(super) events: Vec<Arc<OldEvent>>,
    /// Where the walk goes on.
    pub(super) until: EventId,
    /// And where if nothing of that could be deleted: not at the same place for ever.
    pub(super) past: EventId,
    /// Whether nothing behind it is old enough.
    pub(super) ended: bool,
}

/// An event of which something is older than its tenant keeps it.
#[derive(Debug)]
pub(super) struct OldEvent {
    event: EventRow,
    /// What was over before is old.
    cut: i64,
    /// The deliveries that go.
    over: Vec<i64>,
    /// What goes of one more, which has many attempts.
    oldest: Option<OldestAttempts>,
    /// Whether these are all there are, so that the event goes too.
    whole: bool,
    /// There are more that could go.
    is_part: bool,
    /// How many rows may go, and how many deliveries were looked at.
    rows: usize,
    looked: usize,
}

/// The oldest attempts of a delivery.
#[derive(Debug)]
struct OldestAttempts {
    delivery: i64,
    attempts: Vec<i64>,
    /// The oldest that is left.
    next: i64,
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
    ended_at: i64,
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

    /// The first from an id on.
    fn next(sql: &Connection, from: i64) -> Result<Option<Self>, StoreError> {
        Ok(sql.prepare_cached(NEXT_EVENT)?.query_row([from], Self::read).optional()?)
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

    fn has_deliveries(&self, sql: &Connection) -> Result<bool, StoreError> {
        let mut found = false;
        self.each_delivery(sql, |_| {
            found = true;
            Ok(false)
        })?;
        Ok(found)
    }
}

impl DeliveryRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            state: row.get("state")?,
            ended_at: row.get("ended_at")?,
            last_attempt: row.get("last_attempt")?,
        })
    }

    /// One that is over, if it is there.
    fn over(sql: &Connection, id: i64, cut: i64) -> Result<Option<Self>, StoreError> {
        let delivery = sql.prepare_cached(DELIVERY)?.query_row([id], Self::read).optional()?;
        Ok(delivery.filter(|delivery| delivery.is_over(cut)))
    }

    const fn is_over(&self, cut: i64) -> bool {
        self.state != 0 && self.ended_at < cut
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
    // What is younger is not old enough for any tenant.
    let newest_cut = before.values().max().map_or(i64::MIN, |cut| cut.as_microsecond());
    let mut old = Old { events: Vec::new(), until: after, past: after, ended: false };
    let (mut looked, mut rows, mut young, mut last) = (0, 0, 0, after);
    while old.events.len() < limit && rows < most && looked < LOOKED_AT {
        looked += 1;
        let event = match EventRow::next(sql, last.get().saturating_add(1)) {
            Ok(Some(event)) => event,
            Ok(None) => {
                old.ended = true;
                break;
            }
            Err(error) if is_damage(&error) => {
                let Some(behind) = behind(sql, last.get().saturating_add(1))? else {
                    told_unread(last.get(), None, &error);
                    old.ended = true;
                    break;
                };
                // Among young ones it is met again until they are old, and told then.
                if young == 0 {
                    told_unread(last.get(), Some(behind), &error);
                    (old.until, old.past) = (EventId::new(behind - 1), EventId::new(behind - 1));
                }
                last = EventId::new(behind - 1);
                continue;
            }
            Err(error) => return Err(error),
        };
        last = EventId::new(event.id);
        if event.received_at > now.as_microsecond() {
            // Of a clock that was ahead, so it says nothing of what is behind it.
            if young == 0 {
                (old.until, old.past) = (last, last);
            }
            continue;
        }
        if event.received_at >= newest_cut {
            young += 1;
            if young == YOUNG_RUN {
                old.ended = true;
                break;
            }
            continue;
        }
        (young, old.until, old.past) = (0, last, last);
        // Another tenant's behind it may be old enough: one keeps its history longer than the other.
        let cut = before.get(&TenantId::new(event.tenant)).map(|cut| cut.as_microsecond());
        let Some(cut) = cut.filter(|cut| event.received_at < *cut) else { continue };
        match OldEvent::find(sql, event, cut, most - rows) {
            Ok(found) => {
                (looked, rows) = (looked + found.looked, rows + found.rows);
                let is_part = found.is_part;
                if found.rows > 0 {
                    old.events.push(Arc::new(found));
                }
                if is_part {
                    old.until = EventId::new(last.get() - 1);
                    break;
                }
            }
            // One row that nobody can read must not keep all those behind it for ever.
            Err(error) if is_damage(&error) => told_and_kept(last.get(), &error),
            Err(error) => return Err(error),
        }
    }
    if !old.ended && old.events.is_empty() && old.until == after {
        // Nothing but young ones of which some were stamped ahead.
        (old.until, old.past) = (last, last);
    }
    Ok(old)
}

/// From which id on events can be read, if those from another on cannot. `None` when that is so as far as there are ids.
fn behind(sql: &Connection, from: i64) -> Result<Option<i64>, StoreError> {
    let read = |gap| EventRow::next(sql, from + gap).map(drop);
    Ok(behind_damage(i64::MAX.saturating_sub(from), read)?.map(|gap| from + gap))
}

fn told_unread(after: i64, before: Option<i64>, error: &StoreError) {
    let error = causes(error);
    tracing::error!(after, before, error, "old events cannot be read and are kept");
}

fn told_and_kept(event: i64, error: &StoreError) {
    let error = causes(error);
    tracing::error!(event, error, "an old event cannot be deleted and is kept");
}

impl OldEvent {
    /// Finds what of an event may be deleted in one step of so many rows, and reads what goes with it, for the sake of
    /// having read it.
    fn find(sql: &Connection, event: EventRow, cut: i64, most: usize) -> Result<Self, StoreError> {
        let ignore = |_: &Row<'_>| Ok(());
        let (mut over, mut whole, mut is_part, mut rows, mut looked) = (Vec::new(), true, false, 0, 0);
        let mut oldest = None;
        event.each_delivery(sql, |delivery| {
            looked += 1;
            if !delivery.is_over(cut) {
                whole = false;
                return Ok(true);
            }
            if rows >= most {
                is_part = true;
                return Ok(false);
            }
            let mut attempts = delivery.attempts(sql)?;
            let first = attempts.len().saturating_sub(ATTEMPTS_AT_ONCE);
            if let Some(next) = first.checked_sub(1) {
                let (delivery, next) = (delivery.id, attempts[next]);
                oldest = Some(OldestAttempts { delivery, next, attempts: attempts.split_off(first) });
                rows += ATTEMPTS_AT_ONCE;
                is_part = true;
                return Ok(false);
            }
            rows += 1 + attempts.len();
            sql.prepare_cached(ENTRY_OF_DELIVERY)?.query_row([delivery.id], ignore).optional()?;
            over.push(delivery.id);
            Ok(true)
        })?;
        whole &= !is_part;
        if whole {
            let data = sql.prepare_cached(DATA_OF_EVENT)?.query_row([event.id], ignore).optional()?;
            rows += 1 + data.iter().len();
        }
        Ok(Self { event, cut, over, oldest, whole, is_part, rows, looked })
    }
}

/// What the writer has deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Deleted {
    pub(super) events: u64,
    pub(super) rows: usize,
}

/// Where the walk goes on after a step. When nothing could be deleted, the same would be found there again; what has
/// failed is tried again.
pub(super) fn goes_on(
    deleted: &Result<Deleted, StoreError>,
    until: EventId,
    past: EventId,
    after: EventId,
) -> EventId {
    match deleted {
        Ok(Deleted { rows: 0, .. }) => past,
        Ok(_) => until,
        Err(_) => after,
    }
}

impl SqliteStore {
    /// One step.
    pub(super) async fn retain(
        &self,
        before: Arc<IdMap<TenantId, Timestamp>>,
        walk: Walk,
        limit: u32,
    ) -> Result<Pruned, StoreError> {
        let after = match walk {
            Walk::Anew => EventId::new(0),
            Walk::On => EventId::new(self.pruned_until.load(Ordering::Relaxed)),
        };
        let now = self.clock.now();
        let look = move |sql: &Connection| look(sql, after, &before, limit, now);
        let Old { events, until, past, ended } = self.retention_reader.read(look).await?;
        let deleted = if events.is_empty() { Ok(Deleted::default()) } else { self.delete_old(events).await };
        let goes_on = goes_on(&deleted, until, past, after);
        self.pruned_until.store(goes_on.get(), Ordering::Relaxed);
        Ok(Pruned { events: deleted?.events, more: !ended })
    }

    /// Has the writer delete what was found. Where that meets damage, each event in a commit of its own: whatever is
    /// committed together with damage fails together with it.
    pub(super) async fn delete_old(&self, events: Vec<Arc<OldEvent>>) -> Result<Deleted, StoreError> {
        match self.patiently(events.clone(), Command::Prune).await {
            Err(error) if is_damage(&error) => {}
            deleted => return deleted,
        }
        let mut deleted = Deleted::default();
        for old in events {
            match self.patiently(vec![Arc::clone(&old)], Command::Prune).await {
                Ok(Deleted { events, rows }) => {
                    deleted.events += events;
                    deleted.rows += rows;
                }
                Err(error) if is_damage(&error) => told_and_kept(old.event.id, &error),
                Err(error) => return Err(error),
            }
        }
        Ok(deleted)
    }
}

impl Transaction<'_> {
    /// Deletes what a reader has found, as far as it is still over.
    pub(super) fn prune(&self, events: &[Arc<OldEvent>]) -> Result<Deleted, StoreError> {
        let mut deleted = Deleted::default();
        for old in events {
            deleted.events += u64::from(self.prune_event(old, &mut deleted.rows)?);
        }
        Ok(deleted)
    }

    /// Deletes the deliveries of an event that were found, and the event when none is left. Whether it is gone.
    fn prune_event(&self, old: &OldEvent, rows: &mut usize) -> Result<bool, StoreError> {
        let OldEvent { event, cut, over, oldest, whole, .. } = old;
        for delivery in over {
            let Some(delivery) = DeliveryRow::over(self.sql, *delivery, *cut)? else { continue };
            for attempt in delivery.attempts(self.sql)? {
                *rows += self.execute(DELETE_ATTEMPT, [attempt])?;
            }
            *rows += self.execute(DELETE_DELIVERY, [delivery.id])?;
        }
        if let Some(OldestAttempts { delivery, attempts, next }) = oldest
            && DeliveryRow::over(self.sql, *delivery, *cut)?.is_some()
        {
            self.execute(END_ATTEMPTS_WITH, [next])?;
            for attempt in attempts {
                *rows += self.execute(DELETE_ATTEMPT, [attempt])?;
            }
        }
        if !whole || event.has_deliveries(self.sql)? {
            return Ok(false);
        }
        *rows += self.execute(DELETE_EVENT_DATA, [event.id])?;
        let gone = self.execute(DELETE_EVENT, [event.id])?;
        *rows += gone;
        Ok(gone > 0)
    }
}
