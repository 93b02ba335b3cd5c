//! Parameters, and how their values are written.

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use crate::api::media_types;
use crate::document::{Document, Error, Node, pointer};

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) required: bool,
    /// Whether an empty value stands for none.
    pub(crate) allow_empty: bool,
    pub(crate) description: String,
    pub(crate) schema_at: String,
    pub(crate) written: Written,
    /// What stands for a value that is absent.
    pub(crate) default: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    Path,
    Query,
    Header,
    Cookie,
}

/// How a value becomes text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// A scalar, as it is.
    Plain,
    /// A list or an object, or a scalar in a style that marks it.
    Styled(Style),
    /// JSON.
    Json,
}

/// The styles of OpenAPI 3.0; the flag is `explode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Form(bool),
    Simple(bool),
    Label(bool),
    Matrix(bool),
    SpaceDelimited,
    PipeDelimited,
    DeepObject,
}

/// Headers that the specification tells to ignore as parameters: other members describe them.
pub(super) fn is_ignored(parameter: &Value) -> bool {
    let text = |name: &str| parameter.get(name).and_then(Value::as_str);
    let ignored = ["accept", "content-type", "authorization"];
    let name = text("name").unwrap_or_default().to_ascii_lowercase();
    text("in") == Some("header") && ignored.contains(&name.as_str())
}

pub(super) fn read(document: &Document, node: &Node<'_>) -> Result<Parameter, Error> {
    let flag = |name: &str| node.value.get(name) == Some(&Value::Bool(true));
    let text = |name: &str| {
        let text = node.value.get(name).and_then(Value::as_str);
        text.unwrap_or_default()
    };
    let location = match text("in") {
        "path" => Location::Path,
        "query" => Location::Query,
        "header" => Location::Header,
        "cookie" => Location::Cookie,
        other => {
            let message = format!(
                "`in: {other}` is no place of a parameter; use path, query, header or cookie"
            );
            return Err(document.unsupported(&node.pointer, message));
        }
    };
    let name = text("name").to_owned();
    if location == Location::Header && http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        let message = format!("`{name}` is no name of a header; write letters, digits and dashes");
        return Err(document.unsupported(&node.pointer, message));
    }
    let (schema_at, written) = written(document, node, location)?;
    let schema = document.resolve(&schema_at)?;
    let required = flag("required") || location == Location::Path;
    let default = schema
        .value
        .get("default")
        .filter(|default| !default.is_null());
    Ok(Parameter {
        name,
        location,
        required,
        allow_empty: flag("allowEmptyValue"),
        description: super::description(node),
        schema_at,
        written,
        default: default.filter(|_| !required).cloned(),
    })
}

fn written(
    document: &Document,
    node: &Node<'_>,
    location: Location,
) -> Result<(String, Written), Error> {
    let schema_at = pointer::join(&node.pointer, "schema");
    if node.value.get("schema").is_some() {
        let kind = kind(document, &schema_at, 0)?;
        let written = styled(document, node, location, kind)?;
        return Ok((schema_at, written));
    }
    match media_types(node).as_slice() {
        [json]
            if pointer::last(&json.pointer) == "application/json"
                && json.value.get("schema").is_some() =>
        {
            Ok((pointer::join(&json.pointer, "schema"), Written::Json))
        }
        [] => {
            let message = "a parameter needs a `schema`; add it";
            Err(document.unsupported(&node.pointer, message))
        }
        _ => {
            let message = "the `content` of a parameter must be `application/json` with a `schema`; write that";
            Err(document.unsupported(&node.pointer, message))
        }
    }
}

/// What the values of a parameter are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    Scalar,
    List,
    Object,
}

/// References and combinations are followed as deep as this; what is deeper counts as a scalar.
const DEPTH: usize = 16;

