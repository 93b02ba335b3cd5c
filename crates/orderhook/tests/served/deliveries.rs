//! Attempts, their outcomes, and their order.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::receiver::{ACKNOWLEDGED, Receiver};
use crate::server::{Merchant, Server, eventually, order};

const NOT_ACKNOWLEDGED: (u16, &str) = (200, r#"{"code": "99999", "msg": "no", "requestTime": 1}"#);

fn attempts(merchant: &Merchant, delivery: &Value) -> Vec<Value> {
    let target = format!(
        "/v1/deliveries/{}/attempts?ascending=true",
        delivery["delivery_id"]
    );
    merchant.operator.get(&target).data()["data"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn a_failed_attempt_is_made_again_until_it_is_acknowledged() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let calls = AtomicU32::new(0);
    let receiver = Receiver::answering(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => (503, "busy \u{1F4A9}"),
        1 => NOT_ACKNOWLEDGED,
        _ => ACKNOWLEDGED,
    });
    let event = merchant.publish_order(&order("1", "COMPLETED", &receiver.url("/")));
    let pushes = [receiver.next(), receiver.next(), receiver.next()];
    assert!(pushes.iter().all(|push| push.header("webhook-id") == event));
    assert!(pushes.iter().all(|push| push.body == pushes[0].body));
    let delivery = merchant.wait_for("acknowledged", 1).remove(0);
    assert_eq!(delivery["attempts"], 3);
    assert_eq!(delivery["event_id"], event);
    let attempts = attempts(&merchant, &delivery);
    let told = |member: &str| -> Vec<Value> {
        attempts
            .iter()
            .map(|attempt| attempt[member].clone())
            .collect()
    };
    assert_eq!(told("attempt"), [1, 2, 3]);
    assert_eq!(told("status"), [503, 200, 200]);
    assert_eq!(
        told("outcome"),
        ["rejected", "not_acknowledged", "acknowledged"]
    );
    assert_eq!(attempts[0]["answer"], "busy \u{1F4A9}");
    let shown = format!("/v1/deliveries/{}", delivery["delivery_id"]);
    assert_eq!(merchant.operator.get(&shown).data(), delivery);
}

#[test]
fn after_the_last_attempt_a_delivery_has_failed_with_a_reason() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::answering(|_| (500, ""));
    merchant.subscribed(&receiver.url("/"));
    merchant.publish_card(&json!({}));
    let delivery = merchant.wait_for("failed", 1).remove(0);
    assert_eq!(delivery["attempts"], 3);
    assert_eq!(delivery["last_outcome"], "rejected");
    assert!(
        delivery["last_reason"].to_string().contains("500"),
        "{delivery}"
    );
    assert!(delivery.get("next_attempt_time").is_none());
    assert_eq!(attempts(&merchant, &delivery).len(), 3);
}

#[test]
fn the_pushes_of_an_order_keep_their_order_whatever_fails() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let calls = AtomicU32::new(0);
    // Every other push is refused.
    let receiver = Receiver::answering(move |_| {
        match calls.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            true => NOT_ACKNOWLEDGED,
            false => ACKNOWLEDGED,
        }
    });
    let states = [
        "CREATEED",
        "PROCESSING",
        "SUCCESSED",
        "CHAIN_WITHDRAW_WAIT",
        "COMPLETED",
    ];
    for state in states {
        merchant.publish_order(&order("ordered", state, &receiver.url("/")));
    }
    for state in states {
        for _ in 0..2 {
            assert_eq!(receiver.next().json()["data"]["state"], state);
        }
    }
    merchant.wait_for("acknowledged", states.len());
}

#[test]
fn one_order_does_not_wait_for_another() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::answering(|push| match push.json()["data"]["orderId"].as_str() {
        Some("bad") => (500, ""),
        _ => ACKNOWLEDGED,
    });
    for id in ["bad", "bad", "good"] {
        merchant.publish_order(&order(id, "COMPLETED", &receiver.url("/")));
    }
    let good = merchant.wait_for("acknowledged", 1);
    let failed = merchant.wait_for("failed", 2);
    assert!(good[0]["delivery_id"].as_i64() > failed[0]["delivery_id"].as_i64());
}

#[test]
fn a_receiver_that_is_gone_is_disabled_with_the_reason() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::answering(|_| (410, ""));
    let (id, _) = merchant.subscribed(&receiver.url("/"));
    merchant.publish_card(&json!({}));
    receiver.next();
    let target = format!("/v1/endpoints?merchant_id={}&state=disabled", merchant.id);
    let endpoint = eventually(|| {
        let page = merchant.operator.get(&target).data();
        page["data"].get(0).cloned()
    });
    assert_eq!(endpoint["endpoint_id"], id);
    assert!(
        endpoint["state_reason"].to_string().contains("410"),
        "{endpoint}"
    );
    assert!(endpoint["state_time"].is_string());
    // Nothing more is sent until an operator says so.
    merchant.publish_card(&json!({}));
    let delivery = merchant.deliveries("&state=pending").remove(0);
    assert_eq!(delivery["attempts"], 0);
    assert!(receiver.is_empty());
}

#[test]
fn a_private_secret_goes_nowhere() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::acknowledging();
    let mut order = order("1", "COMPLETED", &receiver.url("/"));
    order["privateSecret"] = json!("pk_keep-this-to-yourself");
    order["appid"] = json!("me114702259781634");
    let event = merchant.publish_order(&order);
    let push = receiver.next();
    let shown = merchant.operator.get(&format!("/v1/events/{event}")).data();
    for body in [&push.json(), &shown["body"]] {
        assert!(body["data"].get("privateSecret").is_none(), "{body}");
        assert_eq!(body["data"]["appid"], "me114702259781634");
    }
    let bytes = server.database.bytes(&server.program);
    let has = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    assert!(has(b"me114702259781634"));
    assert!(!has(b"keep-this-to-yourself"));
}
