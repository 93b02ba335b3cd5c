//! Calls to the operator APIs of all replicas.

use std::net::SocketAddr;
use std::time::Duration;

use http::header::RETRY_AFTER;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// A call is answered within 5 s whatever becomes of the database; a busy machine may add the rest.
const ANSWERED_WITHIN: Duration = Duration::from_secs(6);

/// Sooner than a replica closes a connection on which nothing comes: a request must not meet that.
const REUSED_WITHIN: Duration = Duration::from_secs(5);

/// Somebody who runs the replicas.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    token: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Answer {
    /// Whether it is the refusal of a server that can't answer just now, and says when it may.
    pub(crate) fn is_unavailable(&self) -> bool {
        let seconds = self.retry_after.as_ref().map(|text| text.parse());
        let in_seconds: Option<u64> = seconds.and_then(Result::ok);
        let has_text = |member: &str| self.body[member].as_str().is_some_and(|it| !it.is_empty());
        self.status == StatusCode::SERVICE_UNAVAILABLE
            && in_seconds.is_some_and(|seconds| seconds > 0)
            && self.body["code"] == 503
            && has_text("msg")
            && has_text("trace_id")
    }
}

impl Client {
    pub(crate) fn new(token: &str) -> Self {
        Self {
            // A proxy of the environment must not stand between a test and the server.
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(ANSWERED_WITHIN)
                .pool_idle_timeout(REUSED_WITHIN)
                .build()
                .expect("a client"),
            token: token.to_owned(),
        }
    }

    /// Calls a replica with an `Idempotency-Key`.
    pub(crate) async fn post_once(
        &self,
        replica: SocketAddr,
        path: &str,
        key: &str,
        body: &Value,
    ) -> reqwest::Result<Answer> {
        let request = self.request(Method::POST, replica, path);
        let request = request.header("idempotency-key", key).json(body);
        let answer = request.send().await?;
        let retry_after = answer.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|it| it.to_str().ok());
        Ok(Answer {
            status: answer.status(),
            retry_after: retry_after.map(str::to_owned),
            body: answer.json().await?,
        })
    }

    /// Makes something, which must succeed; returns its `data`.
    pub(crate) async fn create(&self, replica: SocketAddr, path: &str, body: &Value) -> Value {
        let request = self.request(Method::POST, replica, path).json(body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let mut answer: Value = answer.json().await.expect("JSON");
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer["data"].take()
    }

    /// What `/readyz` says.
    pub(crate) async fn readiness(&self, replica: SocketAddr) -> StatusCode {
        let request = self.request(Method::GET, replica, "/readyz");
        request.send().await.expect("an answer in time").status()
    }

    fn request(&self, method: Method, replica: SocketAddr, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("http://{replica}{path}"));
        request.header("authorization", &self.token)
    }
}
