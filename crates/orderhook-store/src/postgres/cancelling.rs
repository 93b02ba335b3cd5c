//! Deleting a webhook, and what is queued for it.

use jiff::Timestamp;

use super::connection::Transaction;
use super::routes::change_routing;
use crate::millis::Millis;
use crate::{EndpointId, StoreError};

/// So many deliveries are cancelled by one transaction.
pub(super) const CANCELLED_AT_ONCE: u32 = 1000;

/// `false` if there is no such webhook. No event that is published from here on is queued for it, and
/// nothing is claimed.
pub(super) async fn mark_deleted(
    transaction: &Transaction,
    webhook_id: EndpointId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let statement = transaction
        .prepare_cached(
            "-- mark_deleted
            UPDATE endpoint SET deleted_at = $2
            WHERE endpoint_id = $1 AND kind = 'webhook' AND deleted_at IS NULL",
        )
        .await?;
    let deleted = transaction
        .execute(&statement, &[&webhook_id, &Millis::from(now)])
        .await?;
    if deleted == 0 {
        return Ok(false);
    }
    for sql in [
        "-- mark_deleted
        DELETE FROM subscription WHERE webhook_id = $1",
        "-- mark_deleted
        DELETE FROM signing_secret WHERE webhook_id = $1",
    ] {
        let statement = transaction.prepare_cached(sql).await?;
        transaction.execute(&statement, &[&webhook_id]).await?;
    }
    change_routing(transaction).await?;
    Ok(true)
}

/// Cancels at most `limit` of what is queued for an endpoint; returns how many.
///
/// What another process publishes or replays at this moment may be queued afterwards; `sweep` cancels
/// that. Only a webhook is ever deleted, and none of its deliveries stands in the line of an order.
pub(super) async fn cancel_queued(
    transaction: &Transaction,
    endpoint_id: EndpointId,
    limit: u32,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let statement = transaction
        .prepare_cached(
            "-- cancel_queued
            WITH removed AS (
                DELETE FROM queue WHERE delivery_id = ANY (ARRAY(
                    SELECT delivery_id FROM queue WHERE endpoint_id = $1 LIMIT $2
                )) RETURNING delivery_id
            )
            UPDATE delivery d SET state = 'cancelled', finished_at = $3
            FROM removed r WHERE d.delivery_id = r.delivery_id",
        )
        .await?;
    let cancelled = transaction
        .execute(
            &statement,
            &[&endpoint_id, &i64::from(limit), &Millis::from(now)],
        )
        .await?;
    Ok(cancelled)
}
