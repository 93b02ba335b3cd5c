//! Implementations of the generated traits that keep what arrives and answer what they are told.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;
use orderhook_api::operator::events::{GetEventError, GetEventPath};
use orderhook_api::operator::{
    self, deliveries::*, endpoints::*, merchants::*, publishing::*, status::*, webhooks::*,
};
use orderhook_api::runtime::{Call, Operation, Refusal, TraceId};
use orderhook_api::{Server, access_token, events, refuse, webhooks};
use orderhook_types::*;
use orderhook_webhook::PushReceiver;

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

/// A struct with a slot for each method of the traits, and a server that has these traits.
macro_rules! recording {
    ($api:ident, $server:ident: $($trait:path {
        $($method:ident($($input:ident: $kind:path),*) -> $answer:ident, $error:path;)+
    })+) => {
        #[derive(Default)]
        pub(super) struct $api {
            $($(pub(super) $method: Slot<($($kind,)*), Result<$answer, $error>>,)+)+
            requests: AtomicU64,
        }

        pub(super) struct $server(pub(super) &'static $api);

        impl Server for $server {
            type Principal = ();

            async fn authenticate(
                &self,
                request: &Parts,
                _: &'static Operation,
            ) -> Result<(), Refusal> {
                match access_token(request) {
                    Some(TOKEN) => Ok(()),
                    _ => Err(Refusal::unauthorized()),
                }
            }

            fn trace_id(&self, _: &Request) -> TraceId {
                let count = self.0.requests.fetch_add(1, Ordering::Relaxed);
                TraceId::new(format!("round-trip-{count}"))
            }

            fn reject(&self, trace_id: &TraceId, refusal: &Refusal) -> Response {
                refuse(trace_id, refusal)
            }
        }

        $(impl $trait for $server {
            $(async fn $method(
                &self,
                _: Call<()>,
                $($input: $kind),*
            ) -> Result<$answer, $error> {
                self.0.$method.answer(($($input,)*))
            })+
        })+
    };
}

recording! {
    RecordingApi, Recorder:
    webhooks::WebhooksApi {
        list_webhooks(query: webhooks::ListWebhooksQuery)
            -> WebhookListResponse, webhooks::ListWebhooksError;
        create_webhook(headers: webhooks::CreateWebhookHeaders, body: CreateWebhookRequest)
            -> WebhookResponse, webhooks::CreateWebhookError;
        update_webhook(path: webhooks::UpdateWebhookPath, body: UpdateWebhookRequest)
            -> WebhookResponse, webhooks::UpdateWebhookError;
    }
    events::EventsApi {
        subscribe_event(path: events::SubscribeEventPath, body: SubscribeEventRequest)
            -> SubscriptionResponse, events::SubscribeEventError;
        unsubscribe_event(path: events::UnsubscribeEventPath)
            -> SubscriptionResponse, events::UnsubscribeEventError;
        list_events(query: events::ListEventsQuery)
            -> EventListResponse, events::ListEventsError;
    }
}

recording! {
    RecordingOperatorApi, OperatorRecorder:
    MerchantsApi {
        list_merchants(query: ListMerchantsQuery) -> MerchantListResponse, ListMerchantsError;
        create_merchant(headers: CreateMerchantHeaders, body: CreateMerchantRequest)
            -> MerchantResponse, CreateMerchantError;
        get_merchant(path: GetMerchantPath) -> MerchantResponse, GetMerchantError;
        list_tokens(path: ListTokensPath, query: ListTokensQuery)
            -> TokenListResponse, ListTokensError;
        create_token(path: CreateTokenPath, headers: CreateTokenHeaders, body: CreateTokenRequest)
            -> IssuedTokenResponse, CreateTokenError;
        revoke_token(path: RevokeTokenPath) -> TokenResponse, RevokeTokenError;
        rotate_merchant_secret(path: RotateMerchantSecretPath, body: RotateSecretRequest)
            -> RotatedSecretResponse, RotateMerchantSecretError;
    }
    PublishingApi {
        publish_order_status_change(
            path: PublishOrderStatusChangePath,
            headers: PublishOrderStatusChangeHeaders,
            body: Order
        ) -> PublishedEventResponse, PublishOrderStatusChangeError;
        publish_card_event(
            path: PublishCardEventPath,
            headers: PublishCardEventHeaders,
            body: PublishCardEventRequest
        ) -> PublishedEventResponse, PublishCardEventError;
        publish_card_events(
            path: PublishCardEventsPath,
            headers: PublishCardEventsHeaders,
            body: PublishCardEventsRequest
        ) -> PublishedEventsResponse, PublishCardEventsError;
    }
    operator::webhooks::WebhooksApi {
        create_merchant_webhook(
            path: CreateMerchantWebhookPath,
            headers: CreateMerchantWebhookHeaders,
            body: CreateWebhookRequest
        ) -> WebhookResponse, CreateMerchantWebhookError;
        subscribe_merchant_webhook(
            path: SubscribeMerchantWebhookPath,
            body: SubscribeEventRequest
        ) -> SubscriptionResponse, SubscribeMerchantWebhookError;
        delete_webhook(path: DeleteWebhookPath) -> DeletedWebhookResponse, DeleteWebhookError;
        rotate_webhook_secret(path: RotateWebhookSecretPath, body: RotateSecretRequest)
            -> RotatedSecretResponse, RotateWebhookSecretError;
    }
    EndpointsApi {
        list_endpoints(query: ListEndpointsQuery) -> EndpointListResponse, ListEndpointsError;
        get_endpoint(path: GetEndpointPath) -> EndpointResponse, GetEndpointError;
        pause_endpoint(path: PauseEndpointPath, body: PauseEndpointRequest)
            -> EndpointResponse, PauseEndpointError;
        resume_endpoint(path: ResumeEndpointPath) -> EndpointResponse, ResumeEndpointError;
    }
    operator::events::EventsApi {
        list_events(query: operator::events::ListEventsQuery)
            -> EventLogResponse, operator::events::ListEventsError;
        get_event(path: GetEventPath) -> EventDetailResponse, GetEventError;
    }
    DeliveriesApi {
        list_deliveries(query: ListDeliveriesQuery) -> DeliveryListResponse, ListDeliveriesError;
        get_delivery(path: GetDeliveryPath) -> DeliveryResponse, GetDeliveryError;
        list_attempts(path: ListAttemptsPath, query: ListAttemptsQuery)
            -> AttemptListResponse, ListAttemptsError;
        replay_delivery(path: ReplayDeliveryPath) -> DeliveryResponse, ReplayDeliveryError;
        replay_deliveries(body: ReplayRequest) -> ReplayResponse, ReplayDeliveriesError;
    }
    StatusApi {
        get_status() -> StatusResponse, GetStatusError;
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
        _: orderhook_webhook::Delivery,
        push: OrderStatusPush,
    ) -> Result<Acknowledgement, Infallible> {
        Ok(self.order_status_change.answer(push))
    }

    async fn card_event(
        &self,
        _: orderhook_webhook::Delivery,
        push: CardEventPush,
    ) -> Result<Acknowledgement, Infallible> {
        Ok(self.card_event.answer(push))
    }
}
