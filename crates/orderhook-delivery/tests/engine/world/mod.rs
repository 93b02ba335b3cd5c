//! A database, a clock, receivers and an engine.

mod clock;
mod parts;
mod queue;
mod receivers;
mod replicas;

use std::collections::VecDeque;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use orderhook_delivery::{
    AttemptSeen, BreakerState, Clock as _, EngineHandle, EngineSettings, Load, LostAttempt,
};
use orderhook_store::sqlite::{Sqlite, SqliteOptions, Synchronous};
use orderhook_store::{
    Access as _, AttemptRecord, Delivery, DeliveryFilter, DeliveryId, EndpointId, Endpoints as _,
    History as _, Key, Keyring, MerchantId, NewEvent, NewPush, Once, Operator, PageRequest,
    Publishing as _, Queue, Webhooks as _,
};
use orderhook_types::Secret;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

pub(crate) use self::clock::ManualClock;
pub(crate) use self::parts::Fixed;
use self::parts::{Counting, Parts, Seen};
pub(crate) use self::queue::FaultyQueue;
pub(crate) use self::receivers::{Manner, Push, Receivers};
pub(crate) use self::replicas::{Replica, Shared};

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// How long a test waits, in real time, for what has to happen.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) store: Arc<Sqlite>,
    pub(crate) queue: Arc<FaultyQueue>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) receivers: Arc<Receivers>,
    pub(crate) engine: EngineHandle,
    pub(crate) merchant_id: MerchantId,
    parts: Parts,
    pushes: mpsc::UnboundedReceiver<Push>,
    seen: mpsc::UnboundedReceiver<Seen>,
    /// What was told and not waited for yet.
    unclaimed: VecDeque<Seen>,
    next_nonce: u64,
    _directory: TempDir,
}

/// Settings whose only timers are those that a test is about.
pub(crate) fn quiet() -> EngineSettings {
    let mut settings = EngineSettings::default();
    settings.idle_poll = Duration::from_hours(1000);
    settings.breaker.memory = Duration::from_hours(1000);
    settings
}

