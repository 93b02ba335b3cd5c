//! Deliveries and attempts as the answers of the operator API have them.

use orderhook_api::runtime::{Location, Rule};
use orderhook_store::{AttemptOutcome, AttemptRecord, Delivery, DeliveryId, DeliveryState};
use orderhook_types as wire;

use super::refused::Refused;
use super::webhook_rows::rfc3339;

pub(crate) fn delivery(row: Delivery) -> wire::Delivery {
    let last = row.last_attempt;
    wire::Delivery {
        delivery_id: row.delivery_id.0,
        event_id: row.message_id.to_string(),
        merchant_id: row.merchant_id.0,
        endpoint_id: row.endpoint_id.0,
        url: row.url,
        state: match row.state {
            DeliveryState::Pending => wire::DeliveryState::Pending,
            DeliveryState::Acknowledged => wire::DeliveryState::Acknowledged,
            DeliveryState::Failed => wire::DeliveryState::Failed,
            DeliveryState::Cancelled => wire::DeliveryState::Cancelled,
        },
        attempts: row.attempts.into(),
        create_time: rfc3339(row.created_at),
        next_attempt_time: row.next_attempt_at.map(rfc3339),
        finish_time: row.finished_at.map(rfc3339),
        last_outcome: last.as_ref().map(|attempt| outcome(attempt.outcome)),
        last_reason: last.map(|attempt| attempt.reason),
    }
}

pub(crate) fn attempt(delivery_id: DeliveryId, row: AttemptRecord) -> wire::Attempt {
    // Whatever a receiver answers is shown, but not as anything else than text.
    let answer = String::from_utf8_lossy(&row.answer).into_owned();
    wire::Attempt {
        attempt: row.attempt.into(),
        delivery_id: delivery_id.0,
        attempt_time: rfc3339(row.attempted_at),
        duration_ms: row.duration_ms.into(),
        outcome: outcome(row.outcome),
        status: row.status.map(i64::from),
        reason: row.reason,
        answer: (!answer.is_empty()).then_some(answer),
    }
}

fn outcome(outcome: AttemptOutcome) -> wire::AttemptOutcome {
    match outcome {
        AttemptOutcome::Acknowledged => wire::AttemptOutcome::Acknowledged,
        AttemptOutcome::NotAcknowledged => wire::AttemptOutcome::NotAcknowledged,
        AttemptOutcome::Rejected => wire::AttemptOutcome::Rejected,
        AttemptOutcome::Redirected => wire::AttemptOutcome::Redirected,
        AttemptOutcome::Gone => wire::AttemptOutcome::Gone,
        AttemptOutcome::TimedOut => wire::AttemptOutcome::TimedOut,
        AttemptOutcome::ConnectionFailed => wire::AttemptOutcome::ConnectionFailed,
        AttemptOutcome::TlsFailed => wire::AttemptOutcome::TlsFailed,
        AttemptOutcome::AddressRefused => wire::AttemptOutcome::AddressRefused,
        AttemptOutcome::AnswerTooLarge => wire::AttemptOutcome::AnswerTooLarge,
        AttemptOutcome::AnswerMalformed => wire::AttemptOutcome::AnswerMalformed,
    }
}

pub(crate) fn state_from_wire(
    location: Location,
    state: &wire::DeliveryState,
) -> Result<DeliveryState, Refused> {
    match state {
        wire::DeliveryState::Pending => Ok(DeliveryState::Pending),
        wire::DeliveryState::Acknowledged => Ok(DeliveryState::Acknowledged),
        wire::DeliveryState::Failed => Ok(DeliveryState::Failed),
        wire::DeliveryState::Cancelled => Ok(DeliveryState::Cancelled),
        _ => Err(Refused::Breaks {
            location,
            field: "state",
            rule: Rule::OneOf,
            message: "must be one of pending, acknowledged, failed, cancelled".to_owned(),
        }),
    }
}
