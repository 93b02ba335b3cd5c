//! An OpenAPI 3.0 Schema Object as the JSON Schema (draft 7) that typify reads.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::names;

/// Members that mean nothing to JSON Schema, or another thing than in OpenAPI; and titles, which
/// typify takes for names, although many schemas may have one title.
const DROPPED: [&str; 7] = [
    "deprecated",
    "discriminator",
    "example",
    "externalDocs",
    "readOnly",
    "title",
    "writeOnly",
];

pub(crate) fn from_openapi(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    if let Some(reference) = members.get("$ref") {
        return json!({"$ref": definition(reference)});
    }
    let mut converted = Map::new();
    for (name, value) in members {
        let value = match (name.as_str(), value) {
            (name, _) if DROPPED.contains(&name) || name.starts_with("x-") => continue,
            // Bounds would make typify choose a type by them (1 and more: `NonZeroU64`), so that
            // an id of an answer would not fit where a request takes it. The server side checks them.
            ("minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf", _)
                if is_integer(members) =>
            {
                continue;
            }
            ("nullable", _) => continue,
            // Nothing, where there is no null.
            ("default", Value::Null) => continue,
            ("properties", Value::Object(properties)) => each(properties),
            ("required", Value::Array(required)) => in_both_directions(required, members),
            // What a discriminator chooses is one.
            ("anyOf", Value::Array(schemas)) if members.contains_key("discriminator") => {
                let schemas = schemas.iter().map(from_openapi).collect();
                converted.insert("oneOf".to_owned(), schemas);
                continue;
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
                schemas.iter().map(from_openapi).collect()
            }
            ("items" | "not" | "additionalProperties", schema) => from_openapi(schema),
            _ => value.clone(),
        };
        converted.insert(name.clone(), value);
    }
    exclusive_bounds(&mut converted);
    enumeration(&mut converted);
    if is_nullable(schema) {
        return nullable(converted);
    }
    Value::Object(converted)
}

/// Whether null stands for "no value" in the OpenAPI schema.
pub(crate) fn is_nullable(schema: &Value) -> bool {
    schema.get("nullable") == Some(&Value::Bool(true))
}

fn is_integer(members: &Map<String, Value>) -> bool {
    members.get("type").and_then(Value::as_str) == Some("integer")
}

fn each(schemas: &Map<String, Value>) -> Value {
    let schemas = schemas.iter();
    schemas
        .map(|(name, schema)| (name.clone(), from_openapi(schema)))
        .collect()
}

/// The required members that requests and answers have: what is `readOnly` is in answers alone, and
/// what is `writeOnly` in requests.
fn in_both_directions(required: &[Value], members: &Map<String, Value>) -> Value {
    let is_in_one = |name: &Value| {
        let property = members
            .get("properties")
            .and_then(|it| it.get(name.as_str()?));
        let says = |word| property.and_then(|it| it.get(word)) == Some(&Value::Bool(true));
        says("readOnly") || says("writeOnly")
    };
    required
        .iter()
        .filter(|name| !is_in_one(name))
        .cloned()
        .collect()
}

fn definition(reference: &Value) -> Value {
    let reference = reference.as_str().unwrap_or_default();
    reference
        .replace("#/components/schemas/", "#/definitions/")
        .into()
}

/// OpenAPI 3.0 says `exclusiveMinimum: true` beside `minimum`, JSON Schema gives the number.
fn exclusive_bounds(schema: &mut Map<String, Value>) {
    for (exclusive, bound) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if schema.remove(exclusive) == Some(Value::Bool(true))
            && let Some(number) = schema.remove(bound)
        {
            schema.insert(exclusive.to_owned(), number);
        }
    }
}

/// Null is no text, and stands outside. Texts that typify finds no names for, because they differ
/// in nothing that a name can have, become a pattern that admits these alone.
pub(crate) fn enumeration(schema: &mut Map<String, Value>) {
    let Some(Value::Array(values)) = schema.get_mut("enum") else {
        return;
    };
    if values.iter().all(Value::is_null) {
        return;
    }
    values.retain(|value| !value.is_null());
    let texts: Option<Vec<_>> = values.iter().map(Value::as_str).collect();
    let Some(texts) = texts else {
        return;
    };
    let spelled =
        |text: &&str| text.replace(|c| c == '_' || !unicode_ident::is_xid_continue(c), "X");
    if are_unique(&texts) || are_unique(&texts.iter().map(spelled).collect::<Vec<_>>()) {
        return;
    }
    let texts: Vec<_> = texts.iter().map(|text| escaped(text)).collect();
    let pattern = format!("^(?:{})$", texts.join("|"));
    schema.remove("enum");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("pattern".to_owned(), pattern.into());
}

