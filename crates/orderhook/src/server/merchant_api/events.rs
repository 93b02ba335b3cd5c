//! Event list, event subscription and unsubscription.

use orderhook_api::EnvelopedCall;
use orderhook_api::events::{
    EventsApi, ListEventsError, ListEventsQuery, SubscribeEventError, SubscribeEventPath,
    UnsubscribeEventError, UnsubscribeEventPath,
};
use orderhook_api::runtime::Call;
use orderhook_store::{Caller, EndpointId, Page};
use orderhook_types::{EventListResponse, EventPage, SubscribeEventRequest, SubscriptionResponse};

use super::MerchantApi;
use crate::server::catalogue::CatalogueEntry;
use crate::server::paging::{next_page, page_request};
use crate::server::refused::{Missing, Refused, found};
use crate::server::webhook_rows;

impl EventsApi for MerchantApi {
    async fn list_events(
        &self,
        call: Call<Caller>,
        query: ListEventsQuery,
    ) -> Result<EventListResponse, ListEventsError> {
        let request = page_request(query.cursor, query.limit, query.ascending);
        let follows = |entry: &&CatalogueEntry| {
            request.cursor.is_none_or(|cursor| match request.ascending {
                true => entry.event_id > cursor,
                false => entry.event_id < cursor,
            })
        };
        let matches = |entry: &&CatalogueEntry| {
            let event_type = query.event_type.as_ref();
            let code = query.event_code.as_ref();
            event_type.is_none_or(|event_type| entry.event_type == *event_type)
                && code.is_none_or(|code| entry.event_code == *code)
        };
        let entries = self.0.catalogue.entries().iter();
        let mut entries: Vec<_> = entries.filter(matches).filter(follows).collect();
        if !request.ascending {
            entries.reverse();
        }
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let is_last = entries.len() <= limit;
        entries.truncate(limit);
        let last = entries.last().filter(|_| !is_last);
        let page = Page {
            next_cursor: last.map(|entry| entry.event_id),
            items: entries,
        };
        let (next_cursor, has_more) = next_page(&page);
        let entries = page.items.into_iter();
        Ok(call.ok(EventPage {
            data: entries.map(CatalogueEntry::to_wire).collect(),
            has_more,
            next_cursor,
        }))
    }

    async fn subscribe_event(
        &self,
        call: Call<Caller>,
        path: SubscribeEventPath,
        body: SubscribeEventRequest,
    ) -> Result<SubscriptionResponse, SubscribeEventError> {
        let app = &self.0;
        let Caller {
            merchant_id,
            operator,
            ..
        } = &call.principal;
        let webhook_id = EndpointId(path.webhook_id);
        let row = app
            .subscribe(*merchant_id, webhook_id, &body.event_type, operator)
            .await?;
        Ok(call.ok(vec![row]))
    }

    async fn unsubscribe_event(
        &self,
        call: Call<Caller>,
        path: UnsubscribeEventPath,
    ) -> Result<SubscriptionResponse, UnsubscribeEventError> {
        let app = &self.0;
        let caller = &call.principal;
        let event_type = path.event_type.as_str();
        let record = app
            .store
            .unsubscribe(
                caller.merchant_id,
                EndpointId(path.webhook_id),
                event_type,
                &caller.operator,
                app.clock.now(),
            )
            .await
            .map_err(Refused::from)?;
        let record = found(record, Missing::Subscription)?;
        let row = webhook_rows::subscription(&record, event_type, &app.catalogue);
        Ok(call.ok(vec![row]))
    }
}
