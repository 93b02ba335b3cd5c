//! What becomes of a webhook, and what it is sent.

use serde_json::json;

use crate::receiver::Receiver;
use crate::server::{Server, order, text};

#[test]
fn nothing_is_queued_for_a_webhook_without_an_address_or_a_subscription() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::acknowledging();
    let without_url = merchant.webhook(&json!({"webhook_name": "none"}))["webhook_id"].clone();
    merchant.subscribe(without_url.as_i64().unwrap());
    merchant.webhook(&json!({"webhook_name": "idle", "webhook_url": receiver.url("/idle")}));
    assert_eq!(merchant.publish_card(&json!({})).1, 0);

    let (id, _) = merchant.subscribed(&receiver.url("/hook"));
    assert_eq!(merchant.publish_card(&json!({"n": 1})).1, 1);
    assert_eq!(receiver.next().json()["data"]["n"], 1);
    let target = format!("/v1/webhooks/{id}/subscriptions/card.load");
    assert_eq!(
        merchant.api.delete(&target).data()[0]["event_type"],
        "card.load"
    );
    merchant.api.delete(&target).refused_for(404, "event_type");
    assert_eq!(merchant.publish_card(&json!({})).1, 0);
    merchant.wait_for("acknowledged", 1);
    assert!(receiver.is_empty());
}

#[test]
fn a_push_is_signed_and_has_the_form_of_the_document() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::acknowledging();
    let (_, secret) = merchant.subscribed(&receiver.url("/hook?key=value"));
    let (event, _) = merchant.publish_card(&json!({"amount": "50.00", "é": [1, null]}));
    let push = receiver.next();
    assert!(push.is_signed_by(&secret));
    assert!(!push.is_signed_by(&merchant.sign_secret));
    assert_eq!(
        (push.signatures(), push.target.as_str()),
        (1, "/hook?key=value")
    );
    assert_eq!(push.header("webhook-id"), event);
    assert_eq!(push.header("content-type"), "application/json");
    let expected = json!({
        "type": "card.load", "event_code": "165802", "data": {"amount": "50.00", "é": [1, null]},
    });
    assert_eq!(push.json(), expected);
    let shown = merchant.operator.get(&format!("/v1/events/{event}")).data();
    assert_eq!(shown["body"], expected);
}

#[test]
fn what_is_queued_waits_while_there_is_no_address() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::acknowledging();
    let (id, _) = merchant.subscribed(&receiver.url("/old"));
    let pause = format!("/v1/endpoints/{id}/pause");
    let paused = merchant
        .operator
        .post(&pause, &json!({"reason": "moving"}))
        .data();
    assert_eq!(paused["state"], "paused");
    assert!(text(&paused["state_reason"]).starts_with("moving"));
    merchant.publish_card(&json!({"n": 1}));
    let webhook = format!("/v1/webhooks/{id}");
    let removed = json!({"webhook_name": "shop", "webhook_url": null});
    let updated = merchant.api.put(&webhook, &removed).data();
    assert!(updated[0].get("webhook_url").is_none(), "{updated}");
    let resume = format!("/v1/endpoints/{id}/resume");
    merchant.operator.post(&resume, &json!({})).data();
    assert_eq!(merchant.wait_for("pending", 1)[0]["attempts"], 0);
    assert!(receiver.is_empty());

    let again = json!({"webhook_name": "shop", "webhook_url": receiver.url("/new")});
    merchant.api.put(&webhook, &again).data();
    assert_eq!(receiver.next().target, "/new");
    merchant.wait_for("acknowledged", 1);
}

