//! What a tenant has beside its history and keeps as long: counts, what old versions of webhooks sent, and replays that are
//! over. A reader looks through all webhooks of a tenant for what is old; the writer deletes the rows that were found. Of a
//! kind that is damaged somewhere rows are kept, and the others go.
//!
//! A delivery is kept from its end on, and tells of each attempt what that sent: its first may have been made by a version
//! that was replaced long before. So a version is kept for as long more as a delivery may take.

use core::time::Duration;

use rusqlite::{Connection, params, params_from_iter};

use super::SqliteStore;
use super::command::Command;
use super::error::is_damage;
use super::transaction::Transaction;
use crate::causes::causes;
use crate::domain::{RetryPolicy, TenantId, Timestamp};
use crate::storage::StoreError;

/// How long a delivery may take, and a day in which its last attempt may end or the server not run.
const UNTIL_ENDED: Duration = RetryPolicy::MAX_AGE.saturating_add(Duration::from_secs(24 * 60 * 60));

/// One webhook after the other, each from its old end.
pub(super) const OLD_STATS: &str = "
    SELECT old.webhook, old.start
    FROM webhook INDEXED BY webhook_number
    CROSS JOIN webhook_stats AS old ON old.webhook = webhook.id AND old.start < ?2
    WHERE webhook.tenant = ?1 LIMIT ?3";

pub(super) const OLD_VERSIONS: &str = "
    SELECT old.webhook, old.version
    FROM webhook INDEXED BY webhook_number
    CROSS JOIN webhook_version AS old ON old.webhook = webhook.id AND old.replaced_at < ?2
    WHERE webhook.tenant = ?1 LIMIT ?3";

pub(super) const OLD_REPLAYS: &str = "
    SELECT id FROM replay INDEXED BY replay_public_id
    WHERE tenant = ?1 AND state != 0 AND finished_at < ?2 LIMIT ?3";

pub(super) const DELETE_STATS: &str = "DELETE FROM webhook_stats WHERE webhook = ?1 AND start = ?2";
pub(super) const DELETE_VERSION: &str = "DELETE FROM webhook_version WHERE webhook = ?1 AND version = ?2";
pub(super) const DELETE_REPLAY: &str = "DELETE FROM replay WHERE id = ?1";

/// What expires, and what finds and deletes it.
struct Kind {
    what: &'static str,
    find: &'static str,
    delete: &'static str,
}

const COUNTS: Kind = Kind { what: "counts", find: OLD_STATS, delete: DELETE_STATS };
const VERSIONS: Kind = Kind { what: "old versions of webhooks", find: OLD_VERSIONS, delete: DELETE_VERSION };
const REPLAYS: Kind = Kind { what: "replays", find: OLD_REPLAYS, delete: DELETE_REPLAY };

/// What a reader has found of one kind. None of it changes any more, so it is not looked at again.
pub(super) struct Expired {
    kind: &'static Kind,
    /// Their primary keys.
    rows: Vec<Vec<i64>>,
    /// Whether there may be more.
    is_full: bool,
}

/// Looks for what a tenant has from before a time; for so many rows of each kind. What stands on a damaged page is kept.
fn look(
    sql: &Connection,
    tenant: TenantId,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<Expired>, StoreError> {
    let versions_before = before.saturating_sub(UNTIL_ENDED).unwrap_or(Timestamp::MIN);
    let mut found = Vec::new();
    for (kind, before) in [(&COUNTS, before), (&VERSIONS, versions_before), (&REPLAYS, before)] {
        match keys(sql, kind, tenant, before, limit) {
            Ok(rows) => {
                let is_full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
                found.push(Expired { kind, rows, is_full });
            }
            Err(error) if is_damage(&error) => kind.tell_kept(&error),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn keys(
    sql: &Connection,
    kind: &Kind,
    tenant: TenantId,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<Vec<i64>>, StoreError> {
    let mut statement = sql.prepare_cached(kind.find)?;
    let columns = statement.column_count();
    let rows = statement.query_map(params![tenant.get(), before.as_microsecond(), limit], |row| {
        (0..columns).map(|column| row.get(column)).collect()
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Kind {
    fn tell_kept(&self, error: &StoreError) {
        let (what, error) = (self.what, causes(error));
        tracing::error!(what, error, "what has expired cannot be deleted and is kept");
    }
}

impl SqliteStore {
    /// Deletes what a tenant has from before a time, each kind by a command of its own: one that meets damage fails alone,
    /// and takes no room from the others although each look finds its rows again. Returns whether there may be more.
    pub(super) async fn forget_expired(
        &self,
        tenant: TenantId,
        before: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let found = self.retention_reader.read(move |sql| look(sql, tenant, before, limit)).await?;
        let mut more = false;
        for expired in found.into_iter().filter(|expired| !expired.rows.is_empty()) {
            let (kind, is_full) = (expired.kind, expired.is_full);
            match self.patiently(expired, Command::Forget).await {
                Ok(()) => more |= is_full,
                Err(error) if is_damage(&error) => kind.tell_kept(&error),
                Err(error) => return Err(error),
            }
        }
        Ok(more)
    }
}

impl Transaction<'_> {
    /// Deletes what a reader has found.
    pub(super) fn forget(&mut self, expired: &Expired) -> Result<(), StoreError> {
        for row in &expired.rows {
            self.execute(expired.kind.delete, params_from_iter(row))?;
        }
        Ok(())
    }
}
