//! What becomes of a delivery and of its endpoint after an attempt.

use jiff::Timestamp;
use orderhook_store::{AttemptOutcome, Claim, EndpointKind, EndpointNews, Next};

use super::settings::EngineSettings;
use crate::Verdict;
use crate::breaker::Health;
use crate::clock::{after, between};

/// What an attempt that ended tells about the endpoint's health.
///
/// A refusal of this one push, such as by 404 or without the code of an acknowledgement, comes from
/// an endpoint that works.
pub(super) fn health(verdict: &Verdict) -> Health {
    let overloaded = matches!(verdict.status, Some(429 | 503));
    match verdict.outcome {
        AttemptOutcome::TimedOut
        | AttemptOutcome::ConnectionFailed
        | AttemptOutcome::TlsFailed
        | AttemptOutcome::AddressRefused
        | AttemptOutcome::AnswerMalformed => Health::Failing { retry_after: None },
        AttemptOutcome::Rejected
            if overloaded || verdict.status.is_some_and(|status| status >= 500) =>
        {
            Health::Failing {
                retry_after: verdict.retry_after.filter(|_| overloaded),
            }
        }
        AttemptOutcome::Acknowledged
        | AttemptOutcome::NotAcknowledged
        | AttemptOutcome::Rejected
        | AttemptOutcome::Redirected
        | AttemptOutcome::Gone
        | AttemptOutcome::AnswerTooLarge => Health::Alive,
    }
}

/// What becomes of the delivery.
pub(super) fn next(
    claim: &Claim,
    verdict: &Verdict,
    settings: &EngineSettings,
    random: u64,
    now: Timestamp,
) -> Next {
    if verdict.outcome == AttemptOutcome::Acknowledged {
        return Next::Acknowledged;
    }
    let made = claim.schedule_position.saturating_add(1);
    match settings.schedule.next(made, verdict.retry_after, random) {
        Some(delay) => Next::Retry {
            due: after(now, delay),
        },
        None => Next::GiveUp,
    }
}

/// What becomes of the endpoint; `failed_before` says whether it failed since its last
/// acknowledgement, as far as we know and the claim does not.
///
/// 410 of a webhook disables it. Of an order's own address it says nothing about the addresses of
/// other orders, which are the same endpoint if their origin is.
pub(super) fn endpoint_news(
    claim: &Claim,
    verdict: &Verdict,
    failed_before: bool,
    settings: &EngineSettings,
    now: Timestamp,
) -> EndpointNews {
    match verdict.outcome {
        AttemptOutcome::Acknowledged if failed_before || claim.failing_since.is_some() => {
            EndpointNews::Recovered
        }
        AttemptOutcome::Acknowledged => EndpointNews::Nothing,
        AttemptOutcome::Gone if claim.endpoint_kind == EndpointKind::Webhook => {
            EndpointNews::Disabled(verdict.reason.clone())
        }
        _ => match claim.failing_since {
            Some(since) if between(since, now) >= settings.disable_after => EndpointNews::Disabled(
                format!("has failed since {since:.0}, last: {}", verdict.reason),
            ),
            _ => EndpointNews::Failing,
        },
    }
}
