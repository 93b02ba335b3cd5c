//! `Idempotency-Key` on every publish and create of both APIs.

use std::thread;

use serde_json::{Value, json};

use crate::http::{Answer, Api};
use crate::operations::{self, Operation};
use crate::server::{Merchant, Server};

/// Every operation with a key, and the member that makes its body another one.
const KEYED: [(&str, &str); 7] = [
    ("create_webhook", "/webhook_name"),
    ("create_merchant", "/merchant_name"),
    ("create_token", "/operator_name"),
    ("publish_order_status_change", "/merchantOrderId"),
    ("publish_card_event", "/data/card_id"),
    ("publish_card_events", "/events/1/data/amount"),
    ("create_merchant_webhook", "/webhook_name"),
];

/// Every operation that takes a key, with its example and another body.
fn keyed() -> Vec<(Operation, Value, Value)> {
    let takes_key = |operation: &Operation| {
        let mut parameters = operation.parameters.iter();
        parameters.any(|parameter| parameter["name"] == "Idempotency-Key")
    };
    let operations = operations::all().into_iter().filter(takes_key);
    let with_bodies = operations.map(|operation| {
        let pointer = KEYED.iter().find(|(id, _)| *id == operation.id).unwrap().1;
        let (_, body) = operation.body.clone().unwrap();
        let mut other = body.clone();
        *other.pointer_mut(pointer).unwrap() = json!("other");
        (operation, body, other)
    });
    let found: Vec<_> = with_bodies.collect();
    assert_eq!(found.len(), KEYED.len());
    found
}

fn send(operation: &Operation, merchant: &Merchant, key: &str, body: &Value) -> Answer {
    let api: &Api = operation.api(merchant);
    api.post_once(&operation.target_of(merchant), key, body)
}

/// How much there is of everything that a call can make.
fn counted(merchant: &Merchant) -> [usize; 4] {
    let count = |page: Value| page["data"].as_array().unwrap().len();
    let id = merchant.id;
    let listed = |what: &str| {
        let target = format!("/v1/{what}?merchant_id={id}&limit=100");
        count(merchant.operator.get(&target).data())
    };
    [
        count(merchant.api.get("/v1/webhooks?limit=100").data()),
        count(merchant.operator.get(&merchant.path("tokens")).data()),
        listed("events"),
        listed("deliveries"),
    ]
}

#[test]
fn the_same_call_is_made_once() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    merchant.subscribed("https://merchant.example/");
    for (operation, body, _) in keyed() {
        let first = send(&operation, &merchant, "a key", &body);
        assert_eq!(first.status, 200, "{}: {first:?}", operation.id);
        let after = counted(&merchant);
        for _ in 0..2 {
            let again = send(&operation, &merchant, "a key", &body);
            assert_eq!(again.without_trace_id(), first.without_trace_id());
        }
        assert_eq!(counted(&merchant), after, "{}", operation.id);
    }
}

#[test]
fn a_key_belongs_to_one_body() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    for (operation, body, other) in keyed() {
        let first = send(&operation, &merchant, "key", &body).without_trace_id();
        let after = counted(&merchant);
        let refusal = send(&operation, &merchant, "key", &other);
        refusal.refused_for(409, "Idempotency-Key");
        assert_eq!(counted(&merchant), after, "{}", operation.id);
        let again = send(&operation, &merchant, "key", &body).without_trace_id();
        assert_eq!(again, first);
        assert_eq!(send(&operation, &merchant, "key 2", &other).status, 200);
    }
}

#[test]
fn a_key_of_another_merchant_is_a_key_that_was_never_used() {
    let server = Server::shared();
    let (one, two) = (server.new_merchant(), server.new_merchant());
    for (operation, body, other) in keyed() {
        if operation.id == "create_merchant" {
            // It is done for no merchant.
            continue;
        }
        let first = send(&operation, &one, "shared", &body);
        let second = send(&operation, &two, "shared", &other);
        assert_eq!(
            (first.status, second.status),
            (200, 200),
            "{}",
            operation.id
        );
        assert_ne!(first.without_trace_id(), second.without_trace_id());
    }
}

#[test]
fn a_refused_call_leaves_its_key_free() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    for (operation, body, _) in keyed() {
        let refused = send(&operation, &merchant, "free", &json!({}));
        assert_eq!(refused.status, 400, "{}", operation.id);
        assert_eq!(send(&operation, &merchant, "free", &body).status, 200);
    }
}

#[test]
fn of_many_at_once_one_is_done() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let merchant = &merchant;
    for (operation, body, _) in keyed() {
        let before = counted(merchant);
        let call = || send(&operation, merchant, "at once", &body).without_trace_id();
        let answers = thread::scope(|scope| {
            let calls: Vec<_> = (0..8).map(|_| scope.spawn(call)).collect();
            let answers = calls.into_iter().map(|call| call.join().unwrap());
            answers.collect::<Vec<_>>()
        });
        assert_eq!(answers[0].0, 200, "{:?}", answers[0]);
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        let after = counted(merchant);
        assert_eq!(send(&operation, merchant, "alone", &body).status, 200);
        let one_more = counted(merchant);
        for (index, count) in after.iter().enumerate() {
            let grown = count - before[index];
            assert_eq!(grown, one_more[index] - count, "{}", operation.id);
        }
    }
}

#[test]
fn a_key_that_is_none_is_named() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    for (operation, body, _) in keyed() {
        let check = |key: &str, expected: u16| {
            let answer = send(&operation, &merchant, key, &body);
            match expected {
                200 => assert_eq!(answer.status, 200, "{answer:?}"),
                status => answer.refused_for(status, "Idempotency-Key"),
            }
        };
        check("", 400);
        check(&"k".repeat(256), 400);
        check(&"é".repeat(255), 200);
        check("one\r\nidempotency-key: two", 400);
    }
}
