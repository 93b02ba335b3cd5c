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
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
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
    let connections = http::connections_per_listener();
    let serve =
        |listener, routes| tokio::spawn(http::serve(listener, routes, connections, stop.clone()));
    let mut merchant = serve(merchant, merchant_routes(&parts));
    let mut operator = serve(operator, operator_routes(&parts));
    announce(merchant_address, operator_address);

    // Half a server is worse than none: whoever watches it must see that it ended.
    tokio::select! {
        () = signals.next() => {}
        _ = &mut merchant => bail!("the merchant listener ended"),
        _ = &mut operator => bail!("the operator listener ended"),
        () = parts.engine.failed() => bail!("the delivery engine ended"),
    }
    tracing::info!("stopping: finishing what has begun; a second signal stops at once");
    let timeout = config.shutdown_timeout;
    let drained = async {
        stop.cancel();
        // A client that stops in the middle of a request must not take the time that attempts need.
        let listeners = async { tokio::join!(merchant, operator) };
        let listeners = tokio::time::timeout(timeout / 2, listeners);
        // The engine begins nothing more: what is published from here on is for the next process.
        let (listeners, drained) = tokio::join!(listeners, parts.drain(timeout * 9 / 10));
        if listeners.is_err() {
            tracing::warn!("some requests did not end, and were not answered");
        }
        parts.close().await;
        drained
    };
    shutdown::within(drained, timeout, &mut signals).await
}

async fn bind(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
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
        Arc::clone(&parts.engine),
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
fn announce(merchant: SocketAddr, operator: SocketAddr) {
    let mut stdout = std::io::stdout().lock();
    let announced = writeln!(stdout, "merchant API  http://{merchant}")
        .and_then(|()| writeln!(stdout, "operator API  http://{operator}"))
        .and_then(|()| stdout.flush());
    if let Err(error) = announced {
        // Nobody has to read it.
        tracing::warn!(%error, "the addresses could not be printed");
    }
    tracing::info!(%merchant, %operator, "listening");
}
