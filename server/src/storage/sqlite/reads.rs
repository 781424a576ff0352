//! Reading, beside the writer: a few read-only connections, opened when they are needed, on threads that may block.
//!
//! Every read is one short transaction, so it sees one state of the data and never keeps the log from being
//! recycled for long. In WAL mode neither readers nor the writer wait for each other.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use tokio::sync::Semaphore;

use super::rows::{FrameRow, verified_data};
use crate::domain::{Body, DeliveryId, EventId};
use crate::storage::StoreError;

/// Reads at once. More would only compete for the same disk and cores.
const CONNECTIONS: usize = 4;

const TRACEPARENT: &str = "SELECT attributes ->> '$.traceparent' FROM event WHERE id = ?1";

pub(super) struct Readers {
    database: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(database: PathBuf) -> Self {
        Self { database, idle: Arc::default(), permits: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    /// Runs a read in a transaction of its own.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| StoreError::Stopped)?;
        let (database, idle) = (self.database.clone(), Arc::clone(&self.idle));
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let pooled = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = pooled.map_or_else(|| open(&database), Ok)?;
            let transaction = connection.unchecked_transaction()?;
            let result = read(&transaction);
            drop(transaction);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            result
        });
        // It ends early only with the runtime, or by a panic, which has been reported where it happened.
        task.await.map_err(|_| StoreError::Stopped)?
    }

    /// Lets no new read begin and waits for those under way.
    pub(super) async fn close(&self) {
        let all = u32::try_from(CONNECTIONS).expect("a small constant");
        // Fails only when it was closed before.
        let _all = self.permits.acquire_many(all).await;
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn open(database: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(super::open::BUSY_PATIENCE)?;
    connection.pragma_update(None, "cache_size", -2_048)?; // KiB
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

const BODY: &str = "
    SELECT delivery.id, delivery.event, frame_head, frame_cut, frame_tail, frame_checksum,
        event_data.checksum, event_data.data
    FROM delivery JOIN event_data ON event_data.event = delivery.event
    WHERE delivery.id = ?1";

pub(super) fn body(sql: &Connection, delivery: DeliveryId) -> Result<Option<Body>, StoreError> {
    let row = sql.prepare_cached(BODY)?.query_row([delivery.get()], |row| {
        let sum: Vec<u8> = row.get("checksum")?;
        Ok((row.get::<_, i64>("event")?, FrameRow::read(row)?, sum, row.get::<_, Vec<u8>>("data")?))
    });
    let Some((event, frame, sum, data)) = row.optional()? else { return Ok(None) };
    Ok(Some(Body { data: verified_data(event, &sum, data)?, frame: frame.verified(event)? }))
}

const EVENT_TYPES: &str = "SELECT id, type FROM event WHERE id IN (SELECT value FROM json_each(?1))";

pub(super) fn event_types(
    sql: &Connection,
    events: &[EventId],
) -> Result<HashMap<EventId, Arc<str>>, StoreError> {
    let ids: Vec<_> = events.iter().map(|event| event.get()).collect();
    let mut statement = sql.prepare_cached(EVENT_TYPES)?;
    // A list of integers, printed as JSON prints one.
    let rows = statement.query_map([format!("{ids:?}")], |row| {
        Ok((EventId::new(row.get(0)?), row.get_ref(1)?.as_str()?.into()))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The `traceparent` that an event came with.
pub(super) fn traceparent(sql: &Connection, event: EventId) -> Result<Option<String>, StoreError> {
    let mut statement = sql.prepare_cached(TRACEPARENT)?;
    // Attributes are text, numbers or booleans.
    let found =
        statement.query_row([event.get()], |row| Ok(row.get_ref(0)?.as_str().ok().map(str::to_owned)));
    Ok(found.optional()?.flatten())
}
