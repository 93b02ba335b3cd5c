//! A PostgreSQL database to test on.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use orderhook_store::postgres::{Postgres, PostgresOptions};
use orderhook_store::{Dispatch, Keyring, Store, StoreError};
use orderhook_test_postgres::TestDatabase;
use orderhook_types::Secret;
use tokio_postgres::{Client, NoTls};

use crate::harness::{Counter, keyring};

/// Whether a store that is open has the database to itself: then `recover` knows that whoever has
/// leased anything is gone.
pub(crate) const IS_EXCLUSIVE: bool = false;

/// How many sequences of calls are compared with the model, each of which takes a database of its own.
pub(crate) const MODEL_CASES: u32 = 16;

/// A database on the tests' server, which goes with the value.
pub(crate) struct Database(TestDatabase);

impl Database {
    pub(crate) fn create() -> Self {
        Self(TestDatabase::create())
    }

    pub(crate) async fn open(
        &self,
        keyring: Keyring,
        engine: Arc<dyn Dispatch>,
    ) -> Result<Arc<dyn Store>, StoreError> {
        let store = Postgres::open(PostgresOptions {
            keyring,
            ..self.options()
        })
        .await?;
        store.dispatch_to(engine);
        Ok(Arc::new(store))
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        PostgresOptions {
            url: Secret::from(self.0.url()),
            keyring: keyring(&[1]),
            randomness: Arc::new(Counter),
            connections: NonZeroU32::new(8).expect("is not 0"),
            migrate: true,
        }
    }

    /// Changes it behind the store's back.
    pub(crate) async fn tamper(&self, sql: &str) {
        let client = self.connect().await;
        client.batch_execute(sql).await.expect("is valid");
    }

    /// Waits until a query says that something is so.
    pub(crate) async fn until(&self, sql: &str) {
        let client = self.connect().await;
        let is_so = async {
            let mut looks = tokio::time::interval(Duration::from_millis(10));
            while !client
                .query_one(sql, &[])
                .await
                .expect(sql)
                .get::<_, bool>(0)
            {
                looks.tick().await;
            }
        };
        let patience = Duration::from_secs(30);
        tokio::time::timeout(patience, is_so).await.expect(sql);
    }

    /// The rows of all tables of ours as text, in which bytes that are text can be read.
    pub(crate) async fn dump(&self) -> String {
        let client = self.connect().await;
        let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'orderhook'";
        let tables = client.query(tables, &[]).await.expect("lists");
        client
            .batch_execute("SET bytea_output = 'escape'")
            .await
            .expect("sets");
        let mut dump = String::new();
        for table in tables {
            let table: String = table.get(0);
            let rows = format!("SELECT t::text FROM orderhook.{table} t");
            for row in client.query(&rows, &[]).await.expect("reads") {
                dump.push_str(row.get(0));
                dump.push('\n');
            }
        }
        dump
    }

    async fn connect(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(self.0.url(), NoTls)
            .await
            .expect("connects");
        // It ends when the client is dropped.
        tokio::spawn(connection);
        client
    }
}
