//! Deliveries on their way out.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::Sqlite;
use super::batch::Batch;
use super::claims::{claim_due, release_next};
use crate::handover::MAX_CLAIMED_BYTES;
use crate::millis::Millis;
use crate::{
    AttemptRecord, Claim, DeliveryId, DeliveryState, EndpointId, EndpointNews, Finished, Held,
    MAX_ANSWER_KEPT, Next, Queue, Released, Shards, StoreError, Wanted,
};

/// The endpoints that have rows in the queue, without reading all the rows: `waiting(endpoint_id)`,
/// beginning after `?1`, ends with a row of NULL.
pub(super) const WAITING: &str = "
    WITH RECURSIVE waiting (endpoint_id) AS (
        SELECT min(endpoint_id) FROM queue WHERE endpoint_id > ?1
        UNION ALL
        SELECT (SELECT min(q.endpoint_id) FROM queue q WHERE q.endpoint_id > waiting.endpoint_id)
        FROM waiting WHERE waiting.endpoint_id IS NOT NULL
    )";

/// Of the endpoint `p`: whether anything may be sent to it.
pub(super) const OPEN: &str = "p.state = 'active' AND p.deleted_at IS NULL AND p.url IS NOT NULL";

#[async_trait]
impl Queue for Sqlite {
    async fn recover(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.writer
            .call(move |batch| {
                let ended = batch
                    .connection
                    .prepare_cached(
                        "-- recover
                        UPDATE queue SET lease = NULL, due = min(?1, (
                            SELECT e.created_at FROM delivery d JOIN event e USING (event_id)
                            WHERE d.delivery_id = queue.delivery_id
                        ))
                        WHERE lease IS NOT NULL",
                    )?
                    .execute([Millis::from(now)])?;
                Ok(ended as u64)
            })
            .await
    }

    /// One process serves from a file, and all of it is its own.
    async fn hold(&self, _: Shards, _: Duration, _: Timestamp) -> Result<Held, StoreError> {
        Ok(Held {
            shards: Shards::ALL,
            until: None,
            leaving: Shards::NONE,
        })
    }

