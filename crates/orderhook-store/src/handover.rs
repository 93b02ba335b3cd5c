//! What a commit hands over to the engine, and what the engine is told after it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;

use crate::{Appetite, Claim, Dispatch, EndpointId};

/// The most deliveries that are handed over by one commit; the rest of them are claimed.
const MAX_CLAIMS: usize = 512;
/// The most bytes of bodies that one commit hands over and one call claims, but for the last body:
/// they are all in memory at once.
pub(crate) const MAX_CLAIMED_BYTES: usize = 4 << 20;

/// The engine, once there is one.
#[derive(Clone, Default)]
pub(crate) struct Engine(Arc<Mutex<Option<Arc<dyn Dispatch>>>>);

impl Engine {
    pub(crate) fn set(&self, dispatch: Option<Arc<dyn Dispatch>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = dispatch;
    }

    pub(crate) fn get(&self) -> Option<Arc<dyn Dispatch>> {
        let dispatch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        dispatch.clone()
    }
}

/// What one commit may hand over.
pub(crate) struct Handover {
    dispatch: Option<Arc<dyn Dispatch>>,
    appetite: Appetite,
    claims: usize,
    bytes: usize,
}

impl Handover {
    pub(crate) fn new(dispatch: Option<Arc<dyn Dispatch>>) -> Self {
        let appetite = dispatch.as_ref().map(|dispatch| dispatch.appetite());
        Self {
            dispatch,
            appetite: appetite.unwrap_or_default(),
            claims: 0,
            bytes: 0,
        }
    }

    /// Whether there is an engine that new deliveries could go to.
    pub(crate) fn has_engine(&self) -> bool {
        self.dispatch.is_some()
    }

    /// When a lease that is given now expires; `None` if nothing more is handed over to this
    /// endpoint by this commit.
    pub(crate) fn lease_until(&self, endpoint_id: EndpointId, now: Timestamp) -> Option<Timestamp> {
        let dispatch = self.dispatch.as_ref()?;
        let wanted = self.appetite.shards.contain(endpoint_id)
            && !self.appetite.except.contains(&endpoint_id);
        let room = self.claims < MAX_CLAIMS && self.bytes < MAX_CLAIMED_BYTES;
        (wanted && room).then(|| dispatch.lease_until(now))
    }

    /// Counts what is handed over, whether or not the call that does so succeeds.
    pub(crate) fn count(&mut self, body: &Bytes) {
        self.claims += 1;
        self.bytes += body.len();
    }

    /// What is wanted, and when a lease that is given now expires; `None` if nothing is.
    pub(crate) fn wanted(&self, now: Timestamp) -> Option<(&Appetite, Timestamp)> {
        let dispatch = self.dispatch.as_ref()?;
        let wanted = !self.appetite.shards.is_empty();
        wanted.then(|| (&self.appetite, dispatch.lease_until(now)))
    }
}

/// What the engine is told after the commit.
#[derive(Default)]
pub(crate) struct News {
    pub(crate) claims: Vec<Claim>,
    pub(crate) changed: Vec<EndpointId>,
    /// Endpoints with something due that is in none of the claims.
    pub(crate) left: HashSet<EndpointId>,
    pub(crate) wake: bool,
}

impl News {
    pub(crate) fn append(&mut self, mut more: Self) {
        self.claims.append(&mut more.claims);
        self.changed.append(&mut more.changed);
        self.left.extend(more.left);
        self.wake |= more.wake;
    }

    /// The claims come first, so that a change in the same commit, such as a pause, stops them.
    pub(crate) fn tell(self, dispatch: &dyn Dispatch) {
        if !self.claims.is_empty() {
            dispatch.hand_over(self.claims);
        }
        for endpoint_id in self.changed {
            dispatch.endpoint_changed(endpoint_id);
        }
        if !self.left.is_empty() {
            let left: Vec<EndpointId> = self.left.into_iter().collect();
            dispatch.left_in_queue(&left);
        }
        if self.wake {
            dispatch.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeliveryId, EndpointKind, EventId, Lease, MerchantId, MessageId, Shards};

    /// Takes down in which order it was told.
    #[derive(Default)]
    struct Order(Mutex<Vec<&'static str>>);

    impl Order {
        fn note(&self, what: &'static str) {
            self.0.lock().expect("not poisoned").push(what);
        }
    }

    impl Dispatch for Order {
        fn appetite(&self) -> Appetite {
            Appetite {
                shards: Shards::ALL,
                ..Appetite::default()
            }
        }

        fn lease_until(&self, now: Timestamp) -> Timestamp {
            now
        }

        fn hand_over(&self, _: Vec<Claim>) {
            self.note("hand_over");
        }

        fn endpoint_changed(&self, _: EndpointId) {
            self.note("endpoint_changed");
        }

        fn left_in_queue(&self, _: &[EndpointId]) {
            self.note("left_in_queue");
        }

        fn wake(&self) {
            self.note("wake");
        }
    }

    fn claim() -> Claim {
        let now = Timestamp::UNIX_EPOCH;
        Claim {
            delivery_id: DeliveryId(1),
            lease: Lease {
                token: 1,
                until: now,
            },
            due: now,
            endpoint_id: EndpointId(1),
            endpoint_kind: EndpointKind::Webhook,
            merchant_id: MerchantId(1),
            message_id: MessageId {
                event_id: EventId(1),
                nonce: 1,
            },
            url: "https://receiver.example/hook".into(),
            body: "{}".into(),
            sign_secrets: Arc::default(),
            attempts: 0,
            schedule_position: 0,
            failing_since: None,
        }
    }

    #[test]
    fn a_change_is_told_after_what_it_stops() {
        let order = Order::default();
        let news = News {
            claims: vec![claim()],
            changed: vec![EndpointId(1)],
            left: HashSet::from([EndpointId(1)]),
            wake: true,
        };
        news.tell(&order);
        let told = order.0.into_inner().expect("not poisoned");
        let expected = ["hand_over", "endpoint_changed", "left_in_queue", "wake"];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_handed_over_is_bounded_by_count_and_by_bytes() {
        let check = |body: usize, claims: usize| {
            let mut handover = Handover::new(Some(Arc::new(Order::default())));
            let claim = Claim {
                body: vec![b'x'; body].into(),
                ..claim()
            };
            let mut handed = 0;
            while handover.lease_until(claim.endpoint_id, claim.due).is_some() {
                handover.count(&claim.body);
                handed += 1;
            }
            assert_eq!(handed, claims, "of {body} bytes");
        };
        check(10, MAX_CLAIMS);
        check(MAX_CLAIMED_BYTES / 4, 4);
        check(MAX_CLAIMED_BYTES / 4 + 1, 4);
        check(MAX_CLAIMED_BYTES / 4 - 1, 5);
        check(MAX_CLAIMED_BYTES * 2, 1);
    }
}
