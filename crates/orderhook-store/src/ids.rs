//! Ids, each of a type of its own, so that no two can be swapped.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident),+ $(,)?) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A merchant; whatever belongs to one does not exist for any other.
    MerchantId,
    /// An access token, never the token itself.
    TokenId,
    /// A receiver: a webhook, or the origin of a merchant's order callbacks.
    EndpointId,
    /// An event as rows refer to it; outside it is called by its [`MessageId`].
    EventId,
    /// One event on its way to one endpoint.
    DeliveryId,
}

/// What an event is called outside: `webhook-id` of every attempt, `event_id` of the operator API.
///
/// The row's id and a random number, so that a database restored from a backup, whose row ids
/// start over, never gives one id to two events: a receiver that remembers ids would drop the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageId {
    /// The row.
    pub event_id: EventId,
    /// Drawn when the event was published.
    pub nonce: u64,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "msg_{:x}_{:016x}", self.event_id.0, self.nonce)
    }
}

impl MessageId {
    /// Reads what [`Display`](fmt::Display) writes; any other text names no event.
    pub fn parse(text: &str) -> Option<Self> {
        let (event_id, nonce) = text.strip_prefix("msg_")?.split_once('_')?;
        let id = Self {
            event_id: EventId(i64::from_str_radix(event_id, 16).ok()?),
            nonce: u64::from_str_radix(nonce, 16).ok()?,
        };
        // One text for one event: no signs, no capitals, no zeros more or fewer.
        (id.to_string() == text).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_has_one_text() {
        let id = MessageId {
            event_id: EventId(0x1f),
            nonce: 7,
        };
        assert_eq!(id.to_string(), "msg_1f_0000000000000007");
        assert_eq!(MessageId::parse("msg_1f_0000000000000007"), Some(id));
        for text in [
            "",
            "msg_1f",
            "msg_1f_7",
            "msg_1F_0000000000000007",
            "msg_01f_0000000000000007",
            "msg_+1f_0000000000000007",
            "msg_1f_0000000000000007 ",
            "evt_1f_0000000000000007",
        ] {
            assert_eq!(MessageId::parse(text), None, "{text}");
        }
    }
}
