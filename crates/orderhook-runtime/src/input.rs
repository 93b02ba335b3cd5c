//! The input of an operation: read from the request, checked, and only then made into its types.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::{HeaderMap, header, request::Parts};
use http_body_util::LengthLimitError;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use crate::json::{self, Json};
use crate::refusal::MAX_FAULTS;
use crate::shape::{Checker, Parameter, Place, Shape};
use crate::{Fault, Location, Refusal, Rule};

/// A request that is being read. Faults are collected until [`Input::refusal`] takes them all.
#[derive(Debug)]
pub struct Input {
    /// Everything but the body.
    pub parts: Parts,
    body: Body,
    faults: Vec<Fault>,
}

/// A part of the request without a fault.
#[derive(Debug)]
pub struct Checked<'a> {
    location: Location,
    value: Json<'a>,
}

/// The name of a parameter and its text, decoded.
type Given<'a> = (Cow<'a, str>, Cow<'a, str>);

impl Input {
    /// Nothing of `request` is read yet.
    pub fn new(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            parts,
            body,
            faults: Vec::new(),
        }
    }

    /// The parameters of the path.
    pub async fn path(&mut self, parameters: &[Parameter]) -> Option<Checked<'static>> {
        let values = RawPathParams::from_request_parts(&mut self.parts, &()).await;
        let values = values
            .ok()
            .filter(|_| has_whole_escapes(self.parts.uri.path()));
        let Some(values) = values else {
            self.fault(
                Location::Path,
                "",
                Rule::Syntax,
                "must be percent-encoded UTF-8",
            );
            return None;
        };
        let given = values
            .iter()
            .map(|(name, text)| (name.into(), text.into()))
            .collect();
        read_parameters(Location::Path, parameters, given, &mut self.faults)
    }

    /// The parameters of the query.
    pub fn query(&mut self, parameters: &[Parameter]) -> Option<Checked<'static>> {
        let query = self.parts.uri.query().unwrap_or_default();
        let before = self.faults.len();
        let mut given = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(text)) {
                (Some(name), Some(text)) => given.push((name, text)),
                // No more than are told: a query has room for thousands.
                _ if self.faults.len() >= MAX_FAULTS => {}
                _ => self.faults.push(Fault::new(
                    Location::Query,
                    name,
                    Rule::Syntax,
                    "must be percent-encoded UTF-8",
                )),
            }
        }
        let is_decoded = self.faults.len() == before;
        let checked = read_parameters(Location::Query, parameters, given, &mut self.faults);
        checked.filter(|_| is_decoded)
    }

    /// The parameters among the headers.
    pub fn headers(&mut self, parameters: &[Parameter]) -> Option<Checked<'static>> {
        let before = self.faults.len();
        let mut given = Vec::new();
        for parameter in parameters {
            let name = parameter.name;
            for value in self.parts.headers.get_all(name) {
                match std::str::from_utf8(value.as_bytes()) {
                    Ok(text) => given.push((name.into(), text.into())),
                    Err(_) => self.faults.push(Fault::new(
                        Location::Header,
                        name,
                        Rule::Syntax,
                        "must be UTF-8",
                    )),
                }
            }
        }
        let is_text = self.faults.len() == before;
        let checked = read_parameters(Location::Header, parameters, given, &mut self.faults);
        checked.filter(|_| is_text)
    }

    /// The bytes of a JSON body, at most `limit` of them.
    ///
    /// # Errors
    /// 415 and 413, at once; 400 for a body that breaks off.
    pub async fn body(&mut self, limit: usize) -> Result<Bytes, Refusal> {
        if !is_json(&self.parts.headers) {
            return Err(Refusal::unsupported_media_type());
        }
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

    /// Reads and checks a body of JSON.
    pub fn json<'a>(&mut self, shape: &Shape, body: &'a [u8]) -> Option<Checked<'a>> {
        if body.is_empty() {
            self.fault(Location::Body, "", Rule::Required, "must be present");
            return None;
        }
        let before = self.faults.len();
        let value = json::read(body, &mut self.faults)?;
        let location = Location::Body;
        let faults = &mut self.faults;
        Checker { location, faults }.check(shape, &value, &Place::Root);
        (self.faults.len() == before).then_some(Checked { location, value })
    }

    /// Makes a checked part into its type.
    pub fn typed<T: DeserializeOwned>(&mut self, checked: Option<Checked<'_>>) -> Option<T> {
        let Checked { location, value } = checked?;
        match T::deserialize(value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(location, "", Rule::Format, &format!("must fit: {error}"));
                None
            }
        }
    }

    /// The refusal of a request with faults.
    pub fn refusal(&mut self) -> Refusal {
        Refusal::bad_request(std::mem::take(&mut self.faults))
    }

    fn fault(&mut self, location: Location, field: &str, rule: Rule, message: &str) {
        self.faults.push(Fault::new(location, field, rule, message));
    }
}

/// The values of `parameters`, unless one of them has a fault.
fn read_parameters(
    location: Location,
    parameters: &[Parameter],
    mut given: Vec<Given<'_>>,
    faults: &mut Vec<Fault>,
) -> Option<Checked<'static>> {
    let before = faults.len();
    let mut checker = Checker { location, faults };
    let mut values = Vec::new();
    for parameter in parameters {
        let name = parameter.name;
        let mut texts = given
            .iter_mut()
            .filter(|(given, _)| given == name)
            .map(|(_, text)| std::mem::take(text));
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
                values.push((name.into(), value));
            }
            None if parameter.required => {
                checker.fault(Rule::Required, "must be present", name);
            }
            None => {}
        }
    }
    (faults.len() == before).then_some(Checked {
        location,
        value: Json::Object(values),
    })
}

fn is_over_limit(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
}

/// `application/json`, in UTF-8 if it says so, and said once: with two types it would be a guess
/// which one holds.
fn is_json(headers: &HeaderMap) -> bool {
    let mut media_types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(media_type), None) = (media_types.next(), media_types.next()) else {
        return false;
    };
    let Ok(media_type) = media_type.to_str() else {
        return false;
    };
    if media_type == "application/json" {
        return true;
    }
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

fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(text.into());
    }
    if !has_whole_escapes(text) {
        return None;
    }
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8().ok()?;
    Some(decoded.into_owned().into())
}

/// Whether every `%` is followed by two hexadecimal digits. Decoders let others pass as they are,
/// and then `%2` and `%252` are one text.
fn has_whole_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|escape| {
        let digits = escape.bytes().take_while(u8::is_ascii_hexdigit);
        digits.take(2).count() == 2
    })
}

/// The value that a parameter's text stands for; a text that is none stays one, and the
/// check says what it should be.
fn value(shape: &Shape, text: Cow<'_, str>) -> Json<'static> {
    let value = match shape {
        Shape::Named(shape) | Shape::Nullable(shape) => return value(shape, text),
        Shape::Integer { .. } | Shape::Number { .. } => number(&text),
        Shape::Boolean => text.parse().ok().map(Json::Boolean),
        _ => None,
    };
    value.unwrap_or_else(|| Json::Text(text.into_owned().into()))
}

/// As JSON writes numbers, but with zeros in front if the caller likes.
fn number(text: &str) -> Option<Json<'static>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match text.parse::<i64>() {
        Ok(number) => Some(Json::Number(number.into())),
        Err(_) => serde_json::from_str(text).ok().map(Json::Number),
    }
}
