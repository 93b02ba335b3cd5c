//! The six operations, driven by the generated client against the platform of the tutorial.

use orderhook_client::{Client, ErrorExt as _};
use orderhook_types::{
    EventCode, EventType, OperatorIdNumber, OperatorIdText, Patch, UpdateWebhookRequest, Webhook,
    WebhookName, WebhookSubscription, WebhookUrl,
};

use crate::support::{ADA, EVE, GRACE, TestServer};

const URL: &str = "https://merchant.example/hooks";
/// The secret of the first webhook of a server.
const FIRST_SECRET: &str = "whsec_AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

async fn create(client: &Client, name: &str) -> Webhook {
    let url: WebhookUrl = URL.parse().expect("a legal address");
    let create = client.create_webhook();
    let created = create.body_map(|body| body.webhook_name(name).webhook_url(url));
    let mut created = created
        .send()
        .await
        .expect("it is created")
        .into_inner()
        .data;
    assert_eq!(created.len(), 1);
    created.remove(0)
}

async fn update(client: &Client, webhook_id: i64, webhook_url: Patch<&str>) -> Webhook {
    let webhook_url = match webhook_url {
        Patch::Absent => Patch::Absent,
        Patch::Null => Patch::Null,
        Patch::Value(url) => Patch::Value(url.parse().expect("a legal address")),
    };
    let body = UpdateWebhookRequest {
        webhook_name: "renamed".parse().expect("a legal name"),
        webhook_url,
    };
    let updated = client
        .update_webhook()
        .webhook_id(webhook_id)
        .body(body)
        .send();
    let mut updated = updated.await.expect("it is updated").into_inner().data;
    assert_eq!(updated.len(), 1);
    updated.remove(0)
}

