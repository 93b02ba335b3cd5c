//! What happened: events, deliveries, attempts.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use crate::{DeliveryId, EndpointId, MerchantId, MessageId, Page, PageRequest, StoreError};

/// What kind of push an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A card event.
    CardEvent,
    /// A change of an order's status.
    OrderStatusChange,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it is called.
    pub message_id: MessageId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// Its kind.
    pub kind: EventKind,
    /// Its type; `order_status_change` for an order.
    pub event_type: String,
    /// The order, if it is about one.
    pub order_id: Option<String>,
    /// When it was published.
    pub created_at: Timestamp,
}

/// Which events a list has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only those of this merchant.
    pub merchant_id: Option<MerchantId>,
    /// Only those of this type.
    pub event_type: Option<String>,
    /// Only those of this order.
    pub order_id: Option<String>,
    /// Only those published then or later.
    pub since: Option<Timestamp>,
    /// Only those published before.
    pub until: Option<Timestamp>,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It is queued or being attempted.
    Pending,
    /// The receiver has it.
    Acknowledged,
    /// All attempts failed.
    Failed,
    /// Its webhook was deleted.
    Cancelled,
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub delivery_id: DeliveryId,
    /// The event.
    pub message_id: MessageId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// Where it goes.
    pub endpoint_id: EndpointId,
    /// The address: of an order its own, else the webhook's present one.
    pub url: Option<String>,
    /// How far it has come.
    pub state: DeliveryState,
    /// How many attempts were made.
    pub attempts: u32,
    /// When it was queued first.
    pub created_at: Timestamp,
    /// When it is attempted next; for one that is being attempted, when its lease ends.
    /// `None` while it waits for another push of the same order, and when it is finished.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
    /// The last attempt, if there was one.
    pub last_attempt: Option<AttemptRecord>,
}

/// Which deliveries a list has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only those of this merchant.
    pub merchant_id: Option<MerchantId>,
    /// Only those to this endpoint.
    pub endpoint_id: Option<EndpointId>,
    /// Only those of this event.
    pub message_id: Option<MessageId>,
    /// Only those that have come so far.
    pub state: Option<DeliveryState>,
    /// Only those queued first then or later.
    pub since: Option<Timestamp>,
    /// Only those queued first before.
    pub until: Option<Timestamp>,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// The receiver has it.
    Acknowledged,
    /// A 2xx without the code that an order's push asks for.
    NotAcknowledged,
    /// Another status.
    Rejected,
    /// A redirect, which is never followed.
    Redirected,
    /// 410: the receiver wants no more of it.
    Gone,
    /// Not over before the deadline.
    TimedOut,
    /// No connection, or it broke.
    ConnectionFailed,
    /// No encryption that can be trusted.
    TlsFailed,
    /// The address is none that may be connected to.
    AddressRefused,
    /// An answer that is longer than is read.
    AnswerTooLarge,
    /// No answer of HTTP.
    AnswerMalformed,
}

/// One attempt.
#[derive(Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// 1 for the first of its delivery.
    pub attempt: u32,
    /// When it began.
    pub attempted_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// What came of it, for a person.
    pub reason: String,
    /// The first bytes of the answer.
    pub answer: Bytes,
}

/// Shows nothing of the answer: it can hold personal data.
impl fmt::Debug for AttemptRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptRecord")
            .field("attempt", &self.attempt)
            .field("attempted_at", &self.attempted_at)
            .field("duration_ms", &self.duration_ms)
            .field("outcome", &self.outcome)
            .field("status", &self.status)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// How many bytes of an answer are kept.
pub const MAX_ANSWER_KEPT: usize = 1024;

/// Used by the operator API.
#[async_trait]
pub trait History: Send + Sync {
    /// Events of all merchants.
    async fn events(
        &self,
        filter: &EventFilter,
        page: PageRequest,
    ) -> Result<Page<Event>, StoreError>;

    /// One event, and the body that is pushed.
    async fn event(&self, message_id: MessageId) -> Result<Option<(Event, Bytes)>, StoreError>;

    /// Deliveries of all merchants.
    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        page: PageRequest,
    ) -> Result<Page<Delivery>, StoreError>;

    /// One delivery.
    async fn delivery(&self, delivery_id: DeliveryId) -> Result<Option<Delivery>, StoreError>;

    /// The attempts of a delivery; `None` if there is no such delivery.
    async fn attempts(
        &self,
        delivery_id: DeliveryId,
        page: PageRequest,
    ) -> Result<Option<Page<AttemptRecord>>, StoreError>;
}
