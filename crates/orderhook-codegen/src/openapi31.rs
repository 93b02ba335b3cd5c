//! The same document as OpenAPI 3.1, for readers that know `webhooks`.
//!
//! Purely mechanical: nothing is in the result that is not in the 3.0 document.

use serde_json::{Map, Value, json};

use crate::document::Document;
use crate::document::shape::{self, Holds, Kind};

/// Keywords that describe a schema and refuse no value; they stay outside when the rest is
/// moved into an `anyOf`.
const ANNOTATIONS: [&str; 11] = [
    "title",
    "description",
    "default",
    "example",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "discriminator",
    "externalDocs",
    "xml",
];

/// Derives the OpenAPI 3.1.0 document, in the order of the original.
///
/// - `x-webhooks` becomes `webhooks`.
/// - `nullable` becomes `type: [.., "null"]`, or an `anyOf` with null where there is no type.
/// - Boolean `exclusiveMinimum` and `exclusiveMaximum` become numbers.
/// - The `example` of a schema becomes `examples`.
/// - `format: binary` and `byte` become `contentMediaType` and `contentEncoding`.
/// - What stands beside a `$ref` is dropped: 3.0 ignores it, and 3.1 would not.
pub fn derive(document: &Document) -> Value {
    convert(Kind::OpenApi, document.root())
}

fn convert(kind: Kind, value: &Value) -> Value {
    if let Some(reference) = shape::reference(value) {
        return json!({ "$ref": reference });
    }
    let Value::Object(members) = value else {
        return value.clone();
    };
    let members = members
        .iter()
        .map(|(name, member)| (name.clone(), convert_member(kind, name, member)))
        .collect();
    match kind {
        Kind::OpenApi => Value::Object(version_and_webhooks(members)),
        Kind::Schema => Value::Object(nullable(schema_keywords(members))),
        _ => Value::Object(members),
    }
}

fn convert_member(kind: Kind, name: &str, member: &Value) -> Value {
    match (shape::member(kind, name), member) {
        (Some(Holds::One(kind)), member) => convert(kind, member),
        (Some(Holds::List(kind)), Value::Array(items)) => {
            items.iter().map(|item| convert(kind, item)).collect()
        }
        (Some(Holds::Map(kind)), Value::Object(entries)) => entries
            .iter()
            .map(|(name, entry)| (name.clone(), convert(kind, entry)))
            .collect(),
        _ => member.clone(),
    }
}

fn version_and_webhooks(members: Map<String, Value>) -> Map<String, Value> {
    let rename = |(name, member): (String, Value)| match name.as_str() {
        "openapi" => (name, Value::from("3.1.0")),
        "x-webhooks" => ("webhooks".to_owned(), member),
        _ => (name, member),
    };
    members.into_iter().map(rename).collect()
}

/// Everything about a schema but `nullable`.
fn schema_keywords(members: Map<String, Value>) -> Map<String, Value> {
    let is_exclusive = |bound: &str| members.get(bound) == Some(&Value::Bool(true));
    let exclusive_minimum = is_exclusive("exclusiveMinimum");
    let exclusive_maximum = is_exclusive("exclusiveMaximum");
    members
        .into_iter()
        .filter_map(|(name, member)| match (name.as_str(), &member) {
            ("minimum", _) if exclusive_minimum => Some(("exclusiveMinimum".into(), member)),
            ("maximum", _) if exclusive_maximum => Some(("exclusiveMaximum".into(), member)),
            ("exclusiveMinimum" | "exclusiveMaximum", Value::Bool(_)) => None,
            ("example", _) => Some(("examples".into(), Value::Array(vec![member]))),
            ("format", Value::String(format)) if format == "binary" => {
                Some(("contentMediaType".into(), "application/octet-stream".into()))
            }
            ("format", Value::String(format)) if format == "byte" => {
                Some(("contentEncoding".into(), "base64".into()))
            }
            _ => Some((name, member)),
        })
        .collect()
}

fn nullable(mut members: Map<String, Value>) -> Map<String, Value> {
    let is_nullable = members.shift_remove("nullable") == Some(Value::Bool(true));
    let has_subschemas = ["allOf", "oneOf", "anyOf"]
        .iter()
        .any(|keyword| members.contains_key(*keyword));
    if !is_nullable {
        return members;
    }
    match members.get_mut("type") {
        Some(value @ Value::String(_)) if !has_subschemas => {
            *value = json!([value.take(), "null"]);
            members
        }
        _ if has_subschemas => any_of_null(members),
        // 3.0 gives `nullable` no meaning where nothing refuses null.
        _ => members,
    }
}

