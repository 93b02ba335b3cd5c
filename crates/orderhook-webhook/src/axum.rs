//! A [`Receiver`] as a route of axum.

use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use http_body_util::LengthLimitError;

use crate::acknowledge::PARAMETER_INVALID;
use crate::delivery::acknowledgement;
use crate::generated::pushes::PushReceiver;
use crate::receiver::{Answer, Outcome, Receiver};
use crate::replay::ReplayStore;
use crate::sign::WEBHOOK_ID;

/// The largest body that is read, in bytes; a push has a few kilobytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// A route for any path of one's own; `clock` gives the time, as [`SystemTime::now`] does.
///
/// ```no_run
/// # use std::{sync::Arc, time::SystemTime};
/// # use orderhook_webhook::{PushReceiver, Receiver};
/// # fn router(receiver: Receiver<impl PushReceiver>) -> axum::Router {
/// axum::Router::new().route("/hooks", orderhook_webhook::axum::route(Arc::new(receiver), SystemTime::now))
/// # }
/// ```
///
/// How each push was answered is logged with its message id. The time is taken when the body is
/// complete, so that a sender can't stretch the tolerance by a slow body; how long a body may take
/// at all is for the server in front to limit.
pub fn route<R, S, State>(
    receiver: Arc<Receiver<R, S>>,
    clock: impl Fn() -> SystemTime + Clone + Send + Sync + 'static,
) -> MethodRouter<State>
where
    R: PushReceiver,
    S: ReplayStore + 'static,
    State: Clone + Send + Sync + 'static,
{
    post(move |request: Request| async move { answer(&receiver, request, &clock).await })
}

async fn answer<R: PushReceiver, S: ReplayStore>(
    receiver: &Receiver<R, S>,
    request: Request,
    clock: &(impl Fn() -> SystemTime + Sync),
) -> Response {
    let (parts, body) = request.into_parts();
    let message_id = parts.headers.get(WEBHOOK_ID);
    let message_id = message_id.and_then(|id| id.to_str().ok());
    let body = to_bytes(body, BODY_LIMIT).await;
    let now = clock();
    let body = match body {
        Ok(body) => body,
        Err(error) => {
            tracing::warn!(message_id, ?error, "push without a whole body");
            return refuse_body(&error, now);
        }
    };
    let answer = receiver.receive(&parts.headers, &body, now).await;
    log(&answer, message_id);
    (answer.status, Json(answer.body)).into_response()
}

fn refuse_body(error: &axum::Error, now: SystemTime) -> Response {
    let (status, msg) = match error.source() {
        Some(source) if source.is::<LengthLimitError>() => {
            (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")
        }
        _ => (StatusCode::BAD_REQUEST, "the body is incomplete"),
    };
    let body = acknowledgement(PARAMETER_INVALID, msg, now);
    (status, Json(body)).into_response()
}

fn log<E: Debug>(answer: &Answer<E>, message_id: Option<&str>) {
    let outcome = &answer.outcome;
    match outcome {
        Outcome::Handled | Outcome::Duplicate => tracing::info!(message_id, ?outcome, "push"),
        _ => tracing::warn!(message_id, ?outcome, "push"),
    }
    if let Some(error) = &answer.store_error {
        tracing::warn!(message_id, ?error, "replay store failed after the handler");
    }
}
