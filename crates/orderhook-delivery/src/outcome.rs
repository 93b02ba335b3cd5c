//! What an attempt has come to: the rules of acknowledgement, and a reason for a person.

mod reason;

use std::time::Duration;

use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use orderhook_store::{AttemptOutcome, EndpointKind};
use orderhook_webhook::acknowledge;

use crate::{Answer, ConnectError, SendError, retry_after};

/// What an attempt has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The kind of it.
    pub outcome: AttemptOutcome,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// The same for a person: one line, without control characters, of bounded length.
    pub reason: String,
    /// How long the receiver asks to be left alone; not capped.
    pub retry_after: Option<Duration>,
}

/// Judges an attempt that ended at `now`.
///
/// A card event is acknowledged by 2xx; an order's push by 2xx and the code `00000` (`B.ack.1`).
/// The body of an answer to a card event is of no interest, so one that is cut acknowledges too.
#[must_use]
pub fn judge(kind: EndpointKind, result: &Result<Answer, SendError>, now: Timestamp) -> Verdict {
    match result {
        Ok(answer) => judge_answer(kind, answer, now),
        Err(error) => Verdict {
            outcome: outcome_of(error),
            status: None,
            reason: reason::of_error(error),
            retry_after: None,
        },
    }
}

fn judge_answer(kind: EndpointKind, answer: &Answer, now: Timestamp) -> Verdict {
    let status = answer.status;
    let (outcome, reason) = match status {
        StatusCode::GONE => (AttemptOutcome::Gone, reason::gone(status)),
        _ if status.is_redirection() => {
            let target = answer.headers.get(LOCATION);
            (
                AttemptOutcome::Redirected,
                reason::redirected(status, target),
            )
        }
        _ if !status.is_success() => (AttemptOutcome::Rejected, reason::answered(status)),
        _ if kind == EndpointKind::Webhook => {
            (AttemptOutcome::Acknowledged, reason::answered(status))
        }
        _ => judge_code(answer),
    };
    let asks_to_wait = outcome != AttemptOutcome::Acknowledged;
    Verdict {
        outcome,
        status: Some(status.as_u16()),
        reason,
        retry_after: asks_to_wait
            .then(|| longest_retry_after(&answer.headers, now))
            .flatten(),
    }
}

fn judge_code(answer: &Answer) -> (AttemptOutcome, String) {
    let status = answer.status;
    if answer.cut {
        return (AttemptOutcome::AnswerTooLarge, reason::too_large(status));
    }
    match acknowledge::acknowledges(status.as_u16(), &answer.body) {
        Ok(()) => (AttemptOutcome::Acknowledged, reason::answered(status)),
        Err(error) => (
            AttemptOutcome::NotAcknowledged,
            reason::not_acknowledged(status, &error),
        ),
    }
}

/// Several contradict each other; waiting for the longest breaks none.
fn longest_retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let values = headers.get_all(RETRY_AFTER).iter();
    values
        .filter_map(|value| retry_after(value.as_bytes(), now))
        .max()
}

fn outcome_of(error: &SendError) -> AttemptOutcome {
    match error {
        SendError::Address(_) | SendError::Connect(ConnectError::Refused(_)) => {
            AttemptOutcome::AddressRefused
        }
        SendError::Connect(ConnectError::TimedOut { .. }) | SendError::TimedOut { .. } => {
            AttemptOutcome::TimedOut
        }
        SendError::Connect(ConnectError::Tls(_) | ConnectError::TlsBroken(_)) => {
            AttemptOutcome::TlsFailed
        }
        SendError::Connect(ConnectError::Name { .. } | ConnectError::Tcp { .. })
        | SendError::Closed
        | SendError::Broken(_) => AttemptOutcome::ConnectionFailed,
        SendError::MalformedHead | SendError::MalformedBody => AttemptOutcome::AnswerMalformed,
        SendError::HeadTooLarge | SendError::Flood => AttemptOutcome::AnswerTooLarge,
    }
}
