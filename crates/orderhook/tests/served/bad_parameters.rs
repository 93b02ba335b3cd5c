//! Parameters and paths that are wrong.

use serde_json::{Value, json};

use crate::http::Answer;
use crate::operations::{self, Kind, Operation};
use crate::server::{Merchant, Server};

fn send(operation: &Operation, merchant: &Merchant, target: &str) -> Answer {
    operation.send_example(operation.api(merchant), target)
}

/// The type in a parameter's schema.
fn kind<'a>(operation: &'a Operation, parameter: &'a Value) -> &'a str {
    let schema = operation.resolve(&parameter["schema"]);
    schema["type"].as_str().unwrap()
}

#[test]
fn each_query_parameter_has_its_type_and_stands_once() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let mut checked = 0;
    for operation in operations::all() {
        for parameter in operation.parameters.iter().filter(|it| it["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            let huge = format!("1{}", "0".repeat(30));
            let wrong = match kind(&operation, parameter) {
                "integer" => vec![
                    "x", "-1", &huge, "1.5", "0x10", "1e3", "%00", "%C2%B2", "1%201", "[]", "true",
                ],
                "boolean" => vec!["yes", "1", "TRUE", "%00", "null"],
                _ => vec![],
            };
            let malformed = ["%", "%2", "%zz", "%ff", "%ed%a0%80"];
            for value in wrong.into_iter().chain(malformed) {
                let target = format!("{}?{name}={value}", operation.target_of(&merchant));
                let answer = send(&operation, &merchant, &target);
                answer.refused_for(400, name);
                checked += 1;
            }
            let value = match kind(&operation, parameter) {
                "boolean" => "true",
                _ => "1",
            };
            let target = operation.target_of(&merchant);
            let twice = format!("{target}?{name}={value}&{name}={value}");
            let answer = send(&operation, &merchant, &twice);
            answer.refused_for(400, name);
            assert_eq!(answer.refused(400)[0]["rule"], "duplicate");
        }
    }
    assert!(checked > 300, "{checked}");
}

#[test]
fn each_number_in_a_path_is_one() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    for operation in operations::all() {
        for parameter in operation.parameters.iter().filter(|it| it["in"] == "path") {
            let name = parameter["name"].as_str().unwrap();
            let id = merchant.id.to_string();
            let check = |value: &str, field: &str| {
                let target = operation.target(&[(name, value), ("merchant_id", &id)]);
                send(&operation, &merchant, &target).refused_for(400, field);
            };
            for malformed in ["%", "%2", "%zz", "%ff", "%ed%a0%80"] {
                check(malformed, "");
            }
            if kind(&operation, parameter) != "integer" {
                continue;
            }
            let huge = format!("1{}", "0".repeat(30));
            for wrong in [
                "x", "-1", &huge, "1.5", "%00", "1%2f2", "%20", "NaN", "..", "1;a=b",
            ] {
                check(wrong, name);
            }
        }
    }
}

#[test]
fn what_names_nothing_is_not_found() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let never = i64::MAX.to_string();
    for operation in operations::all() {
        let mut parameters = operation.parameters.iter();
        if !parameters.any(|parameter| parameter["in"] == "path") {
            continue;
        }
        for id in ["0", &never] {
            let names = [
                "merchant_id",
                "webhook_id",
                "endpoint_id",
                "delivery_id",
                "token_id",
            ];
            let mut values: Vec<_> = names.iter().map(|name| (*name, id)).collect();
            values.push(("event_id", "msg_2mXc7pV0WxYqfCqQkqv9R1d8sZf"));
            let target = operation.target(&values);
            let faults = send(&operation, &merchant, &target).refused(404);
            assert_eq!(faults[0]["rule"], "exists", "{}", operation.id);
        }
    }
}

#[test]
fn an_empty_id_is_none() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let body = json!({"event_type": "card.load"});
    let answer = merchant.api.post("/v1/webhooks//subscriptions", &body);
    answer.refused_for(400, "webhook_id");
    let answer = merchant.operator.post("/v1/merchants//card-events", &body);
    answer.refused_for(400, "merchant_id");
}