/// Whether typify makes a name of its own of each.
fn are_unique(texts: &[impl AsRef<str>]) -> bool {
    let mut taken = BTreeSet::new();
    let mut names = texts.iter().map(|text| names::type_name(text.as_ref()));
    names.all(|name| taken.insert(name))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if "^$\\.*+?()[]{}|/".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn nullable(mut schema: Map<String, Value>) -> Value {
    let description = schema.remove("description");
    // A lone reference needs no `allOf` around it once the null stands outside; the type beside
    // it, without which OpenAPI 3.0 does not heed `nullable`, repeats the one referred to.
    let inner = match schema.get("allOf") {
        Some(Value::Array(parts))
            if parts.len() == 1 && schema.keys().all(|key| key == "allOf" || key == "type") =>
        {
            parts[0].clone()
        }
        _ => Value::Object(schema),
    };
    let mut outer = json!({"oneOf": [inner, {"type": "null"}]});
    if let (Some(description), Value::Object(outer)) = (description, &mut outer) {
        outer.insert("description".to_owned(), description);
    }
    outer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(openapi: &Value, expected: &Value) {
        assert_eq!(&from_openapi(openapi), expected);
    }

    #[test]
    fn references_point_at_definitions() {
        check(
            &json!({"$ref": "#/components/schemas/Order"}),
            &json!({"$ref": "#/definitions/Order"}),
        );
    }

    #[test]
    fn null_moves_out_of_the_schema() {
        check(
            &json!({"type": "string", "nullable": true, "allOf": [{"$ref": "#/components/schemas/Url"}]}),
            &json!({"oneOf": [{"$ref": "#/definitions/Url"}, {"type": "null"}]}),
        );
        check(
            &json!({"nullable": true, "type": "string", "description": "text"}),
            &json!({"oneOf": [{"type": "string"}, {"type": "null"}], "description": "text"}),
        );
    }

    #[test]
    fn a_property_may_have_the_name_of_a_keyword() {
        check(
            &json!({"type": "object", "properties": {"nullable": {"type": "string", "example": "x"}}}),
            &json!({"type": "object", "properties": {"nullable": {"type": "string"}}}),
        );
    }

    #[test]
    fn an_exclusive_bound_becomes_its_number() {
        check(
            &json!({"type": "number", "minimum": 0, "exclusiveMinimum": true}),
            &json!({"type": "number", "exclusiveMinimum": 0}),
        );
    }

    #[test]
    fn bounds_of_an_integer_do_not_choose_its_type() {
        check(
            &json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": 9}),
            &json!({"type": "integer", "format": "int64"}),
        );
    }

    #[test]
    fn what_one_direction_lacks_is_not_required() {
        check(
            &json!({"required": ["id", "name"], "properties": {"id": {"readOnly": true}, "name": {}}}),
            &json!({"required": ["name"], "properties": {"id": {}, "name": {}}}),
        );
    }

    #[test]
    fn texts_without_names_of_their_own_become_a_pattern() {
        check(
            &json!({"enum": ["a b", "a-b"]}),
            &json!({"type": "string", "pattern": "^(?:a b|a-b)$"}),
        );
        check(
            &json!({"type": "string", "enum": ["a+1", "a", null]}),
            &json!({"type": "string", "enum": ["a+1", "a"]}),
        );
        check(&json!({"enum": [null]}), &json!({"enum": [null]}));
    }

    #[test]
    fn a_discriminator_chooses_one() {
        check(
            &json!({"anyOf": [{"$ref": "#/components/schemas/A"}], "discriminator": {"propertyName": "k"}}),
            &json!({"oneOf": [{"$ref": "#/definitions/A"}]}),
        );
    }
}
