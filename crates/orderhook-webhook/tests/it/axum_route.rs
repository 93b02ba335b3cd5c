//! A receiver behind a real HTTP server, and the sender's requests to it.

use std::io::{self, Read as _};
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use futures_util::stream;
use orderhook_webhook::axum::route;
use orderhook_webhook::replay::ReplayStore;
use orderhook_webhook::{Push, PushRequest, Receiver, card_event, order_status_change};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::handler::{CARD_EVENT, Down, Handler, NOW, ORDER, attempt, signed, verifier};
use crate::{at, now_or_panic};

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

/// The status that answers [`ORDER`], signed at [`NOW`], when its body comes as `chunks`.
fn status(
    receiver: Receiver<Handler, impl ReplayStore + 'static>,
    clock: &Arc<AtomicU64>,
    chunks: impl Iterator<Item = io::Result<&'static str>> + Send + 'static,
) -> u16 {
    let clock = Arc::clone(clock);
    let clock = move || at(clock.load(Ordering::Relaxed));
    let router: Router = Router::new().route("/", route(Arc::new(receiver), clock));
    let body = Body::from_stream(stream::iter(chunks));
    let mut request = http::Request::post("/").body(body).unwrap();
    *request.headers_mut() = signed("msg_1", ORDER.as_bytes());
    now_or_panic(router.oneshot(request))
        .unwrap()
        .status()
        .as_u16()
}

#[test]
fn a_body_that_ends_after_the_tolerance_is_refused() {
    for (seconds, expected) in [(300, 200), (301, 401)] {
        let clock = Arc::new(AtomicU64::new(NOW));
        let body_time = Arc::clone(&clock);
        let slow_body = iter::once_with(move || {
            body_time.fetch_add(seconds, Ordering::Relaxed);
            Ok(ORDER)
        });
        let receiver = Receiver::new(Handler::default(), verifier());
        assert_eq!(status(receiver, &clock, slow_body), expected, "{seconds}");
    }
}

#[test]
fn a_body_that_breaks_off_is_a_bad_request() {
    let clock = Arc::new(AtomicU64::new(NOW));
    let handler = Handler::default();
    let receiver = Receiver::new(handler.clone(), verifier());
    let broken = [Ok(ORDER), Err(io::ErrorKind::ConnectionReset.into())];
    assert_eq!(status(receiver, &clock, broken.into_iter()), 400);
    assert!(handler.calls().is_empty());
}

#[test]
fn a_store_that_fails_after_the_handler_is_logged() {
    let clock = Arc::new(AtomicU64::new(NOW));
    let receiver =
        Receiver::new(Handler::default(), verifier()).replay_store(Down { claims: false });
    let (mut log, writer) = io::pipe().unwrap();
    let subscriber = tracing_subscriber::fmt().with_writer(Arc::new(writer));

    let status = tracing::subscriber::with_default(subscriber.finish(), || {
        status(receiver, &clock, iter::once(Ok(ORDER)))
    });

    assert_eq!(status, 200);
    let mut lines = String::new();
    log.read_to_string(&mut lines).unwrap();
    let expected = r#"replay store failed after the handler message_id="msg_1" error=DatabaseDown"#;
    assert!(lines.contains(expected), "{lines}");
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
