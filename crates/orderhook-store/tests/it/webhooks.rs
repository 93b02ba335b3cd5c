//! A merchant's webhooks.

use orderhook_store::{
    DeliveryFilter, DeliveryState, EndpointId, MerchantId, Next, WebhookFilter, WebhookRecord,
};
use orderhook_types::{Patch, Secret};

use crate::harness::{Harness, ann, at, bob, card_load, everything};

async fn list(
    harness: &Harness,
    merchant_id: MerchantId,
    filter: WebhookFilter,
) -> Vec<EndpointId> {
    let page = harness
        .store
        .webhooks(merchant_id, &filter, everything())
        .await;
    let webhooks = page.expect("lists").items;
    webhooks.iter().map(|webhook| webhook.webhook_id).collect()
}

async fn update(
    harness: &Harness,
    webhook: &WebhookRecord,
    merchant_id: MerchantId,
    url: Patch<String>,
) -> Option<WebhookRecord> {
    let updated = harness
        .store
        .update_webhook(merchant_id, webhook.webhook_id, "New", &url, &bob(), at(9))
        .await;
    updated.expect("updates")
}

#[tokio::test]
async fn a_webhook_is_what_it_was_created_as() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook = harness.webhook(merchant_id).await;
    assert_eq!(webhook.name, "Loads");
    assert_eq!(
        webhook.url.as_deref(),
        Some("https://receiver.example/hook")
    );
    assert_eq!(webhook.sign_secret.reveal(), "webhook-secret");
    assert_eq!((&webhook.creator, webhook.created_at), (&ann(), at(0)));
    assert!(webhook.event_types.contains("card.load"));
    let listed = harness
        .store
        .webhooks(merchant_id, &WebhookFilter::default(), everything())
        .await;
    assert_eq!(listed.expect("lists").items, [webhook]);
}

#[tokio::test]
async fn an_update_says_what_becomes_of_the_address() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook = harness.webhook(merchant_id).await;
    let url = async |patch| {
        let updated = update(&harness, &webhook, merchant_id, patch).await;
        updated.expect("exists").url
    };
    assert_eq!(
        url(Patch::Absent).await.as_deref(),
        Some("https://receiver.example/hook")
    );
    assert!(harness.told().await.changed.is_empty());
    let new = "https://new.example/".to_owned();
    assert_eq!(url(Patch::Value(new.clone())).await, Some(new));
    assert_eq!(harness.told().await.changed, [webhook.webhook_id]);
    assert_eq!(url(Patch::Null).await, None);

    let updated = update(&harness, &webhook, merchant_id, Patch::Absent)
        .await
        .expect("exists");
    assert_eq!(updated.name, "New");
    assert_eq!((updated.creator, updated.created_at), (ann(), at(0)));
    assert_eq!((updated.operator, updated.changed_at), (bob(), at(9)));
}

#[tokio::test]
async fn what_was_queued_goes_to_the_new_address() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let webhook = harness.webhook(merchant_id).await;
    harness.publish(merchant_id, card_load(), at(0)).await;
    update(&harness, &webhook, merchant_id, Patch::Null)
        .await
        .expect("exists");
    assert!(harness.claim(webhook.webhook_id, at(1)).await.is_empty());
    let new = Patch::Value("https://new.example/".to_owned());
    update(&harness, &webhook, merchant_id, new)
        .await
        .expect("exists");
    let claims = harness.claim(webhook.webhook_id, at(1)).await;
    assert_eq!(&*claims[0].url, "https://new.example/");
}

#[tokio::test]
async fn anothers_webhook_is_like_none() {
    let harness = Harness::open().await;
    let (mine, others) = (harness.merchant().await, harness.merchant().await);
    let webhook = harness.webhook(others).await;
    let (store, id) = (&harness.store, webhook.webhook_id);
    assert_eq!(list(&harness, mine, WebhookFilter::default()).await, []);
    assert_eq!(update(&harness, &webhook, mine, Patch::Null).await, None);
    let subscribed = store.subscribe(mine, id, "card.new", &ann(), at(1)).await;
    assert_eq!(subscribed.expect("answers"), None);
    let ended = store
        .unsubscribe(mine, id, "card.load", &ann(), at(1))
        .await;
    assert_eq!(ended.expect("answers"), None);
    let page = store
        .webhooks(others, &WebhookFilter::default(), everything())
        .await;
    assert_eq!(page.expect("lists").items, [webhook]);
}

