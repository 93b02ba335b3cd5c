//! Deliveries that are made once more.
//!
//! Which ones is found out in steps, each of which looks at so many rows and no more, whether it finds
//! anything or not; then they are replayed, in steps as well.

use async_trait::async_trait;
use jiff::Timestamp;

use super::Postgres;
use super::columns::unsigned;
use super::connection::Transaction;
use super::history::{find_delivery, is_in_state, published};
use super::rows::Conditions;
use crate::handover::News;
use crate::millis::Millis;
use crate::{
    Delivery, DeliveryId, DeliveryState, ReplayCounts, ReplayFilter, Replayed, Replays, StoreError,
};

/// So many deliveries are replayed by one transaction.
const REPLAYED_AT_ONCE: usize = 500;

#[async_trait]
impl Replays for Postgres {
    async fn replay_delivery(
        &self,
        delivery_id: DeliveryId,
        now: Timestamp,
    ) -> Result<Option<Replayed>, StoreError> {
        let replayed = self
            .core
            .pool
            .transact(async |transaction| replay_one(&transaction, delivery_id, now).await)
            .await?;
        Ok(match replayed {
            One::NotFound => None,
            One::EndpointGone => Some(Replayed::EndpointGone),
            One::Queued { delivery, woken } => {
                self.core.tell(News {
                    wake: woken,
                    ..News::default()
                });
                Some(Replayed::Queued(delivery))
            }
        })
    }

    async fn count_replays(&self, filter: &ReplayFilter) -> Result<u64, StoreError> {
        let mut count = 0;
        let mut after = before_first(filter);
        while let Some(step) = self.select_some(filter, after, COUNTED).await? {
            count += step.count;
            after = step.last;
        }
        Ok(count)
    }

    async fn replay_deliveries(
        &self,
        filter: &ReplayFilter,
        now: Timestamp,
    ) -> Result<ReplayCounts, StoreError> {
        let mut selected = Vec::new();
        let mut after = before_first(filter);
        while let Some(mut step) = self.select_some(filter, after, LISTED).await? {
            selected.append(&mut step.delivery_ids);
            after = step.last;
        }
        selected.sort_unstable();
        let mut replayed = 0;
        for some in selected.chunks(REPLAYED_AT_ONCE) {
            replayed += self.replay_some(some, filter.state, now).await?;
        }
        Ok(ReplayCounts {
            matched: selected.len() as u64,
            replayed,
        })
    }
}

/// What one step has found.
struct Step {
    /// Where the next one goes on.
    last: i64,
    count: u64,
    delivery_ids: Vec<DeliveryId>,
}

impl Postgres {
    /// Looks through some rows after the place `after`; `None` if there are no more.
    async fn select_some(
        &self,
        filter: &ReplayFilter,
        after: i64,
        wanted: &str,
    ) -> Result<Option<Step>, StoreError> {
        let (sql, conditions) = select_sql(filter, after, wanted);
        self.core
            .pool
            .run(async |connection| {
                let statement = connection.prepare_cached(&sql).await?;
                let row = connection
                    .query_one(&statement, &conditions.values())
                    .await?;
                let Some(last) = row.try_get(0)? else {
                    return Ok(None);
                };
                Ok(Some(Step {
                    last,
                    count: unsigned(&row, 1)?,
                    delivery_ids: row.try_get(2)?,
                }))
            })
            .await
    }

    /// Replays those that are still as they were when they were selected.
    async fn replay_some(
        &self,
        selected: &[DeliveryId],
        state: DeliveryState,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let replayed = self
            .core
            .pool
            .transact(async |transaction| {
                if state == DeliveryState::Pending {
                    return begin_anew(&transaction, selected, now).await;
                }
                lock(&transaction, selected).await?;
                queue_again(&transaction, selected, Some(state), now).await
            })
            .await?;
        self.core.tell(News {
            wake: replayed > 0,
            ..News::default()
        });
        Ok(replayed)
    }
}

/// The place that a walk begins after.
pub(super) fn before_first(filter: &ReplayFilter) -> i64 {
    match filter.state {
        DeliveryState::Pending | DeliveryState::Failed => 0,
        DeliveryState::Acknowledged | DeliveryState::Cancelled => Millis::from(filter.since).0 - 1,
    }
}

