//! The surroundings of a platform that runs for real.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use orderhook_api::runtime::BoxError;

use crate::platform::Environment;

/// The system's clock and randomness.
#[derive(Default)]
pub(crate) struct System {
    requests: AtomicU64,
}

#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
impl Environment for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn random_bytes(&self) -> Result<[u8; 32], BoxError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(bytes)
    }

    /// The time, so that ids sort as the requests came, and a count for those of one millisecond.
    fn trace_id(&self) -> String {
        let count = self.requests.fetch_add(1, Ordering::Relaxed) & 0xffff;
        format!("{:012x}{count:04x}", self.now().as_millisecond())
    }
}
