//! Deliveries on their way out: the store's side of the engine.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use orderhook_types::Secret;

use crate::{
    AttemptRecord, DeliveryId, EndpointId, EndpointKind, Held, MerchantId, MessageId, Shards,
    StoreError,
};

/// The right to make one attempt, until it expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Never given twice.
    pub token: i64,
    /// From then on the delivery is anyone's again.
    pub until: Timestamp,
}

/// A delivery that is leased to us, with all that an attempt needs.
#[derive(Clone)]
pub struct Claim {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The right to attempt it.
    pub lease: Lease,
    /// When it came due, before it was leased.
    pub due: Timestamp,
    /// Where it goes.
    pub endpoint_id: EndpointId,
    /// What that is; it decides what an acknowledgement is.
    pub endpoint_kind: EndpointKind,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// `webhook-id` of every attempt.
    pub message_id: MessageId,
    /// The address.
    pub url: Arc<str>,
    /// The exact bytes.
    pub body: Bytes,
    /// The live secrets, the newest first.
    pub sign_secrets: Arc<[Secret]>,
    /// How many attempts were made before.
    pub attempts: u32,
    /// How many of them were made since it was queued or replayed last: the place in the schedule.
    pub schedule_position: u32,
    /// Since when the endpoint has been failing.
    pub failing_since: Option<Timestamp>,
}

/// Shows no body: it can hold personal data.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("delivery_id", &self.delivery_id)
            .field("lease", &self.lease)
            .field("endpoint_id", &self.endpoint_id)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// A lease that is given back unused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The right to attempt it, which ends.
    pub lease: Lease,
    /// [`Claim::due`]: it returns to its place in the queue, not behind what came due later.
    pub due: Timestamp,
}

/// How many deliveries of an endpoint are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// At most so many.
    pub count: u32,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The receiver has it.
    Acknowledged,
    /// It is tried again.
    Retry {
        /// Not before then.
        due: Timestamp,
    },
    /// It has failed; a replay can take it up again.
    GiveUp,
}

/// What an attempt tells of its endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointNews {
    /// Nothing that is not known.
    Nothing,
    /// It failed; `failing_since` becomes the time of this attempt unless it is set.
    Failing,
    /// It works again; `failing_since` is cleared.
    Recovered,
    /// It is not delivered to any more, with the reason for a person.
    Disabled(String),
}

/// An attempt that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// The lease that the attempt was made under.
    pub lease: Lease,
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// What that is: an order's push has others waiting for it.
    pub endpoint_kind: EndpointKind,
    /// What happened.
    pub attempt: AttemptRecord,
    /// What becomes of the delivery.
    pub next: Next,
    /// What becomes of the endpoint.
    pub endpoint: EndpointNews,
}

/// What the engine would take just now, so that new deliveries can be leased in the transaction
/// that creates them. A hint: what is not leased stays in the queue, and the engine is told so by
/// [`Dispatch::left_in_queue`].
///
/// By [`default`](Self::default) it is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appetite {
    /// What goes to endpoints of these shards.
    pub shards: Shards,
    /// But nothing for these.
    pub except: HashSet<EndpointId>,
}

/// The engine, as the store sees it.
pub trait Dispatch: Send + Sync {
    /// What would be taken; asked once for each commit.
    fn appetite(&self) -> Appetite;

    /// When leases that are given now expire.
    fn lease_until(&self, now: Timestamp) -> Timestamp;

    /// Deliveries that were leased in a commit that is durable now.
    fn hand_over(&self, claims: Vec<Claim>);

    /// An endpoint was paused, resumed, disabled or deleted, or its address changed, or its secrets.
    fn endpoint_changed(&self, endpoint_id: EndpointId);

    /// Due deliveries of these endpoints were left in the queue by a commit that is durable now.
    fn left_in_queue(&self, endpoints: &[EndpointId]);

    /// Deliveries came due by other means than time, such as a replay.
    fn wake(&self);
}

/// Used by the engine alone.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Ends the leases of a process that is gone; returns how many. They come due at the time at which
    /// they were published, so that they go before what has waited for a shorter time.
    ///
    /// To be called once, before the first claim. Where other processes may deliver too it ends none,
    /// because nobody can know that they are gone: their leases end by themselves.
    async fn recover(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Says that this process delivers, and which shards are its own from here on for as long as
    /// `lasts`; to be called again well before that is over. A process gets its share of the shards
    /// of which nobody is the holder, and lets go of what is more than its share; until it holds its
    /// first shard it is handed nothing and claims nothing.
    ///
    /// `busy` are shards in which something of ours is under way: they are not let go yet.
    async fn hold(&self, busy: Shards, lasts: Duration, now: Timestamp)
    -> Result<Held, StoreError>;

    /// Lets go of all shards: this process delivers no more.
    async fn let_go(&self) -> Result<(), StoreError>;

    /// Active endpoints of the shards that are held that have something due, in the order of their
    /// ids, beginning after `after`.
    ///
    /// Costs the same whatever is queued for each of them.
    async fn ready(
        &self,
        now: Timestamp,
        after: Option<EndpointId>,
        limit: u32,
    ) -> Result<Vec<EndpointId>, StoreError>;

    /// Leases what is due of active endpoints of the shards that are held, the longest due first.
    ///
    /// It may give fewer than are due, because their bodies are long; then the engine is told by
    /// [`Dispatch::left_in_queue`].
    async fn claim(
        &self,
        wanted: &[Wanted],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Claim>, StoreError>;

    /// Records an attempt, and leases what waited for this delivery. `false` if the lease was lost:
    /// then the attempt is in the history, and what becomes of the delivery is another's to say.
    async fn finish(&self, finished: Finished, now: Timestamp) -> Result<bool, StoreError>;

    /// Gives leases back without an attempt; the deliveries return to their places in the queue.
    async fn release(&self, leases: Vec<Released>, now: Timestamp) -> Result<(), StoreError>;

    /// When the next delivery of an active endpoint of the shards that are held comes due, later than
    /// `now`.
    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError>;
}
