//! A store to test on, whichever database is behind it: everything here goes through the traits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use orderhook_store::{
    Appetite, AttemptOutcome, AttemptRecord, BoxError, Claim, Delivery, DeliveryFilter, Dispatch,
    EndpointId, EndpointNews, Finished, Idempotency, Key, Keyring, MerchantId, NewEvent, NewPush,
    Next, Once, Operator, PageRequest, PublishedEvent, Randomness, Released, Shards, Store,
    StoreError, Wanted, WebhookRecord,
};
use orderhook_types::Secret;
use tokio::sync::Notify;

use crate::database::{Database, IS_EXCLUSIVE};

/// What the tests' engine was told.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) claims: Vec<Claim>,
    pub(crate) changed: Vec<EndpointId>,
    pub(crate) left: Vec<EndpointId>,
    pub(crate) woken: u32,
}

/// An engine that takes down what it is told and delivers nothing.
#[derive(Default)]
pub(crate) struct Engine {
    appetite: Mutex<Appetite>,
    told: Mutex<Told>,
    hint: Notify,
}

impl Engine {
    fn note(&self, note: impl FnOnce(&mut Told)) {
        note(&mut self.told.lock().expect("not poisoned"));
        self.hint.notify_one();
    }

    fn take(&self) -> Told {
        std::mem::take(&mut *self.told.lock().expect("not poisoned"))
    }

    /// What it is told by another process, whenever that comes.
    pub(crate) async fn hint(&self) -> Told {
        loop {
            let told = self.take();
            if told.woken > 0 || !told.changed.is_empty() || !told.left.is_empty() {
                return told;
            }
            self.hint.notified().await;
        }
    }

    pub(crate) fn want(&self, appetite: Appetite) {
        *self.appetite.lock().expect("not poisoned") = appetite;
    }
}

impl Dispatch for Engine {
    fn appetite(&self) -> Appetite {
        self.appetite.lock().expect("not poisoned").clone()
    }

    fn lease_until(&self, now: Timestamp) -> Timestamp {
        now + LEASE
    }

    fn hand_over(&self, mut claims: Vec<Claim>) {
        self.note(|told| told.claims.append(&mut claims));
    }

    fn endpoint_changed(&self, endpoint_id: EndpointId) {
        self.note(|told| told.changed.push(endpoint_id));
    }

    fn left_in_queue(&self, endpoints: &[EndpointId]) {
        self.note(|told| told.left.extend(endpoints));
    }

    fn wake(&self) {
        self.note(|told| told.woken += 1);
    }
}

pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// Bytes that never repeat, which is all that the store needs of them here. All stores count on
/// together: two of them may be open on one database.
pub(crate) struct Counter;

static COUNT: AtomicU64 = AtomicU64::new(0);

impl Randomness for Counter {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BoxError> {
        for chunk in bytes.chunks_mut(8) {
            let count = COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes();
            chunk.copy_from_slice(&count[..chunk.len()]);
        }
        Ok(())
    }
}

pub(crate) fn keyring(ids: &[u8]) -> Keyring {
    let keys = ids.iter().map(|id| Key::new(u32::from(*id), &[*id; 32]));
    Keyring::new(keys).expect("different ids")
}

/// An open store that delivers, on a database of its own.
pub(crate) struct Harness {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) database: Arc<Database>,
}

impl Harness {
    /// An empty store, and an engine that wants nothing.
    pub(crate) async fn open() -> Self {
        let database = Arc::new(Database::create());
        Self::open_on(database, keyring(&[1])).await.expect("opens")
    }

    pub(crate) async fn open_on(
        database: Arc<Database>,
        keyring: Keyring,
    ) -> Result<Self, StoreError> {
        let engine = Arc::new(Engine::default());
        let dispatch = Arc::clone(&engine) as Arc<dyn Dispatch>;
        let harness = Self {
            store: database.open(keyring, dispatch).await?,
            engine,
            database,
        };
        harness.hold().await;
        if !IS_EXCLUSIVE {
            // Once others are heard, it is woken for what they have said before.
            harness.engine.hint().await;
        }
        Ok(harness)
    }

    /// Takes this store's share of the shards, for longer than any test takes.
    pub(crate) async fn hold(&self) -> Shards {
        let an_hour = Duration::from_hours(1);
        let held = self.store.hold(Shards::NONE, an_hour, at(0)).await;
        held.expect("holds").shards
    }

    /// The same store, closed and opened again with other keys.
    pub(crate) async fn reopen(self, ids: &[u8]) -> Result<Self, StoreError> {
        // One that was closed before has kept its shards; then the new one claims nothing.
        let _ = self.store.let_go().await;
        self.store.close().await;
        Self::open_on(self.database, keyring(ids)).await
    }

    /// Everything that is handed over is wanted from here on.
    pub(crate) fn hungry(&self) {
        self.engine.want(all_wanted());
    }

    /// What the engine was told since this was asked last.
    pub(crate) async fn told(&self) -> Told {
        // Callers get their answer before the engine is told; the answer to a later call of the
        // same caller comes after that.
        self.store
            .release(Vec::new(), at(0))
            .await
            .expect("answers");
        self.engine.take()
    }

    pub(crate) async fn merchant(&self) -> MerchantId {
        let secret = Secret::from("merchant-secret");
        let created = self
            .store
            .create_merchant("Acme", &secret, None, at(0))
            .await;
        done(created.expect("creates")).merchant_id
    }

