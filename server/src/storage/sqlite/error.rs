//! How failures of SQLite become the store's.

use rusqlite::ErrorCode;

use crate::storage::StoreError;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::OperationInterrupted) => Self::TookTooLong,
            // Another program holds the write lock, for longer than the patience set at opening.
            Some(ErrorCode::DatabaseBusy) => Self::Overloaded,
            _ => Self::Backend(Box::new(error)),
        }
    }
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
