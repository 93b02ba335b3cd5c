//! A database as one end of a copy.

use std::error::Error;
use std::pin::pin;

use async_trait::async_trait;
use bytes::BytesMut;
use futures_util::TryStreamExt as _;
use orderhook_types::Secret;
use tokio::sync::mpsc;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, WrongType, accepts, to_sql_checked};
use tokio_postgres::{Client, Row as ClientRow};

use super::address::{self, Address};
use super::schema;
use crate::StoreError;
use crate::copy::{
    Batching, Begun, CREATE_COPYING, DROP_COPYING, INSERT_COPYING, Kind, Row, SELECT_COPYING,
    Source, TABLES, Table, Target, TargetState, Value, Written,
};

/// Held by the process that copies from the database or to it: "OrdCopy".
const COPYING: i64 = i64::from_be_bytes(*b"\0OrdCopy");
/// Every other process of ours is called `orderhook`.
const APPLICATION_NAME: &str = "orderhook copy";
/// A copy takes as long as it takes; but no longer than others it waits for locks.
const SESSION: &str = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0";
/// How often, a tenth of a second apart, is looked for other processes before they count as alive.
const LOOKS: u32 = 10;
/// Whatever the locale of the database says about the order of texts.
const BYTEWISE: &str = " COLLATE \"C\"";

/// A database that, as far as can be seen, no other process of ours uses, and to which none writes while
/// it is copied from.
pub(crate) struct CopyingDatabase {
    client: Client,
    name: String,
}

impl CopyingDatabase {
    pub(crate) async fn open_source(url: &Secret) -> Result<Self, StoreError> {
        let mut database = Self::connect(url).await?;
        schema::bring_up_to_date(&mut database.client, false).await?;
        schema::check_finished(&database.client).await?;
        database.check_no_replica().await?;
        database.lock_tables().await?;
        Ok(database)
    }

    pub(crate) async fn open_target(url: &Secret) -> Result<Self, StoreError> {
        let mut database = Self::connect(url).await?;
        schema::bring_up_to_date(&mut database.client, true).await?;
        database.check_no_replica().await?;
        Ok(database)
    }

    async fn connect(url: &Secret) -> Result<Self, StoreError> {
        let Address { mut config, tls } = address::parse(url)?;
        let options = config.get_options().unwrap_or_default();
        config.options(format!("{options} {SESSION}"));
        config.application_name(APPLICATION_NAME);
        let name = config.get_dbname().unwrap_or_default().to_owned();
        let (client, connection) = config.connect(tls).await?;
        // It ends with the client; what it has to say has been said to the client.
        drop(tokio::spawn(connection));
        let database = Self { client, name };
        let lock = "SELECT pg_advisory_lock($1)";
        let locked = database.client.execute(lock, &[&COPYING]).await;
        locked.map_err(|error| database.in_use_if_locked(error))?;
        database.check_no_session().await?;
        Ok(database)
    }

    /// Until the end nobody else can write, nor begin to deliver.
    async fn lock_tables(&self) -> Result<(), StoreError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.client.batch_execute(begin).await?;
        let mut tables: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        tables.extend(["replica", "shard", "routing"]);
        let lock = format!("LOCK TABLE {} IN SHARE MODE", tables.join(", "));
        let locked = self.client.batch_execute(&lock).await;
        locked.map_err(|error| self.in_use_if_locked(error))
    }

    /// Looks for other processes for a moment: a session ends a little later than its process.
    async fn check_no_session(&self) -> Result<(), StoreError> {
        let others = "-- check_no_session
            SELECT EXISTS (SELECT 1 FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'orderhook')";
        for _ in 0..LOOKS {
            if !self.client.query_one(others, &[]).await?.try_get(0)? {
                return Ok(());
            }
            self.client.batch_execute("SELECT pg_sleep(0.1)").await?;
        }
        Err(self.in_use())
    }

    /// A process that delivers may be alive without being connected just now.
    async fn check_no_replica(&self) -> Result<(), StoreError> {
        let alive = "-- check_no_replica
            SELECT EXISTS (SELECT 1 FROM replica WHERE expires_at > clock_timestamp())";
        if self.client.query_one(alive, &[]).await?.try_get(0)? {
            return Err(self.in_use());
        }
        Ok(())
    }

    fn in_use_if_locked(&self, error: tokio_postgres::Error) -> StoreError {
        if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) {
            self.in_use()
        } else {
            error.into()
        }
    }

    fn in_use(&self) -> StoreError {
        StoreError::InUse(self.name.clone())
    }

    async fn read_begun(&self) -> Result<Vec<Begun>, StoreError> {
        let rows = self.client.query(SELECT_COPYING, &[]).await?;
        let begun = rows.iter().map(|row| {
            Ok(Begun {
                table: row.try_get(0)?,
                rows: row.try_get(1)?,
                checksum: row.try_get(2)?,
                last_id: row.try_get(3)?,
            })
        });
        begun.collect()
    }
}

