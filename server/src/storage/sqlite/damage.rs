//! Reading past what cannot be read: pages of the file are damaged, or a row is what no version writes.

use core::ops::{ControlFlow, RangeInclusive};

use rusqlite::{Connection, Row};

use super::error::is_damage;
use crate::causes::causes;
use crate::storage::StoreError;

/// Which rows are read first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Those with the smallest ids.
    Ascending,
    /// Those with the largest ids.
    Descending,
}

/// What could not be read of a table.
#[derive(Debug)]
pub(super) struct Unread {
    /// It has ids from this one on,
    pub(super) from: i64,
    /// up to this one; what lies between may have been read.
    pub(super) to: i64,
    /// Why the first could not be read.
    pub(super) error: StoreError,
}

/// Shows rows one by one, for as long as they are wanted, and passes over what cannot be read. The query gets the first
/// and the last id, yields rows in this order, and has their ids in its first column.
pub(super) fn each_readable(
    sql: &Connection,
    query: &str,
    order: Order,
    ids: RangeInclusive<i64>,
    mut wanted: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
) -> Result<Option<Unread>, StoreError> {
    let (mut from, mut to) = ids.into_inner();
    let mut unread = None;
    let mut statement = sql.prepare(query)?;
    loop {
        let mut rows = statement.query([from, to])?;
        let error = loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(unread),
                Err(error) => break StoreError::from(error),
            };
            let id: i64 = row.get(0)?;
            match order {
                Order::Ascending => from = id.saturating_add(1),
                Order::Descending => to = id.saturating_sub(1),
            }
            match wanted(row) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Ok(unread),
                Err(error) if is_damage(&error) => note(&mut unread, id, id, error),
                Err(error) => return Err(error),
            }
        };
        if !is_damage(&error) {
            return Err(error);
        }
        drop(rows);
        let behind = behind_damage(to.saturating_sub(from), |gap| {
            let ids = match order {
                Order::Ascending => [from + gap, to],
                Order::Descending => [from, to - gap],
            };
            statement.query(ids)?.next()?;
            Ok(())
        })?;
        let (first, last) = (from, to);
        match (behind, order) {
            (None, _) => {
                note(&mut unread, first, last, error);
                return Ok(unread);
            }
            (Some(gap), Order::Ascending) => {
                from += gap;
                note(&mut unread, first, from - 1, error);
            }
            (Some(gap), Order::Descending) => {
                to -= gap;
                note(&mut unread, to + 1, last, error);
            }
        }
    }
}

impl Unread {
    /// Says so in the log, once for all of it.
    pub(super) fn tell(&self, what: &str) {
        let Self { from, to, error } = self;
        tracing::error!(from, to, error = causes(error), "{what}");
    }
}

fn note(unread: &mut Option<Unread>, from: i64, to: i64, error: StoreError) {
    match unread {
        Some(unread) => (unread.from, unread.to) = (unread.from.min(from), unread.to.max(to)),
        None => *unread = Some(Unread { from, to, error }),
    }
}

/// So many steps to a distance: a row of damaged pages is tried in such parts of its length.
const STEPS: i64 = 64;

/// How far from an id at which nothing can be read something can: at most so far. `None` when nothing can.
///
/// Nobody knows how far it reaches, and a sound page may lie between damaged ones. So it is gone along one by one, with
/// steps that grow with what lies behind: not many tries even if it is all there is, and no sound page is missed behind
/// fewer damaged ones than [`STEPS`].
pub(super) fn behind_damage(
    most: i64,
    mut read: impl FnMut(i64) -> Result<(), StoreError>,
) -> Result<Option<i64>, StoreError> {
    let mut can_be_read = |gap| match read(gap) {
        Ok(()) => Ok(true),
        Err(error) if is_damage(&error) => Ok(false),
        Err(error) => Err(error),
    };
    let (mut damaged, mut sound) = (0_i64, 0_i64);
    loop {
        sound = match sound.checked_add(1 + sound / STEPS) {
            Some(next) if next <= most => next,
            _ => return Ok(None),
        };
        if can_be_read(sound)? {
            break;
        }
        damaged = sound;
    }
    // And back to its end.
    while sound - damaged > 1 {
        let middle = damaged + (sound - damaged) / 2;
        if can_be_read(middle)? {
            sound = middle;
        } else {
            damaged = middle;
        }
    }
    Ok(Some(sound))
}
