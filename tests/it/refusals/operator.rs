//! The same rules before the operator API: arrays, bounds and formats that the contract lacks.

use std::sync::Arc;

use orderhook_api::NotImplemented;
use reqwest::{Method, RequestBuilder, header};
use serde_json::{Value, json};

use super::check_status;
use crate::support::{Answer, TestServer, platform};

const CARD_EVENTS: &str = "/v1/merchants/2/card-events";
const BATCHES: &str = "/v1/merchants/2/card-event-batches";

/// Every operation, without an implementation: what is not refused arrives there.
async fn server() -> TestServer {
    let api = NotImplemented(platform());
    TestServer::start(orderhook_api::operator::router(Arc::new(api))).await
}

/// The request arrives if there are no faults, else it is a 400 with exactly these.
async fn check(request: RequestBuilder, faults: &[&str]) {
    if !faults.is_empty() {
        check_status(request, 400, faults).await;
        return;
    }
    let shown = format!("{request:?}");
    let answer = Answer::to(request).await;
    let message = answer.body["msg"].as_str().unwrap_or_default();
    assert!(
        message.ends_with("is not implemented"),
        "{shown}: {message}"
    );
}

async fn check_body(server: &TestServer, path: &str, body: &Value, faults: &[&str]) {
    check(server.send(Method::POST, path, body.to_string()), faults).await;
}

#[tokio::test]
async fn a_card_event_is_checked() {
    let server = server().await;
    let check = async |body: Value, faults: &[&str]| {
        check_body(&server, CARD_EVENTS, &body, faults).await;
    };

    check(json!({"event_type": "card.load", "data": {}}), &[]).await;
    check(
        json!({"event_type": "card.new", "data": {"a": [null]}}),
        &[],
    )
    .await;
    let missing = ["body:event_type:required", "body:data:required"];
    check(json!({}), &missing).await;
    let wrong = ["body:event_type:min_length", "body:data:type"];
    check(json!({"event_type": "", "data": []}), &wrong).await;
}

#[tokio::test]
async fn a_batch_names_the_event_at_fault() {
    let server = server().await;
    let check = async |events: Value, faults: &[&str]| {
        check_body(&server, BATCHES, &json!({"events": events}), faults).await;
    };
    let event = json!({"event_type": "card.load", "data": {}});
    let events = |count: usize| Value::from(vec![event.clone(); count]);

    check(events(1), &[]).await;
    check(events(100), &[]).await;
    check(events(101), &["body:events:max_items"]).await;
    check(events(0), &["body:events:min_items"]).await;
    check(event.clone(), &["body:events:type"]).await;
    let second = [
        "body:events[1].event_type:type",
        "body:events[1].data:required",
    ];
    check(json!([event, {"event_type": 7}]), &second).await;
}

#[tokio::test]
async fn an_order_is_checked_and_its_amounts_are_numbers() {
    let server = server().await;
    let path = "/v1/merchants/2/order-status-changes";
    let mut order = json!({
        "merchantOrderId": "M-1", "orderId": "1", "userId": "88001", "fiatCurrency": "EUR",
        "cryptoCurrency": "USDT", "fiatAmount": "-120.00", "cryptoAmount": "129.870129870129870129",
        "orderFee": "1", "price": "0.924", "payWayCode": "CARD", "state": "REFUNDED",
        "createTime": "", "updateTime": "", "network": "", "address": "",
        "actualReceivedAmount": "0", "orderCallBackUrl": "https://merchant.example/orders",
    });
    check_body(&server, path, &order, &[]).await;

    for text in [
        "", "-", "1.", ".5", "1e3", "1,5", "+1", " 1", "1.2.3", "½", "NaN",
    ] {
        order["fiatAmount"] = text.into();
        check_body(&server, path, &order, &["body:fiatAmount:format"]).await;
    }
    order["fiatAmount"] = json!(120.5);
    check_body(&server, path, &order, &["body:fiatAmount:type"]).await;
}

#[tokio::test]
async fn bodies_of_optional_members_are_checked() {
    let server = server().await;
    let check_body = async |path: &str, body: Value, faults: &[&str]| {
        check_body(&server, path, &body, faults).await;
    };

    let rotations = "/v1/webhooks/1003/secret-rotations";
    let overlap = "body:overlap_seconds";
    check_body(rotations, json!({}), &[]).await;
    check_body(rotations, json!({"overlap_seconds": 604_800}), &[]).await;
    let too_long = json!({"overlap_seconds": 604_801});
    check_body(rotations, too_long, &[&format!("{overlap}:maximum")]).await;
    let negative = json!({"overlap_seconds": -1});
    check_body(rotations, negative, &[&format!("{overlap}:minimum")]).await;
    let text = json!({"overlap_seconds": "1"});
    check_body(rotations, text, &[&format!("{overlap}:type")]).await;
    check_body(rotations, json!([]), &["body::type"]).await;

    let pause = "/v1/endpoints/1003/pause";
    check_body(pause, json!({}), &[]).await;
    check_body(pause, json!({"reason": "r".repeat(200)}), &[]).await;
    let long = json!({"reason": "r".repeat(201)});
    check_body(pause, long, &["body:reason:max_length"]).await;
    let none = server.request(Method::POST, "/v1/endpoints/1003/resume");
    check(none, &[]).await;

    let replay = json!({"dry_run": "yes", "merchant_id": -1});
    let faults = [
        "body:since:required",
        "body:merchant_id:minimum",
        "body:dry_run:type",
    ];
    check_body("/v1/replays", replay, &faults).await;
}

#[tokio::test]
async fn refusals_have_the_envelope() {
    let server = server().await;
    let get = |path: &str| server.get(path);

    let path_and_query = get("/v1/merchants/x/tokens?limit=0&ascending=maybe");
    let faults = [
        "path:merchant_id:type",
        "query:limit:minimum",
        "query:ascending:type",
    ];
    check(path_and_query, &faults).await;
    let key = server
        .send(Method::POST, "/v1/merchants", r#"{"merchant_name":""}"#)
        .header("idempotency-key", "");
    let faults = [
        "header:Idempotency-Key:min_length",
        "body:merchant_name:min_length",
    ];
    check(key, &faults).await;

    let stranger = server.anonymous(Method::GET, "/v1/status");
    check_status(stranger, 401, &["header:Authorization:credential"]).await;
    check_status(get("/v1/merchants/2/webhooks/1"), 404, &[]).await;
    check_status(server.request(Method::PUT, "/v1/replays"), 405, &[]).await;
    let text = server
        .request(Method::POST, CARD_EVENTS)
        .header(header::CONTENT_TYPE, "text/plain")
        .body("{}");
    check_status(text, 415, &["header:Content-Type:media_type"]).await;
}
