//! How failures of SQLite become the store's.

use rusqlite::ErrorCode;

use super::structure;
use crate::storage::StoreError;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::OperationInterrupted) => Self::TookTooLong,
            // Another program holds the write lock, for longer than the patience set at opening.
            Some(ErrorCode::DatabaseBusy) => Self::Overloaded,
            _ if structure::is_damage(&error) => Self::Damaged(Box::new(error)),
            _ => Self::Backend(Box::new(error)),
        }
    }
}

/// Whether something is the matter with what is stored: the same would be found there again.
pub(super) const fn is_damage(error: &StoreError) -> bool {
    matches!(error, StoreError::Inconsistent { .. } | StoreError::Damaged(_) | StoreError::Backend(_))
}

/// Whether SQLite has met a page that cannot be read as what it is. Of a transaction that has, it commits nothing, and
/// rolling back to a savepoint does not change that.
pub(super) const fn spoils_transaction(error: &StoreError) -> bool {
    matches!(error, StoreError::Damaged(_))
}

/// A tenant id that this store never gave out: a mistake of the calling code.
#[derive(Debug, thiserror::Error)]
#[error("no tenant has the id {0}")]
pub(super) struct UnknownTenant(pub(super) i64);

impl From<UnknownTenant> for StoreError {
    fn from(error: UnknownTenant) -> Self {
        Self::Backend(Box::new(error))
    }
}
