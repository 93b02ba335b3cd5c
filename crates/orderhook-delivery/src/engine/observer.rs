//! What the engine tells whoever counts.

use std::time::Duration;

use orderhook_store::{AttemptOutcome, DeliveryId, EndpointId, MerchantId, MessageId, StoreError};

use crate::breaker::BreakerState;

/// An attempt that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptSeen {
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// Where it went.
    pub endpoint_id: EndpointId,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The event.
    pub message_id: MessageId,
    /// 1 for the first of its delivery.
    pub attempt: u32,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// How long it took.
    pub duration: Duration,
    /// How long it waited for its turn since it was leased, which for a first attempt is mostly
    /// since it was published.
    pub waited: Duration,
}

/// Why an attempt left no record. Its delivery stays in the queue and is attempted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LostAttempt {
    /// It was not made: it can't be signed with the secrets of its endpoint.
    Unsigned,
    /// It was not made: this machine could not connect, for want of file descriptors, ports or
    /// memory.
    NotConnected,
    /// It broke our own code, perhaps after it was made.
    Panicked,
    /// It was made, and the store refused its result until the lease was over.
    Unrecorded,
}

/// Told what happens, to count it; the engine itself writes the log.
///
/// The calls are made between attempts and have to return at once.
pub trait Observer: Send + Sync {
    /// An attempt ended; its result is not recorded yet.
    fn attempted(&self, attempt: &AttemptSeen) {
        let _ = attempt;
    }

    /// What becomes of an attempt is durable; `false` if its lease was lost.
    fn recorded(&self, delivery_id: DeliveryId, held: bool) {
        let _ = (delivery_id, held);
    }

    /// Nothing of an attempt is recorded, nor will be.
    fn attempt_lost(&self, delivery_id: DeliveryId, why: LostAttempt) {
        let _ = (delivery_id, why);
    }

    /// An endpoint's breaker opened, half opened or closed.
    fn breaker_changed(&self, endpoint_id: EndpointId, state: BreakerState) {
        let _ = (endpoint_id, state);
    }

    /// The store could not do something; it is tried again.
    fn store_failed(&self, error: &StoreError) {
        let _ = error;
    }
}

/// Counts nothing.
impl Observer for () {}
