//! What can be set about the engine.

use std::time::Duration;

use crate::Schedule;
use crate::breaker::BreakerSettings;
use crate::rate::Rate;

/// How the engine works; [`default`](Self::default) is right for one machine.
///
/// Where several processes deliver, `total_concurrency` and what begins with `max_` are each one's own;
/// the rest is best the same for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineSettings {
    /// When what failed is tried again, and when it is given up.
    pub schedule: Schedule,
    /// How long one attempt may take, from the look-up of the name to the end of the answer.
    pub attempt_timeout: Duration,
    /// How long a delivery is ours once we have it: at least twice `attempt_timeout`, because it also
    /// waits for its turn.
    pub lease: Duration,
    /// Where several processes deliver, how long the endpoints of this one stay its own while it can't
    /// reach the database; longer than 0. A fifth of it before the end it begins no more attempts. So
    /// long do the endpoints of a process that dies wait, too, until others take them over; those of
    /// one that is drained wait for a fifth of it at most.
    pub hold: Duration,
    /// An endpoint that has acknowledged nothing for so long, and fails again, is disabled.
    pub disable_after: Duration,
    /// The most attempts at a time to one endpoint; at least 1.
    pub concurrency_per_endpoint: usize,
    /// The most attempts at a time to all endpoints; at least 1. Half of them are kept for endpoints
    /// with few attempts, so that some that never answer can't hold all of them.
    pub total_concurrency: usize,
    /// The most attempts a second to one endpoint.
    pub rate: Option<Rate>,
    /// When an endpoint is left alone.
    pub breaker: BreakerSettings,
    /// The most deliveries that wait in memory for their turn at one endpoint; at least 1. Fewer wait
    /// where more would not come to their turn within their lease.
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
            attempt_timeout: Duration::from_secs(15),
            lease: Duration::from_mins(1),
            hold: Duration::from_secs(15),
            disable_after: Duration::from_hours(5 * 24),
            concurrency_per_endpoint: 32,
            total_concurrency: 512,
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

/// A setting that the engine can't work with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{setting}` {rule}")]
#[non_exhaustive]
pub struct InvalidEngineSettings {
    /// The field of [`EngineSettings`].
    pub setting: &'static str,
    /// What it must be.
    pub rule: &'static str,
}

/// Attempts that an endpoint may have at a time when only the kept half is left.
pub(super) const FEW_ATTEMPTS: usize = 4;
/// How many rounds of attempts wait for their turn at an endpoint without a rate, and how many
/// deliveries whatever its concurrency. Each round can take an attempt's whole timeout, and what
/// waits for longer than its lease goes back to the queue for nothing.
const ROUNDS_WAITING: usize = 4;
const LEAST_WAITING: usize = 64;
/// And how many times as many where attempts take so much less than their timeout: the more are
/// claimed at once, the less a claim costs.
const MOST_TIMES: u128 = 4;
/// The most of a lease that is kept for recording the attempt.
const TIME_TO_RECORD: Duration = Duration::from_secs(1);

impl EngineSettings {
    /// Whether an engine can work so.
    ///
    /// # Errors
    ///
    /// [`InvalidEngineSettings`] for the first setting that breaks a rule.
    pub fn check(&self) -> Result<(), InvalidEngineSettings> {
        let long_enough = self.lease >= self.attempt_timeout.saturating_mul(2);
        let lasts = "must be longer than 0 s";
        let counts = "must be at least 1";
        let rules = [
            (!self.attempt_timeout.is_zero(), "attempt_timeout", lasts),
            (
                long_enough,
                "lease",
                "must be at least twice `attempt_timeout`",
            ),
            (!self.hold.is_zero(), "hold", lasts),
            (!self.disable_after.is_zero(), "disable_after", lasts),
            (
                self.concurrency_per_endpoint > 0,
                "concurrency_per_endpoint",
                counts,
            ),
            (self.total_concurrency > 0, "total_concurrency", counts),
            (self.breaker.failures > 0, "breaker.failures", counts),
            (
                !self.breaker.first_pause.is_zero(),
                "breaker.first_pause",
                lasts,
            ),
            (self.max_buffered > 0, "max_buffered", counts),
            (self.max_buffered_bytes > 0, "max_buffered_bytes", counts),
            (self.max_unrecorded > 0, "max_unrecorded", counts),
            (!self.poll.is_zero(), "poll", lasts),
            (!self.idle_poll.is_zero(), "idle_poll", lasts),
        ];
        for (kept, setting, rule) in rules {
            if !kept {
                return Err(InvalidEngineSettings { setting, rule });
            }
        }
        Ok(())
    }

    /// How much must be left of a lease when an attempt begins: its timeout, and what recording it
    /// takes. A new lease has at least half a timeout more, as [`check`](Self::check) sees to: with
    /// less, every claim would be given back and claimed again for ever.
    pub(super) fn least_lease(&self) -> Duration {
        let recording = TIME_TO_RECORD.min(self.attempt_timeout / 2);
        self.attempt_timeout.saturating_add(recording)
    }

    /// How long after it was renewed the hold is renewed again: four renewals may fail.
    pub(super) fn hold_renewal(&self) -> Duration {
        self.hold / 5
    }

