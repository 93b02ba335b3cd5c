//! What happened: events, deliveries, attempts.

use async_trait::async_trait;
use bytes::Bytes;
use deadpool_postgres::ClientWrapper;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::Postgres;
use super::rows::{Conditions, page};
use crate::millis::Millis;
use crate::{
    AttemptRecord, Delivery, DeliveryFilter, DeliveryId, DeliveryState, Event, EventFilter,
    History, MessageId, Page, PageRequest, StoreError,
};

#[async_trait]
impl History for Postgres {
    async fn events(
        &self,
        filter: &EventFilter,
        request: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        self.core
            .pool
            .run(async |connection| {
                let events = page(
                    &connection,
                    SELECT_EVENTS,
                    "e.event_id",
                    events_that(filter),
                    request,
                    |row| Ok((row.try_get(0)?, read_event(row)?)),
                )
                .await?;
                Ok(events)
            })
            .await
    }

    async fn event(&self, message_id: MessageId) -> Result<Option<(Event, Bytes)>, StoreError> {
        self.core.pool.run(async |connection| {
            let statement = connection
                .prepare_cached(
                    "-- event
                    SELECT event_id, nonce, merchant_id, kind, event_type, order_id, created_at, body
                    FROM event WHERE event_id = $1 AND nonce = $2",
                )
                .await?;
            let nonce = message_id.nonce.cast_signed();
            let row = connection
                .query_opt(&statement, &[&message_id.event_id, &nonce])
                .await?;
            let Some(row) = row else { return Ok(None) };
            let body: Vec<u8> = row.try_get(7)?;
            Ok(Some((read_event(&row)?, body.into())))
        })
        .await
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        request: PageRequest,
    ) -> Result<Page<Delivery>, StoreError> {
        let (conditions, request) = deliveries_that(filter, request);
        self.core
            .pool
            .run(async |connection| {
                let deliveries = page(
                    &connection,
                    &format!("-- deliveries{SELECT_DELIVERIES}"),
                    "d.delivery_id",
                    conditions,
                    request,
                    |row| Ok((row.try_get(0)?, read_delivery(row)?)),
                )
                .await?;
                Ok(deliveries)
            })
            .await
    }

    async fn delivery(&self, delivery_id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.core
            .pool
            .run(async |connection| {
                let delivery = find_delivery(&connection, delivery_id).await?;
                Ok(delivery)
            })
            .await
    }

    async fn attempts(
        &self,
        delivery_id: DeliveryId,
        request: PageRequest,
    ) -> Result<Option<Page<AttemptRecord>>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.and_if("delivery_id = ?", Some(delivery_id));
        self.core
            .pool
            .run(async |connection| {
                let attempts = page(
                    &connection,
                    "-- attempts
                SELECT attempt, attempted_at, duration_ms, outcome, status, reason, answer
                FROM attempt WHERE true",
                    "attempt",
                    conditions,
                    request,
                    |row| {
                        let attempt = read_attempt(row, 0)?;
                        Ok((attempt.attempt.into(), attempt))
                    },
                )
                .await?;
                let exists = !attempts.items.is_empty() || exists(&connection, delivery_id).await?;
                Ok(exists.then_some(attempts))
            })
            .await
    }
}

pub(super) const SELECT_EVENTS: &str = "-- events
    SELECT e.event_id, e.nonce, e.merchant_id, e.kind, e.event_type, e.order_id, e.created_at
    FROM event e WHERE true";

pub(super) fn events_that(filter: &EventFilter) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.and_if("e.merchant_id = ?", filter.merchant_id);
    conditions.and_if("e.event_type = ?", filter.event_type.clone());
    conditions.and_if("e.order_id = ?", filter.order_id.clone());
    published(&mut conditions, filter.since, filter.until);
    conditions.and_if(
        &format!("e.event_id >= {LOWEST_EVENT_SINCE}"),
        filter.since.map(Millis::from),
    );
    conditions
}

