//! Moves everything from one database into another, of the same kind or of another.
//!
//! The source is read once for the number and the checksum of each table's rows, which are written into
//! the target as the table `copying`: from then on the target is an unfinished copy, which nothing else
//! opens. Then the rows are copied in batches, in the order of their keys, each batch a transaction of
//! its own; a copy that was interrupted goes on after the greatest key that the target has, if the
//! source is still what it was when the copy was begun. At the end the target is read in the same way:
//! it must have the same numbers and checksums. Only then `copying` is dropped.
//!
//! Nothing else may use the two databases meanwhile; what can be locked is locked. Secrets are bound to
//! their table, column and row, all of which stay as they are: they are copied sealed, and no key is
//! needed. Leases are ended, and their deliveries are due at once; what was attempted when its server
//! was killed may therefore be delivered again, as after every restart.

mod ends;
mod error;
mod rows;
mod tables;

use std::path::PathBuf;

use orderhook_types::Secret;
use tokio::sync::mpsc;

use crate::StoreError;
use crate::postgres::CopyingDatabase;
use crate::sqlite::CopyingFile;
pub(crate) use ends::{
    Begun, CREATE_COPYING, DROP_COPYING, INSERT_COPYING, SELECT_COPYING, Source, Target,
    TargetState, Written,
};
pub use error::CopyError;
use rows::Tally;
pub(crate) use rows::{Batching, Row, Value};
pub(crate) use tables::{Kind, TABLES, Table};

/// Batches that are read before the one that is written is done.
const BATCHES_AHEAD: usize = 2;

/// A database, by its place.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// The URL of a PostgreSQL database, as in [`PostgresOptions`](crate::postgres::PostgresOptions).
    Postgres(Secret),
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is done now.
    pub phase: Phase,
    /// The table that it is done with.
    pub table: &'static str,
    /// The rows that it is done with so far.
    pub rows: u64,
    /// All rows of the table; they are not known while they are counted.
    pub total: Option<u64>,
}

/// The parts of a copy, in their order. Each goes through all tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The source is read.
    Counting,
    /// Rows are copied.
    Copying,
    /// The target is read and compared.
    Verifying,
}

/// A table that is the same in both databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopiedTable {
    /// Its name.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
    /// Of the rows, in whatever order they are: the sum, modulo 2^64, of the first 64 bits of the
    /// SHA-256 of each.
    pub checksum: u64,
    /// The greatest id that was ever drawn for a row of it; 0 where none was, or rows have the ids of
    /// others.
    pub last_id: i64,
}

/// Copies everything, or goes on with a copy that was interrupted, and tells `observe` after each batch
/// how far it is.
///
/// It may be given up at any time: the same call goes on from there. The target is made or migrated
/// where that is needed, the source is not.
///
/// # Errors
/// [`CopyError::Source`] and [`CopyError::Target`] with [`StoreError::InUse`]
/// if another process uses the database, and with whatever else a database can have;
/// [`CopyError::NotEmpty`] and [`CopyError::OtherSource`] if the target is no place for this copy; and
/// [`CopyError::Differs`] if the copy is not like the source.
pub async fn copy(
    from: &Database,
    to: &Database,
    observe: &mut (dyn FnMut(Progress) + Send),
) -> Result<Vec<CopiedTable>, CopyError> {
    let source = open_source(from).await?;
    let target = open_target(to).await?;
    let state = target.state().await.map_err(CopyError::Target)?;
    if let TargetState::Filled(table) = state {
        return Err(CopyError::NotEmpty(table));
    }
    let mut tables = Vec::new();
    for table in &TABLES {
        let counted = survey(&*source, table, Phase::Counting, None, observe).await;
        tables.push(counted.map_err(CopyError::Source)?);
    }
    begin(&*target, state, &tables).await?;
    for (table, expected) in TABLES.iter().zip(&tables) {
        copy_rows(&*source, &*target, table, expected.rows, observe).await?;
        let set = target.set_last_id(table, expected.last_id).await;
        set.map_err(CopyError::Target)?;
    }
    for (table, expected) in TABLES.iter().zip(&tables) {
        verify(&*target, table, expected, observe).await?;
    }
    target.finish().await.map_err(CopyError::Target)?;
    Ok(tables)
}

