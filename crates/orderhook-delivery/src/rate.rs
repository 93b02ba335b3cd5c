//! At most so many attempts a second to one endpoint.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{after, before};

/// A limit of attempts a second.
///
/// What was not used is kept for a tenth of a second, so that a timer that fires a little late
/// costs nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many attempts a second.
    pub per_second: NonZeroU32,
}

impl Rate {
    fn interval(self) -> Duration {
        Duration::from_secs(1) / self.per_second.get()
    }

    /// How far attempts may run ahead of their even spacing.
    fn tolerance(self) -> Duration {
        self.interval() * (self.per_second.get() / 10).saturating_sub(1)
    }
}

/// How much of its [`Rate`] an endpoint has used: the generic cell rate algorithm, which is a token
/// bucket kept as one point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateLimiter {
    /// When the next attempt would begin if all were spaced evenly.
    even: Timestamp,
}

impl RateLimiter {
    pub(crate) fn new() -> Self {
        Self {
            even: Timestamp::MIN,
        }
    }

    /// When the next attempt may begin.
    pub(crate) fn next(self, rate: Rate) -> Timestamp {
        before(self.even, rate.tolerance())
    }

    /// What is further ahead than one attempt after a burst was taken before the clock was set back.
    pub(crate) fn pass_time(&mut self, rate: Rate, now: Timestamp) {
        let furthest = after(now, rate.tolerance() + rate.interval());
        self.even = self.even.min(furthest);
    }

    /// An attempt begins.
    pub(crate) fn take(&mut self, rate: Rate, now: Timestamp) {
        self.even = after(self.even.max(now), rate.interval());
    }

    /// Whether nothing is left of what was used, so that a new limiter would say the same.
    pub(crate) fn is_unused(self, now: Timestamp) -> bool {
        self.even <= now
    }

    /// When that will be.
    pub(crate) fn unused_at(self) -> Timestamp {
        self.even
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::between;

    /// How many attempts begin within `seconds` if there is always one waiting.
    #[track_caller]
    fn check(per_second: u32, seconds: u64, expected: u32) {
        let rate = Rate {
            per_second: NonZeroU32::new(per_second).expect("not zero"),
        };
        let end = after(Timestamp::UNIX_EPOCH, Duration::from_secs(seconds));
        let mut limiter = RateLimiter::new();
        let mut begun = 0;
        let mut now = Timestamp::UNIX_EPOCH;
        while now < end {
            limiter.take(rate, now);
            begun += 1;
            now = now.max(limiter.next(rate));
        }
        assert_eq!(begun, expected, "{per_second} a second");
    }

    #[test]
    fn spaces_attempts_evenly_after_a_short_burst() {
        check(1, 10, 10);
        check(5, 10, 50);
        check(10, 10, 100);
        check(100, 10, 1009);
        check(1000, 1, 1099);
    }

    #[test]
    fn a_clock_that_is_set_back_costs_one_interval_at_most() {
        let rate = Rate {
            per_second: NonZeroU32::MIN,
        };
        let mut limiter = RateLimiter::new();
        let hour = after(Timestamp::UNIX_EPOCH, Duration::from_hours(1));
        limiter.take(rate, hour);
        limiter.pass_time(rate, hour);
        assert_eq!(limiter.next(rate), after(hour, Duration::from_secs(1)));
        limiter.pass_time(rate, Timestamp::UNIX_EPOCH);
        assert_eq!(
            between(Timestamp::UNIX_EPOCH, limiter.next(rate)),
            Duration::from_secs(1)
        );
    }

    #[test]
    fn what_was_not_used_for_long_is_no_credit() {
        let rate = Rate {
            per_second: NonZeroU32::MIN,
        };
        let mut limiter = RateLimiter::new();
        limiter.take(rate, Timestamp::UNIX_EPOCH);
        let later = after(Timestamp::UNIX_EPOCH, Duration::from_secs(60));
        assert!(limiter.is_unused(later));
        limiter.take(rate, later);
        assert_eq!(
            between(later, limiter.next(rate)),
            Duration::from_secs(1),
            "one attempt, not sixty"
        );
    }
}