/// Waits until something is true. What is no event is looked at again and again.
#[track_caller]
pub(crate) fn until(wanted: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = Location::caller();
    async move {
        let look = async {
            while !wanted() {
                tokio::task::yield_now().await;
            }
        };
        let looked = timeout(PATIENCE, look).await;
        assert!(looked.is_ok(), "it does not become so: {caller}");
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(quiet(), 0).await
    }

    /// With an engine that has looked at the whole queue once, so that publishers hand over.
    ///
    /// `random` is the least (0) or the most ([`u64::MAX`]) jitter.
    pub(crate) async fn with(settings: EngineSettings, random: u64) -> Self {
        let directory = TempDir::new().expect("a directory");
        let options = SqliteOptions {
            path: directory.path().join("test.db"),
            keyring: Keyring::new([Key::new(1, &[7; Key::BYTES])]).expect("one key"),
            randomness: Arc::new(Counting(AtomicU64::new(1))),
            synchronous: Synchronous::Normal,
            migrate: true,
            exclusive: true,
        };
        let store = Arc::new(Sqlite::open(options).await.expect("opens"));
        let now = "2026-03-01T00:00:00Z".parse().expect("a time");
        let merchant = store
            .create_merchant("Ayşe", &Secret::from(SECRET), None, now)
            .await
            .expect("is created");
        let Once::Done(merchant) = merchant else {
            panic!("there was no key");
        };
        let queue = Arc::new(FaultyQueue::new(Arc::clone(&store)));
        let clock = Arc::new(ManualClock::new(now));
        let (receivers, pushes) = Receivers::new();
        let (tell, seen) = mpsc::unbounded_channel();
        let parts = Parts {
            receivers: Arc::clone(&receivers),
            clock: Arc::clone(&clock),
            random,
            settings,
            tell,
        };
        let engine = parts.start(Arc::clone(&queue) as _, &store).await;
        let slept = timeout(PATIENCE, clock.sleeper()).await;
        slept.expect("the engine has looked");
        Self {
            engine,
            store,
            queue,
            clock,
            receivers,
            merchant_id: merchant.merchant_id,
            parts,
            pushes,
            seen,
            unclaimed: VecDeque::new(),
            next_nonce: 0,
            _directory: directory,
        }
    }

    /// Another engine on the same database, as after a restart.
    pub(crate) async fn restart(&mut self) {
        self.engine = self.start(Arc::clone(&self.queue) as _).await;
    }

    /// Another engine beside the one that is there. What is published is handed over to this one.
    pub(crate) async fn start(&self, queue: Arc<dyn Queue>) -> EngineHandle {
        self.parts.start(queue, &self.store).await
    }

    /// A webhook subscribed to `card.load`.
    pub(crate) async fn webhook(&self, url: &str) -> EndpointId {
        self.webhook_for(url, "card.load").await
    }

    pub(crate) async fn webhook_for(&self, url: &str, event_type: &str) -> EndpointId {
        let by = Operator {
            id: 1,
            name: "Li".to_owned(),
        };
        let (merchant_id, now, secret) = (self.merchant_id, self.clock.now(), Secret::from(SECRET));
        let created = self
            .store
            .create_webhook(merchant_id, "w", Some(url), &secret, &by, None, now)
            .await;
        let Ok(Some(Once::Done(webhook))) = created else {
            panic!("not created: {created:?}");
        };
        let id = webhook.webhook_id;
        let subscribed = self.store.subscribe(merchant_id, id, event_type, &by, now);
        assert!(subscribed.await.expect("works").is_some());
        id
    }

    pub(crate) async fn publish(&mut self, count: usize) {
        self.publish_as("card.load", count).await;
    }

    /// So many card events in one call.
    pub(crate) async fn publish_as(&mut self, event_type: &str, count: usize) {
        let push = NewPush::CardEvent {
            event_type: event_type.to_owned(),
        };
        let events = (0..count).map(|_| self.event(push.clone(), "{}")).collect();
        self.publish_events(events).await;
    }

    pub(crate) async fn publish_order(&mut self, order_id: &str, url: &str, body: &'static str) {
        let push = NewPush::OrderStatusChange {
            order_id: order_id.to_owned(),
            url: url.to_owned(),
            origin: "https://orders.example".to_owned(),
        };
        let event = self.event(push, body);
        self.publish_events(vec![event]).await;
    }

    fn event(&mut self, push: NewPush, body: &'static str) -> NewEvent {
        self.next_nonce += 1;
        NewEvent {
            push,
            body: Bytes::from_static(body.as_bytes()),
            nonce: self.next_nonce,
        }
    }

    async fn publish_events(&self, events: Vec<NewEvent>) {
        let published = self
            .store
            .publish(self.merchant_id, events, None, self.clock.now());
        let published = published.await.expect("is published");
        assert!(matches!(published, Some(Once::Done(_))));
    }

    /// The next push that waits for an answer.
    pub(crate) async fn push(&mut self) -> Push {
        let push = timeout(PATIENCE, self.pushes.recv()).await;
        push.expect("a push in time").expect("receivers live")
    }

    #[track_caller]
    pub(crate) fn assert_no_push(&mut self) {
        let push = self.pushes.try_recv();
        assert!(push.is_err(), "{push:?}");
    }

    /// Waits until something was told for which `wanted` gives a value; each counts once, and what
    /// is not wanted now is kept for later.
    async fn seen<T>(&mut self, mut wanted: impl FnMut(&Seen) -> Option<T>) -> T {
        for index in 0..self.unclaimed.len() {
            if let Some(value) = wanted(&self.unclaimed[index]) {
                self.unclaimed.remove(index);
                return value;
            }
        }
        let search = async {
            loop {
                let seen = self.seen.recv().await.expect("the world lives");
                if let Some(value) = wanted(&seen) {
                    return value;
                }
                self.unclaimed.push_back(seen);
            }
        };
        timeout(PATIENCE, search).await.expect("is told in time")
    }

    /// Waits until the next attempt is recorded; whether its lease was held.
    pub(crate) async fn recorded(&mut self) -> (DeliveryId, bool) {
        self.seen(|seen| match seen {
            Seen::Recorded(delivery_id, held) => Some((*delivery_id, *held)),
            _ => None,
        })
        .await
    }

    pub(crate) async fn recorded_times(&mut self, times: usize) {
        for _ in 0..times {
            self.recorded().await;
        }
    }

    /// Waits until the next attempt is lost; why.
    pub(crate) async fn lost(&mut self) -> LostAttempt {
        self.seen(|seen| match seen {
            Seen::Lost(why) => Some(*why),
            _ => None,
        })
        .await
    }

    pub(crate) async fn breaker(&mut self) -> BreakerState {
        self.seen(|seen| match seen {
            Seen::Breaker(state) => Some(*state),
            _ => None,
        })
        .await
    }

    /// Waits until the store could not do something.
    pub(crate) async fn store_failed(&mut self) {
        self.seen(|seen| matches!(seen, Seen::StoreFailed).then_some(()))
            .await;
    }

    /// Waits until the next attempt has ended.
    pub(crate) async fn attempted(&mut self) -> AttemptSeen {
        self.seen(|seen| match seen {
            Seen::Attempted(attempt) => Some(*attempt),
            _ => None,
        })
        .await
    }

    /// Waits until the engine holds what `wanted` says.
    pub(crate) async fn until_load(&self, wanted: impl Fn(Load) -> bool) {
        until(|| wanted(self.engine.load())).await;
    }

    /// Turns the clock to each look at the queue that the engine waits for, until `wanted`. What is
    /// given back while the queue is looked at is found by the next look.
    pub(crate) async fn look_until(&self, wanted: impl Fn(&Self) -> bool) {
        let look = async {
            while !wanted(self) {
                let soon = self.after(self.parts.settings.poll);
                let next = self.clock.awaited().into_iter().min();
                if let Some(next) = next.filter(|next| *next <= soon) {
                    self.clock.turn_to(next);
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, look).await.expect("is found in time");
    }

    /// Waits until the engine sleeps until exactly then, having nothing to do before.
    pub(crate) async fn asleep_until(&self, time: Timestamp) {
        let sleeper = timeout(PATIENCE, self.clock.sleeper_until(time)).await;
        assert!(sleeper.is_ok(), "{:?} and not {time}", self.clock.awaited());
    }

    pub(crate) fn after(&self, duration: Duration) -> Timestamp {
        self.clock.now() + duration
    }

    /// All deliveries, the oldest first.
    pub(crate) async fn deliveries(&self) -> Vec<Delivery> {
        let page = PageRequest {
            cursor: None,
            limit: 1000,
            ascending: true,
        };
        let page = self
            .store
            .deliveries(&DeliveryFilter::default(), page)
            .await;
        page.expect("is read").items
    }

    pub(crate) async fn delivery(&self) -> Delivery {
        let mut deliveries = self.deliveries().await;
        assert_eq!(deliveries.len(), 1);
        deliveries.remove(0)
    }

    pub(crate) async fn attempts(&self, delivery_id: DeliveryId) -> Vec<AttemptRecord> {
        let page = PageRequest {
            cursor: None,
            limit: 100,
            ascending: true,
        };
        let attempts = self.store.attempts(delivery_id, page).await;
        attempts.expect("is read").expect("there is one").items
    }

    pub(crate) async fn endpoint(&self, endpoint_id: EndpointId) -> orderhook_store::Endpoint {
        let endpoint = self.store.endpoint(endpoint_id).await;
        endpoint.expect("is read").expect("there is one")
    }
}
