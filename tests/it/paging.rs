//! The laws of paging: whoever follows the cursor sees everything once.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use orderhook_client::Client;
use orderhook_types::WebhookPage;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{ADA, Answer, TestServer};

/// A row: the webhook's id, and the type of event.
type Row = (i64, Option<String>);

fn rows(page: &WebhookPage) -> Vec<Row> {
    let event_type = |item: &orderhook_types::WebhookListItem| {
        item.event_type
            .as_ref()
            .map(|event_type| event_type.as_str().to_owned())
    };
    let items = page.data.iter();
    items
        .map(|item| (item.webhook_id, event_type(item)))
        .collect()
}

async fn page(client: &Client, cursor: &str, limit: i64, ascending: bool) -> WebhookPage {
    let mut list = client.list_webhooks().limit(limit).ascending(ascending);
    if !cursor.is_empty() {
        let cursor: i64 = cursor.parse().expect("a cursor is a number");
        list = list.cursor(cursor);
    }
    list.send().await.expect("a page").into_inner().data
}

/// Follows the cursor to the end, and looks at each page on the way.
async fn walk(client: &Client, limit: i64, ascending: bool) -> Vec<Row> {
    let mut walked = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = page(client, &cursor, limit, ascending).await;
        let webhooks: BTreeSet<_> = page.data.iter().map(|item| item.webhook_id).collect();
        let count = i64::try_from(webhooks.len()).expect("a small page");
        assert!(
            count == limit || !page.has_more,
            "a page before the last is full"
        );
        assert!(count <= limit, "a limit counts webhooks");
        walked.extend(rows(&page));
        let next_cursor = page.next_cursor.expect("a cursor");
        assert!(!page.has_more || next_cursor != cursor, "a walk gets on");
        cursor = next_cursor;
        assert_eq!(page.has_more, !cursor.is_empty());
        if !page.has_more {
            return walked;
        }
    }
}

/// Creates a webhook with these subscriptions, and gives its id.
async fn create(server: &TestServer, name: &str, subscribed: &[&str]) -> i64 {
    let webhook_id = server.create(json!({"webhook_name": name})).await;
    for event_type in subscribed {
        let path = format!("/v1/webhooks/{webhook_id}/subscriptions");
        let body = json!({"event_type": event_type}).to_string();
        let answer = Answer::to(server.send(reqwest::Method::POST, &path, body)).await;
        assert_eq!(answer.status, 200);
    }
    webhook_id
}

#[tokio::test]
async fn every_walk_sees_every_row_once() {
    let server = TestServer::with_platform().await;
    let client = server.client(ADA);
    let mut expected = Vec::new();
    for number in 0..7 {
        let both = ["card.transaction", "card.load"];
        let subscribed = &both[..number % 3];
        let webhook_id = create(&server, "a", subscribed).await;
        let event_types = subscribed
            .iter()
            .map(|event_type| Some((*event_type).to_owned()));
        expected.extend(event_types.map(|event_type| (webhook_id, event_type)));
        if subscribed.is_empty() {
            expected.push((webhook_id, None));
        }
    }

    for limit in [1, 2, 3, 6, 7, 8, 100] {
        assert_eq!(walk(&client, limit, true).await, expected, "limit {limit}");
        let mut descending = walk(&client, limit, false).await;
        descending.reverse();
        assert_eq!(descending, expected, "limit {limit}, descending");
    }
    let streamed: Vec<_> = client
        .list_webhooks()
        .limit(2)
        .ascending(true)
        .stream()
        .try_collect()
        .await
        .expect("pages");
    assert_eq!(streamed.len(), expected.len());
}

#[tokio::test]
async fn what_comes_between_two_pages_moves_nothing() {
    let server = TestServer::with_platform().await;
    let client = server.client(ADA);
    for _ in 0..4 {
        create(&server, "a", &["card.load"]).await;
    }
    let first = page(&client, "", 2, false).await;
    create(&server, "new", &[]).await;
    let unsubscribe = server.request(
        reqwest::Method::DELETE,
        "/v1/webhooks/2/subscriptions/card.load",
    );
    assert_eq!(Answer::to(unsubscribe).await.status, 200);

    let cursor = first.next_cursor.clone().expect("a cursor");
    let second = page(&client, &cursor, 2, false).await;
    let load = Some("card.load".to_owned());
    assert_eq!(rows(&first), [(4, load.clone()), (3, load.clone())]);
    assert_eq!(rows(&second), [(2, None), (1, load)]);
    assert!(!second.has_more);
}

