//! What keeps the database in order, and what tells that it is.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;

use super::Sqlite;
use super::batch::Batch;
use super::cancelling::cancel_queued;
use super::columns::count;
use super::queue::{OPEN, WAITING};
use super::schema;
use crate::keyring::Cell;
use crate::millis::Millis;
use crate::vault::answer_cell;
use crate::vault::secret_cell;
use crate::{EndpointId, EndpointState, EventId, Retention, Stats, StoreError, Swept, Upkeep};

/// So many values are encrypted anew by one transaction.
const REKEYED_AT_ONCE: u32 = 500;

#[async_trait]
impl Upkeep for Sqlite {
    fn database(&self) -> &'static str {
        "sqlite"
    }

    fn schema_version(&self) -> u32 {
        schema::VERSION
    }

    async fn check(&self) -> Result<(), StoreError> {
        let file = self.file.clone();
        let read = move |connection: &Connection| {
            file.check()?;
            schema::check_readable(connection)
        };
        self.readers.read(read).await?;
        self.writer
            .call(|batch| schema::check_writable(batch.connection))
            .await
    }

    async fn stats(&self, now: Timestamp) -> Result<Stats, StoreError> {
        self.readers
            .read(move |connection| read_stats(connection, now))
            .await
    }

    async fn sweep(
        &self,
        retention: Retention,
        limit: u32,
        now: Timestamp,
    ) -> Result<Swept, StoreError> {
        // Looked for beside the writer: a long queue of old events can stand before them.
        let before = retention.events_before;
        let look = move |connection: &Connection| {
            let old = old_events(connection, before, limit)?;
            Ok((old, leftovers(connection, limit)?))
        };
        let (old, leftovers) = self.readers.read(look).await?;
        self.writer
            .call(move |batch| {
                cancel_leftovers(batch, &leftovers, limit, now)?;
                Ok(Swept {
                    events: delete_events(batch, &old)?,
                    idempotency_keys: delete_keys(
                        batch.connection,
                        retention.idempotency_before,
                        limit,
                    )?,
                    secrets: delete_secrets(batch.connection, limit, now)?,
                })
            })
            .await
    }

    async fn rekey(&self) -> Result<u64, StoreError> {
        let mut rekeyed = 0;
        for column in [SIGNING_SECRETS, ANSWERS] {
            let mut after = Some(0);
            while let Some(from) = after {
                let (changed, last) = self
                    .writer
                    .call(move |batch| column.rekey(batch, from))
                    .await?;
                rekeyed += changed;
                after = last;
            }
        }
        Ok(rekeyed)
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
        self.engine.set(None);
    }
}

fn read_stats(connection: &Connection, now: Timestamp) -> Result<Stats, StoreError> {
    let pending = connection
        .prepare_cached("-- read_stats\nSELECT count(*) FROM queue")?
        .query_row([], |row| count(row, 0))?;
    let (due, oldest_due): (u64, Option<Millis>) = connection
        .prepare_cached(&format!(
            "-- read_stats{WAITING}
            SELECT
                coalesce(sum((SELECT count(*) FROM queue q
                    WHERE q.endpoint_id = p.endpoint_id AND q.due <= ?2)), 0),
                min((SELECT min(q.due) FROM queue q
                    WHERE q.endpoint_id = p.endpoint_id AND q.due <= ?2))
            FROM waiting CROSS JOIN endpoint p USING (endpoint_id) WHERE {OPEN}"
        ))?
        .query_row((0, Millis::from(now)), |row| {
            Ok((count(row, 0)?, row.get(1)?))
        })?;
    let oldest_pending: Option<Millis> = connection
        .prepare_cached(
            "-- read_stats
            SELECT (SELECT e.created_at FROM delivery d JOIN event e ON e.event_id = d.event_id
                WHERE d.delivery_id = (SELECT min(delivery_id) FROM queue))",
        )?
        .query_row([], |row| row.get(0))?;
    let mut stats = Stats {
        pending,
        due,
        oldest_due: oldest_due.map(Millis::timestamp),
        oldest_pending: oldest_pending.map(Millis::timestamp),
        ..Stats::default()
    };
    let mut statement = connection.prepare_cached(
        "-- read_stats
        SELECT state, count(*) FROM endpoint WHERE deleted_at IS NULL GROUP BY state",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        match row.get(0)? {
            EndpointState::Active => stats.endpoints_active = count(row, 1)?,
            EndpointState::Paused => stats.endpoints_paused = count(row, 1)?,
            EndpointState::Disabled => stats.endpoints_disabled = count(row, 1)?,
        }
    }
    Ok(stats)
}

/// Whether the event `e` has a delivery that is still to be made.
const PENDING: &str = "EXISTS (
    SELECT 1 FROM delivery d JOIN queue q ON q.delivery_id = d.delivery_id
    WHERE d.event_id = e.event_id
)";

