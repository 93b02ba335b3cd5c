//! Deliveries with all that an attempt needs.

use std::sync::Arc;

use deadpool_postgres::ClientWrapper;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::Core;
use crate::handover::MAX_CLAIMED_BYTES;
use crate::millis::Millis;
use crate::vault::Signer;
use crate::{
    Claim, EndpointId, EndpointKind, EventId, Lease, MerchantId, MessageId, Released, StoreError,
    Wanted,
};

/// Leases what is due of endpoints, of each the longest due first, until the bodies are long enough.
///
/// Only its holder claims from an endpoint, so that no row has to be locked before it is leased; the
/// update looks once more whether it is still due, for the moment in which a shard changes hands.
///
/// A row for each that was leased, in order; and one for each endpoint of which something was left for
/// want of room, with nothing but its id.
pub(super) const CLAIM: &str = "-- claim
    WITH due AS MATERIALIZED (
        SELECT w.place, w.endpoint_id, q.delivery_id, q.due
        FROM UNNEST($1::bigint[], $2::bigint[]) WITH ORDINALITY AS w (endpoint_id, count, place)
        JOIN endpoint p ON p.endpoint_id = w.endpoint_id
            AND p.state = 'active' AND p.deleted_at IS NULL AND p.url IS NOT NULL
        JOIN shard s ON s.shard_id = w.endpoint_id % 64 AND s.holder = $5
        CROSS JOIN LATERAL (
            SELECT q.delivery_id, q.due FROM queue q
            WHERE q.endpoint_id = w.endpoint_id AND q.due <= $3
            ORDER BY q.due, q.delivery_id LIMIT w.count
        ) q
    ), sized AS MATERIALIZED (
        SELECT due.*, d.url, e.event_id, e.nonce, e.body,
            sum(octet_length(e.body)) OVER line - octet_length(e.body) AS bytes_before
        FROM due
        JOIN delivery d ON d.delivery_id = due.delivery_id
        JOIN event e ON e.event_id = d.event_id
        WINDOW line AS (ORDER BY due.place, due.due, due.delivery_id)
    ), leased AS (
        UPDATE queue q SET lease = nextval('lease'), due = $4
        FROM sized
        WHERE q.delivery_id = sized.delivery_id AND sized.bytes_before < $6 AND q.due <= $3
        RETURNING q.delivery_id, q.lease, q.schedule_position, sized.place, sized.endpoint_id,
            sized.due AS was_due, sized.url, sized.event_id, sized.nonce, sized.body
    )
    SELECT endpoint_id AS of_endpoint, was_due, claimed.* FROM (
        SELECT l.delivery_id, l.endpoint_id, p.kind, p.merchant_id, l.event_id, l.nonce,
            coalesce(l.url, p.url), l.body, l.schedule_position, p.failing_since, l.lease,
            coalesce((SELECT max(a.attempt) FROM attempt a WHERE a.delivery_id = l.delivery_id), 0),
            (SELECT version FROM routing), l.place, l.was_due
        FROM leased l JOIN endpoint p ON p.endpoint_id = l.endpoint_id
        ORDER BY l.place, l.was_due, l.delivery_id
    ) claimed
    UNION ALL
    SELECT DISTINCT endpoint_id, NULL::bigint, NULL::bigint, NULL::bigint, NULL, NULL::bigint,
        NULL::bigint, NULL::bigint, NULL, NULL::bytea, NULL::integer, NULL::bigint, NULL::bigint,
        NULL::integer, NULL::bigint, NULL::bigint, NULL::bigint
    FROM sized WHERE bytes_before >= $6";

/// What the rows of a statement say, with the secrets that sign.
#[derive(Default)]
pub(super) struct Claimed {
    pub(super) claims: Vec<Claim>,
    /// Leases that nothing can be done with, because a secret can't be opened.
    pub(super) unsignable: Vec<Released>,
}

