//! What PostgreSQL's errors mean to a caller.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use crate::StoreError;

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(state) = error.code() else {
            // No answer of the server: the connection broke, or what it said was no PostgreSQL. A
            // value of a column that is not what it should be is the exception.
            return if error.is_closed() || is_input_or_output(&error) {
                Self::Unavailable(error.into())
            } else {
                Self::Refused(error.into())
            };
        };
        // The class is what all errors of a kind have in common.
        match state.code().get(..2) {
            Some("53") if *state == SqlState::DISK_FULL => Self::Full(error.into()),
            // Connections, resources, an operator who stops the server, its own failures; a
            // transaction that another one got in the way of; and a server that only reads.
            Some("08" | "40" | "53" | "55" | "57" | "58" | "XX") => Self::Unavailable(error.into()),
            _ if *state == SqlState::READ_ONLY_SQL_TRANSACTION => Self::Unavailable(error.into()),
            _ if *state == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => {
                Self::Unavailable(error.into())
            }
            _ => Self::Refused(error.into()),
        }
    }
}

fn is_input_or_output(error: &tokio_postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            other => Self::Unavailable(other.into()),
        }
    }
}

/// Whether the same transaction can succeed if it is tried again at once: others got in its way.
pub(super) fn is_conflict(error: &StoreError) -> bool {
    let conflicts = [
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
    ];
    code(error).is_some_and(|state| conflicts.contains(state))
}

/// Whether a row that must be the only one of its kind is not: another transaction was first.
pub(super) fn is_duplicate(error: &StoreError) -> bool {
    code(error) == Some(&SqlState::UNIQUE_VIOLATION)
}

fn code(error: &StoreError) -> Option<&SqlState> {
    let cause = std::error::Error::source(error)?;
    cause.downcast_ref::<tokio_postgres::Error>()?.code()
}

/// The call took longer than anyone waits.
pub(super) fn too_late() -> StoreError {
    StoreError::Unavailable("the database did not answer in time".into())
}

/// The database was closed.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the database is closed".into())
}
