//! Events on their way in: each is durable before it is answered.

use bytes::Bytes;
use orderhook_api::EnvelopedCall;
use orderhook_api::operator::publishing::{
    PublishCardEventError, PublishCardEventHeaders, PublishCardEventPath, PublishCardEventsError,
    PublishCardEventsHeaders, PublishCardEventsPath, PublishOrderStatusChangeError,
    PublishOrderStatusChangeHeaders, PublishOrderStatusChangePath, PublishingApi,
};
use orderhook_api::runtime::{Call, Fault, Location, Refusal, Rule};
use orderhook_store::{Idempotency, MerchantId, NewEvent, NewPush, OperatorToken};
use orderhook_types::{
    CardEventPush, Order, OrderStatusPush, OrderStatusPushType, PublishCardEventRequest,
    PublishCardEventsRequest, PublishedEvent, PublishedEventResponse, PublishedEvents,
    PublishedEventsResponse,
};
use orderhook_webhook::PushRequest;

use super::OperatorApi;
use crate::server::app::{App, idempotency};
use crate::server::refused::{Missing, Refused, found, once};

impl PublishingApi for OperatorApi {
    async fn publish_order_status_change(
        &self,
        call: Call<OperatorToken>,
        path: PublishOrderStatusChangePath,
        headers: PublishOrderStatusChangeHeaders,
        body: Order,
    ) -> Result<PublishedEventResponse, PublishOrderStatusChangeError> {
        let request = (path.merchant_id, &body);
        let key = idempotency(call.operation(), headers.idempotency_key, &request)?;
        let event = self.0.order_status_change(body)?;
        let merchant_id = MerchantId(path.merchant_id);
        let published = self.0.publish(merchant_id, vec![event], key).await?;
        Ok(call.ok(only(published)?))
    }

    async fn publish_card_event(
        &self,
        call: Call<OperatorToken>,
        path: PublishCardEventPath,
        headers: PublishCardEventHeaders,
        body: PublishCardEventRequest,
    ) -> Result<PublishedEventResponse, PublishCardEventError> {
        let request = (path.merchant_id, &body);
        let key = idempotency(call.operation(), headers.idempotency_key, &request)?;
        let event = self.0.card_event(body, "event_type".to_owned())?;
        let merchant_id = MerchantId(path.merchant_id);
        let published = self.0.publish(merchant_id, vec![event], key).await?;
        Ok(call.ok(only(published)?))
    }

    async fn publish_card_events(
        &self,
        call: Call<OperatorToken>,
        path: PublishCardEventsPath,
        headers: PublishCardEventsHeaders,
        body: PublishCardEventsRequest,
    ) -> Result<PublishedEventsResponse, PublishCardEventsError> {
        let request = (path.merchant_id, &body);
        let key = idempotency(call.operation(), headers.idempotency_key, &request)?;
        let events = body.events.into_iter().enumerate().map(|(index, event)| {
            let field = format!("events[{index}].event_type");
            self.0.card_event(event, field)
        });
        let events = events.collect::<Result<Vec<_>, _>>()?;
        let merchant_id = MerchantId(path.merchant_id);
        let events = self.0.publish(merchant_id, events, key).await?;
        Ok(call.ok(PublishedEvents { events }))
    }
}

impl App {
    fn card_event(
        &self,
        request: PublishCardEventRequest,
        field: String,
    ) -> Result<NewEvent, Refusal> {
        let Some(entry) = self.catalogue.find(request.event_type.as_str()) else {
            // Not a 404 as when subscribing: the event is not there yet, its type is merely wrong.
            let message = "must be in the catalogue of event types";
            let fault = Fault::new(Location::Body, field, Rule::Exists, message);
            return Err(Refusal::bad_request(vec![fault]));
        };
        let push = orderhook_webhook::card_event(&CardEventPush {
            type_: request.event_type,
            event_code: Some(entry.event_code.clone()),
            data: request.data,
        });
        let push = push.map_err(Refusal::internal)?;
        let event_type = entry.event_type.as_str().to_owned();
        Ok(self.new_event(NewPush::CardEvent { event_type }, push)?)
    }

    fn order_status_change(&self, order: Order) -> Result<NewEvent, Refusal> {
        if order.order_id.is_empty() {
            // The order of pushes goes by it.
            let message = "must have at least 1 character";
            let fault = Fault::new(Location::Body, "orderId", Rule::MinLength, message);
            return Err(Refusal::bad_request(vec![fault]));
        }
        let url = self.addresses.check_url(&order.order_call_back_url);
        let url = url.map_err(|error| Refused::Address {
            field: "orderCallBackUrl",
            error,
        })?;
        let to = NewPush::OrderStatusChange {
            order_id: order.order_id.clone(),
            url: url.to_string(),
            origin: url.origin().ascii_serialization(),
        };
        let push = orderhook_webhook::order_status_change(&OrderStatusPush {
            type_: OrderStatusPushType::OrderStatusChange,
            data: order,
        });
        let push = push.map_err(Refusal::internal)?;
        Ok(self.new_event(to, push)?)
    }

    fn new_event(&self, push: NewPush, request: PushRequest) -> Result<NewEvent, Refused> {
        Ok(NewEvent {
            push,
            body: Bytes::from(request.into_body()),
            nonce: self.nonce()?,
        })
    }

    async fn publish(
        &self,
        merchant_id: MerchantId,
        events: Vec<NewEvent>,
        key: Option<Idempotency>,
    ) -> Result<Vec<PublishedEvent>, Refused> {
        let now = self.clock.now();
        let published = self.store.publish(merchant_id, events, key, now).await?;
        let published = once(found(published, Missing::Merchant)?)?;
        let published = published.into_iter().map(|event| PublishedEvent {
            event_id: event.message_id.to_string(),
            deliveries: event.deliveries.into(),
        });
        Ok(published.collect())
    }
}

/// The one event of a call that published one.
fn only(published: Vec<PublishedEvent>) -> Result<PublishedEvent, Refused> {
    let event = published.into_iter().next();
    event.ok_or_else(|| Refused::Internal("nothing was published".into()))
}
