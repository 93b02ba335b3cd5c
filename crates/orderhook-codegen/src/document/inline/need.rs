//! Which schemas typify writes a type of their own for.

use serde_json::{Map, Value};

use crate::document::shape;

/// Keywords that make typify write a type of its own, whatever the type.
const COMBINING: [&str; 6] = [
    "enum",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "x-extensible-enum",
];

/// What may stand beside a lone reference in `allOf` without making another type of it.
const BESIDE_A_REFERENCE: [&str; 8] = [
    "allOf",
    "default",
    "deprecated",
    "description",
    "example",
    "nullable",
    "title",
    "type",
];

/// Whether typify needs a name for the schema.
pub(super) fn needs_name(schema: &Value) -> bool {
    let Value::Object(members) = schema else {
        return false;
    };
    if shape::reference(schema).is_some() || is_lone_reference(members) {
        return false;
    }
    let has = |keyword: &str| members.contains_key(keyword);
    if COMBINING.into_iter().any(has) {
        return true;
    }
    match members.get("type").and_then(Value::as_str) {
        Some("string") => ["pattern", "minLength", "maxLength"].into_iter().any(has),
        Some("object") | None => {
            let is_closed = members.get("additionalProperties") == Some(&Value::Bool(false));
            let properties = members.get("properties").and_then(Value::as_object);
            is_closed || properties.is_some_and(|it| !it.is_empty())
        }
        Some(_) => false,
    }
}

/// One reference in `allOf`, as it is written to say more than a reference can.
fn is_lone_reference(members: &Map<String, Value>) -> bool {
    let parts = members.get("allOf").and_then(Value::as_array);
    let is_one = parts.is_some_and(|parts| {
        parts.len() == 1 && parts.iter().all(|part| shape::reference(part).is_some())
    });
    let says_more = |name: &String| !BESIDE_A_REFERENCE.contains(&name.as_str());
    is_one && !members.keys().any(says_more)
}