#[async_trait]
impl Source for CopyingDatabase {
    async fn read(
        &self,
        table: &'static Table,
        after: Option<Row>,
        batches: mpsc::Sender<Vec<Row>>,
    ) -> Result<(), StoreError> {
        let select = table.select(BYTEWISE, after.is_some());
        let key = after.unwrap_or_default();
        let mut rows = pin!(self.client.query_raw(&select, key).await?);
        let mut batching = Batching::default();
        while let Some(row) = rows.try_next().await? {
            if let Some(batch) = batching.add(read_row(&row)?)
                && batches.send(batch).await.is_err()
            {
                // Nobody receives them any more.
                return Ok(());
            }
        }
        if let Some(batch) = batching.rest() {
            let _ = batches.send(batch).await;
        }
        Ok(())
    }

    async fn last_id(&self, table: &'static Table) -> Result<i64, StoreError> {
        if !table.draws_ids {
            return Ok(0);
        }
        let last = format!(
            "-- last_id
            SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {}",
            sequence(table)
        );
        Ok(self.client.query_one(&last, &[]).await?.try_get(0)?)
    }
}

fn read_row(row: &ClientRow) -> Result<Row, tokio_postgres::Error> {
    (0..row.len()).map(|index| row.try_get(index)).collect()
}

/// What an identity column draws from.
fn sequence(table: &Table) -> String {
    format!("{}_{}_seq", table.name, table.columns[0].name)
}

#[async_trait]
impl Target for CopyingDatabase {
    async fn state(&self) -> Result<TargetState, StoreError> {
        if schema::is_unfinished(&self.client).await? {
            return self.read_begun().await.map(TargetState::Begun);
        }
        for table in &TABLES {
            let rows = format!("SELECT EXISTS (SELECT 1 FROM {})", table.name);
            if self.client.query_one(&rows, &[]).await?.try_get(0)? {
                return Ok(TargetState::Filled(table.name));
            }
        }
        Ok(TargetState::Empty)
    }

    async fn begin(&self, begun: Vec<Begun>) -> Result<(), StoreError> {
        // A transaction of the client's own type would need it for itself.
        self.client.batch_execute("BEGIN").await?;
        self.client.batch_execute(CREATE_COPYING).await?;
        for row in begun {
            let values: [&(dyn ToSql + Sync); 4] =
                [&row.table, &row.rows, &row.checksum, &row.last_id];
            self.client.execute(INSERT_COPYING, &values).await?;
        }
        self.client.batch_execute("COMMIT").await?;
        // Whoever opened the database before the table could be seen, can be seen now.
        let alone = self.check_no_session().await;
        if alone.is_err() {
            self.client.batch_execute(DROP_COPYING).await?;
        }
        alone
    }

    async fn written(&self, table: &'static Table) -> Result<Written, StoreError> {
        let rows = self.client.query_one(&table.count(), &[]).await?;
        let rows: i64 = rows.try_get(0)?;
        let greatest_key = table.select_greatest_key(BYTEWISE);
        let greatest_key = self.client.query_opt(&greatest_key, &[]).await?;
        Ok(Written {
            rows: rows.cast_unsigned(),
            greatest_key: greatest_key.as_ref().map(read_row).transpose()?,
        })
    }

