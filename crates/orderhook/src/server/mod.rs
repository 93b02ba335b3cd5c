//! `orderhook serve`: two listeners, the store, the engine, and how they start and stop.

mod app;
mod catalogue;
pub(crate) mod database;
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

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use axum::{Router, middleware};
use futures_util::FutureExt as _;
use orderhook_delivery::{Clock, SystemClock};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use merchant_api::MerchantApi;
use operator_api::OperatorApi;
use parts::Parts;
use request_log::{RequestLog, log_requests};
use shutdown::Signals;

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
    let bound = Bound::bind(&config).await?;
    let addresses = bound.addresses()?;

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let opened = tokio::select! {
        opened = database::open_to_serve(&config, &*clock) => opened?,
        () = signals.next() => bail!("stopped before the database could be opened"),
    };
    let parts = Parts::start(&config, opened, clock).await?;
    if let (true, Some(merchant)) = (dev, addresses.merchant) {
        dev::introduce(&parts.app, folder, merchant, addresses.operator).await?;
    }

    let stop = CancellationToken::new();
    let mut listeners = bound.serve(&parts, &stop);
    addresses.announce(&config);

    // Half a server is worse than none: whoever watches it must see that it ended.
    tokio::select! {
        () = signals.next() => {}
        ended = listeners.join_next() => match ended {
            Some(Ok(name)) => bail!("the {name} listener ended"),
            _ => bail!("a listener ended"),
        },
        () = parts.engine_failed() => bail!("the delivery engine ended"),
    }
    tracing::info!("stopping: finishing what has begun; a second signal stops at once");
    let timeout = config.shutdown_timeout;
    let drained = async {
        stop.cancel();
        // A client that stops in the middle of a request must not take the time that attempts need.
        let listeners = async { while listeners.join_next().await.is_some() {} };
        let listeners = tokio::time::timeout(timeout / 2, listeners);
        // The engine begins nothing more: what is published from here on is for another process.
        let (listeners, drained) = tokio::join!(listeners, parts.drain(timeout * 9 / 10));
        if listeners.is_err() {
            tracing::warn!("some requests did not end, and were not answered");
        }
        parts.close().await;
        drained
    };
    shutdown::within(drained, timeout, &mut signals).await
}

/// The listeners of this replica's role, before anything is accepted.
struct Bound {
    merchant: Option<TcpListener>,
    operator: TcpListener,
}

/// Where they listen.
struct Addresses {
    merchant: Option<SocketAddr>,
    operator: SocketAddr,
}

impl Bound {
    async fn bind(config: &Config) -> anyhow::Result<Self> {
        let merchant = if config.role.serves_apis() {
            Some(bind("merchant_listen", config.merchant_listen).await?)
        } else {
            None
        };
        let operator = bind("operator_listen", config.operator_listen).await?;
        Ok(Self { merchant, operator })
    }

    fn addresses(&self) -> io::Result<Addresses> {
        let merchant = self.merchant.as_ref().map(TcpListener::local_addr);
        Ok(Addresses {
            merchant: merchant.transpose()?,
            operator: self.operator.local_addr()?,
        })
    }

    /// Accepts until `stop`. Each task ends with the name of its listener.
    fn serve(self, parts: &Parts, stop: &CancellationToken) -> JoinSet<&'static str> {
        let connections = http::connections_per_listener();
        let operator_routes = match self.merchant {
            Some(_) => operator_routes(parts),
            None => page_routes(parts),
        };
        let operator = ("operator", self.operator, operator_routes);
        let merchant = self.merchant;
        let merchant = merchant.map(|listener| ("merchant", listener, merchant_routes(parts)));
        let mut listeners = JoinSet::new();
        for (name, listener, routes) in merchant.into_iter().chain([operator]) {
            let routes = routes.layer(middleware::from_fn_with_state(
                request_log(parts, name),
                log_requests,
            ));
            let serving = http::serve(listener, routes, connections, stop.clone());
            listeners.spawn(serving.map(move |()| name));
        }
        listeners
    }
}

async fn bind(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("cannot listen on {key} = {address}"))
}

fn merchant_routes(parts: &Parts) -> Router {
    let api = MerchantApi(Arc::clone(&parts.app));
    orderhook_api::router(Arc::new(api))
}

fn operator_routes(parts: &Parts) -> Router {
    let api = OperatorApi(Arc::clone(&parts.app));
    orderhook_api::operator::router(Arc::new(api)).merge(page_routes(parts))
}

fn page_routes(parts: &Parts) -> Router {
    pages::routes(
        Arc::clone(&parts.app.store),
        Arc::clone(&parts.app.clock),
        parts.engine.clone(),
        Arc::clone(&parts.metrics),
    )
}

fn request_log(parts: &Parts, listener: &'static str) -> RequestLog {
    RequestLog {
        clock: Arc::clone(&parts.app.clock),
        randomness: Arc::clone(&parts.app.randomness),
        metrics: Arc::clone(&parts.metrics),
        listener,
    }
}

impl Addresses {
    /// On stdout, one a line, for people and for whoever started the process with port 0; and in the
    /// log beside what this process is.
    fn announce(&self, config: &Config) {
        if let Err(error) = self.print(&mut io::stdout().lock()) {
            // Nobody has to read it.
            tracing::warn!(%error, "the addresses could not be printed");
        }
        tracing::info!(
            role = config.role.as_str(),
            database = %config.database,
            replica = %replica(),
            merchant = self.merchant.map(tracing::field::display),
            operator = %self.operator,
            "listening"
        );
    }

    fn print(&self, to: &mut dyn io::Write) -> io::Result<()> {
        match self.merchant {
            Some(merchant) => {
                writeln!(to, "merchant API  http://{merchant}")?;
                writeln!(to, "operator API  http://{}", self.operator)?;
            }
            None => writeln!(to, "metrics       http://{}/metrics", self.operator)?,
        }
        to.flush()
    }
}

/// What tells this process from others in the logs of all: its machine or container, and its id there.
fn replica() -> String {
    let host = gethostname::gethostname();
    format!("{}/{}", host.display(), std::process::id())
}
