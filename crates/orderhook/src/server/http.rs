//! A listener: connections in, answers out, until it is told to stop.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// For how long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// For how long it may send nothing in the middle of a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How many connections a listener holds at most; more of them wait to be accepted.
const MAX_CONNECTIONS: usize = 4096;
/// File descriptors for what is neither listener's: attempts, the database, the log.
const OTHER_DESCRIPTORS: u64 = 1024;
/// How long accepting waits after the machine refused it, such as for lack of file descriptors.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// Raises the limit of open files as far as the machine lets us; returns how many connections each
/// of the two listeners may hold, so that attempts never lack what clients have taken.
pub(crate) fn connections_per_listener() -> usize {
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_else(|error| {
        tracing::warn!(%error, "the limit of open files can't be raised");
        OTHER_DESCRIPTORS
    });
    // Even on the smallest machine half of what there is.
    let others = OTHER_DESCRIPTORS.min(limit / 2);
    let each = usize::try_from((limit - others) / 2).unwrap_or(MAX_CONNECTIONS);
    each.clamp(1, MAX_CONNECTIONS)
}

/// Serves `router` until `stop`, then finishes the requests that have begun.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    connections_at_most: usize,
    stop: CancellationToken,
) {
    let router = router.layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT));
    let connections = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(connections_at_most));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, permit)) = accepted else {
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            let _permit = permit;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
    drop(listener);
    connections.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "no TCP_NODELAY");
            }
            Some((stream, permit))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            pause().await;
            None
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "no event tells that file descriptors are free again"
)]
async fn pause() {
    tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
}
