//! Why the store could not do what it was asked.

/// The cause of a failure, for the log.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Nothing was changed: each call of the store is done wholly or not at all.
///
/// What was not found is no error but `None` or `false`, and what may not be done is an outcome of the call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk, or what the database may use of it, is full.
    #[error("no space is left for the database")]
    Full(#[source] BoxError),
    /// The database can't be reached or answers too late; the same call can succeed later.
    #[error("the database is not available")]
    Unavailable(#[source] BoxError),
    /// More is waiting to be written than the store holds ready.
    #[error("too much is waiting to be written")]
    Overloaded,
    /// The database was written by a newer version of this program.
    #[error(
        "the database has schema version {found}, and this program knows versions up to {known}"
    )]
    SchemaTooNew {
        /// The version of the database.
        found: u32,
        /// The newest version that is known.
        known: u32,
    },
    /// The database has an older schema, and migrating it was not asked for.
    #[error("the database has schema version {found} and needs {known}: run `orderhook migrate`")]
    SchemaTooOld {
        /// The version of the database.
        found: u32,
        /// The version that is needed.
        known: u32,
    },
    /// It is a database of another program, or no database at all.
    #[error("it is no database of this program")]
    Foreign(#[source] BoxError),
    /// Another process serves from this database.
    #[error("another process uses the database {0}")]
    InUse(String),
    /// The database is a copy that was interrupted, or is being made.
    #[error("the database is an unfinished copy: run the same `orderhook copy` again")]
    Unfinished,
    /// A secret can't be read: its key is not in the keyring, or the row was changed.
    #[error("column {column} of {table} row {row} can't be decrypted with key {key_id}")]
    Sealed {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id.
        row: i64,
        /// The key that it says it was sealed with.
        key_id: u32,
    },
    /// A row does not hold what its column promises.
    #[error("column {column} of {table} row {row} can't be read")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id.
        row: i64,
    },
    /// The statement failed in a way that repeating it will not help.
    #[error("the database refused a statement")]
    Refused(#[source] BoxError),
}

impl StoreError {
    /// Whether the same call can succeed later without anyone's doing but time's or space's.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Full(_) | Self::Unavailable(_) | Self::Overloaded
        )
    }
}
