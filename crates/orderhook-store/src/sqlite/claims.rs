//! Deliveries with all that an attempt needs.

use std::error::Error;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, Row};

use super::batch::Batch;
use super::targets::secrets_or_wait;
use crate::millis::Millis;
use crate::vault::{LiveSecrets, Signer};
use crate::{
    Claim, DeliveryId, EndpointId, EndpointKind, EventId, Lease, MessageId, StoreError, Wanted,
};

/// What can be leased: `q`, `d`, `e` and `p` for queue, delivery, event and endpoint.
/// The order of the joins is given, because the planner knows no sizes.
const CLAIMABLE: &str = "
    SELECT q.delivery_id, p.endpoint_id, p.kind, p.merchant_id, e.event_id, e.nonce,
        coalesce(d.url, p.url), e.body, q.schedule_position, p.failing_since, q.due,
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

/// Leases what is due of one endpoint, the longest due first, until its bodies fill `room` bytes.
/// The engine is told of what is left for want of room.
///
/// What can't be read leases nothing, with a line in the log: one damaged row keeps no other endpoint
/// from its deliveries.
pub(super) fn claim_due(
    batch: &mut Batch<'_>,
    wanted: Wanted,
    room: usize,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<Claim>, StoreError> {
    let claims = read_due(batch, wanted, room, now, lease_until);
    let Some(claims) = claims_or_wait(claims, wanted.endpoint_id)? else {
        return Ok(Vec::new());
    };
    for claim in &claims {
        lease(batch.connection, claim.delivery_id, claim.lease)?;
    }
    batch.rows += claims.len();
    Ok(claims)
}

fn read_due(
    batch: &mut Batch<'_>,
    wanted: Wanted,
    room: usize,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<Claim>, StoreError> {
    let mut statement = batch.connection.prepare_cached(&format!(
        "-- claim_due{CLAIMABLE} AND q.endpoint_id = ?1 AND q.due <= ?2
        ORDER BY q.due, q.delivery_id LIMIT ?3"
    ))?;
    let mut rows = statement.query((wanted.endpoint_id, Millis::from(now), wanted.count))?;
    let mut claims: Vec<Claim> = Vec::new();
    let mut secrets = None;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        if bytes >= room {
            batch.news.left.insert(wanted.endpoint_id);
            break;
        }
        if secrets.is_none() {
            secrets = secrets_or_wait(batch.connection, batch.vault, signer(row)?, now)?;
        }
        let Some(secrets) = &secrets else {
            return Ok(Vec::new());
        };
        let lease = batch.new_lease(lease_until);
        let claim = read_claim(row, lease, row.get::<_, Millis>(10)?.timestamp(), secrets)?;
        bytes += claim.body.len();
        claims.push(claim);
    }
    Ok(claims)
}

/// `None`, with a line in the log, for rows that can't be read: their deliveries stay queued.
fn claims_or_wait<T>(
    claims: Result<T, StoreError>,
    endpoint_id: EndpointId,
) -> Result<Option<T>, StoreError> {
    match claims {
        Err(error) if !error.is_temporary() => {
            let cause: &(dyn Error + 'static) = &error;
            tracing::error!(error = cause, %endpoint_id, "deliveries wait for a row that can be read");
            Ok(None)
        }
        other => other.map(Some),
    }
}

/// Makes a delivery due that waited for another of its order, and leases it if the engine wants it.
pub(super) fn release_next(
    batch: &mut Batch<'_>,
    delivery_id: DeliveryId,
    endpoint_id: EndpointId,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(lease_now) = batch.lease_at_once(endpoint_id, now)? {
        let claim = read_one(batch, delivery_id, lease_now, now);
        if let Some(Some(claim)) = claims_or_wait(claim, endpoint_id)? {
            batch.hand_over(claim);
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

/// A delivery that comes due now, unless its endpoint takes nothing.
fn read_one(
    batch: &Batch<'_>,
    delivery_id: DeliveryId,
    lease: Lease,
    now: Timestamp,
) -> Result<Option<Claim>, StoreError> {
    let mut statement = batch.connection.prepare_cached(&format!(
        "-- release_next{CLAIMABLE} AND q.delivery_id = ?1"
    ))?;
    let mut rows = statement.query([delivery_id])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let secrets = secrets_or_wait(batch.connection, batch.vault, signer(row)?, now)?;
    secrets
        .map(|secrets| read_claim(row, lease, now, &secrets))
        .transpose()
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

fn read_claim(
    row: &Row<'_>,
    lease: Lease,
    due: Timestamp,
    secrets: &LiveSecrets,
) -> Result<Claim, StoreError> {
    Ok(Claim {
        delivery_id: row.get(0)?,
        lease,
        due,
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
        attempts: row.get::<_, Option<u32>>(11)?.unwrap_or(0),
    })
}
