//! Bodies that are wrong: always a refusal in the envelope that names the member.

use serde_json::{Value, json};

use crate::http::Answer;
use crate::operations::{self, Kind, Operation};
use crate::server::{Merchant, Server, order};

fn with_bodies() -> Vec<Operation> {
    let mut operations = operations::all();
    operations.retain(|operation| operation.body.is_some());
    assert_eq!(operations.len(), 14);
    operations
}

/// Calls an operation about this merchant.
fn send(operation: &Operation, merchant: &Merchant, body: &[u8]) -> Answer {
    let target = operation.target_of(merchant);
    operation.send(operation.api(merchant), &target, Some(body))
}

#[test]
fn what_is_no_json_object_is_refused() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let deep = "[".repeat(10_000);
    let deep_object = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    let bodies: [&[u8]; 20] = [
        b"",
        b" ",
        b"{",
        b"not json",
        b"[]",
        b"null",
        b"\"text\"",
        b"1",
        b"1e400",
        b"-",
        b"{} {}",
        b"{\"a\":1,}",
        b"{'a':1}",
        b"{\"a\":NaN}",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\xff\"}",
        b"\xff\xfe{\0}\0",
        b"{\"a\":\"\x00\"}",
        deep.as_bytes(),
        deep_object.as_bytes(),
    ];
    for operation in with_bodies() {
        for body in bodies {
            let answer = send(&operation, &merchant, body);
            let faults = answer.refused(400);
            assert_eq!(
                faults[0]["location"], "body",
                "{}: {answer:?}",
                operation.id
            );
        }
    }
}

#[test]
fn a_lone_surrogate_is_no_text() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    for operation in with_bodies() {
        for body in [
            r#"{"a":"\ud800"}"#,
            r#"{"\udc00":1}"#,
            r#"{"a":"\ud800\u0041"}"#,
        ] {
            send(&operation, &merchant, body.as_bytes()).refused_for(400, "");
        }
    }
}

#[test]
fn a_member_that_stands_twice_is_named() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    for operation in with_bodies() {
        let (_, example) = operation.body.as_ref().unwrap();
        let name = example.as_object().unwrap().keys().next().unwrap();
        let twice = format!(
            "{{\"{name}\":{},{}",
            example[name],
            &example.to_string()[1..]
        );
        let answer = send(&operation, &merchant, twice.as_bytes());
        answer.refused_for(400, name);
        assert_eq!(answer.refused(400)[0]["rule"], "duplicate");
    }
}

/// Each member of a schema with the path to it, and its schema.
fn members(operation: &Operation) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let (schema, _) = operation.body.as_ref().unwrap();
    let mut waiting = vec![(String::new(), operation.resolve(schema).clone())];
    while let Some((path, schema)) = waiting.pop() {
        let properties = schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        for (name, schema) in properties {
            let path = format!("{path}/{name}");
            let schema = operation.resolve(&schema).clone();
            if let Some(items) = schema.get("items") {
                let items = operation.resolve(items).clone();
                waiting.push((format!("{path}/0"), items));
            }
            found.push((path, schema));
        }
    }
    found
}

/// `events/0/data` as refusals name it: `events[0].data`.
fn field(pointer: &str) -> String {
    let mut field = String::new();
    for part in pointer.split('/').skip(1) {
        match part.parse::<usize>() {
            Ok(index) => field += &format!("[{index}]"),
            Err(_) if field.is_empty() => field += part,
            Err(_) => field += &format!(".{part}"),
        }
    }
    field
}

/// The example with another value at `pointer`.
fn example_with(operation: &Operation, pointer: &str, value: &Value) -> Value {
    let mut body = operation.body.as_ref().unwrap().1.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    parent
        .as_object_mut()
        .unwrap()
        .insert(name.to_owned(), value.clone());
    body
}

/// The schema itself, or the one beside null.
fn not_null<'a>(operation: &'a Operation, schema: &'a Value) -> &'a Value {
    let schema = match schema.get("anyOf") {
        Some(alternatives) => &alternatives[0],
        None => schema,
    };
    match schema.get("allOf") {
        Some(all) => operation.resolve(&all[0]),
        None => schema,
    }
}

