//! What the comparison sees: each case changes one place of the spec's document and expects
//! exactly the facts on which the code then disagrees.

use serde_json::{Value, json};

use super::{code, differences, facts, is_explained, spec};

/// Sets what is at `at`, or with `None` removes it.
#[track_caller]
fn check(at: &str, value: Option<Value>, expected: &[&str]) {
    let mut changed = spec();
    let (parent, member) = at.rsplit_once('/').expect("a member");
    let parent = changed
        .pointer_mut(parent)
        .expect("it stands there no longer");
    let parent = parent.as_object_mut().expect("an object");
    match value {
        Some(value) => parent.insert(member.to_owned(), value),
        None => parent.remove(member),
    };

    let (spec, code) = (facts(&changed), facts(&code()));
    let seen: Vec<&str> = differences(&spec, &code)
        .into_keys()
        .filter(|name| !is_explained(name))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_change_of_an_operation() {
    let list = "/paths/~1v1~1webhooks/get";
    let at = |place: &str| format!("{list}{place}");
    check(
        &at("/operationId"),
        Some(json!("all")),
        &["GET /v1/webhooks operationId"],
    );
    check(
        &at("/tags"),
        Some(json!(["events"])),
        &["GET /v1/webhooks tags"],
    );
    check(
        &at("/security"),
        Some(json!([{}])),
        &["GET /v1/webhooks security"],
    );
    check(&at("/responses/503"), None, &["GET /v1/webhooks 503"]);
    check(
        &at("/responses/409"),
        Some(json!({"$ref": "#/components/responses/Conflict"})),
        &["GET /v1/webhooks 409"],
    );
    check(
        "/components/responses/Webhook/content/application~1json/schema/$ref",
        Some(json!("#/components/schemas/Webhook")),
        &["POST /v1/webhooks 200", "PUT /v1/webhooks/{webhook_id} 200"],
    );
    check(
        "/paths/~1v1~1webhooks/post/requestBody/required",
        Some(json!(false)),
        &["POST /v1/webhooks body"],
    );
}

#[test]
fn a_change_of_a_parameter() {
    let limit = "/paths/~1v1~1webhooks/get/parameters/1";
    let at = |place: &str| format!("{limit}{place}");
    let limit = ["GET /v1/webhooks query limit"];
    check(&at("/schema/maximum"), Some(json!(100_000)), &limit);
    check(&at("/schema/minimum"), None, &limit);
    check(&at("/schema/type"), Some(json!("string")), &limit);
    check(&at("/required"), Some(json!(true)), &limit);
    check(
        &at("/name"),
        Some(json!("size")),
        &[
            "GET /v1/webhooks query limit",
            "GET /v1/webhooks query size",
        ],
    );
    check(
        &at("/in"),
        Some(json!("header")),
        &[
            "GET /v1/webhooks header limit",
            "GET /v1/webhooks query limit",
        ],
    );
}

#[test]
fn a_change_of_a_schema() {
    let at = |place: &str| format!("/components/schemas/{place}");
    check(
        &at("WebhookName/maxLength"),
        Some(json!(21)),
        &["schema WebhookName"],
    );
    check(&at("WebhookUrl/format"), None, &["schema WebhookUrl"]);
    check(&at("EventType/maxLength"), None, &["schema EventType"]);
    check(
        &at("OrderState/x-extensible-enum"),
        Some(json!(["FAILED"])),
        &["schema OrderState"],
    );
    check(
        &at("OrderStatusPushType/enum"),
        Some(json!(["order"])),
        &["schema OrderStatusPushType"],
    );
    check(
        &at("Order/required"),
        Some(json!(["orderId"])),
        &["schema Order"],
    );
    check(&at("Order/properties/tag"), None, &["schema Order.tag"]);
    check(
        &at("Order/properties/tag/type"),
        Some(json!(["string", "null"])),
        &["schema Order.tag"],
    );
    check(
        &at("Fault/properties/field/type"),
        Some(json!("integer")),
        &["schema Fault.field"],
    );
    check(
        &at("ErrorData/properties/faults/items/$ref"),
        Some(json!("#/components/schemas/ErrorData")),
        &["schema ErrorData.faults"],
    );
    check(
        &at("UpdateWebhookRequest/properties/webhook_url"),
        Some(json!({"$ref": "#/components/schemas/WebhookUrl"})),
        &["schema UpdateWebhookRequest.webhook_url"],
    );
    check(
        &at("CardEventData/additionalProperties"),
        Some(json!(false)),
        &["schema CardEventData"],
    );
    check(
        "/components/schemas/Refund",
        Some(json!({"type": "object"})),
        &["schema Refund"],
    );
}
