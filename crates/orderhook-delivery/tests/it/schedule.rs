//! The schedule replays `spec/vectors/schedule.json`, exactly.

use std::time::Duration;

use orderhook_delivery::{InvalidSchedule, Schedule};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    schedules: Vec<Case>,
}

/// All times are in milliseconds.
#[derive(Deserialize)]
struct Case {
    name: String,
    /// The default schedule if there are none.
    delays: Option<Vec<u64>>,
    jitter_percent: Option<u8>,
    retry_after_cap: Option<u64>,
    retry_after: Option<u64>,
    earliest: Vec<u64>,
    latest: Vec<u64>,
    earliest_sum: u64,
    latest_sum: u64,
}

#[test]
fn the_vectors_hold() {
    let vectors: Vectors =
        serde_json::from_str(include_str!("../../../../spec/vectors/schedule.json")).unwrap();
    assert!(!vectors.schedules.is_empty());
    for case in vectors.schedules {
        let schedule = case.schedule();
        let retry_after = case.retry_after.map(Duration::from_millis);
        let earliest = delays(&schedule, retry_after, 0);
        let latest = delays(&schedule, retry_after, u64::MAX);
        assert_eq!(earliest, case.earliest, "{}: earliest", case.name);
        assert_eq!(latest, case.latest, "{}: latest", case.name);
        let sums = (earliest.iter().sum(), latest.iter().sum());
        assert_eq!(sums, (case.earliest_sum, case.latest_sum), "{}", case.name);
    }
}

impl Case {
    fn schedule(&self) -> Schedule {
        let Some(delays) = &self.delays else {
            return Schedule::default();
        };
        let delays = delays.iter().copied().map(Duration::from_millis).collect();
        let cap = Duration::from_millis(self.retry_after_cap.unwrap());
        Schedule::new(delays, self.jitter_percent.unwrap(), cap).unwrap()
    }
}

/// The delays of a whole run, until there is no next attempt.
fn delays(schedule: &Schedule, retry_after: Option<Duration>, random: u64) -> Vec<u64> {
    (0..)
        .map_while(|position| schedule.next(position, retry_after, random))
        .map(|delay| {
            assert_eq!(delay.subsec_nanos() % 1_000_000, 0);
            u64::try_from(delay.as_millis()).unwrap()
        })
        .collect()
}

#[test]
fn jitter_stays_within_its_bounds_and_uses_them() {
    let schedule = Schedule::default();
    let hour = Duration::from_secs(3600);
    let (least, most) = (2 * hour * 8 / 10, 2 * hour * 12 / 10);
    let mut last = None;
    for step in 0..=1000 {
        let delay = schedule.next(4, None, u64::MAX / 1000 * step).unwrap();
        assert!((least..=most).contains(&delay), "{delay:?}");
        assert!(Some(delay) > last, "more randomness is a longer delay");
        last = Some(delay);
    }
    assert_eq!(
        schedule.next(4, None, u64::MAX / 2).unwrap().as_secs(),
        7199
    );
}

#[test]
fn retry_after_delays_and_is_capped() {
    #[track_caller]
    fn check(position: u32, retry_after: Duration, expected: Option<u64>) {
        let delay = Schedule::default().next(position, Some(retry_after), 0);
        assert_eq!(delay.map(|delay| delay.as_secs()), expected);
    }
    check(1, Duration::ZERO, Some(4));
    check(1, Duration::from_secs(3), Some(4));
    check(1, Duration::from_secs(90), Some(90));
    check(9, Duration::from_secs(90), Some(69_120));
    check(1, Duration::from_secs(86_401), Some(86_400));
    check(1, Duration::MAX, Some(86_400));
    check(10, Duration::from_secs(1), None);
    check(u32::MAX, Duration::MAX, None);
}

#[test]
fn a_schedule_has_bounds() {
    const DAY: Duration = Duration::from_secs(86_400);

    #[track_caller]
    fn check(delays: &[Duration], jitter: u8, cap: Duration, expected: Option<InvalidSchedule>) {
        assert_eq!(Schedule::new(delays.to_vec(), jitter, cap).err(), expected);
    }
    check(&[Duration::ZERO], 0, Duration::ZERO, None);
    check(&[DAY * 30; 100], 100, DAY * 30, None);
    check(&[], 20, DAY, Some(InvalidSchedule::Attempts));
    check(&[DAY; 101], 20, DAY, Some(InvalidSchedule::Attempts));
    check(&[DAY * 31], 20, DAY, Some(InvalidSchedule::Delay));
    check(&[Duration::MAX], 20, DAY, Some(InvalidSchedule::Delay));
    check(&[DAY], 101, DAY, Some(InvalidSchedule::Jitter));
    check(&[DAY], 20, DAY * 31, Some(InvalidSchedule::RetryAfterCap));
}
