//! A receiver in the test's own process: real HTTP, and a memory for what came.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use orderhook_webhook::{SigningSecret, Verifier};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const ACKNOWLEDGED: &str = r#"{"code":"00000"}"#;

/// A receiver that acknowledges everything, unless it is told to wait.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    inbox: Mutex<Inbox>,
    /// How many requests came, for whoever waits for one.
    received: watch::Sender<usize>,
    /// How many connections are open.
    connections: watch::Sender<usize>,
    /// While this is true, nothing is answered.
    holding: watch::Sender<bool>,
}

/// A request that came.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Which life of the sender it came from, see [`Sink::next_life`].
    pub(crate) life: usize,
}

impl Received {
    /// `webhook-id`: the event's id.
    pub(crate) fn message_id(&self) -> &str {
        let id = self.headers.get("webhook-id");
        id.and_then(|id| id.to_str().ok()).unwrap_or_default()
    }

    /// The number that the event was published with.
    pub(crate) fn number(&self) -> i64 {
        let body: serde_json::Value = serde_json::from_slice(&self.body).expect("JSON");
        body["data"]["number"].as_i64().expect("a number")
    }
}

/// What came.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) received: Vec<Received>,
    /// Why signatures were refused.
    pub(crate) refused_signatures: Vec<String>,
    copies: HashMap<String, usize>,
    verifiers: HashMap<String, Verifier>,
    life: usize,
}

impl Inbox {
    /// How often a message came.
    pub(crate) fn copies(&self, message_id: &str) -> usize {
        self.copies.get(message_id).copied().unwrap_or(0)
    }
}

impl Sink {
    /// Listens until the runtime of the test ends.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let sink = Self {
            address: listener.local_addr().expect("an address"),
            shared: Arc::new(Shared {
                inbox: Mutex::default(),
                received: watch::Sender::new(0),
                connections: watch::Sender::new(0),
                holding: watch::Sender::new(false),
            }),
        };
        let accepting = sink.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                accepting.shared.connections.send_modify(|open| *open += 1);
                tokio::spawn(accepting.clone().serve(stream));
            }
        });
        sink
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Verifies what comes to `path` from now on.
    pub(crate) fn verify(&self, path: &str, secret: SigningSecret) {
        let verifier = Verifier::new([secret]).expect("a secret");
        self.inbox().verifiers.insert(path.to_owned(), verifier);
    }

    /// Leaves requests unanswered until they are to be answered again.
    pub(crate) fn hold(&self, holding: bool) {
        self.shared.holding.send_replace(holding);
    }

    pub(crate) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.shared.inbox.lock().expect("no panic while receiving")
    }

    /// Waits until what came is as it should be.
    pub(crate) async fn until(&self, mut is_complete: impl FnMut(&Inbox) -> bool) {
        let mut received = self.shared.received.subscribe();
        while !is_complete(&self.inbox()) {
            received.changed().await.expect("the sink lives");
        }
    }

    /// Waits until each of these messages came, but no longer than `patience`; how many did not.
    pub(crate) async fn missing(&self, message_ids: &[String], patience: Duration) -> usize {
        let mut missing: Vec<_> = message_ids.iter().collect();
        let all = self.until(|inbox| {
            missing.retain(|id| inbox.copies(id) == 0);
            missing.is_empty()
        });
        // What is late is seen in what is missing.
        let _ = tokio::time::timeout(patience, all).await;
        missing.len()
    }

    /// Once the sender is dead and what it had sent was read: what comes from now on is from its
    /// next life.
    pub(crate) async fn next_life(&self) {
        // Connections are accepted in their order: once this one was, all before it were.
        let mut last = TcpStream::connect(self.address)
            .await
            .expect("a connection");
        last.shutdown().await.expect("nothing is sent");
        last.read_to_end(&mut Vec::new())
            .await
            .expect("it is closed");

        let mut connections = self.shared.connections.subscribe();
        let closed = connections.wait_for(|open| *open == 0).await;
        closed.expect("the sink lives");
        self.inbox().life += 1;
    }

    async fn serve(self, stream: TcpStream) {
        let receive = service_fn(|request| self.receive(request));
        // A sender that dies breaks its connections.
        let _ = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), receive)
            .await;
        self.shared.connections.send_modify(|open| *open -= 1);
    }

    async fn receive(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return Ok(Response::default());
        };
        self.remember(head.uri.path(), head.headers, body.to_bytes());
        let mut holding = self.shared.holding.subscribe();
        let released = holding.wait_for(|holding| !holding).await;
        released.expect("the sink lives");
        Ok(Response::new(Full::from(ACKNOWLEDGED)))
    }

    fn remember(&self, path: &str, headers: HeaderMap, body: Bytes) {
        let mut inbox = self.inbox();
        if let Some(verifier) = inbox.verifiers.get(path)
            && let Err(refused) = verifier.verify(&headers, &body, now())
        {
            inbox.refused_signatures.push(refused.to_string());
        }
        let received = Received {
            headers,
            body,
            life: inbox.life,
        };
        let message_id = received.message_id().to_owned();
        *inbox.copies.entry(message_id).or_default() += 1;
        inbox.received.push(received);
        self.shared.received.send_replace(inbox.received.len());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server under test signs with the real time"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
