//! The six operations of the documents, for merchants.

mod events;
mod webhooks;

use std::sync::Arc;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use orderhook_api::runtime::{Answered, Operation, Refusal, TraceId};
use orderhook_api::{Server, access_token, refuse};
use orderhook_store::Caller;

use super::app::App;
use super::refused::Refused;
use super::request_log;
use crate::randomness::token_hash;

/// The merchant API on top of the store.
#[derive(Clone)]
pub(crate) struct MerchantApi(pub(crate) Arc<App>);

impl Server for MerchantApi {
    type Principal = Caller;

    async fn authenticate(
        &self,
        request: &Parts,
        _: &'static Operation,
    ) -> Result<Caller, Refusal> {
        let token = access_token(request).ok_or_else(Refusal::unauthorized)?;
        let hash = token_hash(token);
        let caller = self.0.store.find_caller(&hash, self.0.clock.now()).await;
        let caller = caller.map_err(Refused::from)?;
        let caller = caller.ok_or_else(Refusal::unauthorized)?;
        request_log::called_by(request, || {
            format!("merchant {} token {}", caller.merchant_id, caller.token_id)
        });
        Ok(caller)
    }

    fn trace_id(&self, request: &Request) -> TraceId {
        request_log::trace_id(request)
    }

    fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response {
        refuse(trace_id, refusal)
    }

    fn answered(&self, answered: Answered<'_>) {
        request_log::answered(answered);
    }
}
