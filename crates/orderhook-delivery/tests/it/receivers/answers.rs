//! Answers that are whole, broken, or no answers at all.

use orderhook_delivery::MAX_ANSWER;
use orderhook_store::AttemptOutcome::{self, *};
use orderhook_store::EndpointKind;

use super::*;

async fn answer_to(answer: impl Into<Bytes>) -> Result<Answer, SendError> {
    let receiver = Receiver::answering(answer).await;
    let result = post(&transport(), &receiver.url(), LONG).await;
    assert_eq!(receiver.connections(), 1, "nothing is followed or repeated");
    result
}

/// An answer that ends the same for both kinds of push.
async fn check(answer: &str, outcome: AttemptOutcome, reason: &str) {
    let result = answer_to(answer.to_owned()).await;
    assert_verdict(&result, outcome, reason);
}

/// An answer that acknowledges a card event, and what it is to an order's push.
async fn check_order(answer: &str, outcome: AttemptOutcome, reason: &str) {
    let result = answer_to(answer.to_owned()).await;
    let card = verdict(EndpointKind::Webhook, &result);
    assert_eq!(card.outcome, Acknowledged, "{}", card.reason);
    let order = verdict(EndpointKind::OrderCallback, &result);
    assert_eq!((order.outcome, order.reason.as_str()), (outcome, reason));
}

fn json(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}")
}

