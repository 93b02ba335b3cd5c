//! A value of every schema with all of its members, made from the spec.

use orderhook_codegen::Document;
use orderhook_codegen::document::pointer;
use serde_json::{Map, Value, json};

/// What stands in a sample wherever the spec has a secret.
pub(super) const SECRET: &str = "whsec_THE_SECRET";

/// A value that satisfies the schema at `at`.
///
/// # Panics
/// If the schema is of a kind that the spec does not use yet.
pub(super) fn sample(document: &Document, at: &str) -> Value {
    let schema = document.resolve(at).expect("the reference is whole");
    let keyword = |name: &str| schema.value.get(name);
    if let Some(first) = ["enum", "x-extensible-enum"]
        .iter()
        .find_map(|list| keyword(list)?.get(0))
    {
        return first.clone();
    }
    let part = |name: &str| pointer::join(&schema.pointer, name);
    match keyword("type").and_then(Value::as_str) {
        Some("object") => members(document, schema.value, &part("properties")),
        Some("array") => json!([sample(document, &part("items"))]),
        Some("boolean") => json!(true),
        Some("integer") => json!(7),
        Some("string") => json!(text(&schema.pointer, keyword("format"))),
        other => panic!("{at}: no sample of type {other:?}"),
    }
}

fn members(document: &Document, schema: &Value, properties_at: &str) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    let members = properties.into_iter().flatten().map(|(name, _)| {
        let at = pointer::join(properties_at, name);
        (name.clone(), sample(document, &at))
    });
    Value::Object(members.collect::<Map<_, _>>())
}

fn text(at: &str, format: Option<&Value>) -> &'static str {
    match (pointer::last(at).as_str(), format.and_then(Value::as_str)) {
        (_, Some("password")) => SECRET,
        (_, Some("uri")) => "https://merchant.example/hooks",
        ("DecimalText", _) => "129.870129870129870129",
        ("OperatorIdText", _) => "7",
        _ => "a text",
    }
}
