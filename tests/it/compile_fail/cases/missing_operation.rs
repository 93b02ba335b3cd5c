use axum::extract::Request;
use axum::http::request::Parts;
use orderhook_api::Server;
use orderhook_api::events::{
    EventsApi, ListEventsError, ListEventsQuery, SubscribeEventError, SubscribeEventPath,
};
use orderhook_api::runtime::{Call, Operation, Refusal, TraceId};
use orderhook_types::{EventListResponse, SubscribeEventRequest, SubscriptionResponse};

struct Shop;

impl Server for Shop {
    type Principal = ();

    async fn authenticate(&self, _: &Parts, _: &'static Operation) -> Result<(), Refusal> {
        Ok(())
    }

    fn trace_id(&self, _: &Request) -> TraceId {
        unimplemented!()
    }
}

impl EventsApi for Shop {
    async fn list_events(
        &self,
        _: Call<()>,
        _: ListEventsQuery,
    ) -> Result<EventListResponse, ListEventsError> {
        unimplemented!()
    }

    async fn subscribe_event(
        &self,
        _: Call<()>,
        _: SubscribeEventPath,
        _: SubscribeEventRequest,
    ) -> Result<SubscriptionResponse, SubscribeEventError> {
        unimplemented!()
    }
}

fn main() {}
