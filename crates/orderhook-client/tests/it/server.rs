//! A real HTTP server on a port of its own that gives the answers of a script, in order, and keeps
//! the requests. After the last answer it gives none, and breaks off the connection.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clock::TestClock;

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// An answer of this status, with these headers and this body.
    Whole(u16, Vec<(&'static str, String)>, String),
    /// A success whose connection breaks off within the body.
    Half,
    /// No answer; the connection breaks off.
    Nothing,
    /// No answer; the connection stays open.
    Silence,
    /// Takes this long on the clock.
    After(Duration, Box<Answer>),
}

impl Answer {
    /// A refusal of this status in the documented envelope.
    pub(crate) fn status(status: u16) -> Self {
        let body = json!({"msg": "refused", "code": status, "trace_id": "trace-1"});
        Self::Whole(status, Vec::new(), body.to_string())
    }

    pub(crate) fn retry_after(status: u16, value: &str) -> Self {
        Self::status(status).with_header("retry-after", value)
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::Whole(status, Vec::new(), body.to_string())
    }

    /// A success with the last page of a list, which is empty.
    pub(crate) fn empty_page() -> Self {
        Self::page(&[], false, &json!(""))
    }

    pub(crate) fn page(items: &[Value], has_more: bool, next_cursor: &Value) -> Self {
        let page = json!({"data": items, "has_more": has_more, "next_cursor": next_cursor});
        Self::json(200, &json!({"code": 200, "data": page}))
    }

    /// A success with one webhook, or one subscription.
    pub(crate) fn webhook() -> Self {
        let row = json!({
            "webhook_id": 3,
            "webhook_name": "order-events",
            "event_type": "card.load",
        });
        Self::json(200, &json!({"code": 200, "data": [row]}))
    }

    pub(crate) fn after(self, duration: Duration) -> Self {
        Self::After(duration, Box::new(self))
    }

    fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Whole(_, headers, _) = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    answers: Mutex<VecDeque<Answer>>,
    seen: Mutex<Vec<Seen>>,
    clock: TestClock,
}

impl Server {
    pub(crate) async fn start(
        answers: impl IntoIterator<Item = Answer>,
        clock: &TestClock,
    ) -> Self {
        let shared = Arc::new(Shared {
            answers: Mutex::new(answers.into_iter().collect()),
            seen: Mutex::default(),
            clock: clock.clone(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(accept(listener, shared.clone()));
        Self {
            address,
            shared,
            task,
        }
    }

    /// From now on nobody listens on the port.
    pub(crate) async fn stop(&mut self) {
        self.task.abort();
        assert!(
            (&mut self.task)
                .await
                .is_err_and(|error| error.is_cancelled())
        );
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// Path and query of every request.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.target).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, shared.clone()));
            // A connection that the script breaks off is an error here, and meant to be.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    shared.seen.lock().unwrap().push(Seen {
        method: parts.method,
        target: parts.uri.to_string(),
        headers: parts.headers,
        body,
    });
    let answer = shared.answers.lock().unwrap().pop_front();
    let mut answer = answer.unwrap_or(Answer::Nothing);
    while let Answer::After(duration, then) = answer {
        shared.clock.advance(duration);
        answer = *then;
    }
    match answer {
        Answer::Whole(status, headers, body) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok(response.body(Full::from(body)).unwrap())
        }
        Answer::Half => Ok(Response::builder()
            .header(header::CONTENT_LENGTH, 1000)
            .body(Full::from("{\"code\": 200"))
            .unwrap()),
        Answer::Silence => std::future::pending().await,
        Answer::Nothing | Answer::After(..) => Err(io::Error::other("no answer")),
    }
}
