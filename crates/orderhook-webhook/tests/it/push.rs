//! Reading the bodies of pushes, and writing them.

use orderhook_types::{EventType, OrderState, Secret};
use orderhook_webhook::{Push, card_event, order_status_change};
use serde_json::{Value, json};

use crate::handler::{CARD_EVENT, NOW, ORDER, attempt};

fn order() -> Value {
    serde_json::from_str(ORDER).unwrap()
}

fn order_with(member: &str, value: Value) -> Value {
    let mut order = order();
    order[member] = value;
    order
}

fn in_envelope(order: &Value) -> Value {
    json!({"type": "order_status_change", "data": order})
}

#[track_caller]
fn parse(body: &Value) -> Push {
    Push::parse(body.to_string().as_bytes()).unwrap()
}

#[track_caller]
fn parse_order(body: &Value) -> orderhook_types::OrderStatusPush {
    match parse(body) {
        Push::OrderStatusChange(push) => push,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn parse_card_event(body: &Value) -> orderhook_types::CardEventPush {
    match parse(body) {
        Push::CardEvent(push) => push,
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_forms_of_an_order_are_the_same_push() {
    let push = parse_order(&in_envelope(&order()));

    assert_eq!(push.data.order_id, "1985643200000000001");
    assert_eq!(push.data.state, OrderState::Completed);
    assert_eq!(serde_json::to_value(&push).unwrap(), in_envelope(&order()));
    assert_eq!(parse_order(&order()), push);
    assert_eq!(parse_order(&order_with("type", Value::Null)), push);
}

#[test]
fn a_bare_order_may_have_a_type_of_its_own() {
    for type_ in [json!("BUY"), json!("order_status_change"), json!(1)] {
        let body = order_with("type", type_);
        assert_eq!(parse_order(&body), parse_order(&order()), "{body}");
    }
    let mut nulled = order_with("type", json!("BUY"));
    nulled["data"] = Value::Null;
    assert_eq!(parse_order(&nulled), parse_order(&order()));
}

#[test]
fn a_card_event_may_have_the_id_of_an_order() {
    let body = json!({"type": "card.load", "data": {}, "orderId": "1"});
    assert_eq!(parse_card_event(&body).type_, EventType::CardLoad);
}

#[test]
fn an_unknown_state_is_kept_and_printed_back() {
    for text in ["REFUNDED", "completed", "", " COMPLETED", "状態\n"] {
        let body = in_envelope(&order_with("state", json!(text)));
        let push = parse_order(&body);
        assert_eq!(push.data.state, OrderState::Unknown(text.to_owned()));
        assert_eq!(serde_json::to_value(&push).unwrap(), body);
    }
}

#[test]
fn extra_members_are_ignored() {
    let mut body = in_envelope(&order_with("loyaltyPoints", json!({"earned": [1]})));
    body["version"] = json!(2);
    assert_eq!(parse_order(&body), parse_order(&order()));
}

#[test]
fn null_is_absence_in_every_optional_member() {
    let optional = [
        "appid",
        "chainArrivalTime",
        "completedTime",
        "errorCode",
        "errorMessage",
        "merchantUser",
        "networkFee",
        "privateSecret",
        "tag",
        "threeDsRedirectUrl",
        "txId",
    ];
    for member in optional {
        let nulled = parse_order(&in_envelope(&order_with(member, Value::Null)));
        assert_eq!(nulled, parse_order(&order()), "{member}");
    }
    let event = parse_card_event(&json!({"type": "card.load", "event_code": null, "data": {}}));
    assert_eq!(event.event_code, None);
}

#[test]
fn any_other_type_is_a_card_event() {
    let known = parse_card_event(&serde_json::from_str(CARD_EVENT).unwrap());
    assert_eq!(known.type_, EventType::CardLoad);
    assert_eq!(known.data["amount"], "50.00");

    for text in ["card.refund", "ORDER_STATUS_CHANGE", ""] {
        let body = json!({"type": text, "event_code": "1", "data": {"a": [null, 1.5]}});
        let event = parse_card_event(&body);
        assert_eq!(event.type_, EventType::Unknown(text.to_owned()));
        assert_eq!(serde_json::to_value(&event).unwrap(), body);
    }
}

#[test]
fn an_escape_in_the_type_is_read() {
    let body = r#"{"type":"order\u005fstatus_change","data":ORDER}"#.replace("ORDER", ORDER);
    let push = Push::parse(body.as_bytes()).unwrap();
    assert_eq!(push, parse(&in_envelope(&order())));
}

#[test]
fn a_malformed_body_is_refused_at_its_place() {
    #[track_caller]
    fn check(body: &[u8], expected: &str) {
        let error = Push::parse(body).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    check(b"", "EOF while parsing a value at line 1 column 0");
    check(
        b"{\n\"type\":",
        "EOF while parsing a value at line 2 column 7",
    );
    check(
        b"{\"type\":\"card.load\",\"data\":{}} {}",
        "trailing characters at line 1 column 32",
    );
    for (body, found) in [
        ("[7]", "sequence"),
        ("[\"order_status_change\", {}]", "sequence"),
        ("7", "integer `7`"),
        ("null", "null"),
    ] {
        let error = Push::parse(body.as_bytes()).unwrap_err().to_string();
        let expected = format!("invalid type: {found}, expected a map at line 1 column ");
        assert!(error.starts_with(&expected), "{error}");
    }
    check(
        b"{\"type\":1}",
        "invalid type: integer `1`, expected a string at line 1 column 9",
    );
    check(
        b"{\"type\":\"a\",\n\"type\":\"b\"}",
        "duplicate field `type` at line 2 column 6",
    );
    check(
        b"{\"type\":\"card.load\"}",
        "missing field `data` at line 1 column 20",
    );
    check(
        b"{\"type\":\"order_status_change\",\n\"data\":{}}",
        "missing field `merchantOrderId` at line 2 column 9",
    );
    check(
        b"{\"type\":\"BUY\",\"orderId\":\"1\"}",
        "missing field `merchantOrderId` at line 1 column 28",
    );
    check(b"{}", "missing field `merchantOrderId` at line 1 column 2");
    check(
        b"{\"type\":\"card.load\",\"data\":{\"a\":\"\xff\"}}",
        "invalid unicode code point at line 1 column 34",
    );
}

#[test]
fn a_private_secret_is_neither_sent_nor_shown() {
    let mut push = parse_order(&order_with("privateSecret", json!("s3cret-text")));
    assert_eq!(push.data.private_secret, Some(Secret::from("s3cret-text")));

    let request = order_status_change(&push).unwrap();
    let sent = String::from_utf8(request.body().to_vec()).unwrap();
    let parsed = Push::parse(request.body()).unwrap();
    for shown in [
        sent,
        format!("{push:?}"),
        format!("{:?}", Push::OrderStatusChange(push.clone())),
        format!("{request:?}"),
    ] {
        assert!(!shown.contains("s3cret-text"), "{shown}");
    }
    push.data.private_secret = None;
    assert_eq!(parsed, Push::OrderStatusChange(push));
}

#[test]
fn a_secret_of_the_wrong_type_is_not_quoted() {
    let body = order_with("privateSecret", json!(918_273_645));
    let error = Push::parse(body.to_string().as_bytes()).unwrap_err();
    assert!(!format!("{error:?}").contains("918273645"), "{error:?}");
}

#[test]
fn every_attempt_sends_the_same_bytes_and_the_same_id() {
    let event = parse_card_event(&serde_json::from_str(CARD_EVENT).unwrap());
    let request = card_event(&event).unwrap();
    assert_eq!(request.operation(), "card_event");

    let sent = attempt(&request, "https://merchant.example/hooks?a=1", "msg_1");
    assert_eq!(sent.method(), "POST");
    assert_eq!(sent.uri(), "https://merchant.example/hooks?a=1");
    assert_eq!(sent.headers()["content-type"], "application/json");
    assert_eq!(sent.headers()["webhook-id"], "msg_1");
    assert_eq!(sent.headers()["webhook-timestamp"], NOW.to_string());
    assert_eq!(sent.body(), request.body());
    let written: Value = serde_json::from_slice(sent.body()).unwrap();
    assert_eq!(written, serde_json::from_str::<Value>(CARD_EVENT).unwrap());
}

#[test]
fn debug_of_a_request_hides_the_body() {
    let event = parse_card_event(&serde_json::from_str(CARD_EVENT).unwrap());
    let request = card_event(&event).unwrap();
    let length = request.body().len();
    assert_eq!(
        format!("{request:?}"),
        format!(r#"PushRequest {{ operation: "card_event", body_bytes: {length} }}"#)
    );
}
