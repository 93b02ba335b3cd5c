//! Deleting a webhook, and what is queued for it.

use jiff::Timestamp;
use rusqlite::OptionalExtension;

use super::batch::Batch;
use crate::millis::Millis;
use crate::{EndpointId, StoreError};

/// So many deliveries are cancelled by one transaction.
pub(super) const CANCELLED_AT_ONCE: u32 = 1000;

/// `false` if there is no such webhook. Nothing is queued for it or claimed from here on.
pub(super) fn mark_deleted(
    batch: &mut Batch<'_>,
    webhook_id: EndpointId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let deleted = batch
        .connection
        .prepare_cached(
            "-- mark_deleted
            UPDATE endpoint SET deleted_at = ?2
            WHERE endpoint_id = ?1 AND kind = 'webhook' AND deleted_at IS NULL",
        )?
        .execute((webhook_id, Millis::from(now)))?;
    if deleted == 0 {
        return Ok(false);
    }
    for statement in [
        "-- mark_deleted
        DELETE FROM subscription WHERE webhook_id = ?1",
        "-- mark_deleted
        DELETE FROM signing_secret WHERE webhook_id = ?1",
    ] {
        batch
            .connection
            .prepare_cached(statement)?
            .execute([webhook_id])?;
    }
    batch.memory.targets.forget();
    batch.news.changed.push(webhook_id);
    Ok(true)
}

/// Cancels at most `limit` of what is queued for an endpoint; returns how many.
pub(super) fn cancel_queued(
    batch: &mut Batch<'_>,
    endpoint_id: EndpointId,
    limit: u32,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut next = batch.connection.prepare_cached(
        "-- cancel_queued
        DELETE FROM queue WHERE delivery_id = (
            SELECT delivery_id FROM queue WHERE endpoint_id = ?1 LIMIT 1
        ) RETURNING delivery_id",
    )?;
    let mut cancel = batch.connection.prepare_cached(
        "-- cancel_queued
        UPDATE delivery SET state = 'cancelled', finished_at = ?2 WHERE delivery_id = ?1",
    )?;
    let mut cancelled = 0;
    while cancelled < limit as usize {
        let removed: Option<i64> = next.query_row([endpoint_id], |row| row.get(0)).optional()?;
        let Some(delivery_id) = removed else { break };
        cancel.execute((delivery_id, Millis::from(now)))?;
        cancelled += 1;
    }
    batch.rows += cancelled;
    Ok(cancelled)
}
