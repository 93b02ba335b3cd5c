//! Deliveries that are made once more.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{Delivery, DeliveryId, DeliveryState, EndpointId, MerchantId, StoreError};

/// Which deliveries are replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayFilter {
    /// Those that have come so far; of pending ones, those that wait for their next attempt.
    pub state: DeliveryState,
    /// Those queued first then or later.
    pub since: Timestamp,
    /// Those queued first before.
    pub until: Option<Timestamp>,
    /// Only those of this merchant.
    pub merchant_id: Option<MerchantId>,
    /// Only those to this endpoint.
    pub endpoint_id: Option<EndpointId>,
    /// Only those of this type of event.
    pub event_type: Option<String>,
}

/// What came of replaying one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// It is queued: due now, unless it is being attempted or waits in its order's line.
    Queued(Box<Delivery>),
    /// Its webhook was deleted.
    EndpointGone,
}

/// What came of replaying all that a filter selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayCounts {
    /// How many it selected.
    pub matched: u64,
    /// How many of them are queued again: those that were still as they were when their turn came.
    pub replayed: u64,
}

/// Used by the operator API.
///
/// A replay begins the schedule anew under the same `webhook-id`. An order's push that was finished
/// goes to the end of that order's line; one that is queued keeps its place.
#[async_trait]
pub trait Replays: Send + Sync {
    /// Replays one delivery, whatever its state; `None` if there is none. One that is being
    /// attempted just now is left to it.
    async fn replay_delivery(
        &self,
        delivery_id: DeliveryId,
        now: Timestamp,
    ) -> Result<Option<Replayed>, StoreError>;

    /// How many deliveries a filter selects; those of deleted webhooks never.
    async fn count_replays(&self, filter: &ReplayFilter) -> Result<u64, StoreError>;

    /// Replays all that a filter selects, in transactions of bounded size.
    async fn replay_deliveries(
        &self,
        filter: &ReplayFilter,
        now: Timestamp,
    ) -> Result<ReplayCounts, StoreError>;
}
