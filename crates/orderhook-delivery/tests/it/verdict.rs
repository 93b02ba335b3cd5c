//! What an answer's `Retry-After` comes to, from the header to the delay.

use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use orderhook_delivery::{Answer, Schedule, Verdict, judge};
use orderhook_store::EndpointKind;
use proptest::prelude::*;

/// 2026-01-01T00:00:00Z
const NOW: i64 = 1_767_225_600;

fn verdict(status: u16, retry_after: &[&[u8]]) -> Verdict {
    let mut headers = HeaderMap::new();
    for value in retry_after {
        headers.append(RETRY_AFTER, HeaderValue::from_bytes(value).unwrap());
    }
    let answer = Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        body: Bytes::from_static(br#"{"code":"00000"}"#),
        cut: false,
    };
    let now = Timestamp::from_second(NOW).unwrap();
    judge(EndpointKind::OrderCallback, &Ok(answer), now)
}

/// The delay before the second attempt, by the default schedule without luck.
fn delay(verdict: &Verdict) -> Duration {
    Schedule::default().next(1, verdict.retry_after, 0).unwrap()
}

#[test]
fn a_hostile_retry_after_is_ignored_or_capped() {
    #[track_caller]
    fn check(retry_after: &[&[u8]], seconds: u64) {
        let delay = delay(&verdict(503, retry_after));
        assert_eq!(delay, Duration::from_secs(seconds));
    }
    let (ignored, capped) = (4, 86_400);
    check(&[], ignored);
    check(&[b""], ignored);
    check(&[b"inf"], ignored);
    check(&[b"1e300"], ignored);
    check(&[b"-9223372036854775808"], ignored);
    check(&[b"Thu, 01 Jan 1970 00:00:00 GMT"], ignored);
    check(&[b"\xff"], ignored);
    check(&[b"9223372036854775807"], capped);
    check(&[b"99999999999999999999999999"], capped);
    check(&[b"Fri, 31 Dec 9999 23:59:59 GMT"], capped);
    check(&[b"60"], 60);
    check(&[b"Thu, 01 Jan 2026 00:01:00 GMT"], 60);
    check(&[b"60", b"30", b"nonsense"], 60);
    check(&[b"-1", b"30"], 30);
}

#[test]
fn retry_after_counts_with_every_status_but_an_acknowledgement() {
    #[track_caller]
    fn check(status: u16, expected: Option<u64>) {
        let verdict = verdict(status, &[b"60"]);
        assert_eq!(verdict.retry_after, expected.map(Duration::from_secs));
    }
    check(200, None);
    check(302, Some(60));
    check(400, Some(60));
    check(429, Some(60));
    check(503, Some(60));
}

proptest! {
    #[test]
    fn no_retry_after_delays_beyond_the_cap(value in "[ -~]{0,40}", status in 100_u16..1000) {
        let verdict = verdict(status, &[value.as_bytes()]);
        prop_assert!(delay(&verdict) <= Duration::from_secs(86_400));
    }
}
