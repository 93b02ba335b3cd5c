//! A receiver behind a real HTTP server, and the sender's requests to it.

use std::sync::Arc;

use axum::Router;
use orderhook_webhook::axum::route;
use orderhook_webhook::{Push, PushRequest, Receiver, card_event, order_status_change};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::at;
use crate::handler::{CARD_EVENT, Handler, NOW, ORDER, attempt, signed, verifier};

const ONE_MIB: usize = 1024 * 1024;

/// Serves the handler at two paths, and says under which address.
async fn serve(handler: Handler) -> String {
    let receiver = Arc::new(Receiver::new(handler, verifier()));
    let clock = || at(NOW);
    let router = Router::new()
        .route("/orders/status", route(Arc::clone(&receiver), clock))
        .route("/{tenant}/cards", route(receiver, clock));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

async fn send(request: http::Request<Vec<u8>>) -> Response {
    let request = reqwest::Request::try_from(request).unwrap();
    Client::new().execute(request).await.unwrap()
}

async fn body(response: Response) -> Value {
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json().await.unwrap()
}

fn requests() -> [PushRequest; 2] {
    let order = match Push::parse(ORDER.as_bytes()).unwrap() {
        Push::OrderStatusChange(push) => order_status_change(&push),
        other => panic!("{other:?}"),
    };
    let event = match Push::parse(CARD_EVENT.as_bytes()).unwrap() {
        Push::CardEvent(push) => card_event(&push),
        other => panic!("{other:?}"),
    };
    [order.unwrap(), event.unwrap()]
}

#[tokio::test]
async fn what_the_sender_sends_is_handled_at_any_path() {
    let handler = Handler::default();
    let server = serve(handler.clone()).await;
    let [order, event] = requests();
    let acknowledged = json!({"code": "00000", "msg": "success", "requestTime": NOW * 1000});

    let answer = send(attempt(&order, &format!("{server}/orders/status"), "msg_1")).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(body(answer).await, acknowledged);
    let answer = send(attempt(&event, &format!("{server}/m-1/cards"), "msg_2")).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(body(answer).await, acknowledged);

    let pushes: Vec<_> = handler.calls().into_iter().map(|(_, push)| push).collect();
    let sent = [ORDER, CARD_EVENT].map(|body| Push::parse(body.as_bytes()).unwrap());
    assert_eq!(pushes, sent);
}

#[tokio::test]
async fn routes_of_one_receiver_share_its_memory() {
    let handler = Handler::default();
    let server = serve(handler.clone()).await;
    let [order, _] = requests();
    for path in ["/orders/status", "/m-1/cards"] {
        let answer = send(attempt(&order, &format!("{server}{path}"), "msg_1")).await;
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(handler.calls().len(), 1);
}

#[tokio::test]
async fn a_changed_body_is_refused() {
    let handler = Handler::default();
    let server = serve(handler.clone()).await;
    let [order, _] = requests();
    let mut request = attempt(&order, &format!("{server}/orders/status"), "msg_1");
    request.body_mut().push(b' ');

    let answer = send(request).await;

    assert_eq!(answer.status(), 401);
    assert_eq!(body(answer).await["code"], "00001");
    assert!(handler.calls().is_empty());
}

#[tokio::test]
async fn a_body_of_more_than_one_mebibyte_is_refused() {
    let handler = Handler::default();
    let server = serve(handler.clone()).await;
    for (length, status, code) in [(ONE_MIB, 200, "00000"), (ONE_MIB + 1, 413, "00002")] {
        // Spaces behind the JSON value are part of the signed body and mean nothing.
        let mut padded = ORDER.as_bytes().to_vec();
        padded.resize(length, b' ');
        let mut request = http::Request::post(format!("{server}/orders/status"))
            .body(padded)
            .unwrap();
        *request.headers_mut() = signed("msg_1", request.body());

        let answer = send(request).await;

        assert_eq!(answer.status(), status, "{length}");
        assert_eq!(body(answer).await["code"], code, "{length}");
    }
    assert_eq!(handler.calls().len(), 1);
}

#[tokio::test]
async fn only_post_is_a_push() {
    let server = serve(Handler::default()).await;
    for method in ["GET", "PUT", "DELETE"] {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{server}/orders/status"))
            .body(Vec::new())
            .unwrap();
        let answer = send(request).await;
        assert_eq!(answer.status(), 405, "{method}");
        assert_eq!(answer.headers()["allow"], "POST", "{method}");
    }
}
