//! Bodies that are not read into memory whole.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::{Fault, Location, Refusal, Rule};

/// A body as it arrives, in pieces, and not more of it than the server's limit.
#[derive(Debug)]
pub struct Upload {
    body: Limited<Body>,
    limit: usize,
    content_type: Option<String>,
}

impl Upload {
    pub(crate) fn new(body: Body, limit: usize, headers: &HeaderMap) -> Self {
        let content_type = headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        Self {
            body: Limited::new(body, limit),
            limit,
            content_type: content_type.map(str::to_owned),
        }
    }

    /// `Content-Type`, with its parameters.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// 413 for a body beyond the limit, 400 for one that breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Refusal> {
        while let Some(frame) = self.body.frame().await {
            match frame {
                Ok(frame) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
                Err(error) if error.is::<LengthLimitError>() => {
                    return Err(Refusal::content_too_large(self.limit).of_reading());
                }
                Err(_) => return Err(broken_off()),
            }
        }
        Ok(None)
    }

    /// All of it.
    ///
    /// # Errors
    /// Those of [`Upload::chunk`].
    pub async fn bytes(mut self) -> Result<Bytes, Refusal> {
        let mut all = Vec::new();
        while let Some(bytes) = self.chunk().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all.into())
    }
}

pub(crate) fn broken_off() -> Refusal {
    let fault = Fault::new(Location::Body, "", Rule::Syntax, "must arrive whole");
    Refusal::bad_request(vec![fault]).of_reading()
}
