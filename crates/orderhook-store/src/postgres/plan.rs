//! What a batch of publishes writes: many rows, one statement.
//!
//! All of it is known before: where each event goes (`routes`), and the ids (`ids`). The statement
//! leases what the engine wants at once and tells which deliveries these are.
//!
//! Pushes of one order stand in line, and whoever adds to a line or takes from it must see it as it is:
//! a lock for each order is taken by a statement before.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use deadpool_postgres::ClientWrapper;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::Core;
use super::connection::Connection;
use super::idempotency::{DRAW_KEY_ID, seal_answer};
use super::publish_rows::{Columns, PUBLISH, order_id, own_url};
use super::publishing::{Call, order_key};
use super::routes::{Route, Target};
use crate::handover::{Handover, News};
use crate::millis::Millis;
use crate::{
    Claim, DeliveryId, EndpointId, EventId, Idempotency, Lease, MessageId, NewEvent, NewPush,
    PublishedEvent, StoreError,
};

/// Rows to be written.
pub(super) struct Plan<'a> {
    /// The process that leases.
    pub(super) replica_id: i64,
    /// When the last of the calls came.
    pub(super) now: Timestamp,
    /// The number of `routing` under which it is right.
    pub(super) version: i64,
    pub(super) events: Vec<Planned<'a>>,
    pub(super) deliveries: Vec<NewDelivery>,
    pub(super) keys: Vec<NewKey<'a>>,
    /// What each call is answered.
    pub(super) published: Vec<Vec<PublishedEvent>>,
}

/// An event to be.
pub(super) struct Planned<'a> {
    pub(super) message_id: MessageId,
    pub(super) call: &'a Call,
    pub(super) event: &'a NewEvent,
}

/// A delivery to be.
pub(super) struct NewDelivery {
    pub(super) delivery_id: DeliveryId,
    /// The place of its event.
    pub(super) event: usize,
    pub(super) target: Target,
    /// The line that it stands in.
    pub(super) order_key: Option<String>,
    /// Until when it is leased, if it can be.
    pub(super) lease_until: Option<Millis>,
}

pub(super) struct NewKey<'a> {
    pub(super) id: i64,
    pub(super) sealed: Vec<u8>,
    pub(super) call: &'a Call,
    pub(super) idempotency: &'a Idempotency,
}

