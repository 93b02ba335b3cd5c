//! What was published.

use orderhook_api::EnvelopedCall;
use orderhook_api::operator::events::{
    EventsApi, GetEventError, GetEventPath, ListEventsError, ListEventsQuery,
};
use orderhook_api::runtime::{Call, Location};
use orderhook_store::{Event, EventFilter, MerchantId, MessageId, OperatorToken};
use orderhook_types as wire;
use orderhook_types::{
    EventBody, EventDetail, EventDetailResponse, EventLogPage, EventLogResponse, EventType,
};

use super::OperatorApi;
use crate::server::app::time;
use crate::server::paging::{next_page, page_request};
use crate::server::refused::{Missing, Refused, found};
use crate::server::webhook_rows::rfc3339;

impl EventsApi for OperatorApi {
    async fn list_events(
        &self,
        call: Call<OperatorToken>,
        query: ListEventsQuery,
    ) -> Result<EventLogResponse, ListEventsError> {
        let bound = |field, text: Option<&String>| {
            text.map(|text| time(Location::Query, field, text))
                .transpose()
        };
        let filter = EventFilter {
            merchant_id: query.merchant_id.map(MerchantId),
            event_type: query.event_type.map(|event_type| event_type.to_string()),
            since: bound("since", query.since.as_ref())?,
            until: bound("until", query.until.as_ref())?,
            order_id: query.order_id,
        };
        let request = page_request(query.cursor, query.limit, query.ascending);
        let page = self.0.store.events(&filter, request).await;
        let page = page.map_err(Refused::from)?;
        let (next_cursor, has_more) = next_page(&page);
        Ok(call.ok(EventLogPage {
            data: page.items.into_iter().map(to_wire).collect(),
            has_more,
            next_cursor,
        }))
    }

    async fn get_event(
        &self,
        call: Call<OperatorToken>,
        path: GetEventPath,
    ) -> Result<EventDetailResponse, GetEventError> {
        let message_id = found(MessageId::parse(&path.event_id), Missing::Event)?;
        let event = self
            .0
            .store
            .event(message_id)
            .await
            .map_err(Refused::from)?;
        let (event, body) = found(event, Missing::Event)?;
        let body: EventBody =
            serde_json::from_slice(&body).map_err(|error| Refused::Internal(error.into()))?;
        let event = to_wire(event);
        Ok(call.ok(EventDetail {
            event_id: event.event_id,
            merchant_id: event.merchant_id,
            kind: event.kind,
            event_type: event.event_type,
            order_id: event.order_id,
            create_time: event.create_time,
            body,
        }))
    }
}

fn to_wire(event: Event) -> wire::Event {
    wire::Event {
        event_id: event.message_id.to_string(),
        merchant_id: event.merchant_id.0,
        kind: event.kind.as_str().into(),
        event_type: EventType::from(event.event_type),
        order_id: event.order_id,
        create_time: rfc3339(event.created_at),
    }
}
