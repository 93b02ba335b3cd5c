//! The commands that call a server, against the real one.

use crate::program::Program;
use crate::server::Running;

#[test]
fn the_life_of_a_webhook() {
    let program = Program::new();
    let _server = Running::server(&program);
    let json = |arguments: &[&str]| program.run(&[arguments, &["--json"]].concat()).json();

    let url = "https://merchant.example/hooks";
    let created = json(&["webhooks", "create", "shop", "--url", url]);
    let id = created["data"][0]["webhook_id"].to_string();
    let id = id.as_str();
    assert_eq!(created["data"][0]["sign_secret"], "[redacted]");
    let secret = |arguments: &[&str]| {
        let answer = json(&[arguments, &["--reveal"]].concat());
        answer["data"]["data"][0]["sign_secret"].clone()
    };
    let before = secret(&["webhooks", "list", "--name", "shop"]);
    assert!(before.as_str().unwrap().starts_with("whsec_"));

    json(&["events", "subscribe", id, "card.load"]);
    json(&["events", "subscribe", id, "card.transaction"]);
    json(&["events", "unsubscribe", id, "card.load"]);
    json(&["webhooks", "update", id, "--name", "store", "--no-url"]);
    let list = json(&["webhooks", "list"]);
    let row = &list["data"]["data"][0];
    assert_eq!(row["webhook_name"], "store");
    assert_eq!(row["event_type"], "card.transaction");
    assert!(row["webhook_url"].is_null());

    json(&["webhooks", "rotate-secret", id, "--overlap", "1h"]);
    assert_ne!(secret(&["webhooks", "list"]), before);
    assert_eq!(json(&["webhooks", "pause", id])["data"]["state"], "paused");
    assert_eq!(json(&["webhooks", "resume", id])["data"]["state"], "active");
    json(&["webhooks", "delete", id]);
    assert_eq!(
        json(&["webhooks", "list"])["data"]["data"],
        serde_json::json!([])
    );
    program.run(&["webhooks", "pause", id]).failed(3);
}

#[test]
fn a_token_is_good_until_it_is_revoked() {
    let program = Program::new();
    let _server = Running::server(&program);
    let merchant = program
        .run(&["merchant", "create", "Second", "--json"])
        .json();
    let merchant = merchant["data"]["merchant_id"].to_string();
    let create = ["token", "create", &merchant, "--operator-name", "Ada"];
    let token = program.run(&create).ok();
    let program = program.file("token", &token);
    let list = ["webhooks", "list", "--token-file", "token"];
    program.run(&list).ok();

    let tokens = program.run(&["token", "list", &merchant, "--json"]).json();
    let id = tokens["data"]["data"][0]["token_id"].to_string();
    program.run(&["token", "revoke", &merchant, &id]).ok();
    // The server may remember it for a second; every look is a round trip.
    assert!((0..500).any(|_| program.run(&list).code == 6));
    let tokens = program.run(&["token", "list", &merchant]).ok();
    assert!(tokens.contains("Ada"), "{tokens}");
}

#[test]
fn what_is_published_is_listed() {
    let program = Program::new();
    let _server = Running::server(&program);
    let url = "https://merchant.example/orders";
    let order = ["trigger", "order.created", "--callback-url", url, "--print"];
    let order = program.run(&order).ok();
    let publish = ["publish", "order", "--idempotency-key", "once", "--json"];
    let first = program.run_with_input(&publish, order.as_bytes()).json();
    let again = program.run_with_input(&publish, order.as_bytes()).json();
    assert_eq!(again["data"]["event_id"], first["data"]["event_id"]);
    let other = order.replace("120.00", "130.00");
    program.run_with_input(&publish, other.as_bytes()).failed(4);

    let batch =
        r#"[{"event_type": "card.load", "data": {}}, {"event_type": "card.load", "data": {}}]"#;
    let program = program.file("batch.json", batch);
    let answer = program
        .run(&["publish", "card", "batch.json", "--json"])
        .json();
    assert_eq!(answer["data"]["events"].as_array().unwrap().len(), 2);

    let id = first["data"]["event_id"].as_str().unwrap();
    let shown = program.run(&["published", "show", id]).ok();
    assert!(shown.contains(url), "{shown}");
    let count = |arguments: &[&str]| {
        let list = program.run(&[&["published", "list", "--json"], arguments].concat());
        list.json()["data"]["data"].as_array().unwrap().len()
    };
    assert_eq!(count(&["--all"]), 3);
    assert_eq!(count(&["--limit", "2"]), 2);
    assert_eq!(count(&["--event-type", "card.load"]), 2);
    assert_eq!(count(&["--since", "1h"]), 3);
    assert_eq!(count(&["--until", "1h"]), 0);
    let dry = [
        "replay",
        "--state",
        "pending",
        "--since",
        "1h",
        "--dry-run",
        "--json",
    ];
    assert_eq!(program.run(&dry).json()["data"]["matched"], 1);
}
