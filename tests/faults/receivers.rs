//! Receivers that misbehave in every way, in one run of one server: each attempt ends in time with a
//! reason that a person understands, the healthy receiver beside them gets everything, and the
//! server's memory stays small.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::faulty;
use crate::server::{Operator, TestServer};
use crate::sink::Sink;

const CARD_EVENTS: i64 = 50;
const DELIVERED_WITHIN: Duration = Duration::from_secs(30);
const ENDED_WITHIN: Duration = Duration::from_secs(30);
/// How much the server may grow for all receivers together.
const MEMORY_KIB: u64 = 64 * 1024;

/// The settings of the server. There is a second attempt only so that it is seen when it is due.
const SETTINGS: [(&str, &str); 5] = [
    ("ORDERHOOK_DELIVERY__ALLOWED_ADDRESSES", "127.0.0.1:*"),
    ("ORDERHOOK_DELIVERY__CONNECT_TIMEOUT", "1s"),
    ("ORDERHOOK_DELIVERY__ATTEMPT_TIMEOUT", "2s"),
    ("ORDERHOOK_DELIVERY__SCHEDULE", "0s,1h"),
    ("ORDERHOOK_DELIVERY__JITTER", "0"),
];
/// The longest that an attempt takes: its timeout, and what a busy machine may add. The timeout to
/// connect is a part of it and comes not on top.
const LONGEST_ATTEMPT_MS: i64 = 2_000 + 900;
const SCHEDULED: SignedDuration = SignedDuration::from_hours(1);
/// The default of `delivery.retry_after_cap`.
const CAPPED: SignedDuration = SignedDuration::from_hours(24);

const ACKNOWLEDGED: &str = "acknowledged: answered 200 OK";
const TIMED_OUT: &str = "timed_out: no complete answer within 2 s";

/// A receiver that misbehaves, and what is recorded of it.
struct Faulty {
    url: String,
    /// How the push of a card event ends: the outcome and the reason.
    card: String,
    /// How the push of an order ends.
    order: String,
    /// When the attempt after one that failed is due.
    next: SignedDuration,
}

impl Faulty {
    /// Ends the same for both kinds of push.
    fn both(address: SocketAddr, ends: impl Into<String>) -> Self {
        let ends = ends.into();
        Self::apart(address, &ends, &ends)
    }

    fn apart(address: SocketAddr, card: &str, order: &str) -> Self {
        Self {
            url: format!("http://{address}/hooks"),
            card: card.to_owned(),
            order: order.to_owned(),
            next: SCHEDULED,
        }
    }

    fn by_tls(mut self) -> Self {
        self.url.insert(4, 's');
        self
    }
}

async fn silent_and_slow() -> Vec<Faulty> {
    let slow_head = faulty::slow("HTTP/1.1 200 OK\r\nx: ", b'a').await;
    let slow_body = faulty::slow("HTTP/1.1 200 OK\r\ncontent-length: 65536\r\n\r\n", b' ').await;
    vec![
        Faulty::both(faulty::silent().await, TIMED_OUT),
        Faulty::both(slow_head, TIMED_OUT),
        Faulty::both(slow_body, TIMED_OUT),
        Faulty::both(
            faulty::silent().await,
            "timed_out: no connection within 1 s",
        )
        .by_tls(),
    ]
}

async fn endless() -> Vec<Faulty> {
    let cut = "answer_too_large: answered 200 OK, but with more than 64 KiB";
    let body = faulty::flooding("HTTP/1.1 200 OK\r\n\r\n", "body").await;
    let mut bomb = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n".to_vec();
    bomb.extend(faulty::gzip_bomb());
    let head = faulty::flooding("HTTP/1.1 200 OK\r\n", "x: y\r\n").await;
    let interim = faulty::flooding("", "HTTP/1.1 102 Processing\r\n\r\n").await;
    vec![
        Faulty::apart(body, ACKNOWLEDGED, cut),
        Faulty::apart(faulty::answering(bomb).await, ACKNOWLEDGED, cut),
        Faulty::both(
            head,
            "answer_too_large: the head of the answer has more than 64 KiB or 100 headers",
        ),
        Faulty::both(
            interim,
            "answer_too_large: more than 512 KiB came back without an answer",
        ),
    ]
}

async fn broken() -> Vec<Faulty> {
    let redirect = "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest/\r\n\r\n";
    let other_code = "HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{\"code\":\"99999\"}";
    vec![
        Faulty::both(
            faulty::resetting().await,
            "connection_failed: the connection broke: connection reset",
        ),
        Faulty::both(
            faulty::answering("SSH-2.0-OpenSSH_9.9\r\n").await,
            "answer_malformed: what came back is no answer of HTTP",
        ),
        Faulty::both(
            faulty::answering(redirect).await,
            "redirected: answered 302 Found to `http://169.254.169.254/latest/`; \
             redirects are not followed",
        ),
        Faulty::apart(
            faulty::answering(other_code).await,
            ACKNOWLEDGED,
            "not_acknowledged: answered 200 OK, but its code is `99999` and not `00000`",
        ),
        Faulty::both(
            faulty::plain().await,
            "tls_failed: the receiver does not speak TLS",
        )
        .by_tls(),
        Faulty::both(
            faulty::self_signed().await,
            "tls_failed: the receiver's certificate is from no authority that is trusted here",
        )
        .by_tls(),
    ]
}

