//! SQLite: one file, one writer.
//!
//! One thread owns the connection that writes, and commits many calls at once (`writer`); a few
//! threads read beside it (`readers`). WAL with `synchronous=FULL`: what a call returned
//! survives the loss of power. One process serves from a file; commands may read and write it
//! meanwhile.
//!
//! A file of SQL for each trait, under the trait's name; what several of them need is beside them.

mod access;
mod batch;
mod cancelling;
mod claims;
mod columns;
mod commits;
mod connection;
mod copying;
mod endpoints;
mod errors;
mod file;
mod history;
mod idempotency;
#[cfg(test)]
mod plans;
mod publishing;
mod queue;
mod readers;
mod replays;
mod rows;
mod schema;
mod secrets;
mod targets;
mod upkeep;
mod webhooks;
mod writer;

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::callers::Callers;
use crate::handover::Engine;
use crate::vault::Vault;
use crate::{Dispatch, Keyring, Randomness, StoreError};
pub(crate) use copying::CopyingFile;
use file::OpenFile;
use readers::Readers;
use writer::Writer;

/// When a commit counts as done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// When the disk has it.
    #[default]
    Full,
    /// When the operating system has it: the loss of power loses acknowledged events. It is there so
    /// that a test of the loss of power can show that it sees any.
    Normal,
}

/// What a database is opened with.
#[derive(Clone)]
pub struct SqliteOptions {
    /// The file; made where there is none.
    pub path: PathBuf,
    /// The keys of the secrets in it.
    pub keyring: Keyring,
    /// Where nonces and leases come from.
    pub randomness: Arc<dyn Randomness>,
    /// When a commit counts as done.
    pub synchronous: Synchronous,
    /// Whether an older schema, or an empty file, is brought up to date; else it is refused.
    pub migrate: bool,
    /// Whether no other process may serve from the file, by a lock on `<path>.lock`. Commands that
    /// only read or write rows beside the server go without.
    pub exclusive: bool,
}

impl fmt::Debug for SqliteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteOptions")
            .field("path", &self.path)
            .field("synchronous", &self.synchronous)
            .field("migrate", &self.migrate)
            .field("exclusive", &self.exclusive)
            .finish_non_exhaustive()
    }
}

/// A store in one file.
///
/// Without [`dispatch_to`](Self::dispatch_to), as in a command, new deliveries wait in the queue.
pub struct Sqlite {
    writer: Writer,
    readers: Readers,
    vault: Vault,
    callers: Callers,
    engine: Engine,
    file: OpenFile,
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Opens a database, and makes or migrates it where `options` says so.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another process serves from it, [`StoreError::Foreign`] if it is no
    /// database of ours, [`StoreError::SchemaTooNew`] and [`StoreError::SchemaTooOld`],
    /// [`StoreError::Sealed`] if the keyring lacks the key of a secret, and whatever the disk says.
    pub async fn open(options: SqliteOptions) -> Result<Self, StoreError> {
        spawn_blocking(move || Self::open_blocking(options))
            .await
            .map_err(|error| StoreError::Unavailable(error.into()))?
    }

    fn open_blocking(options: SqliteOptions) -> Result<Self, StoreError> {
        if !options.migrate && !options.path.exists() {
            return Err(schema::too_old(0));
        }
        let lock = if options.exclusive {
            Some(lock(&options.path)?)
        } else {
            None
        };
        let vault = Vault::new(options.keyring, options.randomness);
        let mut connection = connection::open_writer(&options.path)?;
        // Before anything is changed: it may be another program's file.
        let found = schema::recognise(&mut connection)?;
        connection::set_durability(&connection, options.synchronous)?;
        schema::prepare(&mut connection, found, options.migrate)?;
        secrets::check_keys(&connection, &vault)?;
        let engine = Engine::default();
        let file = OpenFile::of(&options.path)?;
        let readers = Readers::start(&options.path)?;
        Ok(Self {
            writer: Writer::start(connection, vault.clone(), engine.clone(), lock)?,
            readers,
            vault,
            callers: Callers::default(),
            engine,
            file,
        })
    }

    /// Names the engine that new deliveries are handed over to, until [`close`](crate::Upkeep::close).
    ///
    /// It comes after [`open`](Self::open), because an engine is built on an open store.
    pub fn dispatch_to(&self, dispatch: Arc<dyn Dispatch>) {
        self.engine.set(Some(dispatch));
    }
}

fn lock(database: &Path) -> Result<File, StoreError> {
    let mut path = OsString::from(database);
    path.push(".lock");
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|error| StoreError::Unavailable(error.into()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(database.display().to_string())),
        Err(TryLockError::Error(error)) => Err(StoreError::Unavailable(error.into())),
    }
}
