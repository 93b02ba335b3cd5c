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
use crate::shape::{Parameter, Shape};
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
        self.path_with(&[], parameters).await
    }

    /// The same where some segments hold more than one parameter: `{a}...{b}`, which the router
    /// knows as `{a...b}`.
    pub async fn path_with(
        &mut self,
        segments: &[&'static str],
        parameters: &[Parameter],
    ) -> Option<Checked<'static>> {
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
        let is_styled = |parameter: &Parameter| matches!(parameter.shape, Shape::Written(..));
        let is_split = parameters.iter().any(is_styled);
        let mut given = Vec::with_capacity(parameters.len());
        for (name, text) in &values {
            if let Some(segment) = segments.iter().find(|segment| is_route_of(name, segment)) {
                let Some(parts) = split(segment, text) else {
                    let message = format!("must be written as {segment}");
                    self.fault(Location::Path, name, Rule::Syntax, &message);
                    return None;
                };
                given.extend(
                    parts
                        .into_iter()
                        .map(|(name, text)| Given::plain(name, text)),
                );
                continue;
            }
            // Nothing else looks at what the router decoded.
            let raw = is_split.then(|| raw_segment(&self.parts, name)).flatten();
            given.push(match raw {
                Some(raw) => Given {
                    raw,
                    encoding: Encoding::Percent,
                    ..Given::plain(name, text)
                },
                None => Given::plain(name, text),
            });
        }
        parameters::read(Location::Path, parameters, given, &mut self.faults)
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

/// Whether the router knows `segment` by `name`: without its braces.
fn is_route_of(name: &str, segment: &str) -> bool {
    let plain = segment.chars().filter(|c| !matches!(c, '{' | '}'));
    plain.eq(name.chars())
}

/// The parameters in a segment: with `{a}...{b}`, `x...y` is `x` and `y`.
fn split<'t>(template: &'static str, text: &'t str) -> Option<Vec<(&'static str, &'t str)>> {
    let (before, mut template) = template.split_once('{')?;
    let mut rest = text.strip_prefix(before)?;
    let mut parts = Vec::new();
    loop {
        let (name, behind) = template.split_once('}')?;
        let (literal, next) = match behind.split_once('{') {
            Some((literal, next)) => (literal, Some(next)),
            None => (behind, None),
        };
        let (value, after) = match next {
            Some(_) => rest.split_once(literal)?,
            None => (rest.strip_suffix(literal)?, ""),
        };
        if value.is_empty() {
            return None;
        }
        parts.push((name, value));
        rest = after;
        match next {
            Some(next) => template = next,
            None => return Some(parts),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_may_hold_several_parameters() {
        #[track_caller]
        fn check(template: &'static str, text: &str, expected: Option<&[(&str, &str)]>) {
            assert_eq!(split(template, text).as_deref(), expected);
        }
        check("{a}...{b}", "x...y", Some(&[("a", "x"), ("b", "y")]));
        check(
            "{a}...{b}",
            "x...y...z",
            Some(&[("a", "x"), ("b", "y...z")]),
        );
        check("{name}.json", "a.b.json", Some(&[("name", "a.b")]));
        check(
            "v{major}.{minor}",
            "v1.2",
            Some(&[("major", "1"), ("minor", "2")]),
        );
        for text in ["x", "...y", "x...", "x..y", ""] {
            check("{a}...{b}", text, None);
        }
        check("{name}.json", "a.yaml", None);
        check("v{major}", "1", None);
    }
}
