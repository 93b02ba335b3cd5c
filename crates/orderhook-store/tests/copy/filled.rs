//! A database with some of everything, and what must be true of every copy of it.

use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use orderhook_store::{
    AttemptOutcome, AttemptRecord, Claim, DeliveryFilter, EndpointId, EndpointNews, EndpointState,
    Finished, Idempotency, MerchantId, NewEvent, NewPush, Next, Once, Operator, PageRequest,
    Retention, SecretOwner, Shards, Store, TokenHash, Wanted,
};
use orderhook_types::Secret;
use sha2::{Digest, Sha256};

pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// A time, in seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
}

fn ann() -> Operator {
    Operator {
        id: 7,
        name: "Ann".to_owned(),
    }
}

fn hash(token: &str) -> TokenHash {
    Sha256::digest(token).into()
}

fn key(operation: &'static str) -> Option<Idempotency> {
    Some(Idempotency {
        operation,
        key: "once".to_owned(),
        request_sha256: [7; 32],
    })
}

fn done<T>(once: Once<T>) -> T {
    match once {
        Once::Done(value) => value,
        _ => panic!("not done now"),
    }
}

fn card(body: &'static str) -> NewEvent {
    NewEvent {
        push: NewPush::CardEvent {
            event_type: "card.load".to_owned(),
        },
        body: Bytes::from_static(body.as_bytes()),
        nonce: u64::MAX,
    }
}

fn order(body: &'static str) -> NewEvent {
    NewEvent {
        push: NewPush::OrderStatusChange {
            order_id: "order-1".to_owned(),
            url: "https://shop.example/orders/1".to_owned(),
            origin: "https://shop.example".to_owned(),
        },
        body: Bytes::from_static(body.as_bytes()),
        nonce: 1,
    }
}

/// What is asked about later.
pub(crate) struct Filled {
    pub(crate) merchant_id: MerchantId,
    pub(crate) webhook_id: EndpointId,
    /// The greatest id that an event ever had; that event is deleted.
    pub(crate) last_event_id: i64,
}

pub(crate) async fn fill(store: &dyn Store) -> Filled {
    let secret = Secret::from("merchant-secret");
    let created = store.create_merchant("Ácme \u{1f4b3}", &secret, key("createMerchant"), at(0));
    let merchant_id = done(created.await.expect("creates")).merchant_id;
    let webhook_id = let_in_and_subscribe(store, merchant_id).await;
    publish(store, merchant_id, vec![card("one")], None, 1).await;
    publish(
        store,
        merchant_id,
        vec![card("two"), card("three")],
        key("publish"),
        2,
    )
    .await;
    let orders = vec![order("first"), order("second"), order("third")];
    publish(store, merchant_id, orders, None, 3).await;

    let claims = claim(store, webhook_id, 2, 5).await;
    finish(store, &claims[0], Next::Acknowledged, 6).await;
    finish(store, &claims[1], Next::GiveUp, 6).await;
    let replayed = store.replay_delivery(claims[0].delivery_id, at(7)).await;
    assert!(replayed.expect("replays").is_some());
    // One stays leased by a server that is killed.
    claim(store, webhook_id, 1, 8).await;
    let retried = claim(store, webhook_id, 1, 8).await;
    finish(store, &retried[0], Next::Retry { due: at(900) }, 9).await;

    let last_event_id = publish_and_delete(store).await;
    Filled {
        merchant_id,
        webhook_id,
        last_event_id,
    }
}

async fn let_in_and_subscribe(store: &dyn Store, merchant_id: MerchantId) -> EndpointId {
    let token = Secret::from("ann's token");
    store
        .create_token(merchant_id, &ann(), &token, None, at(0))
        .await
        .expect("creates")
        .expect("the merchant exists");
    let token = hash("ops' token");
    let created = store.create_operator_token("ops", &token, at(0));
    let revoked = created.await.expect("creates").token_id;
    store
        .revoke_operator_token(revoked, at(1))
        .await
        .expect("revokes");

    let webhook_id = webhook(store, merchant_id, Some("https://receiver.example/hook")).await;
    let owner = SecretOwner::Webhook(webhook_id);
    let secret = Secret::from("rotated");
    let rotated = store.rotate_secret(owner, &secret, at(9_000), at(1));
    assert!(rotated.await.expect("rotates"));
    let deleted = webhook(store, merchant_id, Some("https://deleted.example/hook")).await;
    assert!(store.delete_webhook(deleted, at(1)).await.expect("deletes"));
    let paused = webhook(store, merchant_id, None).await;
    let reason = Some("asked to");
    let state = store.set_endpoint_state(paused, EndpointState::Paused, reason, at(1));
    assert!(state.await.expect("pauses").is_some());
    webhook_id
}

