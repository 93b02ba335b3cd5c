//! Who gets an event, and when it is handed over.

use std::collections::HashSet;

use orderhook_store::{
    Appetite, AttemptOutcome, AttemptRecord, DeliveryFilter, DeliveryState, EndpointNews,
    EndpointState, MerchantId, NewEvent, Next, Shards,
};
use orderhook_types::Patch;
use tokio::task::JoinSet;

use crate::harness::{
    Harness, LEASE, all_wanted, ann, at, card_event, card_load, done, finished, long_card_load,
    order,
};

#[tokio::test]
async fn a_card_event_goes_to_the_merchants_subscribed_webhooks_with_an_address() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let other = harness.merchant().await;
    let reached = harness.webhook(merchant_id).await.webhook_id;
    let paused = harness.webhook(merchant_id).await.webhook_id;
    harness.webhook(other).await;
    let addressless = harness.webhook(merchant_id).await.webhook_id;
    let deleted = harness.webhook(merchant_id).await.webhook_id;
    let store = &harness.store;
    let state = EndpointState::Paused;
    store
        .set_endpoint_state(paused, state, None, at(0))
        .await
        .expect("pauses");
    let unset = store
        .update_webhook(merchant_id, addressless, "x", &Patch::Null, &ann(), at(0))
        .await;
    unset.expect("updates");
    store.delete_webhook(deleted, at(0)).await.expect("deletes");

    let published = harness.publish(merchant_id, card_load(), at(1)).await;
    assert_eq!(published.deliveries, 2);
    let deliveries = harness.deliveries(DeliveryFilter::default()).await;
    let endpoints: Vec<_> = deliveries.iter().map(|d| d.endpoint_id).collect();
    assert_eq!(endpoints, [reached, paused]);
    let nobody = harness
        .publish(merchant_id, card_event("card.other"), at(1))
        .await;
    assert_eq!(nobody.deliveries, 0);
}

#[tokio::test]
async fn a_change_of_who_gets_it_counts_from_the_next_event_on() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let publish = async || {
        let published = harness.publish(merchant_id, card_load(), at(1)).await;
        published.deliveries
    };
    assert_eq!(publish().await, 0);
    let webhook_id = harness.webhook(merchant_id).await.webhook_id;
    assert_eq!(publish().await, 1);
    let store = &harness.store;
    let ended = store
        .unsubscribe(merchant_id, webhook_id, "card.load", &ann(), at(1))
        .await;
    ended.expect("ends").expect("was subscribed");
    assert_eq!(publish().await, 0);
    let begun = store
        .subscribe(merchant_id, webhook_id, "card.load", &ann(), at(1))
        .await;
    begun.expect("begins").expect("exists");
    assert_eq!(publish().await, 1);
    store
        .delete_webhook(webhook_id, at(1))
        .await
        .expect("deletes");
    assert_eq!(publish().await, 0);
}

#[tokio::test]
async fn an_unknown_merchant_publishes_nothing() {
    let harness = Harness::open().await;
    let published = harness
        .store
        .publish(MerchantId(9), vec![card_load()], None, at(0));
    assert_eq!(published.await.expect("answers"), None);
}

#[tokio::test]
async fn a_fresh_delivery_is_handed_over_where_it_is_wanted() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook_id = harness.webhook(merchant_id).await.webhook_id;
    harness.hungry();
    let event = harness.publish(merchant_id, card_load(), at(1)).await;

    let claims = harness.told().await.claims;
    let [claim] = &*claims else {
        panic!("{claims:?}")
    };
    assert_eq!(claim.message_id, event.message_id);
    assert_eq!(claim.endpoint_id, webhook_id);
    assert_eq!(claim.body, card_load().body);
    assert_eq!(claim.sign_secrets[0].reveal(), "webhook-secret");
    assert_eq!(claim.lease.until, at(1) + LEASE);
    assert!(harness.claim(webhook_id, at(2)).await.is_empty());
    assert!(harness.finish(claim, Next::Acknowledged, at(2)).await);
    let delivery = &harness.deliveries(DeliveryFilter::default()).await[0];
    assert_eq!(delivery.state, DeliveryState::Acknowledged);
    assert_eq!(delivery.finished_at, Some(at(2)));
}

