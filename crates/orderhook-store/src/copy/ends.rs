//! The two ends of a copy. As long as one of them is there, nothing else uses its database.

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::CopiedTable;
use super::rows::Row;
use super::tables::Table;
use crate::StoreError;

/// A database that can be read.
#[async_trait]
pub(crate) trait Source: Send + Sync {
    /// Sends the rows of a table, all or those after a key, in the order of the key.
    ///
    /// It is done early if nobody receives any more.
    async fn read(
        &self,
        table: &'static Table,
        after: Option<Row>,
        batches: mpsc::Sender<Vec<Row>>,
    ) -> Result<(), StoreError>;

    /// The greatest id that was ever drawn for a row of the table; 0 if none was.
    async fn last_id(&self, table: &'static Table) -> Result<i64, StoreError>;
}

/// What a database is to whoever wants to copy into it.
pub(crate) enum TargetState {
    Empty,
    /// This table has rows.
    Filled(&'static str),
    /// A copy was begun, of a database that had this.
    Begun(Vec<Begun>),
}

/// A row of `copying`: what the source had when the copy was begun.
///
/// The table `copying` is there from the beginning of a copy to its end, and nothing but a copy opens
/// a database that has it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Begun {
    pub(crate) table: String,
    pub(crate) rows: i64,
    pub(crate) checksum: i64,
    pub(crate) last_id: i64,
}

impl From<&CopiedTable> for Begun {
    fn from(table: &CopiedTable) -> Self {
        Self {
            table: table.table.to_owned(),
            rows: table.rows.cast_signed(),
            checksum: table.checksum.cast_signed(),
            last_id: table.last_id,
        }
    }
}

/// The rows of a table that are in the target.
pub(crate) struct Written {
    pub(crate) rows: u64,
    /// The key of the last one.
    pub(crate) greatest_key: Option<Row>,
}

/// Both dialects understand it.
pub(crate) const CREATE_COPYING: &str = "CREATE TABLE copying (
    table_name TEXT   PRIMARY KEY,
    row_count  BIGINT NOT NULL,
    checksum   BIGINT NOT NULL, -- as the signed number of the same bits
    last_id    BIGINT NOT NULL  -- the greatest id ever drawn; 0 if none was
)";
pub(crate) const INSERT_COPYING: &str = "INSERT INTO copying VALUES ($1, $2, $3, $4)";
pub(crate) const SELECT_COPYING: &str =
    "SELECT table_name, row_count, checksum, last_id FROM copying";
pub(crate) const DROP_COPYING: &str = "DROP TABLE copying";

/// A database that can be written.
#[async_trait]
pub(crate) trait Target: Source {
    async fn state(&self) -> Result<TargetState, StoreError>;

    /// Makes `copying`: from here on the database is a copy that is not finished.
    async fn begin(&self, begun: Vec<Begun>) -> Result<(), StoreError>;

    /// What a table has from a copy that was interrupted.
    async fn written(&self, table: &'static Table) -> Result<Written, StoreError>;

    /// Writes rows, all or none of them, durably.
    async fn write(&self, table: &'static Table, rows: Vec<Row>) -> Result<(), StoreError>;

    /// Sees to it that the next id that is drawn is greater than `last_id`.
    async fn set_last_id(&self, table: &'static Table, last_id: i64) -> Result<(), StoreError>;

    /// Drops `copying`: from here on the database is like any other.
    async fn finish(&self) -> Result<(), StoreError>;
}