/// What a step tells of the selected deliveries `d`: their number, and which ones they are.
pub(super) const COUNTED: &str = "count(*), ARRAY[]::bigint[]";
pub(super) const LISTED: &str = "count(*), coalesce(array_agg(d.delivery_id), ARRAY[]::bigint[])";

/// One row: the last place that was looked at, and what is `wanted` of the deliveries there.
///
/// What is pending or has failed is walked by its id, everything else by the time of its event. A
/// window has a fixed size, written out, because the plan depends on it; so it does on `OFFSET 0`, by
/// which the deliveries are looked up event by event.
pub(super) fn select_sql(filter: &ReplayFilter, after: i64, wanted: &str) -> (String, Conditions) {
    let mut conditions = Conditions::default();
    let after = conditions.add_value(after);
    let end = filter.until.unwrap_or(Timestamp::MAX);
    let window = match filter.state {
        DeliveryState::Pending => format!(
            "SELECT delivery_id, delivery_id FROM queue
            WHERE delivery_id > {after} ORDER BY delivery_id LIMIT 2000"
        ),
        DeliveryState::Failed => format!(
            "SELECT delivery_id, delivery_id FROM delivery
            WHERE failed AND delivery_id > {after} ORDER BY delivery_id LIMIT 2000"
        ),
        DeliveryState::Acknowledged | DeliveryState::Cancelled => format!(
            "SELECT e.created_at, d.delivery_id FROM (
                SELECT event_id, created_at FROM event
                WHERE created_at > {after} AND created_at < {}
                ORDER BY created_at FETCH FIRST 2000 ROWS WITH TIES
            ) e LEFT JOIN LATERAL (
                SELECT delivery_id FROM delivery WHERE event_id = e.event_id OFFSET 0
            ) d ON true",
            conditions.add_value(Millis::from(end))
        ),
    };
    conditions.and(is_in_state(filter.state));
    if filter.state == DeliveryState::Pending {
        conditions.and("q.due IS NOT NULL AND q.lease IS NULL");
    }
    published(&mut conditions, Some(filter.since), filter.until);
    conditions.and_if("e.merchant_id = ?", filter.merchant_id);
    conditions.and_if("d.endpoint_id = ?", filter.endpoint_id);
    conditions.and_if("e.event_type = ?", filter.event_type.clone());
    let sql = format!(
        "-- select_some
        WITH looked_at (place, delivery_id) AS MATERIALIZED ({window})
        SELECT (SELECT max(place) FROM looked_at), {wanted}
        FROM looked_at l
        JOIN delivery d ON d.delivery_id = l.delivery_id
        JOIN event e ON e.event_id = d.event_id
        JOIN endpoint p ON p.endpoint_id = d.endpoint_id
        LEFT JOIN queue q ON q.delivery_id = d.delivery_id
        WHERE p.deleted_at IS NULL{}",
        conditions.sql()
    );
    (sql, conditions)
}

/// What came of replaying one delivery.
enum One {
    NotFound,
    EndpointGone,
    Queued {
        delivery: Box<Delivery>,
        /// Whether it was not left to an attempt that is being made.
        woken: bool,
    },
}

async fn replay_one(
    transaction: &Transaction,
    delivery_id: DeliveryId,
    now: Timestamp,
) -> Result<One, StoreError> {
    lock(transaction, &[delivery_id]).await?;
    let statement = transaction
        .prepare_cached(
            "-- replay_one
            SELECT p.deleted_at IS NOT NULL FROM delivery d
            JOIN endpoint p ON p.endpoint_id = d.endpoint_id
            WHERE d.delivery_id = $1",
        )
        .await?;
    let row = transaction.query_opt(&statement, &[&delivery_id]).await?;
    let Some(row) = row else {
        return Ok(One::NotFound);
    };
    if row.try_get(0)? {
        return Ok(One::EndpointGone);
    }
    let mut replayed = queue_again(transaction, &[delivery_id], None, now).await?;
    if replayed == 0 {
        replayed = begin_anew(transaction, &[delivery_id], now).await?;
    }
    let delivery = find_delivery(transaction, delivery_id).await?;
    Ok(delivery.map_or(One::NotFound, |delivery| One::Queued {
        delivery: Box::new(delivery),
        woken: replayed > 0,
    }))
}

