//! The commands for the six operations, beside a caller that speaks HTTP.

use serde_json::json;

use crate::program::Program;
use crate::receiver::Receiver;
use crate::server::{Server, order};

#[test]
fn commands_and_http_see_the_same() {
    let server = Server::start(Program::new());
    let program = &server.program;
    let json = |arguments: &[&str]| {
        program
            .run(&[arguments, &["--json", "--reveal"]].concat())
            .json()
    };
    let api = &server.merchant;

    let created = json(&["webhooks", "create", "one"]);
    assert!(created["data"][0].get("webhook_url").is_none());
    api.post("/v1/webhooks", &json!({"webhook_name": "two"}))
        .data();
    assert_eq!(
        json(&["webhooks", "list"])["data"],
        api.get("/v1/webhooks").data()
    );
    let page = json(&["webhooks", "list", "--limit", "1", "--ascending"]);
    assert_eq!(
        page["data"],
        api.get("/v1/webhooks?limit=1&ascending=true").data()
    );
    assert_eq!(
        json(&["webhooks", "list", "--name", "two"])["data"]["data"][0]["webhook_name"],
        "two"
    );

    let types = json(&["events", "list-types"]);
    assert_eq!(types["data"], api.get("/v1/events").data());
    let page = json(&["events", "list-types", "--limit", "1"]);
    assert_eq!(page["data"], api.get("/v1/events?limit=1").data());

    program
        .run(&["events", "subscribe", "1", "card.unknown"])
        .failed(3);
    program
        .run(&["events", "unsubscribe", "1", "card.load"])
        .failed(3);
    program
        .run(&["webhooks", "update", "9000", "--name", "x"])
        .failed(3);
    let refused = ["webhooks", "create", "x", "--url", "https://10.0.0.1/"];
    assert!(program.run(&refused).failed(4).contains("webhook_url"));
}

#[test]
fn an_order_from_stdin_is_pushed() {
    let server = Server::start(Program::new());
    let receiver = Receiver::acknowledging();
    let order = order("1", "COMPLETED", &receiver.url("/orders")).to_string();
    let publish = ["publish", "order"];
    server
        .program
        .run_with_input(&publish, order.as_bytes())
        .ok();
    assert_eq!(receiver.next().json()["data"]["state"], "COMPLETED");
}
