//! A run: keys that were accepted one after the other, sorted and written down.
//!
//! A filter in memory says of almost every key that it is not in the run (it errs once in 65,536, and never about a key
//! that is); what it cannot rule out is looked up in one chunk of the run, which the key's first bits name. Keys are
//! digests, so chunks are of about the same size. What a flipped bit has changed is found by checksums: a filter then
//! rules nothing out, a chunk is an error, and a run of which the numbers are wrong is none.

use core::ops::ControlFlow;

use rusqlite::{Connection, OptionalExtension, Row, params};
use xorf::{BinaryFuse16, Descriptor, Filter};

use super::super::damage::{Order, each_readable};
use super::super::rows::{Place, checksum};
use super::Key;
use crate::domain::{EventId, Timestamp};
use crate::storage::StoreError;

/// Keys of a chunk: it fits into a page.
const CHUNK: usize = 512;
const KEY: usize = 8;
const ENTRY: usize = KEY + 4;
/// The most chunks of a run.
const MAX_BITS: u32 = 20;

/// What is under a run's first checksum.
const NUMBERS: [&str; 6] = ["first_event", "last_event", "oldest_at", "newest_at", "keys", "bits"];

/// What is in memory of a run.
pub(super) struct Run {
    pub(super) id: i64,
    first_event: i64,
    pub(super) last_event: EventId,
    pub(super) oldest: Timestamp,
    pub(super) newest: Timestamp,
    pub(super) keys: usize,
    bits: u32,
    /// Nothing is ruled out without it.
    filter: Option<BinaryFuse16>,
}

/// A run that is not written yet, or not all of it.
pub(super) struct NewRun {
    run: Run,
    /// In the order of keys.
    entries: Vec<(Key, EventId)>,
}

/// What the keys of a run have in common.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) oldest: Timestamp,
    pub(super) newest: Timestamp,
}

impl NewRun {
    /// Sorts keys into a run; `id` is that of no other that is known. Takes a while.
    pub(super) fn build(id: i64, mut entries: Vec<(Key, EventId)>, span: Span) -> Self {
        entries.sort_unstable();
        let keys: Vec<u64> = entries.iter().map(|(key, _)| key.0).collect();
        let events = entries.iter().map(|(_, event)| *event);
        let first_event = events.clone().min().map_or(0, EventId::get);
        let last_event = events.max().unwrap_or(EventId::new(0));
        let chunks = u32::try_from(keys.len().div_ceil(CHUNK)).unwrap_or(u32::MAX);
        let bits = chunks.next_power_of_two().trailing_zeros().min(MAX_BITS);
        // It fails only for keys that are there twice, which these are not.
        let filter = BinaryFuse16::try_from(&keys).ok();
        let Span { oldest, newest } = span;
        let run = Run { id, first_event, last_event, oldest, newest, keys: keys.len(), bits, filter };
        Self { run, entries }
    }

    /// How many chunks it has.
    pub(super) const fn chunks(&self) -> usize {
        1 << self.run.bits
    }

    /// Writes some of its chunks. What an earlier process has begun is overwritten.
    pub(super) fn write(&self, sql: &Connection, chunks: core::ops::Range<usize>) -> Result<(), StoreError> {
        const INSERT: &str =
            "INSERT OR REPLACE INTO idempotency_chunk (id, checksum, entries) VALUES (?1, ?2, ?3)";
        let mut statement = sql.prepare_cached(INSERT)?;
        let chunk_of = |key: &Key| self.run.chunk_of(*key);
        for chunk in chunks {
            let from = self.entries.partition_point(|(key, _)| chunk_of(key) < chunk);
            let entries = self.entries[from..].iter().take_while(|(key, _)| chunk_of(key) == chunk);
            let mut bytes = Vec::with_capacity(CHUNK * ENTRY);
            for (key, event) in entries {
                bytes.extend(key.0.to_be_bytes());
                // Events of a run follow each other, so this is about its number of keys.
                let offset = u32::try_from(event.get() - self.run.first_event).unwrap_or(u32::MAX);
                bytes.extend(offset.to_be_bytes());
            }
            let id = self.run.row_of(chunk);
            statement.execute(params![id, checksum("idempotency_chunk", id, &[&bytes]), bytes])?;
        }
        Ok(())
    }

