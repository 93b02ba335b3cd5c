//! When the next attempt is made.

use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long before each attempt to wait, counted from the end of the one before.
///
/// A replay begins it anew. `spec/vectors/schedule.json` holds what it computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    delays: Vec<Duration>,
    jitter_percent: u8,
    retry_after_cap: Duration,
}

/// 10 attempts over about 75 hours, each delay 20 % shorter or longer by chance so that what failed
/// together is not retried together, and a `Retry-After` of a day at most.
impl Default for Schedule {
    fn default() -> Self {
        Self {
            delays: vec![
                Duration::ZERO,
                Duration::from_secs(5),
                5 * MINUTE,
                30 * MINUTE,
                2 * HOUR,
                5 * HOUR,
                10 * HOUR,
                14 * HOUR,
                20 * HOUR,
                24 * HOUR,
            ],
            jitter_percent: 20,
            retry_after_cap: DAY,
        }
    }
}

impl Schedule {
    /// The most attempts of a schedule.
    pub const MAX_ATTEMPTS: usize = 100;
    /// The longest delay, and the longest `Retry-After` that can be honoured.
    pub const MAX_DELAY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    /// One attempt for each of `delays`, each shorter or longer by at most `jitter_percent`; a
    /// receiver can ask for a longer delay of at most `retry_after_cap`.
    ///
    /// # Errors
    ///
    /// [`InvalidSchedule`] says which bound is broken.
    pub fn new(
        delays: Vec<Duration>,
        jitter_percent: u8,
        retry_after_cap: Duration,
    ) -> Result<Self, InvalidSchedule> {
        if delays.is_empty() || delays.len() > Self::MAX_ATTEMPTS {
            return Err(InvalidSchedule::Attempts);
        }
        if delays.iter().any(|delay| *delay > Self::MAX_DELAY) {
            return Err(InvalidSchedule::Delay);
        }
        if jitter_percent > 100 {
            return Err(InvalidSchedule::Jitter);
        }
        if retry_after_cap > Self::MAX_DELAY {
            return Err(InvalidSchedule::RetryAfterCap);
        }
        Ok(Self {
            delays,
            jitter_percent,
            retry_after_cap,
        })
    }

    /// How many attempts there are before a delivery is given up.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.delays.len()
    }

    /// How long to wait before the next attempt; `None` if there is none.
    ///
    /// `position` is how many attempts were made in this run. `retry_after` is what the receiver
    /// asked for: it delays an attempt, and never hastens one or adds one. `random` is any number,
    /// drawn anew each time.
    #[must_use]
    pub fn next(
        &self,
        position: u32,
        retry_after: Option<Duration>,
        random: u64,
    ) -> Option<Duration> {
        let delay = *self.delays.get(usize::try_from(position).ok()?)?;
        let wanted = retry_after.unwrap_or_default().min(self.retry_after_cap);
        Some(self.jittered(delay).pick(random).max(wanted))
    }

    fn jittered(&self, delay: Duration) -> Span {
        let nanos = delay.as_nanos();
        let deviation = nanos * u128::from(self.jitter_percent) / 100;
        Span {
            least: nanos - deviation,
            width: 2 * deviation,
        }
    }
}

/// A span of nanoseconds.
struct Span {
    least: u128,
    width: u128,
}

impl Span {
    /// The least for 0, and the most for [`u64::MAX`].
    ///
    /// Nothing overflows: [`Schedule::MAX_DELAY`] has 52 bits of nanoseconds.
    fn pick(&self, random: u64) -> Duration {
        let share = self.width * u128::from(random) / u128::from(u64::MAX);
        Duration::from_nanos_u128(self.least + share)
    }
}

/// Why a list of delays is no [`Schedule`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSchedule {
    /// No attempt, or more than [`Schedule::MAX_ATTEMPTS`].
    #[error("schedule has no attempt, or more than 100")]
    Attempts,
    /// A delay is longer than [`Schedule::MAX_DELAY`].
    #[error("schedule has a delay of more than 30 days")]
    Delay,
    /// The jitter is more than the delay itself.
    #[error("jitter is more than 100 percent")]
    Jitter,
    /// The cap is longer than [`Schedule::MAX_DELAY`].
    #[error("cap of Retry-After is more than 30 days")]
    RetryAfterCap,
}