#[test]
fn a_paused_endpoint_is_sent_nothing_until_it_is_resumed() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::acknowledging();
    let (id, _) = merchant.subscribed(&receiver.url("/"));
    let set = |state: &str| {
        let target = format!("/v1/endpoints/{id}/{state}");
        merchant.operator.post(&target, &json!({})).data()
    };
    set("pause");
    merchant.publish_card(&json!({"n": 1}));
    merchant.publish_card(&json!({"n": 2}));
    let waiting = merchant.wait_for("pending", 2);
    assert!(waiting.iter().all(|delivery| delivery["attempts"] == 0));
    assert_eq!(set("pause")["pending"], 2);
    assert!(receiver.is_empty());
    let resumed = set("resume");
    assert_eq!(resumed["state"], "active");
    assert!(resumed.get("state_reason").is_none(), "{resumed}");
    let mut numbers =
        [receiver.next(), receiver.next()].map(|push| push.json()["data"]["n"].clone());
    numbers.sort_by_key(serde_json::Value::as_i64);
    assert_eq!(numbers, [json!(1), json!(2)]);
}

#[test]
fn deleting_a_webhook_cancels_what_it_waited_for() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::acknowledging();
    let (id, _) = merchant.subscribed(&receiver.url("/"));
    let pause = format!("/v1/endpoints/{id}/pause");
    merchant.operator.post(&pause, &json!({})).data();
    merchant.publish_card(&json!({}));
    let webhook = format!("/v1/webhooks/{id}");
    assert_eq!(merchant.operator.delete(&webhook).data()["webhook_id"], id);
    let cancelled = merchant.wait_for("cancelled", 1);
    assert!(cancelled[0]["finish_time"].is_string());
    assert!(receiver.is_empty());
    let rename = json!({"webhook_name": "x"});
    merchant
        .api
        .put(&webhook, &rename)
        .refused_for(404, "webhook_id");
    merchant
        .operator
        .delete(&webhook)
        .refused_for(404, "webhook_id");
    merchant
        .operator
        .post(&pause, &json!({}))
        .refused_for(404, "endpoint_id");
    let replay = format!("/v1/deliveries/{}/replay", cancelled[0]["delivery_id"]);
    merchant
        .operator
        .post(&replay, &json!({}))
        .refused_for(404, "delivery_id");
    assert_eq!(merchant.api.get("/v1/webhooks").data()["data"], json!([]));
}

#[test]
fn a_rotated_secret_overlaps_with_the_one_before() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::acknowledging();
    let (id, first) = merchant.subscribed(&receiver.url("/"));
    let target = format!("/v1/webhooks/{id}/secret-rotations");
    let rotate = |overlap: i64| {
        let body = json!({"overlap_seconds": overlap});
        merchant.operator.post(&target, &body).data()
    };
    let push = || {
        merchant.publish_card(&json!({}));
        receiver.next()
    };
    let rotated = rotate(3600);
    let second = text(&rotated["sign_secret"]);
    assert!(rotated["previous_expire_time"].is_string());
    let both = push();
    assert_eq!(both.signatures(), 2);
    assert!(both.is_signed_by(&first) && both.is_signed_by(&second));

    let rotated = rotate(0);
    let third = text(&rotated["sign_secret"]);
    assert!(rotated.get("previous_expire_time").is_none(), "{rotated}");
    let one = push();
    assert_eq!(one.signatures(), 1);
    assert!(one.is_signed_by(&third) && !one.is_signed_by(&second));
    assert!(!one.is_signed_by(&first));
    let list = merchant.api.get("/v1/webhooks").data();
    assert_eq!(list["data"][0]["sign_secret"], third);
}

#[test]
fn the_secret_of_order_pushes_is_the_merchants() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::acknowledging();
    let order = order("1", "COMPLETED", &receiver.url("/orders"));
    merchant.publish_order(&order);
    assert!(receiver.next().is_signed_by(&merchant.sign_secret));
    let body = json!({"overlap_seconds": 60});
    let target = merchant.path("secret-rotations");
    let rotated = merchant.operator.post(&target, &body).data();
    merchant.publish_order(&order);
    let push = receiver.next();
    assert!(push.is_signed_by(&merchant.sign_secret));
    assert!(push.is_signed_by(rotated["sign_secret"].as_str().unwrap()));
}
