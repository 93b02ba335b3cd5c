//! How far a signed timestamp may be from the receiver's clock.

use std::time::{Duration, SystemTime};

/// Five minutes, both ways: what Standard Webhooks recommends.
pub const DEFAULT_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// A signed timestamp outside the tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// Signed too long ago: a captured message, or one of the two clocks is wrong.
    #[error("timestamp is {} s old, too old", .age.as_secs())]
    TooOld {
        /// How far the timestamp lies in the past.
        age: Duration,
    },
    /// Signed too far in the future: one of the two clocks is wrong.
    #[error("timestamp is {} s ahead, too new", .ahead.as_secs())]
    TooNew {
        /// How far the timestamp lies in the future.
        ahead: Duration,
    },
}

/// Exactly the tolerance is still within it.
pub(crate) fn within(
    tolerance: Duration,
    signed_at: SystemTime,
    now: SystemTime,
) -> Result<(), ClockError> {
    match now.duration_since(signed_at) {
        Ok(age) if age > tolerance => Err(ClockError::TooOld { age }),
        Err(error) if error.duration() > tolerance => Err(ClockError::TooNew {
            ahead: error.duration(),
        }),
        _ => Ok(()),
    }
}
