//! What a caller and the log are told when an implementation fails.

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use orderhook_api::runtime::{Call, Operation, Problem, Refusal, TraceId};
use orderhook_api::webhooks::{self, *};
use orderhook_api::{NotImplemented, Server, refuse};
use orderhook_types::{
    CreateWebhookRequest, UpdateWebhookRequest, WebhookListResponse, WebhookResponse,
};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tracing::Level;

use crate::support::platform::{Operator, Platform};
use crate::support::{self, Answer, Log, TestServer};

/// Knows its callers, and fails them all.
struct Broken(Platform);

impl Server for Broken {
    type Principal = Operator;

    async fn authenticate(
        &self,
        request: &Parts,
        operation: &'static Operation,
    ) -> Result<Operator, Refusal> {
        self.0.authenticate(request, operation).await
    }

    fn trace_id(&self, request: &Request) -> TraceId {
        self.0.trace_id(request)
    }

    fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response {
        refuse(trace_id, refusal)
    }
}

impl WebhooksApi for Broken {
    async fn list_webhooks(
        &self,
        _: Call<Operator>,
        query: ListWebhooksQuery,
    ) -> Result<WebhookListResponse, ListWebhooksError> {
        panic!("limit {:?} of the secret table", query.limit)
    }

    async fn create_webhook(
        &self,
        _: Call<Operator>,
        _: CreateWebhookHeaders,
        _: CreateWebhookRequest,
    ) -> Result<WebhookResponse, CreateWebhookError> {
        let cause = "row 4711 of the secret table is broken";
        let problem = Problem::new("the server failed").with_source(cause);
        Err(CreateWebhookError::InternalServerError(problem))
    }

    async fn update_webhook(
        &self,
        _: Call<Operator>,
        _: UpdateWebhookPath,
        _: UpdateWebhookRequest,
    ) -> Result<WebhookResponse, UpdateWebhookError> {
        // The document has no 409 for an update.
        let cause = "index of the secret table";
        Err(Refusal::conflict(Problem::new("the name is taken").with_source(cause)).into())
    }
}

/// The caller gets a 500 without the cause; the log has it, under the id that the caller has.
async fn check(request: RequestBuilder, operation: &str, error: &str) {
    let log = Log::capture();
    let answer = Answer::to(request).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.body["msg"], "the server failed");
    assert!(answer.body.get("data").is_none(), "{}", answer.body);

    let line = log.line(answer.trace_id());
    assert_eq!(line.level, Level::ERROR);
    assert_eq!(line.field("operation"), operation);
    assert_eq!(line.field("status"), "500");
    assert_eq!(line.field("error"), error);
}

async fn broken() -> TestServer {
    TestServer::start(webhooks::router(Arc::new(Broken(support::platform())))).await
}

#[tokio::test]
async fn a_panic_is_an_internal_error() {
    let server = broken().await;
    let list = server.get("/v1/webhooks?limit=3");
    let error = "500: the server failed: panic: limit Some(3) of the secret table";
    check(list, "list_webhooks", error).await;
    assert_eq!(
        Answer::to(server.get("/v1/other")).await.status,
        404,
        "the server lives on"
    );
}

#[tokio::test]
async fn the_cause_of_an_internal_error_is_for_the_log() {
    let server = broken().await;
    let create = server.send(Method::POST, "/v1/webhooks", r#"{"webhook_name":"a"}"#);
    let error = "500: the server failed: row 4711 of the secret table is broken";
    check(create, "create_webhook", error).await;
}

#[tokio::test]
async fn a_status_that_the_document_does_not_have_is_an_internal_error() {
    let server = broken().await;
    let update = server.send(Method::PUT, "/v1/webhooks/1", r#"{"webhook_name":"a"}"#);
    let error = "500: the server failed: the operation has no status 409 for: the name is taken: \
                 index of the secret table";
    check(update, "update_webhook", error).await;
}

#[tokio::test]
async fn a_refusal_of_the_caller_is_no_error_in_the_log() {
    let server = broken().await;
    let log = Log::capture();
    let answer = Answer::to(server.get("/v1/webhooks?limit=0")).await;
    assert_eq!(log.line(answer.trace_id()).level, Level::INFO);
}

#[tokio::test]
async fn internal_errors_look_like_this() {
    let server = broken().await;
    let answer = Answer::to(server.get("/v1/webhooks")).await;
    insta::assert_json_snapshot!("500", answer.body);
}

#[tokio::test]
async fn the_stub_knows_its_callers_and_implements_nothing() {
    let stub = NotImplemented(support::platform());
    let server = TestServer::start(orderhook_api::router(Arc::new(stub))).await;
    let check = async |method: Method, path: &str, body: &str, operation: &str| {
        let stranger = Answer::to(server.anonymous(method.clone(), path)).await;
        assert_eq!(stranger.status, 401, "{operation}");
        let answer = Answer::to(server.send(method, path, body.to_owned())).await;
        assert_eq!(answer.status, 500, "{operation}");
        assert_eq!(
            answer.body["msg"],
            format!("{operation} is not implemented")
        );
    };

    let name = r#"{"webhook_name":"a"}"#;
    let event_type = r#"{"event_type":"card.load"}"#;
    let subscriptions = "/v1/webhooks/1/subscriptions";
    check(Method::GET, "/v1/webhooks", "", "list_webhooks").await;
    check(Method::POST, "/v1/webhooks", name, "create_webhook").await;
    check(Method::PUT, "/v1/webhooks/1", name, "update_webhook").await;
    check(Method::GET, "/v1/events", "", "list_events").await;
    check(Method::POST, subscriptions, event_type, "subscribe_event").await;
    let subscription = format!("{subscriptions}/card.load");
    check(Method::DELETE, &subscription, "", "unsubscribe_event").await;
}

#[tokio::test]
async fn an_application_decides_how_refusals_look_and_how_long_bodies_are() {
    struct Terse(Platform);

    impl Server for Terse {
        type Principal = Operator;

        async fn authenticate(
            &self,
            request: &Parts,
            operation: &'static Operation,
        ) -> Result<Operator, Refusal> {
            self.0.authenticate(request, operation).await
        }

        fn trace_id(&self, request: &Request) -> TraceId {
            self.0.trace_id(request)
        }

        fn body_limit(&self) -> usize {
            4
        }

        fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response {
            let status = StatusCode::from_u16(refusal.status()).expect("a status");
            let body =
                json!({"code": refusal.status(), "msg": "no", "trace_id": trace_id.as_str()});
            (status, Json(body)).into_response()
        }
    }

    let stub = NotImplemented(Terse(support::platform()));
    let server = TestServer::start(orderhook_api::router(Arc::new(stub))).await;
    let answer = Answer::to(server.send(Method::POST, "/v1/webhooks", "12345")).await;
    assert_eq!((answer.status, &answer.body["msg"]), (413, &"no".into()));
}
