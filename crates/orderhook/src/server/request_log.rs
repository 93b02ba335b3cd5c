//! One line in the log for each request, and the id that the answer carries too.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use orderhook_api::runtime::{Answered, Refusal, TraceId};
use orderhook_delivery::Clock;
use orderhook_store::Randomness;

use super::metrics::Metrics;

/// For how long a request may take, a body that comes in drops included. What it asked for may have
/// been done all the same.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5 * 60);
const RETRY_LATER: Duration = Duration::from_secs(1);

/// What the log is written with.
#[derive(Clone)]
pub(crate) struct RequestLog {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) metrics: Arc<Metrics>,
    /// `merchant` or `operator`.
    pub(crate) listener: &'static str,
}

/// Travels with the request.
#[derive(Clone)]
struct Travelling(Arc<Record>);

struct Record {
    trace_id: TraceId,
    called_by: OnceLock<String>,
}

/// Travels with the answer.
#[derive(Clone)]
struct Told {
    operation: &'static str,
    error: Option<String>,
    faults: Option<String>,
    failed: bool,
}

/// Writes the line, around everything that answers.
pub(crate) async fn log_requests(
    State(log): State<RequestLog>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = log.clock.now();
    let record = Arc::new(Record {
        trace_id: log.new_trace_id(started),
        called_by: OnceLock::new(),
    });
    request
        .extensions_mut()
        .insert(Travelling(Arc::clone(&record)));

    let trace_id = record.trace_id.clone();
    let answer = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await;
    let mut response = answer.unwrap_or_else(|late| {
        let refusal = Refusal::service_unavailable(RETRY_LATER, late);
        let mut response = orderhook_api::refuse(&trace_id, &refusal);
        answered(Answered {
            trace_id: &trace_id,
            operation: None,
            refusal: Some(&refusal),
            response: &mut response,
        });
        response
    });

    let told = response.extensions_mut().remove::<Told>();
    let duration = log.clock.now().duration_since(started);
    let duration_ms = duration.as_secs_f64() * 1000.0;
    let status = response.status().as_u16();
    let trace_id = record.trace_id.as_str();
    let called_by = record.called_by.get().map_or("", String::as_str);
    let listener = log.listener;
    let Some(told) = told else {
        // Pages and probes: no operation, and too many to be told of.
        tracing::debug!(trace_id, listener, status, duration_ms, "request");
        return response;
    };
    let operation = told.operation;
    log.metrics
        .request(listener, operation, status, duration.as_secs_f64());
    let error = told.error.as_deref().map(tracing::field::display);
    let faults = told.faults.as_deref().map(tracing::field::display);
    if told.failed {
        tracing::error!(
            trace_id,
            listener,
            operation,
            status,
            duration_ms,
            called_by,
            error,
            faults,
            "request"
        );
    } else {
        tracing::info!(
            trace_id,
            listener,
            operation,
            status,
            duration_ms,
            called_by,
            error,
            faults,
            "request"
        );
    }
    response
}

impl RequestLog {
    /// The time, so that ids sort as the requests came, and randomness for those of one millisecond
    /// and for other replicas.
    fn new_trace_id(&self, now: jiff::Timestamp) -> TraceId {
        let mut random = [0; 4];
        if let Err(error) = self.randomness.fill(&mut random) {
            // An id that is less unique is better than no answer.
            tracing::error!(%error, "no randomness for a trace id");
        }
        let random = u32::from_le_bytes(random);
        TraceId::new(format!("{:012x}{random:08x}", now.as_millisecond()))
    }
}

/// The id of a request that [`log_requests`] saw.
pub(crate) fn trace_id(request: &Request) -> TraceId {
    match request.extensions().get::<Travelling>() {
        Some(Travelling(record)) => record.trace_id.clone(),
        None => TraceId::new("none"),
    }
}

/// Says who calls, once that is known.
pub(crate) fn called_by(request: &Parts, name: impl FnOnce() -> String) {
    if let Some(Travelling(record)) = request.extensions.get() {
        record.called_by.get_or_init(name);
    }
}

/// Gives the answer what the line says of it.
pub(crate) fn answered(answered: Answered<'_>) {
    let faults = answered.refusal.map(|refusal| refusal.problem().faults());
    let told = Told {
        operation: answered.operation.map_or("none", |operation| operation.id),
        error: answered.refusal.map(Refusal::chain),
        faults: faults
            .filter(|faults| !faults.is_empty())
            .map(|faults| format!("{faults:?}")),
        failed: answered.response.status().is_server_error(),
    };
    answered.response.extensions_mut().insert(told);
}
