//! What an application says once for all its operations.

use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;

use crate::{Answered, Operation, Refusal, TraceId};

/// Who the caller is, how a request is called in the log, and how a refusal looks.
///
/// Implement it, and beside it the generated traits of the tags.
pub trait Server: Send + Sync + 'static {
    /// A caller: for one, the merchant and operator behind an access token.
    type Principal: Send;

    /// Finds who calls. Keep and compare the hash of a token, not the token itself.
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

    /// How many bytes of a body are read into memory; a longer one is a 413.
    fn body_limit(&self) -> usize {
        64 * 1024
    }

    /// How many bytes of a body are passed on as they arrive, files with all that is around them
    /// included; a longer one is a 413.
    fn upload_limit(&self, _operation: &'static Operation) -> usize {
        16 * 1024 * 1024
    }

    /// Writes a refusal, in the way in which the document describes errors.
    fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response;

    /// Logs how a request was answered; by default one line of the log.
    fn answered(&self, answered: Answered<'_>) {
        answered.log();
    }
}

/// Knows the callers of `S`, and answers every operation with "not implemented".
///
/// For starting out and for tests; generated code gives it the traits of all tags.
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

    fn upload_limit(&self, operation: &'static Operation) -> usize {
        self.0.upload_limit(operation)
    }

    fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response {
        self.0.reject(trace_id, refusal)
    }

    fn answered(&self, answered: Answered<'_>) {
        self.0.answered(answered);
    }
}
