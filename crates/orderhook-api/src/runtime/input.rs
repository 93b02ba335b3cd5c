//! The input of an operation: read from the request, checked, and only then made into its types.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::{HeaderMap, header, request::Parts};
use http_body_util::LengthLimitError;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::shape::{Checker, Parameter, Place, Shape};
use super::{Fault, Location, Refusal, Rule, json};

/// A request that is being read. Faults are collected until [`Input::refusal`] takes them all.
pub(crate) struct Input {
    pub(crate) parts: Parts,
    body: Body,
    faults: Vec<Fault>,
}

/// A part of the request without a fault.
pub(crate) struct Checked {
    location: Location,
    value: Value,
}

impl Input {
    pub(crate) fn new(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            parts,
            body,
            faults: Vec::new(),
        }
    }

    pub(crate) async fn path(&mut self, parameters: &[Parameter]) -> Option<Checked> {
        let Ok(values) = RawPathParams::from_request_parts(&mut self.parts, &()).await else {
            self.fault(
                Location::Path,
                "",
                Rule::Syntax,
                "must be percent-encoded UTF-8",
            );
            return None;
        };
        let values = values
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.parameters(Location::Path, parameters, &values.collect::<Vec<_>>())
    }

    pub(crate) fn query(&mut self, parameters: &[Parameter]) -> Option<Checked> {
        let query = self.parts.uri.query().unwrap_or_default();
        let mut values = Vec::new();
        let mut broken = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(value)) {
                (Some(name), Some(value)) => values.push((name, value)),
                _ => broken.push(name.to_owned()),
            }
        }
        for name in &broken {
            self.fault(
                Location::Query,
                name,
                Rule::Syntax,
                "must be percent-encoded UTF-8",
            );
        }
        let checked = self.parameters(Location::Query, parameters, &values);
        checked.filter(|_| broken.is_empty())
    }

    pub(crate) fn headers(&mut self, parameters: &[Parameter]) -> Option<Checked> {
        let mut values = Vec::new();
        let mut is_text = true;
        for parameter in parameters {
            for value in self.parts.headers.get_all(parameter.name) {
                match std::str::from_utf8(value.as_bytes()) {
                    Ok(text) => values.push((parameter.name.to_owned(), text.to_owned())),
                    Err(_) => {
                        is_text = false;
                        let fault = Fault::new(
                            Location::Header,
                            parameter.name,
                            Rule::Syntax,
                            "must be UTF-8",
                        );
                        self.faults.push(fault);
                    }
                }
            }
        }
        let checked = self.parameters(Location::Header, parameters, &values);
        checked.filter(|_| is_text)
    }

    /// Reads a body of at most `limit` bytes.
    ///
    /// # Errors
    /// 415 and 413 at once; whatever else is wrong is a fault among the others.
    pub(crate) async fn json(
        &mut self,
        shape: &Shape,
        limit: usize,
    ) -> Result<Option<Checked>, Refusal> {
        if !is_json(&self.parts.headers) {
            return Err(Refusal::unsupported_media_type());
        }
        let body = self.body(limit).await?;
        if body.is_empty() {
            self.fault(Location::Body, "", Rule::Required, "must be present");
            return Ok(None);
        }
        let before = self.faults.len();
        let Some(value) = json::read(&body, &mut self.faults) else {
            return Ok(None);
        };
        let mut checker = Checker {
            location: Location::Body,
            faults: &mut self.faults,
        };
        checker.check(shape, &value, &Place::Root);
        let location = Location::Body;
        Ok((self.faults.len() == before).then_some(Checked { location, value }))
    }

    /// Makes a checked part into its type.
    pub(crate) fn typed<T: DeserializeOwned>(&mut self, checked: Option<Checked>) -> Option<T> {
        let Checked { location, value } = checked?;
        match serde_json::from_value(value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(location, "", Rule::Format, &format!("must fit: {error}"));
                None
            }
        }
    }

    /// The refusal of a request with faults.
    pub(crate) fn refusal(&mut self) -> Refusal {
        Refusal::bad_request(std::mem::take(&mut self.faults))
    }

    fn fault(&mut self, location: Location, field: &str, rule: Rule, message: &str) {
        self.faults.push(Fault::new(location, field, rule, message));
    }

    fn parameters(
        &mut self,
        location: Location,
        parameters: &[Parameter],
        values: &[(String, String)],
    ) -> Option<Checked> {
        let before = self.faults.len();
        let faults = &mut self.faults;
        let mut checker = Checker { location, faults };
        let mut found = Map::new();
        for parameter in parameters {
            let name = parameter.name;
            let mut texts = values
                .iter()
                .filter(|(given, _)| given == name)
                .map(|(_, text)| text);
            let text = texts
                .next()
                .filter(|text| !(parameter.allow_empty && text.is_empty()));
            if texts.next().is_some() {
                checker.fault(Rule::Duplicate, "must stand once only", name);
            }
            match text {
                Some(text) => {
                    let value = value(&parameter.shape, text);
                    checker.check(&parameter.shape, &value, &Place::Member(&Place::Root, name));
                    found.insert(name.to_owned(), value);
                }
                None if parameter.required => {
                    checker.fault(Rule::Required, "must be present", name);
                }
                None => {}
            }
        }
        let value = Value::Object(found);
        (self.faults.len() == before).then_some(Checked { location, value })
    }

    async fn body(&mut self, limit: usize) -> Result<Bytes, Refusal> {
        let body = std::mem::take(&mut self.body);
        match axum::body::to_bytes(body, limit).await {
            Ok(bytes) => Ok(bytes),
            Err(error) if is_over_limit(&error) => Err(Refusal::content_too_large(limit)),
            Err(_) => {
                self.fault(Location::Body, "", Rule::Syntax, "must arrive whole");
                Err(self.refusal())
            }
        }
    }
}

fn is_over_limit(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
}

/// `application/json`, in UTF-8 if it says so.
fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let Some(media_type) = media_type else {
        return false;
    };
    let mut parts = media_type.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// The JSON value that a parameter's text stands for; a text that is none stays one, and the
/// check says what it should be.
fn value(shape: &Shape, text: &str) -> Value {
    let value = match shape {
        Shape::Named(shape) | Shape::Nullable(shape) => return value(shape, text),
        Shape::Integer { .. } | Shape::Number { .. } => number(text),
        Shape::Boolean => text.parse().ok().map(Value::Bool),
        _ => None,
    };
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// As JSON writes numbers, but with zeros in front if the caller likes.
fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match text.parse::<i64>() {
        Ok(number) => Some(number.into()),
        Err(_) => serde_json::from_str::<serde_json::Number>(text)
            .ok()
            .map(Value::Number),
    }
}
