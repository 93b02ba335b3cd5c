//! What the operator listener has beside its API: probes and metrics, without a token.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use orderhook_delivery::{Clock, EngineHandle};
use orderhook_store::Store;

use super::metrics::Metrics;

#[derive(Clone)]
struct Pages {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    engine: Option<Arc<EngineHandle>>,
    metrics: Arc<Metrics>,
}

/// `/livez`, `/readyz` and `/metrics`.
pub(crate) fn routes(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    engine: Option<Arc<EngineHandle>>,
    metrics: Arc<Metrics>,
) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_page))
        .with_state(Pages {
            store,
            clock,
            engine,
            metrics,
        })
}

/// Ready means that the database takes reads and writes; a replica that delivers is so too while
/// others hold every shard.
async fn readyz(State(pages): State<Pages>) -> Response {
    match pages.store.check().await {
        Ok(()) => "ok\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response()
        }
    }
}

async fn metrics_page(State(pages): State<Pages>) -> Response {
    let now = pages.clock.now();
    match pages.store.stats(now).await {
        Ok(stats) => pages.metrics.stats(&stats, now),
        // The counters are still worth reading; the gauges keep what they showed before.
        Err(error) => tracing::warn!(%error, "no statistics of the store"),
    }
    if let Some(engine) = &pages.engine {
        pages.metrics.load(&engine.load());
    }
    match pages.metrics.encode() {
        Ok(page) => {
            let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, media_type)], page).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
