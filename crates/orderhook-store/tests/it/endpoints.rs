//! Endpoints, and the rotation of secrets.

use orderhook_store::{
    DeliveryFilter, Endpoint, EndpointFilter, EndpointId, EndpointKind, EndpointNews,
    EndpointState, MerchantId, Next, SecretOwner,
};
use orderhook_types::Secret;

use crate::harness::{Harness, at, card_load, everything, finished, order};

async fn set(
    harness: &Harness,
    id: EndpointId,
    state: EndpointState,
    seconds: i64,
) -> Option<Endpoint> {
    let reason = Some("because");
    let set = harness
        .store
        .set_endpoint_state(id, state, reason, at(seconds))
        .await;
    set.expect("sets")
}

#[tokio::test]
async fn a_paused_endpoint_keeps_its_queue_until_it_is_resumed() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let id = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let claim = harness.claim(id, at(0)).await.remove(0);
    let retry = Next::Retry { due: at(9999) };
    let failed = finished(&claim, retry, EndpointNews::Failing, at(0));
    harness.store.finish(failed, at(0)).await.expect("finishes");

    let paused = set(&harness, id, EndpointState::Paused, 5)
        .await
        .expect("exists");
    assert_eq!(
        (paused.state, paused.state_since),
        (EndpointState::Paused, Some(at(5)))
    );
    assert_eq!(paused.state_reason.as_deref(), Some("because"));
    assert_eq!((paused.pending, paused.oldest_pending), (1, Some(at(0))));
    assert_eq!(paused.failing_since, Some(at(0)));
    assert!(harness.claim(id, at(99_999)).await.is_empty());
    let still = set(&harness, id, EndpointState::Paused, 7)
        .await
        .expect("exists");
    assert_eq!(still.state_since, Some(at(5)));

    let resumed = set(&harness, id, EndpointState::Active, 10)
        .await
        .expect("exists");
    assert_eq!(
        (resumed.state, resumed.failing_since),
        (EndpointState::Active, None)
    );
    let told = harness.told().await;
    assert_eq!((told.changed.len(), told.woken), (2, 1));
    assert_eq!(harness.claim(id, at(10)).await.len(), 1);
}

#[tokio::test]
async fn resuming_takes_no_lease_away() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let id = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let claim = harness.claim(id, at(0)).await.remove(0);
    for state in [EndpointState::Paused, EndpointState::Active] {
        set(&harness, id, state, 1).await.expect("exists");
    }
    assert!(harness.claim(id, at(1)).await.is_empty());
    assert!(harness.finish(&claim, Next::Acknowledged, at(2)).await);
}

#[tokio::test]
async fn a_state_that_is_set_again_changes_nothing_but_the_reason_of_a_pause() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let id = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let claim = harness.claim(id, at(0)).await.remove(0);
    let retry = Next::Retry { due: at(9999) };
    let failed = finished(&claim, retry, EndpointNews::Failing, at(0));
    harness.store.finish(failed, at(0)).await.expect("finishes");
    harness.told().await;

    let active = set(&harness, id, EndpointState::Active, 1).await;
    let active = active.expect("exists");
    assert_eq!(
        (active.state_since, active.failing_since),
        (None, Some(at(0)))
    );
    assert_eq!(active.state_reason, None);
    assert!(harness.claim(id, at(2)).await.is_empty(), "is due later");
    let told = harness.told().await;
    assert_eq!((told.changed.len(), told.woken), (0, 0));

    let store = &harness.store;
    for state in [EndpointState::Paused, EndpointState::Disabled] {
        let first = set(&harness, id, state, 3).await.expect("exists");
        let again = store.set_endpoint_state(id, state, Some("anew"), at(4));
        let again = again.await.expect("sets").expect("exists");
        let reason = match state {
            EndpointState::Paused => "anew",
            _ => "because",
        };
        assert_eq!(again.state_reason.as_deref(), Some(reason));
        let state_reason = first.state_reason.clone();
        assert_eq!(
            Endpoint {
                state_reason,
                ..again
            },
            first
        );
        assert_eq!(harness.told().await.changed, [id]);
    }
}

