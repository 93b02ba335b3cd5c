//! A file as one end of a copy.

use std::fs::{self, File};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params_from_iter};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::{Synchronous, connection, lock, schema};
use crate::StoreError;
use crate::copy::{
    Batching, Begun, CREATE_COPYING, DROP_COPYING, INSERT_COPYING, Row, SELECT_COPYING, Source,
    TABLES, Table, Target, TargetState, Value, Written,
};

/// Texts are compared byte by byte without being told to.
const BYTEWISE: &str = "";

/// A file that nothing else serves from, nor opens for writing while it is copied from.
pub(crate) struct CopyingFile {
    open: Arc<Mutex<LockedFile>>,
}

struct LockedFile {
    connection: Connection,
    /// Let go of after the connection is closed.
    _lock: File,
}

impl CopyingFile {
    pub(crate) async fn open_source(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        in_background(move || {
            // Neither the file nor its lock is to be made.
            fs::metadata(&path).map_err(|error| StoreError::Unavailable(error.into()))?;
            let lock = lock(&path)?;
            let mut connection = connection::open_writer(&path)?;
            let found = schema::recognise(&mut connection)?;
            schema::prepare(&mut connection, found, false)?;
            // Nothing is written: it is there so that no command writes beside it.
            connection.execute_batch("BEGIN IMMEDIATE")?;
            Ok(Self::new(connection, lock))
        })
        .await
    }

    pub(crate) async fn open_target(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        in_background(move || {
            let lock = lock(&path)?;
            let mut connection = connection::open_writer(&path)?;
            let found = schema::recognise(&mut connection)?;
            connection::set_durability(&connection, Synchronous::Full)?;
            schema::bring_up_to_date(&mut connection, found, true)?;
            Ok(Self::new(connection, lock))
        })
        .await
    }

    fn new(connection: Connection, lock: File) -> Self {
        let open = LockedFile {
            connection,
            _lock: lock,
        };
        Self {
            open: Arc::new(Mutex::new(open)),
        }
    }

    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let open = Arc::clone(&self.open);
        in_background(move || {
            let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut open.connection)
        })
        .await
    }

    /// In one durable transaction.
    async fn write_in_one<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(move |connection| {
            let behavior = TransactionBehavior::Immediate;
            let transaction = connection.transaction_with_behavior(behavior)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
        .await
    }
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    spawn_blocking(work)
        .await
        .map_err(|error| StoreError::Unavailable(error.into()))?
}

#[async_trait]
impl Source for CopyingFile {
    async fn read(
        &self,
        table: &'static Table,
        after: Option<Row>,
        batches: mpsc::Sender<Vec<Row>>,
    ) -> Result<(), StoreError> {
        self.call(move |connection| read_rows(connection, table, after, &batches))
            .await
    }

    async fn last_id(&self, table: &'static Table) -> Result<i64, StoreError> {
        if !table.draws_ids {
            return Ok(0);
        }
        self.call(|connection| {
            // A table that never had a row has none here.
            let last = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
            let found = connection.query_row(last, [table.name], |row| row.get(0));
            Ok(found.optional()?.unwrap_or(0))
        })
        .await
    }
}

fn read_rows(
    connection: &Connection,
    table: &Table,
    after: Option<Row>,
    batches: &mpsc::Sender<Vec<Row>>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare(&table.select(BYTEWISE, after.is_some()))?;
    let mut rows = statement.query(params_from_iter(after.unwrap_or_default()))?;
    let mut batching = Batching::default();
    while let Some(row) = rows.next()? {
        let row = read_row(row, table.columns.len())?;
        if let Some(batch) = batching.add(row)
            && batches.blocking_send(batch).is_err()
        {
            // Nobody receives them any more.
            return Ok(());
        }
    }
    if let Some(batch) = batching.rest() {
        let _ = batches.blocking_send(batch);
    }
    Ok(())
}

fn read_row(row: &rusqlite::Row<'_>, columns: usize) -> Result<Row, rusqlite::Error> {
    (0..columns).map(|index| row.get(index)).collect()
}

