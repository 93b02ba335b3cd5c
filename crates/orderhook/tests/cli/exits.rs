//! The statuses that the program ends with, against a server that answers as it is told.

use crate::program::Program;
use crate::stub::Stub;

const REFUSAL: &str = r#"{"msg": "two members are wrong", "code": 400, "trace_id": "018f6b2e", "data": {"faults": [
    {"location": "body", "field": "webhook_url", "rule": "format", "message": "must be https"},
    {"location": "body", "field": "webhook_name", "rule": "max_length", "message": "must be shorter"}]}}"#;

fn with_tokens(server: &str) -> Program {
    Program::new()
        .variable("ORDERHOOK_SERVER", server)
        .variable("ORDERHOOK_OPERATOR_SERVER", server)
        .variable("ORDERHOOK_TOKEN", "ohm_test")
        .variable("ORDERHOOK_OPERATOR_TOKEN", "oho_test")
}

#[test]
fn each_kind_of_failure_has_a_status_of_its_own() {
    let check = |status: u16, expected: i32| {
        let body = format!(r#"{{"msg": "no", "code": {status}, "trace_id": "018f6b2e"}}"#);
        let stub = Stub::answering(status, &body);
        let said = with_tokens(&stub.url())
            .run(&["deliveries", "show", "1"])
            .failed(expected);
        assert!(
            said.contains(&format!("error: the server answered {status}: no")),
            "{said}"
        );
        assert!(said.contains("trace id: 018f6b2e"), "{said}");
    };
    check(400, 4);
    check(401, 6);
    check(404, 3);
}

#[test]
fn every_fault_is_told_with_field_and_rule() {
    let stub = Stub::answering(400, REFUSAL);
    let program = with_tokens(&stub.url());
    let create = [
        "webhooks",
        "create",
        "shop",
        "--url",
        "https://merchant.example/",
    ];
    insta::assert_snapshot!(program.run(&create).failed(4), @r"
    error: the server answered 400: two members are wrong
      body webhook_url: must be https (format)
      body webhook_name: must be shorter (max_length)
      trace id: 018f6b2e
    ");

    let json = program.run(&[&create[..], &["--json"]].concat()).failed(4);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["error"]["kind"], "refused");
    assert_eq!(json["error"]["faults"][1]["field"], "webhook_name");
    assert_eq!(json["error"]["trace_id"], "018f6b2e");
}

#[test]
fn what_the_client_refuses_itself_is_a_wrong_command() {
    let program = with_tokens("http://127.0.0.1:9");
    let said = program.run(&["webhooks", "create", "a name that is far too long"]);
    assert!(said.failed(2).contains("nothing was sent"));
    program.run(&["webhooks", "crate"]).failed(2);
    program.run(&["replay"]).failed(2);
    program.run(&["replay", "--failed"]).failed(2);
    program.run(&["trigger", "card.lod"]).failed(2);
}

#[test]
fn a_server_that_is_not_there_is_a_matter_of_the_network() {
    // The port of a listener that is gone again is free.
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap();
    let said = with_tokens(&format!("http://{address}"))
        .run(&["status"])
        .failed(5);
    assert!(
        said.starts_with("error: no answer from the server"),
        "{said}"
    );
}

#[test]
fn without_a_token_nobody_is_asked() {
    let said = Program::new().run(&["status"]).failed(6);
    assert!(said.contains("ORDERHOOK_OPERATOR_TOKEN"), "{said}");
    let said = Program::new().run(&["webhooks", "list"]).failed(6);
    assert!(said.contains("ORDERHOOK_TOKEN"), "{said}");
}

#[test]
fn an_answer_is_a_table_for_people_and_the_answer_for_programs() {
    let answer = r#"{"msg": "ok", "code": 200, "trace_id": "t", "data": {"next_cursor": "", "has_more": false,
        "data": [{"merchant_id": 2, "merchant_name": "Shop \u001b[31m", "create_time": "2026-11-01T09:30:00.000Z",
        "sign_secret": "whsec_hidden"}]}}"#;
    let stub = Stub::answering(200, answer);
    let program = with_tokens(&stub.url());
    insta::assert_snapshot!(program.run(&["merchant", "list"]).ok(), @r"
    ID  NAME        CREATED                   SECRET
    2   Shop �[31m  2026-11-01T09:30:00.000Z  [redacted]
    ");
    let json = program.run(&["merchant", "list", "--json"]).json();
    assert_eq!(json["data"]["data"][0]["merchant_id"], 2);
    assert_eq!(json["data"]["data"][0]["sign_secret"], "[redacted]");
    let json = program
        .run(&["merchant", "list", "--json", "--reveal"])
        .json();
    assert_eq!(json["data"]["data"][0]["sign_secret"], "whsec_hidden");
}

#[test]
fn a_reader_that_goes_away_is_nobodys_fault() {
    let program = Program::new();
    let mut child = program.command(&["config", "reference"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
}