#[test]
fn each_member_of_each_body_has_its_type() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let mut checked = 0;
    for operation in with_bodies() {
        for (pointer, schema) in members(&operation) {
            let nullable = schema.get("anyOf").is_some();
            let wrong = match not_null(&operation, &schema)["type"].as_str().unwrap() {
                "string" => vec![json!(1), json!(true), json!([]), json!({}), json!(["a"])],
                "integer" => vec![
                    json!("1"),
                    json!(1.5),
                    json!(true),
                    json!([1]),
                    json!(1e30),
                    json!(-1e30),
                    json!(u64::MAX),
                    json!(i64::MIN),
                ],
                "boolean" => vec![json!("true"), json!(0), json!([])],
                "array" => vec![json!({}), json!("a"), json!(1), json!([[]]), json!([null])],
                "object" => vec![json!([]), json!("{}"), json!(1), json!(false)],
                other => panic!("{other} is not known"),
            };
            let null = (!nullable).then_some(Value::Null);
            for value in wrong.into_iter().chain(null) {
                let body = example_with(&operation, &pointer, &value).to_string();
                let answer = send(&operation, &merchant, body.as_bytes());
                let named = answer.refused(400)[0]["field"].clone();
                let named = named.as_str().unwrap();
                assert!(named.starts_with(&field(&pointer)), "{value}: {answer:?}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 334);
}

#[test]
fn each_required_member_is_missed() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let mut checked = 0;
    for operation in with_bodies() {
        let (schema, _) = operation.body.as_ref().unwrap();
        let required = operation.resolve(schema)["required"].clone();
        for name in required.as_array().into_iter().flatten() {
            let name = name.as_str().unwrap();
            let mut body = operation.body.as_ref().unwrap().1.clone();
            body.as_object_mut().unwrap().remove(name);
            let answer = send(&operation, &merchant, body.to_string().as_bytes());
            answer.refused_for(400, name);
            assert_eq!(answer.refused(400)[0]["rule"], "required");
            checked += 1;
        }
    }
    assert_eq!(checked, 29);
}

#[test]
fn each_bound_of_each_member_holds() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let mut checked = 0;
    for operation in with_bodies() {
        for (pointer, schema) in members(&operation) {
            let schema = not_null(&operation, &schema);
            let mut check = |value: Value, rule: &str| {
                let body = example_with(&operation, &pointer, &value).to_string();
                let faults = send(&operation, &merchant, body.as_bytes()).refused(400);
                assert_eq!(faults[0]["field"], field(&pointer), "{faults:?}");
                assert_eq!(faults[0]["rule"], rule, "{faults:?}");
                checked += 1;
            };
            if let Some(length) = schema["maxLength"].as_u64() {
                let length = usize::try_from(length).unwrap();
                check(json!("é".repeat(length + 1)), "max_length");
                check(json!("k".repeat(60_000)), "max_length");
            }
            if schema.get("minLength").is_some() {
                check(json!(""), "min_length");
            }
            if let Some(maximum) = schema["maximum"].as_i64() {
                check(json!(maximum + 1), "maximum");
            }
            if let Some(minimum) = schema["minimum"].as_i64() {
                check(json!(minimum - 1), "minimum");
            }
            if let Some(maximum) = schema["maxItems"].as_u64() {
                let item = operation.body.as_ref().unwrap().1["events"][0].clone();
                let items = vec![item; usize::try_from(maximum + 1).unwrap()];
                check(json!(items), "max_items");
                check(json!([]), "min_items");
            }
        }
    }
    assert_eq!(checked, 51);
}

#[test]
fn odd_texts_in_any_member_do_not_break_the_server() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let texts = [
        "\0",
        "a\0b",
        "\u{feff}",
        "\u{202e}\u{200d}",
        "\u{10ffff}",
        "'; DROP TABLE event; --",
        "${jndi:ldap://x}",
        "../../../../etc/passwd",
        "\r\nx-injected: 1",
        "-0",
        "1e400",
        "NaN",
        "+0001-01-01T00:00:00Z",
        "-009999-01-01T00:00:00Z",
    ];
    let mut checked = 0;
    for operation in with_bodies() {
        for (pointer, schema) in members(&operation) {
            if not_null(&operation, &schema)["type"] != "string" {
                continue;
            }
            let long = "é".repeat(20_000);
            for text in texts.into_iter().chain([long.as_str()]) {
                let body = example_with(&operation, &pointer, &json!(text)).to_string();
                let answer = send(&operation, &merchant, body.as_bytes());
                assert!(answer.status < 500, "{pointer}={text}: {answer:?}");
                assert_eq!(answer.json()["code"], answer.status);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 675);
}

#[test]
fn legal_but_odd_card_data_is_delivered_or_refused() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let check = |data: &str, expected: u16| {
        let body = format!(r#"{{"event_type":"card.load","data":{data}}}"#);
        let target = merchant.path("card-events");
        let answer = merchant
            .operator
            .call("POST", &target, &[], Some(body.as_bytes()));
        assert_eq!(answer.status, expected, "{data}: {answer:?}");
    };
    check("{}", 200);
    check(r#"{"":{"":[[],{},null]}}"#, 200);
    check(r#"{"\u0000":"\u0000"}"#, 200);
    check(r#"{"a":1e308,"b":-0.0,"c":18446744073709551615}"#, 200);
    check(r#"{"a":"\ud83d\ude00","\u00e9":"é"}"#, 200);
    check(r#"{"a":1e400}"#, 400);
    check(r#"{"a":1,"a":2}"#, 400);
    check(
        &format!(r#"{{"a":{}1{}}}"#, "[".repeat(100), "]".repeat(100)),
        200,
    );
    check(&format!(r#"{{"a":"{}"}}"#, "x".repeat(1_000_000)), 200);
}

#[test]
fn a_body_over_the_limit_is_refused_by_an_answer_that_arrives() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    for operation in with_bodies() {
        let limit = match operation.api {
            Kind::Merchant => 64 * 1024,
            Kind::Operator => 1024 * 1024,
        };
        for size in [limit + 1, 4 * 1024 * 1024] {
            let body = vec![b' '; size];
            send(&operation, &merchant, &body).refused(413);
        }
        let largest = format!("{}[]", " ".repeat(limit - 2));
        send(&operation, &merchant, largest.as_bytes()).refused(400);
    }
}

#[test]
fn only_json_is_taken() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    for operation in with_bodies() {
        let check = |media_type: &str, refused: bool| {
            let headers = [("content-type", media_type)];
            let (api, target) = (operation.api(&merchant), operation.target_of(&merchant));
            let answer = api.call(&operation.method, &target, &headers, Some(b"[]"));
            match refused {
                true => answer.refused_for(415, "Content-Type"),
                false => drop(answer.refused(400)),
            }
        };
        check("", true);
        check("text/plain", true);
        check("application/jsonp", true);
        check("application/x-www-form-urlencoded", true);
        check("application/json; charset=utf-16", true);
        check("application/json\r\ncontent-type: text/plain", true);
        check("Application/JSON; charset=\"UTF-8\"", false);
    }
}

#[test]
fn an_address_that_must_not_be_called_is_refused_with_its_reason() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let check = |url: &str, reason: &str| {
        let body = json!({"webhook_name": "shop", "webhook_url": url});
        let id = merchant.webhook(&json!({"webhook_name": "shop"}))["webhook_id"].clone();
        let update = format!("/v1/webhooks/{id}");
        let order = order("1", "COMPLETED", url);
        let answers = [
            (merchant.api.post("/v1/webhooks", &body), "webhook_url"),
            (merchant.api.put(&update, &body), "webhook_url"),
            (
                merchant.operator.post(&merchant.path("webhooks"), &body),
                "webhook_url",
            ),
            (
                merchant
                    .operator
                    .post(&merchant.path("order-status-changes"), &order),
                "orderCallBackUrl",
            ),
        ];
        for (answer, field) in answers {
            answer.refused_for(400, field);
            let message = answer.refused(400)[0]["message"].to_string();
            assert!(message.contains(reason), "{url}: {message}");
        }
    };
    check("http://merchant.example/", "https");
    check("https://10.0.0.1/", "private");
    check("https://169.254.169.254/latest", "link-local");
    check("https://[::ffff:10.0.0.1]/", "private");
    check("https://user:word@merchant.example/", "user");
    check("https://merchant.example/#part", "behind `#`");
    check("https://merchant.example:0/", "port");
    check("ftp://merchant.example/", "https");
}
