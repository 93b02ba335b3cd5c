//! A database, a clock, receivers and an engine.

mod clock;
mod queue;
mod receivers;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use orderhook_delivery::{
    AttemptSeen, BreakerState, Clock as _, EngineHandle, EngineSettings, Load, Observer, Random,
};
use orderhook_store::sqlite::{Sqlite, SqliteOptions, Synchronous};
use orderhook_store::{
    Access as _, AttemptRecord, BoxError, Delivery, DeliveryFilter, DeliveryId, EndpointId,
    Endpoints as _, History as _, Key, Keyring, MerchantId, NewEvent, NewPush, Once, Operator,
    PageRequest, Publishing as _, Randomness, StoreError, Webhooks as _,
};
use orderhook_types::Secret;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

pub(crate) use self::clock::ManualClock;
pub(crate) use self::queue::FaultyQueue;
pub(crate) use self::receivers::{Manner, Push, Receivers};

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// How long a test waits, in real time, for what has to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the engine told.
#[derive(Debug)]
pub(crate) enum Seen {
    Attempted(AttemptSeen),
    Recorded(DeliveryId, bool),
    Breaker(BreakerState),
    StoreFailed,
}

struct Telling(mpsc::UnboundedSender<Seen>);

impl Observer for Telling {
    fn attempted(&self, attempt: &AttemptSeen) {
        let _ = self.0.send(Seen::Attempted(*attempt));
    }

    fn recorded(&self, delivery_id: DeliveryId, held: bool) {
        let _ = self.0.send(Seen::Recorded(delivery_id, held));
    }

    fn breaker_changed(&self, _: EndpointId, state: BreakerState) {
        let _ = self.0.send(Seen::Breaker(state));
    }

    fn store_failed(&self, _: &StoreError) {
        let _ = self.0.send(Seen::StoreFailed);
    }
}

/// One number for ever, so that jitter is known.
struct Fixed(u64);

impl Random for Fixed {
    fn number(&self) -> u64 {
        self.0
    }
}

struct Counting(AtomicU64);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BoxError> {
        let number = self.0.fetch_add(1, Ordering::SeqCst).to_le_bytes();
        bytes.fill(0);
        for (place, byte) in bytes.iter_mut().zip(number) {
            *place = byte;
        }
        Ok(())
    }
}

/// What an engine is made of.
struct Parts {
    queue: Arc<FaultyQueue>,
    receivers: Arc<Receivers>,
    clock: Arc<ManualClock>,
    random: u64,
    settings: EngineSettings,
    tell: mpsc::UnboundedSender<Seen>,
}

impl Parts {
    async fn start(&self, store: &Sqlite) -> EngineHandle {
        let engine = EngineHandle::start(
            Arc::clone(&self.queue) as _,
            Arc::clone(&self.receivers) as _,
            Arc::clone(&self.clock) as _,
            Arc::new(Fixed(self.random)),
            self.settings.clone(),
            Arc::new(Telling(self.tell.clone())),
        );
        let engine = engine.await.expect("starts");
        store.dispatch_to(engine.dispatch());
        engine
    }
}

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

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(quiet(), 0).await
    }

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
            queue: Arc::clone(&queue),
            receivers: Arc::clone(&receivers),
            clock: Arc::clone(&clock),
            random,
            settings,
            tell,
        };
        Self {
            engine: parts.start(&store).await,
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
        self.engine = self.parts.start(&self.store).await;
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
    pub(crate) async fn seen<T>(&mut self, mut wanted: impl FnMut(&Seen) -> Option<T>) -> T {
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

    /// Waits until the engine holds what `wanted` says; what is no event is looked at again and
    /// again.
    pub(crate) async fn until_load(&self, wanted: impl Fn(Load) -> bool) {
        let look = async {
            while !wanted(self.engine.load()) {
                tokio::task::yield_now().await;
            }
        };
        let looked = timeout(PATIENCE, look).await;
        assert!(looked.is_ok(), "{:?}", self.engine.load());
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
