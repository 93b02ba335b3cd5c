//! A SQLite database to test on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use orderhook_store::sqlite::{Sqlite, SqliteOptions, Synchronous};
use orderhook_store::{Dispatch, Keyring, Store, StoreError};
use tempfile::TempDir;

use crate::harness::{Counter, keyring};

/// Whether a store that is open has the database to itself: then `recover` knows that whoever has
/// leased anything is gone.
pub(crate) const IS_EXCLUSIVE: bool = true;

/// How many sequences of calls are compared with the model.
pub(crate) const MODEL_CASES: u32 = 48;

/// A file in a folder of its own, which goes with the value.
pub(crate) struct Database(TempDir);

impl Database {
    pub(crate) fn create() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub(crate) async fn open(
        &self,
        keyring: Keyring,
        engine: Arc<dyn Dispatch>,
    ) -> Result<Arc<dyn Store>, StoreError> {
        let store = Sqlite::open(SqliteOptions {
            keyring,
            ..options(&self.path())
        })
        .await?;
        store.dispatch_to(engine);
        Ok(Arc::new(store))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("orderhook.db")
    }
}

pub(crate) fn options(path: &Path) -> SqliteOptions {
    SqliteOptions {
        path: path.to_owned(),
        keyring: keyring(&[1]),
        randomness: Arc::new(Counter),
        synchronous: Synchronous::Full,
        migrate: true,
        exclusive: false,
    }
}
