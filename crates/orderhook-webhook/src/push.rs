//! Pushes as the documents have them: reading both forms of a body, and requests without secrets.

use std::collections::HashMap;

use orderhook_types::{CardEventPush, Order, OrderStatusPush, OrderStatusPushType};
use serde::de::IgnoredAny;

use crate::generated::pushes::{self, Push, PushType};
use crate::request::PushRequest;

impl Push {
    /// Reads the body of a push.
    ///
    /// An order-status push may be the bare order instead of `{"type", "data"}`: the table of
    /// document B shows the order's members alone. A body is a bare order if it has an `orderId` or
    /// a `merchantOrderId` but no `data`, whatever its `type`; without a `type` it can be nothing
    /// else. Of the rest, what has another `type` than `order_status_change` is a card event, of a
    /// type that may be unknown. `null` counts as absent.
    ///
    /// # Errors
    /// If the body is not a JSON object, or not what its type asks for; the message names line and
    /// column.
    pub fn parse(body: &[u8]) -> Result<Self, serde_json::Error> {
        if is_bare_order(body)? {
            return Self::of_bare_order(body);
        }
        let PushType { text } = serde_json::from_slice(body)?;
        match text {
            Some(text) => Self::of_type(Some(&text), body),
            None => Self::of_bare_order(body),
        }
    }

    fn of_bare_order(body: &[u8]) -> Result<Self, serde_json::Error> {
        let order: Order = serde_json::from_slice(body)?;
        Ok(Self::OrderStatusChange(OrderStatusPush {
            type_: OrderStatusPushType::OrderStatusChange,
            data: order,
        }))
    }
}

/// Whether the members of `body` alone say that it is a bare order.
///
/// Read as a map because a struct would also be read from an array.
fn is_bare_order(body: &[u8]) -> Result<bool, serde_json::Error> {
    let members: HashMap<String, Option<IgnoredAny>> = serde_json::from_slice(body)?;
    let has = |name| members.get(name).is_some_and(Option::is_some);
    Ok(!has("data") && (has("orderId") || has("merchantOrderId")))
}

/// The request of an order-status push, serialised once for all its attempts.
///
/// `privateSecret` (row `B.push.27`) is left out: a secret of the app has no place in a push.
///
/// # Errors
/// If the push can't be written as JSON.
pub fn order_status_change(push: &OrderStatusPush) -> Result<PushRequest, serde_json::Error> {
    let mut push = push.clone();
    push.data.private_secret = None;
    pushes::order_status_change_request(&push)
}

/// The request of a card event, serialised once for all its attempts.
///
/// # Errors
/// If the push can't be written as JSON.
pub fn card_event(push: &CardEventPush) -> Result<PushRequest, serde_json::Error> {
    pushes::card_event_request(push)
}
