//! Answers of more than one kind: statuses, media types and headers that the implementation chooses.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use crate::Refusal;

/// What generated code makes of a documented answer.
#[derive(Debug)]
pub struct Answer {
    pub(crate) response: Response,
}

impl Answer {
    /// Without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self::new(status, Body::empty())
    }

    /// With `body` as JSON.
    ///
    /// # Errors
    /// An internal error where `body` can't be written as JSON.
    pub fn json<T: Serialize>(
        status: StatusCode,
        media_type: &'static str,
        body: &T,
    ) -> Result<Self, Refusal> {
        let body = serde_json::to_vec(body).map_err(Refusal::internal)?;
        Self::new(status, body.into()).with_media_type(media_type)
    }

    /// With `body` as a form.
    ///
    /// # Errors
    /// An internal error where `body` can't be written as a form: its members must be scalars.
    pub fn form<T: Serialize>(
        status: StatusCode,
        media_type: &'static str,
        body: &T,
    ) -> Result<Self, Refusal> {
        let body = serde_urlencoded::to_string(body).map_err(Refusal::internal)?;
        Self::new(status, body.into()).with_media_type(media_type)
    }

    /// With `body` as it is, whole or in pieces.
    ///
    /// # Errors
    /// An internal error where `media_type` is none.
    pub fn raw(
        status: StatusCode,
        media_type: &str,
        body: impl Into<Body>,
    ) -> Result<Self, Refusal> {
        Self::new(status, body.into()).with_media_type(media_type)
    }

    /// As the implementation made it.
    pub fn response(response: Response) -> Self {
        Self { response }
    }

    fn new(status: StatusCode, body: Body) -> Self {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        Self { response }
    }

    fn with_media_type(mut self, media_type: &str) -> Result<Self, Refusal> {
        let value = HeaderValue::from_str(media_type).map_err(Refusal::internal)?;
        self.response
            .headers_mut()
            .insert(header::CONTENT_TYPE, value);
        Ok(self)
    }

    /// Adds the header `name`: a scalar as it is, the items of a list between commas.
    ///
    /// # Errors
    /// An internal error for a value that no header can have.
    pub fn with_header<T: Serialize>(
        mut self,
        name: &'static str,
        value: &T,
    ) -> Result<Self, Refusal> {
        let value = serde_json::to_value(value).map_err(Refusal::internal)?;
        let Some(text) = text(&value).map_err(Refusal::internal)? else {
            return Ok(self);
        };
        let value = HeaderValue::from_str(&text).map_err(Refusal::internal)?;
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(Refusal::internal)?;
        self.response.headers_mut().insert(name, value);
        Ok(self)
    }
}

/// As style `simple` writes a value; null is none.
fn text(value: &Value) -> Result<Option<String>, String> {
    let mut pieces = Vec::new();
    match value {
        Value::Null => return Ok(None),
        Value::Array(items) => {
            for item in items {
                pieces.extend(piece(item)?);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                pieces.extend(
                    piece(value)?
                        .into_iter()
                        .flat_map(|text| [name.clone(), text]),
                );
            }
        }
        Value::String(text) => return Ok(Some(text.clone())),
        scalar => return Ok(Some(scalar.to_string())),
    }
    Ok(Some(pieces.join(",")))
}

/// An item, which must not hold what separates it from the next.
fn piece(value: &Value) -> Result<Option<String>, String> {
    match text(value)? {
        Some(text) if text.contains(',') => Err(format!(
            "`,` stands between the items of a header and can't stand in `{text}`"
        )),
        text => Ok(text),
    }
}

/// `status`, which must be one of the hundred that the document allows: 4 for `4XX`.
///
/// # Errors
/// An internal error for a status outside of it.
pub fn in_range(status: StatusCode, class: u16) -> Result<StatusCode, Refusal> {
    if status.as_u16() / 100 == class {
        return Ok(status);
    }
    let message = format!("the implementation answered {status} where the document has {class}XX");
    Err(Refusal::internal(message))
}

/// The documented status `code`.
pub fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