    async fn let_go(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn ready(
        &self,
        now: Timestamp,
        after: Option<EndpointId>,
        limit: u32,
    ) -> Result<Vec<EndpointId>, StoreError> {
        let read = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(&format!(
                "-- ready{WAITING}
                SELECT p.endpoint_id FROM waiting CROSS JOIN endpoint p USING (endpoint_id)
                WHERE {OPEN} AND EXISTS (
                    SELECT 1 FROM queue q WHERE q.endpoint_id = p.endpoint_id AND q.due <= ?2
                )
                LIMIT ?3"
            ))?;
            let after = after.unwrap_or(EndpointId(0));
            let rows = statement.query_map((after, Millis::from(now), limit), |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        self.readers.read(read).await
    }

    async fn claim(
        &self,
        wanted: &[Wanted],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        let wanted = wanted.to_vec();
        self.writer
            .call(move |batch| {
                let mut claims = Vec::new();
                let mut room = MAX_CLAIMED_BYTES;
                for wanted in &wanted {
                    let mut more = claim_due(batch, *wanted, room, now, lease_until)?;
                    let bytes: usize = more.iter().map(|claim| claim.body.len()).sum();
                    room = room.saturating_sub(bytes);
                    claims.append(&mut more);
                }
                Ok(claims)
            })
            .await
    }

    async fn finish(&self, finished: Finished, now: Timestamp) -> Result<bool, StoreError> {
        self.writer
            .call(move |batch| finish(batch, &finished, now))
            .await
    }

    async fn release(&self, leases: Vec<Released>, now: Timestamp) -> Result<(), StoreError> {
        self.writer
            .call(move |batch| {
                let mut statement = batch.connection.prepare_cached(
                    "-- release
                    UPDATE queue SET lease = NULL, due = ?3 WHERE delivery_id = ?1 AND lease = ?2",
                )?;
                for released in &leases {
                    let due = Millis::from(released.due.min(now));
                    statement.execute((released.delivery_id, released.lease.token, due))?;
                }
                Ok(())
            })
            .await
    }

    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let read = move |connection: &Connection| {
            let next: Option<Millis> = connection
                .prepare_cached(&format!(
                    "-- next_due{WAITING}
                    SELECT min((
                        SELECT min(q.due) FROM queue q
                        WHERE q.endpoint_id = p.endpoint_id AND q.due > ?2
                    ))
                    FROM waiting CROSS JOIN endpoint p USING (endpoint_id) WHERE {OPEN}"
                ))?
                .query_row((0, Millis::from(now)), |row| row.get(0))?;
            Ok(next.map(Millis::timestamp))
        };
        self.readers.read(read).await
    }
}

fn finish(batch: &mut Batch<'_>, finished: &Finished, now: Timestamp) -> Result<bool, StoreError> {
    batch.rows += 1;
    insert_attempt(batch.connection, finished.delivery_id, &finished.attempt)?;
    let held = match finished.next {
        Next::Acknowledged => end(batch, finished, DeliveryState::Acknowledged, now)?,
        Next::GiveUp => end(batch, finished, DeliveryState::Failed, now)?,
        Next::Retry { due } => retry(batch.connection, finished, due)?,
    };
    if held {
        note_endpoint(batch, finished, now)?;
    }
    Ok(held)
}

/// Two attempts of one delivery get one number where a lease was lost: the later one gets the next.
fn insert_attempt(
    connection: &Connection,
    delivery_id: DeliveryId,
    attempt: &AttemptRecord,
) -> Result<(), StoreError> {
    let answer = &attempt.answer[..attempt.answer.len().min(MAX_ANSWER_KEPT)];
    connection
        .prepare_cached(
            "-- insert_attempt
            INSERT INTO attempt
                (delivery_id, attempt, attempted_at, duration_ms, outcome, status, reason, answer)
            SELECT ?1, max(?2, coalesce(max(attempt) + 1, 0)), ?3, ?4, ?5, ?6, ?7, ?8
            FROM attempt WHERE delivery_id = ?1",
        )?
        .execute((
            delivery_id,
            attempt.attempt,
            Millis::from(attempt.attempted_at),
            attempt.duration_ms,
            attempt.outcome,
            attempt.status,
            &attempt.reason,
            answer,
        ))?;
    Ok(())
}

/// Takes the delivery out of the queue, and lets the next of its order go.
fn end(
    batch: &mut Batch<'_>,
    finished: &Finished,
    state: DeliveryState,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let removed: Option<Option<String>> = batch
        .connection
        .prepare_cached(
            "-- end
            DELETE FROM queue WHERE delivery_id = ?1 AND lease = ?2 RETURNING order_key",
        )?
        .query_row((finished.delivery_id, finished.lease.token), |row| {
            row.get(0)
        })
        .optional()?;
    let Some(order_key) = removed else {
        return Ok(false);
    };
    batch
        .connection
        .prepare_cached(
            "-- end
            UPDATE delivery SET state = ?2, finished_at = ?3 WHERE delivery_id = ?1",
        )?
        .execute((finished.delivery_id, state, Millis::from(now)))?;
    if let Some(order_key) = order_key
        && let Some((delivery_id, endpoint_id)) = first_in_line(batch.connection, &order_key)?
    {
        release_next(batch, delivery_id, endpoint_id, now)?;
    }
    Ok(true)
}

fn first_in_line(
    connection: &Connection,
    order_key: &str,
) -> Result<Option<(DeliveryId, EndpointId)>, StoreError> {
    let first = connection
        .prepare_cached(
            "-- first_in_line
            SELECT delivery_id, endpoint_id FROM queue WHERE order_key = ?1 ORDER BY place LIMIT 1",
        )?
        .query_row([order_key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(first)
}

fn retry(connection: &Connection, finished: &Finished, due: Timestamp) -> Result<bool, StoreError> {
    let changed = connection
        .prepare_cached(
            "-- retry
            UPDATE queue SET lease = NULL, due = ?3, schedule_position = schedule_position + 1
            WHERE delivery_id = ?1 AND lease = ?2",
        )?
        .execute((
            finished.delivery_id,
            finished.lease.token,
            Millis::from(due),
        ))?;
    Ok(changed == 1)
}

fn note_endpoint(
    batch: &mut Batch<'_>,
    finished: &Finished,
    now: Timestamp,
) -> Result<(), StoreError> {
    let endpoint_id = finished.endpoint_id;
    let changed = match &finished.endpoint {
        EndpointNews::Nothing => 0,
        EndpointNews::Failing => batch
            .connection
            .prepare_cached(
                "-- note_endpoint
                UPDATE endpoint SET failing_since = ?2
                WHERE endpoint_id = ?1 AND failing_since IS NULL",
            )?
            .execute((endpoint_id, Millis::from(finished.attempt.attempted_at)))?,
        EndpointNews::Recovered => batch
            .connection
            .prepare_cached(
                "-- note_endpoint
                UPDATE endpoint SET failing_since = NULL
                WHERE endpoint_id = ?1 AND failing_since IS NOT NULL",
            )?
            .execute([endpoint_id])?,
        EndpointNews::Disabled(reason) => {
            let changed = batch
                .connection
                .prepare_cached(
                    "-- note_endpoint
                    UPDATE endpoint SET state = 'disabled', state_reason = ?2, state_since = ?3
                    WHERE endpoint_id = ?1 AND state = 'active'",
                )?
                .execute((endpoint_id, reason, Millis::from(now)))?;
            if changed > 0 {
                batch.news.changed.push(endpoint_id);
            }
            changed
        }
    };
    if changed > 0 {
        batch.memory.targets.forget();
    }
    Ok(())
}
