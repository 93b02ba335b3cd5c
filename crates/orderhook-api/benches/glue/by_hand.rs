//! The two operations as one would write them with axum and serde alone, for the same promises:
//! the caller is known first, every fault is found at once, and each answer has the envelope.

mod body;
mod faults;
mod query;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::FutureExt as _;
use orderhook_api::access_token;
use orderhook_types::{
    ErrorData, ErrorResponse, Fault, IdempotencyKey, WebhookListResponse, WebhookResponse,
};
use serde::Serialize;

use crate::sample::{self, TOKEN, TraceIds};
use faults::Faults;
use query::ListWebhooksQuery;

const BODY_LIMIT: usize = 64 * 1024;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/v1/webhooks", get(list_webhooks).post(create_webhook))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .with_state(Arc::new(TraceIds::default()))
}

type TraceIdState = State<Arc<TraceIds>>;

async fn list_webhooks(State(trace_ids): TraceIdState, request: Request) -> Response {
    let trace_id = trace_ids.next();
    let work = async {
        let (parts, _) = request.into_parts();
        authenticate(&parts)?;
        let _query = ListWebhooksQuery::read(parts.uri.query().unwrap_or_default())?;
        Ok(WebhookListResponse {
            msg: Some("ok".to_owned()),
            code: 200,
            trace_id: Some(trace_id.clone()),
            data: sample::page(),
        })
    };
    answer(&trace_id, work).await
}

async fn create_webhook(State(trace_ids): TraceIdState, request: Request) -> Response {
    let trace_id = trace_ids.next();
    let work = async {
        let (parts, body) = request.into_parts();
        authenticate(&parts)?;
        let mut faults = Faults::default();
        let key = idempotency_key(&parts.headers, &mut faults);
        if !is_json(&parts.headers) {
            return Err(Refusal::unsupported_media_type());
        }
        let body = axum::body::to_bytes(body, BODY_LIMIT).await;
        let body = body.map_err(|_| Refusal::content_too_large())?;
        let body = body::read(&body, &mut faults);
        let (Some(_key), Some(body)) = (key, body) else {
            return Err(faults.into());
        };
        let name = body.webhook_name.into();
        let url = body.webhook_url.map(String::from);
        Ok(WebhookResponse {
            msg: Some("ok".to_owned()),
            code: 200,
            trace_id: Some(trace_id.clone()),
            data: vec![sample::webhook(name, url)],
        })
    };
    answer(&trace_id, work).await
}

async fn no_such_path(State(trace_ids): TraceIdState) -> Response {
    let message = "there is nothing at this path";
    Refusal::new(StatusCode::NOT_FOUND, message).into_response(&trace_ids.next())
}

async fn no_such_method(State(trace_ids): TraceIdState) -> Response {
    let message = "the path does not have this method";
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message).into_response(&trace_ids.next())
}

/// Answers with what `work` comes to; a panic becomes an internal error.
async fn answer<T: Serialize>(
    trace_id: &str,
    work: impl Future<Output = Result<T, Refusal>>,
) -> Response {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(refusal)) => refusal.into_response(trace_id),
        Err(_) => Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed")
            .into_response(trace_id),
    }
}

fn authenticate(parts: &Parts) -> Result<(), Refusal> {
    match access_token(parts) {
        Some(TOKEN) => Ok(()),
        _ => Err(Refusal::unauthorized()),
    }
}

/// The key, of which there may be none; nothing if there is a fault.
#[expect(clippy::option_option, reason = "a fault is not the absence of a key")]
fn idempotency_key(headers: &HeaderMap, faults: &mut Faults) -> Option<Option<IdempotencyKey>> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else {
        return Some(None);
    };
    let mut fault = |rule, message| faults.add("header", "Idempotency-Key", rule, message);
    if values.next().is_some() {
        fault("duplicate", "must stand once only");
        return None;
    }
    let Ok(text) = std::str::from_utf8(value.as_bytes()) else {
        fault("syntax", "must be UTF-8");
        return None;
    };
    match text.parse() {
        Ok(key) => Some(Some(key)),
        Err(_) if text.is_empty() => {
            fault("min_length", "must have at least 1 character");
            None
        }
        Err(_) => {
            fault("max_length", "must have at most 255 characters");
            None
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE);
    let Some(media_type) = media_type.and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let (essence, parameters) = media_type.split_once(';').unwrap_or((media_type, ""));
    let charset = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        (name.trim().eq_ignore_ascii_case("charset")).then_some(value)
    });
    essence.trim().eq_ignore_ascii_case("application/json")
        && charset.is_none_or(|charset| {
            let charset = charset.trim().trim_matches('"');
            charset.eq_ignore_ascii_case("utf-8")
        })
}

struct Refusal {
    status: StatusCode,
    message: String,
    faults: Vec<Fault>,
}

impl Refusal {
    fn new(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            message: message.to_owned(),
            faults: Vec::new(),
        }
    }

    fn with_fault(mut self, location: &str, field: &str, rule: &str, message: &str) -> Self {
        self.faults
            .push(faults::fault(location, field, rule, message));
        self
    }

    fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "the access token is missing or not known",
        )
        .with_fault(
            "header",
            "Authorization",
            "credential",
            "must be a valid API access token",
        )
    }

    fn unsupported_media_type() -> Self {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "the body has an unsupported media type").with_fault(
            "header",
            "Content-Type",
            "media_type",
            "must be application/json",
        )
    }

    fn content_too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large").with_fault(
            "body",
            "",
            "size",
            "must have at most 65536 bytes",
        )
    }

    fn into_response(self, trace_id: &str) -> Response {
        let Self {
            status,
            message,
            faults,
        } = self;
        tracing::info!(trace_id, status = status.as_u16(), ?faults, "refused");
        let body = ErrorResponse {
            msg: message,
            code: status.as_u16().into(),
            trace_id: Some(trace_id.to_owned()),
            data: (!faults.is_empty()).then_some(ErrorData { faults }),
        };
        (status, Json(body)).into_response()
    }
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        let message = match faults.0.len() {
            1 => "the request breaks a rule".to_owned(),
            count => format!("the request breaks {count} rules"),
        };
        Self {
            status: StatusCode::BAD_REQUEST,
            message,
            faults: faults.0,
        }
    }
}
