//! What SQLite's errors mean to a caller.

use std::error::Error as _;

use rusqlite::ErrorCode;

use crate::{BoxError, StoreError};

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(error.into()),
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory,
            ) => Self::Unavailable(error.into()),
            Some(ErrorCode::NotADatabase) => Self::Foreign(error.into()),
            _ => Self::Refused(error.into()),
        }
    }
}

/// The error of one call, as it is told to another call that shared its commit.
pub(super) fn share(error: &StoreError) -> StoreError {
    let cause: BoxError = match error.source() {
        Some(cause) => cause.to_string().into(),
        None => error.to_string().into(),
    };
    match error {
        StoreError::Full(_) => StoreError::Full(cause),
        _ => StoreError::Unavailable(cause),
    }
}

/// The code around a statement panicked; its transaction is rolled back.
pub(super) fn panicked() -> StoreError {
    StoreError::Refused("the statement's code panicked".into())
}

/// The database was closed, or the thread that writes is gone.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".into())
}
