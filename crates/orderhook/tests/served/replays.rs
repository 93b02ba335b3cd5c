//! Deliveries that are made once more.

use serde_json::{Value, json};

use crate::receiver::Receiver;
use crate::server::{Merchant, Server, eventually, order};

const SINCE: &str = "2020-01-01T00:00:00Z";

/// What a replay of this merchant's deliveries did.
fn replay(merchant: &Merchant, filter: &Value) -> Value {
    let mut body = json!({"since": SINCE, "merchant_id": merchant.id});
    let members = filter.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    merchant.operator.post("/v1/replays", &body).data()
}

#[test]
fn one_delivery_is_made_again_under_the_same_id() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let receiver = Receiver::acknowledging();
    merchant.subscribed(&receiver.url("/"));
    merchant.publish_card(&json!({}));
    let first = receiver.next();
    let delivery = merchant.wait_for("acknowledged", 1).remove(0);
    let target = format!("/v1/deliveries/{}/replay", delivery["delivery_id"]);
    let queued = merchant.operator.post(&target, &json!({})).data();
    assert_eq!(queued["state"], "pending");
    let again = receiver.next();
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(again.body, first.body);
    let replayed = merchant.wait_for("acknowledged", 1).remove(0);
    assert_eq!(replayed["delivery_id"], delivery["delivery_id"]);
    assert_eq!(replayed["attempts"], 2);
}

#[test]
fn many_are_made_again_and_a_dry_run_only_counts() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    // An endpoint each: one that fails too often is given time to recover.
    let receivers = [(); 3].map(|()| Receiver::answering(|_| (500, "")));
    for receiver in &receivers {
        merchant.publish_order(&order("1", "FAILED", &receiver.url("/")));
    }
    let failed = merchant.wait_for("failed", 3);
    let dry = json!({"dry_run": true});
    let counted = json!({"matched": 3, "replayed": 0, "dry_run": true});
    assert_eq!(replay(&merchant, &dry), counted);
    assert_eq!(merchant.deliveries("&state=failed"), failed);
    let check = |filter: Value, expected: i64| {
        let mut filter = filter;
        filter["dry_run"] = json!(true);
        assert_eq!(replay(&merchant, &filter)["matched"], expected, "{filter}");
    };
    check(json!({"endpoint_id": failed[0]["endpoint_id"]}), 1);
    check(json!({"endpoint_id": 9_000_000_000_i64}), 0);
    check(json!({"event_type": "order_status_change"}), 3);
    check(json!({"event_type": "card.load"}), 0);
    check(json!({"until": SINCE}), 0);
    check(json!({"state": "acknowledged"}), 0);
    check(json!({"since": "9999-01-01T00:00:00Z"}), 0);

    let all = json!({"matched": 3, "replayed": 3, "dry_run": false});
    assert_eq!(replay(&merchant, &json!({})), all);
    eventually(|| {
        let failed = merchant.deliveries("&state=failed");
        let again = failed.iter().filter(|delivery| delivery["attempts"] == 6);
        (again.count() == 3).then_some(())
    });
}

#[test]
fn replaying_one_merchant_touches_no_other() {
    let server = Server::shared();
    let (one, two) = (server.new_merchant(), server.new_merchant());
    let receiver = Receiver::answering(|_| (500, ""));
    for merchant in [&one, &two] {
        merchant.subscribed(&receiver.url("/"));
        merchant.publish_card(&json!({}));
        merchant.wait_for("failed", 1);
    }
    let before = two.deliveries("");
    assert_eq!(replay(&one, &json!({}))["replayed"], 1);
    eventually(|| (one.deliveries("")[0]["attempts"] == 6).then_some(()));
    assert_eq!(two.deliveries(""), before);
}