    /// How long before the end of the hold nothing begins any more. Between the look at the clock and
    /// the first byte to the receiver a process can stand still, as a machine does that is short of
    /// memory, and whoever takes over does not wait for it. No more is needed: the store alone says
    /// when a hold is over, so the clocks of two processes are never compared.
    pub(super) fn hold_margin(&self) -> Duration {
        self.hold / 5
    }

    /// The attempts that any endpoint may use; the rest is kept for those with few.
    pub(super) fn common_attempts(&self) -> usize {
        self.total_concurrency.div_ceil(2)
    }

    /// The most that waits at one endpoint: only what comes to its turn before its lease is too
    /// short, as far as the rate or the concurrency tells, and how long attempts there take.
    pub(super) fn buffer_limit(&self, attempts_take: Duration) -> usize {
        let turns = match self.rate {
            Some(rate) => {
                let waiting_time = self.lease.saturating_sub(self.least_lease());
                let per_second = u64::from(rate.per_second.get());
                let turns = waiting_time.as_secs().saturating_mul(per_second) / 2;
                usize::try_from(turns).unwrap_or(usize::MAX)
            }
            None => {
                let times = self.attempt_timeout.as_millis() / attempts_take.as_millis().max(1);
                let times = usize::try_from(times.clamp(1, MOST_TIMES)).unwrap_or(1);
                self.concurrency_per_endpoint
                    .saturating_mul(ROUNDS_WAITING * times)
                    .max(LEAST_WAITING)
            }
        };
        turns.clamp(1, self.max_buffered)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn a_setting_that_can_not_work_is_named_with_its_rule() {
        #[track_caller]
        fn check(change: impl FnOnce(&mut EngineSettings), expected: Result<(), &str>) {
            let mut settings = EngineSettings::default();
            change(&mut settings);
            let checked = settings.check().map_err(|error| error.to_string());
            assert_eq!(checked, expected.map_err(str::to_owned));
        }
        const TWICE: &str = "`lease` must be at least twice `attempt_timeout`";
        let lease = |millis| {
            move |settings: &mut EngineSettings| settings.lease = Duration::from_millis(millis)
        };
        check(|_| (), Ok(()));
        check(lease(30_000), Ok(()));
        check(lease(29_999), Err(TWICE));
        check(lease(16_001), Err(TWICE));
        check(|s| s.attempt_timeout = Duration::MAX, Err(TWICE));
        check(
            |s| s.attempt_timeout = Duration::ZERO,
            Err("`attempt_timeout` must be longer than 0 s"),
        );
        check(
            |s| s.hold = Duration::ZERO,
            Err("`hold` must be longer than 0 s"),
        );
        check(
            |s| s.disable_after = Duration::ZERO,
            Err("`disable_after` must be longer than 0 s"),
        );
        check(
            |s| s.total_concurrency = 0,
            Err("`total_concurrency` must be at least 1"),
        );
        check(
            |s| s.concurrency_per_endpoint = 0,
            Err("`concurrency_per_endpoint` must be at least 1"),
        );
        check(
            |s| s.max_buffered = 0,
            Err("`max_buffered` must be at least 1"),
        );
        check(
            |s| s.poll = Duration::ZERO,
            Err("`poll` must be longer than 0 s"),
        );
    }

    #[test]
    fn a_new_lease_of_any_settings_that_pass_is_long_enough_for_an_attempt() {
        for timeout_ms in [1, 10, 500, 999, 1_000, 15_000, 3_600_000] {
            let settings = EngineSettings {
                attempt_timeout: Duration::from_millis(timeout_ms),
                lease: Duration::from_millis(2 * timeout_ms),
                ..EngineSettings::default()
            };
            assert_eq!(settings.check(), Ok(()));
            assert!(settings.least_lease() < settings.lease, "{timeout_ms}");
        }
    }

    #[test]
    fn no_more_waits_than_comes_to_its_turn() {
        #[track_caller]
        fn check(concurrency: usize, per_second: u32, lease: Duration, expected: usize) {
            check_at(
                settings(concurrency, per_second, lease),
                Duration::MAX,
                expected,
            );
        }
        #[track_caller]
        fn check_at(settings: EngineSettings, attempts_take: Duration, expected: usize) {
            assert_eq!(settings.buffer_limit(attempts_take), expected);
        }
        fn settings(concurrency: usize, per_second: u32, lease: Duration) -> EngineSettings {
            EngineSettings {
                concurrency_per_endpoint: concurrency,
                rate: NonZeroU32::new(per_second).map(|per_second| Rate { per_second }),
                lease,
                ..EngineSettings::default()
            }
        }
        let minute = Duration::from_mins(1);
        check(1, 0, minute, 64);
        check(32, 0, minute, 128);
        check(usize::MAX, 0, minute, 1024);
        check(32, 10, minute, 220);
        check(32, 10, Duration::from_secs(16), 1);
        check(32, u32::MAX, Duration::MAX, 1024);
        let quick =
            |attempts_take, expected| check_at(settings(32, 0, minute), attempts_take, expected);
        quick(Duration::ZERO, 512);
        quick(Duration::from_secs(3), 512);
        quick(Duration::from_secs(5), 384);
        quick(Duration::from_secs(8), 128);
        quick(Duration::from_secs(15), 128);
    }
}
