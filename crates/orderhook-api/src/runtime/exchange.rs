//! One request and its answer.

use std::error::Error;
use std::panic::AssertUnwindSafe;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::FutureExt;
use serde::Serialize;

use super::{Operation, Refusal, TraceId};
use crate::Server;

/// What an operation knows of the request beside its input.
#[derive(Debug)]
pub struct Call<P> {
    /// Who calls, as [`Server::authenticate`] found.
    pub principal: P,
    /// The id of the request, for the answer and the log.
    pub trace_id: TraceId,
    operation: &'static Operation,
}

impl<P> Call<P> {
    /// A call that no request stands behind, for tests of an implementation.
    pub fn new(principal: P, trace_id: TraceId, operation: &'static Operation) -> Self {
        Self {
            principal,
            trace_id,
            operation,
        }
    }

    /// The operation that is called.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }
}

pub(crate) struct Exchange<'a, S> {
    server: &'a S,
    operation: Option<&'static Operation>,
    trace_id: TraceId,
}

impl<'a, S: Server> Exchange<'a, S> {
    pub(crate) fn begin(server: &'a S, operation: &'static Operation, request: &Request) -> Self {
        Self {
            server,
            operation: Some(operation),
            trace_id: server.trace_id(request),
        }
    }

    /// For a request that belongs to no operation.
    pub(super) fn unknown(server: &'a S, request: &Request) -> Self {
        let trace_id = server.trace_id(request);
        let (method, path) = (request.method(), request.uri().path());
        tracing::info!(trace_id = trace_id.as_str(), %method, path, "no such operation");
        Self {
            server,
            operation: None,
            trace_id,
        }
    }

    pub(crate) fn call<P>(&self, operation: &'static Operation, principal: P) -> Call<P> {
        Call::new(principal, self.trace_id.clone(), operation)
    }

    /// Waits for `answer` and writes it; a panic on the way becomes an internal error.
    pub(crate) async fn answer<T: Serialize>(
        &self,
        status: u16,
        answer: impl Future<Output = Result<T, Refusal>>,
    ) -> Response {
        let answer = AssertUnwindSafe(answer).catch_unwind().await;
        let answer = answer.unwrap_or_else(|panic| Err(Refusal::internal(panic_message(&*panic))));
        let body = answer.and_then(|answer| serde_json::to_vec(&answer).map_err(Refusal::internal));
        match body {
            Ok(body) => {
                let trace_id = self.trace_id.as_str();
                let operation = self.operation_id();
                tracing::info!(trace_id, operation, status, "answered");
                json(status, body)
            }
            Err(refusal) => self.reject(refusal),
        }
    }

    /// Logs the refusal and answers with it.
    pub(super) fn reject(&self, refusal: Refusal) -> Response {
        let trace_id = self.trace_id.as_str();
        let operation = self.operation_id();
        let status = refusal.status();
        if status >= 500 {
            tracing::error!(trace_id, operation, status, error = %chain(&refusal), "refused");
        } else {
            let faults = refusal.problem().faults();
            tracing::info!(trace_id, operation, status, error = %chain(&refusal), ?faults, "refused");
        }
        self.server.reject(&self.trace_id, refusal)
    }

    fn operation_id(&self) -> &'static str {
        self.operation.map_or("none", |operation| operation.id)
    }
}

fn json(status: u16, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let media_type = HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}

/// An error and its causes on one line.
fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", text.as_deref().unwrap_or("of an unknown kind"))
}