async fn asking_for_another_time() -> Vec<Faulty> {
    let mut receivers = Vec::new();
    for (value, next) in [
        ("inf", SCHEDULED),
        ("1e300", SCHEDULED),
        ("-1", SCHEDULED),
        ("Thu, 01 Jan 1970 00:00:00 GMT", SCHEDULED),
        ("9223372036854775807", CAPPED),
        ("Fri, 31 Dec 9999 23:59:59 GMT", CAPPED),
    ] {
        let answer = format!("HTTP/1.1 503 Busy\r\nretry-after: {value}\r\n\r\n");
        let address = faulty::answering(answer).await;
        let rejected = Faulty::both(address, "rejected: answered 503 Service Unavailable");
        receivers.push(Faulty { next, ..rejected });
    }
    receivers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faulty_receivers_harm_nobody() {
    let (_port, refusing) = faulty::refusing();
    let refused = format!("connection_failed: no connection to {refusing}: connection refused");
    let mut receivers = vec![Faulty::both(refusing, refused)];
    receivers.extend(silent_and_slow().await);
    receivers.extend(endless().await);
    receivers.extend(broken().await);
    receivers.extend(asking_for_another_time().await);

    let sink = Sink::start().await;
    let mut server = TestServer::install(&sink);
    server.start_configured(&SETTINGS);
    let mut operator = server.operator();
    let merchant = operator.create_merchant(&sink, "/healthy").await;
    for receiver in &receivers {
        operator.create_webhook(merchant, &receiver.url).await;
    }
    let peak_at_start = server.peak_memory_kib();

    let mut orders = Vec::new();
    for (index, receiver) in receivers.iter().enumerate() {
        let order = order(index, &receiver.url);
        orders.push(operator.publish_order(merchant, &order).await);
    }
    let mut card_events = Vec::new();
    for number in 0..CARD_EVENTS {
        let (status, body) = operator.publish(merchant, number).await.expect("an answer");
        assert!(status.is_success(), "{body}");
        card_events.push(body["data"]["event_id"].as_str().expect("an id").to_owned());
    }
    let lost = sink.missing(&card_events, DELIVERED_WITHIN).await;
    assert_eq!(lost, 0, "not delivered to the healthy");

    let card_deliveries = attempted(&mut operator, &card_events[0]).await;
    assert_eq!(card_deliveries.len(), receivers.len() + 1);
    for (receiver, event_id) in receivers.iter().zip(&orders) {
        let mut to_receiver = card_deliveries
            .iter()
            .filter(|it| it["url"] == receiver.url);
        let card_delivery = to_receiver.next().expect("a delivery");
        check(&mut operator, receiver, card_delivery, &receiver.card).await;
        let order_delivery = &attempted(&mut operator, event_id).await[0];
        check(&mut operator, receiver, order_delivery, &receiver.order).await;
    }
    let growth = server.peak_memory_kib() - peak_at_start;
    println!("{} receivers, {growth} KiB", receivers.len());
    assert!(growth < MEMORY_KIB, "{growth} KiB");
}

/// The deliveries of an event, once an attempt at each has ended.
async fn attempted(operator: &mut Operator, event_id: &str) -> Vec<Value> {
    let path = format!("/v1/deliveries?limit=100&event_id={event_id}");
    let mut interval = tokio::time::interval(Duration::from_millis(50));
    let ended = async {
        loop {
            interval.tick().await;
            let page = operator.get(&path).await;
            let deliveries = page["data"]["data"].as_array().expect("a page");
            if deliveries.iter().all(|it| it["last_outcome"].is_string()) {
                return deliveries.clone();
            }
        }
    };
    let ended = tokio::time::timeout(ENDED_WITHIN, ended).await;
    ended.expect("each attempt ends")
}

/// There was one attempt, it ended like this, and the next is due when it should be.
async fn check(operator: &mut Operator, receiver: &Faulty, delivery: &Value, ends: &str) {
    let url = &receiver.url;
    let path = format!("/v1/deliveries/{}/attempts", delivery["delivery_id"]);
    let page = operator.get(&path).await;
    let attempts = page["data"]["data"].as_array().expect("a page");
    assert_eq!(attempts.len(), 1, "{url}: {page}");
    let text = |member: &str| attempts[0][member].as_str().expect("a text");
    assert_eq!(
        format!("{}: {}", text("outcome"), text("reason")),
        ends,
        "{url}"
    );
    let duration_ms = attempts[0]["duration_ms"].as_i64().expect("a number");
    assert!(duration_ms < LONGEST_ATTEMPT_MS, "{url}: {duration_ms} ms");

    if ends == ACKNOWLEDGED {
        assert_eq!(delivery["state"], "acknowledged", "{url}");
        return;
    }
    let time = |text: &Value| -> Timestamp {
        text.as_str()
            .and_then(|text| text.parse().ok())
            .expect("a time")
    };
    let began = time(&attempts[0]["attempt_time"]);
    let wait = time(&delivery["next_attempt_time"]).duration_since(began);
    let latest = receiver.next + SignedDuration::from_millis(LONGEST_ATTEMPT_MS);
    assert!(
        (receiver.next..latest).contains(&wait),
        "{url}: next after {wait:#}"
    );
}

fn order(number: usize, callback_url: &str) -> Value {
    json!({
        "merchantOrderId": format!("M-{number}"), "orderId": number.to_string(),
        "userId": "88001", "fiatCurrency": "EUR", "cryptoCurrency": "USDT",
        "fiatAmount": "120.00", "cryptoAmount": "129.87", "orderFee": "1.20", "price": "0.924",
        "payWayCode": "CARD", "state": "COMPLETED", "createTime": "2026-11-01T09:30:00.000Z",
        "updateTime": "2026-11-01T09:31:00.000Z", "network": "TRON", "address": "TXYZopYRdj2D",
        "actualReceivedAmount": "129.87", "orderCallBackUrl": callback_url,
    })
}
