//! Rules about schemas, references and examples.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::api::{Api, Operation, media_types};
use crate::document::shape::{self, Kind};
use crate::document::{Document, pointer};

/// Every body, of a request or a response, has an example: it is what readers look at first,
/// and tests send it there and back.
pub(super) fn body_example(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    let bodies = api.operations().iter().flat_map(Operation::bodies);
    for media_type in bodies.flat_map(|body| media_types(&body)) {
        let examples = media_type.value.get("examples").and_then(Value::as_object);
        let has_examples = examples.is_some_and(|examples| !examples.is_empty());
        if !has_examples && media_type.value.get("example").is_none() {
            report(&media_type.pointer, "no `example`; add one".into());
        }
    }
}

/// What needs a Rust type of its own stands under `components`, where it gets its name from:
/// the schema of a body is a reference; objects, enumerations and choices inside parameters and
/// properties are references too, and so are texts with limits in parameters.
pub(super) fn no_inline_schema(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    api.walk(&mut |kind, at, value| {
        let what = match (kind, role(kind, at)) {
            (Kind::MediaType, _) => match value.get("schema") {
                Some(schema) if shape::reference(schema).is_none() => Some("the schema of a body"),
                _ => None,
            },
            (Kind::Parameter | Kind::Header, _) => value
                .get("schema")
                .and_then(|schema| inline_type(schema, Lists::Inline).or(limited_text(schema))),
            (Kind::Schema, Role::Part) => inline_type(value, Lists::Plain),
            _ => None,
        };
        if let Some(what) = what {
            let at = match kind {
                Kind::Schema => at.to_owned(),
                _ => pointer::join(at, "schema"),
            };
            let message = format!("{what} stands inline; move it to `components` and `$ref` it");
            report(&at, message);
        }
    });
}

/// Where a schema stands.
enum Role {
    /// A property, item, or alternative inside another schema.
    Part,
    /// A component, the schema of a body or parameter, or a piece of an `allOf`.
    Whole,
}

fn role(kind: Kind, at: &str) -> Role {
    let owner = pointer::parent(at).unwrap_or_default();
    let is_component = owner == "/components/schemas";
    // The pieces of an `allOf` are merged into one type and get no name of their own.
    let is_piece = pointer::last(owner) == "allOf";
    if kind != Kind::Schema || is_component || is_piece || pointer::last(at) == "schema" {
        Role::Whole
    } else {
        Role::Part
    }
}

/// Whether a list counts as inline.
#[derive(Clone, Copy, PartialEq)]
enum Lists {
    /// Even a list of references needs a name.
    Inline,
    /// A list is plain; its items are looked at on their own.
    Plain,
}

/// What would need a type of its own in `schema`, if anything.
fn inline_type(schema: &Value, lists: Lists) -> Option<&'static str> {
    let has = |member: &str| schema.get(member).is_some();
    if shape::reference(schema).is_some() {
        None
    } else if has("enum") {
        Some("an enumeration")
    } else if has("properties") {
        Some("an object")
    } else if has("oneOf") || has("anyOf") || has("not") {
        Some("a choice")
    } else if has("allOf") && !wraps_reference(schema) {
        Some("a composition")
    } else if has("items") && lists == Lists::Inline {
        Some("an array")
    } else {
        None
    }
}

/// A text with limits, which becomes a type that keeps them.
fn limited_text(schema: &Value) -> Option<&'static str> {
    let limits = ["minLength", "maxLength", "pattern"];
    let is_limited = limits.iter().any(|limit| schema.get(limit).is_some());
    is_limited.then_some("a text with limits")
}

/// `allOf` of a single reference is how 3.0 puts a description or `nullable` beside a `$ref`;
/// whatever else stands there would make another type of it.
fn wraps_reference(schema: &Value) -> bool {
    const BESIDE: [&str; 7] = [
        "allOf",
        "type",
        "nullable",
        "description",
        "title",
        "deprecated",
        "example",
    ];
    let pieces = schema.get("allOf").and_then(Value::as_array);
    let is_one_reference = match pieces.map(Vec::as_slice) {
        Some([single]) => shape::reference(single).is_some(),
        _ => false,
    };
    let mut names = schema
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::keys);
    is_one_reference && names.all(|name| BESIDE.contains(&name.as_str()) || name.starts_with("x-"))
}

