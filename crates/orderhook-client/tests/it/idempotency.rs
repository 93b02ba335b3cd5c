use std::collections::HashSet;

use http::Method;
use orderhook_client::{Client, ErrorExt};

use crate::client_of;
use crate::clock::TestClock;
use crate::server::{Answer, Server};

const KEY: &str = "idempotency-key";

async fn create(client: &Client) {
    let call = client.create_webhook();
    let call = call.body_map(|body| body.webhook_name("order-events"));
    call.send().await.unwrap();
}

fn keys(server: &Server) -> Vec<String> {
    let key = |seen: &crate::server::Seen| seen.header(KEY).unwrap().to_owned();
    server.seen().iter().map(key).collect()
}

#[tokio::test]
async fn a_key_is_the_same_in_every_attempt_and_new_in_every_call() {
    let clock = TestClock::new();
    let script = [
        Answer::Nothing,
        Answer::status(503),
        Answer::webhook(),
        Answer::webhook(),
    ];
    let server = Server::start(script, &clock).await;
    // With the randomness of every day.
    let client = Client::builder(&server.base(), "token").clock(clock);
    let client = client.build().unwrap();
    create(&client).await;
    create(&client).await;

    let keys = keys(&server);
    assert_eq!(keys.len(), 4);
    assert_eq!(keys[0], keys[1]);
    assert_eq!(keys[0], keys[2]);
    assert_ne!(keys[0], keys[3]);
    assert!(keys.iter().all(|key| key.len() == 32), "{keys:?}");

    let bodies: HashSet<_> = server.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies.len(), 1);
}

#[tokio::test]
async fn the_callers_key_is_kept() {
    let (server, client) = client_of([Answer::status(503), Answer::webhook()]).await;
    let call = client.create_webhook().idempotency_key("mine");
    let call = call.body_map(|body| body.webhook_name("order-events"));
    call.send().await.unwrap();
    assert_eq!(keys(&server), ["mine", "mine"]);
}

#[tokio::test]
async fn only_creating_a_webhook_carries_a_key() {
    let (server, client) = client_of([
        Answer::empty_page(),
        Answer::empty_page(),
        Answer::webhook(),
        Answer::webhook(),
    ])
    .await;
    client.list_webhooks().send().await.unwrap();
    client.list_events().send().await.unwrap();
    let update = client.update_webhook().webhook_id(3);
    let update = update.body_map(|body| body.webhook_name("a"));
    update.send().await.unwrap();
    let subscribe = client.subscribe_event().webhook_id(3);
    let subscribe = subscribe.body_map(|body| body.event_type("card.load"));
    subscribe.send().await.unwrap();

    let seen = server.seen();
    let methods: Vec<_> = seen.iter().map(|seen| seen.method.clone()).collect();
    assert_eq!(
        methods,
        [Method::GET, Method::GET, Method::PUT, Method::POST]
    );
    assert!(seen.iter().all(|seen| seen.header(KEY).is_none()));
}

/// How often a webhook is created for these answers, and whether it ends in a conflict.
async fn check(script: Vec<Answer>, requests: usize, conflict: bool) {
    let (server, client) = client_of(script.clone()).await;
    let call = client.create_webhook();
    let result = call.body_map(|body| body.webhook_name("a")).send().await;
    assert_eq!(server.seen().len(), requests, "{script:?}");
    let is_conflict = result.is_err_and(|error| error.is_conflict());
    assert_eq!(is_conflict, conflict, "{script:?}");
}

#[tokio::test]
async fn a_conflict_with_an_attempt_of_the_same_call_is_waited_out() {
    let conflict = || Answer::status(409);
    check(vec![conflict(), Answer::webhook()], 1, true).await;
    check(
        vec![Answer::status(503), conflict(), Answer::webhook()],
        2,
        true,
    )
    .await;
    check(
        vec![Answer::Nothing, conflict(), conflict(), Answer::webhook()],
        4,
        false,
    )
    .await;
    check(
        vec![Answer::status(504), conflict(), Answer::webhook()],
        3,
        false,
    )
    .await;
    check(
        vec![Answer::Nothing, conflict(), conflict(), conflict()],
        4,
        true,
    )
    .await;
}
