//! Connections for hyper, made only to addresses that the policy allows.
//!
//! hyper's own connector asks a resolver about names alone and connects to a literal address
//! unasked, so a guard in the resolver is none. Here every address passes the policy, and the
//! address that was checked is the one connected to: a name that resolves to another one a moment
//! later (DNS rebinding) changes nothing. A connection that waits in the pool was checked when it
//! was made, and cannot come to lead elsewhere.
//!
//! No proxy is used, whatever the environment says: a proxy would connect to addresses that nobody
//! checked.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;

use crate::stream::Stream;
use crate::{AddressError, AddressPolicy, Resolver};

/// Among how many addresses the time is divided at most, so that each has enough to be reached.
const MAX_SHARES: u32 = 4;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Why there is no connection.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// None of the receiver's addresses may be connected to; the first one's reason.
    #[error("no address of the receiver may be connected to")]
    Refused(#[source] AddressError),
    /// The name has no address.
    #[error("name `{name}` could not be resolved")]
    Name {
        /// The name.
        name: String,
        /// What the resolver says.
        #[source]
        source: Arc<io::Error>,
    },
    /// The last address that was tried takes no connections.
    #[error("could not connect to {address}")]
    Tcp {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        #[source]
        source: Arc<io::Error>,
    },
    /// Name, connection and TLS handshake took longer than they may together.
    #[error("no connection within {limit:?}")]
    TimedOut {
        /// How long they may take.
        limit: Duration,
    },
    /// The receiver's certificate is not to be trusted, or it speaks no TLS that we do.
    #[error("TLS failed")]
    Tls(#[source] rustls::Error),
    /// The connection broke during the TLS handshake.
    #[error("connection broke during the TLS handshake")]
    TlsBroken(#[source] Arc<io::Error>),
}

impl ConnectError {
    /// Whether this machine lacks what a connection takes, so that the receiver was not asked.
    pub(crate) fn is_own_shortage(&self) -> bool {
        match self {
            Self::Name { source, .. } => lacks_descriptors(source),
            Self::Tcp { address, source } => {
                // Of IPv6 the same error says that this machine has no such address to connect from.
                let lacks_ports =
                    address.is_ipv4() && source.kind() == io::ErrorKind::AddrNotAvailable;
                lacks_ports || lacks_descriptors(source)
            }
            _ => false,
        }
    }
}

fn lacks_descriptors(error: &io::Error) -> bool {
    /// `ENFILE` and `EMFILE`: of the machine and of this process. [`io::ErrorKind`] has no name for
    /// them, and the numbers are the same on Linux, macOS and the BSDs.
    const NO_FILES: [i32; 2] = [23, 24];
    let no_files = error
        .raw_os_error()
        .is_some_and(|code| NO_FILES.contains(&code));
    (cfg!(unix) && no_files) || error.kind() == io::ErrorKind::OutOfMemory
}

/// What makes a connection usable: name, TCP and TLS within one limit.
///
/// The limit is not left to the attempt's deadline, because hyper finishes a connection that it
/// began in the background, where no deadline is.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    https: HttpsConnector<TcpConnector>,
    limit: Duration,
}

impl Connector {
    pub(crate) fn new(
        policy: AddressPolicy,
        resolver: Arc<dyn Resolver>,
        tls: ClientConfig,
        limit: Duration,
    ) -> Self {
        let tcp = TcpConnector {
            guard: Arc::new(Guard {
                policy,
                resolver,
                limit,
            }),
        };
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Self { https, limit }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<Stream>>;
    type Error = ConnectError;
    type Future = Connecting<Self::Response, ConnectError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let limit = self.limit;
        let connecting = self.https.call(target);
        Box::pin(async move {
            match timeout(limit, connecting).await {
                Ok(connected) => connected.map_err(connect_error),
                Err(_) => Err(ConnectError::TimedOut { limit }),
            }
        })
    }
}

/// What [`HttpsConnector`] boxes is either an error of our [`TcpConnector`] or one of TLS, which it
/// wraps into an [`io::Error`] or two.
fn connect_error(error: BoxError) -> ConnectError {
    let error = match error.downcast::<ConnectError>() {
        Ok(error) => return *error,
        Err(error) => error,
    };
    let error = match error.downcast::<io::Error>() {
        Ok(error) => *error,
        Err(error) => io::Error::other(error),
    };
    let error = innermost(error);
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(error) => ConnectError::Tls(rustls::Error::clone(error)),
        None => ConnectError::TlsBroken(Arc::new(error)),
    }
}