    /// Writes what makes it a run: the last thing.
    pub(super) fn finish(&self, sql: &Connection) -> Result<(), StoreError> {
        const INSERT: &str = "
            INSERT OR REPLACE INTO idempotency_run
                (id, first_event, last_event, oldest_at, newest_at, keys, bits, checksum, descriptor, filter,
                    filter_checksum)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let Run { id, first_event, last_event, oldest, newest, keys, bits, filter } = &self.run;
        let (descriptor, fingerprints) = filter.as_ref().map_or_else(Default::default, to_bytes);
        let keys = i64::try_from(*keys).unwrap_or(i64::MAX);
        let (oldest, newest) = (oldest.as_microsecond(), newest.as_microsecond());
        let numbers = [*first_event, last_event.get(), oldest, newest, keys, i64::from(*bits)];
        let sum = checksum_of_numbers(*id, numbers);
        let filter_sum = checksum_of_filter(*id, &descriptor, &fingerprints);
        sql.prepare_cached(INSERT)?.execute(params![
            id,
            numbers[0],
            numbers[1],
            numbers[2],
            numbers[3],
            numbers[4],
            numbers[5],
            sum,
            descriptor,
            fingerprints,
            filter_sum
        ])?;
        Ok(())
    }

    /// What it takes in memory until it is written.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.run.bytes() + self.entries.capacity() * size_of::<(Key, EventId)>()
    }

    /// What stays in memory when it is written.
    pub(super) fn into_run(self) -> Run {
        self.run
    }
}

