//! Which operations progenitor can't express, by what they have and not by trying.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::{Document, pointer};
use crate::names;
use crate::operation::{
    Answer, Codec, Location, Made, Media, Operation, Parameter, Status, Style, Written,
};

/// Members of a builder that a parameter can't be called.
pub(super) const BUILDER: [&str; 4] = ["body", "client", "new", "send"];

/// Whether progenitor refuses the operation, writes code for it that does not compile, or leaves
/// out what the document says.
pub(super) fn is_beyond_progenitor(document: &Document, operation: &Operation) -> bool {
    // Only progenitor knows this extension.
    let websocket = pointer::join(&operation.at, "x-dropshot-websocket");
    if document.get(&websocket).is_some() {
        return false;
    }
    let schemas = Schemas { document };
    let parameters = &operation.parameters;
    matches!(operation.method.as_str(), "options" | "trace")
        || has_shared_names(parameters)
        || parameters
            .iter()
            .any(|parameter| schemas.is_beyond(parameter))
        || operation
            .body
            .as_ref()
            .is_some_and(|body| match body.media.as_slice() {
                [media] => !body.required || schemas.is_beyond_in_request(media),
                _ => true,
            })
        || schemas.has_answers_beyond(operation)
}

fn has_shared_names(parameters: &[Parameter]) -> bool {
    let mut taken: BTreeSet<_> = BUILDER.map(str::to_owned).into();
    let mut names = parameters
        .iter()
        .map(|parameter| names::field_name(&parameter.name).to_string());
    names.any(|name| !taken.insert(name))
}

/// What a body of an answer is for progenitor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Payload {
    Typed(String),
    Nothing,
    Bytes,
    Upgrade,
}

struct Schemas<'a> {
    document: &'a Document,
}

impl Schemas<'_> {
    fn resolve(&self, at: &str) -> Option<&Value> {
        Some(self.document.resolve(at).ok()?.value)
    }

    fn is_beyond(&self, parameter: &Parameter) -> bool {
        match (parameter.location, parameter.written) {
            (Location::Query, Written::Plain) => false,
            (Location::Query, Written::Styled(Style::Form(true))) => {
                !self.is_form_list(&parameter.schema_at)
            }
            // Written by `Display`.
            (Location::Path | Location::Header, Written::Plain) => {
                let schema = self.resolve(&parameter.schema_at);
                schema.is_none_or(|schema| !is_displayed(schema))
            }
            _ => true,
        }
    }

    /// Whether it is a list in the style `form`: another style may come to the same, but progenitor
    /// refuses it, as it does objects.
    fn is_form_list(&self, schema_at: &str) -> bool {
        let style = pointer::parent(schema_at)
            .and_then(|parameter| self.document.get(parameter)?.get("style")?.as_str());
        let schema = self.resolve(schema_at);
        let kind = schema.and_then(|schema| schema.get("type")?.as_str());
        matches!(style, None | Some("form")) && kind == Some("array")
    }

    fn is_beyond_in_request(&self, media: &Media) -> bool {
        let has_encoding = self
            .resolve(&media.at)
            .is_some_and(|node| node.get("encoding").is_some());
        let schema = media.schema_at.as_deref().and_then(|at| self.resolve(at));
        let Some(schema) = schema.filter(|_| !has_encoding) else {
            return true;
        };
        let has_only = |known: &[&str]| {
            let mut names = schema
                .as_object()
                .into_iter()
                .flat_map(serde_json::Map::keys);
            names.all(|name| {
                known.contains(&name.as_str())
                    || matches!(name.as_str(), "description" | "title" | "example")
            })
        };
        let essence = media.essence();
        match media.codec {
            Codec::Json => essence != "application/json",
            Codec::Form => {
                let properties = media.properties(self.document).unwrap_or_default();
                properties
                    .iter()
                    .any(|property| property.made != Made::Scalar)
            }
            Codec::Text => {
                !matches!(essence.as_str(), "text/plain" | "text/x-markdown")
                    || !has_only(&["type"])
            }
            Codec::Bytes => {
                essence != "application/octet-stream"
                    || !has_only(&["type", "format"])
                    || schema.get("format").and_then(Value::as_str) != Some("binary")
            }
            Codec::Multipart => true,
        }
    }

    fn has_answers_beyond(&self, operation: &Operation) -> bool {
        let (mut successes, mut refusals) = (BTreeSet::new(), BTreeSet::new());
        for answer in &operation.answers {
            let Some(payload) = self.payload(answer) else {
                return true;
            };
            match answer.status.class() {
                Some(2) if answer.headers.is_empty() => {
                    successes.insert(payload);
                }
                Some(1) if answer.status == Status::Code(101) => {
                    successes.insert(payload);
                }
                // progenitor knows no redirection, and no headers; those of refusals are left to
                // `ResponseValue::headers`.
                Some(1..=3) => return true,
                Some(_) => {
                    refusals.insert(payload);
                }
                // For progenitor it is a success and a refusal.
                None => {
                    if !answer.headers.is_empty() {
                        return true;
                    }
                    successes.insert(payload.clone());
                    refusals.insert(payload);
                }
            }
        }
        successes.len() > 1 || refusals.len() > 1
    }

    /// `None` where progenitor would not say what the document says.
    fn payload(&self, answer: &Answer) -> Option<Payload> {
        match answer.media.as_slice() {
            [] if answer.status == Status::Code(101) => Some(Payload::Upgrade),
            [] => Some(Payload::Nothing),
            [media] => match (media.codec, &media.schema_at) {
                (Codec::Json, Some(at)) if media.essence() == "application/json" => {
                    let schema = self.document.resolve(at).ok()?;
                    Some(Payload::Typed(schema.pointer))
                }
                (Codec::Bytes | Codec::Multipart, _) => Some(Payload::Bytes),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether the type of the schema has a `Display` that writes what goes over the wire.
fn is_displayed(schema: &Value) -> bool {
    let text = |name: &str| schema.get(name).and_then(Value::as_str);
    let is_scalar = matches!(
        text("type"),
        Some("string" | "integer" | "number" | "boolean")
    );
    let is_time = text("format").is_some_and(|format| format.contains("date-time"));
    let is_nullable = schema.get("nullable") == Some(&Value::Bool(true));
    is_scalar && !is_time && !is_nullable
}
