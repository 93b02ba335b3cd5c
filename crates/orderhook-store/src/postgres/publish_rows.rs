//! The statement that publishes, and the rows that it is given.

use std::collections::BTreeSet;

use tokio_postgres::types::ToSql;

use super::idempotency::Scope;
use super::plan::{NewDelivery, Plan};
use crate::millis::Millis;
use crate::{DeliveryId, EndpointId, EventId, EventKind, MerchantId, NewEvent, NewPush};

/// Leases a delivery if the engine wants it, the endpoint is ours and active, nothing older of it
/// waits, and no push of its order is before it. What depends on the endpoint is looked up once for
/// each, and not for each delivery: where the queue is busy that look has to pass many dead rows. It is
/// no `NOT EXISTS`, which may be planned to gather all that is due.
///
/// The first row says whether the routes are still as they were. Then there is one for each delivery
/// that was queued, and one for each endpoint that has been failing or takes nothing.
pub(super) const PUBLISH: &str = "-- publish
    WITH routes AS MATERIALIZED (
        SELECT version = $1 AS current FROM routing
    ), new_event AS (
        INSERT INTO event
            (event_id, nonce, merchant_id, kind, event_type, order_id, body, created_at)
        SELECT n.* FROM routes, UNNEST($2::bigint[], $3::bigint[], $4::bigint[], $5::text[],
            $6::text[], $7::text[], $8::bytea[], $9::bigint[]) AS n
        WHERE routes.current
    ), new_key AS (
        INSERT INTO idempotency_key
            (idempotency_key_id, scope, operation, key, request_sha256, sealed, created_at)
        SELECT n.* FROM routes, UNNEST($10::bigint[], $11::bigint[], $12::text[], $13::text[],
            $14::bytea[], $15::bytea[], $16::bigint[]) AS n
        WHERE routes.current
    ), target AS MATERIALIZED (
        SELECT p.endpoint_id, p.failing_since, p.state = 'active' AND p.deleted_at IS NULL AS is_open,
            EXISTS (
                SELECT 1 FROM shard s WHERE s.shard_id = p.endpoint_id % 64 AND s.holder = $18
            ) AND (
                SELECT 1 FROM queue q WHERE q.endpoint_id = p.endpoint_id AND q.due <= $19 LIMIT 1
            ) IS NULL AS is_ready
        FROM endpoint p WHERE p.endpoint_id = ANY ($17)
    ), new_delivery AS MATERIALIZED (
        SELECT n.*,
            CASE WHEN n.order_key IS NOT NULL THEN
                coalesce((SELECT max(q.place) + 1 FROM queue q WHERE q.order_key = n.order_key), 0)
                + row_number() OVER (PARTITION BY n.order_key ORDER BY n.delivery_id) - 1
            END AS place,
            n.lease_until IS NOT NULL AND n.endpoint_id IN (
                SELECT t.endpoint_id FROM target t WHERE t.is_open AND t.is_ready
            ) AS wanted
        FROM routes, UNNEST($20::bigint[], $21::bigint[], $22::bigint[], $23::text[], $24::text[],
            $25::bigint[], $26::bigint[])
            AS n (delivery_id, event_id, endpoint_id, url, order_key, lease_until, due)
        WHERE routes.current
    ), insert_delivery AS (
        INSERT INTO delivery (delivery_id, event_id, endpoint_id, url)
        SELECT delivery_id, event_id, endpoint_id, url FROM new_delivery
    ), queued AS (
        INSERT INTO queue (delivery_id, endpoint_id, order_key, place, due, lease)
        SELECT delivery_id, endpoint_id, order_key, place,
            CASE WHEN place > 0 THEN NULL WHEN wanted THEN lease_until ELSE due END,
            CASE WHEN place > 0 THEN NULL WHEN wanted THEN nextval('lease') END
        FROM new_delivery
        RETURNING delivery_id, due, lease
    )
    SELECT current, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::boolean
    FROM routes
    UNION ALL
    SELECT NULL, delivery_id, due, lease, NULL, NULL, NULL FROM queued
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, endpoint_id, failing_since, is_open
    FROM target WHERE failing_since IS NOT NULL OR NOT is_open";