async fn webhook(store: &dyn Store, merchant_id: MerchantId, url: Option<&str>) -> EndpointId {
    let (secret, by) = (Secret::from("webhook-secret"), ann());
    let created = store.create_webhook(merchant_id, "Loads", url, &secret, &by, None, at(0));
    let created = created
        .await
        .expect("creates")
        .expect("the merchant exists");
    let webhook_id = done(created).webhook_id;
    for event_type in ["card.load", "Card.Zoom", "card.authorization"] {
        let subscribed = store.subscribe(merchant_id, webhook_id, event_type, &by, at(0));
        subscribed.await.expect("subscribes").expect("exists");
    }
    webhook_id
}

async fn publish(
    store: &dyn Store,
    merchant_id: MerchantId,
    events: Vec<NewEvent>,
    key: Option<Idempotency>,
    now: i64,
) -> i64 {
    let published = store.publish(merchant_id, events, key, at(now)).await;
    let published = done(published.expect("publishes").expect("the merchant exists"));
    published
        .last()
        .expect("at least one")
        .message_id
        .event_id
        .0
}

/// An event of a merchant without webhooks, which the sweep takes at once.
async fn publish_and_delete(store: &dyn Store) -> i64 {
    let secret = Secret::from("another-secret");
    let created = store.create_merchant("Nobody", &secret, None, at(0)).await;
    let merchant_id = done(created.expect("creates")).merchant_id;
    let last = publish(store, merchant_id, vec![card("unheard")], None, -1_000).await;
    let retention = Retention {
        events_before: at(-500),
        idempotency_before: at(-500),
    };
    let swept = store.sweep(retention, 100, at(10)).await.expect("sweeps");
    assert_eq!(swept.events, 1);
    last
}

/// As a server that delivers.
pub(crate) async fn claim(
    store: &dyn Store,
    endpoint_id: EndpointId,
    count: u32,
    now: i64,
) -> Vec<Claim> {
    let hour = Duration::from_hours(1);
    store
        .hold(Shards::NONE, hour, at(now))
        .await
        .expect("holds");
    let wanted = [Wanted { endpoint_id, count }];
    let claims = store.claim(&wanted, at(now), at(now) + LEASE).await;
    claims.expect("claims")
}

async fn finish(store: &dyn Store, claim: &Claim, next: Next, now: i64) {
    let finished = Finished {
        delivery_id: claim.delivery_id,
        lease: claim.lease,
        endpoint_id: claim.endpoint_id,
        endpoint_kind: claim.endpoint_kind,
        attempt: AttemptRecord {
            attempt: claim.attempts + 1,
            attempted_at: at(now),
            duration_ms: 12,
            outcome: AttemptOutcome::Rejected,
            status: (next != Next::GiveUp).then_some(503),
            reason: "as the receiver said".to_owned(),
            answer: Bytes::from_static(b"\0\xff"),
        },
        next,
        endpoint: EndpointNews::Failing,
    };
    assert!(store.finish(finished, at(now)).await.expect("finishes"));
}

/// A server that opens a copy goes on where the original was.
pub(crate) async fn goes_on(store: &dyn Store, filled: &Filled) {
    let token = hash("ann's token");
    let caller = store.find_caller(&token, at(20)).await.expect("looks");
    assert_eq!(caller.expect("is let in").merchant_id, filled.merchant_id);

    let secret = Secret::from("merchant-secret");
    let again = store.create_merchant("Ácme \u{1f4b3}", &secret, key("createMerchant"), at(20));
    let Once::Repeated(merchant) = again.await.expect("answers") else {
        panic!("a second merchant was created");
    };
    assert_eq!(merchant.merchant_id, filled.merchant_id);

    // What was leased by the server that was killed is due; what is retried is not yet.
    for (now, body) in [(20, "three"), (900, "one")] {
        let claims = claim(store, filled.webhook_id, 10, now).await;
        let bodies: Vec<&[u8]> = claims.iter().map(|claim| &*claim.body).collect();
        assert_eq!(bodies, [body.as_bytes()]);
        assert_eq!(
            claims[0].sign_secrets.len(),
            2,
            "the one before is good too"
        );
        finish(store, &claims[0], Next::GiveUp, now).await;
    }
    let pending = store.stats(at(1_000)).await.expect("reads").pending;
    assert_eq!(pending, 3, "an order's line");

    let page = PageRequest {
        cursor: None,
        limit: 100,
        ascending: true,
    };
    let deliveries = store.deliveries(&DeliveryFilter::default(), page).await;
    assert_eq!(deliveries.expect("lists").items.len(), 3 + 3);

    let next = publish(store, filled.merchant_id, vec![card("new")], None, 21).await;
    assert!(next > filled.last_event_id, "an id was given twice");
}
