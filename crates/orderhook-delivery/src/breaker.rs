//! A breaker for each endpoint: one that fails over and over is left alone for a while.
//!
//! While it is open nothing is attempted, so nothing of a delivery's schedule is used up by an
//! endpoint that is known not to work, and no slot waits for a receiver that does not answer.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{after, between};

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// So many failures in a row that are the endpoint's fault open it.
    pub failures: u32,
    /// For how long it opens first; each time that the probe fails it is twice as long.
    pub first_pause: Duration,
    /// The longest that it opens by itself.
    pub longest_pause: Duration,
    /// The longest that it opens because a receiver asked for it by `Retry-After`.
    pub longest_retry_after: Duration,
    /// Failures are forgotten when the last is so long ago.
    pub memory: Duration,
}

impl Default for BreakerSettings {
    /// 10 failures; 5 seconds to 5 minutes, 15 minutes if asked for; an hour.
    fn default() -> Self {
        Self {
            failures: 10,
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_mins(5),
            longest_retry_after: Duration::from_mins(15),
            memory: Duration::from_hours(1),
        }
    }
}

/// What a breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// All attempts.
    Closed,
    /// None.
    Open {
        /// Until then.
        until: Timestamp,
    },
    /// One, to see whether the endpoint works again.
    HalfOpen,
}

/// What an attempt says about its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answers, whatever it says.
    Alive,
    /// It can't be reached, doesn't answer, or says that it can't work just now.
    Failing {
        /// For how long it asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// Nothing: the attempt did not come to an end.
    Unknown,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed,
    Open { until: Timestamp },
    HalfOpen { probing: bool },
}

#[derive(Debug, Clone)]
pub(crate) struct Breaker {
    state: State,
    /// In a row, while it is closed.
    failures: u32,
    /// How often it opened since it was closed last.
    openings: u32,
    last_failure: Timestamp,
}

