//! `Retry-After` (RFC 9110, section 10.2.3): when a receiver wants to be asked again.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// How long after `now` a receiver wants to be asked again, by the value of one `Retry-After`.
///
/// The value is a whole number of seconds or an HTTP date. `None` for anything else, and for a time
/// that has passed. A number beyond 64 bits is as long as a [`Duration`] can be:
/// [`Schedule::next`](crate::Schedule::next) caps it.
#[must_use]
pub fn retry_after(value: &[u8], now: Timestamp) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // All digits, so the only possible mistake is that there are too many.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let date = httpdate::parse_http_date(text).ok()?;
        date.duration_since(SystemTime::from(now)).ok()?
    };
    (!wait.is_zero()).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_and_dates_and_nothing_else() {
        /// 2026-01-01T00:00:00Z
        const NOW: i64 = 1_767_225_600;

        #[track_caller]
        fn check(value: &[u8], expected: Option<u64>) {
            let now = Timestamp::from_second(NOW).unwrap();
            assert_eq!(retry_after(value, now), expected.map(Duration::from_secs));
        }
        check(b"1", Some(1));
        check(b" 120 ", Some(120));
        check(b"00060", Some(60));
        check(b"9223372036854775807", Some(9_223_372_036_854_775_807));
        check(b"18446744073709551615", Some(u64::MAX));
        check(b"18446744073709551616", Some(u64::MAX));
        check("9".repeat(10_000).as_bytes(), Some(u64::MAX));
        check(b"0", None);
        check(b"-1", None);
        check(b"+5", None);
        check(b"1.5", None);
        check(b"inf", None);
        check(b"NaN", None);
        check(b"1e300", None);
        check(b"0x10", None);
        check(b"5 minutes", None);
        check(b"1, 2", None);
        check(b"", None);
        check(b" ", None);
        check(b"\xff\xfe", None);
        check("١".as_bytes(), None);

        check(b"Thu, 01 Jan 2026 00:00:30 GMT", Some(30));
        check(b"Thursday, 01-Jan-26 00:01:00 GMT", Some(60));
        check(b"Thu Jan  1 01:00:00 2026", Some(3600));
        check(b"Thu, 01 Jan 2026 00:00:00 GMT", None);
        check(b"Wed, 31 Dec 2025 23:59:59 GMT", None);
        check(b"Thu, 01 Jan 1970 00:00:00 GMT", None);
        check(b"Fri, 31 Dec 9999 23:59:59 GMT", Some(251_635_075_199));
        check(b"Sat, 01 Jan 10000 00:00:00 GMT", None);
        check(b"Thu, 32 Jan 2026 00:00:30 GMT", None);
        check(b"2026-01-01T00:00:30Z", None);
    }
}
