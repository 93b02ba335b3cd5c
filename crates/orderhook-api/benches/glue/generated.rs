//! The generated glue over an implementation that answers at once.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use orderhook_api::runtime::{Call, Operation, Refusal, TraceId};
use orderhook_api::webhooks::{
    self, CreateWebhookError, CreateWebhookHeaders, ListWebhooksError, ListWebhooksQuery,
    UpdateWebhookError, UpdateWebhookPath, WebhooksApi,
};
use orderhook_api::{EnvelopedCall, Server, access_token, refuse};
use orderhook_types::{
    CreateWebhookRequest, UpdateWebhookRequest, WebhookListResponse, WebhookResponse,
};

use crate::sample::{self, TOKEN, TraceIds};

pub(crate) fn router() -> Router {
    webhooks::router(Arc::new(Api::default()))
}

#[derive(Default)]
struct Api {
    trace_ids: TraceIds,
}

impl Server for Api {
    type Principal = ();

    async fn authenticate(&self, request: &Parts, _: &'static Operation) -> Result<(), Refusal> {
        match access_token(request) {
            Some(TOKEN) => Ok(()),
            _ => Err(Refusal::unauthorized()),
        }
    }

    fn trace_id(&self, _: &Request) -> TraceId {
        TraceId::new(self.trace_ids.next())
    }

    fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response {
        refuse(trace_id, refusal)
    }
}

impl WebhooksApi for Api {
    async fn list_webhooks(
        &self,
        call: Call<()>,
        _: ListWebhooksQuery,
    ) -> Result<WebhookListResponse, ListWebhooksError> {
        Ok(call.ok(sample::page()))
    }

    async fn create_webhook(
        &self,
        call: Call<()>,
        _: CreateWebhookHeaders,
        body: CreateWebhookRequest,
    ) -> Result<WebhookResponse, CreateWebhookError> {
        let name = body.webhook_name.into();
        let url = body.webhook_url.map(String::from);
        Ok(call.ok(vec![sample::webhook(name, url)]))
    }

    async fn update_webhook(
        &self,
        call: Call<()>,
        _: UpdateWebhookPath,
        _: UpdateWebhookRequest,
    ) -> Result<WebhookResponse, UpdateWebhookError> {
        Err(Refusal::not_implemented(call.operation()).into())
    }
}
