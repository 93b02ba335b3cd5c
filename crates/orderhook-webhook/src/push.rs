//! Pushes as the documents have them: reading both forms of a body, and requests without secrets.

use orderhook_types::{CardEventPush, Order, OrderStatusPush, OrderStatusPushType};

use crate::generated::pushes::{self, Push, PushType};
use crate::request::PushRequest;

impl Push {
    /// Reads the body of a push.
    ///
    /// An order-status push may be the bare order instead of `{"type", "data"}`: the table of
    /// document B shows the order's members alone. Whatever has another `type` than
    /// `order_status_change` is a card event, of a type that may be unknown.
    ///
    /// # Errors
    /// If the body is not JSON, or not what its type asks for; the message names line and column.
    pub fn parse(body: &[u8]) -> Result<Self, serde_json::Error> {
        let PushType { text } = serde_json::from_slice(body)?;
        if text.is_some() {
            return Self::of_type(text.as_deref(), body);
        }
        let order: Order = serde_json::from_slice(body)?;
        Ok(Self::OrderStatusChange(OrderStatusPush {
            type_: OrderStatusPushType::OrderStatusChange,
            data: order,
        }))
    }
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
