//! Formats of texts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A format that texts are checked for.
#[derive(Debug)]
pub enum Format {
    /// A decimal number in plain notation: `-?digits[.digits]`.
    Decimal,
    /// An absolute URI with an authority (RFC 3986).
    Uri,
    /// A URI, or one that is relative to another (RFC 3986).
    UriReference,
    /// A day (RFC 3339).
    Date,
    /// A point in time (RFC 3339).
    DateTime,
    /// A time of day (RFC 3339), with or without an offset.
    Time,
    /// A duration (RFC 3339, appendix A), with fractions of a second.
    Duration,
    /// A UUID in its usual form (RFC 4122).
    Uuid,
    /// An e-mail address (RFC 5321).
    Email,
    /// The name of a host (RFC 1123).
    Hostname,
    Ipv4,
    Ipv6,
    /// An IP address of either version.
    Ip,
    /// Bytes in base64 (RFC 4648).
    Byte,
}

impl Format {
    /// What `text` must be, if it is not.
    pub(super) fn problem(&self, text: &str) -> Option<&'static str> {
        let (is_valid, problem) = match self {
            Self::Decimal => (is_decimal(text), "must be a decimal number, such as 120.00"),
            Self::Uri => (
                is_absolute_uri(text),
                "must be an absolute URI, such as https://example.com/path",
            ),
            Self::UriReference => (
                is_uri_reference(text),
                "must be a URI or a relative one, such as /path?query",
            ),
            Self::Date => (is_date(text), "must be a date, such as 2026-01-31"),
            Self::DateTime => (
                is_date_time(text),
                "must be a date and time, such as 2026-01-31T12:30:00Z",
            ),
            Self::Time => (is_time(text), "must be a time, such as 12:30:00Z"),
            Self::Duration => (is_duration(text), "must be a duration, such as P1DT12H"),
            Self::Uuid => (
                is_uuid(text),
                "must be a UUID, such as 123e4567-e89b-12d3-a456-426614174000",
            ),
            Self::Email => (
                is_email(text),
                "must be an e-mail address, such as name@example.com",
            ),
            Self::Hostname => (
                is_hostname(text),
                "must be a host name, such as example.com",
            ),
            Self::Ipv4 => (
                text.parse::<Ipv4Addr>().is_ok(),
                "must be an IPv4 address, such as 192.0.2.1",
            ),
            Self::Ipv6 => (
                text.parse::<Ipv6Addr>().is_ok(),
                "must be an IPv6 address, such as 2001:db8::1",
            ),
            Self::Ip => (
                text.parse::<IpAddr>().is_ok(),
                "must be an IP address, such as 192.0.2.1",
            ),
            Self::Byte => (is_base64(text), "must be base64, such as b3JkZXI="),
        };
        (!is_valid).then_some(problem)
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(unsigned),
    }
}

fn is_absolute_uri(text: &str) -> bool {
    let uri = text.parse::<axum::http::Uri>();
    uri.is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some_and(|host| !host.is_empty()))
}

fn is_uri_reference(text: &str) -> bool {
    let is_allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let is_escape = |escape: &str| {
        let digits = escape.bytes().take_while(u8::is_ascii_hexdigit);
        digits.take(2).count() == 2
    };
    text.bytes().all(is_allowed)
        && text.split('%').skip(1).all(is_escape)
        && text.matches('#').count() <= 1
}

/// The number in `text`, if it is all digits, so many of them, and in `range`.
fn number(text: &str, digits: usize, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
    if text.len() != digits || !is_digits(text) {
        return None;
    }
    text.parse().ok().filter(|number| range.contains(number))
}

fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let year = parts.next().and_then(|year| number(year, 4, 0..=9999));
    let month = parts.next().and_then(|month| number(month, 2, 1..=12));
    let (Some(year), Some(month), Some(day)) = (year, month, parts.next()) else {
        return false;
    };
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 31,
    };
    number(day, 2, 1..=days).is_some()
}

fn is_date_time(text: &str) -> bool {
    let halves = text.split_once(['T', 't']);
    halves.is_some_and(|(date, time)| is_date(date) && split_time(time) == Some(true))
}

fn is_time(text: &str) -> bool {
    split_time(text).is_some()
}

/// Whether the time in `text` has an offset, if it is a time.
fn split_time(text: &str) -> Option<bool> {
    let end = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (time, offset) = text.split_at_checked(end)?;
    let (hours, rest) = time.split_once(':')?;
    let (minutes, seconds) = rest.split_once(':')?;
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    number(hours, 2, 0..=23)?;
    number(minutes, 2, 0..=59)?;
    // A leap second is the sixtieth.
    number(seconds, 2, 0..=60)?;
    if !is_digits(fraction) {
        return None;
    }
    if !matches!(offset, "" | "Z" | "z") {
        let (hours, minutes) = offset[1..].split_once(':')?;
        number(hours, 2, 0..=23)?;
        number(minutes, 2, 0..=59)?;
    }
    Some(!offset.is_empty())
}

fn is_duration(text: &str) -> bool {
    let Some(text) = text.strip_prefix('P') else {
        return false;
    };
    if let Some(weeks) = text.strip_suffix('W') {
        return is_digits(weeks);
    }
    match text.split_once('T') {
        None => has_units(text, "YMD"),
        Some(("", time)) => has_units(time, "HMS"),
        Some((date, time)) => has_units(date, "YMD") && has_units(time, "HMS"),
    }
}

/// Whether `text` is numbers, each with one of `units` behind it, in their order.
fn has_units(text: &str, units: &str) -> bool {
    let mut units = units.chars();
    let mut parts = text.split_inclusive(|c: char| c.is_ascii_alphabetic());
    !text.is_empty()
        && parts.all(|part| {
            let Some((end, unit)) = part.char_indices().last() else {
                return false;
            };
            let number = &part[..end];
            let is_number = match number.split_once('.') {
                Some((whole, fraction)) => unit == 'S' && is_digits(whole) && is_digits(fraction),
                None => is_digits(number),
            };
            is_number && units.any(|allowed| allowed == unit)
        })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_allowed);
    let quoted = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    let is_name = match quoted {
        Some(quoted) => quoted
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"'),
        None => name.split('.').all(is_atom),
    };
    let literal = domain
        .strip_prefix('[')
        .and_then(|domain| domain.strip_suffix(']'));
    let is_domain = match literal {
        Some(literal) => match literal.strip_prefix("IPv6:") {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => literal.parse::<Ipv4Addr>().is_ok(),
        },
        None => is_hostname(domain),
    };
    name.len() <= 64 && is_name && is_domain
}

fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_base64(text: &str) -> bool {
    let padding = text.len() - text.trim_end_matches('=').len();
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    text.len().is_multiple_of(4)
        && padding <= 2
        && text[..text.len() - padding].bytes().all(is_digit)
}
