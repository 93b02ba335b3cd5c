//! What the generated client puts on the wire: each operation with as little as it can be called
//! with, then with all that it takes.

mod operator;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::request::Parts;
use orderhook_client::types::{EventType, IdempotencyKey, WebhookUrl};
use orderhook_client::{Client, Error};
use serde_json::Value;

use crate::support::{ADA, TestServer};

/// A name, an address and a type with what paths, queries and JSON have to escape.
const NAME: &str = r#"a & "b"/ü"#;
const URL: &str = "https://merchant.example/hooks?a=1&b=%20#top";
const TYPE: &str = "card/re load?&+ü";
const KEY: &str = "key-1";

async fn check(operation: &str, calls: impl AsyncFnOnce(&Client) -> [bool; 2]) {
    record(operation, async |server| calls(&server.client(ADA)).await).await;
}

/// Snapshots the requests that `calls` makes; each of them is refused.
async fn record<const N: usize>(snapshot: &str, calls: impl AsyncFnOnce(&TestServer) -> [bool; N]) {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&requests);
    // With a 400 no request is made twice.
    let server = TestServer::start(Router::new().fallback(async move |request: Request| {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("the body is read");
        recorded
            .lock()
            .expect("no panic")
            .push(written(&head, &body));
        (StatusCode::BAD_REQUEST, r#"{"code":400,"msg":"recorded"}"#)
    }))
    .await;

    let refused = calls(&server).await;

    assert_eq!(refused, [true; N]);
    let requests = requests.lock().expect("no panic").join("\n");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(snapshot, requests));
}

/// The request as text, without what differs from run to run.
fn written(head: &Parts, body: &Bytes) -> String {
    let mut text = format!("{} {}\n", head.method, head.uri);
    let headers: BTreeMap<_, _> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().expect("a text")))
        .collect();
    assert_eq!(headers.len(), head.headers.len(), "a header stands twice");
    for (name, value) in headers {
        let value = match name {
            "host" => "[host]",
            "idempotency-key" if value != KEY => "[new key]",
            _ => &value.replace(ADA, "[token]"),
        };
        text += &format!("{name}: {value}\n");
    }
    if !body.is_empty() {
        text += &format!("\n{}\n", String::from_utf8_lossy(body));
    }
    text
}

fn is_refusal<T, E>(answer: Result<T, Error<E>>) -> bool {
    matches!(answer, Err(error) if error.status() == Some(StatusCode::BAD_REQUEST))
}

fn url() -> WebhookUrl {
    URL.parse().expect("an address")
}

#[tokio::test]
async fn list_webhooks() {
    check("list_webhooks", async |client| {
        let all = client.list_webhooks().cursor(9_999_999_999_i64).limit(100);
        let all = all.webhook_name(NAME).webhook_url(url()).ascending(true);
        [
            is_refusal(client.list_webhooks().send().await),
            is_refusal(all.send().await),
        ]
    })
    .await;
}

#[tokio::test]
async fn create_webhook() {
    check("create_webhook", async |client| {
        let least = client
            .create_webhook()
            .body_map(|body| body.webhook_name(NAME));
        let key: IdempotencyKey = KEY.parse().expect("a key");
        let all = client.create_webhook().idempotency_key(key);
        let all = all.body_map(|body| body.webhook_name(NAME).webhook_url(url()));
        [is_refusal(least.send().await), is_refusal(all.send().await)]
    })
    .await;
}

/// Absent and null are told apart.
#[tokio::test]
async fn update_webhook() {
    check("update_webhook", async |client| {
        let update = || client.update_webhook().webhook_id(1003);
        let least = update().body_map(|body| body.webhook_name(NAME));
        let remove = orderhook_types::Patch::Null;
        let all = update().body_map(|body| body.webhook_name(NAME).webhook_url(remove));
        [is_refusal(least.send().await), is_refusal(all.send().await)]
    })
    .await;
}

#[tokio::test]
async fn subscribe_event() {
    check("subscribe_event", async |client| {
        let subscribe = || client.subscribe_event().webhook_id(1003);
        let known = subscribe().body_map(|body| body.event_type(EventType::CardLoad));
        let unknown = subscribe().body_map(|body| body.event_type(EventType::from(TYPE)));
        [
            is_refusal(known.send().await),
            is_refusal(unknown.send().await),
        ]
    })
    .await;
}

#[tokio::test]
async fn unsubscribe_event() {
    check("unsubscribe_event", async |client| {
        let unsubscribe = || client.unsubscribe_event().webhook_id(1003);
        let known = unsubscribe().event_type(EventType::CardLoad);
        let unknown = unsubscribe().event_type(EventType::from(TYPE));
        [
            is_refusal(known.send().await),
            is_refusal(unknown.send().await),
        ]
    })
    .await;
}

#[tokio::test]
async fn list_events() {
    check("list_events", async |client| {
        let all = client.list_events().cursor(1002).limit(9_999_999_999_i64);
        let all = all.event_type(TYPE).event_code("165801").ascending(false);
        [
            is_refusal(client.list_events().send().await),
            is_refusal(all.send().await),
        ]
    })
    .await;
}

/// The ids of the operations of a document.
fn operations(document: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(document).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths
        .values()
        .filter_map(Value::as_object)
        .flat_map(serde_json::Map::values)
        .filter_map(|operation| operation.get("operationId")?.as_str());
    operations.map(str::to_owned).collect()
}

#[test]
fn every_operation_has_a_snapshot() {
    let merchants = operations(orderhook_api::OPENAPI_3_1);
    let operators = operations(orderhook_api::operator::OPENAPI_3_1);
    let operators = operators
        .iter()
        .map(|id| format!("{}{id}", operator::PREFIX));
    let expected: BTreeSet<String> = merchants.into_iter().chain(operators).collect();

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/wire/snapshots");
    let snapshots: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the snapshots are there")
        .map(|entry| entry.expect("the folder is read").file_name())
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".snap")?.to_owned()))
        .collect();
    assert_eq!(snapshots, expected);
}