fn innermost(error: io::Error) -> io::Error {
    match error.downcast::<io::Error>() {
        Ok(inner) => innermost(inner),
        Err(error) => error,
    }
}

#[derive(Debug, Clone)]
struct TcpConnector {
    guard: Arc<Guard>,
}

impl Service<Uri> for TcpConnector {
    type Response = TokioIo<Stream>;
    type Error = ConnectError;
    type Future = Connecting<Self::Response, ConnectError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let guard = self.guard.clone();
        Box::pin(async move {
            guard
                .connect(&target)
                .await
                .map(Stream::new)
                .map(TokioIo::new)
        })
    }
}

#[derive(Debug)]
struct Guard {
    policy: AddressPolicy,
    resolver: Arc<dyn Resolver>,
    limit: Duration,
}

impl Guard {
    async fn connect(&self, target: &Uri) -> Result<TcpStream, ConnectError> {
        let plain = target.scheme() != Some(&Scheme::HTTPS);
        let port = target.port_u16().unwrap_or(if plain { 80 } else { 443 });
        let host = target.host().unwrap_or_default();

        let addresses = self.addresses(host, port).await?;
        let allowed = self.allowed(host, &addresses, plain)?;
        // An address that swallows packets must leave time to the others; one that refuses, does.
        let shares = u32::try_from(allowed.len()).unwrap_or(MAX_SHARES);
        let share = self.limit / shares.min(MAX_SHARES);
        let mut failure = ConnectError::TimedOut { limit: self.limit };
        for address in allowed {
            failure = match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return without_delay(stream, address),
                Ok(Err(error)) => tcp_error(address, error),
                Err(_) => ConnectError::TimedOut { limit: self.limit },
            };
            if failure.is_own_shortage() {
                break;
            }
        }
        Err(failure)
    }

    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = literal.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let resolved = self.resolver.resolve(host, port).await;
        resolved.map_err(|error| name_error(host, error))
    }

    /// Those that may be connected to, of which there is at least one.
    fn allowed(
        &self,
        host: &str,
        addresses: &[SocketAddr],
        plain: bool,
    ) -> Result<Vec<SocketAddr>, ConnectError> {
        let mut allowed = Vec::new();
        let mut refusal = None;
        for address in addresses {
            match self.policy.check_connection(*address, plain) {
                Ok(()) => allowed.push(*address),
                Err(error) => refusal = refusal.or(Some(error)),
            }
        }
        if !allowed.is_empty() {
            return Ok(allowed);
        }
        match refusal {
            Some(error) => Err(ConnectError::Refused(error)),
            None => Err(name_error(host, io::ErrorKind::NotFound.into())),
        }
    }
}

/// A push is written at once and then waited for, so waiting for more to send only costs time.
fn without_delay(stream: TcpStream, address: SocketAddr) -> Result<TcpStream, ConnectError> {
    match stream.set_nodelay(true) {
        Ok(()) => Ok(stream),
        Err(error) => Err(tcp_error(address, error)),
    }
}

fn tcp_error(address: SocketAddr, error: io::Error) -> ConnectError {
    ConnectError::Tcp {
        address,
        source: Arc::new(error),
    }
}

fn name_error(name: &str, error: io::Error) -> ConnectError {
    ConnectError::Name {
        name: name.to_owned(),
        source: Arc::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn what_this_machine_lacks_is_told_from_what_a_receiver_refuses() {
        const EMFILE: i32 = 24;
        const ENFILE: i32 = 23;
        #[track_caller]
        fn check(address: &str, error: io::Error, expected: bool) {
            let address = address.parse().expect("an address");
            let error = tcp_error(address, error);
            assert_eq!(error.is_own_shortage(), expected, "{error:?}");
        }
        let code = io::Error::from_raw_os_error;
        let [v4, v6] = ["192.0.2.1:443", "[2001:db8::1]:443"];
        for address in [v4, v6] {
            check(address, code(EMFILE), true);
            check(address, code(ENFILE), true);
            check(address, io::ErrorKind::OutOfMemory.into(), true);
            check(address, io::ErrorKind::ConnectionRefused.into(), false);
            check(address, io::ErrorKind::NetworkUnreachable.into(), false);
        }
        check(v4, io::ErrorKind::AddrNotAvailable.into(), true);
        check(v6, io::ErrorKind::AddrNotAvailable.into(), false);
        assert!(name_error("a.example", code(EMFILE)).is_own_shortage());
        assert!(!name_error("a.example", io::ErrorKind::NotFound.into()).is_own_shortage());
    }
}
