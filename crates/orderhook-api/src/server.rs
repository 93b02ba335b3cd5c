//! What an application says once for all its operations.

use axum::extract::Request;
use axum::http::{header, request::Parts};
use axum::response::Response;

use crate::envelope;
use crate::runtime::{Answered, Operation, Refusal, TraceId};

/// Who the caller is, how a request is called in the log, and how a refusal looks.
///
/// Implement it, and beside it the traits of the tags, such as
/// [`WebhooksApi`](crate::webhooks::WebhooksApi).
pub trait Server: Send + Sync + 'static {
    /// A caller: for one, the merchant and operator behind an access token.
    type Principal: Send;

    /// Finds who calls. [`access_token`] finds the token; compare its hash, not the token itself.
    ///
    /// # Errors
    /// [`Refusal::unauthorized`] for a caller that is not known, and any other refusal where it
    /// can't be found out.
    fn authenticate(
        &self,
        request: &Parts,
        operation: &'static Operation,
    ) -> impl Future<Output = Result<Self::Principal, Refusal>> + Send;

    /// The id of a request: unique, and easy to find in a log.
    fn trace_id(&self, request: &Request) -> TraceId;

    /// How many bytes of a body are read; a longer one is a 413.
    fn body_limit(&self) -> usize {
        64 * 1024
    }

    /// Writes a refusal; by default in the documented envelope.
    fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response {
        envelope::refuse(trace_id, refusal)
    }

    /// Logs how a request was answered; by default one line of the log.
    fn answered(&self, answered: Answered<'_>) {
        answered.log();
    }
}

/// The access token of a request, which stands in `Authorization` bare or after `Bearer`.
///
/// Row `A.headers.request.2` says "API access token" and names no scheme.
pub fn access_token(request: &Parts) -> Option<&str> {
    let mut values = request.headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?.trim();
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => value,
    };
    // With two of them it would be a guess which one the caller meant.
    (values.next().is_none() && !token.is_empty()).then_some(token)
}

/// Knows the callers of `S`, and answers every operation with "not implemented".
///
/// For starting out and for tests; it has the traits of all tags of both documents.
#[derive(Debug, Clone)]
pub struct NotImplemented<S>(pub S);

impl<S: Server> Server for NotImplemented<S> {
    type Principal = S::Principal;

    fn authenticate(
        &self,
        request: &Parts,
        operation: &'static Operation,
    ) -> impl Future<Output = Result<Self::Principal, Refusal>> + Send {
        self.0.authenticate(request, operation)
    }

    fn trace_id(&self, request: &Request) -> TraceId {
        self.0.trace_id(request)
    }

    fn body_limit(&self) -> usize {
        self.0.body_limit()
    }

    fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response {
        self.0.reject(trace_id, refusal)
    }

    fn answered(&self, answered: Answered<'_>) {
        self.0.answered(answered);
    }
}
