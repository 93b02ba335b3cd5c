//! The body of a request: its media type, its bytes, and what they stand for.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use http_body::Body as _;
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;

use crate::fault::MAX_FAULTS;
use crate::input::{Checked, Input};
use crate::json::{self, Json};
use crate::multipart::{Multipart, Part};
use crate::parameters;
use crate::shape::{Checker, Parameter, Place, Shape};
use crate::upload::Upload;
use crate::{Location, Refusal, Rule};

impl Input {
    /// Which of the documented media types the body has, by its place in `media_types`; `None` where
    /// there is no body and none is required.
    ///
    /// # Errors
    /// 415 for another media type; 400 for a body that is missing.
    pub fn content(
        &mut self,
        media_types: &[&'static str],
        required: bool,
    ) -> Result<Option<usize>, Refusal> {
        let has_type = self.parts.headers.contains_key(header::CONTENT_TYPE);
        if !has_type && self.body.is_end_stream() {
            if !required {
                return Ok(None);
            }
            self.fault(Location::Body, "", Rule::Required, "must be present");
            return Err(self.refusal());
        }
        let place = media_types
            .iter()
            .position(|media_type| fits(media_type, &self.parts.headers));
        match place {
            Some(place) => Ok(Some(place)),
            None => Err(Refusal::unsupported_media_type_but(media_types)),
        }
    }

    /// The bytes of a JSON body, at most `limit` of them.
    ///
    /// # Errors
    /// 415 and 413, at once; 400 for a body that breaks off.
    pub async fn body(&mut self, limit: usize) -> Result<Bytes, Refusal> {
        if !is_json(&self.parts.headers) {
            return Err(Refusal::unsupported_media_type());
        }
        self.bytes(limit).await
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

    async fn bytes(&mut self, limit: usize) -> Result<Bytes, Refusal> {
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

    /// Reads, checks and types a body of JSON; `None` where it has a fault.
    ///
    /// # Errors
    /// 413, at once; 400 for a body that breaks off.
    pub async fn json_body<T: DeserializeOwned>(
        &mut self,
        shape: &Shape,
        limit: usize,
    ) -> Result<Option<T>, Refusal> {
        let bytes = self.bytes(limit).await?;
        let checked = self.json(shape, &bytes);
        Ok(self.typed(checked))
    }

    /// Reads, checks and types a form; `None` where it has a fault.
    ///
    /// # Errors
    /// 413, at once; 400 for a body that breaks off.
    pub async fn form_body<T: DeserializeOwned>(
        &mut self,
        fields: &[Parameter],
        limit: usize,
    ) -> Result<Option<T>, Refusal> {
        let bytes = self.bytes(limit).await?;
        let Ok(text) = std::str::from_utf8(&bytes) else {
            self.fault(Location::Body, "", Rule::Syntax, "must be UTF-8");
            return Ok(None);
        };
        let before = self.faults.len();
        let given = parameters::pairs(text, Location::Body, MAX_FAULTS, &mut self.faults);
        let is_decoded = self.faults.len() == before;
        let checked = parameters::read(Location::Body, fields, given, &mut self.faults);
        Ok(self.typed(checked.filter(|_| is_decoded)))
    }

    /// Reads and checks a text; `None` where it has a fault.
    ///
    /// # Errors
    /// 413, at once; 400 for a body that breaks off.
    pub async fn text_body(
        &mut self,
        shape: &Shape,
        limit: usize,
    ) -> Result<Option<String>, Refusal> {
        let bytes = self.bytes(limit).await?;
        let Ok(text) = String::from_utf8(bytes.into()) else {
            self.fault(Location::Body, "", Rule::Syntax, "must be UTF-8");
            return Ok(None);
        };
        let before = self.faults.len();
        let (location, faults) = (Location::Body, &mut self.faults);
        let value = Json::Text(text.as_str().into());
        Checker { location, faults }.check(shape, &value, &Place::Root);
        Ok((self.faults.len() == before).then_some(text))
    }

    /// The body as it arrives.
    pub fn upload(&mut self, limit: usize) -> Upload {
        Upload::new(std::mem::take(&mut self.body), limit, &self.parts.headers)
    }

    /// The parts of a `multipart/form-data`, of which all together may have `limit` bytes, and each
    /// that is no file `value_limit`; `None` where the media type names no boundary.
    pub fn multipart<P: Part>(&mut self, limit: usize, value_limit: usize) -> Option<Multipart<P>> {
        let content_type = self.parts.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let boundary = content_type.and_then(|text| multer::parse_boundary(text).ok());
        let Some(boundary) = boundary else {
            let message = "must name a boundary";
            self.fault(Location::Header, "Content-Type", Rule::Syntax, message);
            return None;
        };
        Some(Multipart::new(
            std::mem::take(&mut self.body),
            boundary,
            limit,
            value_limit,
        ))
    }
}

fn is_over_limit(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
}

fn is_json(headers: &HeaderMap) -> bool {
    fits("application/json", headers)
}

/// Whether the body has the documented media type, in UTF-8 if it says so, and says so once: with
/// two types it would be a guess which one holds.
fn fits(documented: &str, headers: &HeaderMap) -> bool {
    let documented = documented.split(';').next().unwrap_or_default().trim();
    let mut media_types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(media_type), None) = (media_types.next(), media_types.next()) else {
        // Whoever sends bytes need not know what they are.
        return headers.get(header::CONTENT_TYPE).is_none()
            && matches!(documented, "*/*" | "application/octet-stream");
    };
    let Ok(media_type) = media_type.to_str() else {
        return false;
    };
    if media_type == documented {
        return true;
    }
    let mut parts = media_type.split(';').map(str::trim);
    let given = parts.next().unwrap_or_default();
    let is_of_kind = match documented.strip_suffix('*') {
        Some("*/") => true,
        Some(kind) => given
            .get(..kind.len())
            .is_some_and(|given| given.eq_ignore_ascii_case(kind)),
        None => given.eq_ignore_ascii_case(documented),
    };
    is_of_kind
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}