#[async_trait]
impl Target for CopyingFile {
    async fn state(&self) -> Result<TargetState, StoreError> {
        self.call(|connection| {
            if schema::is_unfinished(connection)? {
                return read_begun(connection).map(TargetState::Begun);
            }
            for table in &TABLES {
                let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", table.name);
                if connection.query_row(&sql, [], |row| row.get(0))? {
                    return Ok(TargetState::Filled(table.name));
                }
            }
            Ok(TargetState::Empty)
        })
        .await
    }

    async fn begin(&self, begun: Vec<Begun>) -> Result<(), StoreError> {
        self.write_in_one(move |transaction| {
            transaction.execute(CREATE_COPYING, [])?;
            let mut insert = transaction.prepare(INSERT_COPYING)?;
            for row in begun {
                insert.execute((row.table, row.rows, row.checksum, row.last_id))?;
            }
            Ok(())
        })
        .await
    }

    async fn written(&self, table: &'static Table) -> Result<Written, StoreError> {
        self.call(|connection| {
            let rows: i64 = connection.query_row(&table.count(), [], |row| row.get(0))?;
            let mut statement = connection.prepare(&table.select_greatest_key(BYTEWISE))?;
            let columns = statement.column_count();
            let greatest_key = statement.query_row([], |row| read_row(row, columns));
            Ok(Written {
                rows: rows.cast_unsigned(),
                greatest_key: greatest_key.optional()?,
            })
        })
        .await
    }

    async fn write(&self, table: &'static Table, rows: Vec<Row>) -> Result<(), StoreError> {
        self.write_in_one(move |transaction| {
            let places = vec!["?"; table.columns.len()].join(", ");
            let mut insert = transaction.prepare_cached(&format!(
                "-- copy {name}\nINSERT INTO {name} ({columns}) VALUES ({places})",
                name = table.name,
                columns = table.column_names(),
            ))?;
            for row in &rows {
                insert.execute(params_from_iter(row))?;
            }
            Ok(())
        })
        .await
    }

    async fn set_last_id(&self, table: &'static Table, last_id: i64) -> Result<(), StoreError> {
        if !table.draws_ids {
            return Ok(());
        }
        self.write_in_one(move |transaction| {
            let forget = "DELETE FROM sqlite_sequence WHERE name = ?1";
            transaction.execute(forget, [table.name])?;
            if last_id > 0 {
                let set = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
                transaction.execute(set, (table.name, last_id))?;
            }
            Ok(())
        })
        .await
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.write_in_one(|transaction| {
            transaction.execute(DROP_COPYING, [])?;
            Ok(())
        })
        .await
    }
}

fn read_begun(connection: &Connection) -> Result<Vec<Begun>, StoreError> {
    let mut statement = connection.prepare(SELECT_COPYING)?;
    let rows = statement.query_map([], |row| {
        Ok(Begun {
            table: row.get(0)?,
            rows: row.get(1)?,
            checksum: row.get(2)?,
            last_id: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Number(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl FromSql for Value {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Null => Ok(Self::Null),
            ValueRef::Integer(number) => Ok(Self::Number(number)),
            ValueRef::Text(_) => value.as_str().map(|text| Self::Text(text.to_owned())),
            ValueRef::Blob(bytes) => Ok(Self::Bytes(bytes.to_owned())),
            ValueRef::Real(_) => Err(FromSqlError::InvalidType),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tempfile::TempDir;

    use super::*;

    /// What a later schema adds must be copied too, or be named here.
    #[test]
    fn every_column_is_copied_but_leases() {
        let folder = TempDir::new().expect("a folder");
        let mut connection = connection::open_writer(&folder.path().join("a.db")).expect("opens");
        schema::prepare(&mut connection, 0, true).expect("is made");
        let sql = "SELECT t.name || '.' || c.name
            FROM pragma_table_list t JOIN pragma_table_info(t.name) c
            WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
        let mut statement = connection.prepare(sql).expect("is SQL");
        let columns = statement.query_map([], |row| row.get(0)).expect("reads");
        let mut columns: BTreeSet<String> = columns.collect::<Result<_, _>>().expect("reads");
        assert!(columns.remove("queue.lease"));
        let copied = TABLES.iter().flat_map(|table| {
            let columns = table.columns.iter();
            columns.map(|column| format!("{}.{}", table.name, column.name))
        });
        assert_eq!(columns, copied.collect());
    }
}
