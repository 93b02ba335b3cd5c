//! The pool of connections, and how long a call may take.

use std::future::Future;
use std::num::NonZeroU32;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    ClientWrapper, Manager, ManagerConfig, Object, RecyclingMethod, Runtime, Timeouts,
};

use futures_util::future::join4;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use super::address::Address;
use super::errors::{is_conflict, too_late};
use crate::StoreError;

/// How long a call may take. A server that is stopped answers nothing, not even that a statement took
/// too long, so it is us who stop waiting; whether the call was done is not known then.
pub(super) const DEADLINE: Duration = Duration::from_secs(4);
/// The fewest connections that everything works with: the lanes must never starve the readers.
const LEAST_CONNECTIONS: u32 = 8;
/// How often a transaction that another got in the way of is tried.
const TRIES: u32 = 5;

#[derive(Clone)]
pub(super) struct Pool(deadpool_postgres::Pool);

impl Pool {
    /// Connects to nothing yet.
    pub(super) fn new(address: &Address, connections: NonZeroU32) -> Self {
        let manager = Manager::from_config(
            address.config.clone(),
            address.tls.clone(),
            // Whether a connection still works is seen when it is used.
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let size = connections.get().max(LEAST_CONNECTIONS);
        let pool = deadpool_postgres::Pool::builder(manager)
            .max_size(usize::try_from(size).unwrap_or(usize::MAX))
            .timeouts(Timeouts {
                wait: Some(DEADLINE),
                create: Some(DEADLINE),
                recycle: Some(DEADLINE),
            })
            .runtime(Runtime::Tokio1)
            .build();
        Self(pool.expect("a runtime is named, which is all that can be missing"))
    }

    /// Does `work` on a connection, statement by statement.
    pub(super) async fn run<T, F>(
        &self,
        work: impl FnOnce(Arc<Connection>) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        within(DEADLINE, async {
            let connection = Arc::new(self.connection().await?);
            let value = work(Arc::clone(&connection)).await?;
            if let Some(connection) = Arc::into_inner(connection) {
                connection.release();
            }
            Ok(value)
        })
        .await
    }

    pub(super) async fn connection(&self) -> Result<Connection, StoreError> {
        Ok(Connection(Some(self.0.get().await?)))
    }

    /// Does `work` in a transaction, once more if another transaction got in its way, and returns when
    /// that is durable.
    ///
    /// `work` may be run more than once, each time on a database as if never before.
    pub(super) async fn transact<T, F>(
        &self,
        work: impl Fn(Arc<Transaction>) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        within(DEADLINE, async {
            let mut tries = 1;
            loop {
                let done = self.transact_once(&work).await;
                match done {
                    Err(error) if tries < TRIES && is_conflict(&error) => tries += 1,
                    done => return done,
                }
            }
        })
        .await
    }

    async fn transact_once<T, F>(
        &self,
        work: impl Fn(Arc<Transaction>) -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let connection = self.connection().await?;
        connection.batch_execute("BEGIN").await?;
        let transaction = Arc::new(Transaction(connection));
        // If it fails, the connection is closed, and the database rolls back.
        let value = work(Arc::clone(&transaction)).await?;
        transaction.batch_execute("COMMIT").await?;
        if let Some(transaction) = Arc::into_inner(transaction) {
            transaction.0.release();
        }
        Ok(value)
    }

    pub(super) fn close(&self) {
        self.0.close();
    }
}

/// Waits for a call no longer than anyone would.
pub(super) async fn within<T>(
    deadline: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(deadline, call)
        .await
        .unwrap_or_else(|_| Err(too_late()))
}

/// A connection on which a transaction has begun; who began it ends it.
pub(super) struct Transaction(Connection);

impl Deref for Transaction {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        &self.0
    }
}

/// A connection that goes back to the pool by [`release`](Self::release) alone. If a call fails or is
/// given up in the middle, nobody knows what its connection still waits for, and it is closed.
pub(super) struct Connection(Option<Object>);

/// A statement and its parameters.
pub(super) type Query<'a> = (&'a Statement, &'a [&'a (dyn ToSql + Sync)]);

impl Connection {
    /// Runs a statement after one that takes locks, in one transaction: a statement sees what was
    /// durable when it began. All of it is sent at once.
    pub(super) async fn query_locked(
        &self,
        lock: Query<'_>,
        query: Query<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        let (began, locked, rows, committed) = join4(
            self.batch_execute("BEGIN"),
            self.query(lock.0, lock.1),
            self.query(query.0, query.1),
            self.batch_execute("COMMIT"),
        )
        .await;
        // The first to fail says why; what comes after it fails because of that.
        began?;
        locked?;
        let rows = rows?;
        committed?;
        Ok(rows)
    }

    pub(super) fn release(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

impl Deref for Connection {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        self.0.as_deref().expect("there until it is released")
    }
}
