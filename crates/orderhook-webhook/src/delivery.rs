//! What a receiver knows of a push beside its body, and the acknowledgement it gives.

use std::time::{SystemTime, UNIX_EPOCH};

use orderhook_types::{Acknowledgement, AcknowledgementData};

use crate::acknowledge;
use crate::message_id::MessageId;

/// One delivery of a verified push.
///
/// The same message may be delivered again; `message_id` is what its deliveries have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The id of the message, the same in every attempt and replay.
    pub message_id: MessageId,
    /// When the sender signed this attempt, in seconds since 1970-01-01T00:00:00Z.
    pub timestamp: u64,
    /// When this attempt was received, by the receiver's clock.
    pub received_at: SystemTime,
}

impl Delivery {
    /// A delivery as [`crate::Receiver`] makes it, public so that a test can call the methods of a
    /// [`crate::PushReceiver`] by itself. `timestamp` is in seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn new(message_id: MessageId, timestamp: u64, received_at: SystemTime) -> Self {
        Self {
            message_id,
            timestamp,
            received_at,
        }
    }

    /// The acknowledgement in the documented form (rows `B.ack.1` to `B.ack.4`).
    #[must_use]
    pub fn acknowledge(&self) -> Acknowledgement {
        acknowledgement(acknowledge::SUCCESS, "success", self.received_at)
    }

    /// The acknowledgement with business parameters (row `B.ack.2`).
    #[must_use]
    pub fn acknowledge_with(&self, data: AcknowledgementData) -> Acknowledgement {
        Acknowledgement {
            data: Some(data),
            ..self.acknowledge()
        }
    }
}

/// An answer to a push; without `code` `00000` it is a refusal, and the push comes again.
pub(crate) fn acknowledgement(code: &str, msg: &str, now: SystemTime) -> Acknowledgement {
    let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    Acknowledgement {
        code: code.to_owned(),
        data: None,
        msg: msg.to_owned(),
        request_time: i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX),
    }
}
