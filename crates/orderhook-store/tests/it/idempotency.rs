//! Calls that are repeated under a key.

use orderhook_store::{EventFilter, Once, PublishedEvent};
use orderhook_types::Secret;

use crate::harness::{Harness, ann, at, card_load, everything, key};

#[tokio::test]
async fn a_repeated_publish_gets_the_first_answer_and_publishes_nothing() {
    let harness = Harness::open().await;
    let (mine, others) = (harness.merchant().await, harness.merchant().await);
    harness.webhook(mine).await;
    let publish = async |merchant_id, operation, name, request| {
        let key = Some(key(operation, name, request));
        let call = harness
            .store
            .publish(merchant_id, vec![card_load()], key, at(1));
        call.await.expect("answers").expect("the merchant exists")
    };
    let Once::Done(first) = publish(mine, "publish", "k", 1).await else {
        panic!("the first is done")
    };
    assert_eq!(
        publish(mine, "publish", "k", 1).await,
        Once::Repeated(first.clone())
    );
    assert_eq!(publish(mine, "publish", "k", 2).await, Once::KeyUsed);
    let is_done = |once: Once<Vec<PublishedEvent>>| matches!(once, Once::Done(_));
    assert!(is_done(publish(mine, "publish", "other", 1).await));
    assert!(is_done(publish(mine, "other", "k", 1).await));
    assert!(is_done(publish(others, "publish", "k", 1).await));
    let events = harness
        .store
        .events(&EventFilter::default(), everything())
        .await;
    assert_eq!(events.expect("lists").items.len(), 4);
}

#[tokio::test]
async fn calls_with_one_key_at_one_time_are_done_once() {
    let harness = Harness::open().await;
    let merchant_id = harness.merchant().await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = std::sync::Arc::clone(&harness.store);
        calls.spawn(async move {
            let key = Some(key("publish", "k", 1));
            let call = store.publish(merchant_id, vec![card_load()], key, at(1));
            call.await.expect("answers").expect("the merchant exists")
        });
    }
    let answers = calls.join_all().await;
    let done = answers.iter().filter(|once| matches!(once, Once::Done(_)));
    assert_eq!(done.count(), 1);
    let repeated = answers
        .iter()
        .filter(|once| matches!(once, Once::Repeated(_)));
    assert_eq!(repeated.count(), 19);
}

#[tokio::test]
async fn what_is_created_is_created_once() {
    let harness = Harness::open().await;
    let store = &harness.store;
    let secret = |text: &str| Secret::from(text);
    let call = async |name, request| {
        let key = Some(key("createMerchant", "k", request));
        let created = store.create_merchant(name, &secret(name), key, at(1)).await;
        created.expect("answers")
    };
    let Once::Done(merchant) = call("Acme", 1).await else {
        panic!("the first is done")
    };
    assert_eq!(call("again", 1).await, Once::Repeated(merchant.clone()));
    assert_eq!(call("again", 2).await, Once::KeyUsed);
    let merchant_id = merchant.merchant_id;

    let call = async |token| {
        let key = Some(key("createToken", "k", 1));
        let created = store
            .create_token(merchant_id, &ann(), &secret(token), key, at(1))
            .await;
        created.expect("answers").expect("the merchant exists")
    };
    let Once::Done(token) = call("first").await else {
        panic!("the first is done")
    };
    assert_eq!(token.1.reveal(), "first");
    assert_eq!(call("second").await, Once::Repeated(token));

    let call = async |name| {
        let key = Some(key("createWebhook", "k", 1));
        let created = store
            .create_webhook(merchant_id, name, None, &secret(name), &ann(), key, at(1))
            .await;
        created.expect("answers").expect("the merchant exists")
    };
    let Once::Done(webhook) = call("first").await else {
        panic!("the first is done")
    };
    assert_eq!(call("second").await, Once::Repeated(webhook));
}
