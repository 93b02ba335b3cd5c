//! What keeps the database in order, and what tells that it is.

use std::cmp::Ordering;

use async_trait::async_trait;
use jiff::Timestamp;

use super::cancelling::cancel_queued;
use super::columns::unsigned;
use super::connection::{Connection, Transaction};
use super::queue::{OPEN, WAITING};
use super::{Postgres, schema};
use crate::keyring::Cell;
use crate::millis::Millis;
use crate::vault::{Vault, answer_cell, secret_cell};
use crate::{EndpointId, EventId, Retention, Stats, StoreError, Swept, Upkeep};

/// So many values are encrypted anew by one transaction.
const REKEYED_AT_ONCE: i64 = 500;

#[async_trait]
impl Upkeep for Postgres {
    fn database(&self) -> &'static str {
        "postgres"
    }

    fn schema_version(&self) -> u32 {
        schema::VERSION
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.core
            .pool
            .run(async |connection| {
                // Read and written at once: a server that only reads refuses it.
                let statement = connection
                    .prepare_cached(
                        "-- check
                    UPDATE schema_version SET version = version RETURNING version",
                    )
                    .await?;
                let row = connection.query_one(&statement, &[]).await?;
                let found: i32 = row.try_get(0)?;
                check_version(found.cast_unsigned())
            })
            .await
    }

    async fn stats(&self, now: Timestamp) -> Result<Stats, StoreError> {
        self.core
            .pool
            .run(async |connection| {
                let stats = read_stats(&connection, now).await?;
                Ok(stats)
            })
            .await
    }

    /// Several processes may sweep at the same time: each passes by what another one has at hand.
    async fn sweep(
        &self,
        retention: Retention,
        limit: u32,
        now: Timestamp,
    ) -> Result<Swept, StoreError> {
        self.cancel_leftovers(limit, now).await?;
        let old = self.old_events(retention.events_before, limit).await?;
        let pool = &self.core.pool;
        pool.transact(async |transaction| {
            let keys_before = retention.idempotency_before;
            Ok(Swept {
                events: delete_events(&transaction, &old).await?,
                idempotency_keys: delete(&transaction, DELETE_KEYS, keys_before, limit).await?,
                secrets: delete(&transaction, DELETE_SECRETS, now, limit).await?,
            })
        })
        .await
    }

    async fn rekey(&self) -> Result<u64, StoreError> {
        let (pool, vault) = (&self.core.pool, &self.core.vault);
        let mut rekeyed = 0;
        for column in [SIGNING_SECRETS, ANSWERS] {
            let mut after = Some(0);
            while let Some(from) = after {
                let (changed, last) = pool
                    .transact(async |transaction| column.rekey(&transaction, vault, from).await)
                    .await?;
                rekeyed += changed;
                after = last;
            }
        }
        Ok(rekeyed)
    }

    async fn close(&self) {
        self.publishing.close().await;
        self.finishing.close().await;
        self.listener.close().await;
        self.counting.close().await;
        self.core.hints.close().await;
        self.core.pool.close();
        self.core.engine.set(None);
    }
}

/// Whether the schema is still the one that this program knows: another version may have migrated it.
fn check_version(found: u32) -> Result<(), StoreError> {
    let known = schema::VERSION;
    match found.cmp(&known) {
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(StoreError::SchemaTooNew { found, known }),
        Ordering::Less => Err(StoreError::SchemaTooOld { found, known }),
    }
}

async fn read_stats(connection: &Connection, now: Timestamp) -> Result<Stats, StoreError> {
    let statement = connection.prepare_cached(&stats_sql()).await?;
    let row = connection
        .query_one(&statement, &[&EndpointId(0), &Millis::from(now)])
        .await?;
    let oldest_due: Option<Millis> = row.try_get(2)?;
    let oldest_pending: Option<Millis> = row.try_get(3)?;
    Ok(Stats {
        pending: unsigned(&row, 0)?,
        due: unsigned(&row, 1)?,
        oldest_due: oldest_due.map(Millis::timestamp),
        oldest_pending: oldest_pending.map(Millis::timestamp),
        endpoints_active: unsigned(&row, 4)?,
        endpoints_paused: unsigned(&row, 5)?,
        endpoints_disabled: unsigned(&row, 6)?,
    })
}

