//! What the rest of the server asks of a store about the audit log.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{AuditEntry, AuditQuery, AuditRecord, Timestamp};

/// A log that is only ever added to, at its end; its old end is cut off.
#[async_trait]
pub trait AuditLog: Send + Sync + 'static {
    /// Adds an entry.
    async fn record_audit(&self, entry: AuditEntry) -> Result<(), StoreError>;

    /// Entries, newest first.
    async fn audit(&self, query: AuditQuery) -> Result<Vec<AuditRecord>, StoreError>;

    /// Deletes entries from before this time, oldest first, at most `limit`. Returns how many it deleted.
    async fn prune_audit(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
