//! Points in time as people write them.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::parse_duration;

/// A point in time, or how long ago it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instant {
    /// A point in time.
    At(Timestamp),
    /// This long before now.
    Ago(Duration),
}

impl Instant {
    /// The point in time as the API writes it: RFC 3339, UTC, milliseconds.
    pub(crate) fn to_wire(self, now: Timestamp) -> String {
        wire(match self {
            Self::At(time) => time,
            // Before the first time there is, there is nothing.
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::UNIX_EPOCH),
        })
    }
}

impl FromStr for Instant {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(time) = text.parse() {
            return Ok(Self::At(time));
        }
        parse_duration(text)
            .map(Self::Ago)
            .map_err(|_| "must be a time such as 2026-11-01T09:30:00Z, or how long ago, such as 1h")
    }
}

/// A time as the API writes it.
pub(crate) fn wire(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_given_or_so_long_ago() {
        let now: Timestamp = "2026-11-01T10:00:00Z".parse().unwrap();
        let check = |text: &str, expected: &str| {
            assert_eq!(text.parse::<Instant>().unwrap().to_wire(now), expected);
        };
        check("2026-11-01T09:30:00Z", "2026-11-01T09:30:00.000Z");
        check("2026-11-01T09:30:00.5+02:00", "2026-11-01T07:30:00.500Z");
        check("1h", "2026-11-01T09:00:00.000Z");
        check("2d", "2026-10-30T10:00:00.000Z");
        assert!("yesterday".parse::<Instant>().is_err());
    }
}
