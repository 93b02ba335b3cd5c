//! Real receivers on loopback, most of them misbehaving.
//!
//! Each attempt has to be over by its deadline, with an outcome and a reason that is asserted word
//! for word.

mod answers;
mod connecting;
mod endless;
mod environment;
mod keep_alive;
#[cfg(target_os = "linux")] // where a process can see its peak of memory
mod memory;
mod tls;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use orderhook_delivery::{
    AddressPolicy, Answer, HttpTransport, OutgoingRequest, SendError, Transport as _,
    TransportOptions, Verdict, judge,
};
use orderhook_store::{AttemptOutcome, EndpointKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// For receivers that never finish.
const SHORT: Duration = Duration::from_millis(200);
/// For all others: it is not to be reached on a slow machine either.
const LONG: Duration = Duration::from_secs(30);

/// A receiver that does the same on each connection.
struct Receiver {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
    task: JoinHandle<()>,
}

impl Receiver {
    async fn start<B, F>(behave: B) -> Self
    where
        B: Fn(Connection) -> F + Send + 'static,
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        Self::start_on("127.0.0.1:0", behave).await
    }

    async fn start_on<B, F>(address: &str, behave: B) -> Self
    where
        B: Fn(Connection) -> F + Send + 'static,
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::default();
        let (counted, log) = (connections.clone(), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let requests = Arc::clone(&log);
                open.spawn(behave(Connection { stream, requests }));
            }
        });
        Self {
            address,
            connections,
            requests,
            task,
        }
    }

    /// Answers each request with these bytes, and closes.
    async fn answering(answer: impl Into<Bytes>) -> Self {
        let answer = answer.into();
        Self::start(move |mut connection| {
            let answer = answer.clone();
            async move {
                connection.read_request().await?;
                connection.stream.write_all(&answer).await?;
                connection.stream.shutdown().await?;
                connection.read_to_end().await
            }
        })
        .await
    }

    fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The requests so far, from the request line to the end of the body.
    fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        let texts = requests.iter().map(|bytes| String::from_utf8_lossy(bytes));
        texts.map(String::from).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Connection {
    stream: TcpStream,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Connection {
    /// Reads to the end of the body that [`post`] sends.
    async fn read_request(&mut self) -> io::Result<()> {
        let mut request = Vec::new();
        while !request.ends_with(BODY) {
            if self.stream.read_buf(&mut request).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.requests.lock().unwrap().push(request);
        Ok(())
    }

    /// Waits until the sender closes.
    async fn read_to_end(&mut self) -> io::Result<()> {
        tokio::io::copy(&mut self.stream, &mut tokio::io::sink()).await?;
        Ok(())
    }

    /// Closes by a reset: what was written may be lost.
    fn reset(self) -> io::Result<()> {
        self.stream.set_zero_linger()
    }
}

const BODY: &[u8] = br#"{"type":"order_status_change"}"#;

fn options() -> TransportOptions {
    TransportOptions {
        policy: policy(&["127.0.0.1:*"]),
        extra_roots: vec![tls::AUTHORITY.as_ref().der().clone()],
        ..TransportOptions::default()
    }
}

fn policy(allowed: &[&str]) -> AddressPolicy {
    AddressPolicy::new(allowed.iter().map(|text| text.parse().unwrap()))
}

fn transport() -> HttpTransport {
    HttpTransport::new(options()).unwrap()
}

async fn post(
    transport: &HttpTransport,
    url: &str,
    deadline: Duration,
) -> Result<Answer, SendError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let request = OutgoingRequest {
        url: url.into(),
        headers,
        body: Bytes::from_static(BODY),
        deadline,
    };
    transport.post(request).await
}

fn verdict(kind: EndpointKind, result: &Result<Answer, SendError>) -> Verdict {
    judge(kind, result, Timestamp::UNIX_EPOCH)
}

/// One attempt that ends the same whatever was pushed.
#[track_caller]
fn assert_verdict(result: &Result<Answer, SendError>, outcome: AttemptOutcome, reason: &str) {
    for kind in [EndpointKind::Webhook, EndpointKind::OrderCallback] {
        let verdict = verdict(kind, result);
        assert_eq!(
            (verdict.outcome, verdict.reason.as_str()),
            (outcome, reason)
        );
    }
}
