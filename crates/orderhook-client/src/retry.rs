//! Whether a call is tried again, and when.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::response;

/// How often and how soon a call is tried again.
///
/// | outcome of an attempt | tried again |
/// |---|---|
/// | no connection could be made | always: the server has not seen the call |
/// | 429, 503 | always: the server says that it changed nothing |
/// | 408, 502, 504, a timeout, a connection that broke off | calls that may be repeated |
/// | 409 after an outcome of the line above | calls that may be repeated: the first attempt still holds the idempotency key |
/// | anything else | never |
///
/// Every call of the API may be repeated: GET, PUT and DELETE by their meaning, `subscribe_event`
/// because the spec promises the same answer, `create_webhook` by its idempotency key. A repeated
/// `unsubscribe_event` can end in a 404, see [`ErrorExt::is_not_found`](crate::ErrorExt::is_not_found).
///
/// The wait before the n-th retry is drawn evenly from zero up to the base backoff times 2ⁿ⁻¹,
/// at most the maximum backoff ("full jitter"). A `Retry-After`, in seconds or as a date, comes on
/// top, so that no client is earlier than it was asked to be and not all are back at once. Where
/// less than 100 ms would be left after the wait until the deadline, the call ends at once with the
/// outcome it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    base_backoff: Duration,
    max_backoff: Duration,
}

impl Default for RetryPolicy {
    /// 4 attempts, backoff from 250 ms to 8 s.
    fn default() -> Self {
        Self {
            max_attempts: 4,
            base_backoff: Duration::from_millis(250),
            max_backoff: Duration::from_secs(8),
        }
    }
}

impl RetryPolicy {
    /// One attempt, no retry.
    #[must_use]
    pub fn never() -> Self {
        Self::default().max_attempts(1)
    }

    /// How often a call is sent, the first attempt included; 0 counts as 1.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The longest wait before the first retry.
    #[must_use]
    pub fn base_backoff(mut self, backoff: Duration) -> Self {
        self.base_backoff = backoff;
        self
    }

    /// The longest wait before any retry, `Retry-After` not counted.
    #[must_use]
    pub fn max_backoff(mut self, backoff: Duration) -> Self {
        self.max_backoff = backoff;
        self
    }

    /// Whether there may be an attempt after this many.
    pub(crate) fn allows_another(&self, attempts: u32) -> bool {
        attempts < self.max_attempts
    }

    /// The wait after this many attempts; `random` chooses within it.
    pub(crate) fn backoff(&self, attempts: u32, random: u64) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let ceiling = self
            .base_backoff
            .saturating_mul(doubled)
            .min(self.max_backoff);
        let ceiling = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX);
        // `random` / 2⁶⁴ of the whole milliseconds from zero to the ceiling.
        let millis = ((u128::from(ceiling) + 1) * u128::from(random)) >> 64;
        Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The whole answer arrived.
    Answered(StatusCode),
    /// The request never left.
    NotSent,
    /// The request left and no whole answer came back.
    Lost,
    /// The request can't be sent at all.
    Invalid,
    /// More came back than is read, as it would again.
    TooLarge,
}

impl Outcome {
    pub(crate) fn of(result: &reqwest::Result<reqwest::Response>) -> Self {
        match result {
            Ok(response) => Self::Answered(response.status()),
            Err(error) if error.is_builder() || error.is_redirect() => Self::Invalid,
            Err(error) if error.is_connect() => Self::NotSent,
            Err(error) if response::is_too_large(error) => Self::TooLarge,
            Err(_) => Self::Lost,
        }
    }

    /// Whether the server may have carried out the call, or still be at it.
    pub(crate) fn is_uncertain(self) -> bool {
        match self {
            Self::Answered(status) => matches!(
                status,
                StatusCode::REQUEST_TIMEOUT | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT
            ),
            Self::Lost => true,
            Self::NotSent | Self::Invalid | Self::TooLarge => false,
        }
    }

    /// Whether another attempt may help and can't harm. `repeatable`: the call may be carried out
    /// twice. `after_uncertain`: an earlier attempt of the call was uncertain.
    pub(crate) fn is_worth_another(self, repeatable: bool, after_uncertain: bool) -> bool {
        match self {
            Self::NotSent
            | Self::Answered(StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
                true
            }
            Self::Answered(StatusCode::CONFLICT) => repeatable && after_uncertain,
            _ => repeatable && self.is_uncertain(),
        }
    }
}

/// The wait that a `Retry-After` asks for; none where there is no such header, where it holds
/// neither whole seconds nor a date, and where the date has gone by.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are more seconds than anybody waits.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    date.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `once` and `repeatable`: whether a call that may not, and one that may be repeated is tried
    /// again after its first attempt.
    fn check(outcome: Outcome, once: bool, repeatable: bool) {
        let worth = |repeatable| outcome.is_worth_another(repeatable, false);
        assert_eq!(worth(false), once, "{outcome:?}");
        assert_eq!(worth(true), repeatable, "{outcome:?}");
    }

    // Here rather than over HTTP, because every operation of today's spec may be repeated.
    #[test]
    fn a_call_that_may_not_be_repeated_is_tried_again_only_where_nothing_happened() {
        let answered = |status| Outcome::Answered(StatusCode::from_u16(status).unwrap());

        check(Outcome::NotSent, true, true);
        check(answered(429), true, true);
        check(answered(503), true, true);
        check(Outcome::Lost, false, true);
        check(answered(408), false, true);
        check(answered(502), false, true);
        check(answered(504), false, true);
        check(answered(409), false, false);
        check(answered(200), false, false);
        check(answered(400), false, false);
        check(answered(500), false, false);
        check(Outcome::Invalid, false, false);
        check(Outcome::TooLarge, false, false);
    }

    #[test]
    fn extreme_policies_do_not_overflow() {
        let policy = RetryPolicy::default()
            .base_backoff(Duration::MAX)
            .max_backoff(Duration::MAX);
        let longest = policy.backoff(u32::MAX, u64::MAX);
        assert_eq!(longest, Duration::from_millis(u64::MAX));
        assert_eq!(policy.backoff(0, 0), Duration::ZERO);
    }
}
