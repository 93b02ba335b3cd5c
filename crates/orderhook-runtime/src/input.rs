//! The input of an operation: read from the request, checked, and only then made into its types.

use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request};
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use crate::encoding::{Encoding, has_whole_escapes};
use crate::fault::MAX_FAULTS;
use crate::json::Json;
use crate::parameters::{self, Given};
use crate::security::cookies;
use crate::shape::Parameter;
use crate::{Fault, Location, Refusal, Rule};

/// A request that is being read. Faults are collected until [`Input::refusal`] takes them all.
#[derive(Debug)]
pub struct Input {
    /// Everything but the body.
    pub parts: Parts,
    pub(crate) body: Body,
    pub(crate) faults: Vec<Fault>,
}

/// A part of the request without a fault.
#[derive(Debug)]
pub struct Checked<'a> {
    pub(crate) location: Location,
    pub(crate) value: Json<'a>,
}

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
        let given = values.iter().map(|(name, text)| {
            let (raw, encoding) = match raw_segment(&self.parts, name) {
                Some(raw) => (raw, Encoding::Percent),
                None => (text, Encoding::Nothing),
            };
            let (name, text) = (name.into(), text.into());
            Given {
                name,
                text,
                raw,
                encoding,
            }
        });
        parameters::read(
            Location::Path,
            parameters,
            given.collect(),
            &mut self.faults,
        )
    }

    /// The parameters of the query.
    pub fn query(&mut self, parameters: &[Parameter]) -> Option<Checked<'static>> {
        let query = self.parts.uri.query().unwrap_or_default();
        let before = self.faults.len();
        let given = parameters::pairs(query, Location::Query, MAX_FAULTS, &mut self.faults);
        let is_decoded = self.faults.len() == before;
        let checked = parameters::read(Location::Query, parameters, given, &mut self.faults);
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
                    Ok(text) => given.push(Given {
                        name: name.into(),
                        text: text.into(),
                        raw: text,
                        encoding: Encoding::Nothing,
                    }),
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
        let checked = parameters::read(Location::Header, parameters, given, &mut self.faults);
        checked.filter(|_| is_text)
    }

    /// The parameters among the cookies.
    pub fn cookies(&mut self, parameters: &[Parameter]) -> Option<Checked<'static>> {
        let given = cookies(&self.parts.headers).map(|(name, raw)| Given {
            name: name.into(),
            // What is no percent-encoding is what it says.
            text: percent_decode_str(raw).decode_utf8_lossy(),
            raw,
            encoding: Encoding::Percent,
        });
        let given = given.collect();
        parameters::read(Location::Cookie, parameters, given, &mut self.faults)
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

    pub(crate) fn fault(&mut self, location: Location, field: &str, rule: Rule, message: &str) {
        self.faults.push(Fault::new(location, field, rule, message));
    }
}

/// The parameter `name` of the path before the router decoded it.
///
/// Segments are counted from the end: a nested router takes its own off the front.
fn raw_segment<'p>(parts: &'p Parts, name: &str) -> Option<&'p str> {
    let template = parts.extensions.get::<MatchedPath>()?.as_str();
    let segments = template.rsplit('/').zip(parts.uri.path().rsplit('/'));
    let mut segments = segments.take_while(|(segment, _)| !segment.starts_with("{*"));
    let is_named = |segment: &str| {
        let segment = segment.strip_prefix('{');
        segment.and_then(|segment| segment.strip_suffix('}')) == Some(name)
    };
    segments.find_map(|(segment, raw)| is_named(segment).then_some(raw))
}