/// What a Schema Object of OpenAPI 3.0 can say. Anything else is a slip, often a comma that YAML
/// took for the end of a text, and the generator would pass over it in silence.
const KEYWORDS: [&str; 36] = [
    "$ref",
    "title",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxProperties",
    "minProperties",
    "required",
    "enum",
    "type",
    "allOf",
    "oneOf",
    "anyOf",
    "not",
    "items",
    "properties",
    "additionalProperties",
    "description",
    "format",
    "default",
    "nullable",
    "discriminator",
    "readOnly",
    "writeOnly",
    "xml",
    "externalDocs",
    "example",
    "deprecated",
];

/// Every member of a schema is one of [`KEYWORDS`] or an extension.
pub(super) fn schema_keyword(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    api.walk(&mut |kind, at, schema| {
        if kind != Kind::Schema {
            return;
        }
        for name in schema.as_object().into_iter().flat_map(serde_json::Map::keys) {
            if !KEYWORDS.contains(&name.as_str()) && !name.starts_with("x-") {
                let message = format!("`{name}` is no keyword of a schema; quote the text it belongs to, or write `x-` before it");
                report(&pointer::join(at, name), message);
            }
        }
    });
}

/// Every `$ref` leads to something in this document.
pub(super) fn reference(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    api.walk(&mut |_, at, value| {
        if let Some(reference) = shape::reference(value)
            && api.document.resolve(at).is_err()
        {
            let message = format!("`{reference}` leads nowhere; name a component of this document");
            report(at, message);
        }
    });
}

/// Every component is used by an operation, directly or through others: what nothing uses is
/// either forgotten or not wired up.
pub(super) fn unused_component(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    let document = api.document;
    let mut used = BTreeSet::new();
    collect_used(document, Kind::Paths, "/paths", &mut used);
    let pushes = document.root().get("x-webhooks").and_then(Value::as_object);
    for name in pushes.into_iter().flat_map(serde_json::Map::keys) {
        let at = pointer::join("/x-webhooks", name);
        collect_used(document, Kind::PathItem, &at, &mut used);
    }
    let components = document.root().get("components").and_then(Value::as_object);
    for (section, entries) in components.into_iter().flatten() {
        // Security schemes are referred to by name, under `security`.
        if section == "securitySchemes" || section.starts_with("x-") {
            continue;
        }
        let at = pointer::join("/components", section);
        for name in entries
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::keys)
        {
            let at = pointer::join(&at, name);
            if !used.contains(&at) {
                report(&at, format!("nothing uses `{name}`; use it or remove it"));
            }
        }
    }
}

/// A schema that only answers use has no `maxLength`: a reader that refuses a long text in an
/// answer helps nobody. Requests carry the lengths.
pub(super) fn response_length(api: &Api<'_>, report: &mut dyn FnMut(&str, String)) {
    let document = api.document;
    let mut sent = BTreeSet::new();
    let mut answered = BTreeSet::new();
    for operation in api.operations() {
        for parameter in operation.parameters() {
            collect_used(document, Kind::Parameter, &parameter.pointer, &mut sent);
        }
        if let Some(body) = operation.request_body() {
            collect_used(document, Kind::RequestBody, &body.pointer, &mut sent);
        }
        for response in operation.responses() {
            collect_used(
                document,
                Kind::Response,
                &response.node.pointer,
                &mut answered,
            );
        }
    }
    for at in answered.difference(&sent) {
        let Some(value) = document.get(at) else {
            continue;
        };
        if !at.starts_with("/components/schemas/") {
            continue;
        }
        shape::walk(Kind::Schema, value, at, &mut |_, at, schema| {
            if schema.get("maxLength").is_some() {
                let message = "`maxLength` in an answer; only requests carry lengths, remove it";
                report(&pointer::join(at, "maxLength"), message.into());
            }
        });
    }
}

/// Adds the pointer of every component that the object at `at` refers to, directly or through
/// others.
fn collect_used(document: &Document, kind: Kind, at: &str, used: &mut BTreeSet<String>) {
    let mut open = vec![(kind, at.to_owned())];
    while let Some((kind, at)) = open.pop() {
        let Some(value) = document.get(&at) else {
            continue;
        };
        shape::walk(kind, value, &at, &mut |kind, _, value| {
            let own = shape::reference(value).map(|reference| (kind, reference));
            let mapping = value.pointer("/discriminator/mapping");
            let mapped = mapping.and_then(Value::as_object).into_iter().flatten();
            let mapped = mapped.filter_map(|(_, target)| Some((Kind::Schema, target.as_str()?)));
            for (kind, reference) in own.into_iter().chain(mapped) {
                let Some(target) = reference.strip_prefix('#') else {
                    continue;
                };
                if used.insert(target.to_owned()) {
                    open.push((kind, target.to_owned()));
                }
            }
        });
    }
}
