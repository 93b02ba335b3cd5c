//! What happened: events, deliveries, attempts.

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::Sqlite;
use super::rows::{Conditions, page};
use crate::millis::Millis;
use crate::{
    AttemptRecord, Delivery, DeliveryFilter, DeliveryId, DeliveryState, Event, EventFilter,
    EventId, History, MessageId, Page, PageRequest, StoreError,
};

#[async_trait]
impl History for Sqlite {
    async fn events(
        &self,
        filter: &EventFilter,
        request: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let filter = filter.clone();
        let read = move |connection: &Connection| {
            let mut conditions = Conditions::default();
            conditions.and_if("e.merchant_id = ?", filter.merchant_id);
            conditions.and_if("e.event_type = ?", filter.event_type);
            conditions.and_if("e.order_id = ?", filter.order_id);
            conditions.and_if("e.created_at >= ?", filter.since.map(Millis::from));
            conditions.and_if("e.created_at < ?", filter.until.map(Millis::from));
            conditions.and_if(
                &format!("e.event_id >= {FIRST_EVENT_SINCE}"),
                filter.since.map(Millis::from),
            );
            page(
                connection,
                "-- events
                SELECT e.event_id, e.nonce, e.merchant_id, e.kind, e.event_type, e.order_id,
                    e.created_at
                FROM event e WHERE true",
                "e.event_id",
                conditions,
                request,
                |row| Ok((row.get(0)?, read_event(row)?)),
            )
        };
        self.readers.read(read).await
    }

    async fn event(&self, message_id: MessageId) -> Result<Option<(Event, Bytes)>, StoreError> {
        let read = move |connection: &Connection| {
            let event = connection
                .prepare_cached(
                    "-- event
                    SELECT event_id, nonce, merchant_id, kind, event_type, order_id, created_at, body
                    FROM event WHERE event_id = ?1 AND nonce = ?2",
                )?
                .query_row(
                    (message_id.event_id, message_id.nonce.cast_signed()),
                    |row| Ok((read_event(row)?, row.get::<_, Vec<u8>>(7)?.into())),
                )
                .optional()?;
            Ok(event)
        };
        self.readers.read(read).await
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        request: PageRequest,
    ) -> Result<Page<Delivery>, StoreError> {
        let filter = *filter;
        let read = move |connection: &Connection| {
            page(
                connection,
                SELECT_DELIVERIES,
                "d.delivery_id",
                deliveries_that(&filter, request),
                request,
                |row| {
                    let delivery_id: DeliveryId = row.get(0)?;
                    let delivery = find_delivery(connection, delivery_id)?;
                    Ok((delivery_id.0, delivery))
                },
            )
            .map(without_gaps)
        };
        self.readers.read(read).await
    }

    async fn delivery(&self, delivery_id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        let read = move |connection: &Connection| find_delivery(connection, delivery_id);
        self.readers.read(read).await
    }

    async fn attempts(
        &self,
        delivery_id: DeliveryId,
        request: PageRequest,
    ) -> Result<Option<Page<AttemptRecord>>, StoreError> {
        let read = move |connection: &Connection| {
            if find_delivery(connection, delivery_id)?.is_none() {
                return Ok(None);
            }
            let mut conditions = Conditions::default();
            conditions.and_if("delivery_id = ?", Some(delivery_id));
            let attempts = page(
                connection,
                "-- attempts
                SELECT attempt, attempted_at, duration_ms, outcome, status, reason, answer
                FROM attempt WHERE true",
                "attempt",
                conditions,
                request,
                |row| Ok((row.get(0)?, read_attempt(row, 0)?)),
            )?;
            Ok(Some(attempts))
        };
        self.readers.read(read).await
    }
}

pub(super) const SELECT_DELIVERIES: &str = "-- deliveries
    SELECT d.delivery_id FROM delivery d JOIN event e ON e.event_id = d.event_id
    WHERE true";

pub(super) fn deliveries_that(filter: &DeliveryFilter, request: PageRequest) -> Conditions {
    let message = filter.message_id;
    let mut conditions = Conditions::default();
    conditions.and_if("e.merchant_id = ?", filter.merchant_id);
    conditions.and_if("d.endpoint_id = ?", filter.endpoint_id);
    conditions.and_if("d.event_id = ?", message.map(|id| id.event_id));
    conditions.and_if("e.nonce = ?", message.map(|id| id.nonce.cast_signed()));
    if let Some(state) = filter.state {
        conditions.and(is_in_state(state));
    }
    queued_first(&mut conditions, filter.state, filter.since, filter.until);
    if has_only_a_merchant(filter) {
        walk_by_event(&mut conditions, request);
    }
    conditions
}

