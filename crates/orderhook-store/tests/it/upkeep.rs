//! Figures, retention, keys.

use orderhook_store::{
    EndpointState, EventFilter, Next, Once, Retention, SecretOwner, Stats, StoreError, Swept,
};
use orderhook_types::Secret;

use crate::harness::{Harness, at, card_load, everything, key};

fn retention(events: i64, keys: i64) -> Retention {
    Retention {
        events_before: at(events),
        idempotency_before: at(keys),
    }
}

#[tokio::test]
async fn stats_count_what_is_queued() {
    let harness = Harness::open().await;
    let stats = async |seconds| harness.store.stats(at(seconds)).await.expect("reads");
    assert_eq!(stats(0).await, Stats::default());
    let merchant_id = harness.merchant().await;
    let active = harness.webhook(merchant_id).await.webhook_id;
    let paused = harness.webhook(merchant_id).await.webhook_id;
    let state = EndpointState::Paused;
    let pause = harness
        .store
        .set_endpoint_state(paused, state, None, at(0))
        .await;
    pause.expect("pauses");
    for seconds in [1, 2, 3] {
        harness.publish(merchant_id, card_load(), at(seconds)).await;
    }
    let claim = harness.claim(active, at(1)).await.remove(0);
    let expected = Stats {
        pending: 6,
        due: 2,
        oldest_due: Some(at(2)),
        oldest_pending: Some(at(1)),
        endpoints_active: 1,
        endpoints_paused: 1,
        endpoints_disabled: 0,
    };
    assert_eq!(stats(9).await, expected);
    harness.finish(&claim, Next::Acknowledged, at(9)).await;
    assert_eq!(stats(9).await.pending, 5);
    assert_eq!(stats(1).await.due, 0);
}

#[tokio::test]
async fn a_sweep_takes_what_is_old_and_finished() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook = harness.webhook(merchant_id).await.webhook_id;
    for seconds in [1, 2, 3] {
        harness.publish(merchant_id, card_load(), at(seconds)).await;
    }
    let claims = harness.claim(webhook, at(5)).await;
    harness.finish(&claims[0], Next::Acknowledged, at(5)).await;
    harness.finish(&claims[2], Next::GiveUp, at(5)).await;
    let sweep = async |retention| {
        let swept = harness.store.sweep(retention, 100, at(6)).await;
        swept.expect("sweeps")
    };
    assert_eq!(
        sweep(retention(3, 0)).await,
        Swept {
            events: 1,
            ..Swept::default()
        }
    );
    assert!(sweep(retention(3, 0)).await.is_empty());
    let events = harness
        .store
        .events(&EventFilter::default(), everything())
        .await;
    let times: Vec<_> = events
        .expect("lists")
        .items
        .iter()
        .map(|e| e.created_at)
        .collect();
    assert_eq!(times, [at(2), at(3)]);
    assert_eq!(
        harness
            .store
            .delivery(claims[0].delivery_id)
            .await
            .expect("reads"),
        None
    );
    assert!(harness.finish(&claims[1], Next::Acknowledged, at(7)).await);
    assert_eq!(sweep(retention(9, 0)).await.events, 2);
}

#[tokio::test]
async fn a_sweep_takes_no_more_than_it_was_told() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let events = vec![card_load(); 5];
    harness
        .store
        .publish(merchant_id, events, None, at(0))
        .await
        .expect("publishes");
    let sweep = async || {
        harness
            .store
            .sweep(retention(1, 0), 2, at(1))
            .await
            .expect("sweeps")
    };
    let counts = [
        sweep().await.events,
        sweep().await.events,
        sweep().await.events,
    ];
    assert_eq!(counts, [2, 2, 1]);
}

#[tokio::test]
async fn keys_and_secrets_go_when_their_time_is_over() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let publish = async || {
        let key = Some(key("publish", "k", 1));
        let published = harness
            .store
            .publish(merchant_id, vec![card_load()], key, at(5))
            .await;
        published.expect("answers").expect("the merchant exists")
    };
    publish().await;
    let owner = SecretOwner::Merchant(merchant_id);
    let secret = Secret::from("second");
    harness
        .store
        .rotate_secret(owner, &secret, at(8), at(5))
        .await
        .expect("rotates");
    let sweep = async |keys, now| {
        let swept = harness
            .store
            .sweep(retention(0, keys), 10, at(now))
            .await
            .expect("sweeps");
        (swept.idempotency_keys, swept.secrets)
    };
    assert_eq!(sweep(5, 7).await, (0, 0));
    assert!(matches!(publish().await, Once::Repeated(_)));
    assert_eq!(sweep(6, 8).await, (1, 1));
    assert!(matches!(publish().await, Once::Done(_)));
}

#[tokio::test]
async fn after_rekeying_the_old_key_is_needed_no_more() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    harness.webhook(merchant_id).await;
    let publish = async |harness: &Harness| {
        let key = Some(key("publish", "k", 1));
        let published = harness
            .store
            .publish(merchant_id, vec![card_load()], key, at(5))
            .await;
        published.expect("answers").expect("the merchant exists")
    };
    let first = publish(&harness).await;
    assert_eq!(harness.store.rekey().await.expect("rekeys"), 0);
    let harness = harness.reopen(&[2, 1]).await.expect("has both keys");
    assert_eq!(harness.store.rekey().await.expect("rekeys"), 3);
    assert_eq!(harness.store.rekey().await.expect("rekeys"), 0);
    let harness = harness.reopen(&[2]).await.expect("needs only the new key");
    let merchant = harness.store.merchant(merchant_id).await.expect("reads");
    assert_eq!(
        merchant.expect("exists").sign_secret.reveal(),
        "merchant-secret"
    );
    let Once::Done(first) = first else {
        panic!("the first is done")
    };
    assert_eq!(publish(&harness).await, Once::Repeated(first));

    let refused = harness.reopen(&[1]).await.map(|_| ());
    assert!(
        matches!(refused, Err(StoreError::Sealed { key_id: 2, .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_closed_store_refuses_and_keeps_what_it_took() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    harness.store.check().await.expect("works");
    let published = harness.publish(merchant_id, card_load(), at(0)).await;
    harness.store.close().await;
    harness.store.close().await;
    let refused = harness
        .store
        .publish(merchant_id, vec![card_load()], None, at(0))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    assert!(harness.store.check().await.is_err());
    let harness = harness.reopen(&[1]).await.expect("opens");
    let found = harness
        .store
        .event(published.message_id)
        .await
        .expect("reads");
    assert!(found.is_some());
}