fn old_events(
    connection: &Connection,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<EventId>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "-- old_events
        SELECT e.event_id FROM event e WHERE e.created_at < ?1 AND NOT {PENDING}
        ORDER BY e.created_at LIMIT ?2"
    ))?;
    let rows = statement.query_map((Millis::from(before), limit), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Deletes those that were not replayed since they were looked for.
fn delete_events(batch: &mut Batch<'_>, old: &[EventId]) -> Result<u64, StoreError> {
    let connection = batch.connection;
    let mut is_pending = connection.prepare_cached(&format!(
        "-- delete_events
        SELECT 1 FROM event e WHERE e.event_id = ?1 AND {PENDING}"
    ))?;
    let mut delete_attempts = connection.prepare_cached(
        "-- delete_events
        DELETE FROM attempt WHERE delivery_id IN
            (SELECT delivery_id FROM delivery WHERE event_id = ?1)",
    )?;
    let mut delete_deliveries = connection.prepare_cached(
        "-- delete_events
        DELETE FROM delivery WHERE event_id = ?1",
    )?;
    let mut delete_event = connection.prepare_cached(
        "-- delete_events
        DELETE FROM event WHERE event_id = ?1",
    )?;
    let mut deleted = 0;
    for event_id in old {
        if !is_pending.exists([event_id])? {
            delete_attempts.execute([event_id])?;
            delete_deliveries.execute([event_id])?;
            deleted += delete_event.execute([event_id])?;
        }
    }
    batch.rows += deleted;
    Ok(deleted as u64)
}

fn delete_keys(connection: &Connection, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let deleted = connection
        .prepare_cached(
            "-- delete_keys
            DELETE FROM idempotency_key WHERE idempotency_key_id IN
                (SELECT idempotency_key_id FROM idempotency_key WHERE created_at < ?1 LIMIT ?2)",
        )?
        .execute((Millis::from(before), limit))?;
    Ok(deleted as u64)
}

pub(super) const DELETE_SECRETS: &str = "-- delete_secrets
    DELETE FROM signing_secret WHERE secret_id IN
        (SELECT secret_id FROM signing_secret WHERE expires_at <= ?1 LIMIT ?2)";

fn delete_secrets(connection: &Connection, limit: u32, now: Timestamp) -> Result<u64, StoreError> {
    let deleted = connection
        .prepare_cached(DELETE_SECRETS)?
        .execute((Millis::from(now), limit))?;
    Ok(deleted as u64)
}

/// Deleted endpoints that still have something queued: a process ended while it deleted a webhook.
fn leftovers(connection: &Connection, limit: u32) -> Result<Vec<EndpointId>, StoreError> {
    let mut statement = connection.prepare_cached(&leftovers_sql())?;
    let rows = statement.query_map((0, limit), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn leftovers_sql() -> String {
    format!(
        "-- leftovers{WAITING}
        SELECT p.endpoint_id FROM waiting CROSS JOIN endpoint p USING (endpoint_id)
        WHERE p.deleted_at IS NOT NULL LIMIT ?2"
    )
}

fn cancel_leftovers(
    batch: &mut Batch<'_>,
    leftovers: &[EndpointId],
    limit: u32,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut left = limit as usize;
    for endpoint_id in leftovers {
        let most = u32::try_from(left).unwrap_or(u32::MAX);
        left -= cancel_queued(batch, *endpoint_id, most, now)?;
    }
    Ok(())
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
        WHERE secret_id > ?1 ORDER BY secret_id LIMIT ?2",
    update: "-- rekey
        UPDATE signing_secret SET sealed = ?2 WHERE secret_id = ?1",
    cell: secret_cell,
};

const ANSWERS: SealedColumn = SealedColumn {
    select: "-- rekey
        SELECT idempotency_key_id, sealed FROM idempotency_key
        WHERE idempotency_key_id > ?1 ORDER BY idempotency_key_id LIMIT ?2",
    update: "-- rekey
        UPDATE idempotency_key SET sealed = ?2 WHERE idempotency_key_id = ?1",
    cell: answer_cell,
};

impl SealedColumn {
    /// Encrypts some of the rows after `from` anew: how many needed it, and where to go on.
    fn rekey(self, batch: &Batch<'_>, from: i64) -> Result<(u64, Option<i64>), StoreError> {
        let rows: Vec<(i64, Vec<u8>)> = batch
            .connection
            .prepare_cached(self.select)?
            .query_map((from, REKEYED_AT_ONCE), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?;
        let mut update = batch.connection.prepare_cached(self.update)?;
        let mut changed = 0;
        for (id, sealed) in &rows {
            if !batch.vault.is_current(sealed) {
                let cell = (self.cell)(*id);
                let plain = batch.vault.open(sealed, cell)?;
                update.execute((id, batch.vault.seal(&plain, cell)?))?;
                changed += 1;
            }
        }
        Ok((changed, rows.last().map(|(id, _)| *id)))
    }
}