async fn subscribe(client: &Client, webhook_id: i64, event_type: EventType) -> WebhookSubscription {
    let subscribe = client.subscribe_event().webhook_id(webhook_id);
    let subscribed = subscribe
        .body_map(|body| body.event_type(event_type))
        .send();
    let mut rows = subscribed
        .await
        .expect("it is subscribed")
        .into_inner()
        .data;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// The first page: ids and event types.
async fn list(client: &Client) -> Vec<(i64, Option<EventType>)> {
    let page = client
        .list_webhooks()
        .send()
        .await
        .expect("a page")
        .into_inner();
    let rows = page.data.data.into_iter();
    rows.map(|row| (row.webhook_id, row.event_type)).collect()
}

#[tokio::test]
async fn a_new_webhook_has_a_secret_and_its_creator() {
    let server = TestServer::with_platform().await;
    let expected = Webhook {
        webhook_id: 1,
        webhook_name: "order-events".to_owned(),
        webhook_url: Some(URL.to_owned()),
        sign_secret: Some(FIRST_SECRET.into()),
        creator_id: Some(7),
        creator_name: Some("Ada".to_owned()),
        create_time: Some("2026-11-01T09:30:00.000Z".to_owned()),
        operator_id: Some(OperatorIdText::from("7")),
        operator_name: Some("Ada".to_owned()),
        operate_time: Some("2026-11-01T09:30:00.000Z".to_owned()),
    };
    let created = create(&server.client(ADA), "order-events").await;
    assert_eq!(created, expected);

    let second = create(&server.client(ADA), "order-events").await;
    assert_ne!(
        second.webhook_id, created.webhook_id,
        "each call has a key of its own"
    );
    assert_ne!(second.sign_secret, created.sign_secret);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_who_changed_it() {
    let server = TestServer::with_platform().await;
    let created = create(&server.client(ADA), "order-events").await;
    let grace = server.client(GRACE);

    let renamed = update(&grace, 1, Patch::Absent).await;
    let expected = Webhook {
        webhook_name: "renamed".to_owned(),
        operator_id: Some(OperatorIdText::from("8")),
        operator_name: Some("Grace".to_owned()),
        operate_time: Some("2026-11-01T09:30:01.000Z".to_owned()),
        ..created
    };
    assert_eq!(renamed, expected);

    let moved = update(&grace, 1, Patch::Value("https://merchant.example/v2")).await;
    assert_eq!(
        moved.webhook_url.as_deref(),
        Some("https://merchant.example/v2")
    );
    let removed = update(&grace, 1, Patch::Null).await;
    assert_eq!(removed.webhook_url, None);
    let untouched = update(&grace, 1, Patch::Absent).await;
    assert_eq!(untouched.webhook_url, None);
}

#[tokio::test]
async fn a_subscription_is_made_once_and_answers_the_same_each_time() {
    let server = TestServer::with_platform().await;
    let created = create(&server.client(ADA), "order-events").await;
    let expected = WebhookSubscription {
        webhook_id: 1,
        webhook_name: created.webhook_name,
        webhook_url: created.webhook_url,
        sign_secret: created.sign_secret,
        creator_id: created.creator_id,
        creator_name: created.creator_name,
        create_time: created.create_time,
        operator_id: Some(OperatorIdText::from("8")),
        operator_name: Some("Grace".to_owned()),
        operate_time: Some("2026-11-01T09:30:01.000Z".to_owned()),
        event_type: EventType::CardLoad,
        event_code: Some("165802".into()),
        event_description: Some("Reload".to_owned()),
    };
    let first = subscribe(&server.client(GRACE), 1, EventType::CardLoad).await;
    assert_eq!(first, expected);
    let again = subscribe(&server.client(ADA), 1, EventType::CardLoad).await;
    assert_eq!(again, expected, "even for another operator");
    assert_eq!(
        list(&server.client(ADA)).await,
        [(1, Some(EventType::CardLoad))]
    );
}

#[tokio::test]
async fn an_unsubscription_answers_the_row_that_it_removes() {
    let server = TestServer::with_platform().await;
    let client = server.client(ADA);
    create(&client, "order-events").await;
    subscribe(&client, 1, EventType::CardTransaction).await;
    let subscribed = subscribe(&client, 1, EventType::CardLoad).await;
    let unsubscribe = || {
        let unsubscribe = client.unsubscribe_event().webhook_id(1);
        unsubscribe.event_type(EventType::CardLoad).send()
    };

    let removed = unsubscribe()
        .await
        .expect("it is unsubscribed")
        .into_inner();
    assert_eq!(removed.data, [subscribed]);
    assert_eq!(list(&client).await, [(1, Some(EventType::CardTransaction))]);

    let error = unsubscribe().await.expect_err("it is not subscribed");
    assert!(error.is_not_found(), "{error}");
    assert!(error.fault("event_type").is_some(), "{:?}", error.faults());
}

#[tokio::test]
async fn a_list_has_a_row_for_each_subscription_or_one_for_none() {
    let server = TestServer::with_platform().await;
    let client = server.client(ADA);
    create(&client, "without").await;
    create(&client, "with-two").await;
    subscribe(&client, 2, EventType::CardLoad).await;
    subscribe(&client, 2, EventType::CardTransaction).await;
    create(&server.client(EVE), "not-hers").await;

    let two = [EventType::CardLoad, EventType::CardTransaction].map(Some);
    let [load, transaction] = two.map(|event_type| (2, event_type));
    assert_eq!(list(&client).await, [load, transaction, (1, None)]);

    let name: WebhookName = "without".parse().expect("a legal name");
    let page = client.list_webhooks().webhook_name(name).send();
    let page = page.await.expect("a page").into_inner().data;
    let [row] = page.data.as_slice() else {
        panic!("one row, not {:?}", page.data)
    };
    assert_eq!(row.operator_id, Some(OperatorIdNumber::from(7)));
    assert_eq!((&row.event_code, &row.event_description), (&None, &None));
    assert_eq!(row.sign_secret, Some(FIRST_SECRET.into()));
}

#[tokio::test]
async fn a_merchant_sees_webhooks_of_its_own_alone() {
    let server = TestServer::with_platform().await;
    create(&server.client(ADA), "order-events").await;
    assert_eq!(list(&server.client(GRACE)).await, [(1, None)]);
    assert_eq!(list(&server.client(EVE)).await, []);

    let eve = server.client(EVE);
    let subscribe = eve.subscribe_event().webhook_id(1);
    let error = subscribe
        .body_map(|body| body.event_type(EventType::CardLoad))
        .send();
    let error = error.await.expect_err("it is not hers");
    assert!(error.is_not_found(), "{error}");
    assert_eq!(
        list(&server.client(ADA)).await,
        [(1, None)],
        "nothing was subscribed"
    );
}

#[tokio::test]
async fn the_catalogue_has_two_types_of_event() {
    let server = TestServer::with_platform().await;
    let client = server.client(ADA);
    let both = client
        .list_events()
        .send()
        .await
        .expect("a page")
        .into_inner()
        .data;
    let shown: Vec<_> = both
        .data
        .iter()
        .map(|entry| {
            let code = entry.event_code.as_ref().map(EventCode::as_str);
            (
                entry.event_id,
                entry.event_type.as_str(),
                code,
                entry.event_description.as_deref(),
            )
        })
        .collect();
    let expected = [
        (Some(2), "card.load", Some("165802"), Some("Reload")),
        (
            Some(1),
            "card.transaction",
            Some("165801"),
            Some("Transaction"),
        ),
    ];
    assert_eq!(shown, expected);
    assert_eq!(
        (both.has_more, both.next_cursor.as_deref()),
        (false, Some(""))
    );

    let check = async |event_type: Option<&str>, event_code: Option<&str>, ids: &[i64]| {
        let mut list = client.list_events().ascending(true);
        if let Some(event_type) = event_type {
            list = list.event_type(event_type);
        }
        if let Some(event_code) = event_code {
            list = list.event_code(event_code);
        }
        let page = list.send().await.expect("a page").into_inner().data;
        let found: Vec<_> = page
            .data
            .iter()
            .filter_map(|entry| entry.event_id)
            .collect();
        assert_eq!(found, ids, "{event_type:?} {event_code:?}");
    };
    check(None, None, &[1, 2]).await;
    check(Some("card.load"), None, &[2]).await;
    check(None, Some("165801"), &[1]).await;
    check(Some("card.load"), Some("165802"), &[2]).await;
    check(Some("card.load"), Some("165801"), &[]).await;
    check(Some("card.lost"), None, &[]).await;
}
