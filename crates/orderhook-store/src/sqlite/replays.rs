//! Deliveries that are made once more.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::Sqlite;
use super::batch::Batch;
use super::columns::count;
use super::history::{find_delivery, is_in_state, queued_first};
use super::publishing::{Queued, next_place, order_key};
use super::rows::Conditions;
use crate::millis::Millis;
use crate::{
    DeliveryId, DeliveryState, EndpointId, MerchantId, ReplayCounts, ReplayFilter, Replayed,
    Replays, StoreError,
};

/// So many deliveries are replayed by one transaction.
const REPLAYED_AT_ONCE: usize = 500;

#[async_trait]
impl Replays for Sqlite {
    async fn replay_delivery(
        &self,
        delivery_id: DeliveryId,
        now: Timestamp,
    ) -> Result<Option<Replayed>, StoreError> {
        self.writer
            .call(move |batch| {
                let Some(candidate) = Candidate::find(batch.connection, delivery_id)? else {
                    return Ok(None);
                };
                if candidate.endpoint_gone {
                    return Ok(Some(Replayed::EndpointGone));
                }
                candidate.replay(batch, now)?;
                let delivery = find_delivery(batch.connection, delivery_id)?;
                Ok(delivery.map(Box::new).map(Replayed::Queued))
            })
            .await
    }

    async fn count_replays(&self, filter: &ReplayFilter) -> Result<u64, StoreError> {
        let conditions = conditions(filter);
        let read = move |connection: &Connection| {
            let count = connection
                .prepare_cached(&count_sql(&conditions))?
                .query_row(params_from_iter(conditions.values()), |row| count(row, 0))?;
            Ok(count)
        };
        self.readers.read(read).await
    }

    async fn replay_deliveries(
        &self,
        filter: &ReplayFilter,
        now: Timestamp,
    ) -> Result<ReplayCounts, StoreError> {
        let conditions = conditions(filter);
        // Looked for beside the writer: that can take long, and changing the rows does not.
        let read = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(&select_sql(&conditions))?;
            let rows =
                statement.query_map(params_from_iter(conditions.values()), |row| row.get(0))?;
            Ok(rows.collect::<Result<Vec<DeliveryId>, _>>()?)
        };
        let selected = self.readers.read(read).await?;
        let state = filter.state;
        let mut replayed = 0;
        for some in selected.chunks(REPLAYED_AT_ONCE) {
            let some = some.to_vec();
            replayed += self
                .writer
                .call(move |batch| replay_some(batch, &some, state, now))
                .await?;
        }
        Ok(ReplayCounts {
            matched: selected.len() as u64,
            replayed,
        })
    }
}

const SELECTED: &str = "FROM delivery d
    JOIN event e ON e.event_id = d.event_id
    JOIN endpoint p ON p.endpoint_id = d.endpoint_id
    LEFT JOIN queue q ON q.delivery_id = d.delivery_id
    WHERE p.deleted_at IS NULL";

pub(super) fn count_sql(conditions: &Conditions) -> String {
    format!(
        "-- count_replays\nSELECT count(*) {SELECTED} {}",
        conditions.sql()
    )
}

pub(super) fn select_sql(conditions: &Conditions) -> String {
    format!(
        "-- replay_deliveries\nSELECT d.delivery_id {SELECTED} {} ORDER BY d.delivery_id",
        conditions.sql()
    )
}

pub(super) fn conditions(filter: &ReplayFilter) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.and(is_in_state(filter.state));
    if filter.state == DeliveryState::Pending {
        conditions.and("q.due IS NOT NULL AND q.lease IS NULL");
    }
    queued_first(
        &mut conditions,
        Some(filter.state),
        Some(filter.since),
        filter.until,
    );
    conditions.and_if("e.merchant_id = ?", filter.merchant_id);
    conditions.and_if("d.endpoint_id = ?", filter.endpoint_id);
    conditions.and_if("e.event_type = ?", filter.event_type.clone());
    conditions
}

/// Replays those that are still as they were when they were selected.
fn replay_some(
    batch: &mut Batch<'_>,
    selected: &[DeliveryId],
    state: DeliveryState,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut replayed = 0;
    for delivery_id in selected {
        if let Some(candidate) = Candidate::find(batch.connection, *delivery_id)?
            && candidate.state == state
            && !candidate.endpoint_gone
            && candidate.replay(batch, now)?
        {
            replayed += 1;
        }
    }
    Ok(replayed)
}

struct Candidate {
    delivery_id: DeliveryId,
    endpoint_id: EndpointId,
    endpoint_gone: bool,
    state: DeliveryState,
    merchant_id: MerchantId,
    order_id: Option<String>,
}

impl Candidate {
    fn find(connection: &Connection, delivery_id: DeliveryId) -> Result<Option<Self>, StoreError> {
        let candidate = connection
            .prepare_cached(
                "-- Candidate::find
                SELECT d.endpoint_id, p.deleted_at IS NOT NULL, d.state, e.merchant_id, e.order_id
                FROM delivery d
                JOIN event e ON e.event_id = d.event_id
                JOIN endpoint p ON p.endpoint_id = d.endpoint_id
                WHERE d.delivery_id = ?1",
            )?
            .query_row([delivery_id], |row| {
                Ok(Self {
                    delivery_id,
                    endpoint_id: row.get(0)?,
                    endpoint_gone: row.get(1)?,
                    state: row.get(2)?,
                    merchant_id: row.get(3)?,
                    order_id: row.get(4)?,
                })
            })
            .optional()?;
        Ok(candidate)
    }

    /// `false` if it is left to an attempt that is being made.
    fn replay(&self, batch: &mut Batch<'_>, now: Timestamp) -> Result<bool, StoreError> {
        batch.rows += 1;
        let replayed = if self.state == DeliveryState::Pending {
            self.begin_anew(batch.connection, now)?
        } else {
            self.queue_again(batch.connection, now)?;
            true
        };
        batch.news.wake |= replayed;
        Ok(replayed)
    }

    /// One that is queued stays at its place in its order's line.
    fn begin_anew(&self, connection: &Connection, now: Timestamp) -> Result<bool, StoreError> {
        let changed = connection
            .prepare_cached(
                "-- begin_anew
                UPDATE queue SET schedule_position = 0, due = CASE WHEN due IS NOT NULL THEN ?2 END
                WHERE delivery_id = ?1 AND lease IS NULL",
            )?
            .execute((self.delivery_id, Millis::from(now)))?;
        Ok(changed > 0)
    }

    fn queue_again(&self, connection: &Connection, now: Timestamp) -> Result<(), StoreError> {
        connection
            .prepare_cached(
                "-- queue_again
                UPDATE delivery SET state = 'pending', finished_at = NULL WHERE delivery_id = ?1",
            )?
            .execute([self.delivery_id])?;
        let order_key = self
            .order_id
            .as_deref()
            .map(|order_id| order_key(self.merchant_id, order_id));
        let place = match &order_key {
            Some(order_key) => Some(next_place(connection, order_key)?),
            None => None,
        };
        let first = place.is_none_or(|place| place == 0);
        let queued = Queued {
            delivery_id: self.delivery_id,
            endpoint_id: self.endpoint_id,
            order_key: order_key.as_deref(),
            place,
            due: first.then_some(now),
            lease: None,
        };
        queued.insert(connection)
    }
}
