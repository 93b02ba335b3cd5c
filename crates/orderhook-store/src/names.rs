//! What states, kinds and outcomes are called: in columns, in the operator API, in metrics and logs.

use crate::{AttemptOutcome, DeliveryState, EndpointKind, EndpointState, EventKind};

macro_rules! names {
    ($($type:ident { $($variant:ident = $name:literal),+ $(,)? })+) => {$(
        impl $type {
            /// Each there is, in the order of `spec/operator.yaml`.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The one of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    )+};
}

names! {
    EndpointKind {
        Webhook = "webhook",
        OrderCallback = "order_callback",
    }
    EndpointState {
        Active = "active",
        Paused = "paused",
        Disabled = "disabled",
    }
    EventKind {
        OrderStatusChange = "order_status_change",
        CardEvent = "card_event",
    }
    DeliveryState {
        Pending = "pending",
        Acknowledged = "acknowledged",
        Failed = "failed",
        Cancelled = "cancelled",
    }
    AttemptOutcome {
        Acknowledged = "acknowledged",
        NotAcknowledged = "not_acknowledged",
        Rejected = "rejected",
        Redirected = "redirected",
        Gone = "gone",
        TimedOut = "timed_out",
        ConnectionFailed = "connection_failed",
        TlsFailed = "tls_failed",
        AddressRefused = "address_refused",
        AnswerTooLarge = "answer_too_large",
        AnswerMalformed = "answer_malformed",
    }
}