/// A delivery with its last attempt.
pub(super) const SELECT_DELIVERIES: &str = "
    SELECT d.delivery_id, e.event_id, e.nonce, e.merchant_id, d.endpoint_id, coalesce(d.url, p.url),
        d.state, e.created_at, q.due, d.finished_at, a.attempt, a.attempted_at, a.duration_ms,
        a.outcome, a.status, a.reason, a.answer
    FROM delivery d
    JOIN event e ON e.event_id = d.event_id
    JOIN endpoint p ON p.endpoint_id = d.endpoint_id
    LEFT JOIN queue q ON q.delivery_id = d.delivery_id
    LEFT JOIN LATERAL (
        SELECT * FROM attempt a WHERE a.delivery_id = d.delivery_id
        ORDER BY a.attempt DESC LIMIT 1
    ) a ON true
    WHERE true";

/// The conditions of a list, and what is left for the page to see to.
pub(super) fn deliveries_that(
    filter: &DeliveryFilter,
    request: PageRequest,
) -> (Conditions, PageRequest) {
    let message = filter.message_id;
    let mut conditions = Conditions::default();
    conditions.and_if("e.merchant_id = ?", filter.merchant_id);
    conditions.and_if("d.endpoint_id = ?", filter.endpoint_id);
    conditions.and_if("d.event_id = ?", message.map(|id| id.event_id));
    conditions.and_if("e.nonce = ?", message.map(|id| id.nonce.cast_signed()));
    if let Some(state) = filter.state {
        conditions.and(is_in_state(state));
    }
    published(&mut conditions, filter.since, filter.until);
    if has_only_a_merchant(filter) {
        conditions.and_if(
            &format!("e.event_id >= {LOWEST_EVENT_SINCE}"),
            filter.since.map(Millis::from),
        );
        let request = walk_by_event(&mut conditions, request);
        return (conditions, request);
    }
    conditions.and_if(
        &format!("d.delivery_id >= {LOWEST_DELIVERY_SINCE}"),
        filter.since.map(Millis::from),
    );
    (conditions, request)
}

/// When the event `e` was published.
pub(super) fn published(
    conditions: &mut Conditions,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) {
    conditions.and_if("e.created_at >= ?", since.map(Millis::from));
    conditions.and_if("e.created_at < ?", until.map(Millis::from));
}

/// Whether a filter has a merchant, and nothing that an index of deliveries is good for.
fn has_only_a_merchant(filter: &DeliveryFilter) -> bool {
    let short = matches!(
        filter.state,
        Some(DeliveryState::Pending | DeliveryState::Failed)
    );
    filter.merchant_id.is_some()
        && filter.endpoint_id.is_none()
        && filter.message_id.is_none()
        && !short
}

/// Lists a merchant's deliveries by its events, which have an index, from the page's place on. Where
/// several processes publish, that is not quite the order of the deliveries' own ids, and so the place
/// is that of both.
fn walk_by_event(conditions: &mut Conditions, request: PageRequest) -> PageRequest {
    conditions.walk_by("e.event_id");
    // That of the delivery itself, or of its neighbour if it was swept meanwhile.
    let (event, after) = if request.ascending {
        (
            "SELECT event_id FROM delivery WHERE delivery_id >= ? ORDER BY delivery_id LIMIT 1",
            ">",
        )
    } else {
        (
            "SELECT event_id FROM delivery WHERE delivery_id <= ? ORDER BY delivery_id DESC LIMIT 1",
            "<",
        )
    };
    conditions.and_if(
        // The first half says no more than the second, but it is one that an index can be used for.
        &format!(
            "e.event_id {after}= ({event})
            AND (e.event_id, d.delivery_id) {after} (({event}), ?)"
        ),
        request.cursor,
    );
    PageRequest {
        cursor: None,
        ..request
    }
}

/// Where a list by time may begin. Lists are walked by id; without this, one that begins just now is
/// walked to the beginning of all time.
///
/// Ids are only about in the order of time: each process draws some before it needs them, and has a
/// clock of its own. So this looks from a minute before, and for the lowest of many.
const LOWEST_EVENT_SINCE: &str = "(
    SELECT min(event_id) FROM (
        SELECT event_id FROM event WHERE created_at >= ?::bigint - 60000
        ORDER BY created_at LIMIT 1000
    ) first_events)";