/// Of the whole database, not only of what this process delivers.
pub(super) fn stats_sql() -> String {
    format!(
        "-- read_stats{WAITING}, due AS (
            SELECT coalesce(sum(q.count), 0)::bigint AS count, min(q.oldest) AS oldest
            FROM waiting JOIN endpoint p USING (endpoint_id)
            CROSS JOIN LATERAL (
                SELECT count(*) AS count, min(q.due) AS oldest FROM queue q
                WHERE q.endpoint_id = p.endpoint_id AND q.due <= $2
            ) q
            WHERE {OPEN}
        ), endpoints AS (
            SELECT count(*) FILTER (WHERE state = 'active') AS active,
                count(*) FILTER (WHERE state = 'paused') AS paused,
                count(*) FILTER (WHERE state = 'disabled') AS disabled
            FROM endpoint WHERE deleted_at IS NULL
        )
        SELECT (SELECT count(*) FROM queue), due.count, due.oldest,
            (SELECT e.created_at FROM delivery d JOIN event e ON e.event_id = d.event_id
                WHERE d.delivery_id = (SELECT min(delivery_id) FROM queue)),
            active, paused, disabled
        FROM due CROSS JOIN endpoints"
    )
}

impl Postgres {
    /// Old events of which nothing is pending, at most about `limit`.
    ///
    /// In steps, because a long queue of old events can stand before them.
    async fn old_events(&self, before: Timestamp, limit: u32) -> Result<Vec<EventId>, StoreError> {
        let mut old = Vec::new();
        let mut after = i64::MIN;
        while old.len() < limit as usize {
            let step = self.core.pool.run(async |connection| {
                let statement = connection.prepare_cached(OLD_EVENTS).await?;
                let row = connection
                    .query_one(&statement, &[&after, &Millis::from(before)])
                    .await?;
                Ok((row.try_get(0)?, row.try_get(1)?))
            });
            let (last, mut some): (Option<i64>, Vec<EventId>) = step.await?;
            let Some(last) = last else { break };
            after = last;
            old.append(&mut some);
        }
        old.truncate(limit as usize);
        Ok(old)
    }

    /// Cancels what is queued for deleted endpoints: a process ended while it deleted a webhook, or
    /// another one published to it at the same moment.
    async fn cancel_leftovers(&self, limit: u32, now: Timestamp) -> Result<(), StoreError> {
        let pool = &self.core.pool;
        let leftovers: Vec<EndpointId> = pool
            .run(async |connection| {
                let statement = connection.prepare_cached(&leftovers_sql()).await?;
                let rows = connection
                    .query(&statement, &[&EndpointId(0), &i64::from(limit)])
                    .await?;
                let endpoints: Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
                Ok(endpoints?)
            })
            .await?;
        let mut left = u64::from(limit);
        for endpoint_id in leftovers {
            let most = u32::try_from(left).unwrap_or(u32::MAX);
            let cancelled = pool
                .transact(async |transaction| {
                    cancel_queued(&transaction, endpoint_id, most, now).await
                })
                .await?;
            left = left.saturating_sub(cancelled);
        }
        Ok(())
    }
}

pub(super) const OLD_EVENTS: &str = "-- old_events
    WITH looked_at AS MATERIALIZED (
        SELECT event_id, created_at FROM event WHERE created_at > $1 AND created_at < $2
        ORDER BY created_at FETCH FIRST 2000 ROWS WITH TIES
    )
    SELECT (SELECT max(created_at) FROM looked_at), ARRAY(
        SELECT event_id FROM looked_at l WHERE NOT EXISTS (
            SELECT 1 FROM delivery d WHERE d.event_id = l.event_id AND d.state = 'pending'
        )
        ORDER BY created_at
    )";

pub(super) fn leftovers_sql() -> String {
    format!(
        "-- leftovers{WAITING}
        SELECT p.endpoint_id FROM waiting JOIN endpoint p USING (endpoint_id)
        WHERE p.deleted_at IS NOT NULL LIMIT $2"
    )
}

/// Deletes those that were not replayed since they were looked for.
///
/// A replay holds its events until it is durable. Those are passed by; and that one was over before
/// is only seen by another statement than the one that takes the locks.
async fn delete_events(transaction: &Transaction, old: &[EventId]) -> Result<u64, StoreError> {
    let lock = transaction.prepare_cached(LOCK_EVENTS).await?;
    let rows = transaction.query(&lock, &[&old]).await?;
    let locked: Result<Vec<EventId>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    let delete = transaction.prepare_cached(DELETE_EVENTS).await?;
    let row = transaction.query_one(&delete, &[&locked?]).await?;
    Ok(unsigned(&row, 0)?)
}

