//! An operation as the generator of server traits needs it: everything resolved and checked.

use serde_json::Value;

use crate::api::{self, media_types};
use crate::document::{Document, Error, Node, pointer};

/// An operation, with pointers to its schemas.
pub(crate) struct Operation {
    pub(crate) at: String,
    pub(crate) id: String,
    /// `get`, `post` and so on.
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) tag: String,
    /// Summary and description.
    pub(crate) documentation: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) success: Success,
    pub(crate) refusals: Vec<Refusal>,
    /// Names of the security schemes of which the caller must meet one; empty if anyone may call.
    pub(crate) security: Vec<String>,
}

pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) required: bool,
    /// Whether an empty value stands for none.
    pub(crate) allow_empty: bool,
    pub(crate) description: String,
    pub(crate) schema_at: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    Path,
    Query,
    Header,
}

pub(crate) struct Body {
    pub(crate) schema_at: String,
}

pub(crate) struct Success {
    pub(crate) status: u16,
    pub(crate) description: String,
    pub(crate) schema_at: String,
}

pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) description: String,
    pub(crate) schema_at: String,
}

/// The operations under `paths`, in the document's order.
pub(crate) fn served(document: &Document) -> Result<Vec<Operation>, Error> {
    api::Api::new(document)
        .served()
        .map(|operation| read(document, operation))
        .collect()
}

/// Reads one operation; `path` stays empty for a push.
pub(crate) fn read(
    document: &Document,
    operation: &api::Operation<'_>,
) -> Result<Operation, Error> {
    let at = &operation.pointer;
    let text = |member: &str| operation.value.get(member).and_then(Value::as_str);
    if operation.value.get("callbacks").is_some() {
        let at = pointer::join(at, "callbacks");
        return Err(document.unsupported(
            &at,
            "callbacks can't be generated; describe them under `x-webhooks`",
        ));
    }
    let (mut success, mut refusals) = (None, Vec::new());
    for response in operation.responses() {
        let body = json_schema(document, &response.node)?;
        let description = description(&response.node);
        match response.status.parse::<u16>() {
            Ok(status @ 200..=299) => {
                if success.is_some() {
                    return Err(document.unsupported(at, "two statuses of success; keep one"));
                }
                success = Some(Success {
                    status,
                    description,
                    schema_at: body,
                });
            }
            Ok(status @ 400..=599) => refusals.push(Refusal {
                status,
                description,
                schema_at: body,
            }),
            _ if operation.path.is_none() => {}
            _ => {
                let message = format!(
                    "the status `{}` can't be generated; name each status of success or refusal",
                    response.status
                );
                return Err(document.unsupported(&response.node.pointer, message));
            }
        }
    }
    let parameters = operation.parameters();
    let body = match operation.request_body() {
        None => None,
        Some(body) => Some(read_body(document, &body)?),
    };
    Ok(Operation {
        at: at.clone(),
        id: operation.id().into_owned(),
        method: pointer::last(at),
        path: operation.path.clone().unwrap_or_default(),
        tag: operation.tag().to_owned(),
        documentation: [text("summary"), text("description")]
            .into_iter()
            .flatten()
            .map(str::trim)
            .collect::<Vec<_>>()
            .join("\n\n"),
        parameters: parameters
            .iter()
            .map(|parameter| read_parameter(document, parameter))
            .collect::<Result<_, _>>()?,
        body,
        success: success
            .ok_or_else(|| document.unsupported(at, "no status of success; document one"))?,
        refusals,
        security: security(document, operation.value),
    })
}

fn read_parameter(document: &Document, node: &Node<'_>) -> Result<Parameter, Error> {
    let flag = |name: &str| {
        node.value
            .get(name)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    };
    let text = |name: &str| {
        node.value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let location = match text("in") {
        "path" => Location::Path,
        "query" => Location::Query,
        "header" => Location::Header,
        other => {
            let message =
                format!("a parameter in `{other}` can't be generated; use path, query or header");
            return Err(document.unsupported(&node.pointer, message));
        }
    };
    if node.value.get("schema").is_none() {
        return Err(document.unsupported(&node.pointer, "a parameter needs a `schema`; add it"));
    }
    let schema_at = pointer::join(&node.pointer, "schema");
    if is_compound(document, &schema_at)? {
        let message =
            "a parameter of type `array` or `object` can't be generated; use a scalar or the body";
        return Err(document.unsupported(&schema_at, message));
    }
    Ok(Parameter {
        name: text("name").to_owned(),
        location,
        required: flag("required"),
        allow_empty: flag("allowEmptyValue"),
        description: text("description").trim().to_owned(),
        schema_at,
    })
}

/// Whether values of the schema have parts of their own, which a parameter can't hold.
fn is_compound(document: &Document, at: &str) -> Result<bool, Error> {
    let schema = document.resolve(at)?;
    let parts = pointer::join(&schema.pointer, "allOf");
    match schema.value.get("type").and_then(Value::as_str) {
        Some(kind) => Ok(matches!(kind, "array" | "object")),
        None if document.get(&pointer::join(&parts, "0")).is_some() => {
            is_compound(document, &pointer::join(&parts, "0"))
        }
        None => Ok(schema.value.get("properties").is_some()),
    }
}

fn read_body(document: &Document, node: &Node<'_>) -> Result<Body, Error> {
    if node.value.get("required").and_then(Value::as_bool) != Some(true) {
        return Err(document.unsupported(
            &node.pointer,
            "an optional body can't be generated; write `required: true`",
        ));
    }
    Ok(Body {
        schema_at: json_schema(document, node)?,
    })
}

/// The pointer to the schema of the one media type, which must be JSON.
fn json_schema(document: &Document, node: &Node<'_>) -> Result<String, Error> {
    let refuse = |message: &str| Err(document.unsupported(&node.pointer, message));
    match media_types(node).as_slice() {
        [json] if pointer::last(&json.pointer) == "application/json" => {
            let schema = pointer::join(&json.pointer, "schema");
            match document.get(&schema) {
                Some(_) => Ok(schema),
                None => refuse("a body needs a `schema`; add it"),
            }
        }
        [] => refuse("an empty body can't be generated; give it `application/json`"),
        _ => refuse("only bodies of `application/json` can be generated"),
    }
}

fn description(node: &Node<'_>) -> String {
    let description = node.value.get("description").and_then(Value::as_str);
    description.unwrap_or_default().trim().to_owned()
}

fn security(document: &Document, operation: &Value) -> Vec<String> {
    let requirements = operation
        .get("security")
        .or_else(|| document.get("/security"));
    let alternatives = requirements
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let anyone = alternatives
        .iter()
        .any(|scheme| scheme.as_object().is_some_and(serde_json::Map::is_empty));
    if anyone {
        return Vec::new();
    }
    let names = alternatives
        .iter()
        .filter_map(Value::as_object)
        .flat_map(serde_json::Map::keys);
    names.cloned().collect()
}
