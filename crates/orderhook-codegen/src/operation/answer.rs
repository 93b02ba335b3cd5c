//! What an operation answers with.

use std::fmt;

use proc_macro2::Ident;
use quote::format_ident;
use serde_json::Value;

use super::media::{self, Media};
use crate::api;
use crate::document::{Document, Error, pointer};
use crate::names;

/// A response: its status, its headers, and the media types that its body can have.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) at: String,
    pub(crate) status: Status,
    pub(crate) description: String,
    pub(crate) headers: Vec<AnswerHeader>,
    /// Empty for an answer without a body.
    pub(crate) media: Vec<Media>,
}

/// A header of a response.
#[derive(Debug)]
pub(crate) struct AnswerHeader {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) description: String,
    pub(crate) schema_at: String,
}

/// Which status an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// One status, such as 404.
    Code(u16),
    /// A hundred of them: 4 for `4XX`.
    Range(u16),
    /// Any that no other answer has.
    Default,
}

impl Status {
    fn parse(text: &str) -> Option<Self> {
        if text == "default" {
            return Some(Self::Default);
        }
        if let Some(class) = text.strip_suffix("XX").or_else(|| text.strip_suffix("xx")) {
            let class = class.parse().ok()?;
            return (1..=5).contains(&class).then_some(Self::Range(class));
        }
        let code = text.parse().ok()?;
        (text.len() == 3 && (100..=599).contains(&code)).then_some(Self::Code(code))
    }

    /// The name of its variant: 404 → `NotFound`, by the names that HTTP gives; `4XX` → `ClientError`.
    pub(crate) fn variant(self) -> Ident {
        let code = match self {
            Self::Code(code) => code,
            Self::Range(1) => return format_ident!("Informational"),
            Self::Range(2) => return format_ident!("Success"),
            Self::Range(3) => return format_ident!("Redirection"),
            Self::Range(4) => return format_ident!("ClientError"),
            Self::Range(_) => return format_ident!("ServerError"),
            Self::Default => return format_ident!("Default"),
        };
        let reason = http::StatusCode::from_u16(code)
            .ok()
            .and_then(|status| status.canonical_reason());
        match reason {
            // The name of RFC 9110; the crate still says "Payload Too Large".
            _ if code == 413 => format_ident!("ContentTooLarge"),
            Some(reason) => names::type_name(&reason.replace(['\'', '-'], "")),
            None => format_ident!("Status{code}"),
        }
    }

    /// The first digit; `None` for `default`.
    pub(crate) fn class(self) -> Option<u16> {
        match self {
            Self::Code(code) => Some(code / 100),
            Self::Range(class) => Some(class),
            Self::Default => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code}"),
            Self::Range(class) => write!(f, "{class}XX"),
            Self::Default => f.write_str("default"),
        }
    }
}

pub(super) fn read(
    document: &Document,
    operation: &api::Operation<'_>,
) -> Result<Vec<Answer>, Error> {
    let mut answers: Vec<Answer> = Vec::new();
    for response in operation.responses() {
        let node = response.node;
        let Some(status) = Status::parse(response.status) else {
            let message = format!(
                "`{}` is no status; write a number from 100 to 599, a range such as `4XX`, or `default`",
                response.status
            );
            return Err(document.unsupported(&node.pointer, message));
        };
        if answers.iter().any(|answer| answer.status == status) {
            let message = format!("the status {status} stands twice; keep one");
            return Err(document.unsupported(&node.pointer, message));
        }
        answers.push(Answer {
            at: node.pointer.clone(),
            status,
            description: super::description(&node),
            headers: headers(document, &node.pointer)?,
            media: media::read(document, &node)?,
        });
    }
    answers.sort_by_key(|answer| answer.status);
    if answers.is_empty() {
        answers.push(anything(&operation.pointer));
    }
    Ok(answers)
}

/// What an operation answers with that says nothing about it.
fn anything(operation: &str) -> Answer {
    Answer {
        at: operation.to_owned(),
        status: Status::Default,
        description: "The document says nothing about the answers".to_owned(),
        headers: Vec::new(),
        media: vec![Media::anything(operation)],
    }
}

/// The headers but `Content-Type`, which the specification tells to ignore here.
fn headers(document: &Document, answer: &str) -> Result<Vec<AnswerHeader>, Error> {
    let at = pointer::join(answer, "headers");
    let names = document.get(&at).and_then(Value::as_object);
    let names = names.into_iter().flat_map(serde_json::Map::keys);
    names
        .filter(|name| !name.eq_ignore_ascii_case("content-type"))
        .map(|name| header(document, &at, name))
        .collect()
}

fn header(document: &Document, headers: &str, name: &str) -> Result<AnswerHeader, Error> {
    let node = document.resolve(&pointer::join(headers, name))?;
    if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        let message = format!("`{name}` is no name of a header; write letters, digits and dashes");
        return Err(document.unsupported(&node.pointer, message));
    }
    let schema_at = pointer::join(&node.pointer, "schema");
    if document.get(&schema_at).is_none() {
        let message = "a header needs a `schema`; add it";
        return Err(document.unsupported(&node.pointer, message));
    }
    Ok(AnswerHeader {
        name: name.to_owned(),
        required: node.value.get("required") == Some(&Value::Bool(true)),
        description: super::description(&node),
        schema_at,
    })
}