/// What an order's pushes have in common, of the event `e`; as `order_key` in `publishing` says it.
const ORDER_KEY: &str = "e.merchant_id || '/' || e.order_id";

/// Keeps `sweep` from deleting the events until the end of the transaction, and everyone else from the
/// lines of their orders. The statements that follow see what was durable when it was over.
async fn lock(transaction: &Transaction, delivery_ids: &[DeliveryId]) -> Result<(), StoreError> {
    let keep = transaction
        .prepare_cached(
            "-- lock
            SELECT 1 FROM event e
            WHERE e.event_id IN (SELECT event_id FROM delivery WHERE delivery_id = ANY ($1))
            FOR KEY SHARE",
        )
        .await?;
    transaction.execute(&keep, &[&delivery_ids]).await?;
    // In the order of the names, as publishers lock them.
    let lock_orders = transaction
        .prepare_cached(&format!(
            "-- lock
            SELECT pg_advisory_xact_lock(hashtextextended(o.order_key, 0)) FROM (
                SELECT DISTINCT ({ORDER_KEY}) COLLATE \"C\" AS order_key
                FROM delivery d JOIN event e ON e.event_id = d.event_id
                WHERE d.delivery_id = ANY ($1) AND e.order_id IS NOT NULL
                ORDER BY order_key
            ) o"
        ))
        .await?;
    transaction.execute(&lock_orders, &[&delivery_ids]).await?;
    Ok(())
}

/// Makes what is queued due anew, at its place in its order's line, unless it is being attempted;
/// returns how many.
async fn begin_anew(
    transaction: &Transaction,
    delivery_ids: &[DeliveryId],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let statement = transaction.prepare_cached(BEGIN_ANEW).await?;
    let begun = transaction
        .execute(&statement, &[&delivery_ids, &Millis::from(now)])
        .await?;
    Ok(begun)
}

pub(super) const BEGIN_ANEW: &str = "-- begin_anew
    UPDATE queue q
    SET schedule_position = 0, due = CASE WHEN q.due IS NOT NULL THEN $2::bigint END
    FROM endpoint p
    WHERE q.delivery_id = ANY ($1) AND q.lease IS NULL
        AND p.endpoint_id = q.endpoint_id AND p.deleted_at IS NULL";

/// Queues what is finished again, or finished with a certain state; returns how many.
///
/// Where two replays meet, the second one sees the state that the first one has set, and leaves it.
async fn queue_again(
    transaction: &Transaction,
    delivery_ids: &[DeliveryId],
    state: Option<DeliveryState>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let statement = transaction.prepare_cached(&queue_again_sql()).await?;
    let queued = transaction
        .execute(&statement, &[&delivery_ids, &state, &Millis::from(now)])
        .await?;
    Ok(queued)
}

pub(super) fn queue_again_sql() -> String {
    format!(
        "-- queue_again
        WITH again AS (
            UPDATE delivery d SET state = 'pending', finished_at = NULL
            FROM event e, endpoint p
            WHERE d.delivery_id = ANY ($1)
                AND d.state <> 'pending' AND d.state = coalesce($2, d.state)
                AND e.event_id = d.event_id
                AND p.endpoint_id = d.endpoint_id AND p.deleted_at IS NULL
            RETURNING d.delivery_id, d.endpoint_id, {ORDER_KEY} AS order_key
        ), placed AS (
            SELECT again.*, CASE WHEN order_key IS NOT NULL THEN
                coalesce((SELECT max(q.place) + 1 FROM queue q WHERE q.order_key = again.order_key), 0)
                + row_number() OVER (PARTITION BY order_key ORDER BY delivery_id) - 1
            END AS place
            FROM again
        )
        INSERT INTO queue (delivery_id, endpoint_id, order_key, place, due)
        SELECT delivery_id, endpoint_id, order_key, place,
            CASE WHEN place > 0 THEN NULL ELSE $3::bigint END
        FROM placed"
    )
}
