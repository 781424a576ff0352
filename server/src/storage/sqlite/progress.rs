//! How far long work over a whole database is: what the commands of an operator tell meanwhile.

use std::sync::Arc;

/// Where long work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes of a database are copied.
    Copied {
        /// Bytes.
        done: u64,
        /// All there are.
        total: u64,
    },
    /// SQLite walks through the structure of a database. It does not say how far it is.
    CheckingStructure,
    /// It is looked for rows that name others which are not there.
    CheckingReferences,
    /// So many rows were compared with their checksums.
    Verified {
        /// Rows.
        done: u64,
        /// About how many there are.
        total: u64,
    },
}

/// Is told of progress, far more often than a person wants to read.
pub type Tell = Arc<dyn Fn(Progress) + Send + Sync>;
