//! The sender's side of a push: a body that is serialised once and signed for each attempt.

use std::fmt;

use http::{HeaderValue, Method, Request, Uri, header};
use serde::Serialize;

use crate::message_id::MessageId;
use crate::sign::Signer;

/// A push that is ready to be sent, as often as it takes.
#[derive(Clone, PartialEq, Eq)]
pub struct PushRequest {
    operation: &'static str,
    body: Vec<u8>,
}

impl PushRequest {
    pub(crate) fn new<T: Serialize>(
        operation: &'static str,
        push: &T,
    ) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_vec(push)?;
        Ok(Self { operation, body })
    }

    /// The push's `operationId` in the spec.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// The exact bytes that every attempt sends.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The bytes, to be stored until they are sent.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// One attempt, made at `timestamp` (seconds since 1970-01-01T00:00:00Z).
    ///
    /// A later attempt keeps `message_id` and takes a fresh timestamp.
    #[must_use]
    pub fn attempt(
        &self,
        url: Uri,
        signer: &Signer,
        message_id: &MessageId,
        timestamp: u64,
    ) -> Request<Vec<u8>> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url;
        let headers = request.headers_mut();
        let media_type = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, media_type);
        signer
            .sign(message_id, timestamp, &self.body)
            .insert_into(headers);
        request
    }
}

/// Shows the body's length only: a body can hold personal data.
impl fmt::Debug for PushRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushRequest")
            .field("operation", &self.operation)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}