    /// A webhook that is subscribed to `card.load`.
    pub(crate) async fn webhook(&self, merchant_id: MerchantId) -> WebhookRecord {
        let url = Some("https://receiver.example/hook");
        let secret = Secret::from("webhook-secret");
        let created = self
            .store
            .create_webhook(merchant_id, "Loads", url, &secret, &ann(), None, at(0))
            .await
            .expect("creates");
        let webhook_id = done(created.expect("the merchant exists")).webhook_id;
        let subscribed = self
            .store
            .subscribe(merchant_id, webhook_id, "card.load", &ann(), at(0))
            .await;
        subscribed.expect("subscribes").expect("exists")
    }

    pub(crate) async fn publish(
        &self,
        merchant_id: MerchantId,
        event: NewEvent,
        now: Timestamp,
    ) -> PublishedEvent {
        let published = self
            .store
            .publish(merchant_id, vec![event], None, now)
            .await
            .expect("publishes");
        done(published.expect("the merchant exists"))[0]
    }

    /// Leases all that is due of an endpoint.
    pub(crate) async fn claim(&self, endpoint_id: EndpointId, now: Timestamp) -> Vec<Claim> {
        let wanted = [Wanted {
            endpoint_id,
            count: 1000,
        }];
        let claims = self.store.claim(&wanted, now, now + LEASE).await;
        claims.expect("claims")
    }

    pub(crate) async fn finish(&self, claim: &Claim, next: Next, now: Timestamp) -> bool {
        let finished = finished(claim, next, EndpointNews::Nothing, now);
        self.store.finish(finished, now).await.expect("finishes")
    }

    /// Gives a lease back without an attempt.
    pub(crate) async fn release(&self, claim: &Claim, now: Timestamp) {
        let released = Released {
            delivery_id: claim.delivery_id,
            lease: claim.lease,
            due: claim.due,
        };
        let released = self.store.release(vec![released], now).await;
        released.expect("releases");
    }

    pub(crate) async fn deliveries(&self, filter: DeliveryFilter) -> Vec<Delivery> {
        let page = self.store.deliveries(&filter, everything()).await;
        page.expect("lists").items
    }
}

/// All that can be handed over.
pub(crate) fn all_wanted() -> Appetite {
    Appetite {
        shards: Shards::ALL,
        ..Appetite::default()
    }
}

pub(crate) fn done<T: std::fmt::Debug>(once: Once<T>) -> T {
    match once {
        Once::Done(value) => value,
        other => panic!("not done now: {other:?}"),
    }
}

/// A time, in seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
}

pub(crate) fn ann() -> Operator {
    Operator {
        id: 7,
        name: "Ann".to_owned(),
    }
}

pub(crate) fn bob() -> Operator {
    Operator {
        id: 8,
        name: "Bob".to_owned(),
    }
}

pub(crate) fn card_load() -> NewEvent {
    card_event("card.load")
}

/// One whose body has 1 MiB.
pub(crate) fn long_card_load() -> NewEvent {
    NewEvent {
        body: vec![b'x'; 1 << 20].into(),
        ..card_load()
    }
}

pub(crate) fn card_event(event_type: &str) -> NewEvent {
    NewEvent {
        push: NewPush::CardEvent {
            event_type: event_type.to_owned(),
        },
        body: Bytes::from_static(b"{\"card\":1}"),
        nonce: 1,
    }
}

/// A push of an order; `body` tells one from another.
pub(crate) fn order(order_id: &str, body: &'static str) -> NewEvent {
    NewEvent {
        push: NewPush::OrderStatusChange {
            order_id: order_id.to_owned(),
            url: format!("https://shop.example/orders/{order_id}"),
            origin: "https://shop.example".to_owned(),
        },
        body: Bytes::from_static(body.as_bytes()),
        nonce: u64::MAX,
    }
}

pub(crate) fn key(operation: &'static str, key: &str, request: u8) -> Idempotency {
    Idempotency {
        operation,
        key: key.to_owned(),
        request_sha256: [request; 32],
    }
}

pub(crate) fn finished(
    claim: &Claim,
    next: Next,
    endpoint: EndpointNews,
    now: Timestamp,
) -> Finished {
    let acknowledged = next == Next::Acknowledged;
    Finished {
        delivery_id: claim.delivery_id,
        lease: claim.lease,
        endpoint_id: claim.endpoint_id,
        endpoint_kind: claim.endpoint_kind,
        attempt: AttemptRecord {
            attempt: claim.attempts + 1,
            attempted_at: now,
            duration_ms: 12,
            outcome: if acknowledged {
                AttemptOutcome::Acknowledged
            } else {
                AttemptOutcome::Rejected
            },
            status: Some(if acknowledged { 200 } else { 503 }),
            reason: "as the receiver said".to_owned(),
            answer: Bytes::from_static(b"hello"),
        },
        next,
        endpoint,
    }
}

/// The first page of a list that has no second.
pub(crate) fn everything() -> PageRequest {
    PageRequest {
        cursor: None,
        limit: 10_000,
        ascending: true,
    }
}

pub(crate) fn bodies(claims: &[Claim]) -> Vec<&str> {
    let bodies = claims.iter().map(|claim| str::from_utf8(&claim.body));
    bodies.collect::<Result<_, _>>().expect("text")
}