impl Claimed {
    /// Reads the columns that [`CLAIM`] calls `claimed`, from the column `first` on.
    pub(super) async fn add(
        &mut self,
        core: &Core,
        client: &ClientWrapper,
        (row, first): (&Row, usize),
        (due, lease_until): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let column = |place: usize| first + place;
        let delivery_id = row.try_get(column(0))?;
        let lease = Lease {
            token: row.try_get(column(10))?,
            until: lease_until,
        };
        let signer = read_signer(row, first)?;
        let version: i64 = row.try_get(column(12))?;
        let secrets = core
            .routes
            .live_secrets(client, &core.vault, signer, version, now)
            .await?;
        let Some(secrets) = secrets else {
            self.unsignable.push(Released {
                delivery_id,
                lease,
                due,
            });
            return Ok(());
        };
        let schedule_position: i32 = row.try_get(column(8))?;
        let attempts: i32 = row.try_get(column(11))?;
        let failing_since: Option<Millis> = row.try_get(column(9))?;
        self.claims.push(Claim {
            delivery_id,
            lease,
            due,
            endpoint_id: row.try_get(column(1))?,
            endpoint_kind: row.try_get(column(2))?,
            merchant_id: signer.merchant_id,
            message_id: MessageId {
                event_id: row.try_get::<_, EventId>(column(4))?,
                nonce: row.try_get::<_, i64>(column(5))?.cast_unsigned(),
            },
            url: row.try_get::<_, &str>(column(6))?.into(),
            body: row.try_get::<_, Vec<u8>>(column(7))?.into(),
            sign_secrets: Arc::clone(&secrets.secrets),
            attempts: attempts.cast_unsigned(),
            schedule_position: schedule_position.cast_unsigned(),
            failing_since: failing_since.map(Millis::timestamp),
        });
        Ok(())
    }
}

fn read_signer(row: &Row, first: usize) -> Result<Signer, StoreError> {
    let endpoint_id: EndpointId = row.try_get(first + 1)?;
    let webhook_id = match row.try_get(first + 2)? {
        EndpointKind::Webhook => Some(endpoint_id),
        EndpointKind::OrderCallback => None,
    };
    let merchant_id: MerchantId = row.try_get(first + 3)?;
    Ok(Signer {
        merchant_id,
        webhook_id,
    })
}

/// Leases what is due of the endpoints that are wanted, and of which something was left for want of
/// room.
pub(super) async fn claim(
    core: &Core,
    client: &ClientWrapper,
    wanted: &[Wanted],
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<(Vec<Claim>, Vec<EndpointId>), StoreError> {
    let endpoints: Vec<EndpointId> = wanted.iter().map(|wanted| wanted.endpoint_id).collect();
    let counts: Vec<i64> = wanted
        .iter()
        .map(|wanted| i64::from(wanted.count))
        .collect();
    let room = i64::try_from(MAX_CLAIMED_BYTES).unwrap_or(i64::MAX);
    let statement = client.prepare_cached(CLAIM).await?;
    let rows = client
        .query(
            &statement,
            &[
                &endpoints,
                &counts,
                &Millis::from(now),
                &Millis::from(lease_until),
                &core.holding.replica_id(),
                &room,
            ],
        )
        .await?;
    let mut claimed = Claimed::default();
    let mut left = Vec::new();
    for row in &rows {
        let Some(due) = row.try_get::<_, Option<Millis>>(1)? else {
            left.push(row.try_get(0)?);
            continue;
        };
        claimed
            .add(
                core,
                client,
                (row, FIRST_CLAIMED),
                (due.timestamp(), lease_until),
                now,
            )
            .await?;
    }
    release(client, &claimed.unsignable, now).await?;
    Ok((claimed.claims, left))
}

/// Where `claimed` begins in the rows of [`CLAIM`].
const FIRST_CLAIMED: usize = 2;

/// Gives leases back: the deliveries return to their places in the queue.
pub(super) async fn release(
    client: &ClientWrapper,
    leases: &[Released],
    now: Timestamp,
) -> Result<(), StoreError> {
    if leases.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = leases.iter().map(|released| released.delivery_id).collect();
    let tokens: Vec<i64> = leases.iter().map(|released| released.lease.token).collect();
    let due = leases.iter().map(|released| released.due.min(now));
    let due: Vec<Millis> = due.map(Millis::from).collect();
    let statement = client.prepare_cached(RELEASE).await?;
    client.execute(&statement, &[&ids, &tokens, &due]).await?;
    Ok(())
}

pub(super) const RELEASE: &str = "-- release
    UPDATE queue q SET lease = NULL, due = r.due
    FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[]) AS r (delivery_id, lease, due)
    WHERE q.delivery_id = r.delivery_id AND q.lease = r.lease";
