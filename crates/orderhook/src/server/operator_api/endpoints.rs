//! Receivers: how they do, and whether they are delivered to.

use orderhook_api::EnvelopedCall;
use orderhook_api::operator::endpoints::{
    EndpointsApi, GetEndpointError, GetEndpointPath, ListEndpointsError, ListEndpointsQuery,
    PauseEndpointError, PauseEndpointPath, ResumeEndpointError, ResumeEndpointPath,
};
use orderhook_api::runtime::{Call, Location};
use orderhook_store::{EndpointFilter, EndpointId, EndpointState, MerchantId, OperatorToken};
use orderhook_types as wire;
use orderhook_types::{EndpointListResponse, EndpointPage, EndpointResponse, PauseEndpointRequest};

use super::OperatorApi;
use crate::server::paging::{next_page, page_request};
use crate::server::refused::{Missing, Refused, found};
use crate::server::webhook_rows::rfc3339;

impl EndpointsApi for OperatorApi {
    async fn list_endpoints(
        &self,
        call: Call<OperatorToken>,
        query: ListEndpointsQuery,
    ) -> Result<EndpointListResponse, ListEndpointsError> {
        let filter = EndpointFilter {
            merchant_id: query.merchant_id.map(MerchantId),
            state: query.state.as_ref().map(state_from_wire).transpose()?,
        };
        let request = page_request(query.cursor, query.limit, query.ascending);
        let page = self.0.store.endpoints(filter, request).await;
        let page = page.map_err(Refused::from)?;
        let (next_cursor, has_more) = next_page(&page);
        Ok(call.ok(EndpointPage {
            data: page.items.into_iter().map(to_wire).collect(),
            has_more,
            next_cursor,
        }))
    }

    async fn get_endpoint(
        &self,
        call: Call<OperatorToken>,
        path: GetEndpointPath,
    ) -> Result<EndpointResponse, GetEndpointError> {
        let endpoint = self.0.store.endpoint(EndpointId(path.endpoint_id)).await;
        let endpoint = found(endpoint.map_err(Refused::from)?, Missing::Endpoint)?;
        Ok(call.ok(to_wire(endpoint)))
    }

    async fn pause_endpoint(
        &self,
        call: Call<OperatorToken>,
        path: PauseEndpointPath,
        body: PauseEndpointRequest,
    ) -> Result<EndpointResponse, PauseEndpointError> {
        let reason = match body.reason {
            Some(reason) => format!("{} (paused by {})", *reason, call.principal.name),
            None => format!("paused by {}", call.principal.name),
        };
        let paused = self
            .set_state(path.endpoint_id, EndpointState::Paused, Some(&reason))
            .await?;
        Ok(call.ok(paused))
    }

    async fn resume_endpoint(
        &self,
        call: Call<OperatorToken>,
        path: ResumeEndpointPath,
    ) -> Result<EndpointResponse, ResumeEndpointError> {
        let resumed = self
            .set_state(path.endpoint_id, EndpointState::Active, None)
            .await?;
        Ok(call.ok(resumed))
    }
}

impl OperatorApi {
    async fn set_state(
        &self,
        endpoint_id: i64,
        state: EndpointState,
        reason: Option<&str>,
    ) -> Result<wire::Endpoint, Refused> {
        let app = &self.0;
        let endpoint_id = EndpointId(endpoint_id);
        let endpoint = app
            .store
            .set_endpoint_state(endpoint_id, state, reason, app.clock.now())
            .await?;
        Ok(to_wire(found(endpoint, Missing::Endpoint)?))
    }
}

fn to_wire(endpoint: orderhook_store::Endpoint) -> wire::Endpoint {
    wire::Endpoint {
        endpoint_id: endpoint.endpoint_id.0,
        merchant_id: endpoint.merchant_id.0,
        kind: endpoint.kind.as_str().into(),
        url: endpoint.url,
        state: endpoint.state.as_str().into(),
        state_reason: endpoint.state_reason,
        state_time: endpoint.state_since.map(rfc3339),
        failing_since: endpoint.failing_since.map(rfc3339),
        pending: i64::try_from(endpoint.pending).unwrap_or(i64::MAX),
        oldest_pending_time: endpoint.oldest_pending.map(rfc3339),
    }
}

/// The state that a filter names.
fn state_from_wire(state: &wire::EndpointState) -> Result<EndpointState, Refused> {
    let known = EndpointState::from_name(state.as_str());
    known.ok_or_else(|| {
        let names = EndpointState::ALL.iter().map(|state| state.as_str());
        Refused::none_of(Location::Query, "state", names)
    })
}
