//! The server that says what it was asked, and how it is called.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; clippy exempts only the test functions"
)]

mod answers;
mod bodies;
mod callers;
mod parameters;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use orderhook_runtime::{Answered, Fault, Operation, Refusal, Server, TraceId};
use orderhook_test_features::client::Client;
use orderhook_test_features::models::{self, Count, Counts, Echo, Name, Names, Point, Thing};
use orderhook_test_features::server;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How many bytes of a body the server reads.
pub(crate) const LIMIT: usize = 2048;

/// Echoes what its operations are called with.
pub(crate) struct Features {
    /// The pieces of bodies, as soon as they are there.
    arrived: UnboundedSender<Bytes>,
    /// Refusals with their causes.
    log: Arc<Mutex<Vec<String>>>,
}

impl Server for Features {
    /// The credentials that the caller met.
    type Principal = String;

    async fn authenticate(
        &self,
        request: &Parts,
        operation: &'static Operation,
    ) -> Result<String, Refusal> {
        callers::authenticate(request, operation)
    }

    fn trace_id(&self, _: &Request) -> TraceId {
        TraceId::new("unique for each request")
    }

    fn body_limit(&self) -> usize {
        LIMIT
    }

    fn upload_limit(&self, _: &'static Operation) -> usize {
        LIMIT
    }

    /// In the schema `Refusal` of the document.
    fn reject(&self, _: &TraceId, refusal: &Refusal) -> Response {
        let problem = refusal.problem();
        let faults: Vec<_> = problem.faults().iter().map(told).collect();
        let message = match faults.is_empty() {
            true => problem.message().to_owned(),
            false => faults.join(", "),
        };
        let body = models::Refusal {
            code: refusal.status().into(),
            message: Some(message),
        };
        let status = StatusCode::from_u16(refusal.status()).unwrap();
        (status, Json(body)).into_response()
    }

    fn answered(&self, answered: Answered<'_>) {
        if let Some(refusal) = answered.refusal {
            self.log.lock().unwrap().push(refusal.chain());
        }
    }
}

/// Location, field and rule.
fn told(fault: &Fault) -> String {
    let (location, rule) = (fault.location.as_str(), fault.rule.as_str());
    format!("{location} {}: {rule}", fault.field)
}

/// A server on a port of its own.
pub(crate) struct App {
    pub(crate) client: Client,
    pub(crate) http: reqwest::Client,
    pub(crate) arrived: UnboundedReceiver<Bytes>,
    url: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::start_with(|router| router, "").await
    }

    /// With what `around` makes of the router, which has it below `base`.
    pub(crate) async fn start_with(around: impl FnOnce(Router) -> Router, base: &str) -> Self {
        let (sender, arrived) = unbounded_channel();
        let log = Arc::default();
        let server = Features {
            arrived: sender,
            log: Arc::clone(&log),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{base}", listener.local_addr().unwrap());
        let router = around(server::router(Arc::new(server)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            client: Client::new_with_client(&url, http.clone()),
            http,
            arrived,
            url,
            log,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The only refusal so far.
    pub(crate) fn logged(&self) -> String {
        let mut log = self.log.lock().unwrap();
        assert_eq!(log.len(), 1, "{log:?}");
        log.remove(0)
    }
}

/// Status and body: what a handler read where it answers with [`Echo`], the message where it refuses.
pub(crate) async fn send(request: reqwest::RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let member = serde_json::from_str::<serde_json::Value>(&text).ok();
    let member = member.and_then(|body| {
        let text = body.get("read").or_else(|| body.get("message"))?;
        text.as_str().map(str::to_owned)
    });
    (status, member.unwrap_or(text))
}

fn echo(value: impl Debug) -> Echo {
    Echo {
        read: format!("{value:?}"),
    }
}

pub(crate) fn name(text: &str) -> Name {
    text.try_into().unwrap()
}

pub(crate) fn names(texts: &[&str]) -> Names {
    Names(texts.iter().map(|text| name(text)).collect())
}

pub(crate) fn counts(numbers: &[i64]) -> Counts {
    Counts(numbers.iter().copied().map(Count).collect())
}

pub(crate) fn point(x: i64, label: Option<&str>) -> Point {
    Point {
        x: Some(x),
        y: None,
        label: label.map(str::to_owned),
    }
}

pub(crate) fn thing(text: &str) -> Thing {
    Thing {
        name: name(text),
        size: Some(-1),
        tags: Some(names(&["a", "b"])),
    }
}