/// When the delivery `d` of the event `e`, which is in this state, was queued first.
pub(super) fn queued_first(
    conditions: &mut Conditions,
    state: Option<DeliveryState>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) {
    conditions.and_if("e.created_at >= ?", since.map(Millis::from));
    conditions.and_if("e.created_at < ?", until.map(Millis::from));
    if state != Some(DeliveryState::Pending) {
        // What is pending is found by the queue; this would lead through a merchant's events instead.
        conditions.and_if(
            &format!("e.event_id >= {FIRST_EVENT_SINCE}"),
            since.map(Millis::from),
        );
    }
    conditions.and_if(
        &format!(
            "d.delivery_id >= (SELECT delivery_id FROM delivery
            WHERE event_id >= {FIRST_EVENT_SINCE} ORDER BY event_id LIMIT 1)"
        ),
        since.map(Millis::from),
    );
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

/// Lists a merchant's deliveries by its events, which have an index, from the page's place on.
fn walk_by_event(conditions: &mut Conditions, request: PageRequest) {
    conditions.walk_by("e.event_id");
    let from = if request.ascending {
        "e.event_id >= (SELECT event_id FROM delivery WHERE delivery_id > ?
            ORDER BY delivery_id ASC LIMIT 1)"
    } else {
        "e.event_id <= (SELECT event_id FROM delivery WHERE delivery_id < ?
            ORDER BY delivery_id DESC LIMIT 1)"
    };
    conditions.and_if(from, request.cursor);
}

/// Where a list by time may begin. Lists are walked by id; without this, one that begins just now is
/// walked to the beginning of all time. Deliveries get their ids in the order of their events.
const FIRST_EVENT_SINCE: &str =
    "(SELECT min(event_id) FROM event INDEXED BY event_by_time WHERE created_at >= ?)";

/// The condition on a delivery `d`. The texts stand in the statement, not in a parameter, because
/// only so a partial index can be used; and what is pending is found by the queue, which is short.
pub(super) const fn is_in_state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Pending => "d.delivery_id IN (SELECT delivery_id FROM queue)",
        DeliveryState::Acknowledged => "d.state = 'acknowledged'",
        DeliveryState::Failed => "d.state = 'failed'",
        DeliveryState::Cancelled => "d.state = 'cancelled'",
    }
}

fn without_gaps(page: Page<Option<Delivery>>) -> Page<Delivery> {
    Page {
        items: page.items.into_iter().flatten().collect(),
        next_cursor: page.next_cursor,
    }
}

pub(super) fn find_delivery(
    connection: &Connection,
    delivery_id: DeliveryId,
) -> Result<Option<Delivery>, StoreError> {
    let delivery = connection
        .prepare_cached(
            "-- find_delivery
            SELECT d.delivery_id, e.event_id, e.nonce, e.merchant_id, d.endpoint_id,
                coalesce(d.url, p.url), d.state, e.created_at, q.due, d.finished_at,
                a.attempt, a.attempted_at, a.duration_ms, a.outcome, a.status, a.reason, a.answer
            FROM delivery d
            JOIN event e ON e.event_id = d.event_id
            JOIN endpoint p ON p.endpoint_id = d.endpoint_id
            LEFT JOIN queue q ON q.delivery_id = d.delivery_id
            LEFT JOIN attempt a ON a.delivery_id = d.delivery_id AND a.attempt =
                (SELECT max(attempt) FROM attempt WHERE delivery_id = d.delivery_id)
            WHERE d.delivery_id = ?1",
        )?
        .query_row([delivery_id], read_delivery)
        .optional()?;
    Ok(delivery)
}

fn read_event(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        message_id: MessageId {
            event_id: row.get(0)?,
            nonce: row.get::<_, i64>(1)?.cast_unsigned(),
        },
        merchant_id: row.get(2)?,
        kind: row.get(3)?,
        event_type: row.get(4)?,
        order_id: row.get(5)?,
        created_at: row.get::<_, Millis>(6)?.timestamp(),
    })
}

fn read_delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let time = |index: usize| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<Millis>>(index)?.map(Millis::timestamp))
    };
    let attempts: Option<u32> = row.get(10)?;
    Ok(Delivery {
        delivery_id: row.get(0)?,
        message_id: MessageId {
            event_id: row.get::<_, EventId>(1)?,
            nonce: row.get::<_, i64>(2)?.cast_unsigned(),
        },
        merchant_id: row.get(3)?,
        endpoint_id: row.get(4)?,
        url: row.get(5)?,
        state: row.get(6)?,
        attempts: attempts.unwrap_or(0),
        created_at: row.get::<_, Millis>(7)?.timestamp(),
        next_attempt_at: time(8)?,
        finished_at: time(9)?,
        last_attempt: attempts.map(|_| read_attempt(row, 10)).transpose()?,
    })
}

/// An attempt whose columns begin at `first`.
fn read_attempt(row: &Row<'_>, first: usize) -> rusqlite::Result<AttemptRecord> {
    Ok(AttemptRecord {
        attempt: row.get(first)?,
        attempted_at: row.get::<_, Millis>(first + 1)?.timestamp(),
        duration_ms: row.get(first + 2)?,
        outcome: row.get(first + 3)?,
        status: row.get(first + 4)?,
        reason: row.get(first + 5)?,
        answer: row.get::<_, Vec<u8>>(first + 6)?.into(),
    })
}
