//! An OpenAPI 3.1 document, taken apart into facts that have a name each.

use std::collections::BTreeMap;

use orderhook_codegen::document::shape::reference;
use serde_json::{Map, Value, json};

use super::schema;

/// Such as `GET /v1/webhooks query limit` → `{"required": false, "schema": {…}}`.
pub(super) type Facts = BTreeMap<String, Value>;

/// What a document says about its operations, their security and the component schemas.
///
/// Left out is what only a reader sees (descriptions, summaries, titles, examples, servers), and
/// `webhooks`: the server answers no pushes, and their models are compared with the others.
pub(super) fn facts(document: &Value) -> Facts {
    let mut facts = Facts::new();
    for member in ["title", "version"] {
        facts.insert(format!("info {member}"), document["info"][member].clone());
    }
    for (path, item) in entries(&document["paths"]) {
        // Beside its operations an item has parameters, which have no responses.
        let operations = entries(item).filter(|(_, member)| member.get("responses").is_some());
        for (method, operation) in operations {
            let name = format!("{} {path}", method.to_uppercase());
            add_operation(&mut facts, document, &name, item, operation);
        }
    }
    for (name, schema) in entries(&document["components"]["schemas"]) {
        schema::add(&mut facts, name, schema);
    }
    for (name, scheme) in entries(&document["components"]["securitySchemes"]) {
        facts.insert(format!("security scheme {name}"), scheme.clone());
    }
    facts
}

fn add_operation(facts: &mut Facts, document: &Value, name: &str, item: &Value, operation: &Value) {
    let security = operation.get("security").unwrap_or(&document["security"]);
    for (member, value) in [
        ("operationId", &operation["operationId"]),
        ("tags", &operation["tags"]),
        ("security", security),
    ] {
        facts.insert(format!("{name} {member}"), value.clone());
    }
    for parameter in items(&item["parameters"]).chain(items(&operation["parameters"])) {
        add_parameter(facts, name, resolve(document, parameter));
    }
    if let Some(body) = operation.get("requestBody") {
        let body = resolve(document, body);
        let required = body.get("required").unwrap_or(&Value::Bool(false));
        let fact = json!({"required": required, "content": content(body)});
        facts.insert(format!("{name} body"), fact);
    }
    for (status, response) in entries(&operation["responses"]) {
        let response = resolve(document, response);
        facts.insert(format!("{name} {status}"), content(response));
        for (header, value) in entries(&response["headers"]) {
            let schema = schema::plain(&resolve(document, value)["schema"]);
            facts.insert(format!("{name} {status} header {header}"), schema);
        }
    }
}

fn add_parameter(facts: &mut Facts, operation: &str, parameter: &Value) {
    let text = |member: &str| parameter[member].as_str().unwrap_or_default();
    let name = format!("{operation} {} {}", text("in"), text("name"));
    if let Some(value) = parameter.get("allowEmptyValue") {
        facts.insert(format!("{name} allowEmptyValue"), value.clone());
    }
    let required = parameter.get("required").unwrap_or(&Value::Bool(false));
    let schema = schema::plain(&parameter["schema"]);
    facts.insert(name, json!({"required": required, "schema": schema}));
}

/// The schema of each media type of a body.
fn content(body: &Value) -> Value {
    let media_types = entries(&body["content"]);
    let schemas = media_types.map(|(name, media)| (name.clone(), schema::plain(&media["schema"])));
    Value::Object(schemas.collect::<Map<_, _>>())
}

/// What stands at the end of a reference.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match reference(value) {
        Some(reference) => {
            let target = document.pointer(reference.trim_start_matches('#'));
            target.unwrap_or_else(|| panic!("{reference} names nothing"))
        }
        None => value,
    }
}

pub(super) fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