fn any_of_null(members: Map<String, Value>) -> Map<String, Value> {
    let is_annotation = |name: &str| ANNOTATIONS.contains(&name) || name.starts_with("x-");
    let (mut outside, inside): (Map<_, _>, Map<_, _>) = members
        .into_iter()
        .partition(|(name, _)| is_annotation(name));
    let alternative = match inside
        .get("allOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([single]) if inside.len() == 1 => single.clone(),
        _ => Value::Object(inside),
    };
    outside.insert("anyOf".into(), json!([alternative, { "type": "null" }]));
    outside
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts that component schema `A`, given in 3.0, is `expected` in 3.1, order included.
    #[track_caller]
    fn check(schema: &str, expected: &str) {
        let text = format!(
            "openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\npaths: {{}}\ncomponents: {{schemas: {{A: {schema}}}}}\n",
        );
        let document = Document::parse("api.yaml", &text).expect("a valid document");
        let derived = derive(&document);
        let derived = derived.pointer("/components/schemas/A").expect("exists");
        assert_eq!(derived.to_string(), expected);
    }

    #[test]
    fn schemas_are_written_the_way_of_3_1() {
        let cases = [
            (
                "{type: string, nullable: true}",
                r#"{"type":["string","null"]}"#,
            ),
            ("{type: string, nullable: false}", r#"{"type":"string"}"#),
            ("{nullable: true}", "{}"),
            (
                "{description: d, nullable: true, allOf: [{$ref: '#/B'}]}",
                r##"{"description":"d","anyOf":[{"$ref":"#/B"},{"type":"null"}]}"##,
            ),
            (
                "{type: object, nullable: true, allOf: [{$ref: '#/B'}, {$ref: '#/C'}]}",
                r##"{"anyOf":[{"type":"object","allOf":[{"$ref":"#/B"},{"$ref":"#/C"}]},{"type":"null"}]}"##,
            ),
            (
                "{type: integer, minimum: 1, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false}",
                r#"{"type":"integer","exclusiveMinimum":1,"maximum":9}"#,
            ),
            (
                "{type: string, example: a}",
                r#"{"type":"string","examples":["a"]}"#,
            ),
            (
                "{type: string, format: binary}",
                r#"{"type":"string","contentMediaType":"application/octet-stream"}"#,
            ),
            (
                "{type: string, format: byte}",
                r#"{"type":"string","contentEncoding":"base64"}"#,
            ),
            (
                "{type: string, format: uuid}",
                r#"{"type":"string","format":"uuid"}"#,
            ),
            (
                "{type: array, items: {type: string, nullable: true}}",
                r#"{"type":"array","items":{"type":["string","null"]}}"#,
            ),
            // A property may be named like a keyword, and an example is data.
            (
                "{type: object, properties: {nullable: {type: string, nullable: true}, example: {type: string}}}",
                r#"{"type":"object","properties":{"nullable":{"type":["string","null"]},"example":{"type":"string"}}}"#,
            ),
            (
                "{type: object, example: {nullable: true, type: a, $ref: b}}",
                r#"{"type":"object","examples":[{"nullable":true,"type":"a","$ref":"b"}]}"#,
            ),
        ];
        for (schema, expected) in cases {
            check(schema, expected);
        }
    }

    #[test]
    fn pushes_become_webhooks_in_their_place() {
        let text = "
openapi: 3.0.3
info: {title: t, version: '1'}
x-webhooks:
  p:
    post:
      requestBody:
        content:
          application/json:
            schema: {type: string, nullable: true}
            example: {nullable: true}
      responses: {200: {description: ok}}
paths: {}
";
        let document = Document::parse("api.yaml", text).expect("a valid document");

        let expected = json!({
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "webhooks": {"p": {"post": {
                "requestBody": {"content": {"application/json": {
                    "schema": {"type": ["string", "null"]},
                    "example": {"nullable": true},
                }}},
                "responses": {"200": {"description": "ok"}},
            }}},
            "paths": {},
        });
        assert_eq!(derive(&document).to_string(), expected.to_string());
    }
}