pub(super) const LOCK_EVENTS: &str = "-- delete_events
    SELECT event_id FROM event WHERE event_id = ANY ($1) FOR UPDATE SKIP LOCKED";

pub(super) const DELETE_EVENTS: &str = "-- delete_events
    WITH gone AS (
        DELETE FROM event e WHERE e.event_id = ANY ($1) AND NOT EXISTS (
            SELECT 1 FROM delivery d WHERE d.event_id = e.event_id AND d.state = 'pending'
        )
        RETURNING e.event_id
    ), gone_deliveries AS (
        DELETE FROM delivery WHERE event_id = ANY (ARRAY(SELECT event_id FROM gone))
        RETURNING delivery_id
    ), gone_attempts AS (
        DELETE FROM attempt
        WHERE delivery_id = ANY (ARRAY(SELECT delivery_id FROM gone_deliveries))
    )
    SELECT count(*) FROM gone";

pub(super) const DELETE_KEYS: &str = "-- delete_keys
    DELETE FROM idempotency_key WHERE idempotency_key_id = ANY (ARRAY(
        SELECT idempotency_key_id FROM idempotency_key WHERE created_at < $1 LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))";

pub(super) const DELETE_SECRETS: &str = "-- delete_secrets
    DELETE FROM signing_secret WHERE secret_id = ANY (ARRAY(
        SELECT secret_id FROM signing_secret WHERE expires_at <= $1 LIMIT $2
        FOR UPDATE SKIP LOCKED
    ))";

async fn delete(
    transaction: &Transaction,
    sql: &str,
    time: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let statement = transaction.prepare_cached(sql).await?;
    let deleted = transaction
        .execute(&statement, &[&Millis::from(time), &i64::from(limit)])
        .await?;
    Ok(deleted)
}

/// A column of sealed values.
#[derive(Clone, Copy)]
struct SealedColumn {
    select: &'static str,
    update: &'static str,
    cell: fn(i64) -> Cell,
}

const SIGNING_SECRETS: SealedColumn = SealedColumn {
    select: "-- rekey
        SELECT secret_id, sealed FROM signing_secret
        WHERE secret_id > $1 ORDER BY secret_id LIMIT $2 FOR UPDATE",
    update: "-- rekey
        UPDATE signing_secret s SET sealed = n.sealed
        FROM UNNEST($1::bigint[], $2::bytea[]) AS n (id, sealed) WHERE s.secret_id = n.id",
    cell: secret_cell,
};

const ANSWERS: SealedColumn = SealedColumn {
    select: "-- rekey
        SELECT idempotency_key_id, sealed FROM idempotency_key
        WHERE idempotency_key_id > $1 ORDER BY idempotency_key_id LIMIT $2 FOR UPDATE",
    update: "-- rekey
        UPDATE idempotency_key i SET sealed = n.sealed
        FROM UNNEST($1::bigint[], $2::bytea[]) AS n (id, sealed) WHERE i.idempotency_key_id = n.id",
    cell: answer_cell,
};

impl SealedColumn {
    /// Encrypts some of the rows after `from` anew: how many needed it, and where to go on.
    async fn rekey(
        self,
        transaction: &Transaction,
        vault: &Vault,
        from: i64,
    ) -> Result<(u64, Option<i64>), StoreError> {
        let select = transaction.prepare_cached(self.select).await?;
        let rows = transaction
            .query(&select, &[&from, &REKEYED_AT_ONCE])
            .await?;
        let (mut ids, mut values) = (Vec::new(), Vec::new());
        let mut last = None;
        for row in &rows {
            let (id, sealed): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
            if !vault.is_current(&sealed) {
                let cell = (self.cell)(id);
                ids.push(id);
                values.push(vault.seal(&vault.open(&sealed, cell)?, cell)?);
            }
            last = Some(id);
        }
        if !ids.is_empty() {
            let update = transaction.prepare_cached(self.update).await?;
            transaction.execute(&update, &[&ids, &values]).await?;
        }
        Ok((ids.len() as u64, last))
    }
}
