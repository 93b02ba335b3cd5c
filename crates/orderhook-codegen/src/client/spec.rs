//! The document as progenitor can read it: what it knows no word for is said another way.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::api::{Api, Operation, Response, media_types};
use crate::document::pointer;
use crate::models::json_schema;

const JSON: &str = "application/json";

/// Media types of a request body that progenitor can send, the best first.
const SENT: [&str; 5] = [
    JSON,
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "text/plain",
    "text/x-markdown",
];

/// The whole document, for progenitor, and whether the client has any answer to read as JSON.
pub(super) fn prepare(api: &Api<'_>) -> (Value, bool) {
    let mut reads_json = false;
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
        if let Some(body) = one_media_type(operation) {
            members.insert("requestBody".to_owned(), body);
        }
        if let Some(Value::Object(responses)) = members.get_mut("responses") {
            reads_json |= one_type(operation, responses);
        }
    }
    (spec, reads_json)
}

/// The document without these operations.
pub(super) fn without(operations: &[&Operation<'_>], mut spec: Value) -> Value {
    for operation in operations {
        let item = pointer::parent(&operation.pointer).unwrap_or_default();
        if let Some(Value::Object(item)) = spec.pointer_mut(item) {
            item.shift_remove(&pointer::last(&operation.pointer));
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

/// The request body in the form that the client sends, where a server takes it in several.
fn one_media_type(operation: &Operation<'_>) -> Option<Value> {
    let body = operation.request_body()?;
    let types = media_types(&body);
    let find = |name: &str| types.iter().find(|it| pointer::last(&it.pointer) == name);
    let content = match SENT
        .into_iter()
        .find_map(|name| find(name).map(|it| (name, it)))
    {
        Some(_) if types.len() == 1 => return None,
        Some((name, best)) => json!({ name: as_of_models(best.value.clone()) }),
        // Bytes are of any media type.
        None => {
            find("*/*")?;
            json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } })
        }
    };
    let mut body = body.value.clone();
    body["content"] = content;
    Some(body)
}

/// Gives the answers of success one type, and those of failure: what progenitor's methods return.
/// Where they differ, the method returns status and bytes. Whether one of both is JSON.
fn one_type(operation: &Operation<'_>, responses: &mut Map<String, Value>) -> bool {
    let answers = operation.responses();
    let has_success = answers.iter().any(|answer| answer.status.starts_with('2'));
    let is_success = |status: &str| status.starts_with('2') || !has_success && status == "default";
    let is_failure = |status: &str| status.starts_with(['4', '5']) || status == "default";
    let mut reads_json = false;
    let groups: [&dyn Fn(&str) -> bool; 2] = [&is_failure, &is_success];
    for belongs in groups {
        let group = || answers.iter().filter(|answer| belongs(answer.status));
        let kinds: BTreeSet<_> = group().map(Kind::of).collect();
        if kinds.len() > 1 {
            for answer in group() {
                let mut raw = answer.node.value.clone();
                raw["content"] = json!({ "application/octet-stream": {} });
                responses.insert(answer.status.to_owned(), raw);
            }
        } else {
            reads_json |= kinds.iter().any(|kind| matches!(kind, Kind::Json(_)));
        }
    }
    // progenitor would take it for one of success as well.
    if has_success && let Some(default) = responses.shift_remove("default") {
        for status in ["4XX", "5XX"] {
            responses.entry(status).or_insert_with(|| default.clone());
        }
    }
    reads_json
}

/// What the client reads an answer as.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Nothing,
    Bytes,
    Json(String),
}

impl Kind {
    fn of(answer: &Response<'_>) -> Self {
        let types = media_types(&answer.node);
        let json = types.iter().find(|it| is_json(&pointer::last(&it.pointer)));
        match json {
            Some(json) => Self::Json(
                json.value
                    .get("schema")
                    .map_or_else(String::new, Value::to_string),
            ),
            None if types.is_empty() => Self::Nothing,
            None => Self::Bytes,
        }
    }
}

/// Whether progenitor reads an answer of the media type as JSON.
fn is_json(media_type: &str) -> bool {
    media_type == JSON || media_type.starts_with("application/json;")
}