#[tokio::test]
async fn nothing_is_handed_over_that_is_not_wanted_or_not_first() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook_id = harness.webhook(merchant_id).await.webhook_id;
    let publish = async |appetite: Appetite| {
        harness.engine.want(appetite);
        harness.publish(merchant_id, card_load(), at(1)).await;
        harness.told().await
    };
    let except = Appetite {
        except: HashSet::from([webhook_id]),
        ..all_wanted()
    };
    let others = Appetite {
        shards: Shards::ALL.without([Shards::of(webhook_id)].into_iter().collect()),
        ..all_wanted()
    };
    for (unwanted, waiting) in [(except, 1), (others, 2)] {
        let told = publish(unwanted).await;
        assert_eq!((told.claims.len(), told.left), (0, vec![webhook_id]));
        assert_eq!(
            harness.deliveries(DeliveryFilter::default()).await.len(),
            waiting
        );
    }
    assert_eq!(harness.claim(webhook_id, at(1)).await.len(), 2);
    publish(Appetite::default()).await;
    // The one before waits still, so this one must not overtake it; but the engine should come.
    let told = publish(all_wanted()).await;
    assert_eq!((told.claims.len(), told.left), (0, vec![webhook_id]));
    assert_eq!(harness.claim(webhook_id, at(1)).await.len(), 2);

    let state = EndpointState::Paused;
    let pause = harness
        .store
        .set_endpoint_state(webhook_id, state, None, at(1));
    pause.await.expect("pauses");
    let told = publish(all_wanted()).await;
    assert_eq!((told.claims.len(), told.left), (0, vec![]));
}

#[tokio::test]
async fn no_more_is_handed_over_than_fits_into_memory() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook_id = harness.webhook(merchant_id).await.webhook_id;
    harness.hungry();
    let events = vec![long_card_load(); 6];
    let published = harness.store.publish(merchant_id, events, None, at(1));
    published.await.expect("publishes");
    let told = harness.told().await;
    assert_eq!((told.claims.len(), told.left), (4, vec![webhook_id]));
    assert_eq!(harness.claim(webhook_id, at(1)).await.len(), 2);
}

#[test]
fn no_body_and_no_answer_is_shown_to_a_log() {
    let event = NewEvent {
        body: "personal".into(),
        ..card_load()
    };
    assert!(!format!("{event:?}").contains("personal"));
    let attempt = AttemptRecord {
        attempt: 1,
        attempted_at: at(0),
        duration_ms: 1,
        outcome: AttemptOutcome::Rejected,
        status: Some(500),
        reason: "500".to_owned(),
        answer: "personal".into(),
    };
    assert!(!format!("{attempt:?}").contains("personal"));
}

#[tokio::test]
async fn a_handed_over_delivery_knows_since_when_its_endpoint_fails() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    harness.webhook(merchant_id).await;
    harness.hungry();
    harness.publish(merchant_id, card_load(), at(1)).await;
    let claim = harness.told().await.claims.remove(0);
    let failed = finished(&claim, Next::GiveUp, EndpointNews::Failing, at(5));
    harness.store.finish(failed, at(6)).await.expect("finishes");
    harness.publish(merchant_id, card_load(), at(7)).await;
    assert_eq!(harness.told().await.claims[0].failing_since, Some(at(5)));
}

#[tokio::test]
async fn many_callers_share_commits_and_each_gets_its_own_answer() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    harness.webhook(merchant_id).await;
    let mut calls = JoinSet::new();
    for nonce in 0..200 {
        let store = std::sync::Arc::clone(&harness.store);
        let mut event = card_load();
        event.nonce = nonce;
        calls.spawn(async move {
            // Every tenth is of a merchant that does not exist, and must not disturb the others.
            let merchant_id = MerchantId(if nonce % 10 == 0 { 999 } else { merchant_id.0 });
            let published = store.publish(merchant_id, vec![event], None, at(1)).await;
            (nonce, published.expect("answers"))
        });
    }
    let mut ids = HashSet::new();
    while let Some(answer) = calls.join_next().await {
        let (nonce, published) = answer.expect("no panic");
        assert_eq!(published.is_none(), nonce % 10 == 0);
        if let Some(published) = published {
            let message_id = done(published)[0].message_id;
            assert_eq!(message_id.nonce, nonce);
            assert!(ids.insert(message_id));
        }
    }
    assert_eq!(ids.len(), 180);
    assert_eq!(
        harness.deliveries(DeliveryFilter::default()).await.len(),
        180
    );
}

#[tokio::test]
async fn an_order_goes_to_its_own_address_signed_with_the_merchants_secret() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    harness.webhook(merchant_id).await;
    harness.hungry();
    let published = harness.publish(merchant_id, order("A1", "{}"), at(1)).await;
    assert_eq!(published.deliveries, 1);
    let claim = harness.told().await.claims.remove(0);
    assert_eq!(&*claim.url, "https://shop.example/orders/A1");
    assert_eq!(claim.sign_secrets[0].reveal(), "merchant-secret");
    harness.publish(merchant_id, order("A2", "{}"), at(1)).await;
    let second = harness.told().await.claims.remove(0);
    assert_eq!(second.endpoint_id, claim.endpoint_id);
    let delivery = &harness.deliveries(DeliveryFilter::default()).await[1];
    assert_eq!(
        delivery.url.as_deref(),
        Some("https://shop.example/orders/A2")
    );
}
