//! Which keywords of a request's schema the server checks. Any other is refused here, because it
//! would promise a check that nobody makes.

use serde_json::Value;

use crate::document::{Document, Error, pointer};

/// What says nothing about which values are valid.
const ANNOTATIONS: [&str; 9] = [
    "type",
    "description",
    "title",
    "example",
    "deprecated",
    "externalDocs",
    "discriminator",
    "xml",
    "nullable",
];

const COMBINATION: &str = "a combination of schemas can't be checked; write one schema";

pub(super) fn check(document: &Document, at: &str, schema: &Value) -> Result<(), Error> {
    let kind = schema.get("type").and_then(Value::as_str);
    for (name, value) in schema.as_object().into_iter().flatten() {
        if ANNOTATIONS.contains(&name.as_str()) || name.starts_with("x-") {
            continue;
        }
        let problem = match (kind, name.as_str()) {
            (_, "allOf") if value.as_array().is_some_and(|parts| parts.len() == 1) => continue,
            (_, "allOf" | "oneOf" | "anyOf" | "not") => COMBINATION.to_owned(),
            (Some("string"), "pattern") => {
                "a `pattern` can't be checked; use `maxLength`, `enum` or `format`".to_owned()
            }
            (Some(kind), "format") => match value.as_str() {
                Some(format) if formats(kind).contains(&format) => continue,
                _ => format!(
                    "the format {value} beside `type: {kind}` can't be checked; leave it out"
                ),
            },
            (Some(kind), name) if keywords(kind).contains(&name) => continue,
            (Some("object"), "additionalProperties") if value == &Value::Bool(true) => continue,
            (None, name) => format!("`{name}` needs a `type` beside it; add it"),
            (Some(kind), name) => {
                format!(
                    "`{name}` beside `type: {kind}` can't be checked in a request; leave it out"
                )
            }
        };
        return Err(document.unsupported(&pointer::join(at, name), problem));
    }
    if kind == Some("integer") {
        return whole_bounds(document, at, schema);
    }
    Ok(())
}

fn keywords(kind: &str) -> &'static [&'static str] {
    match kind {
        "string" => &["minLength", "maxLength", "enum"],
        "integer" => &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
        "number" => &["minimum", "maximum"],
        "array" => &["items", "minItems", "maxItems", "uniqueItems"],
        "object" => &["properties", "required"],
        _ => &[],
    }
}

/// The formats that are checked, or that every value of the type has.
fn formats(kind: &str) -> &'static [&'static str] {
    match kind {
        "string" => &["decimal", "password", "uri"],
        "integer" => &["int64"],
        "number" => &["double"],
        _ => &[],
    }
}

fn whole_bounds(document: &Document, at: &str, schema: &Value) -> Result<(), Error> {
    for name in ["minimum", "maximum"] {
        if schema
            .get(name)
            .is_some_and(|bound| bound.as_i64().is_none())
        {
            let message = format!("`{name}` of an integer must be a 64-bit integer; write one");
            return Err(document.unsupported(&pointer::join(at, name), message));
        }
    }
    Ok(())
}
