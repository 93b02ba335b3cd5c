//! Deliveries and attempts as the answers of the operator API have them.

use orderhook_api::runtime::Location;
use orderhook_store::{AttemptRecord, Delivery, DeliveryId, DeliveryState};
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
        state: row.state.as_str().into(),
        attempts: row.attempts.into(),
        create_time: rfc3339(row.created_at),
        next_attempt_time: row.next_attempt_at.map(rfc3339),
        finish_time: row.finished_at.map(rfc3339),
        last_outcome: last.as_ref().map(|attempt| attempt.outcome.as_str().into()),
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
        outcome: row.outcome.as_str().into(),
        status: row.status.map(i64::from),
        reason: row.reason,
        answer: (!answer.is_empty()).then_some(answer),
    }
}

/// The state that a filter names.
pub(crate) fn state_from_wire(
    location: Location,
    state: &wire::DeliveryState,
) -> Result<DeliveryState, Refused> {
    let known = DeliveryState::from_name(state.as_str());
    known.ok_or_else(|| {
        let names = DeliveryState::ALL.iter().map(|state| state.as_str());
        Refused::none_of(location, "state", names)
    })
}

#[cfg(test)]
mod tests {
    use orderhook_store::{AttemptOutcome, EndpointKind, EndpointState, EventKind};

    use super::*;

    #[test]
    fn the_document_has_every_name_of_the_store() {
        macro_rules! check {
            ($($type:ident),+) => {$(
                for one in $type::ALL {
                    let wire = wire::$type::from(one.as_str());
                    assert!(!matches!(wire, wire::$type::Unknown(_)), "{one:?}");
                }
            )+};
        }
        check!(
            AttemptOutcome,
            DeliveryState,
            EndpointKind,
            EndpointState,
            EventKind
        );
    }
}
