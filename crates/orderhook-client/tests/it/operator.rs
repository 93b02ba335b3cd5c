//! The client of the operator API has the same transport: retries, keys, streams.

use futures_util::TryStreamExt;
use orderhook_client::operator::Client;
use orderhook_client::types::EventType;
use serde_json::{Map, json};

use crate::clock::TestClock;
use crate::server::{Answer, Server};

const KEY: &str = "idempotency-key";

async fn client_of(answers: impl IntoIterator<Item = Answer>) -> (Server, Client) {
    let clock = TestClock::new();
    let server = Server::start(answers, &clock).await;
    let client = Client::builder(&server.base(), "the-operators-token").clock(clock);
    let client = client.build().unwrap();
    (server, client)
}

#[tokio::test]
async fn publishing_is_retried_with_the_key_of_its_first_attempt() {
    let envelope = json!({"code": 200, "data": {"event_id": "msg_1", "deliveries": 2}});
    let published = Answer::json(200, &envelope);
    let (server, client) = client_of([Answer::Nothing, Answer::status(503), published]).await;

    let call = client.publish_card_event().merchant_id(2);
    let call = call.body_map(|body| body.event_type(EventType::CardLoad).data(Map::new()));
    let published = call.send().await.unwrap();

    assert_eq!(published.data.deliveries, 2);
    let seen = server.seen();
    let keys: Vec<_> = seen.iter().map(|seen| seen.header(KEY).unwrap()).collect();
    assert_eq!(keys, [keys[0]; 3]);
    assert_eq!(seen[0].header("authorization"), Some("the-operators-token"));
}

/// What can be carried out twice without harm is retried, and nothing else without a key is.
#[tokio::test]
async fn calls_without_a_key_are_retried_where_the_second_changes_nothing() {
    let endpoint = json!({"code": 200, "data": {
        "endpoint_id": 7, "merchant_id": 2, "kind": "webhook", "state": "active", "pending": 0,
    }});
    let resumed = || [Answer::Nothing, Answer::json(200, &endpoint)];
    let (server, client) = client_of(resumed()).await;
    client
        .resume_endpoint()
        .endpoint_id(7)
        .send()
        .await
        .unwrap();
    assert_eq!(server.seen().len(), 2);

    let (server, client) = client_of(resumed()).await;
    let replayed = client.replay_delivery().delivery_id(7).send().await;
    replayed.unwrap_err();
    assert_eq!(server.seen().len(), 1);
    assert!(server.seen()[0].header(KEY).is_none());
}

#[tokio::test]
async fn lists_are_streams() {
    let attempt = |number: i64| {
        json!({
            "attempt": number, "delivery_id": 7, "attempt_time": "", "duration_ms": 1,
            "outcome": "timed_out", "reason": "",
        })
    };
    let first = Answer::page(&[attempt(3), attempt(2)], true, &json!("2"));
    let last = Answer::page(&[attempt(1)], false, &json!(""));
    let (server, client) = client_of([first, last]).await;

    let attempts = client.list_attempts().delivery_id(7).stream();
    let numbers: Vec<_> = attempts
        .map_ok(|attempt| attempt.attempt)
        .try_collect()
        .await
        .unwrap();

    assert_eq!(numbers, [3, 2, 1]);
    let targets = [
        "/v1/deliveries/7/attempts",
        "/v1/deliveries/7/attempts?cursor=2",
    ];
    assert_eq!(server.targets(), targets);
}
