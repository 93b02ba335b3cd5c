//! Which object of OpenAPI 3.0 stands where.
//!
//! One table, read by everything that walks a document. Because it names the *structure*,
//! a walker never mistakes the body of an `example`, or a property that happens to be named
//! `nullable`, for a part of the specification language.

use serde_json::Value;

use super::pointer;

/// The objects of OpenAPI 3.0 that hold something worth visiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each is the object of the same name in the OpenAPI specification"
)]
pub enum Kind {
    OpenApi,
    Components,
    Paths,
    PathItem,
    Operation,
    Parameter,
    RequestBody,
    Responses,
    Response,
    MediaType,
    Encoding,
    Header,
    Schema,
    Example,
    Link,
    Callback,
    SecurityScheme,
}

/// What a member of an object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holds {
    /// One object of this kind.
    One(Kind),
    /// A list of them.
    List(Kind),
    /// A map from names to them.
    Map(Kind),
}

/// The operations a path item can have, in the order of the specification.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The member `name` of an object of kind `kind`, or `None` if it holds plain data.
pub fn member(kind: Kind, name: &str) -> Option<Holds> {
    use Holds::{List, Map, One};
    use Kind::*;
    let holds = match (kind, name) {
        (OpenApi, "paths") => One(Paths),
        // The shape of 3.1's `webhooks`, which 3.0 has no member for.
        (OpenApi, "x-webhooks") => Map(PathItem),
        (OpenApi, "components") => One(Components),
        (Components, "schemas") => Map(Schema),
        (Components, "responses") => Map(Response),
        (Components, "parameters") => Map(Parameter),
        (Components, "examples") => Map(Example),
        (Components, "requestBodies") => Map(RequestBody),
        (Components, "headers") => Map(Header),
        (Components, "securitySchemes") => Map(SecurityScheme),
        (Components, "links") => Map(Link),
        (Components, "callbacks") => Map(Callback),
        (Paths | Callback, name) if !name.starts_with("x-") => One(PathItem),
        (PathItem, method) if METHODS.contains(&method) => One(Operation),
        (PathItem | Operation, "parameters") => List(Parameter),
        (Operation, "requestBody") => One(RequestBody),
        (Operation, "responses") => One(Responses),
        (Operation, "callbacks") => Map(Callback),
        (Responses, status) if !status.starts_with("x-") => One(Response),
        (Response, "links") => Map(Link),
        (Response | Encoding, "headers") => Map(Header),
        (RequestBody | Response | Parameter | Header, "content") => Map(MediaType),
        (Parameter | Header | MediaType, "schema") => One(Schema),
        (Parameter | Header | MediaType, "examples") => Map(Example),
        (MediaType, "encoding") => Map(Encoding),
        (Schema, "properties") => Map(Schema),
        (Schema, "allOf" | "oneOf" | "anyOf") => List(Schema),
        (Schema, "items" | "not" | "additionalProperties") => One(Schema),
        _ => return None,
    };
    Some(holds)
}

/// The text of the `$ref` in the place of an object, if that is what stands there.
pub fn reference(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()
}

/// Calls `visit` with every object below and including `value`, parents first, each with its
/// kind and pointer. A reference is visited and not followed.
pub fn walk<'a>(
    kind: Kind,
    value: &'a Value,
    at: &str,
    visit: &mut impl FnMut(Kind, &str, &'a Value),
) {
    visit(kind, at, value);
    if reference(value).is_some() {
        return;
    }
    for (name, child) in value.as_object().into_iter().flatten() {
        let child_at = pointer::join(at, name);
        match (member(kind, name), child) {
            (Some(Holds::One(kind)), Value::Object(_)) => walk(kind, child, &child_at, visit),
            (Some(Holds::List(kind)), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    walk(
                        kind,
                        item,
                        &pointer::join(&child_at, &index.to_string()),
                        visit,
                    );
                }
            }
            (Some(Holds::Map(kind)), Value::Object(entries)) => {
                for (name, entry) in entries {
                    walk(kind, entry, &pointer::join(&child_at, name), visit);
                }
            }
            _ => {}
        }
    }
}