/// The rows as PostgreSQL is given them: an array for each column.
pub(super) struct Columns<'a> {
    version: i64,
    replica_id: i64,
    event_ids: Vec<EventId>,
    nonces: Vec<i64>,
    merchant_ids: Vec<MerchantId>,
    kinds: Vec<&'static str>,
    event_types: Vec<&'a str>,
    order_ids: Vec<Option<&'a str>>,
    bodies: Vec<&'a [u8]>,
    created_at: Vec<Millis>,
    key_ids: Vec<i64>,
    scopes: Vec<i64>,
    operations: Vec<&'a str>,
    keys: Vec<&'a str>,
    requests: Vec<&'a [u8]>,
    answers: Vec<&'a [u8]>,
    keys_created_at: Vec<Millis>,
    /// Where deliveries go, each once.
    targets: Vec<EndpointId>,
    /// When the last of the calls came.
    now: Millis,
    delivery_ids: Vec<DeliveryId>,
    delivered_events: Vec<EventId>,
    endpoint_ids: Vec<EndpointId>,
    urls: Vec<Option<&'a str>>,
    pub(super) order_keys: Vec<Option<&'a str>>,
    leases_until: Vec<Option<Millis>>,
    due: Vec<Millis>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(plan: &'a Plan<'a>) -> Self {
        let (events, keys) = (&plan.events, &plan.keys);
        let deliveries = &plan.deliveries;
        let targets: BTreeSet<EndpointId> =
            deliveries.iter().map(|it| it.target.endpoint_id).collect();
        let event_of = |delivery: &NewDelivery| &events[delivery.event];
        Self {
            version: plan.version,
            replica_id: plan.replica_id,
            event_ids: events.iter().map(|it| it.message_id.event_id).collect(),
            nonces: events
                .iter()
                .map(|it| it.event.nonce.cast_signed())
                .collect(),
            merchant_ids: events.iter().map(|it| it.call.merchant_id).collect(),
            kinds: events.iter().map(|it| kind(it.event).as_str()).collect(),
            event_types: events.iter().map(|it| event_type(it.event)).collect(),
            order_ids: events.iter().map(|it| order_id(it.event)).collect(),
            bodies: events.iter().map(|it| &*it.event.body).collect(),
            created_at: events.iter().map(|it| it.call.now.into()).collect(),
            key_ids: keys.iter().map(|it| it.id).collect(),
            scopes: keys
                .iter()
                .map(|it| Scope::Merchant(it.call.merchant_id).id())
                .collect(),
            operations: keys.iter().map(|it| it.idempotency.operation).collect(),
            keys: keys.iter().map(|it| it.idempotency.key.as_str()).collect(),
            requests: keys
                .iter()
                .map(|it| it.idempotency.request_sha256.as_slice())
                .collect(),
            answers: keys.iter().map(|it| it.sealed.as_slice()).collect(),
            keys_created_at: keys.iter().map(|it| it.call.now.into()).collect(),
            targets: targets.into_iter().collect(),
            now: plan.now.into(),
            delivery_ids: deliveries.iter().map(|it| it.delivery_id).collect(),
            delivered_events: deliveries
                .iter()
                .map(|it| event_of(it).message_id.event_id)
                .collect(),
            endpoint_ids: deliveries.iter().map(|it| it.target.endpoint_id).collect(),
            urls: deliveries
                .iter()
                .map(|it| own_url(event_of(it).event))
                .collect(),
            order_keys: deliveries
                .iter()
                .map(|it| it.order_key.as_deref())
                .collect(),
            leases_until: deliveries.iter().map(|it| it.lease_until).collect(),
            due: deliveries
                .iter()
                .map(|it| event_of(it).call.now.into())
                .collect(),
        }
    }

    pub(super) fn parameters(&self) -> [&(dyn ToSql + Sync); 26] {
        [
            &self.version,
            &self.event_ids,
            &self.nonces,
            &self.merchant_ids,
            &self.kinds,
            &self.event_types,
            &self.order_ids,
            &self.bodies,
            &self.created_at,
            &self.key_ids,
            &self.scopes,
            &self.operations,
            &self.keys,
            &self.requests,
            &self.answers,
            &self.keys_created_at,
            &self.targets,
            &self.replica_id,
            &self.now,
            &self.delivery_ids,
            &self.delivered_events,
            &self.endpoint_ids,
            &self.urls,
            &self.order_keys,
            &self.leases_until,
            &self.due,
        ]
    }
}

fn kind(event: &NewEvent) -> EventKind {
    match &event.push {
        NewPush::CardEvent { .. } => EventKind::CardEvent,
        NewPush::OrderStatusChange { .. } => EventKind::OrderStatusChange,
    }
}

fn event_type(event: &NewEvent) -> &str {
    match &event.push {
        NewPush::CardEvent { event_type } => event_type,
        NewPush::OrderStatusChange { .. } => "order_status_change",
    }
}

pub(super) fn own_url(event: &NewEvent) -> Option<&str> {
    match &event.push {
        NewPush::CardEvent { .. } => None,
        NewPush::OrderStatusChange { url, .. } => Some(url),
    }
}

pub(super) fn order_id(event: &NewEvent) -> Option<&str> {
    match &event.push {
        NewPush::CardEvent { .. } => None,
        NewPush::OrderStatusChange { order_id, .. } => Some(order_id),
    }
}
