//! What every generator asks of a document before it looks closer: references that lead to what
//! they stand for, types that exist, and schemas that are not made of themselves.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::shape::{self, Kind};
use crate::document::{Document, Error, pointer};
use crate::endless;

const SCHEMAS: &str = "/components/schemas";

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// Stops at the first part of `document` that is not sound.
pub(crate) fn check(document: &Document) -> Result<(), Error> {
    let mut result = Ok(());
    shape::walk(
        Kind::OpenApi,
        document.root(),
        "",
        &mut |kind, at, value| {
            if result.is_ok() {
                result = check_part(document, kind, at, value);
            }
        },
    );
    result.and_then(|()| endless::check(document))
}

fn check_part(document: &Document, kind: Kind, at: &str, value: &Value) -> Result<(), Error> {
    if let Some(reference) = shape::reference(value) {
        document.resolve(at)?;
        check_section(document, kind, at, reference)?;
    }
    if kind != Kind::Schema {
        return Ok(());
    }
    if let Some(reference) = shape::reference(value)
        && !names_a_schema(reference)
    {
        let message =
            "a schema can refer to a schema of `#/components/schemas` alone; move it there";
        return Err(document.unsupported(at, message));
    }
    if let Some(Value::String(kind)) = value.get("type")
        && !TYPES.contains(&kind.as_str())
    {
        let message = format!("the type `{kind}` is not one of OpenAPI 3.0; write another");
        return Err(document.unsupported(&pointer::join(at, "type"), message));
    }
    // typify recurses without end into such a schema.
    if is_made_of_itself(document, at) {
        let message = "the schema is made of itself; refer to it in `properties` or `items` only";
        return Err(document.unsupported(at, message));
    }
    Ok(())
}

/// progenitor looks a reference up by its name alone, among components of the kind that it expects.
fn check_section(document: &Document, kind: Kind, at: &str, reference: &str) -> Result<(), Error> {
    let section = match kind {
        Kind::Parameter => "parameters",
        Kind::RequestBody => "requestBodies",
        Kind::Response => "responses",
        Kind::Header => "headers",
        Kind::Example => "examples",
        Kind::Link => "links",
        Kind::Callback => "callbacks",
        Kind::SecurityScheme => "securitySchemes",
        _ => return Ok(()),
    };
    let target = reference.strip_prefix('#').unwrap_or_default();
    if pointer::parent(target) == Some(format!("/components/{section}").as_str()) {
        return Ok(());
    }
    let message = format!("`{reference}` is not in `#/components/{section}`; move it there");
    Err(document.unsupported(at, message))
}

fn names_a_schema(reference: &str) -> bool {
    let target = reference.strip_prefix('#').unwrap_or_default();
    pointer::parent(target) == Some(SCHEMAS)
}

/// Whether references and combinations lead from the schema at `start` back to it.
fn is_made_of_itself(document: &Document, start: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = parts(document, start);
    while let Some(at) = open.pop() {
        if at == start {
            return true;
        }
        if seen.insert(at.clone()) {
            open.extend(parts(document, &at));
        }
    }
    false
}

/// The schemas that a value of the schema at `at` is a value of as well, or may be.
fn parts(document: &Document, at: &str) -> Vec<String> {
    let Some(schema) = document.get(at) else {
        return Vec::new();
    };
    if let Some(reference) = shape::reference(schema) {
        return reference
            .strip_prefix('#')
            .map(str::to_owned)
            .into_iter()
            .collect();
    }
    let mut parts = Vec::new();
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let list = schema.get(keyword).and_then(Value::as_array);
        let length = list.map_or(0, Vec::len);
        let at = pointer::join(at, keyword);
        parts.extend((0..length).map(|index| pointer::join(&at, &index.to_string())));
    }
    parts.extend(schema.get("not").map(|_| pointer::join(at, "not")));
    parts
}
