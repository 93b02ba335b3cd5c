//! What a server refuses before an implementation sees it, and what the platform refuses itself:
//! over HTTP, in the documented envelope, with all faults at once.
//!
//! A fault is written as `location:field:rule`.

mod operator;
mod rules;
mod statuses;

use reqwest::{Body, Method, RequestBuilder};
use serde_json::json;

use crate::support::{Answer, TestServer};

const WEBHOOKS: &str = "/v1/webhooks";
/// The most bytes that a body may have.
const BODY_LIMIT: usize = 64 * 1024;

/// The request is answered if there are no faults, else it is a 400 with exactly these.
async fn check(request: RequestBuilder, faults: &[&str]) {
    let shown = format!("{request:?}");
    let answer = Answer::to(request).await;
    assert_eq!(answer.faults(), faults, "{shown}");
    assert_eq!(
        answer.status,
        if faults.is_empty() { 200 } else { 400 },
        "{shown}"
    );
}

async fn check_query(server: &TestServer, query: &str, faults: &[&str]) {
    check(server.get(&format!("{WEBHOOKS}?{query}")), faults).await;
}

async fn check_body(server: &TestServer, body: impl Into<Body>, faults: &[&str]) {
    check(server.send(Method::POST, WEBHOOKS, body), faults).await;
}

/// The request gets a refusal with this status and these faults.
async fn check_status(request: RequestBuilder, status: u16, faults: &[&str]) -> Answer {
    let shown = format!("{request:?}");
    let answer = Answer::to(request).await;
    assert_eq!(answer.status, status, "{shown}");
    assert_eq!(answer.faults(), faults, "{shown}");
    answer
}

#[tokio::test]
async fn all_faults_of_a_request_come_at_once() {
    let server = TestServer::with_platform().await;
    let create = server
        .send(
            Method::POST,
            WEBHOOKS,
            r#"{"webhook_url":"no address","x":1,"x":2}"#,
        )
        .header("idempotency-key", "k".repeat(256));
    let faults = [
        "header:Idempotency-Key:max_length",
        "body:x:duplicate",
        "body:webhook_name:required",
        "body:webhook_url:format",
    ];
    check(create, &faults).await;

    let update = server.send(Method::PUT, "/v1/webhooks/-1", r#"{"webhook_name":7}"#);
    check(
        update,
        &["path:webhook_id:minimum", "body:webhook_name:type"],
    )
    .await;

    let path = format!("/v1/webhooks/x/subscriptions/{}", "e".repeat(51));
    let unsubscribe = server.request(Method::DELETE, &path);
    check(
        unsubscribe,
        &["path:event_type:max_length", "path:webhook_id:type"],
    )
    .await;

    let query = "cursor=-1&limit=100000&webhook_name=&webhook_url=x&ascending=2";
    let faults = [
        "query:cursor:minimum",
        "query:limit:maximum",
        "query:webhook_name:min_length",
        "query:webhook_url:format",
        "query:ascending:type",
    ];
    check_query(&server, query, &faults).await;
}

/// A legal body of this many bytes.
fn body_of(bytes: usize) -> String {
    let body = |padding: usize| json!({"webhook_name": "a", "x": "x".repeat(padding)}).to_string();
    body(bytes - body(0).len())
}

#[tokio::test]
async fn refusals_look_like_this() {
    let server = TestServer::with_platform().await;
    let create = |body: String| server.send(Method::POST, WEBHOOKS, body);
    let create_with_key = |name: &str| {
        create(json!({"webhook_name": name}).to_string()).header("idempotency-key", "k")
    };
    assert_eq!(Answer::to(create_with_key("a")).await.status, 200);

    let requests = [
        ("400", server.get("/v1/webhooks?limit=0&cursor=x")),
        ("401", server.anonymous(Method::GET, WEBHOOKS)),
        (
            "404",
            server.request(Method::DELETE, "/v1/webhooks/1/subscriptions/card.load"),
        ),
        ("404_path", server.get("/v2")),
        ("405", server.request(Method::DELETE, WEBHOOKS)),
        ("409", create_with_key("b")),
        ("413", create(body_of(BODY_LIMIT + 1))),
        ("415", server.request(Method::POST, WEBHOOKS).body("{}")),
    ];
    for (name, request) in requests {
        insta::assert_json_snapshot!(name, Answer::to(request).await.body);
    }
}
