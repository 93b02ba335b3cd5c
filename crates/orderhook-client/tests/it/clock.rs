//! A clock that only moves when it is told to, or asked to wait.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use orderhook_client::Clock;

/// Sunday, 2026-11-01 09:30:00 UTC.
const TODAY: Duration = Duration::from_secs(1_793_525_400);

#[derive(Clone, Debug)]
pub(crate) struct TestClock {
    start: Instant,
    /// How much longer every wait takes than it was asked to.
    late: Duration,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    elapsed: Duration,
    waits: Vec<Duration>,
}

impl TestClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "there is no other way to an `Instant` to count from"
    )]
    pub(crate) fn new() -> Self {
        Self {
            start: tokio::time::Instant::now().into_std(),
            late: Duration::ZERO,
            state: Arc::default(),
        }
    }

    pub(crate) fn with_late_timer(self, late: Duration) -> Self {
        Self { late, ..self }
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.state.lock().unwrap().elapsed += duration;
    }

    /// Every wait that was asked for, in milliseconds.
    pub(crate) fn waits_ms(&self) -> Vec<u128> {
        let state = self.state.lock().unwrap();
        state.waits.iter().map(Duration::as_millis).collect()
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + TODAY + self.state.lock().unwrap().elapsed
    }

    fn instant(&self) -> Instant {
        self.start + self.state.lock().unwrap().elapsed
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut state = self.state.lock().unwrap();
        state.elapsed += duration + self.late;
        state.waits.push(duration);
        Box::pin(std::future::ready(()))
    }
}
