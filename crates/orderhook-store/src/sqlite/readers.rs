//! Connections that only read.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::connection::open_reader;
use super::errors::closed;
use crate::StoreError;

/// More would only wait for the same processor, and each keeps pages of its own.
const MAX_READERS: usize = 4;

/// A small pool; connections are opened when they are wanted first.
#[derive(Clone)]
pub(super) struct Readers(Arc<Pool>);

struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(Arc::new(Pool {
            path,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(MAX_READERS)),
        }))
    }

    /// Runs `work` on one state of the database, on a thread that may block.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let pool = Arc::clone(&self.0);
        let permits = Arc::clone(&pool.permits);
        let permit = permits.acquire_owned().await.map_err(|_| closed())?;
        let read = spawn_blocking(move || {
            // Held to the end of the work, not of the wait for it: a caller may go away.
            let _permit = permit;
            pool.read(work)
        });
        read.await.map_err(|_| closed())?
    }

    /// Refuses what comes later, and closes all that is idle.
    pub(super) fn close(&self) {
        self.0.permits.close();
        self.0.idle().clear();
    }
}

impl Pool {
    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        let transaction = connection.unchecked_transaction()?;
        let value = work(&transaction)?;
        drop(transaction);
        self.idle().push(connection);
        Ok(value)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
