//! `orderhook serve`: two listeners, the store, the engine, and how they start and stop.

mod app;
mod catalogue;
mod delivery_rows;
pub(crate) mod dev;
mod http;
mod merchant_api;
mod metrics;
mod operator_api;
mod pages;
mod paging;
mod parts;
mod refused;
mod request_log;
mod shutdown;
mod webhook_rows;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use merchant_api::MerchantApi;
use operator_api::OperatorApi;
use parts::Parts;
use request_log::{RequestLog, log_requests};
use shutdown::Signals;

pub(crate) use parts::open_database;

/// Serves until it is told to stop.
///
/// The configuration has been checked by [`Loaded::check_to_serve`](crate::config::Loaded).
pub(crate) async fn run(mut config: Config, dev: bool) -> anyhow::Result<()> {
    // From the beginning, so that whoever knows the process can stop it well.
    let mut signals = Signals::listen()?;
    let folder = Path::new(dev::FOLDER);
    if dev {
        dev::prepare(&mut config, folder)?;
    }
    // Bound before anything is begun, so that a port in use is told at once.
    let merchant = bind("merchant_listen", config.merchant_listen).await?;
    let operator = bind("operator_listen", config.operator_listen).await?;
    let merchant_address = merchant.local_addr()?;
    let operator_address = operator.local_addr()?;

    let parts = Parts::start(&config).await?;
    if dev {
        dev::introduce(&parts.app, folder, merchant_address, operator_address).await?;
    }

    let stop = CancellationToken::new();
    let merchant = tokio::spawn(http::serve(merchant, merchant_routes(&parts), stop.clone()));
    let operator = tokio::spawn(http::serve(operator, operator_routes(&parts), stop.clone()));
    announce(&merchant_address.to_string(), &operator_address.to_string())?;

    signals.next().await;
    tracing::info!("stopping: finishing what has begun; a second signal stops at once");
    let drained = async {
        stop.cancel();
        // Requests first: what they publish still belongs to the engine. But a client that stops in
        // the middle of a request must not take the time that attempts need to end.
        let listeners = async { tokio::join!(merchant, operator) };
        match tokio::time::timeout(config.shutdown_timeout / 2, listeners).await {
            Ok((merchant, operator)) => merchant.and(operator).context("a listener failed")?,
            Err(_) => tracing::warn!("some requests did not end, and were not answered"),
        }
        parts.drain(config.shutdown_timeout).await;
        Ok(())
    };
    shutdown::within(drained, config.shutdown_timeout, &mut signals).await
}

async fn bind(key: &str, address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("cannot listen on {key} = {address}"))
}

fn merchant_routes(parts: &Parts) -> Router {
    let api = MerchantApi(Arc::clone(&parts.app));
    let routes = orderhook_api::router(Arc::new(api));
    routes.layer(middleware::from_fn_with_state(
        request_log(parts, "merchant"),
        log_requests,
    ))
}

fn operator_routes(parts: &Parts) -> Router {
    let api = OperatorApi(Arc::clone(&parts.app));
    let routes = orderhook_api::operator::router(Arc::new(api));
    let pages = pages::routes(
        Arc::clone(&parts.app.store),
        Arc::clone(&parts.app.clock),
        Arc::clone(&parts.metrics),
    );
    routes.merge(pages).layer(middleware::from_fn_with_state(
        request_log(parts, "operator"),
        log_requests,
    ))
}

fn request_log(parts: &Parts, listener: &'static str) -> RequestLog {
    RequestLog {
        clock: Arc::clone(&parts.app.clock),
        randomness: Arc::clone(&parts.app.randomness),
        metrics: Arc::clone(&parts.metrics),
        listener,
    }
}

/// The addresses on stdout, one a line, for people and for whoever started the process with port 0.
fn announce(merchant: &str, operator: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "merchant API  http://{merchant}")?;
    writeln!(stdout, "operator API  http://{operator}")?;
    stdout.flush()?;
    Ok(())
}
