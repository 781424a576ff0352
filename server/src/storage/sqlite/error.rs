//! How failures of SQLite become the store's.

use rusqlite::ErrorCode;

use super::structure;
use crate::storage::StoreError;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::OperationInterrupted) => Self::TookTooLong,
            Some(ErrorCode::DatabaseBusy) => Self::Locked,
            _ if structure::is_damage(&error) || is_no_value(&error) => Self::Damaged(Box::new(error)),
            _ => Self::Backend(Box::new(error)),
        }
    }
}

/// Whether a row holds what its column cannot: each table is `STRICT`, so nobody wrote that.
pub(super) const fn is_no_value(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    matches!(
        error,
        FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..)
    )
}

/// Whether something is the matter with what is stored: the same would be found there again. Not if only the disk, or the
/// memory, did not answer for a moment.
pub(super) fn is_damage(error: &StoreError) -> bool {
    match error {
        StoreError::Inconsistent { .. } | StoreError::Damaged(_) => true,
        StoreError::Backend(source) => !source.downcast_ref().is_some_and(is_of_a_moment),
        _ => false,
    }
}

fn is_of_a_moment(error: &rusqlite::Error) -> bool {
    use ErrorCode::{CannotOpen, FileLockingProtocolFailed, OutOfMemory, SystemIoFailure};
    matches!(
        error.sqlite_error_code(),
        Some(CannotOpen | FileLockingProtocolFailed | OutOfMemory | SystemIoFailure)
    )
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
