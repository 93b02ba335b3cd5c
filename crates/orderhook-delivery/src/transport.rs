//! One attempt over HTTP: what is sent, what comes back, and the bounds of both.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::USER_AGENT;
use http::{Extensions, HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::Verifier;
use tokio::time::timeout;

use crate::connector::Connector;
use crate::stream::{Flood, Usage};
use crate::{AddressError, AddressPolicy, ConnectError, Resolver, SystemResolver};

/// How much of an answer's body is read.
pub const MAX_ANSWER: usize = 64 * 1024;
/// How long the head of an answer may be: status line and headers.
const MAX_ANSWER_HEAD: usize = 64 * 1024;
/// How many headers an answer may have.
const MAX_ANSWER_HEADERS: usize = 100;

/// Makes attempts.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Posts once and waits for the answer, until the deadline at most.
    ///
    /// # Errors
    ///
    /// [`SendError`] when there is no answer. The receiver may have handled the push all the same:
    /// that is what makes delivery at least once.
    async fn post(&self, request: OutgoingRequest) -> Result<Answer, SendError>;
}

/// What an attempt sends.
#[derive(Clone)]
pub struct OutgoingRequest {
    /// The receiver's address.
    pub url: Arc<str>,
    /// `content-type` and the signature; a `user-agent` is put in.
    pub headers: HeaderMap,
    /// The exact bytes that are signed.
    pub body: Bytes,
    /// How long the whole attempt may take: connecting, sending, and the answer to its last byte.
    pub deadline: Duration,
}

/// Shows neither body nor headers: they can hold personal data and signatures.
impl fmt::Debug for OutgoingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingRequest")
            .field("url", &self.url)
            .field("body_bytes", &self.body.len())
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// What the receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, up to [`MAX_ANSWER`]; never decompressed.
    pub body: Bytes,
    /// Whether the body goes on behind what was read.
    pub cut: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The URL is one that would not be stored; the policy may have changed since it was.
    #[error("address is refused")]
    Address(#[source] AddressError),
    /// There is no connection, or none that both sides trust.
    #[error("no connection")]
    Connect(#[source] ConnectError),
    /// The receiver closed the connection before the answer was complete.
    #[error("connection was closed before the answer was complete")]
    Closed,
    /// The connection broke.
    #[error("connection broke: {0}")]
    Broken(io::ErrorKind),
    /// What came back does not begin like an answer of HTTP/1.
    #[error("head of the answer is malformed")]
    MalformedHead,
    /// The answer's body is not framed by the rules of HTTP, such as by a chunk without a size.
    #[error("body of the answer is malformed")]
    MalformedBody,
    /// The head of the answer has more than 64 KiB or more than 100 headers.
    #[error("head of the answer is too large")]
    HeadTooLarge,
    /// The receiver has sent 512 KiB without an answer coming of it, such as by interim answers
    /// without end.
    #[error("more than 512 KiB received without an answer")]
    Flood,
    /// The attempt was not over before its deadline.
    #[error("no complete answer within {limit:?}")]
    TimedOut {
        /// How long it was allowed to take.
        limit: Duration,
    },
}

impl SendError {
    /// Whether this machine could not connect for want of file descriptors, ports or memory: then
    /// the receiver was not asked, and nothing is known of it.
    #[must_use]
    pub fn is_own_shortage(&self) -> bool {
        matches!(self, Self::Connect(error) if error.is_own_shortage())
    }
}

/// How [`HttpTransport`] connects.
#[derive(Debug, Clone)]
pub struct TransportOptions {
    /// What may be connected to; by default public addresses.
    pub policy: AddressPolicy,
    /// Where names are looked up; by default the operating system.
    pub resolver: Arc<dyn Resolver>,
    /// Certificates of authorities that are trusted besides those of the operating system.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// How long name, connection and TLS handshake may take together; by default 5 s.
    pub connect_timeout: Duration,
    /// How long a connection is kept for the next push; by default 4 s, because many servers close
    /// an idle connection after 5 s and a push that crosses that is lost.
    pub idle_timeout: Duration,
    /// How many idle connections are kept for each scheme, host and port; by default 64.
    pub idle_per_origin: usize,
    /// What receivers see as `user-agent`; by default `Orderhook/` and the version.
    pub user_agent: HeaderValue,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            policy: AddressPolicy::default(),
            resolver: Arc::new(SystemResolver::default()),
            extra_roots: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(4),
            idle_per_origin: 64,
            user_agent: HeaderValue::from_static(concat!("Orderhook/", env!("CARGO_PKG_VERSION"))),
        }
    }
}

