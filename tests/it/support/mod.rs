//! A server in the test's own process: the platform of the tutorial, with a clock, ids and
//! randomness that are the same in every run.

mod answer;
mod log;
#[path = "../../../crates/orderhook-api/examples/in_memory/platform.rs"]
pub(crate) mod platform;
pub(crate) mod spec;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use orderhook_api::runtime::BoxError;
use orderhook_client::{Client, operator};
use reqwest::{Method, RequestBuilder, header};
use serde_json::Value;
use tokio::net::TcpListener;

pub(crate) use answer::Answer;
pub(crate) use log::Log;
use platform::{Environment, MerchantId, Operator, Platform};

/// The token of Ada, operator 7 of merchant 1.
pub(crate) const ADA: &str = "token-of-ada";
/// The token of Grace, operator 8 of merchant 1.
pub(crate) const GRACE: &str = "token-of-grace";
/// The token of Eve, operator 9 of merchant 2.
pub(crate) const EVE: &str = "token-of-eve";

/// The platform with its three operators, and no webhook.
pub(crate) fn platform() -> Platform {
    let operators = [
        (ADA, 1, 7, "Ada"),
        (GRACE, 1, 8, "Grace"),
        (EVE, 2, 9, "Eve"),
    ];
    let platform = Platform::new(Rehearsed::default());
    operators
        .into_iter()
        .fold(platform, |platform, (token, merchant, id, name)| {
            let merchant = MerchantId(merchant);
            let name = name.to_owned();
            platform.with_token(token, Operator { merchant, id, name })
        })
}

/// Surroundings that count: seconds from 2026-11-01T09:30:00Z, secrets and trace ids from 1.
#[derive(Default)]
struct Rehearsed {
    seconds: AtomicU64,
    secrets: AtomicU64,
    requests: AtomicU64,
}

impl Environment for Rehearsed {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-01T09:30:00Z".parse().expect("a time");
        let seconds = self.seconds.fetch_add(1, Ordering::Relaxed);
        start + SignedDuration::from_secs(seconds.try_into().expect("a short test"))
    }

    fn random_bytes(&self) -> Result<[u8; 32], BoxError> {
        let secret = self.secrets.fetch_add(1, Ordering::Relaxed) + 1;
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&secret.to_be_bytes());
        Ok(bytes)
    }

    fn trace_id(&self) -> String {
        format!(
            "trace-{}",
            self.requests.fetch_add(1, Ordering::Relaxed) + 1
        )
    }
}

/// A server that listens until the runtime of its test ends.
pub(crate) struct TestServer {
    base_url: String,
    http: reqwest::Client,
}

impl TestServer {
    /// Serves `router` on a port that the system chooses.
    pub(crate) async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(axum::serve(listener, router).into_future());
        // A proxy of the environment must not stand between a test and its own process.
        let http = reqwest::Client::builder().no_proxy().build();
        Self {
            base_url: format!("http://{address}"),
            http: http.expect("a client"),
        }
    }

    /// Serves the platform.
    pub(crate) async fn with_platform() -> Self {
        Self::start(orderhook_api::router(Arc::new(platform()))).await
    }

    /// Where the server listens, for programs of other people.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The generated client, as the owner of `token` uses it.
    pub(crate) fn client(&self, token: &str) -> Client {
        let builder = Client::builder(&self.base_url, token);
        builder
            .http_client(self.http.clone())
            .build()
            .expect("a client")
    }

    /// The generated client of the operator API, as the owner of `token` uses it.
    pub(crate) fn operator_client(&self, token: &str) -> operator::Client {
        let builder = operator::Client::builder(&self.base_url, token);
        builder
            .http_client(self.http.clone())
            .build()
            .expect("a client")
    }

    /// A request without a token; `target` is a path, with a query if it likes.
    pub(crate) fn anonymous(&self, method: Method, target: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{target}", self.base_url))
    }

    /// Ada's request.
    pub(crate) fn request(&self, method: Method, target: &str) -> RequestBuilder {
        self.anonymous(method, target)
            .header(header::AUTHORIZATION, ADA)
    }

    pub(crate) fn get(&self, target: &str) -> RequestBuilder {
        self.request(Method::GET, target)
    }

    /// Ada's request with a body that is said to be JSON, and may be none.
    pub(crate) fn send(
        &self,
        method: Method,
        target: &str,
        body: impl Into<reqwest::Body>,
    ) -> RequestBuilder {
        self.request(method, target)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
    }

    /// Creates a webhook of Ada's and gives its id.
    pub(crate) async fn create(&self, body: Value) -> i64 {
        let request = self.send(Method::POST, "/v1/webhooks", body.to_string());
        let answer = Answer::to(request).await;
        answer.body["data"][0]["webhook_id"]
            .as_i64()
            .expect("a webhook")
    }
}
