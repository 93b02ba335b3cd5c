//! The time that retries and deadlines go by.

use std::fmt;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

/// Tells the time and waits; a test passes one that does neither for real.
///
/// The timeout of a single attempt is the HTTP client's and runs on real time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time of day, which a `Retry-After` with a date is compared with.
    fn now(&self) -> SystemTime;

    /// A reading that never goes back, which deadlines are measured with.
    fn instant(&self) -> Instant;

    /// Waits between two attempts.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The machine's clock and Tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where this crate reads the clock"
)]
impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(duration))
    }
}
