//! What belongs to another merchant behaves like what never existed.

use serde_json::{Value, json};

use crate::operations::{self, Kind};
use crate::receiver::Receiver;
use crate::server::{Merchant, Server, text};

const NEVER: &str = "9000000000";

/// What a merchant can see of its webhooks.
fn webhooks(merchant: &Merchant, query: &str) -> Value {
    merchant.api.get(&format!("/v1/webhooks{query}")).data()
}

#[test]
fn ids_of_another_merchant_are_answered_like_ids_of_nothing() {
    let server = Server::shared();
    let (owner, other) = (server.new_merchant(), server.new_merchant());
    let (id, _) = owner.subscribed("https://merchant.example/hooks");
    let id = id.to_string();
    let before = webhooks(&owner, "");
    let bodies = [
        json!({"webhook_name": "taken", "webhook_url": null}),
        json!({"webhook_name": "taken", "webhook_url": "https://10.0.0.1/"}),
        json!({"event_type": "card.transaction"}),
        json!({"event_type": "card.unknown"}),
        json!({}),
    ];
    let mut compared = 0;
    for operation in operations::all() {
        if operation.api != Kind::Merchant || !operation.path.contains("{webhook_id}") {
            continue;
        }
        for event_type in ["card.load", "card.transaction", "card.unknown"] {
            let target = |id| operation.target(&[("webhook_id", id), ("event_type", event_type)]);
            for body in &bodies {
                let body = operation.body.is_some().then(|| body.to_string());
                let send = |id| {
                    let body = body.as_deref().map(str::as_bytes);
                    let answer = operation.send(&other.api, &target(id), body);
                    answer.without_trace_id()
                };
                let answer = send(&id);
                assert_eq!(answer, send(NEVER), "{}", operation.id);
                assert!(matches!(answer.0, 400 | 404), "{answer:?}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 45);
    assert_eq!(webhooks(&owner, ""), before);
}

#[test]
fn an_operator_who_names_the_wrong_merchant_is_told_that_there_is_nothing() {
    let server = Server::shared();
    let (owner, other) = (server.new_merchant(), server.new_merchant());
    let (webhook, _) = owner.subscribed("https://merchant.example/hooks");
    let before = webhooks(&owner, "");
    let tokens = owner.operator.get(&owner.path("tokens")).data();
    let token = &tokens["data"][0]["token_id"];
    let body = json!({"event_type": "card.transaction"});
    let revoke = |id: &str| {
        let target = other.path(&format!("tokens/{id}"));
        owner.operator.delete(&target).without_trace_id()
    };
    let subscribe = |id: &str| {
        let target = other.path(&format!("webhooks/{id}/subscriptions"));
        owner.operator.post(&target, &body).without_trace_id()
    };
    assert_eq!(revoke(&token.to_string()), revoke(NEVER));
    assert_eq!(revoke(NEVER).0, 404);
    assert_eq!(subscribe(&webhook.to_string()), subscribe(NEVER));
    assert_eq!(subscribe(NEVER).0, 404);
    assert_eq!(webhooks(&owner, ""), before);
}

#[test]
fn a_merchant_and_what_belongs_to_another_have_no_delivery() {
    let server = Server::shared();
    let (owner, other) = (server.new_merchant(), server.new_merchant());
    let receiver = Receiver::acknowledging();
    for merchant in [&owner, &other] {
        merchant.subscribed(&receiver.url("/"));
        merchant.publish_card(&json!({}));
    }
    let delivery = owner.wait_for("acknowledged", 1).remove(0);
    other.wait_for("acknowledged", 1);
    let (event, endpoint) = (text(&delivery["event_id"]), &delivery["endpoint_id"]);

    for filter in [
        format!("&event_id={event}"),
        format!("&endpoint_id={endpoint}"),
    ] {
        let found = |merchant: &Merchant| merchant.deliveries(&filter).len();
        assert_eq!((found(&owner), found(&other)), (1, 0), "{filter}");
    }
    let matched = |merchant: &Merchant| {
        let body = json!({
            "since": "2020-01-01T00:00:00Z", "state": "acknowledged", "dry_run": true,
            "merchant_id": merchant.id, "endpoint_id": endpoint,
        });
        merchant.operator.post("/v1/replays", &body).data()["matched"].take()
    };
    assert_eq!((matched(&owner), matched(&other)), (json!(1), json!(0)));

    let as_merchant = owner.operator.with_token(&owner.api.token);
    let target = format!("/v1/deliveries/{}", delivery["delivery_id"]);
    assert_eq!(owner.operator.get(&target).data(), delivery);
    as_merchant.get(&target).refused_for(401, "Authorization");
}

#[test]
fn a_list_has_nothing_of_another_merchant_whatever_is_asked() {
    let server = Server::shared();
    let (one, two) = (server.new_merchant(), server.new_merchant());
    for _ in 0..3 {
        one.webhook(&json!({"webhook_name": "one", "webhook_url": "https://one.example/"}));
        two.webhook(&json!({"webhook_name": "two", "webhook_url": "https://two.example/"}));
    }
    let cursor = webhooks(&one, "?limit=1")["next_cursor"].clone();
    let check = |query: &str, expected: usize| {
        let page = webhooks(&two, query);
        let rows = page["data"].as_array().unwrap();
        assert!(
            rows.iter().all(|row| row["webhook_name"] == "two"),
            "{page}"
        );
        assert_eq!(rows.len(), expected, "{query}: {page}");
    };
    let cursor = cursor.as_str().unwrap();
    check("", 3);
    check(&format!("?cursor={cursor}"), 2);
    check(&format!("?cursor={cursor}&ascending=true"), 1);
    check("?cursor=0", 0);
    check("?cursor=0&ascending=true", 3);
    check("?webhook_name=one", 0);
    check("?webhook_url=https://one.example/", 0);
}
