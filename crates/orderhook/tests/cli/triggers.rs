//! The ready-made examples, against the types that the server reads them with.

use orderhook_types::{Order, PublishCardEventRequest};

use crate::program::Program;

#[test]
fn every_listed_example_can_be_published() {
    let program = Program::new();
    let list = program.run(&["trigger", "--list", "--json"]).json();
    let names: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|example| example["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "card.load",
            "card.transaction",
            "order.created",
            "order.processing",
            "order.succeeded",
            "order.failed",
            "order.chain_withdraw_wait",
            "order.completed",
            "order.conversion_failed",
        ]
    );
    for name in names {
        let url = "https://merchant.example/orders";
        let body = program
            .run(&["trigger", name, "--print", "--callback-url", url])
            .json();
        if name.starts_with("card.") {
            let event: PublishCardEventRequest = serde_json::from_value(body).unwrap();
            assert_eq!(event.event_type.to_string(), name);
        } else {
            let order: Order = serde_json::from_value(body).unwrap();
            assert_eq!(order.order_call_back_url, url);
        }
    }
}

#[test]
fn members_can_be_set() {
    let body = Program::new()
        .run(&[
            "trigger",
            "order.completed",
            "--print",
            "--set",
            "fiatAmount=120.00",
            "--set",
            "merchantUser=a=b",
        ])
        .json();
    assert_eq!(body["fiatAmount"], "120.00");
    assert_eq!(body["merchantUser"], "a=b");
}

#[test]
fn an_order_needs_a_place_to_go() {
    let program = Program::new().variable("ORDERHOOK_OPERATOR_TOKEN", "oho_test");
    let said = program.run(&["trigger", "order.created"]).failed(2);
    assert!(said.contains("--callback-url"), "{said}");
}

#[test]
fn the_listener_that_runs_is_where_orders_go() {
    let state = r#"{"listeners": {"http://127.0.0.1:8080": {"webhook_id": 1,
        "seen_until": "2026-11-01T00:00:00Z", "callback_url": "http://127.0.0.1:4242/orders"}}}"#;
    let program = Program::new().file(".local/state/orderhook/listen.json", state);
    let body = program.run(&["trigger", "order.created", "--print"]).json();
    assert_eq!(body["orderCallBackUrl"], "http://127.0.0.1:4242/orders");
}
