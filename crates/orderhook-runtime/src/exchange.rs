//! One request and its answer.

use std::panic::AssertUnwindSafe;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::FutureExt;
use serde::Serialize;

use crate::Server;
use crate::answer::{Answer, status};
use crate::{Operation, Refusal, TraceId};

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

/// How a request was answered, for the log: everything but the time it took, which whoever has a
/// clock can add.
#[derive(Debug)]
pub struct Answered<'a> {
    /// The id of the request.
    pub trace_id: &'a TraceId,
    /// The operation, if the request belongs to one.
    pub operation: Option<&'static Operation>,
    /// Why it was refused, if it was.
    pub refusal: Option<&'a Refusal>,
    /// The answer, which can carry what is known here to a layer around the router.
    pub response: &'a mut Response,
}

impl Answered<'_> {
    /// Writes one line: an error for a failure of the server, else an info.
    pub fn log(&self) {
        let trace_id = self.trace_id.as_str();
        let operation = self.operation.map_or("none", |operation| operation.id);
        let status = self.response.status().as_u16();
        let Some(refusal) = self.refusal else {
            tracing::info!(trace_id, operation, status, "answered");
            return;
        };
        let error = refusal.chain();
        if status >= 500 {
            tracing::error!(trace_id, operation, status, error, "refused");
        } else {
            let faults = refusal.problem().faults();
            tracing::info!(trace_id, operation, status, error, ?faults, "refused");
        }
    }
}

/// One request, from its arrival to its answer, whoever writes the answer.
#[derive(Debug)]
pub struct Exchange<'a, S> {
    server: &'a S,
    operation: Option<&'static Operation>,
    trace_id: TraceId,
}

impl<'a, S: Server> Exchange<'a, S> {
    /// For a request to `operation`.
    pub fn begin(server: &'a S, operation: &'static Operation, request: &Request) -> Self {
        Self {
            server,
            operation: Some(operation),
            trace_id: server.trace_id(request),
        }
    }

    /// For a request that belongs to no operation.
    pub(crate) fn unknown(server: &'a S, request: &Request) -> Self {
        Self {
            server,
            operation: None,
            trace_id: server.trace_id(request),
        }
    }

    /// What the implementation is told beside its input.
    pub fn call<P>(&self, operation: &'static Operation, principal: P) -> Call<P> {
        Call::new(principal, self.trace_id.clone(), operation)
    }

    /// Waits for `answer` and writes it as JSON; a panic on the way becomes an internal error.
    pub async fn answer<T: Serialize>(
        &self,
        status: u16,
        answer: impl Future<Output = Result<T, Refusal>>,
    ) -> Response {
        let answer = AssertUnwindSafe(answer).catch_unwind().await;
        let answer = answer.unwrap_or_else(|panic| Err(Refusal::internal(panic_message(&*panic))));
        let body = answer.and_then(|answer| serde_json::to_vec(&answer).map_err(Refusal::internal));
        match body {
            Ok(body) => {
                let mut response = json(status, body);
                self.answered(None, &mut response);
                response
            }
            Err(refusal) => self.reject(refusal),
        }
    }

    /// The same for answers of more than one kind.
    pub async fn respond(&self, answer: impl Future<Output = Result<Answer, Refusal>>) -> Response {
        let answer = AssertUnwindSafe(answer).catch_unwind().await;
        let answer = answer.unwrap_or_else(|panic| Err(Refusal::internal(panic_message(&*panic))));
        match answer {
            Ok(Answer { mut response }) => {
                self.answered(None, &mut response);
                response
            }
            Err(refusal) => self.reject(refusal),
        }
    }

    /// Answers with the refusal, and has it logged.
    pub(crate) fn reject(&self, refusal: Refusal) -> Response {
        let mut response = match refusal.has_body() {
            true => self.server.reject(&self.trace_id, &refusal),
            false => Answer::empty(status(refusal.status())).response,
        };
        self.answered(Some(&refusal), &mut response);
        response
    }

    fn answered(&self, refusal: Option<&Refusal>, response: &mut Response) {
        self.server.answered(Answered {
            trace_id: &self.trace_id,
            operation: self.operation,
            refusal,
            response,
        });
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

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", text.as_deref().unwrap_or("of an unknown kind"))
}
