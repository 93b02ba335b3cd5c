//! Events on their way in.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Idempotency, MerchantId, MessageId, Once, StoreError};

/// What kind of push an event becomes, and who gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewPush {
    /// To every webhook of the merchant that is subscribed to the type and has an address.
    CardEvent {
        /// The type, such as `card.load`.
        event_type: String,
    },
    /// To the order's own address, after all pushes of the same order that came before.
    OrderStatusChange {
        /// `orderId` (`B.push.2`).
        order_id: String,
        /// `orderCallBackUrl` (`B.push.26`), which the address policy has been asked about.
        url: String,
        /// Scheme, host and port of it.
        origin: String,
    },
}

/// An event to be published.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Who gets it and in which order.
    pub push: NewPush,
    /// The exact bytes that every attempt sends.
    pub body: Bytes,
    /// Makes its [`MessageId`] unique for all time.
    pub nonce: u64,
}

/// Shows no body: it can hold personal data.
impl fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEvent")
            .field("push", &self.push)
            .field("nonce", &self.nonce)
            .finish_non_exhaustive()
    }
}

/// An event that is durable, with its deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedEvent {
    /// What it is called.
    pub message_id: MessageId,
    /// How many deliveries were queued.
    pub deliveries: u32,
}

/// Used by the publishing operations.
///
/// When a call returns, the events and their deliveries survive `kill -9` and power loss. Under
/// load many calls share one commit.
#[async_trait]
pub trait Publishing: Send + Sync {
    /// Publishes all of `events` or none; `None` if there is no such merchant.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`], at once, where waiting would only make it worse.
    async fn publish(
        &self,
        merchant_id: MerchantId,
        events: Vec<NewEvent>,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<Option<Once<Vec<PublishedEvent>>>, StoreError>;
}