#[tokio::test]
async fn an_acknowledgement_has_a_status_and_for_orders_a_code() {
    let success = r#"{"code":"00000"}"#;
    check(&json("200 OK", success), Acknowledged, "answered 200 OK").await;
    check(
        &json("201 Whatever", success),
        Acknowledged,
        "answered 201 Created",
    )
    .await;
    check(&json("299 Fine", success), Acknowledged, "answered 299").await;

    let not_json = "answered 200 OK, but not with JSON";
    check_order(&json("200 OK", ""), NotAcknowledged, not_json).await;
    check_order(&json("200 OK", "success"), NotAcknowledged, not_json).await;
    check_order(
        "HTTP/1.1 204 No Content\r\n\r\n",
        NotAcknowledged,
        "answered 204 No Content, but not with JSON",
    )
    .await;
    check_order(
        &json("200 OK", r#"{"code":"99999"}"#),
        NotAcknowledged,
        "answered 200 OK, but its code is `99999` and not `00000`",
    )
    .await;
    check_order(
        &json("200 OK", r#"{"code":"\u001b[31m\r\n\u202e"}"#),
        NotAcknowledged,
        "answered 200 OK, but its code is `�[31m���` and not `00000`",
    )
    .await;
}

#[tokio::test]
async fn another_status_is_a_rejection() {
    let success = r#"{"code":"00000"}"#;
    check(
        &json("400 Bad", success),
        Rejected,
        "answered 400 Bad Request",
    )
    .await;
    check(
        &json("503 No", success),
        Rejected,
        "answered 503 Service Unavailable",
    )
    .await;
    check(&json("599 x", success), Rejected, "answered 599").await;
    check(&json("999 x", success), Rejected, "answered 999").await;
    check(
        &json("410 Gone", success),
        Gone,
        "answered 410 Gone: the receiver wants no more pushes",
    )
    .await;
    check(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
        Rejected,
        "answered 101 Switching Protocols",
    )
    .await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    check(
        "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest/\r\ncontent-length: 0\r\n\r\n",
        Redirected,
        "answered 302 Found to `http://169.254.169.254/latest/`; redirects are not followed",
    )
    .await;
    check(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: /elsewhere\tor \u{9b}31m\r\n\r\n",
        Redirected,
        "answered 307 Temporary Redirect to `/elsewhere�or �31m`; redirects are not followed",
    )
    .await;
    check(
        &format!("HTTP/1.1 308 x\r\nlocation: {}\r\n\r\n", "a".repeat(9_000)),
        Redirected,
        &format!(
            "answered 308 Permanent Redirect to `{}…`; redirects are not followed",
            "a".repeat(200)
        ),
    )
    .await;
    check(
        "HTTP/1.1 304 Not Modified\r\n\r\n",
        Redirected,
        "answered 304 Not Modified without a target; redirects are not followed",
    )
    .await;
}

#[tokio::test]
async fn every_framing_of_http_1_is_read() {
    let success = r#"{"code":"00000"}"#;
    for answer in [
        format!("HTTP/1.0 200 OK\r\n\r\n{success}"),
        format!("HTTP/1.1 200 OK\r\n\r\n{success}"),
        format!("HTTP/1.1 200\r\n\r\n{success}"),
        format!(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{success}"
        ),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
         8\r\n{\"code\":\r\n8;x=y\r\n\"00000\"}\r\n0\r\ntrailer: x\r\n\r\n"
            .to_owned(),
    ] {
        check(&answer, Acknowledged, "answered 200 OK").await;
    }
}

#[tokio::test]
async fn what_is_no_answer_of_http_is_malformed() {
    let reason = "what came back is no answer of HTTP";
    for answer in [
        "SSH-2.0-OpenSSH_9.9\r\n",
        "\x15\x03\x03\x00\x02\x02\x46",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 99 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: \0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1e3\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    ] {
        check(answer, AnswerMalformed, reason).await;
    }
}

#[tokio::test]
async fn a_body_that_breaks_the_rules_acknowledges_nothing() {
    let chunked =
        |body: &str| format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{body}");
    let malformed = "the body of the answer breaks the rules of HTTP";
    check(&chunked("no size\r\n"), AnswerMalformed, malformed).await;
    check(&chunked("-1\r\n"), AnswerMalformed, malformed).await;
    check(
        &chunked("FFFFFFFFFFFFFFFFF\r\n"),
        AnswerMalformed,
        malformed,
    )
    .await;
    check(&chunked("2\r\nabcdef\r\n"), AnswerMalformed, malformed).await;

    let closed = "the connection was closed before the answer was complete";
    check(&chunked("ff\r\nab"), ConnectionFailed, closed).await;
    check(&chunked("2\r\nab\r\n"), ConnectionFailed, closed).await;
    check(&json("200 OK", "ok")[..38], ConnectionFailed, closed).await;
    check(
        "HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\n{\"code\":\"00000\"}",
        ConnectionFailed,
        closed,
    )
    .await;
    check("HTTP/1.1 200 O", ConnectionFailed, closed).await;
    check("", ConnectionFailed, closed).await;
}

#[tokio::test]
async fn what_is_behind_the_length_is_not_read() {
    let answer =
        "HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{\"code\":\"00000\"}HTTP/1.1 500 x\r\n\r\n";
    check(answer, Acknowledged, "answered 200 OK").await;
}

#[tokio::test]
async fn an_answer_is_read_up_to_64_kib() {
    let exact = "x".repeat(MAX_ANSWER);
    let answer = answer_to(json("200 OK", &exact)).await.unwrap();
    assert_eq!((answer.body.len(), answer.cut), (MAX_ANSWER, false));

    let longer = format!("{{\"code\":\"00000\"}}{}", " ".repeat(MAX_ANSWER));
    let result = answer_to(json("200 OK", &longer)).await;
    let answer = result.as_ref().unwrap();
    assert_eq!((answer.body.len(), answer.cut), (MAX_ANSWER, true));
    let card = verdict(EndpointKind::Webhook, &result);
    assert_eq!(
        (card.outcome, card.reason.as_str()),
        (Acknowledged, "answered 200 OK")
    );
    let order = verdict(EndpointKind::OrderCallback, &result);
    let reason = "answered 200 OK, but with more than 64 KiB";
    assert_eq!(
        (order.outcome, order.reason.as_str()),
        (AnswerTooLarge, reason)
    );

    check(
        &json("500 x", &longer),
        Rejected,
        "answered 500 Internal Server Error",
    )
    .await;
}

#[tokio::test]
async fn a_compressed_answer_stays_compressed() {
    // 10 MiB of zeros by gzip start like this; whoever inflates it fails or grows.
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x01\x0d\x00\x00\x00\xc2\xa0\xf7";
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        gzip.len()
    )
    .into_bytes();
    answer.extend_from_slice(gzip);

    let receiver = Receiver::answering(answer).await;
    let answer = post(&transport(), &receiver.url(), LONG).await.unwrap();
    assert_eq!(answer.body, &gzip[..]);
    assert!(!receiver.requests()[0].contains("accept-encoding"));
}

#[tokio::test]
async fn the_request_is_what_was_signed() {
    let receiver = Receiver::answering(json("200 OK", "")).await;
    post(&transport(), &receiver.url(), LONG).await.unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        "POST /hooks HTTP/1.1\r\n\
         content-type: application/json\r\n\
         user-agent: Orderhook/{version}\r\n\
         host: {}\r\n\
         content-length: {}\r\n\
         \r\n\
         {}",
        receiver.address,
        BODY.len(),
        std::str::from_utf8(BODY).unwrap()
    );
    assert_eq!(receiver.requests(), [expected]);
}
