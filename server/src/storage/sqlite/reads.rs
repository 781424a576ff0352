//! Reading, beside the writer: a few read-only connections, opened when they are needed, on threads that may block.
//!
//! Every read is one transaction, so it sees one state of the data. In WAL mode neither readers nor the writer wait for each
//! other, but the log begins anew only in a moment in which nobody reads what is in it. Where readers overlap without such
//! a moment, [the copier](super::checkpoint) makes one: it closes the [gate](Gate) for as long as that takes. So what
//! somebody asks for is ended when it [takes too long](StoreError::TookTooLong), and what one tenant asks for at once leaves
//! room for the others.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockWriteGuard, Weak};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use tokio::sync::Semaphore;

use super::rows::{FrameRow, verified_data};
use crate::clock::Clock;
use crate::domain::{Body, DeliveryId, EventId, IdMap, TenantId};
use crate::storage::StoreError;

/// Reads at once. More would only compete for the same disk and cores.
const CONNECTIONS: usize = 4;
/// Of these, one tenant's.
const OF_ONE_TENANT: usize = 2;
/// How long a read may take that somebody has asked for, and how many steps of SQLite's machine lie between two looks at
/// the clock: less than a millisecond.
const READ_LIMIT: Duration = Duration::from_secs(10);
const STEPS: core::ffi::c_int = 10_000;

/// What reads pass through, one way: whoever closes it waits for those under way.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<RwLock<()>>);

impl Gate {
    /// Lets no read begin, once those under way have ended.
    pub(super) fn close(&self) -> RwLockWriteGuard<'_, ()> {
        // It guards nothing that a panic could have broken.
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

const TRACEPARENT: &str = "SELECT attributes ->> '$.traceparent' FROM event WHERE id = ?1";

pub(super) struct Readers {
    database: PathBuf,
    /// Tells how long a read has taken, where there is a limit.
    clock: Option<Arc<dyn Clock>>,
    gate: Gate,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
    shares: Mutex<IdMap<TenantId, Weak<Semaphore>>>,
    closing: Arc<AtomicBool>,
}

impl Readers {
    /// For what this program reads by itself, a little at a time.
    pub(super) fn new(database: PathBuf) -> Self {
        Self {
            database,
            clock: None,
            gate: Gate::default(),
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(CONNECTIONS)),
            shares: Mutex::default(),
            closing: Arc::default(),
        }
    }

    /// For what others ask for, which may be anything.
    pub(super) fn limited(database: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { clock: Some(clock), ..Self::new(database) }
    }

    pub(super) fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// Runs a read that a tenant has asked for, beside at most one more of the same.
    pub(super) async fn read_of<T: Send + 'static>(
        &self,
        tenant: TenantId,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let share = self.share(tenant).acquire_owned().await.map_err(|_| StoreError::Stopped)?;
        self.read(move |sql| {
            // Held also when nobody waits for the answer any more.
            let _share = share;
            read(sql)
        })
        .await
    }

    fn share(&self, tenant: TenantId) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(&tenant).and_then(Weak::upgrade) {
            return share;
        }
        shares.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new(OF_ONE_TENANT));
        shares.insert(tenant, Arc::downgrade(&share));
        share
    }

    /// Runs a read in a transaction of its own.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| StoreError::Stopped)?;
        let (database, idle) = (self.database.clone(), Arc::clone(&self.idle));
        let (clock, gate, closing) = (self.clock.clone(), self.gate.clone(), Arc::clone(&self.closing));
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let _open = gate.0.read().unwrap_or_else(PoisonError::into_inner);
            let pooled = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = pooled.map_or_else(|| open(&database), Ok)?;
            if let Some(clock) = clock {
                let end = clock.monotonic() + READ_LIMIT;
                let is_over = move || closing.load(Ordering::Relaxed) || clock.monotonic() > end;
                connection.progress_handler(STEPS, Some(is_over))?;
            }
            let transaction = connection.unchecked_transaction()?;
            let result = read(&transaction);
            drop(transaction);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            result
        });
        // It ends early only with the runtime, or by a panic, which has been reported where it happened.
        task.await.map_err(|_| StoreError::Stopped)?
    }

    /// Lets no new read begin and waits for those under way; what others have asked for is ended.
    pub(super) async fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
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
