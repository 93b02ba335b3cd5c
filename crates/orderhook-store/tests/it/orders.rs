//! The line of an order: one push at a time, in the order in which they were published.

use orderhook_store::{DeliveryFilter, EndpointId, Next, Replayed};

use crate::harness::{Harness, at, bodies, order};

async fn shop(harness: &Harness) -> EndpointId {
    harness.deliveries(DeliveryFilter::default()).await[0].endpoint_id
}

#[tokio::test]
async fn the_next_push_waits_until_the_one_before_is_acknowledged_or_given_up() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    for body in ["first", "second", "third"] {
        harness.publish(merchant_id, order("A", body), at(0)).await;
    }
    harness
        .publish(merchant_id, order("B", "other order"), at(0))
        .await;
    let shop = shop(&harness).await;
    let claims = harness.claim(shop, at(0)).await;
    assert_eq!(bodies(&claims), ["first", "other order"]);

    assert!(
        harness
            .finish(&claims[0], Next::Retry { due: at(5) }, at(1))
            .await
    );
    assert!(harness.claim(shop, at(4)).await.is_empty());
    let claims = harness.claim(shop, at(5)).await;
    assert_eq!(bodies(&claims), ["first"]);
    assert!(harness.finish(&claims[0], Next::GiveUp, at(6)).await);
    let claims = harness.claim(shop, at(6)).await;
    assert_eq!(bodies(&claims), ["second"]);
    assert!(harness.finish(&claims[0], Next::Acknowledged, at(7)).await);
    assert_eq!(bodies(&harness.claim(shop, at(7)).await), ["third"]);
}

#[tokio::test]
async fn the_next_push_is_handed_over_with_the_commit_that_lets_it_go() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    harness.hungry();
    harness
        .publish(merchant_id, order("A", "first"), at(0))
        .await;
    harness
        .publish(merchant_id, order("A", "second"), at(0))
        .await;
    let first = harness.told().await.claims;
    assert_eq!(bodies(&first), ["first"]);
    assert!(harness.finish(&first[0], Next::Acknowledged, at(1)).await);
    let second = harness.told().await.claims;
    assert_eq!(bodies(&second), ["second"]);
    assert_eq!(&*second[0].url, "https://shop.example/orders/A");
    assert_eq!(second[0].sign_secrets[0].reveal(), "merchant-secret");
    assert!(harness.claim(shop(&harness).await, at(2)).await.is_empty());
    assert!(harness.finish(&second[0], Next::Acknowledged, at(2)).await);
}

#[tokio::test]
async fn two_merchants_orders_of_one_name_are_two_orders() {
    let harness = Harness::open().await;
    harness.hungry();
    for _ in 0..2 {
        let merchant_id = harness.merchant().await;
        harness.publish(merchant_id, order("A", "{}"), at(0)).await;
    }
    assert_eq!(harness.told().await.claims.len(), 2);
}

#[tokio::test]
async fn a_lost_lease_lets_no_other_push_go() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    harness
        .publish(merchant_id, order("A", "first"), at(0))
        .await;
    harness
        .publish(merchant_id, order("A", "second"), at(0))
        .await;
    let shop = shop(&harness).await;
    let lost = harness.claim(shop, at(0)).await;
    let held = harness.claim(shop, at(60)).await;
    assert!(!harness.finish(&lost[0], Next::Acknowledged, at(61)).await);
    assert!(harness.claim(shop, at(62)).await.is_empty());
    assert!(harness.finish(&held[0], Next::Acknowledged, at(62)).await);
    assert_eq!(bodies(&harness.claim(shop, at(62)).await), ["second"]);
}

#[tokio::test]
async fn a_replayed_push_goes_to_the_end_of_the_line() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    for body in ["first", "second", "third"] {
        harness.publish(merchant_id, order("A", body), at(0)).await;
    }
    let shop = shop(&harness).await;
    let first = harness.claim(shop, at(0)).await.remove(0);
    assert!(harness.finish(&first, Next::GiveUp, at(1)).await);
    let replayed = harness
        .store
        .replay_delivery(first.delivery_id, at(2))
        .await;
    let Some(Replayed::Queued(delivery)) = replayed.expect("replays") else {
        panic!("not queued")
    };
    assert_eq!(delivery.next_attempt_at, None);

    for body in ["second", "third", "first"] {
        let claims = harness.claim(shop, at(3)).await;
        assert_eq!(bodies(&claims), [body]);
        assert!(harness.finish(&claims[0], Next::Acknowledged, at(3)).await);
    }
    assert!(harness.claim(shop, at(4)).await.is_empty());
}

#[tokio::test]
async fn a_replayed_push_with_nobody_before_it_is_due_at_once() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    harness
        .publish(merchant_id, order("A", "first"), at(0))
        .await;
    let shop = shop(&harness).await;
    let first = harness.claim(shop, at(0)).await.remove(0);
    assert!(harness.finish(&first, Next::Acknowledged, at(1)).await);
    harness
        .store
        .replay_delivery(first.delivery_id, at(2))
        .await
        .expect("replays");
    harness
        .publish(merchant_id, order("A", "second"), at(3))
        .await;
    assert_eq!(bodies(&harness.claim(shop, at(3)).await), ["first"]);
}
