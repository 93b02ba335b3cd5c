//! Databases to copy from and to, and what is in them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use orderhook_store::copy::{CopiedTable, CopyError, Database, Progress, copy};
use orderhook_store::postgres::{Postgres, PostgresOptions};
use orderhook_store::sqlite::{Sqlite, SqliteOptions, Synchronous};
use orderhook_store::{BoxError, Key, Keyring, Randomness, StoreError};
use orderhook_test_postgres::TestDatabase;
use orderhook_types::Secret;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::Notify;

/// Bytes that never repeat, which is all that the store needs of them here.
struct Counter;

static COUNT: AtomicU64 = AtomicU64::new(0);

impl Randomness for Counter {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BoxError> {
        for chunk in bytes.chunks_mut(8) {
            let count = COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes();
            chunk.copy_from_slice(&count[..chunk.len()]);
        }
        Ok(())
    }
}

fn keyring() -> Keyring {
    Keyring::new([Key::new(1, &[1; 32])]).expect("one id")
}

/// A SQLite database in a folder of its own.
pub(crate) struct OneFile(TempDir);

impl OneFile {
    pub(crate) fn create() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("orderhook.db")
    }

    pub(crate) fn place(&self) -> Database {
        Database::Sqlite(self.path())
    }

    /// As a server does.
    pub(crate) async fn open(&self) -> Result<Sqlite, StoreError> {
        Sqlite::open(SqliteOptions {
            path: self.path(),
            keyring: keyring(),
            randomness: Arc::new(Counter),
            synchronous: Synchronous::Full,
            migrate: true,
            exclusive: true,
        })
        .await
    }

    pub(crate) fn execute(&self, sql: &str) {
        let connection = Connection::open(self.path()).expect("opens");
        connection.execute_batch(sql).expect(sql);
    }

    /// All rows of all tables, the positions of `AUTOINCREMENT` among them.
    pub(crate) fn dump(&self) -> BTreeMap<String, Vec<String>> {
        let connection = Connection::open(self.path()).expect("opens");
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table'";
        let tables = strings(&connection, tables);
        let dumped = tables.into_iter().map(|table| {
            let columns =
                format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')");
            let columns = strings(&connection, &columns).join(" || ' ' || ");
            let rows = format!("SELECT {columns} AS line FROM {table} ORDER BY line");
            let rows = strings(&connection, &rows);
            (table, rows)
        });
        dumped.collect()
    }
}

fn strings(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).expect(sql);
    let rows = statement.query_map([], |row| row.get(0)).expect(sql);
    rows.collect::<Result<_, _>>().expect("reads")
}

/// A PostgreSQL database.
pub(crate) struct OneDatabase(TestDatabase);

impl OneDatabase {
    pub(crate) fn create() -> Self {
        Self(TestDatabase::create())
    }

    pub(crate) fn place(&self) -> Database {
        Database::Postgres(Secret::from(self.0.url()))
    }

    pub(crate) async fn open(&self) -> Result<Postgres, StoreError> {
        Postgres::open(PostgresOptions {
            url: Secret::from(self.0.url()),
            keyring: keyring(),
            randomness: Arc::new(Counter),
            connections: 8.try_into().expect("is not zero"),
            migrate: true,
        })
        .await
    }

    pub(crate) async fn execute(&self, sql: &str) {
        let (client, connection) = tokio_postgres::connect(self.0.url(), tokio_postgres::NoTls)
            .await
            .expect("connects");
        let connection = tokio::spawn(connection);
        client.batch_execute(sql).await.expect(sql);
        drop(client);
        let _ = connection.await;
    }
}

/// Copies everything at once.
pub(crate) async fn copy_all(
    from: &Database,
    to: &Database,
) -> Result<Vec<CopiedTable>, CopyError> {
    copy(from, to, &mut |_| {}).await
}

/// Copies until so many batches were read or written, and gives up then. What was copied, if it was done
/// before.
pub(crate) async fn copy_some(
    from: &Database,
    to: &Database,
    batches: usize,
) -> Result<Option<Vec<CopiedTable>>, CopyError> {
    let enough = Arc::new(Notify::new());
    let mut seen = 0;
    let mut observe = |_: Progress| {
        seen += 1;
        if seen == batches {
            enough.notify_one();
        }
    };
    let copied = tokio::select! {
        biased;
        () = enough.notified() => None,
        copied = copy(from, to, &mut observe) => Some(copied),
    };
    for place in [from, to] {
        until_free(place).await;
    }
    copied.transpose()
}

/// What a copy that was given up has begun is still brought to its end.
async fn until_free(place: &Database) {
    match place {
        Database::Sqlite(path) => {
            let path = PathBuf::from(format!("{}.lock", path.display()));
            let waited = tokio::task::spawn_blocking(move || {
                let lock = std::fs::File::create(path).expect("opens");
                lock.lock()
            });
            waited.await.expect("no panic").expect("locks");
        }
        // The next one waits by itself.
        Database::Postgres(_) => {}
    }
}