/// Why there is no transport: certificates of authorities cannot be used, or there are none.
#[derive(Debug, Clone, thiserror::Error)]
#[error("certificates of authorities cannot be used")]
pub struct InvalidTransport(#[from] rustls::Error);

/// HTTP/1.1 by hyper: no redirects, no decompression, no proxy, and bounds on everything.
///
/// Connections are kept and used again once an answer was read to its end. A receiver may close a
/// kept connection at any time, also while a push is on its way to it; that is no failure of the
/// push, so it is sent once more on a new connection. If the receiver has had it all the same, it
/// gets it twice, by the same `webhook-id`: delivery is at least once.
#[derive(Debug)]
pub struct HttpTransport {
    client: Client<Connector, Full<Bytes>>,
    unkept: Client<Connector, Full<Bytes>>,
    policy: AddressPolicy,
    user_agent: HeaderValue,
}

impl HttpTransport {
    /// Needs a tokio runtime with I/O and time by the first attempt.
    ///
    /// # Errors
    ///
    /// [`InvalidTransport`] when a certificate of [`TransportOptions::extra_roots`] cannot be read,
    /// or the machine has none and neither are there extra ones.
    pub fn new(options: TransportOptions) -> Result<Self, InvalidTransport> {
        let connector = Connector::new(
            options.policy.clone(),
            options.resolver,
            tls_config(options.extra_roots)?,
            options.connect_timeout,
        );
        let mut client = Client::builder(TokioExecutor::new());
        client
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(options.idle_timeout)
            .pool_max_idle_per_host(options.idle_per_origin)
            .http1_max_buf_size(MAX_ANSWER_HEAD)
            .http1_max_headers(MAX_ANSWER_HEADERS);
        Ok(Self {
            client: client.build(connector.clone()),
            unkept: client.pool_max_idle_per_host(0).build(connector),
            policy: options.policy,
            user_agent: options.user_agent,
        })
    }

    async fn exchange(&self, outgoing: OutgoingRequest) -> Result<Answer, SendError> {
        let request = self.request(outgoing)?;
        let response = match self.client.request(request.clone()).await {
            Err(error) if lost_kept_connection(&error) => self.unkept.request(request).await,
            result => result,
        };
        let (head, body) = response.map_err(|error| no_answer(&error))?.into_parts();
        if let Some(usage) = head.extensions.get::<Usage>() {
            usage.answered();
        }
        let (body, cut) = read(body).await?;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
            cut,
        })
    }

    /// The URL is checked and spelled as it was before it was stored, so both readings are one.
    fn request(&self, outgoing: OutgoingRequest) -> Result<Request<Full<Bytes>>, SendError> {
        let url = self.policy.check_url(&outgoing.url);
        let url = url.map_err(SendError::Address)?;
        let uri = Uri::try_from(url.as_str())
            .map_err(|_| SendError::Address(AddressError::NotSendable))?;

        let mut request = Request::new(Full::new(outgoing.body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = outgoing.headers;
        let user_agent = self.user_agent.clone();
        request.headers_mut().insert(USER_AGENT, user_agent);
        Ok(request)
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn post(&self, request: OutgoingRequest) -> Result<Answer, SendError> {
        let limit = request.deadline;
        match timeout(limit, self.exchange(request)).await {
            Ok(answered) => answered,
            Err(_) => Err(SendError::TimedOut { limit }),
        }
    }
}

fn tls_config(extra_roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra_roots, provider.clone())?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous() // a verifier of one's own choosing is meant, and this one is strict
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

/// At most [`MAX_ANSWER`] bytes, and whether there are more.
///
/// hyper closes the connection when a body is dropped before its end.
async fn read(mut body: Incoming) -> Result<(Bytes, bool), SendError> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken_body(&error))?;
        let Ok(data) = frame.into_data() else {
            continue; // trailers
        };
        let room = MAX_ANSWER - read.len();
        if data.len() > room {
            read.extend_from_slice(&data[..room]);
            return Ok((read.freeze(), true));
        }
        if read.is_empty() && body.is_end_stream() {
            return Ok((data, false));
        }
        read.extend_from_slice(&data);
    }
    Ok((read.freeze(), false))
}

/// Whether the connection was kept from another push, and the receiver closed it.
fn lost_kept_connection(error: &legacy::Error) -> bool {
    let mut extensions = Extensions::new();
    if let Some(connection) = error.connect_info() {
        connection.get_extras(&mut extensions);
    }
    extensions.get().is_some_and(Usage::is_kept)
        && matches!(no_answer(error), SendError::Closed | SendError::Broken(_))
}

fn no_answer(error: &legacy::Error) -> SendError {
    let Some(source) = error.source() else {
        return SendError::Closed;
    };
    if let Some(error) = source.downcast_ref::<ConnectError>() {
        return SendError::Connect(error.clone());
    }
    match source.downcast_ref::<hyper::Error>() {
        Some(error) if error.is_parse_too_large() => SendError::HeadTooLarge,
        Some(error) if error.is_parse() => SendError::MalformedHead,
        Some(error) => broken(error),
        None => SendError::Closed,
    }
}

fn broken_body(error: &hyper::Error) -> SendError {
    match broken(error) {
        SendError::Broken(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => {
            SendError::MalformedBody
        }
        _ if error.is_parse() => SendError::MalformedBody,
        other => other,
    }
}

/// TLS 1.3 lets a receiver refuse after the sender's side of the handshake is done, such as for
/// want of a client's certificate.
fn broken(error: &hyper::Error) -> SendError {
    let Some(error) = error.source().and_then(|source| source.downcast_ref()) else {
        return SendError::Closed;
    };
    if let Some(error) = inner(error) {
        return SendError::Connect(ConnectError::Tls(rustls::Error::clone(error)));
    }
    if inner::<Flood>(error).is_some() {
        return SendError::Flood;
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => SendError::Closed,
        kind => SendError::Broken(kind),
    }
}

fn inner<E: std::error::Error + 'static>(error: &io::Error) -> Option<&E> {
    error.get_ref()?.downcast_ref()
}
