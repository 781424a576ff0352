//! Whether what has a checksum fits it: the bodies of events, the frames of deliveries, and what idempotency keys are kept
//! in. SQLite itself knows nothing of these; it only knows whether its pages fit together.

use core::fmt;

use rusqlite::{Connection, OptionalExtension, Row};

use super::dedupe::{filter_fits, numbers_fit};
use super::error::is_no_value;
use super::progress::{Progress, Tell};
use super::rows::{FrameRow, checksum, verified_data};

/// Rows that something is wrong with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// How many.
    pub count: u64,
    /// The first of them, each with its table.
    pub first: Vec<String>,
}

/// The most rows of one kind that are named.
const NAMED: usize = 10;

impl Rows {
    pub(super) fn add(&mut self, place: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(place());
        }
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, first } = self;
        f.write_str(&first.join(", "))?;
        match count.saturating_sub(first.len() as u64) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// What was compared with its checksums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Bodies of events, frames of deliveries, and what idempotency keys are kept in.
    pub rows: u64,
    /// Those that do not fit.
    pub damaged: Rows,
}

/// Compares everything that has a checksum with it, a portion at a time. The layout may be an older one.
pub(super) fn verify(sql: &Connection, tell: &Tell) -> rusqlite::Result<Verified> {
    let mut guarded = Vec::new();
    let mut total = 0;
    for table in GUARDED {
        // Older layouts have fewer.
        if sql.column_exists(Some("main"), table.name, table.checksum)? {
            let about: i64 = sql.query_row(&table.about(), [], |row| row.get(0))?;
            total += u64::try_from(about).unwrap_or(0);
            guarded.push(table);
        }
    }
    let mut verified = Verified::default();
    for Guarded { name, select, fits, .. } in guarded {
        let (mut after, mut more) = (i64::MIN, true);
        while more {
            more = false;
            // Each portion is a transaction of its own.
            let mut statement = sql.prepare_cached(select)?;
            let mut rows = statement.query([after])?;
            while let Some(row) = rows.next()? {
                let id = row.get("id")?;
                if id <= after {
                    // The tree leads in a circle, so whatever it shows proves nothing.
                    verified.damaged.add(|| format!("{name} behind {after}"));
                    more = false;
                    break;
                }
                (after, more) = (id, true);
                verified.rows += 1;
                if !fits_or_is_no_value(row, fits)? {
                    verified.damaged.add(|| told(sql, name, after));
                }
            }
            tell(Progress::Verified { done: verified.rows, total });
        }
    }
    Ok(verified)
}

fn fits_or_is_no_value(
    row: &Row<'_>,
    fits: fn(&Row<'_>) -> rusqlite::Result<bool>,
) -> rusqlite::Result<bool> {
    fits(row).or_else(|error| if is_no_value(&error) { Ok(false) } else { Err(error) })
}

/// Names a row, and the event it belongs to as its publisher knows it.
fn told(sql: &Connection, table: &str, id: i64) -> String {
    let of_event = match table {
        "event_data" => "?1",
        "delivery" => "(SELECT event FROM delivery WHERE id = ?1)",
        _ => return format!("{table} {id}"),
    };
    let query = format!(
        "SELECT tenant.name, source, ce_id FROM event JOIN tenant ON tenant.id = event.tenant WHERE event.id = {of_event}"
    );
    let named = sql.query_row(&query, [id], |row| {
        let (tenant, source, id): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("of event {id:?} from {source:?}, tenant {tenant:?}"))
    });
    // Its event may be damaged, too, or not be there.
    match named.optional() {
        Ok(Some(named)) => format!("{table} {id} ({named})"),
        Ok(None) | Err(_) => format!("{table} {id}"),
    }
}

/// A table whose rows have checksums.
struct Guarded {
    name: &'static str,
    key: &'static str,
    checksum: &'static str,
    /// The rows behind a key, a portion of them, their key as `id`.
    select: &'static str,
    fits: fn(&Row<'_>) -> rusqlite::Result<bool>,
}

const GUARDED: [Guarded; 4] = [
    Guarded {
        name: "event_data",
        key: "event",
        checksum: "checksum",
        select: "SELECT event AS id, checksum, data FROM event_data WHERE event > ?1 ORDER BY event LIMIT 500",
        fits: body_fits,
    },
    Guarded {
        name: "delivery",
        key: "id",
        checksum: "frame_checksum",
        select:
            "SELECT id, event, frame_head, frame_cut, frame_tail, frame_checksum FROM delivery WHERE id > ?1
            ORDER BY id LIMIT 5000",
        fits: frame_fits,
    },
    Guarded {
        name: "idempotency_run",
        key: "id",
        checksum: "filter_checksum",
        select: "SELECT * FROM idempotency_run WHERE id > ?1 ORDER BY id LIMIT 10",
        fits: |row| Ok(numbers_fit(row)? && filter_fits(row)?),
    },
    Guarded {
        name: "idempotency_chunk",
        key: "id",
        checksum: "checksum",
        select: "SELECT id, checksum, entries FROM idempotency_chunk WHERE id > ?1 ORDER BY id LIMIT 1000",
        fits: chunk_fits,
    },
];

impl Guarded {
    /// About how many rows there are: what is deleted is deleted from the old end, so between the ends nearly all are there.
    /// Chunks have gaps in their keys, and are few.
    fn about(&self) -> String {
        let Self { name, key, .. } = self;
        if *name == "idempotency_chunk" {
            return format!("SELECT count(*) FROM {name}");
        }
        format!("SELECT coalesce((SELECT max({key}) FROM {name}) - (SELECT min({key}) FROM {name}) + 1, 0)")
    }
}

fn chunk_fits(row: &Row<'_>) -> rusqlite::Result<bool> {
    let (sum, entries): (Vec<u8>, Vec<u8>) = (row.get("checksum")?, row.get("entries")?);
    Ok(sum == checksum("idempotency_chunk", row.get("id")?, &[&entries]))
}

fn body_fits(row: &Row<'_>) -> rusqlite::Result<bool> {
    let sum: Vec<u8> = row.get("checksum")?;
    Ok(verified_data(row.get("id")?, &sum, row.get("data")?).is_ok())
}

fn frame_fits(row: &Row<'_>) -> rusqlite::Result<bool> {
    Ok(FrameRow::read(row)?.verified(row.get("event")?).is_ok())
}