#[test]
fn odd_event_ids_and_types_name_nothing() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let long = "x".repeat(4000);
    for odd in [
        "x",
        "msg_",
        "%00",
        "msg_%00",
        "%2e%2e",
        "%F0%9F%92%A9",
        "msg_%2F..",
        &long,
    ] {
        let event = merchant.operator.get(&format!("/v1/events/{odd}"));
        let page = merchant
            .operator
            .get(&format!("/v1/deliveries?event_id={odd}"));
        if odd.contains("%00") {
            event.refused_for(400, "event_id");
            page.refused_for(400, "event_id");
        } else {
            event.refused_for(404, "event_id");
            assert_eq!(page.data()["data"], Value::Array(Vec::new()));
        }
        let id = merchant.webhook(&json!({"webhook_name": "w"}))["webhook_id"].clone();
        let target = format!("/v1/webhooks/{id}/subscriptions/{odd}");
        let status = merchant.api.delete(&target).status;
        assert!(matches!(status, 400 | 404), "{odd}: {status}");
    }
}

#[test]
fn times_and_states_are_checked() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    for list in ["events", "deliveries"] {
        for field in ["since", "until"] {
            let check = |time: &str, expected: u16| {
                let target = format!("/v1/{list}?merchant_id={}&{field}={time}", merchant.id);
                let answer = merchant.operator.get(&target);
                match expected {
                    200 => drop(answer.data()),
                    _ => answer.refused_for(expected, field),
                }
            };
            check("2026-11-01T09:30:00Z", 200);
            check("2026-11-01T10:30:00.123456789%2B01:00", 200);
            check("9999-12-30T22:00:00.999999999Z", 200);
            check("0000-01-01T00:00:00Z", 200);
            check("", 400);
            check("now", 400);
            check("2026-11-01", 400);
            check("2026-02-30T00:00:00Z", 400);
            check("2026-11-01T09:30:00", 400);
            check("1793525712", 400);
            check("99999-01-01T00:00:00Z", 400);
        }
    }
    for list in ["endpoints", "deliveries"] {
        for state in ["unknown", "", "ACTIVE", "pending,failed"] {
            let answer = merchant.operator.get(&format!("/v1/{list}?state={state}"));
            answer.refused_for(400, "state");
        }
    }
    let replay = |body: Value| merchant.operator.post("/v1/replays", &body);
    let since = "2026-11-01T09:30:00Z";
    replay(json!({"since": "now"})).refused_for(400, "since");
    replay(json!({"since": since, "until": "2026"})).refused_for(400, "until");
    replay(json!({"since": since, "state": "lost"})).refused_for(400, "state");
}

#[test]
fn an_unknown_path_is_not_found_and_a_method_that_is_not_there_is_told_of() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let operations = operations::all();
    for api in [Kind::Merchant, Kind::Operator] {
        let of_api = || operations.iter().filter(|operation| operation.api == api);
        let caller = of_api().next().unwrap().api(&merchant);
        for path in ["/", "/v1", "/v1/", "/v2/events", "/%00"] {
            caller.get(path).refused(404);
            caller.with_token("").get(path).refused(404);
        }
        for operation in of_api() {
            let target = operation.target_of(&merchant);
            let same_path = of_api().filter(|other| other.path == operation.path);
            let mut allowed: Vec<_> = same_path.map(|other| other.method.as_str()).collect();
            allowed.sort_unstable();
            for method in [
                "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW",
            ] {
                if allowed.contains(&method) {
                    continue;
                }
                let answer = caller.call(method, &target, &[], None);
                answer.refused(405);
                let allow = answer
                    .header("allow")
                    .unwrap_or_else(|| panic!("{answer:?}"));
                let mut told: Vec<_> = allow.split(',').map(str::trim).collect();
                told.retain(|method| *method != "HEAD");
                told.sort_unstable();
                assert_eq!(told, allowed, "{method} {target}");
            }
        }
    }
}
