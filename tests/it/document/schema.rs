//! Schemas in one form, however they are written.
//!
//! | written | here |
//! |---|---|
//! | `type: [T, "null"]`, `oneOf` or `anyOf` of X and null | `{"nullable": X}` |
//! | `allOf` of one schema, with its own `type` beside it (what 3.0 needs for a nullable reference) | that schema |
//! | `{}` in the place of a schema | `true` |
//! | `required` in any order, or empty | sorted, or absent |
//! | `propertyNames: {type: string}`, true of all JSON | absent |
//! | `description`, `title`, `example`, and `x-…` other than `x-extensible-enum` | absent |

use serde_json::{Map, Value, json};

use super::facts::{Facts, entries, items};

/// Adds a component schema: a fact for itself, and one for each of its members.
pub(super) fn add(facts: &mut Facts, name: &str, schema: &Value) {
    let mut schema = plain(schema);
    if let Some(Value::Object(members)) = schema.get_mut("properties").map(Value::take) {
        for (member, schema) in members {
            facts.insert(format!("schema {name}.{member}"), schema);
        }
    }
    facts.insert(format!("schema {name}"), schema);
}

/// The schema in the one form.
pub(super) fn plain(schema: &Value) -> Value {
    let Value::Object(written) = schema else {
        return schema.clone();
    };
    let keywords = written.iter().filter(|(name, _)| !is_for_readers(name));
    let mut plain: Map<String, Value> = keywords
        .filter(|(name, value)| *name != "propertyNames" || **value != json!({"type": "string"}))
        .map(|(name, value)| (name.clone(), keyword(name, value)))
        .filter(|(name, value)| name != "required" || *value != json!([]))
        .collect();
    if plain.is_empty() {
        return Value::Bool(true);
    }
    if let Some(only) = only_part_of_all(&plain) {
        return only;
    }
    if let Some(other_than_null) = other_than_null(&mut plain) {
        return json!({"nullable": other_than_null});
    }
    Value::Object(plain)
}

fn is_for_readers(keyword: &str) -> bool {
    let is_extension = keyword.starts_with("x-") && keyword != "x-extensible-enum";
    is_extension || ["description", "title", "example", "examples"].contains(&keyword)
}

fn keyword(name: &str, value: &Value) -> Value {
    match name {
        "properties" => {
            let members = entries(value).map(|(name, schema)| (name.clone(), plain(schema)));
            Value::Object(members.collect())
        }
        "items" | "additionalProperties" | "not" => plain(value),
        "allOf" | "anyOf" | "oneOf" => items(value).map(plain).collect(),
        "required" => {
            let mut names: Vec<&Value> = items(value).collect();
            names.sort_by_key(|name| name.as_str());
            json!(names)
        }
        _ => value.clone(),
    }
}

fn only_part_of_all(schema: &Map<String, Value>) -> Option<Value> {
    let [part] = schema.get("allOf")?.as_array()?.as_slice() else {
        return None;
    };
    let alone = schema
        .keys()
        .all(|name| ["type", "allOf"].contains(&name.as_str()));
    alone.then(|| part.clone())
}

/// Of a schema that admits null, what it admits besides.
fn other_than_null(schema: &mut Map<String, Value>) -> Option<Value> {
    if let Some([other, null]) = ["anyOf", "oneOf"]
        .iter()
        .find_map(|choice| {
            <&[Value; 2]>::try_from(schema.get(*choice)?.as_array()?.as_slice()).ok()
        })
        .filter(|_| schema.len() == 1)
        && *null == json!({"type": "null"})
    {
        return Some(other.clone());
    }
    let [Value::String(other), Value::String(null)] = schema.get("type")?.as_array()?.as_slice()
    else {
        return None;
    };
    if null != "null" {
        return None;
    }
    let other = other.clone();
    schema.insert("type".to_owned(), Value::String(other));
    Some(Value::Object(schema.clone()))
}
