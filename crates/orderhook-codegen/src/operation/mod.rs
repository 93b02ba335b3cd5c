//! An operation as generators need it: everything resolved, and checked for what can be generated.

mod answer;
mod media;
mod parameter;
pub(crate) mod path;
mod property;
mod security;

use serde_json::Value;

pub(crate) use answer::{Answer, Status};
pub(crate) use media::{Codec, Media};
pub(crate) use parameter::{Location, Parameter, Style, Written};
pub(crate) use property::{Made, Property};
pub(crate) use security::{Requirement, Scheme, SchemeKind, Security};

use crate::api;
use crate::document::{Document, Error, Node, pointer};

/// An operation, with pointers to its schemas.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) at: String,
    pub(crate) id: String,
    /// `get`, `post` and so on.
    pub(crate) method: String,
    /// Empty for what the document's own server does not answer.
    pub(crate) path: String,
    pub(crate) tag: String,
    /// Summary and description.
    pub(crate) documentation: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    /// In the order of their statuses: one code, a range, `default`.
    pub(crate) answers: Vec<Answer>,
    pub(crate) security: Security,
}

/// A request body, in one of its media types.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) at: String,
    pub(crate) required: bool,
    /// At least one.
    pub(crate) media: Vec<Media>,
}

impl Operation {
    /// The answers that are no refusals: 1XX to 3XX, and `default` where nothing else is.
    pub(crate) fn successes(&self) -> impl Iterator<Item = &Answer> {
        let is_named = self.has_named_success();
        let answers = self.answers.iter();
        answers.filter(move |answer| is_success(answer.status, is_named))
    }

    /// The answers that are refusals: 4XX and 5XX, and `default` beside a status of success.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = &Answer> {
        let is_named = self.has_named_success();
        let answers = self.answers.iter();
        answers.filter(move |answer| !is_success(answer.status, is_named))
    }

    fn has_named_success(&self) -> bool {
        let mut answers = self.answers.iter();
        answers.any(|answer| matches!(answer.status.class(), Some(1..=3)))
    }

    /// The body, where JSON is its one media type and it must be there.
    pub(crate) fn json_body(&self) -> Option<&Media> {
        match &self.body {
            Some(body) if body.required => body.only_json(),
            _ => None,
        }
    }

    /// The one answer of success, where it has one status, a body of JSON and nothing else.
    pub(crate) fn json_success(&self) -> Option<(u16, &Answer, &Media)> {
        let mut successes = self.successes();
        let (Some(answer), None) = (successes.next(), successes.next()) else {
            return None;
        };
        match (answer.status, answer.media.as_slice()) {
            (Status::Code(code), [media]) if media.is_plain_json() && answer.headers.is_empty() => {
                Some((code, answer, media))
            }
            _ => None,
        }
    }
}

impl Body {
    /// The media type, where it is JSON and the only one.
    pub(crate) fn only_json(&self) -> Option<&Media> {
        match self.media.as_slice() {
            [media] if media.is_plain_json() => Some(media),
            _ => None,
        }
    }
}

fn is_success(status: Status, is_named: bool) -> bool {
    match status.class() {
        Some(class) => class <= 3,
        None => !is_named,
    }
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
    let is_deprecated = operation.value.get("deprecated") == Some(&Value::Bool(true));
    let documentation = [
        text("summary"),
        text("description"),
        is_deprecated.then_some("Deprecated: the document advises against it."),
    ];
    let parameters = operation.parameters();
    let parameters = parameters
        .iter()
        .filter(|node| !parameter::is_ignored(node.value))
        .map(|node| parameter::read(document, node))
        .collect::<Result<Vec<_>, _>>()?;
    let template = operation.path.clone().unwrap_or_default();
    path::check(document, at, &template, &parameters)?;
    Ok(Operation {
        at: at.clone(),
        id: operation.id().into_owned(),
        method: pointer::last(at),
        path: template,
        tag: operation.tag().to_owned(),
        documentation: documentation
            .into_iter()
            .flatten()
            .map(str::trim)
            .collect::<Vec<_>>()
            .join("\n\n"),
        parameters,
        body: match operation.request_body() {
            None => None,
            Some(body) => read_body(document, &body)?,
        },
        answers: answer::read(document, operation)?,
        security: security::read(document, operation)?,
    })
}

/// A body without a media type is none.
fn read_body(document: &Document, node: &Node<'_>) -> Result<Option<Body>, Error> {
    let media = media::read(document, node)?;
    Ok((!media.is_empty()).then(|| Body {
        at: node.pointer.clone(),
        required: node.value.get("required") == Some(&Value::Bool(true)),
        media,
    }))
}

fn description(node: &Node<'_>) -> String {
    let description = node.value.get("description").and_then(Value::as_str);
    description.unwrap_or_default().trim().to_owned()
}
