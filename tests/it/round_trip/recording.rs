//! Implementations of the generated traits that keep what arrives and answer what they are told.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::Request;
use axum::http::request::Parts;
use orderhook_api::events::{
    EventsApi, ListEventsError, ListEventsQuery, SubscribeEventError, SubscribeEventPath,
    UnsubscribeEventError, UnsubscribeEventPath,
};
use orderhook_api::runtime::{Call, Operation, Refusal, TraceId};
use orderhook_api::webhooks::{
    CreateWebhookError, CreateWebhookHeaders, ListWebhooksError, ListWebhooksQuery,
    UpdateWebhookError, UpdateWebhookPath, WebhooksApi,
};
use orderhook_api::{Server, access_token};
use orderhook_types::{
    Acknowledgement, CardEventPush, CreateWebhookRequest, EventListResponse, OrderStatusPush,
    SubscribeEventRequest, SubscriptionResponse, UpdateWebhookRequest, WebhookListResponse,
    WebhookResponse,
};
use orderhook_webhook::{Delivery, PushReceiver};

pub(super) const TOKEN: &str = "token-of-the-round-trips";

/// What arrived at one method last, and what it is to answer next.
///
/// Only one test calls each method, so nobody else comes in between.
pub(super) struct Slot<I, O>(Mutex<(Option<I>, Option<O>)>);

impl<I, O> Slot<I, O> {
    pub(super) fn prepare(&self, answer: O) {
        *self.lock() = (None, Some(answer));
    }

    pub(super) fn arrived(&self) -> Option<I> {
        self.lock().0.take()
    }

    fn answer(&self, input: I) -> O {
        let mut state = self.lock();
        state.0 = Some(input);
        state.1.take().expect("a method is called once")
    }

    fn lock(&self) -> MutexGuard<'_, (Option<I>, Option<O>)> {
        // A test that has failed already must not fail the others.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I, O> Default for Slot<I, O> {
    fn default() -> Self {
        Self(Mutex::new((None, None)))
    }
}

#[derive(Default)]
pub(super) struct RecordingApi {
    pub(super) list_webhooks:
        Slot<ListWebhooksQuery, Result<WebhookListResponse, ListWebhooksError>>,
    pub(super) create_webhook: Slot<
        (CreateWebhookHeaders, CreateWebhookRequest),
        Result<WebhookResponse, CreateWebhookError>,
    >,
    pub(super) update_webhook: Slot<
        (UpdateWebhookPath, UpdateWebhookRequest),
        Result<WebhookResponse, UpdateWebhookError>,
    >,
    pub(super) subscribe_event: Slot<
        (SubscribeEventPath, SubscribeEventRequest),
        Result<SubscriptionResponse, SubscribeEventError>,
    >,
    pub(super) unsubscribe_event:
        Slot<UnsubscribeEventPath, Result<SubscriptionResponse, UnsubscribeEventError>>,
    pub(super) list_events: Slot<ListEventsQuery, Result<EventListResponse, ListEventsError>>,
    requests: AtomicU64,
}

struct Recorder(&'static RecordingApi);

pub(super) fn router(api: &'static RecordingApi) -> Router {
    orderhook_api::router(Arc::new(Recorder(api)))
}

impl Server for Recorder {
    type Principal = ();

    async fn authenticate(&self, request: &Parts, _: &'static Operation) -> Result<(), Refusal> {
        match access_token(request) {
            Some(TOKEN) => Ok(()),
            _ => Err(Refusal::unauthorized()),
        }
    }

    fn trace_id(&self, _: &Request) -> TraceId {
        let count = self.0.requests.fetch_add(1, Ordering::Relaxed);
        TraceId::new(format!("round-trip-{count}"))
    }
}

impl WebhooksApi for Recorder {
    async fn list_webhooks(
        &self,
        _: Call<()>,
        query: ListWebhooksQuery,
    ) -> Result<WebhookListResponse, ListWebhooksError> {
        self.0.list_webhooks.answer(query)
    }

    async fn create_webhook(
        &self,
        _: Call<()>,
        headers: CreateWebhookHeaders,
        body: CreateWebhookRequest,
    ) -> Result<WebhookResponse, CreateWebhookError> {
        self.0.create_webhook.answer((headers, body))
    }

    async fn update_webhook(
        &self,
        _: Call<()>,
        path: UpdateWebhookPath,
        body: UpdateWebhookRequest,
    ) -> Result<WebhookResponse, UpdateWebhookError> {
        self.0.update_webhook.answer((path, body))
    }
}

impl EventsApi for Recorder {
    async fn subscribe_event(
        &self,
        _: Call<()>,
        path: SubscribeEventPath,
        body: SubscribeEventRequest,
    ) -> Result<SubscriptionResponse, SubscribeEventError> {
        self.0.subscribe_event.answer((path, body))
    }

    async fn unsubscribe_event(
        &self,
        _: Call<()>,
        path: UnsubscribeEventPath,
    ) -> Result<SubscriptionResponse, UnsubscribeEventError> {
        self.0.unsubscribe_event.answer(path)
    }

    async fn list_events(
        &self,
        _: Call<()>,
        query: ListEventsQuery,
    ) -> Result<EventListResponse, ListEventsError> {
        self.0.list_events.answer(query)
    }
}

#[derive(Default)]
pub(super) struct RecordingReceiver {
    pub(super) order_status_change: Slot<OrderStatusPush, Acknowledgement>,
    pub(super) card_event: Slot<CardEventPush, Acknowledgement>,
}

impl PushReceiver for &'static RecordingReceiver {
    type Error = Infallible;

    async fn order_status_change(
        &self,
        _: Delivery,
        push: OrderStatusPush,
    ) -> Result<Acknowledgement, Infallible> {
        Ok(self.order_status_change.answer(push))
    }

    async fn card_event(
        &self,
        _: Delivery,
        push: CardEventPush,
    ) -> Result<Acknowledgement, Infallible> {
        Ok(self.card_event.answer(push))
    }
}
