//! Deliveries with all that an attempt needs.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, Row};

use super::batch::Batch;
use super::columns::Millis;
use super::secrets::{LiveSecrets, Signer};
use super::targets::secrets_or_wait;
use crate::{Claim, DeliveryId, EndpointId, EndpointKind, EventId, Lease, MessageId, StoreError};

/// What can be leased: `q`, `d`, `e` and `p` for queue, delivery, event and endpoint.
/// The order of the joins is given, because the planner knows no sizes.
const CLAIMABLE: &str = "
    SELECT q.delivery_id, p.endpoint_id, p.kind, p.merchant_id, e.event_id, e.nonce,
        coalesce(d.url, p.url), e.body, q.schedule_position, p.failing_since,
        (SELECT max(a.attempt) FROM attempt a WHERE a.delivery_id = q.delivery_id)
    FROM queue q
    CROSS JOIN endpoint p ON p.endpoint_id = q.endpoint_id
    CROSS JOIN delivery d ON d.delivery_id = q.delivery_id
    CROSS JOIN event e ON e.event_id = d.event_id
    WHERE p.state = 'active' AND p.deleted_at IS NULL AND p.url IS NOT NULL";

pub(super) fn is_anything_due(
    connection: &Connection,
    endpoint_id: EndpointId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let exists = connection
        .prepare_cached(
            "-- is_anything_due
            SELECT 1 FROM queue WHERE endpoint_id = ?1 AND due <= ?2 LIMIT 1",
        )?
        .exists((endpoint_id, Millis::from(now)))?;
    Ok(exists)
}

/// Leases what is due of one endpoint, the longest due first.
pub(super) fn claim_due(
    batch: &mut Batch<'_>,
    endpoint_id: EndpointId,
    count: u32,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<Claim>, StoreError> {
    let mut statement = batch.connection.prepare_cached(&format!(
        "-- claim_due{CLAIMABLE} AND q.endpoint_id = ?1 AND q.due <= ?2
        ORDER BY q.due, q.delivery_id LIMIT ?3"
    ))?;
    let mut rows = statement.query((endpoint_id, Millis::from(now), count))?;
    let mut claims: Vec<Claim> = Vec::new();
    let mut secrets = None;
    while let Some(row) = rows.next()? {
        if secrets.is_none() {
            secrets = secrets_or_wait(batch.connection, batch.vault, signer(row)?, now)?;
        }
        let Some(secrets) = &secrets else {
            return Ok(Vec::new());
        };
        let lease = batch.new_lease(lease_until);
        claims.push(read_claim(row, lease, secrets)?);
    }
    for claim in &claims {
        lease(batch.connection, claim.delivery_id, claim.lease)?;
    }
    batch.rows += claims.len();
    Ok(claims)
}

/// Makes a delivery due that waited for another of its order, and leases it if the engine wants it.
pub(super) fn release_next(
    batch: &mut Batch<'_>,
    delivery_id: DeliveryId,
    endpoint_id: EndpointId,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(lease_now) = batch.lease_at_once(endpoint_id, now)? {
        let mut statement = batch.connection.prepare_cached(&format!(
            "-- release_next{CLAIMABLE} AND q.delivery_id = ?1"
        ))?;
        let mut rows = statement.query([delivery_id])?;
        if let Some(row) = rows.next()?
            && let Some(secrets) =
                secrets_or_wait(batch.connection, batch.vault, signer(row)?, now)?
        {
            batch
                .news
                .claims
                .push(read_claim(row, lease_now, &secrets)?);
            return lease(batch.connection, delivery_id, lease_now);
        }
    }
    batch
        .connection
        .prepare_cached(
            "-- release_next
            UPDATE queue SET due = ?2 WHERE delivery_id = ?1",
        )?
        .execute((delivery_id, Millis::from(now)))?;
    Ok(())
}

fn lease(connection: &Connection, delivery_id: DeliveryId, lease: Lease) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "-- lease
            UPDATE queue SET lease = ?2, due = ?3 WHERE delivery_id = ?1",
        )?
        .execute((delivery_id, lease.token, Millis::from(lease.until)))?;
    Ok(())
}

fn signer(row: &Row<'_>) -> Result<Signer, StoreError> {
    let webhook_id = match row.get(2)? {
        EndpointKind::Webhook => Some(row.get(1)?),
        EndpointKind::OrderCallback => None,
    };
    Ok(Signer {
        merchant_id: row.get(3)?,
        webhook_id,
    })
}

fn read_claim(row: &Row<'_>, lease: Lease, secrets: &LiveSecrets) -> Result<Claim, StoreError> {
    Ok(Claim {
        delivery_id: row.get(0)?,
        lease,
        endpoint_id: row.get(1)?,
        endpoint_kind: row.get(2)?,
        merchant_id: row.get(3)?,
        message_id: MessageId {
            event_id: row.get::<_, EventId>(4)?,
            nonce: row.get::<_, i64>(5)?.cast_unsigned(),
        },
        url: row.get(6)?,
        body: row.get::<_, Vec<u8>>(7)?.into(),
        sign_secrets: Arc::clone(&secrets.secrets),
        schedule_position: row.get(8)?,
        failing_since: row.get::<_, Option<Millis>>(9)?.map(Millis::timestamp),
        attempts: row.get::<_, Option<u32>>(10)?.unwrap_or(0),
    })
}
