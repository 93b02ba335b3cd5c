//! Deliveries on their way out.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::Postgres;
use super::claims;
use super::finishing::Call;
use crate::handover::News;
use crate::millis::Millis;
use crate::{Claim, EndpointId, Finished, Held, Queue, Released, Shards, StoreError, Wanted};

/// The endpoints that have rows in the queue, without reading all the rows: `waiting(endpoint_id)`,
/// beginning after `$1`, ends with a row of NULL.
pub(super) const WAITING: &str = "
    WITH RECURSIVE waiting (endpoint_id) AS (
        (SELECT endpoint_id FROM queue WHERE endpoint_id > $1 ORDER BY endpoint_id LIMIT 1)
        UNION ALL
        SELECT (
            SELECT q.endpoint_id FROM queue q WHERE q.endpoint_id > waiting.endpoint_id
            ORDER BY q.endpoint_id LIMIT 1
        )
        FROM waiting WHERE waiting.endpoint_id IS NOT NULL
    )";

/// Of the endpoint `p`: whether anything may be sent to it.
pub(super) const OPEN: &str = "p.state = 'active' AND p.deleted_at IS NULL AND p.url IS NOT NULL";

/// Of the endpoint `p`: whether its shard is in `$3`.
const HELD: &str = "(p.endpoint_id % 64)::integer = ANY ($3)";

#[async_trait]
impl Queue for Postgres {
    /// Nobody can know here that another process is gone. Its leases end by themselves.
    async fn recover(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn hold(
        &self,
        busy: Shards,
        lasts: Duration,
        now: Timestamp,
    ) -> Result<Held, StoreError> {
        let core = &self.core;
        core.holding.renew(&core.pool, busy, lasts, now).await
    }

    async fn let_go(&self) -> Result<(), StoreError> {
        self.core.holding.let_go(&self.core.pool).await
    }

    async fn ready(
        &self,
        now: Timestamp,
        after: Option<EndpointId>,
        limit: u32,
    ) -> Result<Vec<EndpointId>, StoreError> {
        let shards = self.core.holding.numbers();
        let after = after.unwrap_or(EndpointId(0));
        self.core
            .pool
            .run(async |connection| {
                let statement = connection.prepare_cached(&ready_sql()).await?;
                let (now, limit) = (Millis::from(now), i64::from(limit));
                let rows = connection
                    .query(&statement, &[&after, &now, &shards, &limit])
                    .await?;
                let endpoints: Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
                Ok(endpoints?)
            })
            .await
    }

    async fn claim(
        &self,
        wanted: &[Wanted],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        let core = &*self.core;
        let (claims, left) = core
            .pool
            .run(async |connection| {
                let claimed = claims::claim(core, &connection, wanted, now, lease_until).await?;
                Ok(claimed)
            })
            .await?;
        core.tell(News {
            left: left.into_iter().collect(),
            ..News::default()
        });
        Ok(claims)
    }

    async fn finish(&self, finished: Finished, now: Timestamp) -> Result<bool, StoreError> {
        self.finishing.call(Call { finished, now }).await
    }

    async fn release(&self, leases: Vec<Released>, now: Timestamp) -> Result<(), StoreError> {
        self.core
            .pool
            .run(async |connection| {
                claims::release(&connection, &leases, now).await?;
                Ok(())
            })
            .await
    }

    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let shards = self.core.holding.numbers();
        self.core
            .pool
            .run(async |connection| {
                let statement = connection.prepare_cached(&next_due_sql()).await?;
                let row = connection
                    .query_one(&statement, &[&EndpointId(0), &Millis::from(now), &shards])
                    .await?;
                let next: Option<Millis> = row.try_get(0)?;
                Ok(next.map(Millis::timestamp))
            })
            .await
    }
}

pub(super) fn ready_sql() -> String {
    format!(
        "-- ready{WAITING}
        SELECT p.endpoint_id FROM waiting JOIN endpoint p USING (endpoint_id)
        WHERE {OPEN} AND {HELD} AND EXISTS (
            SELECT 1 FROM queue q WHERE q.endpoint_id = p.endpoint_id AND q.due <= $2
        )
        ORDER BY p.endpoint_id LIMIT $4"
    )
}

pub(super) fn next_due_sql() -> String {
    format!(
        "-- next_due{WAITING}
        SELECT min((
            SELECT q.due FROM queue q
            WHERE q.endpoint_id = p.endpoint_id AND q.due > $2 ORDER BY q.due LIMIT 1
        ))
        FROM waiting JOIN endpoint p USING (endpoint_id) WHERE {OPEN} AND {HELD}"
    )
}
