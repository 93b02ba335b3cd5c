//! Log lines of what fails over and over.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::after;

/// How long it is at least between two lines.
const GAP: Duration = Duration::from_secs(1);

/// Lets one line a second through, which tells how many others there were.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    logged_at: Option<Timestamp>,
    /// Since the last line.
    unsaid: u64,
}

impl Throttle {
    /// Counts what happened at `now`; how often it happened since the last line if there is to be
    /// a line now.
    pub(super) fn count(&self, now: Timestamp) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.unsaid += 1;
        // Before the last line only if the clock was set back.
        let quiet = state
            .logged_at
            .is_some_and(|at| at <= now && now < after(at, GAP));
        if quiet {
            return None;
        }
        state.logged_at = Some(now);
        Some(std::mem::take(&mut state.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_tells_how_often() {
        let throttle = Throttle::default();
        let at = |millis| Timestamp::from_millisecond(millis).expect("in range");
        for (millis, line) in [
            (10_000, Some(1)),
            (10_000, None),
            (10_999, None),
            (11_000, Some(3)),
            (11_001, None),
            (5_000, Some(2)),
            (5_999, None),
        ] {
            assert_eq!(throttle.count(at(millis)), line, "at {millis}");
        }
    }
}
