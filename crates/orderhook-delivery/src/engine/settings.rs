//! What can be set about the engine.

use std::time::Duration;

use crate::Schedule;
use crate::breaker::BreakerSettings;
use crate::rate::Rate;

/// How the engine works; [`default`](Self::default) is right for one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineSettings {
    /// When what failed is tried again, and when it is given up.
    pub schedule: Schedule,
    /// How long one attempt may take, from the look-up of the name to the end of the answer.
    pub attempt_deadline: Duration,
    /// How long a delivery is ours once we have it. Longer than `attempt_deadline` by what it may
    /// wait for its turn and its result for a database that is not available.
    pub lease: Duration,
    /// An endpoint that has acknowledged nothing for so long, and fails again, is disabled.
    pub disable_after: Duration,
    /// The most attempts at a time to one endpoint; at least 1.
    pub max_concurrency: usize,
    /// The most attempts at a time to all endpoints; at least 1. Half of them are kept for endpoints with few
    /// attempts, so that some that never answer can't hold all of them.
    pub max_attempts: usize,
    /// The most attempts a second to one endpoint.
    pub rate: Option<Rate>,
    /// When an endpoint is left alone.
    pub breaker: BreakerSettings,
    /// The most deliveries that wait in memory for their turn at one endpoint; at least 1.
    pub max_buffered: usize,
    /// About the most bytes that wait in memory for their turn at all endpoints.
    pub max_buffered_bytes: usize,
    /// The most results that wait in memory for the database.
    pub max_unrecorded: usize,
    /// How often the queue is looked at while there is reason to.
    pub poll: Duration,
    /// How often it is looked at without any reason.
    pub idle_poll: Duration,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            schedule: Schedule::default(),
            attempt_deadline: Duration::from_secs(15),
            lease: Duration::from_mins(2),
            disable_after: Duration::from_hours(5 * 24),
            max_concurrency: 64,
            max_attempts: 512,
            rate: None,
            breaker: BreakerSettings::default(),
            max_buffered: 1024,
            max_buffered_bytes: 16 * 1024 * 1024,
            max_unrecorded: 4096,
            poll: Duration::from_millis(200),
            idle_poll: Duration::from_secs(5),
        }
    }
}

/// Attempts that an endpoint may have at a time when only the kept half is left.
pub(super) const FEW_ATTEMPTS: usize = 4;

impl EngineSettings {
    /// How much must be left of a lease when an attempt begins: its deadline, and a second for its
    /// result.
    pub(super) fn least_lease(&self) -> Duration {
        self.attempt_deadline.saturating_add(Duration::from_secs(1))
    }

    /// The attempts that any endpoint may use; the rest is kept for those with few.
    pub(super) fn common_attempts(&self) -> usize {
        self.max_attempts.div_ceil(2)
    }

    /// The most that waits at one endpoint: with a rate, only what comes to its turn before its
    /// lease is too short.
    pub(super) fn buffer_limit(&self) -> usize {
        let Some(rate) = self.rate else {
            return self.max_buffered;
        };
        let waiting_time = self.lease.saturating_sub(self.least_lease());
        let turns = waiting_time.as_secs() * u64::from(rate.per_second.get()) / 2;
        usize::try_from(turns)
            .unwrap_or(usize::MAX)
            .clamp(1, self.max_buffered)
    }
}