fn kind(document: &Document, at: &str, depth: usize) -> Result<Made, Error> {
    let schema = document.resolve(at)?;
    let from_type = match schema.value.get("type").and_then(Value::as_str) {
        Some("array") => Some(Made::List),
        Some("object") => Some(Made::Object),
        Some(_) => Some(Made::Scalar),
        None if schema.value.get("properties").is_some() => Some(Made::Object),
        None if schema.value.get("items").is_some() => Some(Made::List),
        None => None,
    };
    if let Some(kind) = from_type {
        return Ok(kind);
    }
    for keyword in ["allOf", "oneOf", "anyOf"] {
        let first = pointer::join(&pointer::join(&schema.pointer, keyword), "0");
        if depth < DEPTH && document.get(&first).is_some() {
            return self::kind(document, &first, depth + 1);
        }
    }
    Ok(Made::Scalar)
}

fn styled(
    document: &Document,
    node: &Node<'_>,
    location: Location,
    kind: Made,
) -> Result<Written, Error> {
    let default = match location {
        Location::Path | Location::Header => "simple",
        Location::Query | Location::Cookie => "form",
    };
    let name = node.value.get("style").and_then(Value::as_str);
    let name = name.unwrap_or(default);
    let explode = node.value.get("explode").and_then(Value::as_bool);
    let explode = explode.unwrap_or(name == "form");
    let style = match (name, location, kind) {
        ("form", Location::Query | Location::Cookie, Made::Scalar)
        | ("simple", Location::Path | Location::Header, Made::Scalar) => return Ok(Written::Plain),
        // Its members would be cookies of their own, and nothing would say whose.
        ("form", Location::Cookie, Made::Object) if explode => {
            return Err(unknown_style(document, node, location, kind, name, explode));
        }
        ("form", Location::Query | Location::Cookie, _) => Style::Form(explode),
        ("simple", Location::Path | Location::Header, _) => Style::Simple(explode),
        ("label", Location::Path, _) => Style::Label(explode),
        ("matrix", Location::Path, _) => Style::Matrix(explode),
        (_, _, Made::Scalar) if name != "label" && name != "matrix" => {
            return Err(unknown_style(document, node, location, kind, name, explode));
        }
        ("spaceDelimited", Location::Query, _) if !explode => Style::SpaceDelimited,
        ("pipeDelimited", Location::Query, _) if !explode => Style::PipeDelimited,
        // With `explode` there is no delimiter: one `name=value` for each item.
        ("spaceDelimited" | "pipeDelimited", Location::Query, _) => Style::Form(true),
        ("deepObject", Location::Query, Made::Object) => Style::DeepObject,
        _ => return Err(unknown_style(document, node, location, kind, name, explode)),
    };
    Ok(Written::Styled(style))
}

fn unknown_style(
    document: &Document,
    node: &Node<'_>,
    location: Location,
    kind: Made,
    name: &str,
    explode: bool,
) -> Error {
    let kind = match kind {
        Made::Scalar => "a scalar",
        Made::List => "a list",
        Made::Object => "an object",
    };
    let place = location.name();
    let message = format!(
        "{kind} can't stand in a {place} in the style `{name}` with `explode: {explode}`; write another"
    );
    document.unsupported(&node.pointer, message)
}

impl Style {
    /// The name that the runtimes of server and client know it by.
    pub(crate) fn variant(self) -> TokenStream {
        match self {
            Self::Form(false) => quote! { Form },
            Self::Form(true) => quote! { FormExploded },
            Self::Simple(false) => quote! { Simple },
            Self::Simple(true) => quote! { SimpleExploded },
            Self::Label(false) => quote! { Label },
            Self::Label(true) => quote! { LabelExploded },
            Self::Matrix(false) => quote! { Matrix },
            Self::Matrix(true) => quote! { MatrixExploded },
            Self::SpaceDelimited => quote! { SpaceDelimited },
            Self::PipeDelimited => quote! { PipeDelimited },
            Self::DeepObject => quote! { DeepObject },
        }
    }
}

impl Location {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}