#[tokio::test]
async fn a_page_has_20_webhooks_by_default_and_100_at_most() {
    let server = TestServer::with_platform().await;
    for _ in 0..101 {
        create(&server, "a", &[]).await;
    }
    let check = async |query: &str, count: usize, next_cursor: &str| {
        let answer = Answer::to(server.get(&format!("/v1/webhooks{query}"))).await;
        let page = &answer.body["data"];
        assert_eq!(
            page["data"].as_array().map(Vec::len),
            Some(count),
            "{query}"
        );
        assert_eq!(page["next_cursor"], next_cursor, "{query}");
        assert_eq!(page["has_more"], !next_cursor.is_empty(), "{query}");
    };

    check("", 20, "82").await;
    check("?limit=21", 21, "81").await;
    check("?limit=100", 100, "2").await;
    check("?limit=101", 100, "2").await;
    check("?limit=99999", 100, "2").await;
    check("?limit=99999&cursor=2", 1, "").await;
    check("?ascending=true", 20, "20").await;
    check("?cursor=", 20, "82").await;
    check("?cursor=9999999999", 20, "82").await;
    check("?cursor=0", 0, "").await;
}

#[derive(Deserialize)]
struct Vectors {
    webhooks: Vec<Created>,
    pages: Vec<PageVector>,
}

#[derive(Deserialize)]
struct Created {
    webhook_name: String,
    subscribed: Vec<String>,
}

/// Webhooks are given by their numbers, from 1 in the order of creation.
#[derive(Deserialize)]
struct PageVector {
    name: String,
    query: serde_json::Map<String, Value>,
    page: Vec<usize>,
    next_cursor: Option<usize>,
}

#[tokio::test]
async fn pages_are_those_of_the_shared_vectors() {
    let vectors = include_str!("../../spec/vectors/pagination.json");
    let vectors: Vectors = serde_json::from_str(vectors).expect("vectors");
    let server = TestServer::with_platform().await;
    let mut ids = Vec::new();
    for Created {
        webhook_name,
        subscribed,
    } in &vectors.webhooks
    {
        let subscribed: Vec<_> = subscribed.iter().map(String::as_str).collect();
        ids.push(create(&server, webhook_name, &subscribed).await);
    }
    let id = |number: usize| ids[number - 1];

    for mut vector in vectors.pages {
        if let Some(cursor) = vector.query.get_mut("cursor") {
            let number = cursor.as_u64().expect("a number");
            *cursor = id(number.try_into().expect("a small number")).into();
        }
        let answer = Answer::to(server.get("/v1/webhooks").query(&vector.query)).await;
        let data = &answer.body["data"];
        let page: WebhookPage = serde_json::from_value(data.clone()).expect("a page");

        let next_cursor = vector.next_cursor.map(|number| id(number).to_string());
        assert_eq!(page.has_more, next_cursor.is_some(), "{}", vector.name);
        assert_eq!(
            page.next_cursor,
            Some(next_cursor.unwrap_or_default()),
            "{}",
            vector.name
        );

        let mut webhooks: Vec<_> = page.data.iter().map(|item| item.webhook_id).collect();
        webhooks.dedup();
        let expected: Vec<_> = vector.page.iter().map(|number| id(*number)).collect();
        assert_eq!(webhooks, expected, "{}", vector.name);
        for number in vector.page {
            let subscribed = vectors.webhooks[number - 1]
                .subscribed
                .iter()
                .cloned()
                .map(Some);
            let mut expected: BTreeSet<_> = subscribed.collect();
            if expected.is_empty() {
                expected.insert(None);
            }
            let of_webhook = rows(&page).into_iter().filter(|row| row.0 == id(number));
            let found: Vec<_> = of_webhook.map(|row| row.1).collect();
            assert_eq!(found.len(), expected.len(), "{}", vector.name);
            assert_eq!(BTreeSet::from_iter(found), expected, "{}", vector.name);
        }
    }
}