    async fn write(&self, table: &'static Table, rows: Vec<Row>) -> Result<(), StoreError> {
        let copy = format!(
            "COPY {} ({}) FROM STDIN BINARY",
            table.name,
            table.column_names()
        );
        let types: Vec<Type> = table.columns.iter().map(|it| type_of(it.kind)).collect();
        let sink = self.client.copy_in(&copy).await?;
        // What is not finished is rolled back.
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        for row in &rows {
            check_storable(table, row)?;
            writer.as_mut().write_raw(row).await?;
        }
        writer.finish().await?;
        Ok(())
    }

    async fn set_last_id(&self, table: &'static Table, last_id: i64) -> Result<(), StoreError> {
        if !table.draws_ids {
            return Ok(());
        }
        let set = "SELECT setval($1::text::regclass, $2, $3)";
        let (value, is_drawn) = (last_id.max(1), last_id > 0);
        let values: [&(dyn ToSql + Sync); 3] = [&sequence(table), &value, &is_drawn];
        self.client.execute(set, &values).await?;
        Ok(())
    }

    async fn finish(&self) -> Result<(), StoreError> {
        // Statements are planned once, and must not be planned for tables that seem to be empty.
        let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        let analyze = format!("ANALYZE {}", names.join(", "));
        self.client.batch_execute(&analyze).await?;
        self.client.batch_execute(DROP_COPYING).await?;
        Ok(())
    }
}

fn type_of(kind: Kind) -> Type {
    match kind {
        Kind::Number => Type::INT8,
        Kind::Small => Type::INT4,
        Kind::Text => Type::TEXT,
        Kind::Bytes => Type::BYTEA,
    }
}

/// SQLite's texts can hold U+0000, and PostgreSQL's can't.
fn check_storable(table: &Table, row: &Row) -> Result<(), StoreError> {
    for (column, value) in table.columns.iter().zip(row) {
        if let Value::Text(text) = value
            && text.contains('\0')
        {
            let error = format!(
                "{}.{} holds the character U+0000, which PostgreSQL can't store, in the row {:?}",
                table.name, column.name, row[0]
            );
            return Err(StoreError::Refused(error.into()));
        }
    }
    Ok(())
}

type Converted<T> = Result<T, Box<dyn Error + Sync + Send>>;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Converted<IsNull> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Number(number) if *ty == Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
            Self::Number(number) if *ty == Type::INT8 => number.to_sql(ty, out),
            Self::Text(text) if *ty == Type::TEXT => text.to_sql(ty, out),
            Self::Bytes(bytes) if *ty == Type::BYTEA => bytes.to_sql(ty, out),
            _ => Err(WrongType::new::<Self>(ty.clone()).into()),
        }
    }

    accepts!(INT4, INT8, TEXT, BYTEA);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Converted<Self> {
        match *ty {
            Type::INT4 => i32::from_sql(ty, raw).map(|number| Self::Number(number.into())),
            Type::INT8 => i64::from_sql(ty, raw).map(Self::Number),
            Type::TEXT => String::from_sql(ty, raw).map(Self::Text),
            _ => Vec::from_sql(ty, raw).map(Self::Bytes),
        }
    }

    fn from_sql_null(_: &Type) -> Converted<Self> {
        Ok(Self::Null)
    }

    accepts!(INT4, INT8, TEXT, BYTEA);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use orderhook_test_postgres::TestDatabase;

    use super::*;

    /// What a later schema adds must be copied too, or be named here.
    #[tokio::test]
    async fn every_column_is_copied_but_what_belongs_to_processes() {
        let database = TestDatabase::create();
        let opened = CopyingDatabase::open_target(&Secret::from(database.url())).await;
        let client = opened.expect("opens").client;
        let columns = "SELECT table_name || '.' || column_name FROM information_schema.columns
            WHERE table_schema = 'orderhook' AND is_generated = 'NEVER'
                AND table_name NOT IN ('schema_version', 'replica', 'shard', 'routing')";
        let columns = client.query(columns, &[]).await.expect("reads");
        let mut columns: BTreeSet<String> = columns.iter().map(|row| row.get(0)).collect();
        assert!(columns.remove("queue.lease"));
        let copied = TABLES.iter().flat_map(|table| {
            let columns = table.columns.iter();
            columns.map(|column| format!("{}.{}", table.name, column.name))
        });
        assert_eq!(columns, copied.collect());
    }
}
