//! What becomes of an event at each endpoint, attempt by attempt, and once more.

use orderhook_api::EnvelopedCall;
use orderhook_api::operator::deliveries::{
    DeliveriesApi, GetDeliveryError, GetDeliveryPath, ListAttemptsError, ListAttemptsPath,
    ListAttemptsQuery, ListDeliveriesError, ListDeliveriesQuery, ReplayDeliveriesError,
    ReplayDeliveryError, ReplayDeliveryPath,
};
use orderhook_api::runtime::{Call, Location};
use orderhook_store::{
    DeliveryFilter, DeliveryId, DeliveryState, EndpointId, MerchantId, MessageId, OperatorToken,
    Page, ReplayCounts, ReplayFilter, Replayed,
};
use orderhook_types::{
    AttemptListResponse, AttemptPage, DeliveryListResponse, DeliveryPage, DeliveryResponse,
    ReplayRequest, ReplayResponse, ReplaySummary,
};

use super::OperatorApi;
use crate::server::app::time;
use crate::server::delivery_rows::{attempt, delivery, state_from_wire};
use crate::server::paging::{next_page, page_request};
use crate::server::refused::{Missing, Refused, found};

impl DeliveriesApi for OperatorApi {
    async fn list_deliveries(
        &self,
        call: Call<OperatorToken>,
        query: ListDeliveriesQuery,
    ) -> Result<DeliveryListResponse, ListDeliveriesError> {
        let bound = |field, text: Option<&String>| {
            text.map(|text| time(Location::Query, field, text))
                .transpose()
        };
        let message_id = query.event_id.as_deref().map(MessageId::parse);
        let filter = DeliveryFilter {
            merchant_id: query.merchant_id.map(MerchantId),
            endpoint_id: query.endpoint_id.map(EndpointId),
            message_id: message_id.flatten(),
            state: query
                .state
                .as_ref()
                .map(|state| state_from_wire(Location::Query, state))
                .transpose()?,
            since: bound("since", query.since.as_ref())?,
            until: bound("until", query.until.as_ref())?,
        };
        let request = page_request(query.cursor, query.limit, query.ascending);
        let page = match message_id {
            // A text that is the id of no event has no deliveries.
            Some(None) => Page {
                items: Vec::new(),
                next_cursor: None,
            },
            _ => {
                let page = self.0.store.deliveries(&filter, request).await;
                page.map_err(Refused::from)?
            }
        };
        let (next_cursor, has_more) = next_page(&page);
        Ok(call.ok(DeliveryPage {
            data: page.items.into_iter().map(delivery).collect(),
            has_more,
            next_cursor,
        }))
    }

    async fn get_delivery(
        &self,
        call: Call<OperatorToken>,
        path: GetDeliveryPath,
    ) -> Result<DeliveryResponse, GetDeliveryError> {
        let row = self.0.store.delivery(DeliveryId(path.delivery_id)).await;
        let row = found(row.map_err(Refused::from)?, Missing::Delivery)?;
        Ok(call.ok(delivery(row)))
    }

    async fn list_attempts(
        &self,
        call: Call<OperatorToken>,
        path: ListAttemptsPath,
        query: ListAttemptsQuery,
    ) -> Result<AttemptListResponse, ListAttemptsError> {
        let request = page_request(query.cursor, query.limit, query.ascending);
        let delivery_id = DeliveryId(path.delivery_id);
        let page = self.0.store.attempts(delivery_id, request).await;
        let page = found(page.map_err(Refused::from)?, Missing::Delivery)?;
        let (next_cursor, has_more) = next_page(&page);
        let attempts = page.items.into_iter();
        Ok(call.ok(AttemptPage {
            data: attempts.map(|row| attempt(delivery_id, row)).collect(),
            has_more,
            next_cursor,
        }))
    }

    async fn replay_delivery(
        &self,
        call: Call<OperatorToken>,
        path: ReplayDeliveryPath,
    ) -> Result<DeliveryResponse, ReplayDeliveryError> {
        let app = &self.0;
        let delivery_id = DeliveryId(path.delivery_id);
        let replayed = app
            .store
            .replay_delivery(delivery_id, app.clock.now())
            .await;
        match found(replayed.map_err(Refused::from)?, Missing::Delivery)? {
            Replayed::Queued(row) => Ok(call.ok(delivery(*row))),
            // Like the webhook itself, what it had is not there any more.
            Replayed::EndpointGone => Err(Refused::NotThere(Missing::Delivery).into()),
        }
    }

    async fn replay_deliveries(
        &self,
        call: Call<OperatorToken>,
        body: ReplayRequest,
    ) -> Result<ReplayResponse, ReplayDeliveriesError> {
        let app = &self.0;
        let until = body.until.as_deref();
        let state = body.state.as_ref();
        let filter = ReplayFilter {
            state: state.map_or(Ok(DeliveryState::Failed), |state| {
                state_from_wire(Location::Body, state)
            })?,
            since: time(Location::Body, "since", &body.since)?,
            until: until
                .map(|text| time(Location::Body, "until", text))
                .transpose()?,
            merchant_id: body.merchant_id.map(MerchantId),
            endpoint_id: body.endpoint_id.map(EndpointId),
            event_type: body.event_type.map(|event_type| event_type.to_string()),
        };
        let dry_run = body.dry_run.unwrap_or(false);
        let counts = match dry_run {
            true => app
                .store
                .count_replays(&filter)
                .await
                .map(|matched| ReplayCounts {
                    matched,
                    replayed: 0,
                }),
            false => app.store.replay_deliveries(&filter, app.clock.now()).await,
        };
        let counts = counts.map_err(Refused::from)?;
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Ok(call.ok(ReplaySummary {
            matched: count(counts.matched),
            replayed: count(counts.replayed),
            dry_run,
        }))
    }
}
