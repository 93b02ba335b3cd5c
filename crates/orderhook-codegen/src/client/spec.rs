//! The document as progenitor can read it: what it knows no word for is said another way.

use serde_json::{Map, Value};

use crate::api::{Api, Operation};
use crate::document::pointer;
use crate::models::json_schema;

/// The whole document, for progenitor.
pub(super) fn prepare(api: &Api<'_>) -> Value {
    let mut spec = api.document.root().clone();
    for section in ["paths", "components"] {
        if let Some(part) = spec.get_mut(section) {
            *part = as_of_models(part.take());
        }
    }
    for operation in api.served() {
        let Some(Value::Object(members)) = spec.pointer_mut(&operation.pointer) else {
            continue;
        };
        // progenitor asks every operation for one.
        members.insert("operationId".to_owned(), operation.id().into());
        if let Some(Value::Object(responses)) = members.get_mut("responses") {
            refuse_by_default(operation, responses);
        }
    }
    spec
}

/// The document without these operations.
pub(super) fn without<'o>(operations: impl Iterator<Item = &'o str>, mut spec: Value) -> Value {
    for operation in operations {
        let item = pointer::parent(operation).unwrap_or_default();
        if let Some(Value::Object(item)) = spec.pointer_mut(item) {
            item.shift_remove(&pointer::last(operation));
        }
    }
    spec
}

/// What the models are made of: progenitor chooses an integer's type by its bounds, takes titles for
/// names, and finds no names for some texts.
fn as_of_models(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            json_schema::enumeration(members);
            if members.get("title").is_some_and(Value::is_string) {
                members.shift_remove("title");
            }
            if members.get("type").and_then(Value::as_str) == Some("integer") {
                members.remove("minimum");
                members.remove("maximum");
            }
            for member in members.values_mut() {
                *member = as_of_models(member.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = as_of_models(item.take());
            }
        }
        _ => {}
    }
    value
}

/// A `default` beside a status of success stands for refusals; progenitor would take it for both.
fn refuse_by_default(operation: &Operation<'_>, responses: &mut Map<String, Value>) {
    let answers = operation.responses();
    let has_success = answers.iter().any(|answer| answer.status.starts_with('2'));
    if has_success && let Some(default) = responses.shift_remove("default") {
        for status in ["4XX", "5XX"] {
            responses.entry(status).or_insert_with(|| default.clone());
        }
    }
}