impl Breaker {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Closed,
            failures: 0,
            openings: 0,
            last_failure: Timestamp::MIN,
        }
    }

    pub(crate) fn state(&self) -> BreakerState {
        match self.state {
            State::Closed => BreakerState::Closed,
            State::Open { until } => BreakerState::Open { until },
            State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// How many attempts may begin now, if `wanted` are waiting.
    pub(crate) fn permits(&self, wanted: usize) -> usize {
        match self.state {
            State::Closed => wanted,
            State::Open { .. } | State::HalfOpen { probing: true } => 0,
            State::HalfOpen { probing: false } => wanted.min(1),
        }
    }

    /// Becomes half open when its time is over.
    pub(crate) fn pass_time(&mut self, now: Timestamp) {
        self.follow_clock(now);
        if let State::Open { until } = self.state
            && until <= now
        {
            self.state = State::HalfOpen { probing: false };
        }
    }

    /// A failure in the future says that the clock was set back: a pause then begins anew instead of
    /// lasting until the clock is there again.
    fn follow_clock(&mut self, now: Timestamp) {
        if now >= self.last_failure {
            return;
        }
        if let State::Open { until } = &mut self.state {
            *until = after(now, between(self.last_failure, *until));
        }
        self.last_failure = now;
    }

    /// An attempt begins.
    pub(crate) fn begin(&mut self) {
        if let State::HalfOpen { probing } = &mut self.state {
            *probing = true;
        }
    }

    /// An attempt ended.
    ///
    /// What ends while the breaker is open began before it opened, and tells nothing new.
    pub(crate) fn end(&mut self, health: Health, settings: &BreakerSettings, now: Timestamp) {
        self.follow_clock(now);
        match (health, self.state) {
            (Health::Alive, State::Open { .. }) | (Health::Unknown, State::Closed) => {}
            (Health::Alive, _) => *self = Self::new(),
            (Health::Unknown, _) => self.end_probe(),
            (Health::Failing { retry_after }, _) => self.fail(retry_after, settings, now),
        }
    }

    fn end_probe(&mut self) {
        if let State::HalfOpen { probing } = &mut self.state {
            *probing = false;
        }
    }

    fn fail(&mut self, retry_after: Option<Duration>, settings: &BreakerSettings, now: Timestamp) {
        self.last_failure = now;
        let asked = retry_after.map(|pause| pause.min(settings.longest_retry_after));
        let own = match self.state {
            State::Closed => {
                self.failures = self.failures.saturating_add(1);
                (self.failures >= settings.failures).then_some(settings.first_pause)
            }
            State::Open { .. } => None,
            State::HalfOpen { .. } => Some(self.grown_pause(settings)),
        };
        let Some(pause) = own.max(asked) else {
            return;
        };
        let mut until = after(now, pause);
        if let State::Open { until: before } = self.state {
            until = until.max(before);
        } else {
            self.openings = self.openings.saturating_add(1);
        }
        self.state = State::Open { until };
    }

    fn grown_pause(&self, settings: &BreakerSettings) -> Duration {
        let factor = 2u32.saturating_pow(self.openings);
        settings
            .first_pause
            .saturating_mul(factor)
            .min(settings.longest_pause)
    }

    /// When a new breaker would say the same; `None` while that can't be said.
    pub(crate) fn forgettable_at(&self, settings: &BreakerSettings) -> Option<Timestamp> {
        let remembered = || after(self.last_failure, settings.memory);
        match self.state {
            State::Closed if self.failures == 0 => Some(Timestamp::MIN),
            State::Closed | State::HalfOpen { probing: false } => Some(remembered()),
            State::Open { .. } | State::HalfOpen { probing: true } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: BreakerSettings = BreakerSettings {
        failures: 3,
        first_pause: Duration::from_secs(5),
        longest_pause: Duration::from_secs(15),
        longest_retry_after: Duration::from_secs(60),
        memory: Duration::from_secs(100),
    };
    const FAILING: Health = Health::Failing { retry_after: None };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("in range")
    }

    fn asked_for(seconds: u64) -> Health {
        Health::Failing {
            retry_after: Some(Duration::from_secs(seconds)),
        }
    }

    /// Each attempt begins and ends at its second, if the breaker lets it.
    #[track_caller]
    fn check(attempts: &[(i64, Health)], expected: BreakerState) {
        let mut breaker = Breaker::new();
        for (second, health) in attempts {
            breaker.pass_time(at(*second));
            assert_eq!(breaker.permits(9).min(1), 1, "at {second} of {attempts:?}");
            breaker.begin();
            breaker.end(*health, &SETTINGS, at(*second));
        }
        assert_eq!(breaker.state(), expected, "{attempts:?}");
    }

    #[test]
    fn opens_after_failures_in_a_row_and_for_longer_each_time() {
        use BreakerState::{Closed, Open};
        let fails = |seconds: &[i64]| -> Vec<_> { seconds.iter().map(|s| (*s, FAILING)).collect() };
        check(&[], Closed);
        check(&fails(&[0, 1]), Closed);
        check(&fails(&[0, 1, 2]), Open { until: at(7) });
        check(&fails(&[0, 1, 2, 7]), Open { until: at(17) });
        check(&fails(&[0, 1, 2, 7, 17]), Open { until: at(32) });
        check(&fails(&[0, 1, 2, 7, 17, 32]), Open { until: at(47) });

        let alive = |second| (second, Health::Alive);
        check(
            &[&fails(&[0, 1])[..], &[alive(2)], &fails(&[3, 4])].concat(),
            Closed,
        );
        check(&[&fails(&[0, 1, 2])[..], &[alive(7)]].concat(), Closed);
        check(
            &[&fails(&[0, 1, 2])[..], &[alive(7)], &fails(&[8, 9, 10])].concat(),
            Open { until: at(15) },
        );
    }

    #[test]
    fn opens_for_as_long_as_the_receiver_asks_within_a_cap() {
        use BreakerState::Open;
        check(&[(0, asked_for(20))], Open { until: at(20) });
        check(&[(0, asked_for(u64::MAX))], Open { until: at(60) });
        check(&[(0, asked_for(20)), (20, FAILING)], Open { until: at(30) });
    }

    #[test]
    fn half_open_lets_one_attempt_through() {
        let mut breaker = Breaker::new();
        breaker.end(asked_for(5), &SETTINGS, at(0));
        assert_eq!(breaker.permits(9), 0);
        breaker.pass_time(at(4));
        assert_eq!(breaker.permits(9), 0);
        breaker.pass_time(at(5));
        assert_eq!(breaker.permits(9), 1);
        breaker.begin();
        assert_eq!(breaker.permits(9), 0);
        breaker.end(Health::Unknown, &SETTINGS, at(6));
        assert_eq!(breaker.permits(9), 1, "the probe told nothing");
    }

    #[test]
    fn what_ends_while_it_is_open_changes_nothing_but_a_longer_wish() {
        let mut breaker = Breaker::new();
        breaker.end(asked_for(20), &SETTINGS, at(0));
        breaker.end(Health::Alive, &SETTINGS, at(1));
        breaker.end(FAILING, &SETTINGS, at(1));
        breaker.end(asked_for(5), &SETTINGS, at(1));
        assert_eq!(breaker.state(), BreakerState::Open { until: at(20) });
        breaker.end(asked_for(30), &SETTINGS, at(2));
        assert_eq!(breaker.state(), BreakerState::Open { until: at(32) });
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_pause_longer() {
        let mut breaker = Breaker::new();
        breaker.end(asked_for(20), &SETTINGS, at(1000));
        breaker.pass_time(at(400));
        assert_eq!(breaker.state(), BreakerState::Open { until: at(420) });
        breaker.pass_time(at(410));
        assert_eq!(breaker.state(), BreakerState::Open { until: at(420) });
        breaker.pass_time(at(420));
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert_eq!(breaker.forgettable_at(&SETTINGS), Some(at(500)));
    }

    #[test]
    fn failures_are_remembered_for_a_while() {
        let mut breaker = Breaker::new();
        assert_eq!(breaker.forgettable_at(&SETTINGS), Some(Timestamp::MIN));
        breaker.end(FAILING, &SETTINGS, at(7));
        assert_eq!(breaker.forgettable_at(&SETTINGS), Some(at(107)));
        breaker.end(asked_for(5), &SETTINGS, at(8));
        assert_eq!(breaker.forgettable_at(&SETTINGS), None);
        breaker.pass_time(at(13));
        assert_eq!(breaker.forgettable_at(&SETTINGS), Some(at(108)));
    }
}