impl Run {
    /// All runs that can be read, the oldest first.
    pub(super) fn all(sql: &Connection) -> Result<Vec<Self>, StoreError> {
        const RUNS: &str = "SELECT * FROM idempotency_run WHERE id >= ?1 AND id <= ?2 ORDER BY id";
        let mut runs = Vec::new();
        let unread = each_readable(sql, RUNS, Order::Ascending, 0..=i64::MAX, |row| {
            runs.push(Self::read(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        if let Some(unread) = unread {
            unread.tell(
                "runs of idempotency keys cannot be read; their events are not recognised when they are published again",
            );
        }
        Ok(runs)
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let id: i64 = row.get("id")?;
        let place = Place::new("idempotency_run", id);
        if !numbers_fit(row)? {
            return Err(place.column("checksum"));
        }
        let filter = if filter_fits(row)? {
            from_bytes(&row.get::<_, Vec<u8>>("descriptor")?, &row.get::<_, Vec<u8>>("filter")?)
        } else {
            tracing::error!(
                run = id,
                "a filter of idempotency keys is damaged; the keys are looked up instead"
            );
            None
        };
        let bits = place.unsigned("bits", row.get("bits")?)?;
        if bits > MAX_BITS {
            return Err(place.column("bits"));
        }
        Ok(Self {
            id,
            first_event: row.get("first_event")?,
            last_event: EventId::new(row.get("last_event")?),
            oldest: place.time("oldest_at", row.get("oldest_at")?)?,
            newest: place.time("newest_at", row.get("newest_at")?)?,
            keys: place.unsigned("keys", row.get("keys")?)?,
            bits,
            filter,
        })
    }

    /// What its filter takes in memory.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.filter.as_ref().map_or(0, |filter| size_of_val(&*filter.fingerprints))
    }

    /// The event that was accepted under this key, if one of the run was.
    pub(super) fn get(&self, sql: &Connection, key: Key) -> Result<Option<EventId>, StoreError> {
        if self.filter.as_ref().is_some_and(|filter| !filter.contains(&key.0)) {
            return Ok(None);
        }
        const CHUNK_BY_ID: &str = "SELECT checksum, entries FROM idempotency_chunk WHERE id = ?1";
        let id = self.row_of(self.chunk_of(key));
        let mut statement = sql.prepare_cached(CHUNK_BY_ID)?;
        let found = statement.query_row([id], |row| {
            let (sum, entries) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
            let sound = checksum("idempotency_chunk", id, &[entries])[..] == *sum;
            Ok(sound.then(|| find(entries, key)))
        });
        match found.optional()? {
            Some(Some(offset)) => Ok(offset.map(|offset| EventId::new(self.first_event + i64::from(offset)))),
            Some(None) | None => Err(Place::new("idempotency_chunk", id).column("entries")),
        }
    }

    /// Deletes a run.
    pub(super) fn delete(sql: &Connection, id: i64) -> Result<(), StoreError> {
        const CHUNKS: &str = "DELETE FROM idempotency_chunk WHERE id >= ?1 << 20 AND id < (?1 + 1) << 20";
        sql.prepare_cached(CHUNKS)?.execute([id])?;
        sql.prepare_cached("DELETE FROM idempotency_run WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    fn chunk_of(&self, key: Key) -> usize {
        // Twenty bits at the most.
        usize::try_from(key.0.checked_shr(u64::BITS - self.bits).unwrap_or(0)).unwrap_or(0)
    }

    fn row_of(&self, chunk: usize) -> i64 {
        (self.id << MAX_BITS) + i64::try_from(chunk).unwrap_or(0)
    }
}

/// Whether the numbers of a row of `idempotency_run` are those that were written.
pub(in crate::storage::sqlite) fn numbers_fit(row: &Row<'_>) -> rusqlite::Result<bool> {
    let mut numbers = [0; NUMBERS.len()];
    for (number, column) in numbers.iter_mut().zip(NUMBERS) {
        *number = row.get(column)?;
    }
    let sum: Vec<u8> = row.get("checksum")?;
    Ok(sum == checksum_of_numbers(row.get("id")?, numbers))
}

/// Whether its filter is.
pub(in crate::storage::sqlite) fn filter_fits(row: &Row<'_>) -> rusqlite::Result<bool> {
    let (descriptor, fingerprints): (Vec<u8>, Vec<u8>) = (row.get("descriptor")?, row.get("filter")?);
    let sum: Vec<u8> = row.get("filter_checksum")?;
    Ok(sum == checksum_of_filter(row.get("id")?, &descriptor, &fingerprints))
}

fn checksum_of_numbers(run: i64, numbers: [i64; NUMBERS.len()]) -> [u8; 8] {
    checksum("idempotency_run", run, &[&numbers.map(i64::to_be_bytes).concat()])
}

fn checksum_of_filter(run: i64, descriptor: &[u8], fingerprints: &[u8]) -> [u8; 8] {
    checksum("idempotency_run", run, &[descriptor, fingerprints])
}

/// Where a key's event is, in the entries of a chunk.
fn find(entries: &[u8], key: Key) -> Option<u32> {
    let (entries, _) = entries.as_chunks::<ENTRY>();
    let at = entries.binary_search_by(|entry| entry[..KEY].cmp(&key.0.to_be_bytes())).ok()?;
    let [.., a, b, c, d] = entries[at];
    Some(u32::from_be_bytes([a, b, c, d]))
}

fn to_bytes(filter: &BinaryFuse16) -> (Vec<u8>, Vec<u8>) {
    let Descriptor { seed, segment_length, segment_length_mask, segment_count_length } = filter.descriptor;
    let mut descriptor = seed.to_be_bytes().to_vec();
    for part in [segment_length, segment_length_mask, segment_count_length] {
        descriptor.extend(part.to_be_bytes());
    }
    (descriptor, filter.fingerprints.iter().flat_map(|print| print.to_be_bytes()).collect())
}

/// `None` for what [`to_bytes`] does not write: a run may have no filter.
fn from_bytes(descriptor: &[u8], fingerprints: &[u8]) -> Option<BinaryFuse16> {
    let (seed, parts) = descriptor.split_first_chunk()?;
    let (parts, []) = parts.as_chunks() else { return None };
    let [segment_length, segment_length_mask, segment_count_length] =
        <[[u8; 4]; 3]>::try_from(parts).ok()?.map(u32::from_be_bytes);
    let descriptor = Descriptor {
        seed: u64::from_be_bytes(*seed),
        segment_length,
        segment_length_mask,
        segment_count_length,
    };
    let (fingerprints, []) = fingerprints.as_chunks() else { return None };
    // A look-up reads up to two segments behind the last one that a key can begin in.
    let needed = u64::from(segment_count_length) + 2 * u64::from(segment_length);
    if fingerprints.is_empty() || needed > fingerprints.len() as u64 {
        return None;
    }
    let fingerprints = fingerprints.iter().map(|print| u16::from_be_bytes(*print)).collect();
    Some(BinaryFuse16 { descriptor, fingerprints })
}
