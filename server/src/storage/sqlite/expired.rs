//! What a tenant has beside its history and keeps as long: counts, what old versions of webhooks sent, and replays that are
//! over. A reader looks through all webhooks of a tenant for what is old; the writer deletes the rows that were found.
//!
//! A delivery is kept from its end on, and tells of each attempt what that sent: its first may have been made by a version
//! that was replaced long before. So a version is kept for as long more as a delivery may take.

use core::time::Duration;

use rusqlite::{Connection, params};

use super::error::is_damage;
use super::transaction::Transaction;
use crate::causes::causes;
use crate::domain::{RetryPolicy, TenantId, Timestamp};
use crate::storage::StoreError;

/// How long a delivery may take, and a day in which its last attempt may end or the server not run.
const UNTIL_ENDED: Duration = RetryPolicy::MAX_AGE.saturating_add(Duration::from_secs(24 * 60 * 60));

/// A row of a table that belongs to a webhook: the webhook, and when or which.
type OfWebhook = [i64; 2];

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

/// What a reader has found. None of it changes any more, so it is not looked at again.
pub(super) struct Expired {
    stats: Vec<OfWebhook>,
    versions: Vec<OfWebhook>,
    replays: Vec<i64>,
}

impl Expired {
    fn rows(&self) -> usize {
        self.stats.len() + self.versions.len() + self.replays.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// Whether there may be more than so many rows.
    pub(super) fn is_full(&self, limit: u32) -> bool {
        self.rows() >= usize::try_from(limit).unwrap_or(usize::MAX)
    }
}

/// Looks for what a tenant has from before a time; for so many rows.
pub(super) fn look(
    sql: &Connection,
    tenant: TenantId,
    before: Timestamp,
    limit: u32,
) -> Result<Expired, StoreError> {
    let versions_before = before.saturating_sub(UNTIL_ENDED).unwrap_or(Timestamp::MIN).as_microsecond();
    let (tenant, before, mut room) =
        (tenant.get(), before.as_microsecond(), usize::try_from(limit).unwrap_or(0));
    let mut of_webhooks = |statement, before: i64| {
        let most = i64::try_from(room).unwrap_or(i64::MAX);
        let mut statement = sql.prepare_cached(statement)?;
        let rows =
            statement.query_map(params![tenant, before, most], |row| Ok([row.get(0)?, row.get(1)?]))?;
        let rows = rows.collect::<Result<Vec<OfWebhook>, _>>()?;
        room -= rows.len();
        Ok::<_, StoreError>(rows)
    };
    let stats = or_kept("counts", of_webhooks(OLD_STATS, before))?;
    let versions = or_kept("old versions of webhooks", of_webhooks(OLD_VERSIONS, versions_before))?;
    let replays = || {
        let most = i64::try_from(room).unwrap_or(i64::MAX);
        let mut statement = sql.prepare_cached(OLD_REPLAYS)?;
        let replays = statement.query_map(params![tenant, before, most], |row| row.get(0))?;
        Ok(replays.collect::<Result<_, _>>()?)
    };
    Ok(Expired { stats, versions, replays: or_kept("replays", replays())? })
}

/// Nothing, where that stands on a damaged page.
fn or_kept<Row>(what: &str, found: Result<Vec<Row>, StoreError>) -> Result<Vec<Row>, StoreError> {
    match found {
        Err(error) if is_damage(&error) => {
            let error = causes(&error);
            tracing::error!(what, error, "what has expired cannot be read and is kept");
            Ok(Vec::new())
        }
        found => found,
    }
}

impl Transaction<'_> {
    /// Deletes what a reader has found.
    pub(super) fn forget(&mut self, expired: &Expired) -> Result<(), StoreError> {
        let Expired { stats, versions, replays } = expired;
        for row in stats {
            self.execute(DELETE_STATS, *row)?;
        }
        for row in versions {
            self.execute(DELETE_VERSION, *row)?;
        }
        for replay in replays {
            self.execute(DELETE_REPLAY, [*replay])?;
        }
        Ok(())
    }
}