async fn open_source(database: &Database) -> Result<Box<dyn Source>, CopyError> {
    let opened: Result<Box<dyn Source>, _> = match database {
        Database::Sqlite(path) => CopyingFile::open_source(path)
            .await
            .map(|file| Box::new(file) as _),
        Database::Postgres(url) => CopyingDatabase::open_source(url)
            .await
            .map(|database| Box::new(database) as _),
    };
    opened.map_err(CopyError::Source)
}

async fn open_target(database: &Database) -> Result<Box<dyn Target>, CopyError> {
    let opened: Result<Box<dyn Target>, _> = match database {
        Database::Sqlite(path) => CopyingFile::open_target(path)
            .await
            .map(|file| Box::new(file) as _),
        Database::Postgres(url) => CopyingDatabase::open_target(url)
            .await
            .map(|database| Box::new(database) as _),
    };
    opened.map_err(CopyError::Target)
}

/// Begins a copy in an empty database, or finds that the one that was begun there is this one.
async fn begin(
    target: &dyn Target,
    state: TargetState,
    tables: &[CopiedTable],
) -> Result<(), CopyError> {
    let mut expected: Vec<Begun> = tables.iter().map(Begun::from).collect();
    match state {
        TargetState::Empty => target.begin(expected).await.map_err(CopyError::Target),
        TargetState::Filled(table) => Err(CopyError::NotEmpty(table)),
        TargetState::Begun(mut begun) => {
            begun.sort_unstable();
            expected.sort_unstable();
            let same = begun == expected;
            same.then_some(()).ok_or(CopyError::OtherSource)
        }
    }
}

/// Reads all of a table.
async fn survey(
    source: &(impl Source + ?Sized),
    table: &'static Table,
    phase: Phase,
    total: Option<u64>,
    observe: &mut (dyn FnMut(Progress) + Send),
) -> Result<CopiedTable, StoreError> {
    let (sender, mut batches) = mpsc::channel::<Vec<Row>>(BATCHES_AHEAD);
    let sum = async {
        let mut tally = Tally::default();
        while let Some(batch) = batches.recv().await {
            batch.iter().for_each(|row| tally.add(row));
            observe(Progress {
                phase,
                table: table.name,
                rows: tally.rows,
                total,
            });
        }
        Ok(tally)
    };
    let ((), tally) = tokio::try_join!(source.read(table, None, sender), sum)?;
    Ok(CopiedTable {
        table: table.name,
        rows: tally.rows,
        checksum: tally.checksum,
        last_id: source.last_id(table).await?,
    })
}

/// Copies what the target does not have yet of a table.
async fn copy_rows(
    source: &dyn Source,
    target: &dyn Target,
    table: &'static Table,
    total: u64,
    observe: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), CopyError> {
    let written = target.written(table).await;
    let written = written.map_err(CopyError::Target)?;
    let (sender, mut batches) = mpsc::channel::<Vec<Row>>(BATCHES_AHEAD);
    let read = async {
        let read = source.read(table, written.greatest_key, sender).await;
        read.map_err(CopyError::Source)
    };
    let write = async {
        let mut rows = written.rows;
        while let Some(batch) = batches.recv().await {
            rows += batch.len() as u64;
            let written = target.write(table, batch).await;
            written.map_err(CopyError::Target)?;
            observe(Progress {
                phase: Phase::Copying,
                table: table.name,
                rows,
                total: Some(total),
            });
        }
        Ok(())
    };
    tokio::try_join!(read, write)?;
    Ok(())
}

async fn verify(
    target: &dyn Target,
    table: &'static Table,
    expected: &CopiedTable,
    observe: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), CopyError> {
    let total = Some(expected.rows);
    let found = survey(target, table, Phase::Verifying, total, observe).await;
    let found = found.map_err(CopyError::Target)?;
    if found == *expected {
        return Ok(());
    }
    Err(CopyError::Differs {
        table: table.name,
        rows: expected.rows,
        copied: found.rows,
    })
}