#[tokio::test]
async fn endpoints_are_listed_by_merchant_and_state() {
    let harness = Harness::open().await;
    let (mine, others) = (harness.merchant().await, harness.merchant().await);
    let webhook = harness.webhook(mine).await.webhook_id;
    let foreign = harness.webhook(others).await.webhook_id;
    harness.publish(mine, order("A", "{}"), at(0)).await;
    set(&harness, foreign, EndpointState::Paused, 0)
        .await
        .expect("exists");
    let list = async |merchant_id: Option<MerchantId>, state: Option<EndpointState>| {
        let filter = EndpointFilter { merchant_id, state };
        let page = harness.store.endpoints(filter, everything()).await;
        page.expect("lists").items
    };
    assert_eq!(list(None, None).await.len(), 3);
    let of_mine = list(Some(mine), None).await;
    assert_eq!((of_mine.len(), of_mine[0].endpoint_id), (2, webhook));
    assert_eq!(of_mine[1].kind, EndpointKind::OrderCallback);
    assert_eq!(of_mine[1].url.as_deref(), Some("https://shop.example"));
    let paused = list(None, Some(EndpointState::Paused)).await;
    assert_eq!((paused.len(), paused[0].endpoint_id), (1, foreign));
    assert!(
        set(&harness, EndpointId(99), EndpointState::Paused, 0)
            .await
            .is_none()
    );
}

async fn rotate(harness: &Harness, owner: SecretOwner, secret: &str, until: i64) -> bool {
    let secret = Secret::from(secret);
    let rotated = harness
        .store
        .rotate_secret(owner, &secret, at(until), at(0))
        .await;
    rotated.expect("rotates")
}

#[tokio::test]
async fn attempts_are_signed_with_every_live_secret_the_newest_first() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let id = harness.webhook(merchant_id).await.webhook_id;
    let secrets = async |seconds: i64| {
        harness.hungry();
        harness.publish(merchant_id, card_load(), at(seconds)).await;
        let handed = harness.told().await.claims.remove(0);
        harness.release(&handed, at(seconds)).await;
        let claimed = harness.claim(id, at(seconds)).await.remove(0);
        assert_eq!(handed.sign_secrets, claimed.sign_secrets);
        harness
            .finish(&claimed, Next::Acknowledged, at(seconds))
            .await;
        let secrets: Vec<_> = claimed
            .sign_secrets
            .iter()
            .map(|s| s.reveal().to_owned())
            .collect();
        secrets
    };
    assert_eq!(secrets(1).await, ["webhook-secret"]);
    assert!(rotate(&harness, SecretOwner::Webhook(id), "second", 100).await);
    assert_eq!(harness.told().await.changed, [id]);
    assert_eq!(secrets(2).await, ["second", "webhook-secret"]);
    assert!(rotate(&harness, SecretOwner::Webhook(id), "third", 200).await);
    assert_eq!(secrets(99).await, ["third", "second", "webhook-secret"]);
    assert_eq!(secrets(100).await, ["third", "second"]);
    assert_eq!(secrets(200).await, ["third"]);
}

#[tokio::test]
async fn a_merchants_own_secret_is_rotated_apart_from_its_webhooks() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    harness.webhook(merchant_id).await;
    harness.publish(merchant_id, order("A", "{}"), at(1)).await;
    let shop = harness.deliveries(DeliveryFilter::default()).await[0].endpoint_id;
    assert!(rotate(&harness, SecretOwner::Merchant(merchant_id), "second", 100).await);
    assert_eq!(harness.told().await.changed, [shop]);
    let claim = harness.claim(shop, at(1)).await.remove(0);
    let secrets: Vec<_> = claim.sign_secrets.iter().map(Secret::reveal).collect();
    assert_eq!(secrets, ["second", "merchant-secret"]);
    let merchant = harness.store.merchant(merchant_id).await.expect("reads");
    assert_eq!(merchant.expect("exists").sign_secret.reveal(), "second");

    assert!(!rotate(&harness, SecretOwner::Merchant(MerchantId(99)), "x", 1).await);
    assert!(!rotate(&harness, SecretOwner::Webhook(shop), "x", 1).await);
}