#[tokio::test]
async fn a_subscription_begins_once_and_ends_once() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let id = harness.webhook(merchant_id).await.webhook_id;
    let store = &harness.store;
    let again = store
        .subscribe(merchant_id, id, "card.load", &bob(), at(5))
        .await;
    let again = again.expect("subscribes").expect("exists");
    assert_eq!((again.event_types.len(), again.operator), (1, ann()));
    let second = store
        .subscribe(merchant_id, id, "card.new", &bob(), at(5))
        .await;
    let second = second.expect("subscribes").expect("exists");
    assert_eq!((second.event_types.len(), second.operator), (2, bob()));

    let end = async || {
        let ended = store
            .unsubscribe(merchant_id, id, "card.load", &ann(), at(6))
            .await;
        ended
            .expect("answers")
            .map(|webhook| webhook.event_types.len())
    };
    assert_eq!(end().await, Some(1));
    assert_eq!(end().await, None);
}

#[tokio::test]
async fn filters_are_exact() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let first = harness.webhook(merchant_id).await;
    let second = harness.webhook(merchant_id).await;
    let new = Patch::Value("https://new.example/".to_owned());
    update(&harness, &second, merchant_id, new)
        .await
        .expect("exists");
    let check = async |name: Option<&str>, url: Option<&str>, expected: &[EndpointId]| {
        let filter = WebhookFilter {
            name: name.map(str::to_owned),
            url: url.map(str::to_owned),
        };
        assert_eq!(list(&harness, merchant_id, filter).await, expected);
    };
    check(Some("Loads"), None, &[first.webhook_id]).await;
    check(Some("loads"), None, &[]).await;
    check(Some("Load%"), None, &[]).await;
    check(None, Some("https://new.example/"), &[second.webhook_id]).await;
    check(Some("Loads"), Some("https://new.example/"), &[]).await;
}

#[tokio::test]
async fn deleting_cancels_what_is_queued_and_keeps_the_history() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let id = harness.webhook(merchant_id).await.webhook_id;
    harness.publish(merchant_id, card_load(), at(0)).await;
    let delivered = harness.claim(id, at(0)).await.remove(0);
    harness.finish(&delivered, Next::Acknowledged, at(0)).await;
    // More than one step of the deletion takes.
    let events = vec![card_load(); 2500];
    let many = harness
        .store
        .publish(merchant_id, events, None, at(0))
        .await;
    many.expect("publishes").expect("exists");
    let attempted = harness.claim(id, at(0)).await.remove(0);

    assert!(
        harness
            .store
            .delete_webhook(id, at(1))
            .await
            .expect("deletes")
    );
    assert!(
        !harness
            .store
            .delete_webhook(id, at(1))
            .await
            .expect("deletes")
    );
    assert_eq!(
        list(&harness, merchant_id, WebhookFilter::default()).await,
        []
    );
    assert_eq!(harness.store.endpoint(id).await.expect("reads"), None);
    let count = async |state| {
        let filter = DeliveryFilter {
            state: Some(state),
            ..DeliveryFilter::default()
        };
        harness.deliveries(filter).await.len()
    };
    assert_eq!(count(DeliveryState::Pending).await, 0);
    assert_eq!(count(DeliveryState::Acknowledged).await, 1);
    assert_eq!(count(DeliveryState::Cancelled).await, 2500);
    assert!(!harness.finish(&attempted, Next::Acknowledged, at(2)).await);
    assert_eq!(count(DeliveryState::Cancelled).await, 2500);
}

#[tokio::test]
async fn what_does_not_exist_is_none() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let nobody = MerchantId(99);
    let secret = Secret::from("s");
    let created = harness
        .store
        .create_webhook(nobody, "x", None, &secret, &ann(), None, at(0))
        .await;
    assert_eq!(created.expect("answers"), None);
    assert!(
        !harness
            .store
            .delete_webhook(EndpointId(99), at(0))
            .await
            .expect("answers")
    );
    let missing = harness
        .store
        .subscribe(merchant_id, EndpointId(99), "card.load", &ann(), at(0))
        .await;
    assert_eq!(missing.expect("answers"), None);
}
