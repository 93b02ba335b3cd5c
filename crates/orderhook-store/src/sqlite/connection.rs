//! Connections, and how they are set up.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::Synchronous;
use crate::StoreError;

/// How long another process, such as a command beside the server, may hold the lock.
const BUSY: Duration = Duration::from_secs(5);
/// Enough for every statement that there is.
const STATEMENTS: usize = 128;
/// At 4 KiB a page: 16 MiB of log between checkpoints, then it is written from its start again.
const CHECKPOINT_PAGES: u32 = 4000;

pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    create(path)?;
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    // In KiB if negative. The hot pages are the right edges of tables and indexes, and the queue.
    connection.pragma_update(None, "cache_size", -16_000)?;
    Ok(connection)
}

/// Says when a commit is done. The first of the two is written into the file.
///
/// # Errors
/// [`StoreError::Refused`] where there can be no write-ahead log: without it, readers stop the writer.
pub(super) fn set_durability(
    connection: &Connection,
    synchronous: Synchronous,
) -> Result<(), StoreError> {
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        let error = format!("the log can't be `wal` where the database is: it stays `{mode}`");
        return Err(StoreError::Refused(error.into()));
    }
    let synchronous = match synchronous {
        Synchronous::Full => "full",
        Synchronous::Normal => "normal",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    Ok(())
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Opened for writing all the same: a reader that is the first to come must recover the log.
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -2_000)?;
    Ok(connection)
}

fn open(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    // One thread at a time uses a connection, so SQLite need not lock.
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "temp_store", "memory")?;
    Ok(connection)
}

/// Makes the file where there is none, for its owner's eyes only: events hold personal data.
fn create(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|error| StoreError::Unavailable(error.into()))
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn a_database_without_a_write_ahead_log_is_refused() {
        let connection = Connection::open_in_memory().expect("opens");
        let error = set_durability(&connection, Synchronous::Full).expect_err("has no log");
        let cause = error.source().expect("a cause").to_string();
        assert!(cause.contains("stays `memory`"), "{cause}");
    }
}
