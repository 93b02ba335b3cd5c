//! The receiving half of `listen`.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri};
use orderhook_types::Secret;
use orderhook_webhook::{SigningSecret, Verifier, WEBHOOK_ID};
use tokio_util::sync::CancellationToken;

use super::answer::Answering;
use super::push::{Seen, ShownPush, shown_body};
use crate::clock;
use crate::exit::Failure;
use crate::output::{Output, note};
use crate::time::wire;

/// Where the webhook's pushes come in.
pub(super) const WEBHOOK_PATH: &str = "/webhook";
/// Where orders' pushes come in.
pub(super) const ORDER_PATH: &str = "/orders";

/// More than the server can have published.
const BODY_LIMIT: usize = 2 * 1024 * 1024;

/// What pushes are signed with.
#[derive(Debug)]
pub(super) struct Secrets {
    /// Of the webhook.
    pub(super) webhook: Secret,
    /// Of the merchant, for the pushes of orders; `None` if nobody knows it.
    pub(super) orders: Option<Secret>,
}

/// Verifies, answers and shows pushes.
#[derive(Debug)]
pub(super) struct Receiver {
    webhook: Verifier,
    orders: Option<Verifier>,
    answering: Answering,
    seen: Mutex<Seen>,
    output: Output,
    /// Cancelled when nobody reads the output any more.
    stop: CancellationToken,
}

impl Receiver {
    pub(super) fn new(
        secrets: &Secrets,
        answering: Answering,
        output: Output,
        stop: CancellationToken,
    ) -> Result<Self, Failure> {
        Ok(Self {
            webhook: verifier(&secrets.webhook)?,
            orders: secrets.orders.as_ref().map(verifier).transpose()?,
            answering,
            seen: Mutex::default(),
            output,
            stop,
        })
    }

    pub(super) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route(WEBHOOK_PATH, post(webhook))
            .route(ORDER_PATH, post(order))
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .with_state(self)
    }

    async fn receive(
        &self,
        verifier: Option<&Verifier>,
        path: &str,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Response {
        let now = clock::now();
        let fault = match verifier {
            Some(verifier) => match verifier.verify(headers, body, now.into()) {
                Ok(_) => None,
                Err(error) => Some(error.to_string()),
            },
            None => Some("the merchant's secret is unknown; set ORDERHOOK_SECRET".to_owned()),
        };
        let verified = fault.is_none();
        let message_id = headers.get(WEBHOOK_ID).and_then(|id| id.to_str().ok());
        let repeated = match message_id {
            Some(id) if verified => self.count(id),
            _ => 0,
        };
        let answer = self.answering.answer(headers, body, verified, now).await;
        let shown = ShownPush {
            received_time: wire(now),
            path: path.to_owned(),
            message_id: message_id.map(str::to_owned),
            repeated,
            verified,
            fault,
            answered: answer.as_ref().ok().map(|answer| answer.status().as_u16()),
            body: shown_body(body),
        };
        // No reason to refuse the push: it is here and authentic.
        match shown.print(&self.output) {
            Ok(()) => {}
            Err(failure) if failure.is_broken_pipe() => self.stop.cancel(),
            Err(failure) => note(&failure.lines().join("\n")),
        }
        answer.unwrap_or_else(|error| {
            note(&format!("forwarding failed: {error:#}"));
            StatusCode::BAD_GATEWAY.into_response()
        })
    }

    fn count(&self, message_id: &str) -> u64 {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.count(message_id)
    }
}

async fn webhook(
    State(receiver): State<Arc<Receiver>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let verifier = Some(&receiver.webhook);
    receiver
        .receive(verifier, uri.path(), &headers, &body)
        .await
}

async fn order(
    State(receiver): State<Arc<Receiver>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let verifier = receiver.orders.as_ref();
    receiver
        .receive(verifier, uri.path(), &headers, &body)
        .await
}

fn verifier(secret: &Secret) -> Result<Verifier, Failure> {
    let secret = secret.reveal().parse::<SigningSecret>();
    let secret = secret.context("a signing secret can't be read")?;
    Ok(Verifier::new([secret]).context("a signing secret can't be used")?)
}
