//! Why a database could not be copied.

use crate::StoreError;

/// What was copied until then stays, and the same copy can go on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The database that is copied from can't be used.
    #[error("the database that is copied from")]
    Source(#[source] StoreError),
    /// The database that is copied to can't be used.
    #[error("the database that is copied to")]
    Target(#[source] StoreError),
    /// The database that is copied to has data of its own. Nothing was changed.
    #[error("the database that is copied to is not empty: it has rows in table {0}")]
    NotEmpty(&'static str),
    /// The database that is copied to has part of another copy. Nothing was changed.
    #[error(
        "the database that is copied to has part of a copy of another database, or of this one \
         before it changed: empty it, and begin again"
    )]
    OtherSource,
    /// What was written is not what was read. Nothing serves from the copy as it is.
    #[error(
        "table {table} differs in the copy ({copied} rows, {rows} in the database that was copied \
         from): empty the copy, and begin again"
    )]
    Differs {
        /// The table.
        table: &'static str,
        /// Its rows in the database that is copied from.
        rows: u64,
        /// Its rows in the copy. If they are as many, the checksums or the last ids differ.
        copied: u64,
    },
}
