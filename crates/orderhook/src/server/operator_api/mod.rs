//! The operator API: what happened, what becomes of it, and stepping in.

mod deliveries;
mod endpoints;
mod events;
mod merchants;
mod publishing;
mod status;
mod webhooks;

use std::sync::Arc;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use orderhook_api::runtime::{Answered, Operation, Refusal, TraceId};
use orderhook_api::{Server, access_token, refuse};
use orderhook_store::{Operator, OperatorToken};

use super::app::App;
use super::refused::Refused;
use super::request_log;
use crate::randomness::token_hash;

/// A batch of a hundred events has room in it (decision O3).
const BODY_LIMIT: usize = 1024 * 1024;

/// The operator API on top of the store.
#[derive(Clone)]
pub(crate) struct OperatorApi(pub(crate) Arc<App>);

impl Server for OperatorApi {
    type Principal = OperatorToken;

    async fn authenticate(
        &self,
        request: &Parts,
        _: &'static Operation,
    ) -> Result<OperatorToken, Refusal> {
        let token = access_token(request).ok_or_else(Refusal::unauthorized)?;
        let hash = token_hash(token);
        let now = self.0.clock.now();
        let token = self.0.store.find_operator_token(&hash, now).await;
        let token = token.map_err(Refused::from)?;
        let token = token.ok_or_else(Refusal::unauthorized)?;
        request_log::called_by(request, || {
            format!("operator {} token {}", token.name, token.token_id)
        });
        Ok(token)
    }

    fn trace_id(&self, request: &Request) -> TraceId {
        request_log::trace_id(request)
    }

    fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response {
        refuse(trace_id, refusal)
    }

    fn body_limit(&self) -> usize {
        BODY_LIMIT
    }

    fn answered(&self, answered: Answered<'_>) {
        request_log::answered(answered);
    }
}

/// The operator as `creator_*` and `operator_*` of what is done in a merchant's place.
fn acting(token: &OperatorToken) -> Operator {
    Operator {
        id: token.token_id.0,
        name: token.name.clone(),
    }
}
