//! What the log and the metrics tell, and what they never tell.

use serde_json::{Value, json};

use crate::http::Answer;
use crate::program::Program;
use crate::receiver::Receiver;
use crate::server::Server;

fn json_log(level: &str) -> Program {
    Program::new()
        .variable("ORDERHOOK_LOG__FORMAT", "json")
        .variable("ORDERHOOK_LOG__LEVEL", level)
        .variable("ORDERHOOK_DELIVERY__SCHEDULE", "0s,0s")
}

/// The lines of the log that are about this, up to a last call that it waits for.
fn lines_so_far(server: &Server, message: &str) -> Vec<Value> {
    let last = server.operator.get("/v1/status").json();
    server.log.wait_for(last["trace_id"].as_str().unwrap());
    let lines = server.log.lines().into_iter();
    let lines = lines
        .map(|line| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")));
    lines
        .filter(|line: &Value| line["message"] == message)
        .collect()
}

#[test]
fn each_answer_is_in_the_log_once_under_its_trace_id() {
    let server = Server::start(json_log("info"));
    let merchant = server.new_merchant();
    let before = lines_so_far(&server, "request").len();
    let api = &merchant.api;
    let nobody = api.with_token("");
    let body = json!({"webhook_name": "shop"});
    let answers: Vec<(Answer, &str)> = vec![
        (api.get("/v1/webhooks"), "list_webhooks"),
        (api.post("/v1/webhooks", &body), "create_webhook"),
        (api.post("/v1/webhooks", &json!({})), "create_webhook"),
        (api.post_once("/v1/webhooks", "", &body), "create_webhook"),
        (
            api.call("POST", "/v1/webhooks", &[("content-type", "x")], None),
            "create_webhook",
        ),
        (
            api.call("POST", "/v1/webhooks", &[], Some(&[b' '; 70_000])),
            "create_webhook",
        ),
        (api.put("/v1/webhooks/9000", &body), "update_webhook"),
        (nobody.get("/v1/webhooks"), "list_webhooks"),
        (api.get("/nothing"), "none"),
        (api.call("PATCH", "/v1/webhooks", &[], None), "none"),
        (merchant.operator.get("/v1/status"), "get_status"),
        (merchant.operator.get("/v1/webhooks/1"), "none"),
    ];
    let trace_ids: Vec<_> = answers
        .iter()
        .map(|it| it.0.json()["trace_id"].clone())
        .collect();
    let lines = lines_so_far(&server, "request");
    assert_eq!(lines.len() - before, answers.len() + 1);
    for ((answer, operation), trace_id) in answers.iter().zip(&trace_ids) {
        let mut found = lines.iter().filter(|line| line["trace_id"] == *trace_id);
        let line = found.next().unwrap();
        assert!(found.next().is_none());
        assert_eq!(line["status"], answer.status, "{line}");
        assert_eq!(line["operation"], *operation, "{line}");
        assert!(line["duration_ms"].is_number(), "{line}");
        assert_eq!(line["error"].is_string(), answer.status != 200, "{line}");
    }
    let text = server.log.lines().join("\n");
    for trace_id in trace_ids {
        assert_eq!(text.matches(trace_id.as_str().unwrap()).count(), 1);
    }
}

#[test]
fn each_attempt_has_one_line() {
    let server = Server::start(json_log("info"));
    let merchant = server.new_merchant();
    let receiver = Receiver::answering(|_| (500, ""));
    merchant.subscribed(&receiver.url("/path-of-a-receiver"));
    let (event, _) = merchant.publish_card(&json!({}));
    merchant.wait_for("failed", 1);
    let attempts = lines_so_far(&server, "attempt");
    assert_eq!(attempts.len(), 2);
    for (line, number) in attempts.iter().zip(1..) {
        assert_eq!(line["attempt"], number);
        assert_eq!(line["message.id"], event);
        assert_eq!(line["status"], 500);
    }
    assert!(!server.log.lines().join("\n").contains("path-of-a-receiver"));
}

#[test]
fn nobody_writes_lines_into_the_log() {
    let server = Server::start(Program::new().variable("ORDERHOOK_LOG__LEVEL", "debug"));
    let api = server.new_merchant().api;
    api.post(
        "/v1/webhooks",
        &json!({"webhook_name": "x\nFORGED", "a\nFORGED": 1}),
    )
    .data();
    api.call(
        "POST",
        "/v1/webhooks",
        &[],
        Some(br#"{"webhook_name\nFORGED":1,"webhook_name\nFORGED":1}"#),
    );
    api.get("/v1/webhooks?a%0AFORGED=%ff&limit=%0AFORGED");
    api.get("/%0AFORGED");
    let last = api.get("/v1/events").json();
    server.log.wait_for(last["trace_id"].as_str().unwrap());
    let forged = |line: &String| line.starts_with("FORGED");
    assert!(!server.log.lines().iter().any(forged));
}

#[test]
fn metrics_are_openmetrics_without_ids() {
    let server = Server::start(json_log("warn"));
    let merchant = server.new_merchant();
    let receiver = Receiver::answering(|_| (500, ""));
    merchant.subscribed(&receiver.url("/"));
    merchant.publish_card(&json!({}));
    merchant.wait_for("failed", 1);
    let operator = merchant.operator.with_token("");
    for path in ["/v1/webhooks/1", "/none", "/v1/events/msg_x"] {
        operator.get(path);
    }
    let page = operator.get("/metrics");
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    assert!(page.body.ends_with("# EOF\n"));
    let known = ["listener", "operation", "status", "outcome", "state", "le"];
    for line in page.body.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let Some((_, labels)) = series.split_once('{') else {
            continue;
        };
        for label in labels.trim_end_matches('}').split(',') {
            let (name, value) = label.split_once('=').unwrap();
            assert!(known.contains(&name), "{line}");
            assert!(!value.contains("msg_"), "{line}");
        }
    }
    let has = |line: &str| {
        let mut lines = page.body.lines();
        assert!(lines.any(|it| it == line), "{line}\n{}", page.body);
    };
    has("orderhook_attempts_total{outcome=\"rejected\"} 2");
    has("orderhook_deliveries_pending 0");
    has("orderhook_endpoints{state=\"active\"} 1");
    has(
        "orderhook_requests_total{listener=\"operator\",operation=\"publish_card_event\",status=\"200\"} 1",
    );
}

#[test]
fn probes_answer_without_a_token() {
    let server = Server::shared();
    let operator = server.operator.with_token("");
    assert_eq!(operator.get("/livez").status, 200);
    assert_eq!(operator.get("/readyz").status, 200);
    // They are not for merchants.
    server.merchant.get("/livez").refused(404);
    server.merchant.get("/metrics").refused(404);
}