/// The same for deliveries.
const LOWEST_DELIVERY_SINCE: &str = "(
    SELECT min(delivery_id) FROM (
        SELECT delivery_id FROM delivery WHERE event_id >= (
            SELECT min(event_id) FROM (
                SELECT event_id FROM event WHERE created_at >= ?::bigint - 60000
                ORDER BY created_at LIMIT 1000
            ) first_events
        )
        ORDER BY event_id LIMIT 1000
    ) first_deliveries)";

/// The condition on a delivery `d`, whose row in the queue is `q`. The texts stand in the statement,
/// not in a parameter, because only so a partial index can be used; and what is pending is found by
/// the queue, which is short.
pub(super) const fn is_in_state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Pending => "q.delivery_id IS NOT NULL",
        DeliveryState::Acknowledged => "d.state = 'acknowledged'",
        DeliveryState::Failed => "d.failed",
        DeliveryState::Cancelled => "d.state = 'cancelled'",
    }
}

async fn exists(client: &ClientWrapper, delivery_id: DeliveryId) -> Result<bool, StoreError> {
    let statement = client
        .prepare_cached(
            "-- exists
            SELECT EXISTS (SELECT 1 FROM delivery WHERE delivery_id = $1)",
        )
        .await?;
    let row = client.query_one(&statement, &[&delivery_id]).await?;
    Ok(row.try_get(0)?)
}

pub(super) async fn find_delivery(
    client: &ClientWrapper,
    delivery_id: DeliveryId,
) -> Result<Option<Delivery>, StoreError> {
    let sql = format!("-- find_delivery{SELECT_DELIVERIES} AND d.delivery_id = $1");
    let statement = client.prepare_cached(&sql).await?;
    let row = client.query_opt(&statement, &[&delivery_id]).await?;
    row.as_ref().map(read_delivery).transpose()
}

fn read_event(row: &Row) -> Result<Event, StoreError> {
    Ok(Event {
        message_id: read_message_id(row, 0)?,
        merchant_id: row.try_get(2)?,
        kind: row.try_get(3)?,
        event_type: row.try_get(4)?,
        order_id: row.try_get(5)?,
        created_at: row.try_get::<_, Millis>(6)?.timestamp(),
    })
}

/// The columns `event_id` and `nonce`, which begin at `first`.
fn read_message_id(row: &Row, first: usize) -> Result<MessageId, StoreError> {
    Ok(MessageId {
        event_id: row.try_get(first)?,
        nonce: row.try_get::<_, i64>(first + 1)?.cast_unsigned(),
    })
}

fn read_delivery(row: &Row) -> Result<Delivery, StoreError> {
    let time = |index: usize| -> Result<Option<Timestamp>, StoreError> {
        let time: Option<Millis> = row.try_get(index)?;
        Ok(time.map(Millis::timestamp))
    };
    let attempts: Option<i32> = row.try_get(10)?;
    Ok(Delivery {
        delivery_id: row.try_get(0)?,
        message_id: read_message_id(row, 1)?,
        merchant_id: row.try_get(3)?,
        endpoint_id: row.try_get(4)?,
        url: row.try_get(5)?,
        state: row.try_get(6)?,
        attempts: attempts.map_or(0, i32::cast_unsigned),
        created_at: row.try_get::<_, Millis>(7)?.timestamp(),
        next_attempt_at: time(8)?,
        finished_at: time(9)?,
        last_attempt: attempts.map(|_| read_attempt(row, 10)).transpose()?,
    })
}

/// An attempt whose columns begin at `first`.
fn read_attempt(row: &Row, first: usize) -> Result<AttemptRecord, StoreError> {
    let duration_ms: i64 = row.try_get(first + 2)?;
    let status: Option<i32> = row.try_get(first + 4)?;
    Ok(AttemptRecord {
        attempt: row.try_get::<_, i32>(first)?.cast_unsigned(),
        attempted_at: row.try_get::<_, Millis>(first + 1)?.timestamp(),
        duration_ms: u32::try_from(duration_ms).unwrap_or(u32::MAX),
        outcome: row.try_get(first + 3)?,
        status: status.and_then(|status| u16::try_from(status).ok()),
        reason: row.try_get(first + 5)?,
        answer: row.try_get::<_, Vec<u8>>(first + 6)?.into(),
    })
}
