//! Events on their way in.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;

use super::Sqlite;
use super::batch::Batch;
use super::idempotency::{Scope, once};
use super::targets::Target;
use crate::millis::Millis;
use crate::{
    Claim, DeliveryId, EndpointId, EventId, EventKind, Idempotency, Lease, MerchantId, MessageId,
    NewEvent, NewPush, Once, PublishedEvent, Publishing, StoreError,
};

#[async_trait]
impl Publishing for Sqlite {
    async fn publish(
        &self,
        merchant_id: MerchantId,
        events: Vec<NewEvent>,
        idempotency: Option<Idempotency>,
        now: Timestamp,
    ) -> Result<Option<Once<Vec<PublishedEvent>>>, StoreError> {
        self.writer
            .try_call(move |batch| {
                let known = &mut batch.memory.targets;
                if !known.know_merchant(batch.connection, merchant_id)? {
                    return Ok(None);
                }
                let scope = Scope::Merchant(merchant_id);
                let published = once(batch, scope, idempotency.as_ref(), now, |batch| {
                    let published = events
                        .iter()
                        .map(|event| publish_event(batch, merchant_id, event, now));
                    published.collect()
                })?;
                Ok(Some(published))
            })
            .await
    }
}

/// A delivery to be.
struct NewDelivery<'a> {
    message_id: MessageId,
    merchant_id: MerchantId,
    event: &'a NewEvent,
    target: &'a Target,
    /// An order's own address; a webhook's is looked up for each attempt.
    url: Option<&'a str>,
    /// The line that it stands in.
    order_key: Option<&'a str>,
}

fn publish_event(
    batch: &mut Batch<'_>,
    merchant_id: MerchantId,
    event: &NewEvent,
    now: Timestamp,
) -> Result<PublishedEvent, StoreError> {
    let message_id = insert_event(batch.connection, merchant_id, event, now)?;
    let (connection, vault) = (batch.connection, batch.vault);
    let remembered = &mut batch.memory.targets;
    let (targets, url, order_key) = match &event.push {
        NewPush::CardEvent { event_type } => {
            let targets =
                remembered.of_event_type(connection, vault, merchant_id, event_type, now)?;
            (targets, None, None)
        }
        NewPush::OrderStatusChange {
            order_id,
            url,
            origin,
        } => {
            let targets = remembered.of_origin(connection, vault, merchant_id, origin, now)?;
            (targets, Some(url), Some(order_key(merchant_id, order_id)))
        }
    };
    for target in targets.iter() {
        let delivery = NewDelivery {
            message_id,
            merchant_id,
            event,
            target,
            url: url.map(String::as_str),
            order_key: order_key.as_deref(),
        };
        queue_delivery(batch, &delivery, now)?;
    }
    batch.rows += 1 + targets.len();
    batch.bytes += event.body.len();
    Ok(PublishedEvent {
        message_id,
        deliveries: targets.len().try_into().unwrap_or(u32::MAX),
    })
}

/// What the pushes of one order have in common: two merchants may use the same order id.
pub(super) fn order_key(merchant_id: MerchantId, order_id: &str) -> String {
    format!("{merchant_id}/{order_id}")
}

fn insert_event(
    connection: &Connection,
    merchant_id: MerchantId,
    event: &NewEvent,
    now: Timestamp,
) -> Result<MessageId, StoreError> {
    let (kind, event_type, order_id) = match &event.push {
        NewPush::CardEvent { event_type } => (EventKind::CardEvent, event_type.as_str(), None),
        NewPush::OrderStatusChange { order_id, .. } => (
            EventKind::OrderStatusChange,
            "order_status_change",
            Some(order_id),
        ),
    };
    let event_id = connection
        .prepare_cached(
            "-- insert_event
            INSERT INTO event (nonce, merchant_id, kind, event_type, order_id, body, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .insert((
            event.nonce.cast_signed(),
            merchant_id,
            kind,
            event_type,
            order_id,
            &*event.body,
            Millis::from(now),
        ))?;
    Ok(MessageId {
        event_id: EventId(event_id),
        nonce: event.nonce,
    })
}

fn queue_delivery(
    batch: &mut Batch<'_>,
    delivery: &NewDelivery<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let delivery_id = insert_delivery(batch.connection, delivery)?;
    let endpoint_id = delivery.target.endpoint_id;
    let place = match delivery.order_key {
        Some(order_key) => Some(next_place(batch.connection, order_key)?),
        None => None,
    };
    let mut queued = Queued {
        delivery_id,
        endpoint_id,
        order_key: delivery.order_key,
        place,
        due: None,
        lease: None,
    };
    if place.is_some_and(|place| place > 0) {
        return queued.insert(batch.connection);
    }
    queued.due = Some(now);
    if let Some(secrets) = &delivery.target.secrets
        && let Some(lease) = batch.lease_at_once(endpoint_id, now)?
    {
        queued.due = Some(lease.until);
        queued.lease = Some(lease);
        let sign_secrets = Arc::clone(&secrets.secrets);
        batch.hand_over(Claim {
            delivery_id,
            lease,
            due: now,
            endpoint_id,
            endpoint_kind: delivery.target.kind,
            merchant_id: delivery.merchant_id,
            message_id: delivery.message_id,
            url: match delivery.url {
                Some(url) => url.into(),
                None => Arc::clone(&delivery.target.url),
            },
            body: delivery.event.body.clone(),
            sign_secrets,
            attempts: 0,
            schedule_position: 0,
            failing_since: delivery.target.failing_since,
        });
    }
    queued.insert(batch.connection)
}

fn insert_delivery(
    connection: &Connection,
    delivery: &NewDelivery<'_>,
) -> Result<DeliveryId, StoreError> {
    let delivery_id = connection
        .prepare_cached(
            "-- insert_delivery
            INSERT INTO delivery (event_id, endpoint_id, url) VALUES (?1, ?2, ?3)",
        )?
        .insert((
            delivery.message_id.event_id,
            delivery.target.endpoint_id,
            delivery.url,
        ))?;
    Ok(DeliveryId(delivery_id))
}

/// The end of an order's line: 0 if nobody stands in it.
pub(super) fn next_place(connection: &Connection, order_key: &str) -> Result<i64, StoreError> {
    let place = connection
        .prepare_cached(
            "-- next_place
            SELECT coalesce(max(place) + 1, 0) FROM queue WHERE order_key = ?1",
        )?
        .query_row([order_key], |row| row.get(0))?;
    Ok(place)
}

/// A row of the queue to be.
pub(super) struct Queued<'a> {
    pub(super) delivery_id: DeliveryId,
    pub(super) endpoint_id: EndpointId,
    pub(super) order_key: Option<&'a str>,
    pub(super) place: Option<i64>,
    pub(super) due: Option<Timestamp>,
    pub(super) lease: Option<Lease>,
}

impl Queued<'_> {
    pub(super) fn insert(&self, connection: &Connection) -> Result<(), StoreError> {
        connection
            .prepare_cached(
                "-- insert
                INSERT INTO queue (delivery_id, endpoint_id, order_key, place, due, lease)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((
                self.delivery_id,
                self.endpoint_id,
                self.order_key,
                self.place,
                self.due.map(Millis::from),
                self.lease.map(|lease| lease.token),
            ))?;
        Ok(())
    }
}
