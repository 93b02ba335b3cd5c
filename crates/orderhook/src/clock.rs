//! The one place where the command line reads the machine's clock.

use std::time::SystemTime;

use jiff::Timestamp;

/// The time, which is handed down from here as an argument.
#[expect(
    clippy::disallowed_methods,
    reason = "the outermost caller reads the clock"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The same, as the standard library has it.
pub(crate) fn system_now() -> SystemTime {
    now().into()
}