impl<'a> Plan<'a> {
    pub(super) async fn make(
        core: &Core,
        client: &ClientWrapper,
        calls: &[&'a Call],
    ) -> Result<Self, StoreError> {
        let now = calls.iter().map(|call| call.now).max().unwrap_or_default();
        let of_call = |call: &'a Call| call.events.iter().map(move |event| (call, event));
        let events: Vec<_> = calls.iter().flat_map(|call| of_call(call)).collect();
        let routes: Vec<Route> = events
            .iter()
            .map(|(call, event)| route(call, event))
            .collect();
        let (version, targets) = core
            .routes
            .find_all(client, &core.vault, &routes, now)
            .await?;
        let event_ids = core.ids.events(client, events.len(), now).await?;
        let count = targets.iter().map(|targets| targets.len()).sum();
        let delivery_ids = core.ids.deliveries(client, count, now).await?;
        let planned = events
            .iter()
            .zip(event_ids)
            .map(|((call, event), event_id)| Planned {
                message_id: MessageId {
                    event_id: EventId(event_id),
                    nonce: event.nonce,
                },
                call,
                event,
            });
        let mut plan = Self {
            replica_id: core.holding.replica_id(),
            now,
            version,
            events: planned.collect(),
            deliveries: Vec::with_capacity(count),
            keys: Vec::new(),
            published: Vec::with_capacity(calls.len()),
        };
        plan.add_deliveries(core, &targets, delivery_ids);
        plan.add_answers(calls, &targets);
        plan.add_keys(core, client, calls).await?;
        Ok(plan)
    }

    fn add_deliveries(&mut self, core: &Core, targets: &[Arc<[Target]>], ids: Vec<i64>) {
        let held = core.holding.shards();
        let mut handover = Handover::new(core.engine.get());
        let mut ids = ids.into_iter().map(DeliveryId);
        for (place, (planned, targets)) in self.events.iter().zip(targets).enumerate() {
            let Planned { call, event, .. } = planned;
            for (target, delivery_id) in targets.iter().zip(&mut ids) {
                let can_lease = held.contain(target.endpoint_id) && target.secrets.is_some();
                let lease_until = can_lease
                    .then(|| handover.lease_until(target.endpoint_id, call.now))
                    .flatten();
                if lease_until.is_some() {
                    handover.count(&event.body);
                }
                self.deliveries.push(NewDelivery {
                    delivery_id,
                    event: place,
                    target: target.clone(),
                    order_key: order_id(event).map(|id| order_key(call.merchant_id, id)),
                    lease_until: lease_until.map(Millis::from),
                });
            }
        }
    }

    fn add_answers(&mut self, calls: &[&Call], targets: &[Arc<[Target]>]) {
        let mut events = self.events.iter().zip(targets);
        for call in calls {
            let of_call = events.by_ref().take(call.events.len());
            let published = of_call.map(|(planned, targets)| PublishedEvent {
                message_id: planned.message_id,
                deliveries: targets.len().try_into().unwrap_or(u32::MAX),
            });
            self.published.push(published.collect());
        }
    }

    async fn add_keys(
        &mut self,
        core: &Core,
        client: &ClientWrapper,
        calls: &[&'a Call],
    ) -> Result<(), StoreError> {
        for (call, published) in calls.iter().zip(&self.published) {
            if let Some(idempotency) = &call.idempotency {
                let draw = client.prepare_cached(DRAW_KEY_ID).await?;
                let id = client.query_one(&draw, &[]).await?.try_get(0)?;
                self.keys.push(NewKey {
                    id,
                    sealed: seal_answer(&core.vault, id, published)?,
                    call,
                    idempotency,
                });
            }
        }
        Ok(())
    }

    /// Writes all of it, or nothing and `None` if the routes have changed.
    pub(super) async fn write(&self, connection: &Connection) -> Result<Option<News>, StoreError> {
        let statement = connection.prepare_cached(PUBLISH).await?;
        let columns = Columns::of(self);
        let parameters = columns.parameters();
        let orders: BTreeSet<&str> = columns.order_keys.iter().copied().flatten().collect();
        let rows = if orders.is_empty() {
            connection.query(&statement, &parameters).await?
        } else {
            let orders: Vec<&str> = orders.into_iter().collect();
            let lock = connection.prepare_cached(LOCK_ORDERS).await?;
            connection
                .query_locked((&lock, &[&orders]), (&statement, &parameters))
                .await?
        };
        let current = rows.first().map(|row| row.try_get::<_, bool>(0));
        if current.transpose()? != Some(true) {
            return Ok(None);
        }
        self.news(&rows).map(Some)
    }

    /// What was leased, and what was left in the queue.
    fn news(&self, rows: &[Row]) -> Result<News, StoreError> {
        let places = self.deliveries.iter().enumerate();
        let places: HashMap<DeliveryId, usize> = places
            .map(|(place, delivery)| (delivery.delivery_id, place))
            .collect();
        let mut news = News::default();
        let mut failing: HashMap<EndpointId, Timestamp> = HashMap::new();
        let mut closed = Vec::new();
        for row in rows {
            if let Some(endpoint_id) = row.try_get::<_, Option<EndpointId>>(4)? {
                if let Some(since) = row.try_get::<_, Option<Millis>>(5)? {
                    failing.insert(endpoint_id, since.timestamp());
                }
                if !row.try_get(6)? {
                    closed.push(endpoint_id);
                }
            }
            let delivery_id: Option<DeliveryId> = row.try_get(1)?;
            let Some(place) = delivery_id.and_then(|id| places.get(&id)) else {
                continue;
            };
            let delivery = &self.deliveries[*place];
            let due: Option<Millis> = row.try_get(2)?;
            match row.try_get(3)? {
                Some(token) => news.claims.extend(self.claim(delivery, token)),
                None if due.is_some() && delivery.target.secrets.is_some() => {
                    news.left.insert(delivery.target.endpoint_id);
                }
                None => {}
            }
        }
        for endpoint_id in closed {
            news.left.remove(&endpoint_id);
        }
        for claim in &mut news.claims {
            claim.failing_since = failing.get(&claim.endpoint_id).copied();
        }
        // In the order in which they were published.
        news.claims.sort_by_key(|claim| claim.delivery_id);
        Ok(news)
    }

    fn claim(&self, delivery: &NewDelivery, token: i64) -> Option<Claim> {
        let Planned {
            message_id,
            call,
            event,
        } = &self.events[delivery.event];
        let target = &delivery.target;
        Some(Claim {
            delivery_id: delivery.delivery_id,
            lease: Lease {
                token,
                until: delivery.lease_until?.timestamp(),
            },
            due: call.now,
            endpoint_id: target.endpoint_id,
            endpoint_kind: target.kind,
            merchant_id: call.merchant_id,
            message_id: *message_id,
            url: own_url(event).map_or_else(|| Arc::clone(&target.url), Arc::from),
            body: event.body.clone(),
            sign_secrets: Arc::clone(&target.secrets.as_ref()?.secrets),
            attempts: 0,
            schedule_position: 0,
            failing_since: None,
        })
    }
}

fn route(call: &Call, event: &NewEvent) -> Route {
    match &event.push {
        NewPush::CardEvent { event_type } => Route::EventType(call.merchant_id, event_type.clone()),
        NewPush::OrderStatusChange { origin, .. } => {
            Route::Origin(call.merchant_id, origin.clone())
        }
    }
}

/// In the order of the names, so that two transactions never wait for each other.
pub(super) const LOCK_ORDERS: &str = "-- lock_orders
    SELECT pg_advisory_xact_lock(hashtextextended(order_key, 0))
    FROM UNNEST($1::text[]) AS o (order_key)";
