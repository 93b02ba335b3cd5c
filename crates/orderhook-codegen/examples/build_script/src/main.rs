//! Serves an API that somebody else has described, and calls it: a list of words in pages.
//!
//! `build.rs` generates the module [`api`]; written by hand is what follows.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod api {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;
use orderhook_runtime::{Call, Operation, Problem, Refusal, Server, TraceId};
use tokio::net::TcpListener;

use api::client::Client;
use api::models::{Error, ResponseItem, ResponseItemResultsPage};
use api::server::default::{DefaultApi, HandlerError, HandlerQuery};

/// The implementation: what it has to say, in order.
struct Words(&'static [&'static str]);

impl Server for Words {
    /// The document asks nobody for credentials.
    type Principal = ();

    async fn authenticate(&self, _: &Parts, _: &'static Operation) -> Result<(), Refusal> {
        Ok(())
    }

    fn trace_id(&self, _: &Request) -> TraceId {
        TraceId::new("unique for each request")
    }

    /// In the schema `Error` of the document.
    fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response {
        let status = StatusCode::from_u16(refusal.status());
        let error = Error {
            error_code: None,
            message: refusal.problem().message().to_owned(),
            request_id: trace_id.to_string(),
        };
        (status.unwrap_or_default(), Json(error)).into_response()
    }
}

impl DefaultApi for Words {
    /// The token of a page is the number of the word that it begins with.
    async fn handler(
        &self,
        _: Call<()>,
        query: HandlerQuery,
    ) -> Result<ResponseItemResultsPage, HandlerError> {
        let start = match query.page_token {
            None => 0,
            Some(token) => token
                .parse()
                .map_err(|_| Refusal::new(400, Problem::new("no page has this token")))?,
        };
        let limit = query.limit.map_or(2, |limit| limit as usize);
        let rest = self.0.get(start..).unwrap_or_default();
        let items = rest.iter().take(limit).map(|word| ResponseItem {
            word: (*word).to_owned(),
        });
        let next = start.saturating_add(limit);
        Ok(ResponseItemResultsPage {
            items: items.collect(),
            next_page: (next < self.0.len()).then(|| next.to_string()),
        })
    }
}

/// Starts the server on a port of its own, and gives a client that calls it.
async fn start(words: &'static [&'static str]) -> anyhow::Result<Client> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = api::server::router(Arc::new(Words(words)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(Client::new(&url))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = start(&["gusty", "winds", "may", "exist"]).await?;
    let mut items = client.handler().limit(3).stream();
    while let Some(item) = items.try_next().await? {
        println!("{}", item.word);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_client_follows_the_pages_of_the_server() {
        let words = &["gusty", "winds", "may", "exist"];
        let client = start(words).await.expect("listens");

        let page = client.handler().send().await.expect("answers");
        assert_eq!(page.next_page.as_deref(), Some("2"));
        let items: Vec<_> = client
            .handler()
            .limit(3)
            .stream()
            .map_ok(|item| item.word)
            .try_collect()
            .await
            .expect("answers");
        assert_eq!(items, words);
    }

    #[tokio::test]
    async fn the_server_refuses_as_the_document_says() {
        let client = start(&[]).await.expect("listens");

        let refused = client.handler().page_token("winds".to_owned()).send().await;
        let error = refused.expect_err("is no token");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
        let progenitor_client::Error::ErrorResponse(body) = error else {
            panic!("{error}");
        };
        assert_eq!(body.message, "no page has this token");
    }
}
