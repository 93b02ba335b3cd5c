//! Which keywords of a request's schema the server checks, and those that are refused.
//!
//! The keywords of OpenAPI 3.0 are checked. One that belongs to another type than the schema's
//! holds for no value, as JSON Schema has it, and is left out. So are formats that are not known
//! here: OpenAPI calls formats open-valued, and one that a tool does not know is an annotation.
//! Patterns are compiled without the flag `u`, as typify's models compile them.
//!
//! Refused is what would promise a check that nobody makes: a keyword that OpenAPI 3.0 does not
//! have (of a later JSON Schema, or misspelt), a value that its keyword can't have, keywords of
//! several types where no `type` says which one is meant, and bounds that leave no value at all.

use serde_json::Value;

use crate::document::{Document, Error, pointer};

/// What says nothing about which values are valid in a request.
const ANNOTATIONS: [&str; 15] = [
    "$comment",
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "format",
    "nullable",
    "readOnly",
    "title",
    "type",
    "writeOnly",
    "xml",
];

/// What is made of other schemas, for values of any type.
const COMBINATIONS: [&str; 4] = ["allOf", "oneOf", "anyOf", "not"];

/// The type of values that a keyword is about.
const KINDS: [(&str, &[&str]); 4] = [
    (
        "object",
        &[
            "properties",
            "required",
            "additionalProperties",
            "minProperties",
            "maxProperties",
        ],
    ),
    ("array", &["items", "minItems", "maxItems", "uniqueItems"]),
    ("string", &["minLength", "maxLength", "pattern"]),
    (
        "number",
        &[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ],
    ),
];

pub(super) fn check(document: &Document, at: &str, schema: &Value) -> Result<(), Error> {
    for (name, value) in schema.as_object().into_iter().flatten() {
        if let Some(problem) = problem(name, value) {
            return Err(document.unsupported(&pointer::join(at, name), problem));
        }
    }
    let kinds = kinds(schema);
    if schema.get("type").is_none() && kinds.len() > 1 {
        let message = format!(
            "keywords of the types {} need a `type` beside them; add it",
            kinds.join(" and ")
        );
        return Err(document.unsupported(at, message));
    }
    let texts = schema.get("enum").and_then(Value::as_array);
    let is_text = |value: &Value| value.is_string() || value.is_null();
    if kind(schema) == Some("string") && texts.is_some_and(|texts| !texts.iter().all(is_text)) {
        let message = "an `enum` beside `type: string` has a value that is no text; quote it";
        return Err(document.unsupported(&pointer::join(at, "enum"), message));
    }
    Ok(())
}

/// The schema's type: what it says, or what its keywords are about.
pub(super) fn kind(schema: &Value) -> Option<&str> {
    if let Some(kind) = schema.get("type") {
        return kind.as_str();
    }
    if let Some(kind) = kinds(schema).first() {
        return Some(kind);
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        return values.iter().all(Value::is_string).then_some("string");
    }
    match schema.get("format").and_then(Value::as_str)? {
        format if super::shapes::is_text_format(format) => Some("string"),
        format if super::shapes::integer_bounds(format).is_some() => Some("integer"),
        "float" | "double" => Some("number"),
        _ => None,
    }
}

/// Whether the schema says anything about values beside their type and an `allOf`.
pub(super) fn says_more_than_type(schema: &Value) -> bool {
    let is_said = |name: &String| {
        let name = name.as_str();
        name == "enum" || name == "format" || KINDS.iter().any(|(_, names)| names.contains(&name))
    };
    schema
        .as_object()
        .is_some_and(|members| members.keys().any(is_said))
}

fn kinds(schema: &Value) -> Vec<&'static str> {
    let has_any = |names: &[&str]| names.iter().any(|name| schema.get(name).is_some());
    let kinds = KINDS.iter().filter(|(_, names)| has_any(names));
    kinds.map(|(kind, _)| *kind).collect()
}

fn problem(name: &str, value: &Value) -> Option<String> {
    let (is_valid, wanted) = match name {
        "type" | "format" => (value.is_string(), "one text"),
        "nullable" | "uniqueItems" | "exclusiveMinimum" | "exclusiveMaximum" | "readOnly" => {
            (value.is_boolean(), "true or false")
        }
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
            (value.is_u64(), "a number of things, 0 or more")
        }
        "minimum" | "maximum" => (value.is_number(), "a number"),
        "multipleOf" => (
            value.as_f64().is_some_and(|unit| unit > 0.0),
            "a number above 0",
        ),
        "enum" => (
            value.as_array().is_some_and(|values| !values.is_empty()),
            "a list of one value or more",
        ),
        "required" => (
            value
                .as_array()
                .is_some_and(|names| names.iter().all(Value::is_string)),
            "a list of names",
        ),
        "allOf" | "oneOf" | "anyOf" => (
            value.as_array().is_some_and(|parts| !parts.is_empty()),
            "a list of one schema or more",
        ),
        "properties" | "items" | "not" => (value.is_object(), "an object"),
        "additionalProperties" => (
            value.is_object() || value.is_boolean(),
            "true, false or a schema",
        ),
        "pattern" => return pattern_problem(value),
        _ => (true, ""),
    };
    if !is_valid {
        return Some(format!("`{name}` must be {wanted}; write it so"));
    }
    let is_known = ANNOTATIONS.contains(&name)
        || COMBINATIONS.contains(&name)
        || KINDS.iter().any(|(_, names)| names.contains(&name))
        || name == "enum"
        || name.starts_with("x-");
    (!is_known).then(|| {
        format!("`{name}` is no keyword of OpenAPI 3.0 and can't be checked; leave it out")
    })
}

fn pattern_problem(value: &Value) -> Option<String> {
    let Some(pattern) = value.as_str() else {
        return Some("`pattern` must be one text; write it so".to_owned());
    };
    let error = regress::Regex::new(pattern).err()?;
    Some(format!(
        "the `pattern` is no regular expression of ECMA-262: {error}; write another"
    ))
}
