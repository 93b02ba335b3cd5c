//! Time as an argument.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

/// What time it is, and waiting for it to pass.
///
/// The engine reads no other clock, so a test that turns this one sees 75 hours pass in
/// milliseconds.
pub trait Clock: Send + Sync {
    /// What time it is.
    fn now(&self) -> Timestamp;

    /// Waits until then.
    ///
    /// A point in time, because a duration would begin to count only when the call is made.
    fn sleep_until(&self, time: Timestamp) -> BoxFuture<'static, ()>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the engine's time comes from"
)]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep_until(&self, time: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(between(self.now(), time)))
    }
}

/// `duration` after `time`, or the end of time.
pub(crate) fn after(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// `duration` before `time`, or the beginning of time.
pub(crate) fn before(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_sub(duration).unwrap_or(Timestamp::MIN)
}

/// How long it is from `earlier` to `later`; nothing if the clock was set back in between.
pub(crate) fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}
