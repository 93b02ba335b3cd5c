//! The schema: made, migrated, recognised.

use std::sync::LazyLock;

use rusqlite::{Connection, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use crate::StoreError;

const STEPS: &[M<'static>] = &[M::up(include_str!("migrations/1_first.sql"))];

static MIGRATIONS: LazyLock<Migrations<'static>> = LazyLock::new(|| Migrations::from_slice(STEPS));

/// Says in the file's header whose it is: "OrdH".
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"OrdH");

/// The version that this program writes.
#[expect(clippy::cast_possible_truncation, reason = "a handful of migrations")]
pub(super) const VERSION: u32 = STEPS.len() as u32;

/// The version of our schema, 0 in an empty file.
///
/// # Errors
/// [`StoreError::Foreign`] if the file is another program's.
pub(super) fn recognise(connection: &mut Connection) -> Result<u32, StoreError> {
    let snapshot = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
    let owner: i32 = snapshot.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: u32 = snapshot.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let count = "SELECT count(*) FROM sqlite_schema";
    let tables: u32 = snapshot.query_row(count, [], |row| row.get(0))?;
    let empty = owner == 0 && version == 0 && tables == 0;
    if owner == APPLICATION_ID || empty {
        Ok(version)
    } else {
        let what = format!("it has {tables} tables and indexes of another program");
        Err(StoreError::Foreign(what.into()))
    }
}

/// Sees to it that the database has our schema, of which it has the version `found`, and is no copy
/// that is not finished.
pub(super) fn prepare(
    connection: &mut Connection,
    found: u32,
    migrate: bool,
) -> Result<(), StoreError> {
    bring_up_to_date(connection, found, migrate)?;
    if is_unfinished(connection)? {
        return Err(StoreError::Unfinished);
    }
    Ok(())
}

/// Whether it is a copy that is not finished.
pub(super) fn is_unfinished(connection: &Connection) -> Result<bool, StoreError> {
    let marker = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'copying')";
    Ok(connection.query_row(marker, [], |row| row.get(0))?)
}

pub(super) fn bring_up_to_date(
    connection: &mut Connection,
    found: u32,
    migrate: bool,
) -> Result<(), StoreError> {
    if found > VERSION {
        return Err(StoreError::SchemaTooNew {
            found,
            known: VERSION,
        });
    }
    if found == VERSION {
        return Ok(());
    }
    if !migrate {
        return Err(too_old(found));
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    MIGRATIONS
        .to_latest(connection)
        .map_err(|error| StoreError::Refused(error.into()))
}

pub(super) fn too_old(found: u32) -> StoreError {
    StoreError::SchemaTooOld {
        found,
        known: VERSION,
    }
}

/// Whether a statement can be read.
pub(super) fn check_readable(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))?;
    Ok(())
}

/// Whether a page can be written: the version is written over with itself.
pub(super) fn check_writable(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "user_version", VERSION)?;
    Ok(())
}
